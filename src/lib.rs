//! A completion-driven async runtime that stands in for tokio.
//!
//! The public API is tokio's. Sockets, pipes, signals and child processes are driven by readiness
//! (mio). File operations are completed inline, on io_uring, or on a pool of threads; where
//! io_uring is not available, the threads do its part too. See `ARCHITECTURE.md` for the map and
//! one read traced from poll to completion.

// The runtime uses parts of `util` and `io` that are left unused where it is not compiled.
#![cfg_attr(not(feature = "rt"), allow(dead_code))]

pub(crate) mod loom;
pub(crate) mod util;

#[cfg(not(loom))]
pub mod io;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod macros;
#[cfg(not(loom))]
pub(crate) mod stream;
#[cfg(feature = "sync")]
pub mod sync;

#[cfg(all(feature = "rt", not(loom)))]
mod error;
#[cfg(all(feature = "rt", not(loom)))]
pub mod fs;
#[cfg(all(feature = "rt", not(loom)))]
pub mod net;
#[cfg(all(feature = "rt", not(loom)))]
pub mod process;
#[cfg(all(feature = "rt", not(loom)))]
pub mod runtime;
#[cfg(all(feature = "rt", not(loom)))]
pub mod signal;
#[cfg(all(feature = "rt", not(loom)))]
pub mod task;
#[cfg(all(feature = "rt", not(loom)))]
pub mod time;

#[cfg(all(feature = "rt", not(loom)))]
pub(crate) mod blocking;
#[cfg(feature = "rt")]
pub(crate) mod driver;
#[cfg(feature = "rt")]
pub(crate) mod scheduler;
#[cfg(feature = "rt")]
pub(crate) mod timer;
#[cfg(all(feature = "tokio", not(loom)))]
mod tokio_traits;
#[cfg(all(feature = "rt", not(loom)))]
pub(crate) mod watched;

#[cfg(all(feature = "rt", not(loom)))]
pub use error::{Error, Result};
#[cfg(all(feature = "rt", not(loom)))]
pub use task::spawn;
#[cfg(all(feature = "macros", not(loom)))]
pub use zokio_macros::{main, test};

/// What the attribute macros expand to.
#[cfg(all(feature = "macros", not(loom)))]
#[doc(hidden)]
pub mod __private {
    pub use tokio_macros::{main, test};
}

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

//! A completion-driven async runtime that stands in for tokio.
//!
//! The public API is tokio's. The core is a driver on io_uring, with mio where io_uring is not
//! to be had. See `ARCHITECTURE.md` for the map and one read traced from poll to completion.

pub(crate) mod loom;
pub(crate) mod util;

#[cfg(not(loom))]
mod error;
pub mod sync;

#[cfg(not(loom))]
pub mod fs;
#[cfg(not(loom))]
pub mod io;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod macros;
#[cfg(not(loom))]
pub mod net;
#[cfg(not(loom))]
pub mod process;
#[cfg(not(loom))]
pub mod runtime;
#[cfg(not(loom))]
pub mod signal;
#[cfg(not(loom))]
pub mod task;
#[cfg(not(loom))]
pub mod time;

#[cfg(not(loom))]
pub(crate) mod blocking;
pub(crate) mod driver;
pub(crate) mod scheduler;
pub(crate) mod timer;
#[cfg(all(feature = "tokio", not(loom)))]
mod tokio_traits;

#[cfg(not(loom))]
pub use error::{Error, Result};
#[cfg(not(loom))]
pub use task::spawn;
#[cfg(not(loom))]
pub use zokio_macros::{main, test};

/// What the attribute macros expand to.
#[cfg(not(loom))]
#[doc(hidden)]
pub mod __private {
    pub use tokio_macros::{main, test};
}

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

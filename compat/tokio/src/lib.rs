//! The tokio API, served by zokio.
//!
//! This package is named `tokio` so that `[patch.crates-io]` can put it in the place of the
//! published one. It holds re-exports only: what an item does is written in the crate `zokio`.
//!
//! To see which tokio a build uses, run `cargo tree -i tokio`: this one has the version 1.999.x.
//! A program that must run on zokio can name the module [`zokio`], which the published tokio does
//! not have:
//!
//! ```
//! println!("this is zokio {}", tokio::zokio::VERSION);
//! ```
//!
//! Every program that has a runtime can be looked at while it runs, with `ZOKIO_MONITOR=PATH`. The flag
//! `--cfg zokio_no_monitor` leaves that out; `zokio::guide::observing` explains both.

#![forbid(unsafe_code)]

#[doc(hidden)]
pub use zokio_crate::macros;
pub use zokio_crate::{io, join, pin, try_join};

#[cfg(feature = "macros")]
pub use {
    zokio_crate::select,
    zokio_macros::{tokio_main as main, tokio_test as test},
};

#[cfg(feature = "sync")]
pub use zokio_crate::sync;

#[cfg(feature = "fs")]
pub use zokio_crate::fs;
#[cfg(feature = "net")]
pub use zokio_crate::net;
#[cfg(feature = "process")]
pub use zokio_crate::process;
#[cfg(feature = "signal")]
pub use zokio_crate::signal;
// tokio has `time` apart from the runtime. zokio's schedulers have timers in any case.
#[cfg(feature = "rt")]
pub use zokio_crate::{runtime, spawn, task, task_local, time};

/// What zokio offers beyond tokio's API, and the sign that this tokio is zokio.
pub mod zokio {
    pub use zokio_crate::VERSION;
    #[cfg(feature = "completion")]
    pub use zokio_crate::completion;
    #[cfg(feature = "rt")]
    pub use zokio_crate::{Error, Result};
}

/// tokio's module of that name: the stream types live in the `tokio-stream` crate.
pub mod stream {}

//! Signals of the operating system, as something to wait for.
//!
//! [`ctrl_c`] waits for an interrupt from the keyboard on any platform; [`unix`] gives access to
//! every signal.
//!
//! # How it works
//!
//! A handler may do next to nothing, so it only notes that its signal came (`table.rs`) and
//! writes a byte to a socket that every runtime in which somebody has asked for a signal watches
//! (`watcher.rs`). The first of them to see it tells all who wait, of whatever runtime
//! (`broadcast.rs`).
//!
//! # Examples
//!
//! ```no_run
//! #[zokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     println!("press Ctrl-C to end this");
//!     zokio::signal::ctrl_c().await?;
//!     println!("good bye");
//!     Ok(())
//! }
//! ```

use std::io;

mod broadcast;
mod raw;
mod table;
pub mod unix;
mod watcher;

/// Waits for the next interrupt from the keyboard, which most terminals send for Ctrl-C.
///
/// It is `SIGINT`, sent by whomever. The first call in a process replaces what the operating
/// system does about it, which is to end the process, for good: from then on the program has to
/// end by itself, also after the future is gone.
///
/// # Cancel safety
///
/// Nothing is registered before the first poll. An interrupt that comes between two calls of this
/// function is lost; [`unix::signal`] returns a stream that misses none.
///
/// # Errors
///
/// When the handler cannot be installed.
///
/// # Panics
///
/// The future panics when it is polled outside of a runtime or in one whose I/O is off.
///
/// # Examples
///
/// ```no_run
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     zokio::signal::ctrl_c().await?;
///     println!("good bye");
///     Ok(())
/// }
/// ```
pub async fn ctrl_c() -> io::Result<()> {
    unix::signal(unix::SignalKind::interrupt())?.recv().await;
    Ok(())
}

//! Asynchronous handling of signals of the operating system.
//!
//! [`ctrl_c`] waits for an interrupt from the keyboard on any platform; [`unix`] provides access to
//! every signal.
//!
//! # How it works
//!
//! A handler may do very little, so it only records that its signal came and writes a byte to a
//! socket. Every runtime in which a signal was asked for watches that socket. The first of them to
//! see the byte notifies all listeners, in any runtime.
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
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd"
))]
mod info;
mod raw;
mod table;
pub mod unix;
mod watcher;

/// Waits for the next interrupt from the keyboard, which most terminals send for Ctrl-C.
///
/// This is `SIGINT`, no matter who sent it. The first call in a process permanently replaces the
/// default action of the operating system, which is to end the process: from then on the program
/// has to end by itself, even after the future is dropped.
///
/// # Cancel safety
///
/// This function is not cancel safe: an interrupt that comes between two calls of it is lost.
/// [`unix::signal`] returns a stream that misses none. Nothing is registered before the first poll.
///
/// # Errors
///
/// Returns an error if the handler cannot be installed.
///
/// # Panics
///
/// Panics if the future is polled outside a runtime, or in one whose I/O is not enabled.
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

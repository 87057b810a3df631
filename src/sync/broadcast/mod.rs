//! A channel with many senders and many receivers, each of which gets every value.
//!
//! The channel keeps the last values, as many as its capacity. Each receiver reads them at its own
//! pace, and gets clones; a value is dropped when all have seen it.
//!
//! # Lagging
//! Sending never waits for receivers. When the channel is full, the oldest value is overwritten,
//! and receivers that had not seen it are told at their next receive how many values they have
//! missed ([`RecvError::Lagged`](error::RecvError::Lagged)); after that they continue with the
//! oldest value that is there. The capacity is rounded up to a power of two.
//!
//! # The end of a channel
//! When the last sender is dropped, receivers get what is left and then
//! [`RecvError::Closed`](error::RecvError::Closed). Without receivers sending fails;
//! [`Sender::subscribe`] can add receivers again. A receiver sees the values that are sent after it
//! was created.
//!
//! No runtime is needed.
//!
//! # Examples
//!
//! ```
//! # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use zokio::sync::broadcast;
//!
//! let (tx, mut rx) = broadcast::channel(16);
//! let mut other = tx.subscribe();
//! tx.send("to all").unwrap();
//! assert_eq!(rx.recv().await, Ok("to all"));
//! assert_eq!(other.recv().await, Ok("to all"));
//! # })
//! ```

mod cell;
pub mod error;
mod receiver;
mod ring;
mod sender;
mod shared;
mod tail;

#[cfg(all(test, loom))]
mod loom_tests;

use crate::loom::sync::Arc;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};

/// Creates a channel that keeps the last `capacity` values, rounded up to a power of two.
///
/// # Panics
/// Panics if `capacity` is zero or more than half of `usize::MAX`.
///
/// # Examples
///
/// ```
/// use zokio::sync::broadcast;
/// use zokio::sync::broadcast::error::TryRecvError;
///
/// let (tx, mut rx) = broadcast::channel(2);
/// for number in 1..=3 {
///     tx.send(number).unwrap();
/// }
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(1)));
/// assert_eq!(rx.try_recv(), Ok(2));
/// assert_eq!(rx.try_recv(), Ok(3));
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// ```
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(shared::BroadcastShared::new(capacity, 1));
    let receiver = Receiver::new(shared.clone(), 0);
    (Sender::from_shared(shared), receiver)
}

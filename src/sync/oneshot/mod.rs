//! A channel for one value: [`channel`] creates a [`Sender`] that can send once and a [`Receiver`]
//! that is a future of the value.
//!
//! Use it for the answer to a request, or for the result of a piece of work done elsewhere.
//! Sending needs no runtime and never waits. Either side learns when the other ends: awaiting the
//! receiver fails when the sender is dropped without sending, and [`Sender::closed`] completes when
//! the receiver is dropped or closed.
//!
//! # Examples
//!
//! ```
//! # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use zokio::sync::oneshot;
//!
//! let (tx, rx) = oneshot::channel();
//! zokio::spawn(async move {
//!     let _ = tx.send("done");
//! });
//! assert_eq!(rx.await, Ok("done"));
//! # })
//! ```

// The shared allocation and its state word; the two halves are safe code.
mod cell;
pub mod error;
mod receiver;
mod sender;

#[cfg(all(test, loom))]
mod loom_tests;

use crate::trace::{Resource, ResourceType, Update};

pub use receiver::Receiver;
pub use sender::Sender;

/// Creates a channel for one value.
///
/// # Examples
///
/// ```
/// use zokio::sync::oneshot;
///
/// let (tx, mut rx) = oneshot::channel();
/// tx.send(7).unwrap();
/// assert_eq!(rx.try_recv(), Ok(7));
/// ```
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let resource = Resource::new(ResourceType::Oneshot);
    resource.update(Update::SenderDropped(false));
    resource.update(Update::ReceiverDropped(false));
    resource.update(Update::ValueSent(false));
    resource.update(Update::ValueReceived(false));
    let (tx, rx) = cell::halves();
    (
        Sender::new(tx, resource.clone()),
        Receiver::new(rx, resource),
    )
}

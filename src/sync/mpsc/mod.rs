//! Channels with many senders and one receiver.
//!
//! [`channel`] creates a bounded one: it holds a fixed number of values, and sending into a full
//! one waits, which keeps fast producers from running away from a slow consumer.
//! [`unbounded_channel`] creates one that always accepts another value; its length is limited by
//! memory alone. Values arrive in the order in which they were sent.
//!
//! No runtime is needed: the futures work in any executor, and each side has blocking calls for
//! threads that run none ([`Sender::blocking_send`], [`Receiver::blocking_recv`]).
//!
//! # The end of a channel
//! When the last sender is dropped, the receiver gets what was sent and then `None`. When the
//! receiver is dropped, what was not received is dropped with it, and sending fails.
//! [`Receiver::close`] is in between: sending fails, and the receiver can still take what was
//! sent, until it gets `None`. Senders that must not keep a channel open are [`WeakSender`]s.
//!
//! # Reserving
//! A permit ([`Sender::reserve`]) is room for one value: its holder sends without waiting and
//! without failing. It makes it possible to wait for room before a value is made, and to wait
//! inside a `select!` without handing over a value that would be lost.
//!
//! # Between threads and tasks
//! To send from plain threads into tasks, use an unbounded sender or `blocking_send`. To send from
//! tasks to a thread, let that thread call `blocking_recv`.
//!
//! # Examples
//!
//! ```
//! # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use zokio::sync::mpsc;
//!
//! let (tx, mut rx) = mpsc::channel(16);
//! for worker in 0..2 {
//!     let tx = tx.clone();
//!     zokio::spawn(async move {
//!         tx.send(worker).await.unwrap();
//!     });
//! }
//! drop(tx);
//! let mut sum = 0;
//! while let Some(number) = rx.recv().await {
//!     sum += number;
//! }
//! assert_eq!(sum, 1);
//! # })
//! ```

// `queue` owns the values, `chan` the channel that both kinds share; their types are thin.
mod chan;
pub mod error;
mod permit;
mod queue;
mod receiver;
mod sender;
mod unbounded_receiver;
mod unbounded_sender;

#[cfg(all(test, loom))]
mod loom_tests;

pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};
pub use unbounded_receiver::UnboundedReceiver;
pub use unbounded_sender::{UnboundedSender, WeakUnboundedSender};

/// Creates a bounded channel with room for `buffer` values.
///
/// # Panics
/// Panics if `buffer` is zero or more than
/// [`Semaphore::MAX_PERMITS`](crate::sync::Semaphore::MAX_PERMITS).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(2);
/// zokio::spawn(async move {
///     for number in 0..5 {
///         // Waits whenever two values are on their way.
///         tx.send(number).await.unwrap();
///     }
/// });
/// for number in 0..5 {
///     assert_eq!(rx.recv().await, Some(number));
/// }
/// assert_eq!(rx.recv().await, None);
/// # })
/// ```
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        buffer > 0,
        "mpsc bounded channel requires buffer > 0; use a buffer of at least one value"
    );
    let (tx, rx) = chan::channel(buffer);
    (Sender::new(tx), Receiver::new(rx))
}

/// Creates a channel without a bound: sending never waits.
///
/// A receiver that is slower than the senders lets the channel grow until memory is exhausted.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// tx.send("no await here").unwrap();
/// assert_eq!(rx.recv().await, Some("no await here"));
/// # })
/// ```
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (tx, rx) = chan::channel(0);
    (UnboundedSender::new(tx), UnboundedReceiver::new(rx))
}

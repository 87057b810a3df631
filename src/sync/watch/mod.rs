//! A channel that keeps one value, which senders replace and receivers watch.
//!
//! Receivers see the latest value, and are told that it changed, but not how often: a slow receiver
//! misses the values in between. Use it for something that has a current state, such as a
//! configuration or the request to shut down; for streams of values there are the other channels.
//!
//! A receiver [borrows](Receiver::borrow) the value at any time, and waits for another one with
//! [`Receiver::changed`] or for a certain one with [`Receiver::wait_for`]. Each receiver remembers
//! which version of the value it has seen; the initial value counts as seen.
//!
//! # The end of a channel
//! When the last sender is dropped, the value stays readable; a receiver that has seen it gets an
//! error from [`Receiver::changed`]. Without receivers [`Sender::send`] fails, while
//! [`Sender::send_replace`] and [`Sender::send_modify`] still change the value for receivers that
//! [subscribe](Sender::subscribe) later.
//!
//! # Waiting and locking
//! The value is behind a lock, which a [`Ref`] and the closures passed to senders hold; keep both
//! short. No runtime is needed.
//!
//! # Examples
//!
//! ```
//! # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use zokio::sync::watch;
//!
//! let (tx, mut rx) = watch::channel("starting");
//! zokio::spawn(async move {
//!     tx.send("running").unwrap();
//! });
//! while rx.changed().await.is_ok() {
//!     assert_eq!(*rx.borrow_and_update(), "running");
//! }
//! # })
//! ```
#![forbid(unsafe_code)]

mod borrowed;
pub mod error;
mod receiver;
mod sender;
mod shared;
mod state;

#[cfg(all(test, loom))]
mod loom_tests;

use crate::loom::sync::Arc;

pub use borrowed::Ref;
pub use receiver::Receiver;
pub use sender::Sender;

/// Queues of waiting receivers; few in a model, to keep it small.
const SHARDS: usize = if cfg!(loom) { 2 } else { 8 };

/// Creates a channel with the value `init`, which the receiver counts as seen.
///
/// # Examples
///
/// ```
/// use zokio::sync::watch;
///
/// let (tx, rx) = watch::channel(1);
/// assert_eq!(*rx.borrow(), 1);
/// tx.send(2).unwrap();
/// assert_eq!(*rx.borrow(), 2);
/// ```
#[track_caller]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(shared::WatchShared::new(init, 1));
    let version = shared.state.load().version();
    let receiver = Receiver::new(shared.clone(), version);
    (Sender::from_shared(shared), receiver)
}

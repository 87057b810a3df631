//! Channels, locks and other ways for tasks to wait for each other.
//!
//! None of them needs a runtime. They work between tasks of different runtimes, under other
//! executors, and between tasks and plain threads, for which there are methods such as
//! [`blocking_send`](mpsc::Sender::blocking_send) and [`blocking_lock`](Mutex::blocking_lock).
//!
//! # Which one to use
//!
//! | To | Use |
//! |---|---|
//! | return one result, or the answer to a request | [`oneshot`] |
//! | send work or events to one task | [`mpsc`] |
//! | send every value to every receiver | [`broadcast`] |
//! | publish a state of which the latest value counts (settings, "shut down now") | [`watch`] |
//! | share data that is locked for a few lines | [`std::sync::Mutex`] |
//! | share something that is locked over an `.await` | [`Mutex`], [`RwLock`] |
//! | limit how many tasks do something at the same time | [`Semaphore`] |
//! | wake a task that then looks for itself | [`Notify`] |
//! | have a number of tasks wait for each other | [`Barrier`] |
//! | compute a value at its first use | [`OnceCell`] |
//! | wait for a value that is set once | [`SetOnce`] |
//!
//! Prefer a message to shared state. A task that owns a resource and takes requests from a channel
//! needs no lock, handles one request after the other, and is not disturbed by callers that are
//! cancelled.
//!
//! # Channels
//!
//! **[`oneshot`]** carries one value. The receiver is a future. Sending never waits:
//!
//! ```
//! use zokio::sync::oneshot;
//!
//! #[zokio::main]
//! async fn main() {
//!     let (tx, rx) = oneshot::channel();
//!     std::thread::spawn(move || tx.send(6 * 7));
//!     assert_eq!(rx.await, Ok(42));
//! }
//! ```
//!
//! **[`mpsc`]** carries values from many senders to one receiver, in order. A bounded channel makes
//! senders wait while it is full, so that they cannot outrun the receiver. Choose an unbounded one
//! only if something else limits the number of values. Together with a `oneshot` it makes a task
//! that answers requests:
//!
//! ```
//! use zokio::sync::{mpsc, oneshot};
//!
//! #[zokio::main]
//! async fn main() {
//!     let (requests, mut incoming) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(16);
//!     zokio::spawn(async move {
//!         let mut sum = 0;
//!         while let Some((number, answer)) = incoming.recv().await {
//!             sum += number;
//!             let _ = answer.send(sum);
//!         }
//!     });
//!
//!     for (number, expected) in [(1, 1), (2, 3)] {
//!         let (tx, rx) = oneshot::channel();
//!         requests.send((number, tx)).await.expect("the task is there");
//!         assert_eq!(rx.await, Ok(expected));
//!     }
//! }
//! ```
//!
//! **[`broadcast`]** passes a clone of every value to every receiver. Senders do not wait: a
//! receiver that falls too far behind loses the oldest values and is told how many:
//!
//! ```
//! use zokio::sync::broadcast;
//!
//! #[zokio::main]
//! async fn main() {
//!     let (tx, mut one) = broadcast::channel(16);
//!     let mut two = tx.subscribe();
//!     tx.send("hello").expect("there are receivers");
//!     assert_eq!(one.recv().await, Ok("hello"));
//!     assert_eq!(two.recv().await, Ok("hello"));
//! }
//! ```
//!
//! **[`watch`]** keeps one value. Receivers see the latest one, and can wait until it changes.
//! Values that are replaced before a receiver looks are never seen by it. In a loop, read the value
//! with [`borrow_and_update`](watch::Receiver::borrow_and_update), which marks it as seen, and drop
//! the reference before the next `.await`:
//!
//! ```
//! use zokio::sync::watch;
//!
//! #[zokio::main]
//! async fn main() {
//!     let (tx, mut rx) = watch::channel(0);
//!     zokio::spawn(async move {
//!         for level in 1..=3 {
//!             tx.send_replace(level);
//!             zokio::task::yield_now().await;
//!         }
//!     });
//!     let mut latest = 0;
//!     while rx.changed().await.is_ok() {
//!         latest = *rx.borrow_and_update();
//!     }
//!     // Not every level was seen, perhaps, but the last one was.
//!     assert_eq!(latest, 3);
//! }
//! ```
//!
//! # Shared state
//!
//! **[`Mutex`] and [`RwLock`]** have guards that are `Send` and can be held over an `.await`. They
//! cost more than their counterparts in [`std::sync`], which are the right choice for data that is
//! locked for a few lines without an `.await`:
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex};
//!
//! #[zokio::main]
//! async fn main() {
//!     let cache = Arc::new(Mutex::new(HashMap::new()));
//!     let filled = cache.clone();
//!     let task = zokio::spawn(async move {
//!         // Locked and unlocked within one statement.
//!         filled.lock().expect("no panic").insert("key", "value");
//!     });
//!     task.await.expect("no panic");
//!     assert_eq!(cache.lock().expect("no panic").get("key"), Some(&"value"));
//! }
//! ```
//!
//! **[`Semaphore`]** hands out permits. A permit that is held for as long as a task works limits
//! the number of tasks that work at the same time:
//!
//! ```
//! use std::sync::Arc;
//! use zokio::sync::Semaphore;
//!
//! #[zokio::main]
//! async fn main() {
//!     let slots = Arc::new(Semaphore::new(2));
//!     let mut downloads = Vec::new();
//!     for _ in 0..6 {
//!         // Waits here until one of two slots is free.
//!         let slot = slots.clone().acquire_owned().await.expect("it is never closed");
//!         downloads.push(zokio::spawn(async move {
//!             zokio::task::yield_now().await;
//!             drop(slot);
//!         }));
//!     }
//!     for download in downloads {
//!         download.await.expect("no panic");
//!     }
//!     assert_eq!(slots.available_permits(), 2);
//! }
//! ```
//!
//! **[`OnceCell`]** is filled by the first task that needs its value:
//!
//! ```
//! use zokio::sync::OnceCell;
//!
//! static NAME: OnceCell<String> = OnceCell::const_new();
//!
//! #[zokio::main]
//! async fn main() {
//!     let name = NAME.get_or_init(|| async { "loaded".to_owned() }).await;
//!     assert_eq!(name, "loaded");
//! }
//! ```
//!
//! # Order and cancellation
//!
//! Tasks that wait are served in the order in which they began to wait. Waiting allocates nothing:
//! the place in the queue is part of the future, and is given up when the future is dropped. What
//! had been assigned to a dropped future (a permit, a lock, a notification) goes to the next one.
//! Each method has a section on what else is lost.
//! [`guide::cancellation`](crate::guide::cancellation) has an overview.
//!
//! A [`Mutex`] and a [`RwLock`] are not poisoned if a task panics while it holds a guard.

mod barrier;
mod guard;
mod mutex;
mod notify;
mod once_cell;
mod once_value;
mod rwlock;
mod semaphore;
mod set_once;
mod waker_id;

pub mod broadcast;
pub mod mpsc;
pub mod oneshot;
pub mod watch;

/// The named futures of this module.
pub mod futures {
    pub use super::notify::{Notified, OwnedNotified};
}

pub use barrier::{Barrier, BarrierWaitResult};
pub use guard::TryLockError;
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
#[cfg(feature = "rt")]
pub(crate) use semaphore::RawSemaphore;
pub use semaphore::{
    AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
pub use set_once::{SetOnce, SetOnceError};

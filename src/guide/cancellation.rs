//! What happens to an operation whose future is dropped.
//!
//! A future that is dropped before it has completed is cancelled: it is not polled again, and what
//! it owns is dropped. That happens to the branches of [`select!`](crate::select) that do not win,
//! to a future whose [`timeout`](crate::time::timeout) has passed, to a task that is
//! [aborted](crate::task::JoinHandle::abort), and to every task of a runtime that shuts down.
//!
//! Dropping a future of zokio never blocks, and never frees memory that the kernel still uses. What
//! it can leave is an operation that has been done in part, or one whose result is lost. An
//! operation is called *cancel safe* if dropping its future before it has completed loses nothing,
//! so that it can be started again as if the first attempt had not been made. Each async method and
//! each `poll_*` method has a section on cancel safety. This guide has the general rules.
//!
//! A future that has never been polled has not started anything, and can always be dropped.
//!
//! # What a drop does, by kind of operation
//!
//! **Sockets, pipes and other readiness.** Bytes are moved only in a poll that completes. If the
//! future of a `read`, `write`, `accept`, `recv` or `send` is dropped, no bytes were moved and no
//! connection was accepted. If the future of a `connect` is dropped, the connection that was being
//! made is closed.
//!
//! **Reads of files.** A [`File`](crate::fs::File) keeps a read that is in progress. Its bytes are
//! returned by the next read, so that `read` is cancel safe. Dropping the file cancels the read.
//!
//! **Writes of files.** A write is accepted when its bytes are in the file's buffer, and then
//! happens even if the file is dropped. See [`files`](super::files#writes) for what that means for
//! errors.
//!
//! **Operations with owned buffers.** An operation of [`completion`](crate::completion) is cancelled,
//! which a system call that a thread has begun is not, and its buffer is dropped when the kernel has
//! let go of it. On a socket it is cancelled at once, and has moved nothing, as above.
//! [`Operation::timeout`](crate::completion::Operation::timeout) and a
//! [`Canceller`](crate::completion::Canceller) cancel it and return the buffer.
//!
//! **Changes of the file system.** Once polled, an operation that creates, renames, removes, links,
//! copies, writes a whole file, or changes a length, permissions or times is carried out, whether
//! or not its future is dropped or the runtime shuts down. A `timeout` around it limits how long the
//! program waits and not how long the operation takes. Its result is lost.
//!
//! **Other file operations.** Opening a file without creating or truncating it, looking up
//! attributes and reading a directory have no effect to lose. A file that is opened too late is
//! closed again. A [`sync_all`](crate::fs::File::sync_all) whose future was dropped may or may not
//! have taken place.
//!
//! **Blocking closures.** A closure of [`spawn_blocking`](crate::task::spawn_blocking) that has
//! started runs to its end. Dropping or aborting its handle has no effect on it. The same holds for
//! name resolution, whose result is discarded.
//!
//! **Tasks.** Dropping a [`JoinHandle`](crate::task::JoinHandle) does not cancel the task, it
//! *detaches* it. Dropping a [`JoinSet`](crate::task::JoinSet) or a
//! [`LocalSet`](crate::task::LocalSet) cancels its tasks.
//!
//! **Child processes.** A [`Child`](crate::process::Child) that is dropped runs on, unless
//! [`kill_on_drop`](crate::process::Command::kill_on_drop) is set.
//!
//! **Timers.** Dropping a [`Sleep`](crate::time::Sleep) stops the timer. A new one starts from the
//! beginning. An [`Interval`](crate::time::Interval) loses no tick.
//!
//! **Channels and locks.** Receiving is cancel safe for every channel. `send` of a bounded channel
//! drops its value along with the future. A task that waits for a lock, for permits or for room in
//! a channel loses its place in the queue and nothing else.
//!
//! # Safe and unsafe at a glance
//!
//! | Cancel safe | Not cancel safe |
//! |---|---|
//! | `read`, `write`, `read_buf`, `write_buf`, `accept`, `recv_from`, `send_to` | `read_exact`, `write_all`, [`io::copy`](crate::io::copy): bytes are lost, and how many is not known |
//! | [`read_until`](crate::io::AsyncBufReadExt::read_until), [`Lines::next_line`](crate::io::Lines::next_line) | [`read_line`](crate::io::AsyncBufReadExt::read_line), `read_to_string`: what was read is lost |
//! | `read_to_end`, [`write_all_buf`](crate::io::AsyncWriteExt::write_all_buf), if called again with the same buffer | |
//! | [`mpsc::Receiver::recv`](crate::sync::mpsc::Receiver::recv), [`reserve`](crate::sync::mpsc::Sender::reserve), [`broadcast`](crate::sync::broadcast), [`watch`](crate::sync::watch), `&mut` [`oneshot::Receiver`](crate::sync::oneshot::Receiver) | [`mpsc::Sender::send`](crate::sync::mpsc::Sender::send): the value is lost |
//! | [`Mutex::lock`](crate::sync::Mutex::lock), [`Semaphore::acquire`](crate::sync::Semaphore::acquire), [`Notify::notified`](crate::sync::Notify::notified): only the place in the queue is lost | [`Barrier::wait`](crate::sync::Barrier::wait): the task counts as arrived |
//! | `&mut` [`JoinHandle`](crate::task::JoinHandle), [`JoinSet::join_next`](crate::task::JoinSet::join_next) | [`JoinSet::join_all`](crate::task::JoinSet::join_all): the tasks are aborted |
//! | [`Interval::tick`](crate::time::Interval::tick), [`Child::wait`](crate::process::Child::wait) | [`Child::wait_with_output`](crate::process::Child::wait_with_output): the output is lost |
//!
//! An `async fn` or block of your own is cancelled at one of its `.await`s, with everything before
//! it done and nothing after it. It is cancel safe if every place where it can stop is.
//!
//! # Keeping a future over several rounds of `select!`
//!
//! `select!` drops the branches that do not win. To continue an operation in the next round of a
//! loop, make its future before the loop and wait for a reference to it:
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
//! use zokio::time::{Duration, interval};
//!
//! #[zokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     let (mut near, mut far) = duplex(64);
//!     zokio::spawn(async move {
//!         for half in [b"he", b"re"] {
//!             near.write_all(half).await?;
//!             zokio::time::sleep(Duration::from_millis(5)).await;
//!         }
//!         std::io::Result::Ok(())
//!     });
//!
//!     let mut message = [0; 4];
//!     let mut ticks = interval(Duration::from_millis(2));
//!     {
//!         // Not cancel safe, so it is made once.
//!         let read = far.read_exact(&mut message);
//!         zokio::pin!(read);
//!         loop {
//!             zokio::select! {
//!                 result = &mut read => break result?,
//!                 _ = ticks.tick() => println!("still reading"),
//!             }
//!         };
//!     }
//!     assert_eq!(&message, b"here");
//!     Ok(())
//! }
//! ```
//!
//! # Keeping a value that has not been sent
//!
//! [`Sender::send`](crate::sync::mpsc::Sender::send) takes the value, and takes it along when its
//! future is dropped. Reserve room first, which can be cancelled, and send afterwards, which cannot
//! wait:
//!
//! ```
//! use zokio::sync::mpsc;
//! use zokio::time::{Duration, timeout};
//!
//! #[zokio::main]
//! async fn main() {
//!     let (tx, mut rx) = mpsc::channel(1);
//!     tx.send("first").await.expect("the receiver is there");
//!
//!     let value = "second";
//!     match timeout(Duration::from_millis(1), tx.reserve()).await {
//!         Ok(permit) => permit.expect("the receiver is there").send(value),
//!         // The channel is full. `value` is still here, and can be sent later.
//!         Err(_) => println!("{value} has to wait"),
//!     }
//!     assert_eq!(rx.recv().await, Some("first"));
//! }
//! ```
//!
//! # Finishing what was begun
//!
//! What must not be cut short at an `.await` belongs in a task of its own. The caller waits for its
//! handle, and if the caller is cancelled the task is detached and completes:
//!
//! ```
//! use std::io;
//! use std::path::Path;
//! use zokio::fs;
//! use zokio::time::{Duration, timeout};
//!
//! /// Replaces a file. Readers see the old content or the new one, and a caller that stops waiting
//! /// leaves no temporary file behind.
//! async fn replace(path: &Path, text: String) -> io::Result<()> {
//!     let path = path.to_owned();
//!     let task = zokio::spawn(async move {
//!         let temporary = path.with_extension("new");
//!         fs::write(&temporary, text).await?;
//!         fs::rename(&temporary, &path).await
//!     });
//!     task.await.map_err(io::Error::other)?
//! }
//!
//! #[zokio::main]
//! async fn main() -> io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let path = dir.path().join("settings");
//!     let replaced = timeout(Duration::from_secs(5), replace(&path, "a = 1".to_owned())).await;
//!     replaced.expect("it takes less than five seconds")?;
//!     assert_eq!(fs::read_to_string(&path).await?, "a = 1");
//!     Ok(())
//! }
//! ```
//!
//! # Owning what a cancelled operation needs
//!
//! A cancelled future drops what it owns and returns what it borrows. State that has to survive
//! belongs outside of the future: in a struct that the future borrows, or in a task that owns it
//! and takes requests over a channel. A request that is given up then costs its answer, and the
//! state stays whole:
//!
//! ```
//! use zokio::sync::{mpsc, oneshot};
//!
//! struct Deposit {
//!     amount: u64,
//!     balance: oneshot::Sender<u64>,
//! }
//!
//! /// Owns the balance. No request can stop it halfway.
//! async fn account(mut requests: mpsc::Receiver<Deposit>) -> u64 {
//!     let mut balance = 0;
//!     while let Some(deposit) = requests.recv().await {
//!         balance += deposit.amount;
//!         // The one who asked may no longer be waiting.
//!         let _ = deposit.balance.send(balance);
//!     }
//!     balance
//! }
//!
//! #[zokio::main]
//! async fn main() {
//!     let (tx, rx) = mpsc::channel(8);
//!     let account = zokio::spawn(account(rx));
//!     for amount in [1, 2] {
//!         let (balance, _not_awaited) = oneshot::channel();
//!         tx.send(Deposit { amount, balance }).await.expect("the account is open");
//!     }
//!     drop(tx);
//!     assert_eq!(account.await.expect("no panic"), 3);
//! }
//! ```
//!
//! # Asking a task to stop
//!
//! [`abort`](crate::task::JoinHandle::abort) stops a task at whatever `.await` it happens to be. To
//! let it finish its work, ask instead. A [`watch`](crate::sync::watch) channel carries the request
//! to any number of tasks:
//!
//! ```
//! use zokio::sync::watch;
//! use zokio::time::{Duration, sleep};
//!
//! async fn work(mut stop: watch::Receiver<bool>) -> u32 {
//!     let mut rounds = 0;
//!     loop {
//!         zokio::select! {
//!             _ = stop.wait_for(|stop| *stop) => return rounds,
//!             () = sleep(Duration::from_millis(1)) => rounds += 1,
//!         }
//!     }
//! }
//!
//! #[zokio::main]
//! async fn main() {
//!     let (stop, stopped) = watch::channel(false);
//!     let worker = zokio::spawn(work(stopped));
//!     sleep(Duration::from_millis(20)).await;
//!     stop.send(true).expect("the worker is there");
//!     assert!(worker.await.expect("no panic") > 0);
//! }
//! ```
//!
//! # What cannot be cancelled
//!
//! A future is dropped between two polls. Code that computes, or blocks its thread, without
//! reaching an `.await` that waits cannot be cancelled: not by `timeout`, not by `abort`, not by
//! the shutdown of the runtime. See [blocking](crate::runtime#blocking) for what to do with such
//! code.
#![forbid(unsafe_code)]

//! An asynchronous runtime for Linux with the API of [tokio](https://tokio.rs).
//!
//! zokio has the stable API of tokio: the same modules, types, functions and macros, with the same
//! meaning. What differs is below the surface:
//!
//! - Files are read, and their attributes looked up, on the calling thread if the kernel has the
//!   answer in memory. What has to wait is carried out by io_uring or by a thread.
//! - With two or more worker threads, a worker makes small writes, and creates, renames and removes
//!   files, itself, which takes less time than waking another thread.
//! - With two or more worker threads, a task that blocks its thread does not hold up the others, as
//!   long as another worker is free.
//!
//! tokio's own integration tests run unchanged against it; the
//! [README](https://github.com/zokio/zokio#what-works) has the results.
//!
//! # Getting started
//!
//! There are two ways to use zokio.
//!
//! **As a drop-in** for the `tokio` crate, in a program and in everything that it depends on. No
//! source file changes:
//!
//! ```toml
//! [patch.crates-io]
//! tokio = { git = "https://github.com/zokio/zokio" }
//! ```
//!
//! If there is a `Cargo.lock` from before, run `cargo update -p tokio --precise 1.999.0` as well,
//! or cargo keeps the published version. [`guide::porting`] explains how to try zokio without an
//! edit, how to make sure that it is in use, and how to go back.
//!
//! **As the crate `zokio`**, beside the `tokio` crate if need be:
//!
//! ```toml
//! [dependencies]
//! zokio = { git = "https://github.com/zokio/zokio" }
//! ```
//!
//! The examples in this documentation use the crate `zokio`. With the drop-in, read `tokio::` for
//! `zokio::`.
//!
//! # A first program
//!
//! [`#[zokio::main]`](macro@main) builds a runtime and runs an `async fn` on it. [`spawn`] starts a
//! task, which runs concurrently with the code that started it. This program is a server that sends
//! back what it receives, and its client:
//!
//! ```
//! use std::io;
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//! use zokio::net::{TcpListener, TcpStream};
//!
//! /// Accepts connections and starts a task for each.
//! async fn serve(listener: TcpListener) -> io::Result<()> {
//!     loop {
//!         let (mut stream, _peer) = listener.accept().await?;
//!         zokio::spawn(async move {
//!             let (mut reader, mut writer) = stream.split();
//!             zokio::io::copy(&mut reader, &mut writer).await
//!         });
//!     }
//! }
//!
//! #[zokio::main]
//! async fn main() -> io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     zokio::spawn(serve(listener));
//!
//!     let mut stream = TcpStream::connect(address).await?;
//!     stream.write_all(b"hello").await?;
//!     stream.shutdown().await?;
//!     let mut echo = String::new();
//!     stream.read_to_string(&mut echo).await?;
//!     assert_eq!(echo, "hello");
//!     Ok(())
//! }
//! ```
//!
//! # Tasks
//!
//! A task is a future that the runtime polls by itself; see [`task`]. [`task::spawn`] returns a
//! [`JoinHandle`](task::JoinHandle), to await the task's output or to abort the task. A
//! [`JoinSet`](task::JoinSet) holds many tasks and aborts them when it is dropped.
//! [`task::spawn_local`] starts a task whose future is not `Send`. [`task_local!`] declares a value
//! that each task has for itself.
//!
//! ```
//! use zokio::task::JoinSet;
//!
//! #[zokio::main]
//! async fn main() {
//!     let mut squares = JoinSet::new();
//!     for n in 1..=3 {
//!         squares.spawn(async move { n * n });
//!     }
//!     let mut sum = 0;
//!     while let Some(square) = squares.join_next().await {
//!         sum += square.expect("no task panics");
//!     }
//!     assert_eq!(sum, 14);
//! }
//! ```
//!
//! # Code that blocks or computes
//!
//! A few threads run all tasks, and a task keeps its thread until it reaches an `.await` that has
//! to wait. A call that blocks, or a long computation, therefore belongs on another thread.
//! [`task::spawn_blocking`] runs a closure on one of a pool that is meant to be blocked:
//!
//! ```
//! #[zokio::main]
//! async fn main() {
//!     let sum = zokio::task::spawn_blocking(|| (1..=1_000_u64).sum::<u64>());
//!     assert_eq!(sum.await.expect("no panic"), 500_500);
//! }
//! ```
//!
//! [`runtime`](runtime#blocking) compares this with the alternatives.
//!
//! # Runtimes
//!
//! A [`Runtime`](runtime::Runtime) polls tasks, waits for I/O and drives timers. The attribute
//! macros [`main`](macro@main) and [`test`](macro@test) are enough for most programs and tests. A
//! [`Builder`](runtime::Builder) sets every option, and is the way to use asynchronous code inside
//! a program that is not asynchronous itself:
//!
//! ```
//! use zokio::runtime::Builder;
//!
//! fn main() -> std::io::Result<()> {
//!     let rt = Builder::new_current_thread().enable_all().build()?;
//!     let answer = rt.block_on(async { zokio::spawn(async { 6 * 7 }).await })?;
//!     assert_eq!(answer, 42);
//!     Ok(())
//! }
//! ```
//!
//! The module [`runtime`] describes the two schedulers, how they share time between tasks, and how
//! a runtime shuts down.
//!
//! # Waiting for several things
//!
//! [`join!`] waits until all of several futures have completed, and [`try_join!`] until all have
//! completed or one has returned an error. [`select!`] waits for the first one and drops the
//! others; [`guide::cancellation`] explains what a dropped future leaves behind. All three poll
//! their futures in the current task, so none of these futures has to be `Send` or `'static`.
//!
//! ```
//! use zokio::time::{Duration, sleep};
//!
//! #[zokio::main]
//! async fn main() {
//!     let (one, two) = zokio::join!(async { 1 }, async { 2 });
//!     assert_eq!(one + two, 3);
//!
//!     zokio::select! {
//!         () = sleep(Duration::from_secs(60)) => panic!("the other branch is faster"),
//!         () = sleep(Duration::from_millis(1)) => {}
//!     }
//! }
//! ```
//!
//! # Synchronization
//!
//! The module [`sync`] has channels ([`mpsc`](sync::mpsc), [`oneshot`](sync::oneshot),
//! [`broadcast`](sync::broadcast), [`watch`](sync::watch)), locks that can be held over an `.await`
//! ([`Mutex`](sync::Mutex), [`RwLock`](sync::RwLock)) and more. None of them needs a runtime, so
//! they also connect tasks with plain threads.
//!
//! ```
//! use zokio::sync::mpsc;
//!
//! #[zokio::main]
//! async fn main() {
//!     let (tx, mut rx) = mpsc::channel(8);
//!     std::thread::spawn(move || {
//!         for line in ["one", "two"] {
//!             tx.blocking_send(line).expect("the receiver is there");
//!         }
//!     });
//!     assert_eq!(rx.recv().await, Some("one"));
//!     assert_eq!(rx.recv().await, Some("two"));
//!     assert_eq!(rx.recv().await, None);
//! }
//! ```
//!
//! # Time
//!
//! The module [`time`] has [`sleep`](time::sleep), [`interval`](time::interval) and
//! [`timeout`](time::timeout). In tests, [`time::pause`] replaces the clock with one that jumps to
//! the next deadline whenever there is nothing else to do, so that an hour passes in no time:
//!
//! ```
//! use zokio::time::{Duration, Instant, sleep};
//!
//! #[zokio::main(flavor = "current_thread", start_paused = true)]
//! async fn main() {
//!     let start = Instant::now();
//!     sleep(Duration::from_secs(3600)).await;
//!     assert_eq!(start.elapsed(), Duration::from_secs(3600));
//! }
//! ```
//!
//! # I/O
//!
//! The module [`io`] has the traits [`AsyncRead`](io::AsyncRead), [`AsyncWrite`](io::AsyncWrite),
//! [`AsyncSeek`](io::AsyncSeek) and [`AsyncBufRead`](io::AsyncBufRead), extension traits with the
//! methods to call ([`AsyncReadExt`](io::AsyncReadExt), [`AsyncWriteExt`](io::AsyncWriteExt)), and
//! buffers and adapters. The types that implement them are in these modules:
//!
//! - [`net`]: TCP, UDP, Unix domain sockets and pipes.
//! - [`fs`]: files and directories, see below.
//! - [`process`]: child processes and their standard streams.
//! - [`io`] itself: the process's own standard streams, streams in memory, and
//!   [`AsyncFd`](io::unix::AsyncFd) for any other file descriptor that can be polled.
//!
//! The module [`signal`] waits for signals of the operating system, such as that of Ctrl-C
//! ([`ctrl_c`](signal::ctrl_c)).
//!
//! ```
//! use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let (mut near, far) = duplex(64);
//!     near.write_all(b"first\nsecond\n").await?;
//!     drop(near);
//!
//!     let mut lines = BufReader::new(far).lines();
//!     assert_eq!(lines.next_line().await?.as_deref(), Some("first"));
//!     assert_eq!(lines.next_line().await?.as_deref(), Some("second"));
//!     assert_eq!(lines.next_line().await?, None);
//!     Ok(())
//! }
//! ```
//!
//! Codecs, which make frames of bytes, and conversions to the traits of `futures` are in the crate
//! [`tokio-util`](https://docs.rs/tokio-util), and its streams in
//! [`tokio-stream`](https://docs.rs/tokio-stream). Both work with the drop-in, and `tokio-util` with
//! the types of the crate `zokio` as well, by the feature `tokio`.
//!
//! # Files
//!
//! The module [`fs`] mirrors [`std::fs`]. An operation that finds what it needs in memory (a read
//! of cached bytes, the attributes of a cached file) completes when it is first polled. In a task
//! of a multi-thread runtime, a small write, or the creation, renaming or removal of a file, is
//! carried out by the worker as soon as that poll has ended. Every other operation is carried out
//! by io_uring or by a thread, while other tasks use the thread of the one that waits for it.
//! [`guide::files`] has the details, and [`guide::back_ends`] explains how io_uring is chosen and
//! what happens in a container that forbids it.
//!
//! ```
//! use zokio::fs;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let path = dir.path().join("greeting");
//!     fs::write(&path, "hello").await?;
//!     assert_eq!(fs::read_to_string(&path).await?, "hello");
//!     assert_eq!(fs::metadata(&path).await?.len(), 5);
//!     Ok(())
//! }
//! ```
//!
//! Beyond tokio's API, the module [`completion`] has files and sockets whose operations own their
//! buffers: any number of reads and writes at a time, in files at explicit offsets and without a
//! copy. They fail with an [`Error`] that names the operation and the file or address.
//!
//! # zokio and the tokio crate
//!
//! A program that uses the crate `zokio` can still use libraries that are generic over the `tokio`
//! crate's I/O traits: with the feature `tokio`, every I/O type of zokio implements them. A library
//! that spawns tasks or opens sockets through the `tokio` crate needs a tokio runtime, or the
//! drop-in, which makes all of them use zokio. [`guide::porting`] covers both.
//!
//! A library should depend on `tokio` and leave the choice to the program: cargo applies a patch
//! only if it is in the manifest of the workspace that is built.
//!
//! # Features
//!
//! | Feature | What it enables |
//! |---|---|
//! | `full` (default) | every other feature but `tokio`, `futures-io`, `taskdump` and `tracing` |
//! | `tokio` (default) | the `tokio` crate's I/O traits on every I/O type; enables `completion` and `process` |
//! | `completion` | [`completion`], and receives of sockets on io_uring; enables `fs` and `net` |
//! | `futures-io` | the traits of the crate `futures-io` on [`completion::Adapter`]; enables `completion` |
//! | `fs` | [`fs`], and io_uring for it; enables `rt` |
//! | `net` | [`net`]; enables `rt` |
//! | `process` | [`process`]; enables `net` and `signal` |
//! | `signal` | [`signal`]; enables `rt` |
//! | `rt` | [`runtime`], [`task`], [`time`], and of [`io`] the standard streams and [`AsyncFd`](io::unix::AsyncFd); enables `io-util` and `sync` |
//! | `macros` | [`#[main]`](macro@main) and [`#[test]`](macro@test); enables `rt` and `select` |
//! | `select` | [`select!`] |
//! | `sync` | the module [`sync`] |
//! | `io-util` | the extension traits of [`io`], and its buffers and adapters |
//! | `taskdump` | `Handle::dump` and `runtime::dump`; see [`guide::observing`]. Enables `rt` |
//! | `tracing` | spans and events of tasks and of what they wait for; see [`guide::observing`] |
//!
//! Without any feature there are the traits of [`io`], [`join!`], [`try_join!`] and [`pin!`].
//! `sync`, `select` and `io-util` compile no runtime. The clock of tests ([`time::pause`]) needs no
//! feature of its own. The features of the drop-in are named as tokio's are; see
//! [`guide::porting`], which also tells what there is of that which tokio has only under
//! `--cfg tokio_unstable`.
//!
//! The [live view](guide::observing#the-live-view) is no feature, but is always there, unless the
//! program is [built without it](guide::observing#a-build-without-the-live-view) by
//! `--cfg zokio_no_monitor`, or for Windows.
//!
//! # Platforms
//!
//! zokio needs Linux with glibc 2.28 or later, or with musl, and Rust 1.85 or later. It uses io_uring
//! on Linux 5.11 and later, if it is permitted, and does without it otherwise: see
//! [`guide::back_ends`]. The README has [what is checked on which
//! platform](https://github.com/zokio/zokio#platforms).
//!
//! On Windows there are the features `rt`, `fs`, `macros`, `select`, `sync`, `io-util` and `tracing`:
//! tasks, timers, channels, locks, files, standard streams and streams in memory. A program asks for
//! them by `default-features = false`. The others, of which the default features consist as well, are
//! refused by name when they are compiled.
//!
//! # Where to go next
//!
//! - [`guide`]: porting a program, back-ends and containers, cancellation, files, observing.
//! - [`task::spawn`], if the compiler reports that a future is not `Send`.
//! - [`sync`], for which channel or lock to use when.
//! - The [examples](https://github.com/zokio/zokio/tree/main/examples), and the
//!   [README](https://github.com/zokio/zokio#readme) for measurements and for the differences from
//!   tokio.

// Each part is compiled whole or not at all, so without one, what it uses of the others is left unused.
// So is what only a ring uses where there is none, and what is only recorded where nothing is. Where
// this is looked for, nothing is left out.
#![cfg_attr(
    not(all(
        feature = "completion",
        feature = "process",
        not(zokio_no_monitor),
        target_os = "linux",
        target_arch = "x86_64",
        target_pointer_width = "64"
    )),
    allow(dead_code, unused_imports, unused_macros)
)]

// Refused by name, and compiled on Unix alone, so that nothing but the name is reported.
#[cfg(all(windows, feature = "completion"))]
compile_error!("the feature `completion` of zokio does not exist on Windows yet");
#[cfg(all(windows, feature = "net"))]
compile_error!("the feature `net` of zokio does not exist on Windows yet");
#[cfg(all(windows, feature = "process"))]
compile_error!("the feature `process` of zokio does not exist on Windows yet");
#[cfg(all(windows, feature = "signal"))]
compile_error!("the feature `signal` of zokio does not exist on Windows yet");
#[cfg(all(windows, feature = "taskdump"))]
compile_error!("the feature `taskdump` of zokio does not exist on Windows yet");

pub(crate) mod loom;
#[cfg(not(any(zokio_no_monitor, windows)))]
pub(crate) mod record;
#[cfg(any(zokio_no_monitor, windows))]
#[path = "record/without.rs"]
pub(crate) mod record;
pub(crate) mod trace;
pub(crate) mod util;

pub mod io;
#[doc(hidden)]
pub mod macros;
pub(crate) mod stream;
#[cfg(feature = "sync")]
pub mod sync;

#[cfg(all(feature = "completion", unix))]
pub mod completion;
#[cfg(feature = "rt")]
mod error;
#[cfg(feature = "fs")]
pub mod fs;
#[cfg(feature = "rt")]
pub mod guide;
#[cfg(all(feature = "net", unix))]
pub mod net;
#[cfg(all(feature = "process", unix))]
pub mod process;
#[cfg(feature = "rt")]
pub mod runtime;
#[cfg(all(feature = "signal", unix))]
pub mod signal;
#[cfg(feature = "rt")]
pub mod task;
#[cfg(feature = "rt")]
pub mod time;

#[cfg(feature = "rt")]
pub(crate) mod blocking;
#[cfg(feature = "rt")]
pub(crate) mod driver;
#[cfg(all(feature = "futures-io", unix))]
mod futures_traits;
#[cfg(feature = "rt")]
pub(crate) mod scheduler;
#[cfg(feature = "rt")]
pub(crate) mod timer;
#[cfg(all(feature = "tokio", unix))]
mod tokio_traits;
#[cfg(all(feature = "rt", not(any(zokio_no_monitor, windows))))]
mod view;
#[cfg(all(feature = "rt", unix))]
pub(crate) mod watched;

#[cfg(feature = "rt")]
pub use error::{Error, Result};
#[cfg(feature = "rt")]
pub use task::spawn;
#[cfg(feature = "macros")]
pub use zokio_macros::{main, test};

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

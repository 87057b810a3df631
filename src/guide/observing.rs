//! How to see what the tasks of a running program do and wait for, with `tokio-console` or another
//! program that reads spans.
//!
//! With the feature `tracing`, zokio reports its tasks, and what they wait for, to the crate
//! [`tracing`](https://docs.rs/tracing), in the words that tokio uses under `--cfg tokio_unstable`.
//! A subscriber that understands those of tokio understands zokio's. No `cfg` is needed.
//!
//! # tokio-console
//!
//! On the drop-in, `console-subscriber` enables the feature by itself, so that only its own
//! dependency and call are to be added, as its documentation describes:
//!
//! ```toml
//! [dependencies]
//! console-subscriber = "0.5"
//! ```
//!
//! ```text
//! #[tokio::main]
//! async fn main() {
//!     console_subscriber::init();
//!     // ...
//! }
//! ```
//!
//! That crate refuses to be built without a flag. Either of two does: `tokio_unstable`, or the one
//! by which it is told that tokio is not what it runs on:
//!
//! ```console
//! $ RUSTFLAGS='--cfg console_without_tokio_unstable' cargo run
//! $ tokio-console
//! ```
//!
//! # What is reported
//!
//! All of it has the level `TRACE`.
//!
//! | Span or event | Of |
//! |---|---|
//! | `runtime.spawn` | each task, entered while the task is polled, and once more while its future is dropped: its kind, name, id, size, and the place where it was spawned |
//! | events of the target `tokio::task::waker` | each clone, drop and wake of a task's waker |
//! | `runtime.resource` | each lock, channel, timer, socket, pipe, file and child process: its type, kind, and the place where it was made |
//! | `runtime.resource.async_op`, `runtime.resource.async_op.poll` | each wait for one of them, and the polls of the wait |
//! | events of the target `runtime::resource::poll_op` | the result of each poll |
//! | events of the targets `runtime::resource::state_update` and `runtime::resource::async_op::state_update` | each change of a state, such as the free permits of a semaphore, or the peer of a socket |
//!
//! `Mutex`, `RwLock`, `Semaphore`, `Barrier`, `oneshot`, `Sleep` and `Interval` are reported as tokio
//! reports them. `mpsc`, `broadcast`, `watch`, `Notify` and `OnceCell`, which tokio does not report,
//! are reported in the same way, so the viewer shows also which channel a task waits for. They
//! report when they are made and when a wait is polled, and nothing when a value is sent, so that a
//! subscriber may send on a channel.
//!
//! Neither does tokio report what does I/O. Here these are resources as well:
//!
//! - *Sockets and pipes* (the kind `net`): `TcpStream`, `TcpListener`, `UdpSocket`, `UnixStream`,
//!   `UnixListener`, `UnixDatagram`, `pipe::Sender` and `pipe::Receiver`, with `local_addr` and
//!   `peer_addr` as states. A method that waits is an operation of its own: `connect`, `accept`, `read`,
//!   `write`, `recv`, `send`, `ready`, `async_io`.
//! - *`fs::File`* (the kind `fs`), with `write` and a flush as a part of it, `read`, `seek`, and
//!   `sync_all`, `sync_data`, `set_len`, `metadata`, `set_permissions` and `set_times`.
//! - *`process::Child`* (the kind `process`), with its `pid`, and `Child::wait`.
//!
//! What is polled by a trait (`AsyncRead`, `AsyncWrite`, `AsyncSeek`) or by a method whose name
//! begins with `poll` is one operation for each direction, from the first poll until the resource
//! ends, since the end of such a wait cannot be seen.
//!
//! What an `async` method makes, such as `TcpStream::connect`, `accept` or `File::open`, has a place
//! in zokio's own source, since such a method does not know who calls it; what an ordinary method
//! makes, such as `from_std`, `UnixStream::pair` or `Command::spawn`, has the place of its caller.
//! The lock in a `File` is shown as the `Mutex` that it is.
//!
//! What is made in a constant (`const_new`), and what is made before there is a subscriber, is not
//! shown. `JoinHandle`s, `AsyncFd`, the standard streams of the program itself, functions on paths
//! such as `fs::read`, and what `zokio::completion` opens are no resources.
//!
//! # What it costs
//!
//! Without the feature, nothing: a lock or a task has the size, and compiles to the code, that it
//! would have if it reported nothing. With the feature and without a subscriber for the level
//! `TRACE`, each place that reports costs a load and a comparison, and the types are larger. With
//! such a subscriber, each poll of a task costs two calls of it, and each wait for a resource some
//! more. A socket is asked for its addresses then, by two system calls.
#![forbid(unsafe_code)]

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
//! | `runtime.resource` | each lock, channel and timer: its type, kind, and the place where it was made |
//! | `runtime.resource.async_op`, `runtime.resource.async_op.poll` | each wait for one of them, and the polls of the wait |
//! | events of the target `runtime::resource::poll_op` | the result of each poll |
//! | events of the targets `runtime::resource::state_update` and `runtime::resource::async_op::state_update` | each change of a state, such as the free permits of a semaphore |
//!
//! `Mutex`, `RwLock`, `Semaphore`, `Barrier`, `oneshot`, `Sleep` and `Interval` are reported as tokio
//! reports them. `mpsc`, `broadcast`, `watch`, `Notify` and `OnceCell`, which tokio does not report,
//! are reported in the same way, so the viewer shows also which channel a task waits for. They
//! report when they are made and when a wait is polled, and nothing when a value is sent, so that a
//! subscriber may send on a channel.
//!
//! What is made in a constant (`const_new`), and what is made before there is a subscriber, is not
//! shown. Sockets, files, child processes and `JoinHandle`s are no resources yet.
//!
//! # What it costs
//!
//! Without the feature, nothing: a lock or a task has the size, and compiles to the code, that it
//! would have if it reported nothing. With the feature and without a subscriber for the level
//! `TRACE`, each place that reports costs a load and a comparison, and the types are larger. With
//! such a subscriber, each poll of a task costs two calls of it, and each wait for a resource some
//! more.
#![forbid(unsafe_code)]

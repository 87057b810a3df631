//! How to see what a running program does: its workers, its tasks and what they wait for.
//!
//! There are five ways. The [live view](#the-live-view) needs no change to the program and no other
//! build, and neither does the [log of tasks that block](#finding-tasks-that-block). A [page of
//! metrics](#metrics) is for what collects figures over time. All of these can be [left
//! out](#a-build-without-the-live-view) of a program. [Spans and events](#spans-and-events), for
//! `tokio-console` and other readers of those, need a feature and a subscriber. A [dump](#dumps) needs
//! a feature, and has the calls that led each task to where it waits.
//!
//! The log is that of the crate [`log`](https://docs.rs/log), and all entries that are mentioned here
//! have the level `warn`. While a program has no logger (`env_logger`, or `tracing-subscriber` with its
//! feature `tracing-log`), they are printed to standard error.
//!
//! # The live view
//!
//! A program that is started with `ZOKIO_MONITOR=PATH` can be looked at while it runs. `PATH` names a
//! Unix socket, or a folder that exists, in which the socket is then named `PID.sock`. Use a folder if
//! more than one process is started with it: a socket is served by one process only.
//! [`Builder::monitor`](crate::runtime::Builder::monitor) asks for the same from within; in the drop-in
//! it is `tokio::runtime::Builder::monitor`.
//!
//! ```console
//! $ mkdir -p "$XDG_RUNTIME_DIR/zokio"
//! $ ZOKIO_MONITOR="$XDG_RUNTIME_DIR/zokio" my-server &
//! $ zokio-top
//! ```
//!
//! It shows:
//!
//! - each *worker*: the task that it polls, since when, and whether it sleeps, searches, or is *stuck*:
//!   in one poll for more than 100 ms, or than `ZOKIO_MONITOR_STUCK_MS`; its queue, polls, steals; and,
//!   on request, the stack of its thread, also while it is stuck;
//! - each *task*: name, place where it was spawned, state, polls, time in polls, wakes, and what it
//!   waits for: which timer, lock, channel, task, socket or file; of a lock, who has locked it;
//! - each *place* where tasks are spawned: how long their polls took lately, and how long tasks that
//!   were runnable waited for theirs;
//! - the *driver*: operations in flight and how long they take, watched descriptors, timers, the
//!   threads for closures;
//! - the last 32,768 *events* of each worker: polls, wakes and by whom, parks, steals, operations.
//!
//! Tasks are those of `spawn`, `spawn_local` and `spawn_blocking`, those of a
//! [`LocalSet`](crate::task::LocalSet) that is driven by the runtime, and the futures of `block_on`.
//!
//! What workers and tasks record as they run is read by a thread of its own, `zokio-view`, so a program
//! that is stuck shows where. Nothing is polled or stopped for this, except that a thread whose stack is
//! asked for is interrupted by a signal: other code may [see `EINTR`](#finding-tasks-that-block). A
//! client that does not read, sends garbage or is killed does no harm. A client that reads nothing is
//! disconnected after 10 s, or after 1 s if it holds one of the four copies of tasks or events that may
//! exist at a time and another client waits for one.
//!
//! Only the user of the process, and root, can connect. The socket is removed when the last runtime
//! that asked for it ends, and when the process exits. It is left behind if the process is killed by a
//! signal; the next one that asks for the same path replaces it. A child that is made by `fork(2)`
//! neither serves nor removes it, and its runtimes have no view. If the path is that of another file,
//! or of a socket that a process serves, or longer than 107 bytes, there is no view, and a warning in
//! the log says why, once for each path. No port is opened.
//!
//! A runtime without a view records nothing. What is left of it is a check of a value in memory where a
//! worker sleeps or steals, where a wait begins or is dropped, in `select!`, `join!` and timeouts, and
//! where a lock is made. A runtime with a view takes half a mebibyte for each worker, about 0.7 MiB for
//! all threads without a worker, 64 bytes for each task, and a reading of the clock for each poll. While
//! no client is connected, `zokio-view` sleeps.
//!
//! Recording takes 1.02 of the processor time of an echo server with 64 connections, 1.04 where small
//! files are written and read, 1.09 with an HTTP client that has a pool, and 1.61 where tasks do nothing
//! but send each other messages (`zokio-ab --observed`, current-thread runtime, Linux 6.18, medians of nine
//! pairs). It is 400 to 500 instructions for a poll that waits and for what wakes it, and 1,300 for a task
//! that is spawned and joined. Both together are then 1.07 to 1.22 of the instructions that tokio takes
//! (`zokio-ab counts`).
//!
//! The protocol is lines. A client sends one of the requests `snapshot`, `stream MS`, `stop`,
//! `tasks`, `places`, `events`, `stack RUNTIME WORKER` and `metrics`, and gets JSON objects, one on a
//! line, beginning with one that tells who serves. It may change between versions of zokio as long as
//! that line has the field `"protocol":1`:
//!
//! ```console
//! $ echo snapshot | nc -NU "$XDG_RUNTIME_DIR/zokio/4711.sock"
//! ```
//!
//! This is OpenBSD's `nc`: with `-N` it ends its side of the connection after its input.
//!
//! # Finding tasks that block
//!
//! With `ZOKIO_MONITOR_STUCK_MS=N`, or
//! [`Builder::monitor_stuck`](crate::runtime::Builder::monitor_stuck), a worker that is in one poll for
//! longer than N milliseconds is named in the log, once for each such poll: by the name of the task,
//! the place where it was spawned, and a file with the stack of the thread. This needs no socket.
//! `zokio-view` looks at the workers twice in this time, but at most every millisecond and at least
//! every second.
//!
//! The file is named `PID.stack-RUNTIME-WORKER`, and is in the folder of the socket, or in that for
//! temporary files (`TMPDIR`, or else `/tmp`) if there is no socket. Only the user can read it.
//! `zokio-top stack FILE` prints it. There is one file for each worker: its next stuck poll overwrites
//! it, and nothing removes it.
//!
//! The stack is taken by a signal to that thread, SIGURG, here and for a request `stack`. Most system
//! calls continue afterwards. Some end with `EINTR` all the same: `poll(2)`, `nanosleep(2)`, and reads of
//! sockets with a time-out (signal(7) lists them). std repeats most of these, and other code in a
//! task that blocks should be ready for it.
//!
//! # Metrics
//!
//! [`runtime::prometheus`](crate::runtime::prometheus()) returns the counters of all runtimes of the
//! process in the text format of Prometheus, labeled by runtime and worker. In the drop-in it is
//! `tokio::runtime::prometheus()`. A program can serve the page by any HTTP server; the live view sends
//! the same on request.
//!
//! # A build without the live view
//!
//! The live view is in every program that has a runtime, so that each can be looked at. To make a
//! program smaller, leave it out, and the page of metrics with it, by a flag of the compiler:
//!
//! ```toml
//! # .cargo/config.toml, in the folder of the program's workspace
//! [build]
//! rustflags = ["--cfg", "zokio_no_monitor"]
//! ```
//!
//! Nothing records then, and `Builder::monitor`, `Builder::monitor_stuck` and `runtime::prometheus` do
//! not exist. If such a program is started with `ZOKIO_MONITOR` or `ZOKIO_MONITOR_STUCK_MS`, one warning
//! in the log reports that. cargo takes flags from one place only: if there is an environment
//! variable `RUSTFLAGS`, or a `target.*.rustflags` in the configuration, the flag belongs there. For
//! Windows, where there is no live view yet, every program is built so.
//!
//! This is no feature of the package, because cargo unites the features that all packages of a graph
//! ask for. Most libraries take the default features of `tokio`; as one of these, the live view could
//! not be switched off by the program. And where all of them happen to refuse the default features,
//! it would be missing from a program that has not asked for that.
//!
//! # Spans and events
//!
//! With the feature `tracing`, zokio reports its tasks, and what they wait for, to the crate
//! [`tracing`](https://docs.rs/tracing), in the words that tokio uses under `--cfg tokio_unstable`.
//! A subscriber that understands those of tokio understands zokio's. No `cfg` is needed.
//!
//! ## tokio-console
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
//! ## What is reported
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
//! ## What it costs
//!
//! Without the feature, nothing: a lock or a task has the size, and compiles to the code, that it
//! would have if it reported nothing. With the feature and without a subscriber for the level
//! `TRACE`, each place that reports costs a load and a comparison, and the types are larger. With
//! such a subscriber, each poll of a task costs two calls of it, and each wait for a resource some
//! more. A socket is asked for its addresses then, by two system calls.
//!
//! # Dumps
//!
//! With the feature `taskdump`, `Handle::dump` lists the tasks of a runtime, each with the calls that
//! led to where it waits. No `cfg` is needed, and the program may be in use: a dump stops no worker,
//! and ends within two seconds after the last task has answered, whatever the others do.
//!
//! ```text
//! use zokio::runtime::Handle;
//! use zokio::signal::unix::{SignalKind, signal};
//!
//! /// Prints a dump at each SIGUSR1.
//! async fn dumps() -> std::io::Result<()> {
//!     let mut asked = signal(SignalKind::user_defined1())?;
//!     while asked.recv().await.is_some() {
//!         let dump = Handle::current().dump().await;
//!         for stuck in dump.untraced() {
//!             eprintln!("task {}, spawned at {}, is stuck", stuck.id(), stuck.spawned_at());
//!         }
//!         // Looking up the names of functions takes time.
//!         zokio::task::spawn_blocking(move || {
//!             for task in dump.tasks().iter() {
//!                 eprintln!("task {}, spawned at {}:", task.id(), task.spawned_at());
//!                 eprintln!("{}", task.trace());
//!             }
//!         });
//!     }
//!     Ok(())
//! }
//! ```
//!
//! ```text
//! task 12, spawned at src/main.rs:31:12:
//! ╼ server::serve::{{closure}} at src/main.rs:40:26
//! └╼ server::answer::{{closure}} at src/main.rs:52:39
//!    └╼ <zokio::sync::oneshot::receiver::Receiver<T> as core::future::future::Future>::poll at ...
//! ```
//!
//! The feature costs a load and a comparison for each poll of a task. The documentation of
//! `runtime::dump` has what a dump does to the tasks, and what it does not see.
#![forbid(unsafe_code)]

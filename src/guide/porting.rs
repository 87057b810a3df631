//! Running a program that uses tokio on zokio.
//!
//! zokio comes with a package that is named `tokio` and that re-exports zokio. Cargo's
//! `[patch.crates-io]` puts it in the place of the published `tokio`, for the program and for every
//! crate that it depends on: hyper, axum, tonic, reqwest and all others then run on zokio. No
//! source file changes.
//!
//! # Trying it without an edit
//!
//! `cargo zokio` runs cargo on a project with zokio in the place of tokio, and leaves the project as it
//! is:
//!
//! ```console
//! $ cargo install --git https://github.com/zokio/zokio cargo-zokio
//! $ cargo zokio test                        # the project's tests, on zokio
//! $ cargo zokio run --release -- --port 80
//! $ cargo zokio compare -- mybin --once     # on tokio and on zokio, side by side
//! ```
//!
//! `run`, `test`, `build`, `bench`, `doc`, `clippy` and others take cargo's own arguments. They
//! write to `target/zokio` and work on a copy of `Cargo.lock`, in which only what has to move is
//! moved. If some package in the graph keeps zokio out, they fail and name that package.
//! `cargo zokio c` is cargo's `check`. `cargo zokio install NAME` installs a published program on
//! zokio.
//!
//! # Switching a project
//!
//! Add two lines to the `Cargo.toml` of the workspace:
//!
//! ```toml
//! [patch.crates-io]
//! tokio = { git = "https://github.com/zokio/zokio" }
//! ```
//!
//! A lock file that was there before still names the published version. Move it once, and check:
//!
//! ```console
//! $ cargo update -p tokio --precise 1.999.0
//! $ cargo tree -i tokio@1.999.0             # an error if the patch is not in use
//! ```
//!
//! 1.999.0 is the version of zokio's `tokio` package. It is above every published version of tokio
//! 1, so that it satisfies requirements such as `tokio = "1.40"`.
//!
//! `cargo zokio on` makes both changes, or neither if zokio cannot be used.
//!
//! # Making sure
//!
//! If a patch does not apply, cargo prints a warning and builds the published tokio. Three things
//! turn that into a failure.
//!
//! **A line in the program.** The published tokio has no module `zokio`, so this line does not
//! compile on it:
//!
//! ```rust,ignore
//! const _: &str = tokio::zokio::VERSION;
//! ```
//!
//! **A step in CI.** `cargo zokio check` exits with status 0 if zokio is the only tokio 1.x in the
//! lock file, and with status 1 and the name of the package at fault if it is not.
//! `cargo tree -i tokio@1.999.0` needs nothing installed.
//!
//! **A look at a program that is installed already.** A program whose runtime is zokio contains the
//! word, even if its symbols are stripped:
//!
//! ```console
//! $ grep -c zokio /usr/local/bin/mybin      # 0 means tokio
//! ```
//!
//! # What switches the patch off
//!
//! | Cause | Remedy |
//! |---|---|
//! | A requirement that excludes 1.999.0, anywhere in the graph: `"=1.40"`, `"~1.38"`, `"<1.50"` | Relax it to `"1"`, or update the package that has it; `cargo zokio check` names the package |
//! | A lock file from before, which names the published version; with `--locked`, cargo either stops or builds that version | Run `cargo update -p tokio --precise 1.999.0` and commit the lock file |
//! | One build without the patch, which puts the published tokio back into the lock file | The same |
//! | The patch is not in the manifest of the workspace's root | Move it there: cargo ignores it in the manifests of members and dependencies |
//!
//! tokio 0.2 in the same graph is another crate to cargo. It stays as it is and does no harm, but
//! what runs on it does not run on zokio. `cargo update` then asks which of the two is meant: write
//! `-p tokio@1.54.1`, with the version that is in the lock file.
//!
//! A package that is published to crates.io cannot bring the patch with it, so that
//! `cargo install NAME` builds it on tokio. `cargo zokio install NAME` builds it on zokio.
//!
//! # Going back
//!
//! Remove the two lines, and the [line in the program](#making-sure) if you have added it, and run:
//!
//! ```console
//! $ cargo update -p tokio
//! ```
//!
//! This selects the newest tokio; with `--precise VERSION` it selects the one that you had.
//!
//! `cargo zokio off` undoes `cargo zokio on`. If nothing has changed in between it restores
//! `Cargo.toml` and `Cargo.lock` to the byte. Nothing else has to be undone, because zokio adds no
//! API that a program needs.
//!
//! # Requirements
//!
//! zokio needs Linux with glibc 2.28 or later, or with musl, and Rust 1.85 or later. The tests run
//! with glibc 2.36. For macOS and FreeBSD zokio compiles, but has not been run. On Windows there are no
//! sockets, child processes and signals yet: of the features of the drop-in, `rt`, `rt-multi-thread`,
//! `fs`, `time`, `sync`, `macros`, `io-util`, `io-std`, `test-util` and `tracing` compile, and the
//! compiler names one that is missing. Some versions of Linux add a faster way for certain
//! operations, which otherwise take another one:
//!
//! | Since Linux | | Otherwise |
//! |---|---|---|
//! | 5.3 | a file descriptor that reports the end of a child process | the signal `SIGCHLD` |
//! | 5.11 | io_uring, for file reads that have to wait | threads |
//! | 5.12 | opening files and looking up attributes by path on the calling thread | threads |
//!
//! [`back_ends`](super::back_ends) explains which operations go where.
//!
//! # Features
//!
//! The package `tokio` has tokio's feature names, so that every dependency resolves. They select
//! less finely than tokio's do:
//!
//! - `sync`, `io-util` and `macros` enable what their names say and compile no runtime.
//! - `fs`, `net`, `process` and `signal` enable the module of that name, and the runtime.
//! - Every other feature that needs a runtime (`rt`, `rt-multi-thread`, `time`, `io-std`,
//!   `test-util`) enables both schedulers, timers and the paused clock, the standard streams and
//!   `AsyncFd`.
//! - `completion` is zokio's own, and no part of `full`: it enables `tokio::zokio::completion` and
//!   [receives on io_uring](super::back_ends#receiving-on-io_uring). In the manifest it stands
//!   beside the others (`features = ["full", "completion"]`); without an edit,
//!   `cargo zokio run --features tokio/completion` enables it.
//! - `tracing` reports tasks, and what they wait for, as tokio does under `--cfg tokio_unstable`; see
//!   [Observing](super::observing).
//! - Names that have no meaning in zokio (`parking_lot`, `mio` and others) are accepted and change
//!   nothing.
//!
//! What tokio has only under `--cfg tokio_unstable` is always there, with the flag or without it:
//! dumps of tasks (`Handle::dump`, with the feature `taskdump`), metrics and their histograms
//! ([`RuntimeMetrics`](crate::runtime::RuntimeMetrics)), hooks for tasks
//! ([`on_task_spawn`](crate::runtime::Builder::on_task_spawn) and others), names for tasks
//! ([`task::Builder`](crate::task::Builder)), what a panic ends
//! ([`unhandled_panic`](crate::runtime::Builder::unhandled_panic)), and repeatable choices
//! ([`rng_seed`](crate::runtime::Builder::rng_seed)).
//!
//! # Differences from tokio
//!
//! tokio's integration tests run unchanged against zokio, and so do those of hyper and hyper-util.
//! The README has [the results](https://github.com/zokio/zokio#what-works) and [a table of
//! differences](https://github.com/zokio/zokio#differences-from-tokio). These are the ones that a
//! program is most likely to notice:
//!
//! - A task that blocks its worker thread holds up no other task, as long as another worker is
//!   free.
//! - File operations that need not wait run on the calling thread. On a multi-thread runtime, a
//!   worker makes small writes, and creates, renames and removes files, itself. The others have
//!   threads of their own, which closures of `spawn_blocking` do not hold up.
//! - There are threads with names that tokio does not have; [this table](super::back_ends#threads)
//!   lists them. Workers are named `tokio-rt-worker`, as in tokio.
//! - The texts of `Debug` and of some errors and panics differ. Error kinds are the same.
//!
//! # Using the crate `zokio` directly
//!
//! The crate `zokio` can stand beside the published `tokio` crate in one program. With the feature
//! `tokio`, which is on by default, zokio's I/O types implement the `tokio` crate's `AsyncRead`,
//! `AsyncWrite`, `AsyncSeek` and `AsyncBufRead`, so that code which is generic over these traits
//! takes them:
//!
//! ```
//! use std::future::poll_fn;
//! use std::io;
//! use std::pin::pin;
//! use zokio::io::AsyncReadExt;
//! use zokio::net::UnixStream;
//!
//! /// A function of some library that knows only the `tokio` crate.
//! async fn greet(stream: impl tokio::io::AsyncWrite) -> io::Result<usize> {
//!     let mut stream = pin!(stream);
//!     poll_fn(|cx| stream.as_mut().poll_write(cx, b"hello")).await
//! }
//!
//! #[zokio::main]
//! async fn main() -> io::Result<()> {
//!     let (near, mut far) = UnixStream::pair()?;
//!     assert_eq!(greet(near).await?, 5);
//!
//!     let mut text = String::new();
//!     far.read_to_string(&mut text).await?;
//!     assert_eq!(text, "hello");
//!     Ok(())
//! }
//! ```
//!
//! Code that calls `tokio::spawn` or `tokio::net::TcpStream::connect` needs a tokio runtime, and
//! panics in a zokio one. The drop-in is the way to run such code on zokio. For hyper there is
//! `zokio-hyper`, with an executor, a timer and connection adapters.
#![forbid(unsafe_code)]

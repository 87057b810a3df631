//! Which way an operation takes, how io_uring is chosen, and what happens in containers.
//!
//! A program that runs on zokio behaves the same with io_uring and without it. The back-end decides
//! how file operations that have to wait are carried out, and nothing else, unless sockets
//! [receive on io_uring](#receiving-on-io_uring).
//!
//! # Where operations go
//!
//! There are five ways, and each operation takes the first that suits it.
//!
//! **Readiness.** The kernel reports when a descriptor can make progress (epoll, by way of mio),
//! and the read or write is then a system call of the task's own thread. This is how everything in
//! [`net`](crate::net) works, and [`AsyncFd`](crate::io::unix::AsyncFd), [`signal`](crate::signal),
//! and child processes and their pipes in [`process`](crate::process). io_uring has no part in it,
//! unless sockets [receive on it](#receiving-on-io_uring).
//!
//! **Inline.** A file operation that the kernel can complete from memory is done during the first
//! poll, on the calling thread, by system calls that fail rather than wait.
//!
//! **The ring.** A file read that has to wait for a device, or for the other end of a pipe, goes to
//! io_uring. The runtime has a thread for the ring, which wakes the task when the read has
//! completed.
//!
//! **The worker.** In a runtime of two or more workers, creating, renaming, linking and removing
//! files, and writing up to 64 KiB, are carried out by the worker whose task has begun the
//! operation, as soon as the current poll ends. That takes less time than waking another thread. If
//! the poll does not end, another thread carries the operation out after about 10 ms. If the
//! operation waits, another thread runs the worker's tasks, and further operations go to threads
//! for a while. A task that was [spawned](crate::task::spawn()) runs on a worker; the future of
//! `main` does not.
//!
//! A worker does this for one operation of each poll, and only on file systems of this machine that
//! have not been slow lately. It leaves to threads what is likely to take longer: appending,
//! writing to a file that is [shared](super::files#the-position-and-files-that-are-shared) or that
//! was opened with `O_SYNC` or `O_DIRECT`, and truncating more than 1 MiB. In the first 10 ms of a
//! runtime, and if [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads) is less
//! than the number of workers, all of these operations go to threads.
//!
//! **Threads.** Everything else that concerns files goes to other threads of the runtime, which are
//! not those of `spawn_blocking`. Without io_uring, so do the reads that would have gone to the
//! ring.
//!
//! | Operation | Inline | Otherwise |
//! |---|---|---|
//! | Reading a [`File`](crate::fs::File) | bytes that are cached, up to 512 KiB a call | ring or thread |
//! | Reading a `File` that is a pipe | bytes that are there | ring or thread |
//! | Writing a `File` | in memory (tmpfs), and to a pipe with room; up to 256 KiB a call | worker, up to 64 KiB, or thread |
//! | [`completion::fs::File`](crate::completion::fs::File): reads | bytes that are cached, up to 512 KiB a call | ring or thread |
//! | The same: writes | as for a `File` | thread; with `O_DIRECT` ring or thread |
//! | [`completion::Transfer`](crate::completion::Transfer): from and to a file | never | thread |
//! | [`fs::read`](crate::fs::read), [`read_to_string`](crate::fs::read_to_string) | cached files of up to 256 KiB | ring or thread |
//! | Opening without creating or truncating | regular files and directories whose path is cached | thread |
//! | [`metadata`](crate::fs::metadata), [`try_exists`](crate::fs::try_exists), [`read_link`](crate::fs::read_link), [`canonicalize`](crate::fs::canonicalize) | if the path is cached | thread |
//! | Seeking | unless the file is shared | thread |
//! | Opening that creates or truncates, renaming, linking, creating a directory, removing a file or an empty directory | never | worker or thread |
//! | [`fs::write`](crate::fs::write), [`copy`](crate::fs::copy), [`create_dir_all`](crate::fs::create_dir_all), [`remove_dir_all`](crate::fs::remove_dir_all) | never | thread |
//! | Syncing, setting lengths, listing directories, setting permissions and times | never | thread |
//! | [`lookup_host`](crate::net::lookup_host), `stdin`, `stdout`, `stderr` | never | the pool of [`spawn_blocking`](crate::task::spawn_blocking) |
//!
//! Files are opened and attributes looked up inline only on file systems that are on a disk of this
//! machine or in memory. On a network file system, on FUSE, in `/proc` and in `/sys`, a thread does
//! that. Each inline call is timed. If one turns out to wait, as it can on a mount that another
//! program watches, further calls on that mount go to threads for a while. [`files`](super::files)
//! explains how sharing a file changes the way it is read and written.
//!
//! # How the back-end is chosen
//!
//! When an operation of a process is to go to a ring for the first time, zokio sets up a ring and
//! runs one operation on it. If that succeeds, io_uring is used. If it does not, threads serve in its
//! place. Nothing has to be configured. The outcome is logged by the `log` crate, at the level
//! `debug` if io_uring is used and `warn` if it is not.
//! [`Handle::driver_info`](crate::runtime::Handle::driver_info) tries the same, if nothing has yet,
//! and returns the outcome with the reason:
//!
//! ```
//! use zokio::runtime::{DriverKind, Handle};
//!
//! #[zokio::main]
//! async fn main() {
//!     let info = Handle::current().driver_info();
//!     println!("driver: {info}");
//!     if info.kind() == DriverKind::Threads {
//!         println!("no io_uring here: {}", info.reason());
//!     }
//! }
//! ```
//!
//! It prints one of these, for example:
//!
//! ```text
//! driver: uring (a trial run succeeded)
//! driver: mio (asked for by ZOKIO_DRIVER=mio)
//! driver: mio (no io_uring: io_uring_setup: Operation not permitted (os error 1); likely cause: a seccomp filter forbids it, as containers often do)
//! ```
//!
//! [`DriverKind::Ring`](crate::runtime::DriverKind::Ring) and
//! [`DriverKind::Threads`](crate::runtime::DriverKind::Threads) are named for what sets them apart: the
//! former has a ring for file reads, the latter has mio's readiness and threads alone. Readiness
//! comes from mio with both.
//!
//! # Forcing a back-end
//!
//! The environment variable `ZOKIO_DRIVER` forces a back-end for every runtime that does not choose
//! one itself: `uring` or `mio`. It is worth running a test suite once with
//! `ZOKIO_DRIVER=mio cargo test`, because that is what the program meets in most containers.
//! [`Builder::driver`](crate::runtime::Builder::driver) forces a back-end for one runtime, and
//! takes precedence over the variable:
//!
//! ```
//! use zokio::runtime::{Builder, DriverKind};
//!
//! fn main() -> std::io::Result<()> {
//!     let rt = Builder::new_multi_thread()
//!         .enable_all()
//!         .driver(DriverKind::Threads)
//!         .build()?;
//!     assert_eq!(rt.handle().driver_info().reason(), "asked for by the builder");
//!     Ok(())
//! }
//! ```
//!
//! If io_uring is forced, it is tried out when a runtime is built, and if it is not available,
//! [`build`](crate::runtime::Builder::build) returns an error with the cause. It also does so if
//! `ZOKIO_DRIVER` names anything else.
//!
//! A program that is built without the feature `fs` has no file operations, and so no code for
//! io_uring. Its back-end is [`DriverKind::Threads`](crate::runtime::DriverKind::Threads), also with
//! `ZOKIO_DRIVER=uring`, which has nothing to force there; `Builder::driver` with
//! [`DriverKind::Ring`](crate::runtime::DriverKind::Ring) makes `build` return an error.
//!
//! # Receiving on io_uring
//!
//! Sockets are read by readiness with both. The environment variable `ZOKIO_SOCKETS=completion`, or
//! [`Builder::sockets`](crate::runtime::Builder::sockets), has the streams of current-thread and local
//! runtimes receive on io_uring, where the kernel is Linux 6.1 or later. A thread that runs such a
//! runtime has a ring until it ends: a descriptor, and 1 MiB of buffers of which the kernel uses
//! what it needs. The code for this comes with the feature `completion`, which the drop-in's `full`
//! does not include. A program that was built without it reads its sockets by readiness, and a
//! current-thread or local runtime logs a warning if the variable or the builder asks for completions.
//! [`DriverInfo::sockets`](crate::runtime::DriverInfo::sockets) and
//! [`sockets_reason`](crate::runtime::DriverInfo::sockets_reason) report what is in use:
//!
//! ```
//! use zokio::runtime::{Builder, Sockets};
//!
//! fn main() -> std::io::Result<()> {
//!     let rt = Builder::new_current_thread()
//!         .enable_all()
//!         .sockets(Sockets::Completion)
//!         .build()?;
//!     let info = rt.handle().driver_info();
//!     println!("sockets: {} ({})", info.sockets(), info.sockets_reason());
//!     Ok(())
//! }
//! ```
//!
//! # What can keep io_uring from working
//!
//! | Cause | What to do about it, if anything |
//! |---|---|
//! | A kernel before Linux 5.11 | |
//! | A seccomp filter, as in most containers | See below |
//! | The sysctl `kernel.io_uring_disabled` is 1 (for unprivileged processes) or 2 (for all) | `sysctl kernel.io_uring_disabled=0` |
//! | The limit on locked memory | Raise `RLIMIT_MEMLOCK` |
//! | No file descriptor or memory was left | The next operation tries again |
//! | A security policy (SELinux, AppArmor) | |
//!
//! # Containers
//!
//! Docker's default seccomp profile forbids io_uring since version 25.0, and so does containerd's
//! in recent versions. In `docker run` with default settings, zokio therefore runs as
//! `DriverKind::Threads`, and logs one warning. This is a supported configuration, on which all tests
//! are run as well. Sockets and inline operations are unaffected, and file reads that have to wait
//! are carried out by threads.
//!
//! The programs that profit from io_uring are those that have many reads of uncached data in flight
//! at the same time. To allow it, copy the default profile, add `io_uring_setup`, `io_uring_enter`
//! and `io_uring_register` to the calls that it allows, and name the copy:
//!
//! ```console
//! $ docker run --security-opt seccomp=profile.json IMAGE
//! ```
//!
//! In Kubernetes, the profile is named in the `seccompProfile` of the pod's `securityContext`.
//! Weigh this against the reason why the calls are forbidden: io_uring makes more of the kernel
//! reachable to code that breaks out of a container.
//!
//! Other things to know about containers:
//!
//! - A filter may also refuse the calls that are used inline (`openat2`, `preadv2`, `statx`). The
//!   operations then go to threads. Where it refuses `epoll_pwait2`, timers are less exact: see
//!   [`time`](crate::time#resolution).
//! - A filter that *kills* the process at a call that it does not know leaves no room for a fallback.
//!   That of systemd (`SystemCallFilter=`) does, unless `SystemCallErrorNumber=EPERM` is set too. It
//!   has to allow the calls above, `pidfd_open`, and, without `ZOKIO_DRIVER=mio`, those of io_uring.
//!   These are made when a read is to go to a ring, which may be late in the life of a process;
//!   `ZOKIO_DRIVER=uring` has some of them made at its start.
//! - The root of a container is usually an overlay. Opening a file there to write it may copy the
//!   whole file first, so that a thread does it. Opening it to read can be inline.
//! - A volume is a mount of its own. Whether inline calls are made on it depends on its file
//!   system, as above.
//! - A multi-thread runtime has as many workers as
//!   [`available_parallelism`](std::thread::available_parallelism) returns, which respects CPU
//!   quotas and affinity. `TOKIO_WORKER_THREADS` and
//!   [`worker_threads`](crate::runtime::Builder::worker_threads) override it.
//! - A limit on the number of processes (`--pids-limit`) counts threads.
//!
//! # Threads
//!
//! These are all threads that a runtime starts.
//!
//! | Name | How many | When |
//! |---|---|---|
//! | `tokio-rt-worker`, or what the builder sets | one for each worker of a multi-thread runtime | as long as the runtime |
//! | the same | up to 512 for closures of `spawn_blocking`, see [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads) | started on demand, end when idle |
//! | the same | one for each worker inside `block_in_place`, up to as many as for closures | started on demand, end when idle |
//! | the same | up to 512 for file operations, or as many as for closures if that is more; beyond that if none could begin for 50 ms | started on demand, end when idle |
//! | `zokio-ring` | one, with io_uring | started by the first read that needs it, ends when idle |
//! | `zokio-monitor` | one, with two or more workers | started once the runtime is older than 10 ms and busy |
//! | `zokio-view` | one for each path, and one for all runtimes that only log | with a [live view](crate::guide::observing#the-live-view), or if [tasks that block](crate::guide::observing#finding-tasks-that-block) are logged: until the last runtime that asked for it ends |
//! | `zokio-dump` | one for each dump | while `Handle::dump`, of the feature `taskdump`, waits for tasks to answer |
//! | `zokio-join` | one | while `shutdown_timeout` waits for threads that are ending |
//! | `zokio-probe` | one | while io_uring is tried: see [above](#how-the-back-end-is-chosen) |
//!
//! # fork
//!
//! A runtime does not survive `fork(2)`: see [the warning](crate::runtime#fork) in the
//! documentation of runtimes.
#![forbid(unsafe_code)]

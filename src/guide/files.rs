//! Reading and writing files: what is done at once, what waits, and what is guaranteed.
//!
//! The API is that of [`fs`](crate::fs), and what an operation does to a file is what the system
//! call of that name does. This guide is about when it happens and on which thread.
//!
//! # At once, or later
//!
//! Where the kernel offers a way that cannot wait, an operation is first tried that way. If the
//! kernel has what it takes in memory, the operation completes during the first poll, without
//! another thread and without a context switch. Otherwise the operation goes to io_uring or to one
//! of the runtime's threads, and the task that waits for it lets others run. On a multi-thread
//! runtime, a worker makes small writes, and creates, renames and removes files, itself, once the
//! poll that began the operation has ended. Which operation goes where is in [a
//! table](super::back_ends#where-operations-go). The result is the same in each case.
//!
//! An operation that has begun needs no further poll. It proceeds whatever the task and its thread
//! do next: if a worker is to carry it out and its poll does not end, another thread does so after
//! about 10 ms. Closures of [`spawn_blocking`](crate::task::spawn_blocking) cannot hold an operation
//! up, because they run on other threads.
//!
//! A poll copies a bounded number of bytes, so that a task that reads cached files in a loop yields
//! to others from time to time, as one that reads from a socket does (see
//! [`coop`](crate::task::coop)).
//!
//! # Reads
//!
//! A `read` returns what one system call returns: up to the size of the buffer, up to
//! [`max_buf_size`](crate::fs::File::max_buf_size), which is 2 MiB at first, and up to the end of
//! the file. If the bytes are cached, up to 512 KiB of them are copied straight into the caller's
//! buffer. Otherwise they are read into a buffer of the file's and copied from there.
//!
//! - For a whole file, use [`fs::read`](crate::fs::read). It opens, reads and closes with a minimum
//!   of steps, and at once if the file is small and cached.
//! - For many small pieces, wrap the file in a [`BufReader`](crate::io::BufReader).
//! - For many reads or writes of one file at a time, use the file of
//!   [`completion`](crate::completion), whose operations own their buffers.
//! - To copy a file, use [`fs::copy`](crate::fs::copy), which has the kernel move the bytes, rather
//!   than [`io::copy`](crate::io::copy).
//!
//! A `read` whose future is dropped loses nothing: its bytes are returned by the next one.
//!
//! # Writes
//!
//! A `write` is *accepted*: its bytes are copied into a buffer, up to `max_buf_size` of them, and
//! `write` returns their number while the write itself is still in progress. This has three
//! consequences.
//!
//! - **Flush before you rely on a write**, and before the file is dropped. An accepted write
//!   happens even if the file is dropped right away, and the shutdown of the runtime waits for it.
//!   But if it fails, only the next write or [`flush`](crate::io::AsyncWriteExt::flush) returns the
//!   error.
//! - Until then, others may not see what was written. The file itself does: its next read, write or
//!   seek waits for the write.
//! - An error can arrive one call late. If a disk is full, the bytes that fit are in the file.
//!
//! ```
//! use zokio::fs::File;
//! use zokio::io::AsyncWriteExt;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let path = dir.path().join("report");
//!     let mut file = File::create(&path).await?;
//!     file.write_all(b"all is fine\n").await?;
//!     // From here on the bytes are in the file, and an error would be known.
//!     file.flush().await?;
//!     assert_eq!(zokio::fs::read(&path).await?, b"all is fine\n");
//!     Ok(())
//! }
//! ```
//!
//! For many small writes, wrap the file in a [`BufWriter`](crate::io::BufWriter) and flush that.
//!
//! Writes of up to 256 KiB to a file that lives in memory (tmpfs), or to a pipe that has room, are
//! done at once and return the kernel's answer, unless the file is shared or was opened for
//! appending. The result does not tell such a write from an accepted one, so flush in either case.
//! Writes to a file on a disk are never done at once, because they may have to wait, for example
//! while the file system is frozen for a snapshot.
//!
//! # Data on disk
//!
//! `flush` hands bytes to the kernel, which writes them to the disk when it sees fit. To survive a
//! power failure, they have to be synced: [`sync_data`](crate::fs::File::sync_data) for content,
//! [`sync_all`](crate::fs::File::sync_all) for attributes too. Neither reports the error of an
//! accepted write, so flush first. A new or renamed file is on disk when its directory is synced as
//! well:
//!
//! ```
//! use std::path::Path;
//! use zokio::fs::{self, File};
//! use zokio::io::AsyncWriteExt;
//!
//! /// Replaces a file so that after a crash there is the old content or the new one.
//! async fn replace(directory: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
//!     let temporary = directory.join(format!("{name}.new"));
//!     let mut file = File::create(&temporary).await?;
//!     file.write_all(content).await?;
//!     file.flush().await?;
//!     file.sync_all().await?;
//!     fs::rename(&temporary, directory.join(name)).await?;
//!     File::open(directory).await?.sync_all().await
//! }
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     replace(dir.path(), "state", b"1").await?;
//!     replace(dir.path(), "state", b"2").await?;
//!     assert_eq!(fs::read(dir.path().join("state")).await?, b"2");
//!     Ok(())
//! }
//! ```
//!
//! # Appending
//!
//! With [`append`](crate::fs::OpenOptions::append) (`O_APPEND`) the kernel moves to the end of the
//! file for each write(2). Such writes are made by a thread, each accepted write in one call, so
//! that lines which several processes append to a local file do not mix as long as each line is one
//! `write`. That is true of `write_all` for up to `max_buf_size` bytes. A `BufWriter` cuts where
//! its buffer is full.
//!
//! # The position, and files that are shared
//!
//! The position belongs to the open file and not to the handle, as for [`std::fs::File`]. A clone,
//! a handle that another library made of the same descriptor and a child process that inherited it
//! all move the same position.
//!
//! zokio knows that a file is not shared if it opened the file itself and has not shown its
//! descriptor to anyone. Such a file is read, written and moved in the fastest way that suits it.
//! Once [`try_clone`](crate::fs::File::try_clone), `as_fd` or `as_raw_fd` has been called, and for
//! a file that was made by [`from_std`](crate::fs::File::from_std), every read, write and seek is a
//! system call on another thread, because it may have to wait for another handle. This is slower
//! for cached data, and never wrong. Reads of pipes and sockets are not affected, since these have
//! no position.
//!
//! A `File` does one thing at a time. To read in several places at the same time, open the file
//! several times. Each `File` then has a position of its own:
//!
//! ```
//! use std::io::SeekFrom;
//! use zokio::fs::{self, File};
//! use zokio::io::{AsyncReadExt, AsyncSeekExt};
//! use zokio::task::JoinSet;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let path = dir.path().join("numbers");
//!     fs::write(&path, [10, 11, 12, 13]).await?;
//!
//!     let mut reads = JoinSet::new();
//!     for place in 0..4 {
//!         let path = path.clone();
//!         reads.spawn(async move {
//!             let mut file = File::open(path).await?;
//!             file.seek(SeekFrom::Start(place)).await?;
//!             file.read_u8().await
//!         });
//!     }
//!     let bytes = reads.join_all().await.into_iter().collect::<std::io::Result<Vec<_>>>()?;
//!     assert_eq!(bytes.iter().sum::<u8>(), 46);
//!     Ok(())
//! }
//! ```
//!
//! # Pipes, FIFOs, terminals and devices
//!
//! A `File` can be anything that has a path or a descriptor. Some of these wait without a limit,
//! and there are better types for them.
//!
//! - **FIFOs.** [`File::open`](crate::fs::File::open) waits until the other end is opened, on a
//!   thread that stays in open(2) until then, even if the future is dropped.
//!   [`net::unix::pipe`](crate::net::unix::pipe) opens a FIFO without waiting and reads and writes
//!   it by readiness.
//! - **Terminals.** A read of a terminal keeps a thread until a line has been typed. For input that
//!   a user types, start a thread that reads [`std::io::stdin`] and sends lines over a
//!   [channel](crate::sync::mpsc), or use a crate for terminals.
//! - **Descriptors in non-blocking mode.** What would wait fails with
//!   [`WouldBlock`](std::io::ErrorKind::WouldBlock), as the system call does. To wait for such a
//!   descriptor (inotify, timerfd, a tty), use [`AsyncFd`](crate::io::unix::AsyncFd).
//!
//! Operations that wait hold up no other operations: there are up to 512 threads for them, and more
//! if none of these becomes free.
//!
//! # When to use `spawn_blocking` instead
//!
//! An asynchronous file operation that has to wait costs a handover to another thread and back.
//! [`spawn_blocking`](crate::task::spawn_blocking) with [`std::fs`] costs one for a whole closure,
//! and is the better choice for
//!
//! - many operations in a row on data that is probably not cached: walking a tree, unpacking an
//!   archive, removing old files;
//! - libraries that take a [`std::fs::File`] or a path and do the I/O themselves;
//! - what `fs` does not have: locks, positional reads ([`FileExt`](std::os::unix::fs::FileExt)),
//!   memory maps, extended attributes.
//!
//! ```
//! use std::path::Path;
//!
//! /// Adds up the sizes of the files below a directory.
//! fn total(directory: &Path) -> std::io::Result<u64> {
//!     let mut sum = 0;
//!     for entry in std::fs::read_dir(directory)? {
//!         let entry = entry?;
//!         let found = entry.metadata()?;
//!         sum += if found.is_dir() { total(&entry.path())? } else { found.len() };
//!     }
//!     Ok(sum)
//! }
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     std::fs::write(dir.path().join("five"), "bytes")?;
//!     let path = dir.path().to_owned();
//!     let sum = zokio::task::spawn_blocking(move || total(&path)).await??;
//!     assert_eq!(sum, 5);
//!     Ok(())
//! }
//! ```
//!
//! # Shutdown
//!
//! A runtime that shuts down waits for accepted writes and for every other operation that has
//! begun, with two exceptions: reads of a `File` (one on io_uring is given 2 seconds to be
//! cancelled), and opens that neither create nor truncate. Operations that come later fail with an
//! error of kind [`Other`](std::io::ErrorKind::Other).
#![forbid(unsafe_code)]

//! Files and directories.
//!
//! The functions are those of [`std::fs`] and do the same, without stalling the thread that runs
//! tasks.
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
//! What the kernel can answer from memory (a read of cached bytes, the attributes of a cached file,
//! an open whose path is cached) is done during the first poll. On a multi-thread runtime, a worker
//! makes small writes, and creates, renames and removes files, itself, once the poll that began the
//! operation has ended. Everything else is carried out on io_uring or on threads that are not
//! shared with [`spawn_blocking`](crate::task::spawn_blocking). An operation makes progress
//! whatever the task and its thread do next. [`guide::files`](crate::guide::files) describes reads,
//! writes, positions, syncing, and when `spawn_blocking` is the better choice.
//!
//! # Open files
//!
//! A [`File`] reads and writes through the traits of [`io`](crate::io). Flush a file that was
//! written to before it is dropped, or an error of its last write is lost:
//!
//! ```
//! use zokio::fs::File;
//! use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let path = dir.path().join("list");
//!     let mut file = File::create(&path).await?;
//!     file.write_all(b"milk\nbread\n").await?;
//!     file.flush().await?;
//!
//!     let mut lines = BufReader::new(File::open(&path).await?).lines();
//!     let mut count = 0;
//!     while let Some(_line) = lines.next_line().await? {
//!         count += 1;
//!     }
//!     assert_eq!(count, 2);
//!     Ok(())
//! }
//! ```
//!
//! # Special files
//!
//! Other modules serve these better: [`net::unix::pipe`](crate::net::unix::pipe) for named pipes,
//! [`AsyncFd`](crate::io::unix::AsyncFd) for descriptors that can be polled, a crate for terminals
//! for terminals.
//!
//! # Needs a runtime
//!
//! Every function and every operation on a [`File`] panics outside of a runtime, and fails with
//! [`ErrorKind::Other`](std::io::ErrorKind::Other) after the runtime has been shut down. The
//! runtime needs no [`enable_io`](crate::runtime::Builder::enable_io).
//!
//! An operation that needs a thread when the operating system can start none panics, as
//! [`spawn_blocking`](crate::task::spawn_blocking) does; a write to a [`File`] fails instead.

mod directories;
mod file;
mod file_times;
#[cfg(target_vendor = "apple")]
mod file_times_apple;
#[cfg(windows)]
mod file_times_windows;
#[cfg_attr(windows, path = "nothing_inline.rs")]
pub(crate) mod inline;
mod links;
mod metadata;
mod open_options;
#[cfg_attr(windows, path = "raw_handle.rs")]
mod raw;
mod read;
mod read_dir;
pub(crate) mod run;
#[cfg_attr(windows, path = "windows/mod.rs")]
mod system;
mod whole;

pub use self::directories::{DirBuilder, create_dir, create_dir_all, remove_dir, remove_dir_all};
pub(crate) use self::file::Attempt;
pub use self::file::File;
pub use self::file_times::FileTimes;
pub use self::links::{canonicalize, hard_link, read_link, remove_file, rename};
pub use self::metadata::{metadata, set_permissions, symlink_metadata, try_exists};
pub use self::open_options::OpenOptions;
pub use self::read::{read, read_to_string};
pub use self::read_dir::{DirEntry, ReadDir, read_dir};
#[cfg(unix)]
pub use self::system::symlink;
#[cfg(windows)]
pub use self::system::{symlink_dir, symlink_file};
pub use self::whole::{copy, write};

//! Files and directories.
//!
//! The functions are those of [`std::fs`] and do what those do, without stalling the thread that
//! runs tasks. What the kernel can answer from memory (a cached read, the attributes of a cached
//! file, an open whose path is cached) is answered at once, at the first poll. The rest is carried
//! out by the runtime's driver, on io_uring or on threads that `spawn_blocking` does not share, and
//! makes progress whatever the task and its thread do next.
//!
//! Special files have homes of their own: named pipes are better opened with
//! [`net::unix::pipe`](crate::net::unix::pipe), terminals with a crate for terminals.
//!
//! # Needs a runtime
//!
//! Every function and every operation on a [`File`] panics outside of a runtime, and fails with
//! [`ErrorKind::Other`](std::io::ErrorKind::Other) after the runtime was shut down. The runtime
//! needs no `enable_io`.
//!
//! # Examples
//!
//! ```
//! use zokio::fs;
//!
//! # fn main() -> std::io::Result<()> {
//! # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("greeting");
//! fs::write(&path, "hello").await?;
//! assert_eq!(fs::read_to_string(&path).await?, "hello");
//! assert_eq!(fs::metadata(&path).await?.len(), 5);
//! # Ok(())
//! # })
//! # }
//! ```

mod directories;
mod file;
mod file_times;
mod inline;
mod links;
mod metadata;
mod open_options;
mod raw;
mod read;
mod read_dir;
mod run;
mod whole;

pub use self::directories::{DirBuilder, create_dir, create_dir_all, remove_dir, remove_dir_all};
pub use self::file::File;
pub use self::file_times::FileTimes;
pub use self::links::{canonicalize, hard_link, read_link, remove_file, rename, symlink};
pub use self::metadata::{metadata, set_permissions, symlink_metadata, try_exists};
pub use self::open_options::OpenOptions;
pub use self::read::{read, read_to_string};
pub use self::read_dir::{DirEntry, ReadDir, read_dir};
pub use self::whole::{copy, write};

//! Reading directories.
//!
//! Entries are fetched in chunks on a thread where that may block, and handed out from memory.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::fs::run;
use crate::task::JoinHandle;
use crate::util::budget::poll_proceed;

/// Entries fetched at a time.
const CHUNK: usize = 64;

/// The entries of a directory, in no order, without `.` and `..`.
///
/// Created by [`read_dir`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::write(dir.path().join("a"), "").await?;
/// zokio::fs::write(dir.path().join("b"), "").await?;
///
/// let mut names = Vec::new();
/// let mut entries = zokio::fs::read_dir(dir.path()).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// names.sort();
/// assert_eq!(names, ["a", "b"]);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct ReadDir(DirState);

#[derive(Debug)]
enum DirState {
    Ready(Box<Fetched>),
    Fetching(JoinHandle<Box<Fetched>>),
    /// The result of a fetch was lost: the runtime was shut down.
    Lost,
}

/// Entries that were fetched, and the handle that fetches more.
#[derive(Debug)]
struct Fetched {
    entries: VecDeque<io::Result<DirEntry>>,
    /// `None` at the directory's end.
    more: Option<std::fs::ReadDir>,
}

impl Fetched {
    /// Fetches the next entries; an error is the last of them.
    fn fetch(&mut self) {
        while self.entries.len() < CHUNK {
            let Some(more) = &mut self.more else {
                return;
            };
            match more.next() {
                Some(Ok(entry)) => self.entries.push_back(Ok(DirEntry {
                    // The directory itself contains the type of most entries.
                    file_type: entry.file_type().ok(),
                    std: Arc::new(entry),
                })),
                Some(Err(error)) => {
                    self.entries.push_back(Err(error));
                    break;
                }
                None => self.more = None,
            }
        }
    }
}

/// Reads a directory.
///
/// # Cancel safety
///
/// This function is cancel safe. Reading has no effect. The directory is closed.
///
/// # Errors
///
/// Returns an error if `path` does not exist, is not a directory, or may not be read. See
/// [`std::fs::read_dir`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut entries = zokio::fs::read_dir("/").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     println!("{}", entry.path().display());
/// }
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let fetched = run::blocking(move || {
        let mut fetched = Box::new(Fetched {
            entries: VecDeque::with_capacity(CHUNK),
            more: Some(std::fs::read_dir(path)?),
        });
        fetched.fetch();
        Ok(fetched)
    });
    Ok(ReadDir(DirState::Ready(fetched.await?)))
}

impl ReadDir {
    /// Returns the next entry, or `None` at the end.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the entry is returned by the next
    /// call.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory cannot be read further. The next call continues behind the
    /// error.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// zokio::fs::write(dir.path().join("only"), "").await?;
    ///
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// assert_eq!(entries.next_entry().await?.unwrap().file_name(), "only");
    /// assert!(entries.next_entry().await?.is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// Returns the next entry, or `None` at the end; otherwise registers the task to be woken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Nothing is lost if it is not called again. Only the waker of the
    /// last call is woken.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`next_entry`](ReadDir::next_entry).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// zokio::fs::write(dir.path().join("only"), "").await?;
    ///
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// let entry = poll_fn(|cx| entries.poll_next_entry(cx)).await?;
    /// assert_eq!(entry.unwrap().file_name(), "only");
    /// assert!(poll_fn(|cx| entries.poll_next_entry(cx)).await?.is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match &mut self.0 {
                DirState::Ready(fetched) => {
                    if fetched.entries.is_empty() && fetched.more.is_some() {
                        let DirState::Ready(mut fetched) =
                            std::mem::replace(&mut self.0, DirState::Lost)
                        else {
                            unreachable!("just matched")
                        };
                        self.0 = DirState::Fetching(run::start_blocking(move || {
                            fetched.fetch();
                            fetched
                        }));
                        continue;
                    }
                    let coop = ready!(poll_proceed(cx));
                    coop.made_progress();
                    return Poll::Ready(fetched.entries.pop_front().transpose());
                }
                DirState::Fetching(handle) => match ready!(std::pin::Pin::new(handle).poll(cx)) {
                    Ok(fetched) => self.0 = DirState::Ready(fetched),
                    Err(_) => self.0 = DirState::Lost,
                },
                DirState::Lost => return Poll::Ready(Err(run::task_failed())),
            }
        }
    }
}

/// An entry of a directory.
///
/// Returned by [`ReadDir::next_entry`]. It keeps the directory open.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::write(dir.path().join("file"), "hello").await?;
/// zokio::fs::create_dir(dir.path().join("inner")).await?;
///
/// let mut bytes = 0;
/// let mut entries = zokio::fs::read_dir(dir.path()).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     if entry.file_type().await?.is_file() {
///         bytes += entry.metadata().await?.len();
///     }
/// }
/// assert_eq!(bytes, 5);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct DirEntry {
    pub(super) std: Arc<std::fs::DirEntry>,
    file_type: Option<FileType>,
}

impl DirEntry {
    /// Returns the directory's path, as it was passed to [`read_dir`], with the entry's name.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "").await?;
    ///
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// let entry = entries.next_entry().await?.unwrap();
    /// assert_eq!(entry.path(), path);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn path(&self) -> PathBuf {
        self.std.path()
    }

    /// Returns the entry's name.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// zokio::fs::write(dir.path().join("file"), "").await?;
    ///
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// let entry = entries.next_entry().await?.unwrap();
    /// assert_eq!(entry.file_name(), "file");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn file_name(&self) -> OsString {
        self.std.file_name()
    }

    /// Returns the attributes of the entry, without following a symbolic link.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the entry does not exist any more. See [`std::fs::DirEntry::metadata`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// zokio::fs::symlink("/does/not/exist", dir.path().join("link")).await?;
    ///
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// let entry = entries.next_entry().await?.unwrap();
    /// // The link is there, though it leads nowhere.
    /// assert!(entry.metadata().await?.is_symlink());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let std = self.std.clone();
        run::blocking(move || std.metadata()).await
    }

    /// Returns the type of the entry; symbolic links are not followed.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the type has to be asked for and the entry does not exist any more. See
    /// [`std::fs::DirEntry::file_type`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// zokio::fs::create_dir(dir.path().join("inner")).await?;
    ///
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// let entry = entries.next_entry().await?.unwrap();
    /// assert!(entry.file_type().await?.is_dir());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(file_type) = self.file_type {
            return Ok(file_type);
        }
        let std = self.std.clone();
        run::blocking(move || std.file_type()).await
    }
}

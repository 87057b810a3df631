//! Reading directories.
//!
//! Entries are fetched some at a time on a thread where that may block, and handed out from
//! memory.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::poll_fn;
use std::io;
use std::os::unix::fs::DirEntryExt;
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
/// Made by [`read_dir`].
#[derive(Debug)]
pub struct ReadDir(State);

#[derive(Debug)]
enum State {
    Ready(Box<Fetched>),
    Fetching(JoinHandle<Box<Fetched>>),
    /// A fetch did not come back: the runtime was shut down.
    Lost,
}

/// Entries that are here, and the way to the next ones.
#[derive(Debug)]
struct Fetched {
    entries: VecDeque<io::Result<DirEntry>>,
    /// `None` at the directory's end.
    more: Option<std::fs::ReadDir>,
}

impl Fetched {
    /// Fetches the next entries; an error is the last of them.
    fn fetch(&mut self) {
        while let Some(more) = &mut self.more
            && self.entries.len() < CHUNK
        {
            match more.next() {
                Some(Ok(entry)) => self.entries.push_back(Ok(DirEntry {
                    // The directory itself says what most entries are.
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
/// Reading has no effect. The directory is closed.
///
/// # Errors
///
/// Those of [`std::fs::read_dir`].
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
    Ok(ReadDir(State::Ready(fetched.await?)))
}

impl ReadDir {
    /// The next entry; `None` at the end.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the entry is handed out by the next call.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read on. The next call goes on behind the error.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// The next entry, or a promise to wake the task; `None` at the end.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is not called again. Only the waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// Those of [`next_entry`](ReadDir::next_entry).
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match &mut self.0 {
                State::Ready(fetched) => {
                    if fetched.entries.is_empty() && fetched.more.is_some() {
                        let State::Ready(mut fetched) = std::mem::replace(&mut self.0, State::Lost)
                        else {
                            unreachable!("just matched")
                        };
                        self.0 = State::Fetching(run::start_blocking(move || {
                            fetched.fetch();
                            fetched
                        }));
                        continue;
                    }
                    let coop = ready!(poll_proceed(cx));
                    coop.made_progress();
                    return Poll::Ready(fetched.entries.pop_front().transpose());
                }
                State::Fetching(handle) => match ready!(std::pin::Pin::new(handle).poll(cx)) {
                    Ok(fetched) => self.0 = State::Ready(fetched),
                    Err(_) => self.0 = State::Lost,
                },
                State::Lost => return Poll::Ready(Err(run::task_failed())),
            }
        }
    }
}

/// An entry of a directory.
///
/// Made by [`ReadDir::next_entry`]. It keeps the directory open.
#[derive(Debug)]
pub struct DirEntry {
    std: Arc<std::fs::DirEntry>,
    file_type: Option<FileType>,
}

impl DirEntry {
    /// The directory's path, as it was given to [`read_dir`], with the entry's name.
    pub fn path(&self) -> PathBuf {
        self.std.path()
    }

    /// The entry's name.
    pub fn file_name(&self) -> OsString {
        self.std.file_name()
    }

    /// The attributes of the entry; of a symbolic link itself, not of what it points to.
    ///
    /// # Cancel safety
    ///
    /// Asking has no effect.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirEntry::metadata`].
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let std = self.std.clone();
        run::blocking(move || std.metadata()).await
    }

    /// What the entry is; a symbolic link is a symbolic link.
    ///
    /// # Cancel safety
    ///
    /// Asking has no effect.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirEntry::file_type`].
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(file_type) = self.file_type {
            return Ok(file_type);
        }
        let std = self.std.clone();
        run::blocking(move || std.file_type()).await
    }

    /// The number of the entry's inode.
    pub fn ino(&self) -> u64 {
        self.std.ino()
    }
}

//! `File`: the type, and how it is opened, converted and described.
//!
//! `descriptors.rs`, or `handles.rs` on Windows, converts it. `state.rs` holds the operation that a
//! file has in flight, `io.rs` reads and writes with it, `seek.rs` moves the position, and `methods.rs`
//! has the rest.
#![forbid(unsafe_code)]

#[cfg_attr(windows, path = "handles.rs")]
mod descriptors;
mod io;
mod methods;
mod seek;
mod state;

use std::fmt;
use std::fs::File as StdFile;
use std::io::Result;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use self::state::Attempt;
use self::state::Inner;
use crate::fs::OpenOptions;
use crate::fs::inline::paths::{About, Opened};
use crate::loom::sync::OnceLock;
use crate::sync::Mutex;
use crate::trace::{IoTrace, ResourceType};

/// The most bytes that one read or write moves, unless `set_max_buf_size` changes it.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// An open file.
///
/// This is [`std::fs::File`] for asynchronous code. The methods that read, write and seek are those
/// of [`AsyncReadExt`](crate::io::AsyncReadExt), [`AsyncWriteExt`](crate::io::AsyncWriteExt) and
/// [`AsyncSeekExt`](crate::io::AsyncSeekExt). For many small reads or writes, wrap the file in a
/// [`BufReader`](crate::io::BufReader) or [`BufWriter`](crate::io::BufWriter). To read or write a
/// whole file, [`fs::read`](fn@crate::fs::read) and [`fs::write`](crate::fs::write) take fewer steps.
///
/// [`guide::files`](crate::guide::files) has more: which operations complete at once, appending,
/// syncing, FIFOs and terminals, and when [`spawn_blocking`](crate::task::spawn_blocking) is the
/// better choice.
///
/// # Writes continue in the background
///
/// A write is *accepted*: its bytes are copied into the file's buffer, and it continues by itself,
/// even if the file is dropped. The next read, write, seek or sync waits for it. If it fails, the
/// next write or flush returns the error. So **flush a file before it is dropped**, or its error is
/// lost, and before anything else reads what was written. Some writes are done at once instead, for
/// example most of those to a file that lives in memory (tmpfs), but nothing in the result shows
/// that.
///
/// A flush waits until the kernel has the bytes. To have them on the disk, call
/// [`sync_all`](File::sync_all) as well.
///
/// # Reads
///
/// What is in the page cache is read at once. The rest is read in the background, into a buffer of
/// the file's. If the future of such a read is dropped, the next read returns its bytes. A read of
/// an empty pipe occupies no thread if io_uring is in use.
///
/// # Closing
///
/// Dropping a file cancels a read that is in flight, and lets a write that was accepted complete.
/// The descriptor is closed once no operation uses it any more: at the drop itself if nothing is in
/// flight, as after a flush. The drop reports no error.
///
/// # Other handles of the same open file
///
/// The position belongs to the open file, not to the handle: a clone, a handle that another library
/// made from the same descriptor, and a child process that inherited it all move it, as they do
/// with a [`std::fs::File`]. As long as a file that was opened by this type has no other handle,
/// reads and seeks that need not wait are done on the calling thread. After
/// [`try_clone`](File::try_clone), `as_fd` or `as_raw_fd`, and for a file that was converted [from
/// a standard one](File::from_std), every read, write and seek is a system call on another thread,
/// because it may have to wait for the other handle. Reads of a pipe or a socket are the exception,
/// since these have no position.
///
/// # Errors
///
/// Once the runtime has been shut down, every operation that has to reach the kernel returns an
/// error of kind [`Other`](std::io::ErrorKind::Other).
///
/// # Panics
///
/// Operations that have to reach the kernel panic if called outside of a runtime. The runtime needs
/// no [`enable_io`](crate::runtime::Builder::enable_io). An operation that needs a thread also
/// panics if the operating system can start none, as
/// [`spawn_blocking`](crate::task::spawn_blocking) does; a write returns an error instead.
///
/// # Examples
///
/// ```
/// use zokio::fs::File;
/// use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
///
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("greeting");
/// let mut file = File::options().read(true).write(true).create(true).open(&path).await?;
/// file.write_all(b"hello, world").await?;
/// file.flush().await?;
///
/// file.rewind().await?;
/// let mut text = String::new();
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello, world");
/// # Ok(())
/// # })
/// # }
/// ```
pub struct File {
    std: Arc<StdFile>,
    inner: Mutex<Inner>,
    max_buf_size: usize,
    /// The facts about the file, once they are known.
    about: OnceLock<About>,
    /// How reads are tried inline.
    reads: Attempt,
    /// Whether writes are tried inline.
    writes_inline: bool,
    /// The flags with which it was opened here.
    flags: i32,
    /// Something else may know the open file, and use or move its position: it was opened
    /// elsewhere, cloned, or its descriptor was handed out. Never false again.
    shared: AtomicBool,
    trace: IoTrace,
}

impl File {
    /// Opens a file for reading.
    ///
    /// For other ways to open one, see [`options`](File::options). An open of a FIFO waits until
    /// the other end is opened; [`net::unix::pipe`](crate::net::unix::pipe) opens FIFOs without
    /// waiting.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. A file that is opened after the future was dropped is closed
    /// again.
    ///
    /// # Errors
    ///
    /// Returns an error if the file does not exist or may not be read, or if the process has too
    /// many open files. See [`std::fs::File::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let file = zokio::fs::File::open("/proc/version").await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<File> {
        File::options().read(true).open(path).await
    }

    /// Opens a file for writing, creating it if it does not exist and truncating it if it does.
    ///
    /// # Cancel safety
    ///
    /// Once the future has been polled, the file is created or truncated even if the future is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the parent directory is missing, or if the file may not be created or
    /// written to. See [`std::fs::File::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "a long text").await?;
    ///
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"short").await?;
    /// file.flush().await?;
    /// assert_eq!(zokio::fs::read(&path).await?, b"short");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn create(path: impl AsRef<Path>) -> Result<File> {
        File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .await
    }

    /// Creates a file, which must not exist, for reading and writing.
    ///
    /// # Cancel safety
    ///
    /// Once the future has been polled, the file is created even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) if the file exists, and an
    /// error if it may not be created. See [`std::fs::File::create_new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// let file = File::create_new(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 0);
    ///
    /// let error = File::create_new(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn create_new<P: AsRef<Path>>(path: P) -> Result<File> {
        File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .await
    }

    /// Returns the options with which a file is opened; the same as [`OpenOptions::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("log");
    /// for line in ["one\n", "two\n"] {
    ///     let mut log = File::options().append(true).create(true).open(&path).await?;
    ///     log.write_all(line.as_bytes()).await?;
    ///     log.flush().await?;
    /// }
    /// assert_eq!(zokio::fs::read(&path).await?, b"one\ntwo\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Converts a file of the standard library.
    ///
    /// The open file may have other handles, so reads and writes take [the slower
    /// way](File#other-handles-of-the-same-open-file).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let std = std::fs::File::open("/proc/version")?;
    /// let mut file = File::from_std(std);
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert!(text.starts_with("Linux"));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(std: StdFile) -> File {
        File::new(std, 0, true)
    }

    #[track_caller]
    fn new(std: StdFile, flags: i32, shared: bool) -> File {
        let trace = IoTrace::new(ResourceType::File);
        File {
            std: Arc::new(std),
            inner: Mutex::new(Inner::new()),
            max_buf_size: MAX_BUF_SIZE,
            about: OnceLock::new(),
            reads: Attempt::Cache,
            writes_inline: true,
            flags,
            shared: AtomicBool::new(shared),
            trace,
        }
    }

    /// Creates a file that was opened here with `flags`, and that nothing else knows.
    pub(super) fn private(std: StdFile, flags: i32) -> File {
        File::new(std, flags, false)
    }

    /// Creates a file that was opened inline, whose facts are known.
    pub(super) fn opened(opened: Opened, flags: i32) -> File {
        let file = File::private(opened.file, flags);
        let _ = file.about.set(opened.about);
        file
    }

    /// Returns the open file, the flags that it was opened with, and the facts that are known.
    /// Nothing is in flight for a file that was just opened.
    pub(crate) fn into_parts(self) -> (Arc<StdFile>, i32, Option<About>) {
        (self.std, self.flags, self.about.into_inner())
    }

    /// Returns the maximum number of bytes that one read or write moves; see
    /// [`set_max_buf_size`](File::set_max_buf_size).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let file = File::open("/proc/version").await?;
    /// // 2 MiB.
    /// assert_eq!(file.max_buf_size(), 2 * 1024 * 1024);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }

    /// Sets the maximum number of bytes that one read or write moves; by default 2 MiB.
    ///
    /// This limits the size of the file's buffer. A larger `read` or `write` moves only a part of
    /// the bytes, and returns how many. One read of cached bytes moves 512 KiB at most, however
    /// large `max_buf_size` is.
    ///
    /// # Panics
    ///
    /// Panics if `max_buf_size` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut file = zokio::fs::File::open("/proc/version").await?;
    /// file.set_max_buf_size(64 * 1024);
    /// assert_eq!(file.max_buf_size(), 64 * 1024);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(
            max_buf_size > 0,
            "`max_buf_size` must be greater than 0: a read or write moves at least one byte"
        );
        self.max_buf_size = max_buf_size;
    }

    /// Marks that from now on something else may use the position.
    fn share(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("tokio::fs::File")
            .field("std", &self.std)
            .finish()
    }
}

impl From<StdFile> for File {
    #[track_caller]
    fn from(std: StdFile) -> File {
        File::from_std(std)
    }
}

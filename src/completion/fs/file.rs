//! `File`: the type, how it is opened, converted and closed, and its operations without a buffer.
#![forbid(unsafe_code)]

use std::fmt;
use std::fs::{File as StdFile, Metadata};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::Arc;

use super::file_operation::FileOperation;
use super::open_options::OpenOptions;
use super::opened::OpenFile;
use crate::driver::completion::op::Op;
use crate::error::Error;
use crate::fs::run;

/// An open file, which is read and written at explicit offsets.
///
/// All methods take `&self`, and the futures own what they need: any number of operations on a file
/// can be in flight, in any task. They are carried out in any order; await one before another
/// that depends on it is begun.
///
/// Dropping the file closes its descriptor, once no operation on it is in flight. An error of the
/// close is lost then; [`close`](File::close) returns it.
///
/// # Other types
///
/// [`From`] converts a [`std::fs::File`] or an [`OwnedFd`] into this type. [`TryFrom`] converts this
/// type into those and into a [`zokio::fs::File`](crate::fs::File), and that one into this. These
/// conversions return the file as an error if an operation on it is in flight.
///
/// # Examples
///
/// ```
/// use zokio::completion::fs::File;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let file = File::options()
///         .read(true)
///         .write(true)
///         .create(true)
///         .open(dir.path().join("file"))
///         .await?;
///     let (written, _) = file.write_all_at("hello, world", 0).await;
///     written?;
///     let (read, buffer) = file.read_exact_at(vec![0; 5], 7).await;
///     read?;
///     assert_eq!(buffer, b"world");
///     file.close().await
/// }
/// ```
pub struct File {
    pub(super) opened: Arc<OpenFile>,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. A file that is opened after the future was dropped is closed
    /// again.
    ///
    /// # Errors
    ///
    /// Returns an error if the file does not exist or may not be read, or if the process has too
    /// many open files. It carries the path.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> zokio::Result<()> {
    ///     let _file = File::open("/proc/version").await?;
    ///
    ///     let error = File::open("/no/such").await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::NotFound);
    ///     assert!(error.to_string().starts_with("cannot open `/no/such`: "));
    ///     Ok(())
    /// }
    /// ```
    pub fn open(path: impl AsRef<Path>) -> FileOperation<Result<File, Error>> {
        File::options().read(true).open(path)
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
    /// written to. It carries the path.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let file = File::create(dir.path().join("file")).await?;
    ///     assert_eq!(file.metadata().await?.len(), 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn create(path: impl AsRef<Path>) -> FileOperation<Result<File, Error>> {
        File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
    }

    /// Returns options to open a file with; the same as [`OpenOptions::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::options().read(true).open("/proc/version").await?;
    ///     let (read, start) = file.read_exact_at(vec![0; 5], 0).await;
    ///     read?;
    ///     assert_eq!(start, b"Linux");
    ///     Ok(())
    /// }
    /// ```
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Waits until the file's content and attributes are on disk.
    ///
    /// Only writes that have completed are included. The call is fsync(2), which a thread makes.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file may or may not be synced. Call it again.
    ///
    /// # Errors
    ///
    /// Returns an error if the file system or the device fails to write the data.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::from(tempfile::tempfile()?);
    ///     let (written, _) = file.write_all_at("important", 0).await;
    ///     written?;
    ///     file.sync_all().await
    /// }
    /// ```
    pub fn sync_all(&self) -> FileOperation<io::Result<()>> {
        self.sync(false)
    }

    /// Waits until the file's content is on disk, and the attributes that are needed to read it.
    ///
    /// The same as [`sync_all`](File::sync_all), by fdatasync(2).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file may or may not be synced. Call it again.
    ///
    /// # Errors
    ///
    /// Returns an error if the file system or the device fails to write the data.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let journal = File::from(tempfile::tempfile()?);
    ///     let (written, _) = journal.write_all_at("entry\n", 0).await;
    ///     written?;
    ///     journal.sync_data().await
    /// }
    /// ```
    pub fn sync_data(&self) -> FileOperation<io::Result<()>> {
        self.sync(true)
    }

    fn sync(&self, data_only: bool) -> FileOperation<io::Result<()>> {
        let fd = self.opened.fd().clone();
        FileOperation::new("sync a file", async move {
            run::begin().await?;
            run::outcome(run::perform(Op::Sync { fd, data_only }).await.done())
        })
    }

    /// Reserves space for `len` bytes from `offset` on, so that writing them cannot fail for lack of
    /// it. A shorter file becomes longer, by zeros.
    ///
    /// The call is fallocate(2), which a thread makes.
    ///
    /// # Cancel safety
    ///
    /// Once it has been polled, it continues even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the device has no such space, if the file is not open for writing, if
    /// `len` is zero, or if the file system does not offer it (`EOPNOTSUPP`).
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::from(tempfile::tempfile()?);
    ///     file.allocate(0, 1 << 20).await?;
    ///     assert_eq!(file.metadata().await?.len(), 1 << 20);
    ///     Ok(())
    /// }
    /// ```
    pub fn allocate(&self, offset: u64, len: u64) -> FileOperation<io::Result<()>> {
        let fd = self.opened.fd().clone();
        FileOperation::new("allocate space for a file", async move {
            run::begin().await?;
            let op = Op::Allocate { fd, offset, len };
            run::outcome(run::perform_fully(op).await.done())
        })
    }

    /// Returns the file's attributes.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel or the file system fails to report them, as statx(2) does.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::open("/proc/version").await?;
    ///     assert!(file.metadata().await?.is_file());
    ///     Ok(())
    /// }
    /// ```
    pub fn metadata(&self) -> FileOperation<io::Result<Metadata>> {
        let opened = self.opened.clone();
        FileOperation::new("ask for the attributes of a file", async move {
            run::begin().await?;
            let about = opened.about().filter(|about| about.is_local());
            let found = about.map(|about| about.stopwatch.time(|| Ok(opened.fd().metadata())));
            if let Some(Ok(found)) = found {
                return found;
            }
            let fd = opened.fd().clone();
            run::blocking(move || fd.metadata()).await
        })
    }

    /// Closes the file, and returns the error of the close.
    ///
    /// Some file systems report only then that data which was written before could not be stored.
    /// (To be certain that it is on disk, [sync](File::sync_all) the file.) The call is close(2),
    /// which a thread makes. The descriptor is closed also if it fails.
    ///
    /// # Cancel safety
    ///
    /// The file is closed even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns the error of the file system, or [`ResourceBusy`](io::ErrorKind::ResourceBusy) if an
    /// operation on the file is in flight or has not been polled yet. The descriptor is then closed
    /// after the last of these.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, and if it needs a thread and the system
    /// starts none.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::open("/proc/version").await?;
    ///     let read = file.read_at(vec![0; 5], 0);
    ///     let error = file.close().await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    ///     let (count, buffer) = read.await;
    ///     assert_eq!((count?, &buffer[..]), (5, &b"Linux"[..]));
    ///     Ok(())
    /// }
    /// ```
    pub fn close(self) -> FileOperation<io::Result<()>> {
        let closed = StdFile::try_from(self);
        FileOperation::new("close a file", async move {
            let Ok(last) = closed else {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "an operation on the file is in flight",
                ));
            };
            run::begin().await?;
            let fd = Some(OwnedFd::from(last));
            run::outcome(run::perform_fully(Op::Close { fd }).await.done())
        })
    }
}

impl From<StdFile> for File {
    fn from(std: StdFile) -> File {
        File {
            opened: Arc::new(OpenFile::of(std)),
        }
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> File {
        File::from(StdFile::from(fd))
    }
}

/// Returns the file if an operation on it is in flight.
impl TryFrom<crate::fs::File> for File {
    type Error = crate::fs::File;

    fn try_from(file: crate::fs::File) -> Result<File, crate::fs::File> {
        file.try_into_std().map(File::from)
    }
}

/// Returns the file if an operation on it is in flight.
impl TryFrom<File> for StdFile {
    type Error = File;

    fn try_from(file: File) -> Result<StdFile, File> {
        let back = |opened| File { opened };
        let opened = Arc::try_unwrap(file.opened).map_err(back)?;
        opened.into_std().map_err(|opened| back(Arc::new(opened)))
    }
}

/// Returns the file if an operation on it is in flight.
impl TryFrom<File> for OwnedFd {
    type Error = File;

    fn try_from(file: File) -> Result<OwnedFd, File> {
        StdFile::try_from(file).map(OwnedFd::from)
    }
}

/// Returns the file if an operation on it is in flight.
impl TryFrom<File> for crate::fs::File {
    type Error = File;

    fn try_from(file: File) -> Result<crate::fs::File, File> {
        StdFile::try_from(file).map(crate::fs::File::from)
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.opened.fd().as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.opened.fd().as_raw_fd()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(self.opened.fd()).finish()
    }
}

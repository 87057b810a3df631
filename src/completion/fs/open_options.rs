//! `OpenOptions`.
#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;

use super::file::File;
use super::file_operation::FileOperation;
use super::opened::OpenFile;
use crate::error::{Error, Subject};
use crate::fs;

/// Opens files with other options than [`File::open`] and [`File::create`].
///
/// The options are those of [`zokio::fs::OpenOptions`](crate::fs::OpenOptions), which has an example
/// of each. All start out off; the permissions of a new file start out as `0o666`, from which the
/// umask is subtracted.
///
/// # Direct I/O
///
/// With `O_DIRECT`, by [`custom_flags`](OpenOptions::custom_flags), transfers bypass the page cache.
/// The address of the buffer, the offset and the length must then be multiples of the device's block
/// size, 4,096 bytes being enough almost everywhere (statx(2), `STATX_DIOALIGN`); otherwise a
/// transfer fails with `EINVAL`, or the file system silently uses the page cache. Some file systems
/// do not offer it, and the open fails with `EINVAL`. At the end of the file, a read asks for whole
/// blocks all the same, and returns what there is.
///
/// The buffers of a [`BufferPool`](crate::completion::BufferPool) are aligned. A vector is aligned by
/// a [slice](crate::completion::IoBuf::slice) that begins at the right address, where it stays:
///
/// ```
/// use zokio::completion::{IoBuf, Slice};
/// use zokio::completion::fs::OpenOptions;
///
/// const BLOCK: usize = 4096;
///
/// /// Returns `len` zeros at an address that is a multiple of the block size.
/// fn aligned(len: usize) -> Slice<Vec<u8>> {
///     let buffer = vec![0; len + BLOCK];
///     let begin = buffer.as_ptr().align_offset(BLOCK);
///     buffer.slice(begin..begin + len)
/// }
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir_in(".")?;
///     let path = dir.path().join("file");
///     std::fs::write(&path, [7; 3 * BLOCK])?;
///     let mut options = OpenOptions::new();
///     options.read(true).custom_flags(libc::O_DIRECT);
///     match options.open(&path).await {
///         Ok(file) => {
///             let (count, buffer) = file.read_at(aligned(2 * BLOCK), BLOCK as u64).await;
///             assert_eq!(count?, 2 * BLOCK);
///             assert_eq!(&buffer[..], [7; 2 * BLOCK]);
///         }
///         Err(error) => println!("{error}"),
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions(fs::OpenOptions);

impl OpenOptions {
    /// Creates options with everything off.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::completion::fs::OpenOptions;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     // Reading is off, too.
    ///     let error = OpenOptions::new().open("/proc/version").await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// }
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions(fs::OpenOptions::new())
    }

    /// Sets whether the file can be read.
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.0.read(read);
        self
    }

    /// Sets whether the file can be written.
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.0.write(write);
        self
    }

    /// Sets whether every write goes to the end of the file, wherever that is by then, and whatever
    /// its offset.
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.0.append(append);
        self
    }

    /// Sets whether a file that exists is truncated. Needs `write`.
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.0.truncate(truncate);
        self
    }

    /// Sets whether a file that does not exist is created. Needs `write` or `append`.
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.0.create(create);
        self
    }

    /// Sets whether the file is created and must not exist. Needs `write` or `append`; `create` and
    /// `truncate` then make no difference.
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.0.create_new(create_new);
        self
    }

    /// Sets the permissions of a new file, from which the umask is subtracted.
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    /// Sets further flags for open(2). They replace flags that were set before; the access mode in
    /// them is ignored.
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }

    /// Opens the file at `path`.
    ///
    /// # Cancel safety
    ///
    /// A file that is opened after the future was dropped is closed again. Options that create or
    /// truncate a file take effect even then, once the future has been polled.
    ///
    /// # Errors
    ///
    /// Returns an error if the file does not exist and is not to be created, if it exists and
    /// `create_new` is set, if it may not be opened in this way, or if the options contradict each
    /// other. It carries the path.
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
    /// use std::path::Path;
    /// use zokio::completion::fs::OpenOptions;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let lock = dir.path().join("lock");
    ///     let mut options = OpenOptions::new();
    ///     options.write(true).create_new(true);
    ///
    ///     options.open(&lock).await?;
    ///     let error = options.open(&lock).await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    ///     assert_eq!(error.path(), Some(Path::new(&lock)));
    ///     Ok(())
    /// }
    /// ```
    pub fn open(&self, path: impl AsRef<Path>) -> FileOperation<Result<File, Error>> {
        let (options, path) = (self.0.clone(), Arc::<Path>::from(path.as_ref()));
        FileOperation::on("open", Subject::Path(path.clone()), async move {
            match options.open(&path).await {
                Ok(file) => {
                    let (fd, flags, about) = file.into_parts();
                    let opened = Arc::new(OpenFile::new(fd, Some(flags), about));
                    Ok(File { opened })
                }
                Err(error) => Err(Error::io_at("open", path, error)),
            }
        })
    }
}

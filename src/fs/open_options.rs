//! `OpenOptions`.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use crate::fs::File;
use crate::fs::inline::paths::Opened;
use crate::fs::system::open::{Chosen, open};

/// Opens files with other options than [`File::open`] and [`File::create`].
///
/// All options start out off; the permissions of a new file start out as `0o666`, from which the
/// umask is subtracted.
///
/// # Examples
///
/// ```
/// use zokio::fs::OpenOptions;
/// use zokio::io::AsyncWriteExt;
///
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("log");
/// let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
/// log.write_all(b"started\n").await?;
/// log.flush().await?;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(pub(super) Chosen);

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions(options.into())
    }
}

impl OpenOptions {
    /// Creates options with everything off.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// // Reading is off, too.
    /// let error = OpenOptions::new().open("/proc/version").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions(Chosen::new())
    }

    /// Sets whether the file can be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let mut file = OpenOptions::new().read(true).open(&path).await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.0.read(read);
        self
    }

    /// Sets whether the file can be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let mut file = OpenOptions::new().write(true).open(&path).await?;
    /// file.write_all(b"J").await?;
    /// file.flush().await?;
    /// // What was not written over is still there.
    /// assert_eq!(zokio::fs::read(&path).await?, b"Jello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.0.write(write);
        self
    }

    /// Sets whether every write goes to the end of the file, wherever that is by then.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    /// use zokio::io::{AsyncSeekExt, AsyncWriteExt};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("log");
    /// zokio::fs::write(&path, "one\n").await?;
    ///
    /// let mut log = OpenOptions::new().append(true).open(&path).await?;
    /// // The position does not matter.
    /// log.rewind().await?;
    /// log.write_all(b"two\n").await?;
    /// log.flush().await?;
    /// assert_eq!(zokio::fs::read(&path).await?, b"one\ntwo\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.0.append(append);
        self
    }

    /// Sets whether a file that exists is truncated. Needs `write`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let file = OpenOptions::new().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.0.truncate(truncate);
        self
    }

    /// Sets whether a file that does not exist is created. Needs `write` or `append`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// let mut options = OpenOptions::new();
    /// options.write(true);
    ///
    /// let error = options.open(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    ///
    /// options.create(true).open(&path).await?;
    /// assert!(zokio::fs::try_exists(&path).await?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.0.create(create);
        self
    }

    /// Sets whether the file is created and must not exist. Needs `write` or `append`; `create` and
    /// `truncate` then make no difference.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let lock = dir.path().join("lock");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    ///
    /// options.open(&lock).await?;
    /// // Another caller was here before.
    /// let error = options.open(&lock).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.0.create_new(create_new);
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
    /// other. See [`std::fs::OpenOptions::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let mut options = OpenOptions::new();
    /// options.write(true).create(true);
    /// // The same options serve for many files.
    /// for name in ["one", "two"] {
    ///     let file = options.open(dir.path().join(name)).await?;
    ///     file.set_len(10).await?;
    /// }
    /// assert_eq!(zokio::fs::metadata(dir.path().join("two")).await?.len(), 10);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let (file, flags, about) = open(&self.0, path.as_ref()).await?;
        Ok(match about {
            Some(about) => File::opened(Opened { file, about }, flags),
            None => File::private(file, flags),
        })
    }
}

//! Creating and removing directories.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use crate::fs::run;
use crate::fs::system::names;

/// All permissions; the process's umask is subtracted from them.
const ALL: u32 = 0o777;

/// Creates directories with other options than the defaults.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::DirBuilder::new()
///     .recursive(true)
///     .mode(0o700)
///     .create(dir.path().join("a/b/c"))
///     .await?;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct DirBuilder {
    recursive: bool,
    /// For systems that have it.
    pub(super) mode: u32,
}

impl Default for DirBuilder {
    fn default() -> DirBuilder {
        DirBuilder::new()
    }
}

impl DirBuilder {
    /// Starts with a single directory, without its parents, and all permissions that the umask
    /// allows.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::DirBuilder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let builder = DirBuilder::new();
    ///
    /// // Its parent is missing.
    /// let error = builder.create(dir.path().join("a/b")).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    ///
    /// builder.create(dir.path().join("a")).await?;
    /// builder.create(dir.path().join("a/b")).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn new() -> Self {
        DirBuilder {
            recursive: false,
            mode: ALL,
        }
    }

    /// Sets whether missing parents are created too. A directory that exists already is then not an
    /// error.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::DirBuilder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("a/b/c");
    /// let mut builder = DirBuilder::new();
    /// builder.recursive(true);
    ///
    /// builder.create(&path).await?;
    /// assert!(zokio::fs::metadata(&path).await?.is_dir());
    /// // It is there already.
    /// builder.create(&path).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Creates the directory.
    ///
    /// # Cancel safety
    ///
    /// Once it has been polled, the operation continues even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory exists already (unless `recursive` is set), if a parent is
    /// missing or may not be written to, or if the file system refuses. See
    /// [`std::fs::DirBuilder::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::DirBuilder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("inner");
    /// let builder = DirBuilder::new();
    ///
    /// builder.create(&path).await?;
    /// assert!(zokio::fs::metadata(&path).await?.is_dir());
    ///
    /// let error = builder.create(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        if !self.recursive {
            return names::make_directory(path.as_ref(), self.mode).await;
        }
        let path = path.as_ref().to_owned();
        let mut builder = names::directory_builder(self.mode);
        builder.recursive(true);
        run::blocking(move || builder.create(path)).await
    }
}

/// Creates a directory, whose parent must exist.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `path` exists already, or if its parent is missing or may not be written to.
/// See [`std::fs::create_dir`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::create_dir(dir.path().join("inner")).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    names::make_directory(path.as_ref(), ALL).await
}

/// Creates a directory and all of its parents that are missing.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if a directory is missing and cannot be created, or if part of `path` exists
/// and is not a directory. See [`std::fs::create_dir_all`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::create_dir_all(dir.path().join("a/b")).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    run::blocking(move || std::fs::create_dir_all(path)).await
}

/// Removes an empty directory.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `path` does not exist, is not a directory, is not empty, or may not be
/// removed. See [`std::fs::remove_dir`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let inner = dir.path().join("inner");
/// zokio::fs::create_dir(&inner).await?;
/// zokio::fs::remove_dir(&inner).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    names::remove(path.as_ref(), true).await
}

/// Removes a directory and everything in it. Symbolic links are removed, not followed.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `path` does not exist or is not a directory, or if something in it may not
/// be removed. See [`std::fs::remove_dir_all`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::create_dir_all(dir.path().join("a/b")).await?;
/// zokio::fs::remove_dir_all(dir.path().join("a")).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    run::blocking(move || std::fs::remove_dir_all(path)).await
}

//! What the API has on Unix alone.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::fs::DirEntryExt;
use std::path::Path;

use super::names;
use crate::fs::{DirBuilder, DirEntry, OpenOptions};

/// Creates a symbolic link at `link` that points to `original`.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `link` exists already, or if its parent is missing or may not be written to.
/// See [`std::os::unix::fs::symlink`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let link = dir.path().join("link");
/// zokio::fs::symlink("/etc", &link).await?;
/// assert_eq!(zokio::fs::read_link(&link).await?.to_str(), Some("/etc"));
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    names::symlink(original.as_ref(), link.as_ref()).await
}

impl DirBuilder {
    /// Sets the permissions of new directories, from which the umask is subtracted.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::PermissionsExt;
    /// use zokio::fs::DirBuilder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("private");
    /// DirBuilder::new().mode(0o700).create(&path).await?;
    /// let permissions = zokio::fs::metadata(&path).await?.permissions();
    /// assert_eq!(permissions.mode() & 0o777, 0o700);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = mode;
        self
    }
}

impl DirEntry {
    /// Returns the number of the entry's inode.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    /// zokio::fs::write(&one, "").await?;
    /// zokio::fs::hard_link(&one, &two).await?;
    ///
    /// // Two names of one file.
    /// let mut entries = zokio::fs::read_dir(dir.path()).await?;
    /// let first = entries.next_entry().await?.unwrap();
    /// let second = entries.next_entry().await?.unwrap();
    /// assert_eq!(first.ino(), second.ino());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn ino(&self) -> u64 {
        self.std.ino()
    }
}

impl OpenOptions {
    /// Sets the permissions of a new file, from which the umask is subtracted.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::PermissionsExt;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("secret");
    /// // No other user may read it or write to it.
    /// let file = OpenOptions::new().write(true).create(true).mode(0o600).open(&path).await?;
    /// let permissions = file.metadata().await?.permissions();
    /// assert_eq!(permissions.mode() & 0o777, 0o600);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    /// Sets further flags for open(2). They replace flags that were set before; the access mode in
    /// them is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let link = dir.path().join("link");
    /// zokio::fs::symlink("/proc/version", &link).await?;
    ///
    /// let mut options = OpenOptions::new();
    /// options.read(true).custom_flags(libc::O_NOFOLLOW);
    /// let error = options.open(&link).await.unwrap_err();
    /// assert_eq!(error.raw_os_error(), Some(libc::ELOOP));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }
}

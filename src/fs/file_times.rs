//! `FileTimes`.
#![forbid(unsafe_code)]

use std::time::SystemTime;

/// Times to set with [`File::set_times`](crate::fs::File::set_times); a time that is not set here
/// is left unchanged.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use zokio::fs::{File, FileTimes};
///
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let file = File::from_std(tempfile::tempfile()?);
/// file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).await?;
/// assert_eq!(file.metadata().await?.modified()?, SystemTime::UNIX_EPOCH);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "times change nothing until they are given to `File::set_times`"]
pub struct FileTimes(pub(super) std::fs::FileTimes);

impl FileTimes {
    /// Creates a value in which no time is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::{File, FileTimes};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let file = File::create(dir.path().join("file")).await?;
    /// let before = file.metadata().await?.modified()?;
    ///
    /// file.set_times(FileTimes::new()).await?;
    /// assert_eq!(file.metadata().await?.modified()?, before);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn new() -> Self {
        FileTimes(std::fs::FileTimes::new())
    }

    /// Sets the time of the last access.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use zokio::fs::{File, FileTimes};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let file = File::create(dir.path().join("file")).await?;
    ///
    /// file.set_times(FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH)).await?;
    /// let found = file.metadata().await?;
    /// assert_eq!(found.accessed()?, SystemTime::UNIX_EPOCH);
    /// // The other time was not set.
    /// assert_ne!(found.modified()?, SystemTime::UNIX_EPOCH);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_accessed(self, t: SystemTime) -> Self {
        FileTimes(self.0.set_accessed(t))
    }

    /// Sets the time of the last change of the content.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use zokio::fs::{File, FileTimes};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let file = File::create(dir.path().join("file")).await?;
    ///
    /// file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, SystemTime::UNIX_EPOCH);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_modified(self, t: SystemTime) -> Self {
        FileTimes(self.0.set_modified(t))
    }
}

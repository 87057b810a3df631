//! Writing and copying whole files.
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use crate::fs::run;

/// Creates a file with the content `contents`, replacing the content of one that exists.
///
/// Permissions of a file that exists are kept. Nothing is synced to disk.
///
/// # Cancel safety
///
/// Once it has been polled, the write continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if the file may not be created or written to, or if the disk is full. See
/// [`std::fs::write`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// zokio::fs::write(dir.path().join("file"), b"content").await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    let contents = contents.as_ref().to_owned();
    run::blocking(move || std::fs::write(path, contents)).await
}

/// Copies a file's content and permissions, and returns how many bytes were copied.
///
/// A file at `to` is overwritten.
///
/// # Cancel safety
///
/// Once it has been polled, the copy continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `from` does not exist, is not a regular file or may not be read, or if `to`
/// may not be created or written to. See [`std::fs::copy`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let (from, to) = (dir.path().join("from"), dir.path().join("to"));
/// zokio::fs::write(&from, "hello").await?;
/// assert_eq!(zokio::fs::copy(&from, &to).await?, 5);
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64, io::Error> {
    let from = from.as_ref().to_owned();
    let to = to.as_ref().to_owned();
    run::blocking(move || std::fs::copy(from, to)).await
}

//! Names: links, renaming, removing, resolving.
#![forbid(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::inline::paths;
use crate::fs::run;
use crate::fs::system::names;

/// Creates a hard link: a second name, `link`, for the file at `original`.
///
/// A symbolic link at `original` is not followed.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `original` does not exist, if `link` exists already, or if the two are not
/// on the same mount. See [`std::fs::hard_link`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let (one, two) = (dir.path().join("one"), dir.path().join("two"));
/// zokio::fs::write(&one, "x").await?;
/// zokio::fs::hard_link(&one, &two).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    names::link(original.as_ref(), link.as_ref()).await
}

/// Returns the path that the symbolic link at `path` points to.
///
/// # Cancel safety
///
/// This function is cancel safe: it changes nothing.
///
/// # Errors
///
/// Returns [`InvalidInput`](io::ErrorKind::InvalidInput) if what is at `path` is not a symbolic
/// link, and an error if `path` does not exist. See [`std::fs::read_link`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// println!("{}", zokio::fs::read_link("/proc/self").await?.display());
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref();
    run::begin().await?;
    if let Some(text) = paths::read_link(path) {
        return Ok(text);
    }
    let path = path.to_owned();
    run::blocking(move || std::fs::read_link(path)).await
}

/// Returns the absolute form of `path`, with all symbolic links, `.` and `..` resolved.
///
/// # Cancel safety
///
/// This function is cancel safe: it changes nothing.
///
/// # Errors
///
/// Returns an error if `path` does not exist, or if a part of it that is not the last is not a
/// directory or may not be searched. See [`std::fs::canonicalize`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert_eq!(zokio::fs::canonicalize("/./").await?.to_str(), Some("/"));
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref();
    run::begin().await?;
    if let Some(result) = paths::canonicalize(path) {
        return result;
    }
    let path = path.to_owned();
    run::blocking(move || std::fs::canonicalize(path)).await
}

/// Renames what is at `from` to `to`, replacing a file that is there already.
///
/// Both names must be on the same mount.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `from` does not exist, if the two names are on different mounts, or if one
/// of the directories may not be written to. See [`std::fs::rename`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let (draft, done) = (dir.path().join("draft"), dir.path().join("done"));
/// zokio::fs::write(&draft, "x").await?;
/// zokio::fs::rename(&draft, &done).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    names::rename(from.as_ref(), to.as_ref()).await
}

/// Removes a file, or rather one of its names: open handles stay usable.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `path` does not exist, is a directory, or may not be removed. See
/// [`std::fs::remove_file`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("file");
/// zokio::fs::write(&path, "x").await?;
/// zokio::fs::remove_file(&path).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    names::remove(path.as_ref(), false).await
}

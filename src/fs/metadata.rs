//! What is at a path: attributes and permissions.
#![forbid(unsafe_code)]

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::Path;

use crate::fs::inline::paths;
use crate::fs::run;

/// Returns the attributes of what is at `path`, following symbolic links.
///
/// # Cancel safety
///
/// This function is cancel safe: it changes nothing.
///
/// # Errors
///
/// Returns an error if `path` does not exist, or if a directory on the way may not be searched. See
/// [`std::fs::metadata`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert!(zokio::fs::metadata("/").await?.is_dir());
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref();
    run::begin().await?;
    if let Some(result) = paths::metadata(path, true) {
        return result;
    }
    let path = path.to_owned();
    run::blocking(move || std::fs::metadata(path)).await
}

/// Returns the attributes of what is at `path`, without following a symbolic link there.
///
/// # Cancel safety
///
/// This function is cancel safe: it changes nothing.
///
/// # Errors
///
/// Returns an error if `path` does not exist, or if a directory on the way may not be searched. See
/// [`std::fs::symlink_metadata`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert!(zokio::fs::symlink_metadata("/proc/self").await?.is_symlink());
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref();
    run::begin().await?;
    if let Some(result) = paths::metadata(path, false) {
        return result;
    }
    let path = path.to_owned();
    run::blocking(move || std::fs::symlink_metadata(path)).await
}

/// Returns `true` if there is something at `path`, following symbolic links.
///
/// By the time the answer is used it may be out of date: to create a file that must not exist yet,
/// use [`File::create_new`](crate::fs::File::create_new).
///
/// # Cancel safety
///
/// This function is cancel safe: it changes nothing.
///
/// # Errors
///
/// Returns an error if it cannot be told, for instance because a directory on the way may not be
/// searched.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert!(!zokio::fs::try_exists("/no/such/file").await?);
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    let path = path.as_ref();
    run::begin().await?;
    if let Some(exists) = paths::exists(path) {
        return Ok(exists);
    }
    let path = path.to_owned();
    run::blocking(move || path.try_exists()).await
}

/// Sets the permissions of what is at `path`.
///
/// # Cancel safety
///
/// Once it has been polled, the change continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `path` does not exist, or if the process may not change its permissions. See
/// [`std::fs::set_permissions`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let file = tempfile::NamedTempFile::new()?;
/// let mut permissions = zokio::fs::metadata(file.path()).await?.permissions();
/// permissions.set_readonly(true);
/// zokio::fs::set_permissions(file.path(), permissions).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    run::blocking(move || std::fs::set_permissions(path, perm)).await
}

//! What is at a path: attributes and permissions.
#![forbid(unsafe_code)]

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::Path;

use crate::fs::inline::paths;
use crate::fs::run;

/// The attributes of what is at `path`, following symbolic links.
///
/// # Cancel safety
///
/// Asking has no effect.
///
/// # Errors
///
/// Those of [`std::fs::metadata`].
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

/// The attributes of what is at `path`; of a symbolic link itself, not of what it points to.
///
/// # Cancel safety
///
/// Asking has no effect.
///
/// # Errors
///
/// Those of [`std::fs::symlink_metadata`].
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

/// Whether there is something at `path`, following symbolic links.
///
/// By the time the answer is used it may be out of date: to make a file that must not exist yet,
/// use [`File::create_new`](crate::fs::File::create_new).
///
/// # Cancel safety
///
/// Asking has no effect.
///
/// # Errors
///
/// When it cannot be told, for instance because a directory on the way may not be searched.
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
/// Once it has been polled, the change goes on if the future is dropped.
///
/// # Errors
///
/// Those of [`std::fs::set_permissions`].
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

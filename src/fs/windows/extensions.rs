//! What the API has on Windows alone.
#![forbid(unsafe_code)]

use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use crate::fs::{OpenOptions, run};

/// Creates a symbolic link at `link` that points to the directory `original`.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `link` exists already, or if the process may not create symbolic links. See
/// [`std::os::windows::fs::symlink_dir`].
///
/// # Examples
///
/// ```no_run
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     zokio::fs::symlink_dir("folder", "link").await
/// }
/// ```
pub async fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    run::blocking(move || std::os::windows::fs::symlink_dir(original, link)).await
}

/// Creates a symbolic link at `link` that points to the file `original`.
///
/// # Cancel safety
///
/// Once it has been polled, the operation continues even if the future is dropped.
///
/// # Errors
///
/// Returns an error if `link` exists already, or if the process may not create symbolic links. See
/// [`std::os::windows::fs::symlink_file`].
///
/// # Examples
///
/// ```no_run
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     zokio::fs::symlink_file("file", "link").await
/// }
/// ```
pub async fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    run::blocking(move || std::os::windows::fs::symlink_file(original, link)).await
}

impl OpenOptions {
    /// Sets the access to ask for, in place of the one that `read`, `write` and `append` stand for. See
    /// [`access_mode`](std::os::windows::fs::OpenOptionsExt::access_mode) of the standard library.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::fs::OpenOptions;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     // Without any access, the attributes of the file can be asked for.
    ///     let file = OpenOptions::new().access_mode(0).open("file").await?;
    ///     println!("{}", file.metadata().await?.len());
    ///     Ok(())
    /// }
    /// ```
    pub fn access_mode(&mut self, access: u32) -> &mut OpenOptions {
        self.0.access_mode(access);
        self
    }

    /// Sets what others may do with the file while it is open; by default everything. See
    /// [`share_mode`](std::os::windows::fs::OpenOptionsExt::share_mode) of the standard library.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::fs::OpenOptions;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     // No other handle of the file can be opened.
    ///     let _file = OpenOptions::new().write(true).share_mode(0).open("file").await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn share_mode(&mut self, share: u32) -> &mut OpenOptions {
        self.0.share_mode(share);
        self
    }

    /// Sets further flags for `CreateFileW`. They replace flags that were set before.
    ///
    /// A [`File`](crate::fs::File) makes calls that wait, at the position of the file. With
    /// `FILE_FLAG_OVERLAPPED` the system keeps no position (CreateFileW, section on this flag); use such
    /// a handle with other means.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::fs::OpenOptions;
    ///
    /// const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     // A directory.
    ///     let mut options = OpenOptions::new();
    ///     options.read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    ///     assert!(options.open("folder").await?.metadata().await?.is_dir());
    ///     Ok(())
    /// }
    /// ```
    pub fn custom_flags(&mut self, flags: u32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }

    /// Sets the attributes of a new file. See
    /// [`attributes`](std::os::windows::fs::OpenOptionsExt::attributes) of the standard library.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::fs::OpenOptions;
    ///
    /// const FILE_ATTRIBUTE_HIDDEN: u32 = 2;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut options = OpenOptions::new();
    ///     options.write(true).create(true).attributes(FILE_ATTRIBUTE_HIDDEN);
    ///     options.open("hidden").await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn attributes(&mut self, attributes: u32) -> &mut OpenOptions {
        self.0.attributes(attributes);
        self
    }

    /// Sets to what extent the server of a named pipe may act for this process. See
    /// [`security_qos_flags`](std::os::windows::fs::OpenOptionsExt::security_qos_flags) of the standard
    /// library.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::fs::OpenOptions;
    ///
    /// const SECURITY_IDENTIFICATION: u32 = 0x0001_0000;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut options = OpenOptions::new();
    ///     options.write(true).security_qos_flags(SECURITY_IDENTIFICATION);
    ///     options.open(r"\\.\pipe\name").await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn security_qos_flags(&mut self, flags: u32) -> &mut OpenOptions {
        self.0.security_qos_flags(flags);
        self
    }
}

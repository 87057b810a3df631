//! Changes of names on Unix: each is an operation of the driver.
#![forbid(unsafe_code)]

use std::ffi::CString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::driver::completion::op::Op;
use crate::fs::inline::folders::changes_briefly;
use crate::fs::run::{self, outcome, perform_change};

/// Returns the path as system calls take it.
pub(super) fn c_string(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "file name contained an unexpected NUL byte",
        )
    })
}

/// Creates a hard link; a symbolic link at `original` is not followed.
pub(in crate::fs) async fn link(original: &Path, link: &Path) -> io::Result<()> {
    let (from, to) = (c_string(original)?, c_string(link)?);
    run::begin().await?;
    let is_brief = || changes_briefly(original);
    let linked = perform_change(Op::Link { from, to }, is_brief).await;
    outcome(linked.done())
}

pub(super) async fn symlink(original: &Path, path: &Path) -> io::Result<()> {
    let (target, link) = (c_string(original)?, c_string(path)?);
    run::begin().await?;
    let is_brief = || changes_briefly(path);
    let linked = perform_change(Op::Symlink { target, link }, is_brief).await;
    outcome(linked.done())
}

pub(in crate::fs) async fn rename(path: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (c_string(path)?, c_string(to)?);
    run::begin().await?;
    let is_brief = || changes_briefly(path);
    let renamed = perform_change(Op::Rename { from, to }, is_brief).await;
    outcome(renamed.done())
}

/// Removes a file, or an empty directory.
pub(in crate::fs) async fn remove(path: &Path, directory: bool) -> io::Result<()> {
    let name = c_string(path)?;
    run::begin().await?;
    let is_brief = || changes_briefly(path);
    let op = Op::Unlink {
        path: name,
        directory,
    };
    outcome(perform_change(op, is_brief).await.done())
}

/// Creates a directory with these permissions, from which the umask is subtracted.
pub(in crate::fs) async fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    let name = c_string(path)?;
    run::begin().await?;
    let op = Op::MakeDirectory { path: name, mode };
    let is_brief = || changes_briefly(path);
    outcome(perform_change(op, is_brief).await.done())
}

/// Returns a builder of directories with these permissions.
pub(in crate::fs) fn directory_builder(mode: u32) -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(mode);
    builder
}

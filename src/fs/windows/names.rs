//! Changes of names on Windows: each is a call of the standard library, which continues on its thread
//! if the future is dropped.
#![forbid(unsafe_code)]

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

use crate::fs::run;

/// Creates a hard link.
pub(in crate::fs) async fn link(original: &Path, link: &Path) -> io::Result<()> {
    let (original, link) = (original.to_owned(), link.to_owned());
    run::blocking(move || std::fs::hard_link(original, link)).await
}

pub(in crate::fs) async fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (from.to_owned(), to.to_owned());
    run::blocking(move || std::fs::rename(from, to)).await
}

/// Removes a file, or an empty directory.
pub(in crate::fs) async fn remove(path: &Path, directory: bool) -> io::Result<()> {
    let path = path.to_owned();
    run::blocking(move || match directory {
        true => std::fs::remove_dir(path),
        false => std::fs::remove_file(path),
    })
    .await
}

/// Creates a directory; there are no permissions to set.
pub(in crate::fs) async fn make_directory(path: &Path, _mode: u32) -> io::Result<()> {
    let path = path.to_owned();
    run::blocking(move || std::fs::create_dir(path)).await
}

/// Returns a builder of directories; there are no permissions to set.
pub(in crate::fs) fn directory_builder(_mode: u32) -> DirBuilder {
    DirBuilder::new()
}

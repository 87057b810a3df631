//! Reading and replacing files, and a lock between two runs of this program.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

use crate::error::{Error, Result};
use crate::raw;
use crate::shell::Shell;

/// Reads a file; `None` if there is none.
pub fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("read", path, error)),
    }
}

/// Creates a folder of this program's own.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| {
        Error::file("create directory", path, error)
            .help("name a folder that can be written with `--target-dir`")
    })
}

/// Writes a file of this program's own.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| Error::file("write", path, error))
}

/// Removes a file; there may be none.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::file("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Writes a file of this program's own in one step, by way of another one, for a reader that does not
/// hold the folder.
pub fn publish(path: &Path, way: &Path, text: &str) -> Result<()> {
    write(way, text)?;
    fs::rename(way, path).map_err(|error| Error::file("write", path, error))
}

/// Puts a new text in the place of a file of the project in one step, with the old permissions and,
/// as far as that is allowed, the old owner.
///
/// A reader and a kill find the old text or the new one.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    // A manifest may be a link: the file behind it is the one to replace.
    let path = &fs::canonicalize(path).map_err(|error| Error::file("find", path, error))?;
    let fail = |error: std::io::Error| Error::file("write", path, error);
    let old = fs::metadata(path).map_err(fail)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".cargo-zokio-{}", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create_new(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        // Root can, for a project that is not root's. Others own what they may replace, mostly.
        let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(old.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    written.map_err(|error| {
        // Of no use without the rename; the first error is the one to report.
        let _ = fs::remove_file(&beside);
        fail(error)
    })
}

/// Refuses a file whose permissions say that it is not to be written. A rename would not ask.
pub fn must_be_writable(path: &Path) -> Result<()> {
    // As in `replace`.
    let path = &fs::canonicalize(path).map_err(|error| Error::file("find", path, error))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    for path in [path, folder] {
        let permissions = match fs::metadata(path) {
            Ok(metadata) => metadata.permissions(),
            Err(error) => return Err(Error::file("read", path, error)),
        };
        if permissions.readonly() {
            return Err(Error::new(format!("`{}` is read-only", path.display()))
                .note("nothing was changed"));
        }
    }
    Ok(())
}

/// Waits until no other run of this program works in the folder. Dropping the file ends the hold.
pub fn hold(shell: &Shell, folder: &Path) -> Result<File> {
    let path = folder.join(".cargo-zokio-hold");
    let fail = |error: std::io::Error| Error::file("lock", &path, error);
    let file = File::create(&path).map_err(fail)?;
    let blocked = || shell.status("Blocking", "waiting for another run of `cargo zokio`");
    raw::lock(&file, blocked).map_err(fail)?;
    Ok(file)
}

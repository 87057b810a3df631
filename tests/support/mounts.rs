//! What the tests share that mount file systems, which takes root.
#![allow(dead_code)]

use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

/// A file system mounted on a folder of its own; unmounted when dropped.
pub struct Mount(tempfile::TempDir);

pub fn c_string(text: impl AsRef<OsStr>) -> CString {
    CString::new(text.as_ref().as_bytes()).unwrap()
}

impl Mount {
    pub fn new(kind: &str, options: &str) -> io::Result<Mount> {
        let dir = tempfile::tempdir()?;
        let (kind, options) = (c_string(kind), c_string(options));
        let target = c_string(dir.path());
        // SAFETY: four strings that end in a zero byte.
        let result = unsafe {
            libc::mount(
                kind.as_ptr(),
                target.as_ptr(),
                kind.as_ptr(),
                0,
                options.as_ptr().cast(),
            )
        };
        match result {
            0 => Ok(Mount(dir)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// A new mount in memory; says so if there can be none.
    pub fn in_memory() -> Option<Mount> {
        let mount = Mount::new("tmpfs", "");
        mount.inspect_err(skip).ok()
    }

    /// A new mount of an ext4 file system on a disk; says so if there can be none.
    pub fn on_disk() -> Option<Mount> {
        let mount = Mount::of_image();
        mount.inspect_err(skip).ok()
    }

    fn of_image() -> io::Result<Mount> {
        let image = tempfile::NamedTempFile::new()?;
        image.as_file().set_len(16 << 20)?;
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F"])
            .arg(image.path()))?;
        let dir = tempfile::tempdir()?;
        let mut mount = Command::new("mount");
        run(mount.args(["-o", "loop"]).arg(image.path()).arg(dir.path()))?;
        Ok(Mount(dir))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let target = c_string(self.path());
        // SAFETY: a string that ends in a zero byte.
        unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

pub fn skip(error: &io::Error) {
    eprintln!("skipped: mounting or watching is not allowed here: {error}");
}

//! The socket's file: who may connect, what happens to a file that is there already, and its end.
//!
//! The socket is bound and listens under a name of its own before it gets the name that was asked
//! for. So a socket of that name to which no connection can be made belongs to a process that has
//! ended, and never to one that is about to listen. It is replaced by an exchange of the two names,
//! which is undone if the name turns out to have been taken by yet another process.
//!
//! A child that a process has forked keeps a copy of the listener, to which connections can be made
//! when that process has ended. The listener's own name tells that it is one of a view, and the number
//! in it whose.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::{Domain, SockAddr, Socket, Type};

use super::system::{self, Existing};
use crate::util::system::peer_credentials;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;

/// The file of a socket that this process has bound. It is removed once, by this process alone.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// What the file is told from a later one of the same name by.
    device: u64,
    inode: u64,
    /// The process that has bound it, and not a child that has a copy of its memory.
    process: u32,
    /// Set by the thread that removes it.
    removed: AtomicBool,
}

impl SocketFile {
    fn new(path: PathBuf) -> io::Result<SocketFile> {
        let metadata = fs::symlink_metadata(&path)?;
        Ok(SocketFile {
            path,
            device: metadata.dev(),
            inode: metadata.ino(),
            process: std::process::id(),
            removed: AtomicBool::new(false),
        })
    }

    fn is(&self, metadata: &Metadata) -> bool {
        (metadata.dev(), metadata.ino()) == (self.device, self.inode)
    }

    /// Removes the file, unless this is a forked child, or the name is another file's by now.
    pub(super) fn remove(&self) -> io::Result<()> {
        if self.process != std::process::id() || self.removed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| self.is(&metadata)) {
            fs::remove_file(&self.path)?;
        }
        Ok(())
    }
}

/// Returns a socket that listens at `asked`, or, if that is a folder, at `PID.sock` in it. Only
/// this user, and root, can connect.
///
/// # Errors
///
/// Returns an error if a process serves a socket of that name, if the name is that of another file,
/// or if the socket cannot be made.
pub(super) fn listen(asked: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let process = std::process::id();
    let path = match asked.is_dir() {
        true => asked.join(format!("{process}.sock")),
        false => asked.to_owned(),
    };
    // What no client could connect to is an error here.
    SockAddr::unix(&path)?;
    let own = own_name(&path, process);
    let listener = listen_at(&own)?;
    match take_name(&own, &path) {
        Ok(()) => Ok((listener, SocketFile::new(path)?)),
        Err(error) => {
            // It has the name of this process, and so is no other's.
            fs::remove_file(&own)?;
            Err(error)
        }
    }
}

/// Returns a name in the folder of `path` that only this process uses.
fn own_name(path: &Path, process: u32) -> PathBuf {
    let mut own = OsString::from(path);
    own.push(format!(".{process}"));
    match SockAddr::unix(&own) {
        Ok(_) => own.into(),
        Err(_) => path.with_file_name(format!(".{process}")),
    }
}

/// Returns whether [`own_name`] may have returned this for that process.
fn is_own_name(name: &Path, process: libc::pid_t) -> bool {
    let end = format!(".{process}");
    name.as_os_str().as_bytes().ends_with(end.as_bytes())
}

/// Returns a socket that listens at `path`, which no other process uses.
fn listen_at(path: &Path) -> io::Result<UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    if let Err(error) = system::bind(&socket, path) {
        let is_left = error.kind() == io::ErrorKind::AddrInUse && is_socket(path)?;
        if !is_left {
            return Err(error);
        }
        // A process that had the same number was killed before it could rename it.
        fs::remove_file(path)?;
        system::bind(&socket, path)?;
    }
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(UnixListener::from(OwnedFd::from(socket)))
}

/// Renames the socket `own`, which listens, to `path`, unless that name is in use.
fn take_name(own: &Path, path: &Path) -> io::Result<()> {
    match rename(own, path, Existing::Refuse) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => return result,
    }
    let found = fs::symlink_metadata(path)?;
    if !found.file_type().is_socket() {
        return Err(in_use("the path exists and is not a socket"));
    }
    if is_served(path)? {
        return Err(in_use("another process serves this socket"));
    }
    rename(own, path, Existing::Exchange)?;
    // After a plain rename there is nothing left to be looked at.
    let Some(replaced) = fs::symlink_metadata(own).ok() else {
        return Ok(());
    };
    if (replaced.dev(), replaced.ino()) != (found.dev(), found.ino()) {
        rename(own, path, Existing::Exchange)?;
        return Err(in_use("another process began to serve this socket"));
    }
    fs::remove_file(own)
}

/// Like [`system::rename`], and with the plain call where the file system knows no other.
fn rename(own: &Path, path: &Path, existing: Existing) -> io::Result<()> {
    match (system::rename(own, path, existing), existing) {
        (Err(error), Existing::Refuse) if is_unsupported(&error) => {
            match fs::symlink_metadata(path) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => fs::rename(own, path),
            }
        }
        (Err(error), Existing::Exchange) if is_unsupported(&error) => fs::rename(own, path),
        (result, _) => result,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS))
}

fn is_socket(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.file_type().is_socket())
}

/// Returns whether a process has the socket of this name, which listens if it has one. A listener of a
/// view whose own process has ended is of no use to others.
fn is_served(path: &Path) -> io::Result<bool> {
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A queue of connections that is full would otherwise keep this thread waiting.
    probe.set_nonblocking(true)?;
    match probe.connect(&SockAddr::unix(path)?) {
        Ok(()) => Ok(!is_orphan(&probe)?),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock => Ok(true),
            io::ErrorKind::ConnectionRefused => Ok(false),
            _ => Err(error),
        },
    }
}

/// Returns whether the listener at the other end is that of a view, and its process has ended.
fn is_orphan(probe: &Socket) -> io::Result<bool> {
    let (Some(process), ..) = peer_credentials(probe.as_fd())? else {
        return Ok(false);
    };
    let address = probe.peer_addr()?;
    let is_of_view = address
        .as_pathname()
        .is_some_and(|name| is_own_name(name, process));
    Ok(is_of_view && system::has_ended(process))
}

fn in_use(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, reason)
}

#[cfg(test)]
mod tests {
    use super::listen;
    use std::fs;
    use std::io;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};

    fn names_in(folder: &std::path::Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let names = fs::read_dir(folder).unwrap().map(name);
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_socket_has_its_mode_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (_listener, file) = listen(dir.path()).unwrap();
        let name = format!("{}.sock", std::process::id());
        assert_eq!(names_in(dir.path()), [name]);
        let mode = fs::metadata(&file.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        file.remove().unwrap();
        assert!(names_in(dir.path()).is_empty());
    }

    #[test]
    fn a_socket_of_a_process_that_has_ended_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view");
        drop(UnixListener::bind(&path).unwrap());
        let (listener, file) = listen(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        listener.accept().unwrap();
        assert_eq!(names_in(dir.path()), ["view"]);
        file.remove().unwrap();
        assert!(names_in(dir.path()).is_empty());
    }

    #[test]
    fn a_name_that_is_in_use_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view");
        let other = UnixListener::bind(&path).unwrap();
        let refused = listen(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        drop(other);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "text").unwrap();
        let refused = listen(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::read(&path).unwrap(), b"text");
        assert_eq!(names_in(dir.path()), ["view"]);
    }

    #[test]
    fn a_file_that_is_another_by_now_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view");
        let (_listener, file) = listen(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "text").unwrap();
        file.remove().unwrap();
        assert!(path.exists());
    }

    #[test]
    fn a_path_that_is_too_long_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x".repeat(150));
        assert!(listen(&path).is_err());
        assert!(names_in(dir.path()).is_empty());
    }
}

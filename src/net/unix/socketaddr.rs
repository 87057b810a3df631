//! [`SocketAddr`]: the address of a Unix socket, and its conversions.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use socket2::SockAddr;

use crate::util::system::{abstract_name, from_abstract_name};

/// The address of a Unix socket: a path, an abstract name, or none.
///
/// # Examples
///
/// ```
/// use std::os::linux::net::SocketAddrExt;
/// use std::os::unix::net as unix;
/// use zokio::net::unix::SocketAddr;
///
/// let path = SocketAddr::from(unix::SocketAddr::from_pathname("/run/demo")?);
/// assert_eq!(path.as_pathname(), Some("/run/demo".as_ref()));
///
/// let name = SocketAddr::from(unix::SocketAddr::from_abstract_name("demo")?);
/// assert_eq!(name.as_pathname(), None);
/// assert_eq!(name.as_abstract_name(), Some(&b"demo"[..]));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct SocketAddr(pub(super) std::os::unix::net::SocketAddr);

impl SocketAddr {
    /// Returns whether the address is unnamed, as that of a socket that is not bound.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// Returns the path, if the socket is bound to one.
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The address that a system call filled in.
    pub(crate) fn received(address: &SockAddr) -> io::Result<SocketAddr> {
        let std = if let Some(name) = address.as_abstract_namespace() {
            from_abstract_name(name)
        } else {
            // The empty path is the unnamed address.
            let path = address.as_pathname().unwrap_or(Path::new(""));
            std::os::unix::net::SocketAddr::from_pathname(path)
        };
        std.map(SocketAddr)
    }

    /// The address in the form that `socket2` takes.
    pub(super) fn to_socket2(&self) -> io::Result<SockAddr> {
        match abstract_name(&self.0) {
            Some(name) => SockAddr::unix(OsStr::from_bytes(&[&[0], name].concat())),
            None => SockAddr::unix(self.as_pathname().unwrap_or(Path::new(""))),
        }
    }
}

/// The address that `path` names: a path that begins with a zero byte is an abstract name.
///
/// # Errors
///
/// Returns an error if the path is too long, or holds a zero byte elsewhere.
pub(super) fn at_path(path: &Path) -> io::Result<std::os::unix::net::SocketAddr> {
    match path.as_os_str().as_bytes() {
        [0, name @ ..] => from_abstract_name(name),
        _ => std::os::unix::net::SocketAddr::from_pathname(path),
    }
}

impl fmt::Debug for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<std::os::unix::net::SocketAddr> for SocketAddr {
    fn from(address: std::os::unix::net::SocketAddr) -> SocketAddr {
        SocketAddr(address)
    }
}

impl From<SocketAddr> for std::os::unix::net::SocketAddr {
    fn from(address: SocketAddr) -> std::os::unix::net::SocketAddr {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketAddr, abstract_name, at_path};
    use std::path::Path;

    #[test]
    fn every_kind_of_address_survives_both_conversions() {
        for path in ["/tmp/a", "relative", "\0abstract\0name"] {
            let address = SocketAddr(at_path(Path::new(path)).unwrap());
            let back = SocketAddr::received(&address.to_socket2().unwrap()).unwrap();
            assert_eq!(back.as_pathname(), address.as_pathname());
            assert_eq!(abstract_name(&back.0), abstract_name(&address.0));
            assert!(!back.is_unnamed());
        }
        let unnamed = SocketAddr(at_path(Path::new("")).unwrap());
        assert!(unnamed.is_unnamed());
        assert!(
            SocketAddr::received(&unnamed.to_socket2().unwrap())
                .unwrap()
                .is_unnamed()
        );
    }
}

//! [`SocketAddr`]: the address of a Unix socket, and its conversions.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use socket2::SockAddr;

/// The address of a Unix socket: a path, an abstract name, or nothing.
///
/// # Examples
///
/// ```
/// use zokio::net::unix::SocketAddr;
///
/// let address: SocketAddr = std::os::unix::net::SocketAddr::from_pathname("/run/demo")?.into();
/// assert_eq!(address.as_pathname(), Some("/run/demo".as_ref()));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct SocketAddr(std::os::unix::net::SocketAddr);

impl SocketAddr {
    /// Whether the socket is bound to nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// assert!(UnixDatagram::unbound()?.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// The path that the socket is bound to, if it is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net as unix;
    /// use zokio::net::unix::SocketAddr;
    ///
    /// let address = unix::SocketAddr::from_pathname("/run/demo")?;
    /// assert_eq!(SocketAddr::from(address).as_pathname(), Some("/run/demo".as_ref()));
    ///
    /// let address = unix::SocketAddr::from_abstract_name("demo")?;
    /// assert_eq!(SocketAddr::from(address).as_pathname(), None);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The abstract name that the socket is bound to, if it is one. (An abstract name is in no file
    /// system and goes away with the socket; it is a matter of Linux.)
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::linux::net::SocketAddrExt;
    /// use zokio::net::unix::SocketAddr;
    ///
    /// let address: SocketAddr =
    ///     std::os::unix::net::SocketAddr::from_abstract_name("demo")?.into();
    /// assert_eq!(address.as_abstract_name(), Some(&b"demo"[..]));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.0.as_abstract_name()
    }

    /// The address that a call of the kernel gave.
    pub(super) fn received(address: &SockAddr) -> io::Result<SocketAddr> {
        let std = if let Some(name) = address.as_abstract_namespace() {
            std::os::unix::net::SocketAddr::from_abstract_name(name)
        } else {
            // The empty path is the unnamed address.
            let path = address.as_pathname().unwrap_or(Path::new(""));
            std::os::unix::net::SocketAddr::from_pathname(path)
        };
        std.map(SocketAddr)
    }

    /// The address in the form that `socket2` takes.
    pub(super) fn to_socket2(&self) -> io::Result<SockAddr> {
        match self.as_abstract_name() {
            Some(name) => SockAddr::unix(OsStr::from_bytes(&[&[0], name].concat())),
            None => SockAddr::unix(self.as_pathname().unwrap_or(Path::new(""))),
        }
    }
}

/// The address that `path` names: a path that begins with a zero byte is an abstract name.
///
/// # Errors
///
/// The path is too long, or holds a zero byte elsewhere.
pub(super) fn at_path(path: &Path) -> io::Result<std::os::unix::net::SocketAddr> {
    match path.as_os_str().as_bytes() {
        [0, name @ ..] => std::os::unix::net::SocketAddr::from_abstract_name(name),
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
    use super::{SocketAddr, at_path};
    use std::path::Path;

    #[test]
    fn every_kind_of_address_survives_both_conversions() {
        for path in ["/tmp/a", "relative", "\0abstract\0name"] {
            let address = SocketAddr(at_path(Path::new(path)).unwrap());
            let back = SocketAddr::received(&address.to_socket2().unwrap()).unwrap();
            assert_eq!(back.as_pathname(), address.as_pathname());
            assert_eq!(back.as_abstract_name(), address.as_abstract_name());
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

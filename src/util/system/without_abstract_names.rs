//! Unix sockets without abstract names.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::net::SocketAddr;

/// Returns `None`: abstract names are Linux's.
pub(crate) fn abstract_name(_address: &SocketAddr) -> Option<&[u8]> {
    None
}

/// Returns an error: abstract names are Linux's.
pub(crate) fn from_abstract_name(_name: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "this system has no abstract names of Unix sockets",
    ))
}

//! The abstract names of Unix sockets, which only Linux has.
#![forbid(unsafe_code)]

use super::SocketAddr;
use crate::util::system::abstract_name;

impl SocketAddr {
    /// Returns the abstract name, if the socket is bound to one.
    ///
    /// An abstract name is not in the file system, and goes away with the socket. Only Linux has
    /// them.
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        abstract_name(&self.0)
    }
}

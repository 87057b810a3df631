//! Options of TCP sockets that only Linux has.
#![forbid(unsafe_code)]

use std::io;

use super::socket::TcpSocket;
use super::stream::TcpStream;

impl TcpSocket {
    /// Returns the network interface that the socket is bound to (`SO_BINDTODEVICE`), if any.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_BINDTODEVICE` cannot be read.
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.inner.device()
    }

    /// Binds the socket to a network interface (`SO_BINDTODEVICE`), or to none.
    ///
    /// See [`UdpSocket::bind_device`](crate::net::UdpSocket::bind_device), also for the errors.
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.inner.bind_device(interface)
    }
}

impl TcpStream {
    /// Returns whether received data is acknowledged at once (`TCP_QUICKACK`).
    ///
    /// # Errors
    ///
    /// Returns an error if `TCP_QUICKACK` cannot be read.
    pub fn quickack(&self) -> io::Result<bool> {
        self.socket().tcp_quickack()
    }

    /// Sets whether received data is acknowledged at once (`TCP_QUICKACK`).
    ///
    /// The kernel returns to delayed acknowledgments when it sees fit, so this may have to be set
    /// again. This and the other options are explained in tcp(7) and socket(7).
    ///
    /// # Errors
    ///
    /// Returns an error if `TCP_QUICKACK` cannot be set.
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.socket().set_tcp_quickack(quickack)
    }
}

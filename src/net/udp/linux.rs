//! Options of UDP sockets that only Linux has.
#![forbid(unsafe_code)]

use std::io;

use super::UdpSocket;

impl UdpSocket {
    /// Returns the network interface that the socket is bound to (`SO_BINDTODEVICE`), if any.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_BINDTODEVICE` cannot be read.
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.socket().device()
    }

    /// Binds the socket to a network interface (`SO_BINDTODEVICE`), or to none.
    ///
    /// Only packets that arrive at that interface reach the socket.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such interface, or
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if it takes a privilege, as before
    /// Linux 5.7.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.device()?, None);
    /// match socket.bind_device(Some(b"lo")) {
    ///     Ok(()) => assert_eq!(socket.device()?.as_deref(), Some(&b"lo"[..])),
    ///     Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.socket().bind_device(interface)
    }
}

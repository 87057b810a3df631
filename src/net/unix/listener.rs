//! [`UnixListener`].
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::task::{Context, Poll, ready};

use socket2::SockAddr;

use super::SocketAddr;
use super::socketaddr::at_path;
use crate::io::Interest;
use crate::net::forward::forward_std;
use crate::net::{UnixStream, open};
use crate::trace::ResourceType;
use crate::util::system;
use crate::watched::Watched;

/// A Unix socket that listens for connections.
///
/// It is used like a [`TcpListener`](crate::net::TcpListener), whose methods of the same names have
/// the details. Dropping the listener closes it at once. The file that stands for its path stays:
/// remove it before binding to the same path again.
///
/// # Examples
///
/// ```no_run
/// use zokio::net::UnixListener;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = UnixListener::bind("/run/demo.sock")?;
///     loop {
///         let (stream, _peer) = listener.accept().await?;
///         println!("a client of user {}", stream.peer_cred()?.uid());
///     }
/// }
/// ```
pub struct UnixListener {
    io: Watched<std::os::unix::net::UnixListener>,
}

impl UnixListener {
    /// Binds a socket to `path` and listens.
    ///
    /// A path that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    ///
    /// Returns an error if `path` is too long or holds another zero byte, or if it cannot be bound:
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) means that there is a file already.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixListener>
    where
        P: AsRef<Path>,
    {
        UnixListener::bind_std(&at_path(path.as_ref())?)
    }

    /// Binds a socket to an address, which may be abstract, and listens.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound, as for [`bind`](UnixListener::bind).
    ///
    /// # Panics
    ///
    /// As for [`bind`](UnixListener::bind).
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_std(&socket_addr.clone().into())
    }

    #[track_caller]
    fn bind_std(address: &std::os::unix::net::SocketAddr) -> io::Result<UnixListener> {
        let listener = std::os::unix::net::UnixListener::bind_addr(address)?;
        listener.set_nonblocking(true)?;
        UnixListener::new(listener)
    }

    #[track_caller]
    pub(super) fn new(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        let io = Watched::new(listener, Interest::READABLE)?.reported(ResourceType::UnixListener);
        Ok(UnixListener { io })
    }

    /// Takes over a listener of `std`, which has to be in non-blocking mode.
    ///
    /// See [`TcpStream::from_std`](crate::net::TcpStream::from_std), also for the errors.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O. In debug builds,
    /// panics if the listener is in blocking mode.
    #[track_caller]
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        let io =
            open::handed_over(listener, Interest::READABLE)?.reported(ResourceType::UnixListener);
        Ok(UnixListener { io })
    }

    /// Turns the listener into one of `std`, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixListener> {
        Ok(self.io.into_source())
    }

    /// Returns the address that the listener is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr().map(SocketAddr::from)
    }

    /// Takes the error that is pending on the socket, as
    /// [`TcpStream::take_error`](crate::net::TcpStream::take_error) does.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }

    /// Waits for a connection and accepts it, as
    /// [`TcpListener::accept`](crate::net::TcpListener::accept) does.
    ///
    /// Most clients are bound to nothing, so their address is unnamed.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, it has accepted no
    /// connection.
    ///
    /// # Errors
    ///
    /// Returns an error if `accept(2)` fails.
    ///
    /// # Panics
    ///
    /// Panics if a connection arrives and there is no current runtime, or one that was built
    /// without I/O.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (fd, address) = self.io.reading(system::accept).await?;
        accepted(fd, &address)
    }

    /// Polls for a connection, and accepts it as [`accept`](UnixListener::accept) does. Only the
    /// task of the last call is woken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, no connection has been accepted.
    ///
    /// # Panics
    ///
    /// As for [`accept`](UnixListener::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let (fd, address) = ready!(self.io.poll_reading(cx, system::accept))?;
        Poll::Ready(accepted(fd, &address))
    }
}

fn accepted(fd: OwnedFd, address: &SockAddr) -> io::Result<(UnixStream, SocketAddr)> {
    let stream = UnixStream::accepted(fd)?;
    Ok((stream, SocketAddr::received(address)?))
}

forward_std!(UnixListener, std::os::unix::net::UnixListener);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::{UnixListener, UnixStream};
    use crate::runtime::Builder;

    #[test]
    fn a_poll_accepts_a_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = UnixListener::bind(&path).unwrap();
            let _client = UnixStream::connect(&path).await.unwrap();
            let accepted = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            assert!(accepted.1.is_unnamed());
            let local = accepted.0.local_addr().unwrap();
            assert_eq!(local.as_pathname(), Some(path.as_path()));
        });
    }
}

//! [`UnixListener`].
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use super::accept::Accept;
use super::forward::forward;
use super::incoming::Incoming;
use super::socket::{Owner, SocketKind};
use super::unix_stream::UnixStream;
use crate::error::Error;
use crate::net::unix::SocketAddr;

/// A Unix socket that listens for connections.
///
/// It is used like a [`TcpListener`](super::TcpListener), whose methods of the same names have the
/// details. The file that stands for its path stays when it is dropped: remove it before binding to
/// the same path again.
///
/// # Examples
///
/// ```
/// use zokio::completion::net::{UnixListener, UnixStream};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let path = dir.path().join("socket");
///     let listener = UnixListener::bind(&path)?;
///     let client = UnixStream::connect(&path).await?;
///     let (server, peer) = listener.accept().await?;
///     assert!(peer.is_unnamed());
///     let (written, _) = client.write_all("hello").await;
///     written?;
///     let (count, buffer) = server.read(vec![0; 100]).await;
///     assert_eq!(&buffer[..count?], b"hello");
///     Ok(())
/// }
/// ```
pub struct UnixListener {
    owner: Owner,
}

impl UnixListener {
    /// Binds a socket to `path` and listens, without waiting.
    ///
    /// A path that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    ///
    /// Returns an error, with the path, if the path is too long or holds another zero byte, or if
    /// it cannot be bound: [`AddrInUse`](io::ErrorKind::AddrInUse) means that there is a file
    /// already.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UnixListener;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let error = UnixListener::bind("/no/such/socket").unwrap_err();
    ///     assert!(error.to_string().starts_with("cannot listen at `/no/such/socket`: "));
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> Result<UnixListener, Error> {
        let path = path.as_ref();
        match crate::net::UnixListener::bind(path) {
            Ok(listener) => Ok(UnixListener::from(listener)),
            Err(error) => Err(Error::io_at("listen at", path, error)),
        }
    }

    /// Accepts a connection. Returns the stream and the address of its peer, which is unnamed for
    /// most clients.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, it has accepted no
    /// connection, and the next call gets it.
    ///
    /// # Errors
    ///
    /// The same as for [`TcpListener::accept`](super::TcpListener::accept).
    pub fn accept(&self) -> Accept<UnixStream> {
        Accept::new(&self.owner)
    }

    /// Returns the connections that are accepted, as a stream. See [`Incoming`].
    pub fn incoming(&self) -> Incoming<UnixStream> {
        Incoming::new(&self.owner)
    }

    /// Returns the address that the listener is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if getsockname(2) fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        SocketAddr::received(&self.owner.options().local_addr()?)
    }
}

forward!(
    UnixListener,
    SocketKind::Listener,
    crate::net::UnixListener,
    std::os::unix::net::UnixListener
);

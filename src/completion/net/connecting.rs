//! `SocketOperation`: an operation that makes or connects a socket; and how addresses are tried.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::completion::operation::sealed::{Cancel, Cause};
use crate::completion::unbuffered::{Outcome, Unbuffered};
use crate::error::{Error, Subject};
use crate::net::{ToSocketAddrs, resolve, subject};

/// An operation that makes a socket, or connects one.
///
/// It begins at the first poll. If it is [limited](crate::completion::Operation) and does not end
/// in time, it is dropped, which is what its `# Cancel safety` section describes.
///
/// # Examples
///
/// ```
/// use zokio::completion::net::{SocketOperation, TcpListener, TcpStream};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let address = listener.local_addr()?;
///     let connecting: SocketOperation<zokio::Result<TcpStream>> = TcpStream::connect(address);
///     // It owns what it needs.
///     let stream = zokio::spawn(connecting).await.expect("no panic")?;
///     assert_eq!(stream.peer_addr()?, address);
///     Ok(())
/// }
/// ```
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct SocketOperation<T>(Unbuffered<T>);

impl<T> SocketOperation<T> {
    pub(super) fn new(
        name: &'static str,
        subject: Subject,
        future: impl Future<Output = T> + Send + 'static,
    ) -> SocketOperation<T> {
        SocketOperation(Unbuffered::new(name, subject, future))
    }
}

impl<T> SocketOperation<Result<T, Error>> {
    /// Runs `attempt` on the addresses of `address`, in order, until it succeeds.
    pub(super) fn at<F, S: 'static>(
        name: &'static str,
        address: &impl ToSocketAddrs,
        attempt: impl Fn(SocketAddr) -> F + Send + 'static,
    ) -> SocketOperation<Result<T, Error>>
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        T: From<S>,
    {
        let subject = subject(address);
        let done = at_addresses(name, subject.clone(), resolve(address), attempt);
        SocketOperation::new(name, subject, async { done.await.map(T::from) })
    }
}

impl<T: Outcome> Future for SocketOperation<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.poll(cx)
    }
}

impl<T: Outcome> Cancel for SocketOperation<T> {
    fn cancel(mut self: Pin<&mut Self>, cause: Cause) {
        self.0.cancel(cause);
    }
}

impl<T> fmt::Debug for SocketOperation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("SocketOperation", f)
    }
}

/// Runs `attempt` on the addresses that `resolving` finds, in order, until it succeeds. It is what
/// the operation `name` does to `subject`.
///
/// # Errors
///
/// Returns the last error of `attempt` with its address, or an error without one if there is no
/// address at all.
async fn at_addresses<A, T, F>(
    name: &'static str,
    subject: Subject,
    resolving: impl Future<Output = io::Result<A>>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, Error>
where
    A: Iterator<Item = SocketAddr>,
    F: Future<Output = io::Result<T>>,
{
    let addresses = resolving.await;
    let addresses = addresses.map_err(|error| Error::on("resolve", subject, error))?;
    let mut last = None;
    for address in addresses {
        match attempt(address).await {
            Ok(done) => return Ok(done),
            Err(error) => last = Some(Error::network(name, address, error)),
        }
    }
    Err(last.unwrap_or_else(|| {
        let none = io::Error::new(io::ErrorKind::InvalidInput, "there is none");
        Error::io("resolve an address", none)
    }))
}

//! `Incoming`: the connections of a listener, as a stream.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::stream::{FusedStream, Stream};

use super::accept::{Accept, Accepted};
use super::next::{Next, Sequence};
use super::socket::Socket;
use crate::driver::is_shutdown_error;
use crate::runtime::Handle;
use crate::time::{Sleep, sleep};
use crate::util::budget::{self, Budget};

/// How long it waits after an error that would come again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections that a listener accepts.
///
/// It is made by [`TcpListener::incoming`](super::TcpListener::incoming) and
/// [`UnixListener::incoming`](super::UnixListener::incoming). [`next`](Incoming::next) returns the
/// next connection; it is also a [`Stream`], for code that is generic or uses the combinators of the
/// crate `futures`. A connection knows its [`peer_addr`](super::TcpStream::peer_addr).
///
/// When the listener is woken, all connections that wait can be accepted without waiting in between,
/// up to the task's [budget](crate::task::coop).
///
/// It yields `None` only after the listener was dropped or its runtime has shut down. Dropping it
/// loses nothing: a connection that it has not returned waits for the next accept.
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<T> {
    /// `None` once it has ended.
    socket: Option<Arc<Socket>>,
    /// Kept from poll to poll while it waits.
    accept: Option<Pin<Box<Accept<T>>>>,
    /// The wait after an error that would come again at once.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<T: Accepted> Incoming<T> {
    pub(super) fn new(socket: &Arc<Socket>) -> Incoming<T> {
        Incoming {
            socket: Some(socket.clone()),
            accept: None,
            pause: None,
        }
    }

    /// Accepts the next connection.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, it has accepted no
    /// connection, and the next call gets it.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`accept`](super::TcpListener::accept). Most concern a single
    /// connection or pass by themselves, so continue with the next call. After one that would only
    /// come again (too many open files, no memory) the next call waits 50 ms before it accepts, in a
    /// runtime whose timers are on, so that a loop which ignores errors does not spin.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let address = listener.local_addr()?;
    ///     let clients = zokio::try_join!(TcpStream::connect(address), TcpStream::connect(address))?;
    ///
    ///     let mut incoming = listener.incoming();
    ///     for _ in 0..2 {
    ///         let server = incoming.next().await.expect("the listener is there")?;
    ///         assert_eq!(server.local_addr()?, address);
    ///     }
    ///     drop(clients);
    ///     Ok(())
    /// }
    /// ```
    #[allow(
        clippy::should_implement_trait,
        reason = "the name that it has in `futures`"
    )]
    pub fn next(&mut self) -> Next<'_, Incoming<T>> {
        Next::new(self)
    }

    fn poll_accepted(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<T>>> {
        let Some(socket) = &self.socket else {
            return Poll::Ready(None);
        };
        if let Some(pause) = &mut self.pause {
            if !socket.is_closed() {
                // The accept that follows takes a unit.
                ready!(budget::with(Budget::UNCONSTRAINED, || pause
                    .as_mut()
                    .poll(cx)));
            }
            self.pause = None;
        }
        let accept = self
            .accept
            .get_or_insert_with(|| Box::pin(Accept::new(socket)));
        let accepted = ready!(accept.as_mut().poll(cx));
        accept.set(Accept::new(socket));
        match &accepted {
            Ok(_) => {}
            Err(error) if comes_again(error) => {
                self.pause = has_timers().then(|| Box::pin(sleep(PAUSE)));
            }
            Err(error) if concerns_the_listener(error) => self.end(),
            Err(_) => {}
        }
        Poll::Ready(Some(accepted.map(|(stream, _)| stream)))
    }

    fn end(&mut self) {
        self.socket = None;
        self.accept = None;
    }
}

/// Returns whether the next accept would fail as well: the connection still waits.
fn comes_again(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

/// Returns whether every accept will fail.
fn concerns_the_listener(error: &io::Error) -> bool {
    is_shutdown_error(error) || error.raw_os_error() == Some(libc::ECANCELED)
}

/// Returns whether `sleep` can be called.
fn has_timers() -> bool {
    Handle::try_current().is_ok_and(|handle| handle.has_timers())
}

impl<T: Accepted> Stream for Incoming<T> {
    type Item = io::Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_accepted(cx)
    }
}

impl<T: Accepted> FusedStream for Incoming<T> {
    fn is_terminated(&self) -> bool {
        self.socket.is_none()
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("listener", &self.socket)
            .finish_non_exhaustive()
    }
}

impl<T> Sequence for Incoming<T> {
    const OPERATION: &'static str = "accept a connection";
}

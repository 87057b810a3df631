//! [`Next`]: what a stream of this module yields next, as an operation.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::stream::Stream;

use crate::completion::operation::sealed::{Cancel, Cause};

/// A stream that a [`Next`] may be of.
pub trait Sequence {
    /// What the stream does, for errors.
    const OPERATION: &'static str;

    /// Called when no task waits for the stream any more.
    fn leave(&mut self) {}
}

/// The future of what a stream yields next, returned by [`RecvMulti::next`], [`RecvDatagrams::next`]
/// and [`Incoming::next`].
///
/// [`RecvMulti::next`]: super::RecvMulti::next
/// [`RecvDatagrams::next`]: super::RecvDatagrams::next
/// [`Incoming::next`]: super::Incoming::next
#[derive(Debug)]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Next<'a, S: Sequence> {
    stream: &'a mut S,
    /// Why it is to end.
    cause: Option<Cause>,
}

impl<S: Sequence> Next<'_, S> {
    pub(super) fn new(stream: &mut S) -> Next<'_, S> {
        Next {
            stream,
            cause: None,
        }
    }
}

impl<T, S> Future for Next<'_, S>
where
    S: Sequence + Stream<Item = io::Result<T>> + Unpin,
{
    type Output = Option<io::Result<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(cause) = self.cause {
            return Poll::Ready(Some(Err(cause.io_error(S::OPERATION))));
        }
        Pin::new(&mut *self.stream).poll_next(cx)
    }
}

impl<T, S> Cancel for Next<'_, S>
where
    S: Sequence + Stream<Item = io::Result<T>> + Unpin,
{
    fn cancel(mut self: Pin<&mut Self>, cause: Cause) {
        self.cause.get_or_insert(cause);
    }
}

impl<S: Sequence> Drop for Next<'_, S> {
    fn drop(&mut self) {
        self.stream.leave();
    }
}

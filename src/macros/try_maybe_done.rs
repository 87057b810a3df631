//! A future that keeps the value of its `Ok` until it is fetched, and returns an `Err` at once.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::record;

pin_project! {
    /// A future, the value it succeeded with, or neither once that has been taken or it failed.
    #[derive(Debug)]
    #[project = Projected]
    #[project_replace = Replaced]
    pub enum TryMaybeDone<F, T> {
        Future {
            #[pin]
            future: F,
        },
        Done {
            value: T,
        },
        Gone,
    }
}

/// Creates a [`TryMaybeDone`] that has not begun.
pub fn try_maybe_done<F, T, E>(future: F) -> TryMaybeDone<F::IntoFuture, T>
where
    F: IntoFuture<Output = Result<T, E>>,
{
    TryMaybeDone::Future {
        future: future.into_future(),
    }
}

impl<F, T, E> TryMaybeDone<F, T>
where
    F: Future<Output = Result<T, E>>,
{
    /// Returns `Ready` once the future has succeeded, every time, or with its error, once.
    pub fn poll_ok(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let output = match self.as_mut().project() {
            Projected::Future { future } => ready!(record::poll_part(|| future.poll(cx))),
            Projected::Done { .. } => return Poll::Ready(Ok(())),
            Projected::Gone => panic!("a joined future was polled after its output was taken"),
        };
        match output {
            Ok(value) => {
                self.project_replace(TryMaybeDone::Done { value });
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.project_replace(TryMaybeDone::Gone);
                Poll::Ready(Err(error))
            }
        }
    }

    /// Takes the value, if the future has succeeded and the value has not been taken.
    pub fn take_ok(mut self: Pin<&mut Self>) -> Option<T> {
        match self.as_mut().project() {
            Projected::Done { .. } => {}
            Projected::Future { .. } | Projected::Gone => return None,
        }
        match self.project_replace(TryMaybeDone::Gone) {
            Replaced::Done { value } => Some(value),
            Replaced::Future { .. } | Replaced::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::try_maybe_done;
    use std::future::ready;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn keeps_its_value_and_gives_it_once() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut done = pin!(try_maybe_done(ready(Ok::<_, ()>(7))));
        assert_eq!(done.as_mut().take_ok(), None);
        assert_eq!(done.as_mut().poll_ok(&mut cx), Poll::Ready(Ok(())));
        assert_eq!(done.as_mut().poll_ok(&mut cx), Poll::Ready(Ok(())));
        assert_eq!(done.as_mut().take_ok(), Some(7));
        assert_eq!(done.as_mut().take_ok(), None);
    }

    #[test]
    fn gives_its_error_away() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut done = pin!(try_maybe_done(ready(Err::<(), _>("no"))));
        assert_eq!(done.as_mut().poll_ok(&mut cx), Poll::Ready(Err("no")));
        assert_eq!(done.as_mut().take_ok(), None);
    }
}

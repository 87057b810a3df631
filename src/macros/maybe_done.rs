//! A future that keeps its output until it is fetched.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::record;

pin_project! {
    /// A future, its output, or neither once that has been taken.
    #[derive(Debug)]
    #[project = Projected]
    #[project_replace = Replaced]
    pub enum MaybeDone<F>
    where
        F: Future,
    {
        Future {
            #[pin]
            future: F,
        },
        Done {
            output: F::Output,
        },
        Gone,
    }
}

/// Creates a [`MaybeDone`] that has not begun.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Future {
        future: future.into_future(),
    }
}

impl<F: Future> MaybeDone<F> {
    /// Returns the output, if the future is done and the output has not been taken.
    pub fn output_mut(self: Pin<&mut Self>) -> Option<&mut F::Output> {
        match self.project() {
            Projected::Done { output } => Some(output),
            Projected::Future { .. } | Projected::Gone => None,
        }
    }

    /// Takes the output, if the future is done and the output has not been taken.
    pub fn take_output(mut self: Pin<&mut Self>) -> Option<F::Output> {
        self.as_mut().output_mut()?;
        match self.project_replace(MaybeDone::Gone) {
            Replaced::Done { output } => Some(output),
            Replaced::Future { .. } | Replaced::Gone => None,
        }
    }
}

impl<F: Future> Future for MaybeDone<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let output = match self.as_mut().project() {
            Projected::Future { future } => ready!(record::poll_part(|| future.poll(cx))),
            Projected::Done { .. } => return Poll::Ready(()),
            Projected::Gone => panic!("a joined future was polled after its output was taken"),
        };
        self.project_replace(MaybeDone::Done { output });
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::maybe_done;
    use std::future::{Future, poll_fn, ready};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn keeps_its_output_and_gives_it_once() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut done = pin!(maybe_done(ready(7)));
        assert_eq!(done.as_mut().take_output(), None);
        assert!(done.as_mut().poll(&mut cx).is_ready());
        assert!(done.as_mut().poll(&mut cx).is_ready());
        assert_eq!(done.as_mut().output_mut(), Some(&mut 7));
        assert_eq!(done.as_mut().take_output(), Some(7));
        assert_eq!(done.as_mut().take_output(), None);
    }

    #[test]
    fn the_future_is_dropped_as_soon_as_it_is_done() {
        let mut cx = Context::from_waker(Waker::noop());
        let guard = std::rc::Rc::new(());
        let held = guard.clone();
        let mut done = pin!(maybe_done(poll_fn(move |_| {
            let _ = &held;
            Poll::Ready(())
        })));
        assert_eq!(std::rc::Rc::strong_count(&guard), 2);
        assert!(done.as_mut().poll(&mut cx).is_ready());
        assert_eq!(std::rc::Rc::strong_count(&guard), 1);
    }
}

//! `Unbuffered`: an operation without a buffer, which takes several steps.
//!
//! If it is to end before it has completed, it is dropped. So all that it does is cancel safe, or
//! its documentation says what a drop leaves behind.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::operation::sealed::Cause;
use crate::error::{Error, Subject};

/// The future of such an operation.
pub(super) struct Unbuffered<T> {
    /// `None` once it has completed.
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    /// What it does, as a verb with its object.
    name: &'static str,
    /// What it does that to.
    subject: Subject,
    begun: bool,
    /// Why it is to end.
    cause: Option<Cause>,
}

/// A result that can be an operation's end before it has completed.
pub trait Outcome {
    #[doc(hidden)]
    fn ended(name: &'static str, subject: Subject, cause: Cause) -> Self;
}

impl<T> Outcome for io::Result<T> {
    fn ended(name: &'static str, _subject: Subject, cause: Cause) -> io::Result<T> {
        Err(cause.io_error(name))
    }
}

impl<T> Outcome for Result<T, Error> {
    fn ended(name: &'static str, subject: Subject, cause: Cause) -> Result<T, Error> {
        Err(cause.error(name, subject))
    }
}

impl<T> Unbuffered<T> {
    pub(super) fn new(
        name: &'static str,
        subject: Subject,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Unbuffered<T> {
        Unbuffered {
            future: Some(Box::pin(future)),
            name,
            subject,
            begun: false,
            cause: None,
        }
    }

    /// Asks for the end of the operation.
    pub(super) fn cancel(&mut self, cause: Cause) {
        self.cause.get_or_insert(cause);
    }

    /// Polls for the result.
    ///
    /// # Panics
    ///
    /// Panics if it was ready before.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T>
    where
        T: Outcome,
    {
        let future = self.future.as_mut();
        let future = future.expect("an operation was polled after it had completed");
        let mut polled = Poll::Pending;
        if self.begun || self.cause.is_none() {
            self.begun = true;
            polled = future.as_mut().poll(cx);
        }
        // A result that is there counts in spite of a cancellation.
        if let (Poll::Pending, Some(cause)) = (&polled, self.cause) {
            polled = Poll::Ready(T::ended(self.name, self.subject.clone(), cause));
        }
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }
}

impl<T> Unbuffered<T> {
    /// Writes what the public type `name` shows.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("doing", &format_args!("{}{}", self.name, self.subject))
            .finish_non_exhaustive()
    }
}

//! `FileOperation`: an operation without a buffer.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::completion::operation::sealed::{Cancel, Cause};
use crate::error::Error;

/// An operation on a file that has no buffer: an open, a sync, a close.
///
/// It begins at the first poll. If it is [limited](crate::completion::Operation) and does not end
/// in time, it is dropped, which is what its `# Cancel safety` section describes.
///
/// # Examples
///
/// ```
/// use std::io;
/// use zokio::completion::fs::{File, FileOperation};
///
/// #[zokio::main]
/// async fn main() -> io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let file = File::create(dir.path().join("file")).await?;
///     let (count, _) = file.write_all_at("text", 0).await;
///     count?;
///     let syncing: FileOperation<io::Result<()>> = file.sync_all();
///     // It owns what it needs.
///     zokio::spawn(syncing).await??;
///     Ok(())
/// }
/// ```
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct FileOperation<T> {
    /// `None` once it has completed.
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    /// What it does, as a verb with its object.
    name: &'static str,
    begun: bool,
    /// Why it is to end.
    cause: Option<Cause>,
}

impl<T> FileOperation<T> {
    pub(super) fn new(
        name: &'static str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> FileOperation<T> {
        FileOperation {
            future: Some(Box::pin(future)),
            name,
            begun: false,
            cause: None,
        }
    }
}

/// A result that can be an operation's end before it has completed.
pub trait Outcome {
    #[doc(hidden)]
    fn ended(name: &'static str, cause: Cause) -> Self;
}

impl<T> Outcome for io::Result<T> {
    fn ended(name: &'static str, cause: Cause) -> io::Result<T> {
        Err(cause.io_error(name))
    }
}

impl<T> Outcome for Result<T, Error> {
    fn ended(name: &'static str, cause: Cause) -> Result<T, Error> {
        Err(cause.error(name))
    }
}

impl<T: Outcome> Future for FileOperation<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        let future = this.future.as_mut();
        let future = future.expect("an operation on a file was polled after it had completed");
        let mut polled = Poll::Pending;
        if this.begun || this.cause.is_none() {
            this.begun = true;
            polled = future.as_mut().poll(cx);
        }
        // A result that is there counts in spite of a cancellation.
        if let (Poll::Pending, Some(cause)) = (&polled, this.cause) {
            polled = Poll::Ready(T::ended(this.name, cause));
        }
        if polled.is_ready() {
            this.future = None;
        }
        polled
    }
}

impl<T: Outcome> Cancel for FileOperation<T> {
    fn cancel(mut self: Pin<&mut Self>, cause: Cause) {
        self.cause.get_or_insert(cause);
    }
}

impl<T> fmt::Debug for FileOperation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileOperation")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

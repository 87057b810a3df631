//! `FileOperation`: an operation without a buffer.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::completion::operation::sealed::{Cancel, Cause};
use crate::completion::unbuffered::{Outcome, Unbuffered};
use crate::error::Subject;

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
pub struct FileOperation<T>(Unbuffered<T>);

impl<T> FileOperation<T> {
    /// Does what `future` does, on a file that is open.
    pub(super) fn new(
        name: &'static str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> FileOperation<T> {
        FileOperation::on(name, Subject::Unnamed, future)
    }

    /// Does what `future` does to `subject`.
    pub(super) fn on(
        name: &'static str,
        subject: Subject,
        future: impl Future<Output = T> + Send + 'static,
    ) -> FileOperation<T> {
        FileOperation(Unbuffered::new(name, subject, future))
    }
}

impl<T: Outcome> Future for FileOperation<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.poll(cx)
    }
}

impl<T: Outcome> Cancel for FileOperation<T> {
    fn cancel(mut self: Pin<&mut Self>, cause: Cause) {
        self.0.cancel(cause);
    }
}

impl<T> fmt::Debug for FileOperation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("FileOperation", f)
    }
}

//! `Transfer`: bytes that go from one descriptor to another, without a buffer of the user's.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use super::BufResult;
use super::operation::refused;
use super::operation::sealed::{Cancel, Cause};
use crate::driver::completion::InFlight;
use crate::driver::completion::file_transfer::{FileTransfer, Stopped};
use crate::driver::completion::op::Op;
use crate::fs::run;
use crate::loom::sync::OnceLock;
use crate::scheduler::Handle;
use crate::util::budget::{poll_proceed, spend_bytes};

/// What a [`Transfer`] ends with: the outcome, and the bytes that were taken and not written.
type Ended = (io::Result<()>, Vec<u8>);

/// A transfer between two descriptors: files, streams, or pipes.
///
/// It is made by [`File::copy_range_to`](super::fs::File::copy_range_to),
/// [`File::send_to`](super::fs::File::send_to), [`File::receive_from`](super::fs::File::receive_from)
/// or [`splice`](super::splice). The bytes stay in the kernel as far as it offers that
/// (copy_file_range(2), sendfile(2), splice(2)); otherwise they go through memory, with the same
/// result.
///
/// # How it ends
///
/// It ends when as many bytes were moved as were asked for, or when the source has ended, or with an
/// error. In each case it returns how many bytes have arrived, as [`Transferred`]: also if it failed
/// or was cancelled after it had moved a part. A file has a size, so that a count that is too small
/// shows that it has ended.
///
/// As any [`Operation`](super::Operation) it can be limited and cancelled. It ends as soon as the
/// piece that a thread is moving is done, of 8 MiB at most, and nothing moves after that.
///
/// # Progress
///
/// [`progress`](Transfer::progress) returns a handle that counts the bytes as they arrive, for
/// other tasks and threads. (A closure would have to be called in the middle of the work, on
/// threads of the runtime's that other operations need.) It keeps the count when the future has been
/// dropped.
///
/// # Examples
///
/// ```
/// use zokio::completion::fs::File;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let path = dir.path().join("file");
///     std::fs::write(&path, "hello, world")?;
///     let (from, to) = (File::open(&path).await?, File::from(tempfile::tempfile()?));
///
///     let copying = from.copy_range_to(7, &to, 0, u64::MAX);
///     let progress = copying.progress();
///     assert_eq!(progress.count(), 0);
///     let (copied, transferred) = copying.await;
///     copied?;
///     assert_eq!((transferred.count(), progress.count()), (5, 5));
///     let (read, text) = to.read_exact_at(vec![0; 5], 0).await;
///     read?;
///     assert_eq!(text, b"world");
///     Ok(())
/// }
/// ```
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Transfer {
    /// `None` once it has completed.
    future: Option<Pin<Box<dyn Future<Output = Ended> + Send>>>,
    control: Arc<Control>,
}

impl Transfer {
    /// Makes the future of a transfer, which is called `name`, a verb with its object.
    pub(super) fn new<F>(name: &'static str, run: impl FnOnce(Arc<Control>) -> F) -> Transfer
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let control = Arc::new(Control {
            arrived: Arc::default(),
            cause: OnceLock::new(),
            name,
        });
        Transfer {
            future: Some(Box::pin(run(control.clone()))),
            control,
        }
    }

    /// Returns a handle that counts the bytes as they arrive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::completion::{fs::File, net::UnixStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::from(tempfile::tempfile()?);
    ///     file.allocate(0, 10 << 20).await?;
    ///     let (stream, peer) = UnixStream::pair()?;
    ///     // It waits for the peer.
    ///     let sending = file.send_to(0, &stream, u64::MAX);
    ///     let progress = sending.progress();
    ///     let sending = zokio::spawn(sending);
    ///
    ///     let (read, _) = peer.read_exact(vec![0; 4 << 20]).await;
    ///     read?;
    ///     assert!(progress.count() < 10 << 20);
    ///     drop(peer);
    ///     let (sent, transferred) = sending.await.expect("no panic");
    ///     assert!(sent.is_err());
    ///     assert!((4 << 20..10 << 20).contains(&transferred.count()));
    ///     assert_eq!(transferred.count(), progress.count());
    ///     Ok(())
    /// }
    /// ```
    pub fn progress(&self) -> Progress {
        Progress(self.control.arrived.clone())
    }
}

impl Future for Transfer {
    type Output = BufResult<(), Transferred>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.future.as_mut();
        let future = future.expect("a transfer was polled after it had completed");
        let Poll::Ready((result, rest)) = future.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        self.future = None;
        let count = self.control.arrived();
        Poll::Ready((result, Transferred { count, rest }))
    }
}

impl Cancel for Transfer {
    fn cancel(self: Pin<&mut Self>, cause: Cause) {
        self.control.cause.get_or_init(|| cause);
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("name", &self.control.name)
            .field("progress", &self.control.arrived)
            .finish_non_exhaustive()
    }
}

/// What has become of a transfer, whether or not it has failed.
///
/// # Examples
///
/// ```
/// use zokio::completion::fs::File;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (from, to) = (File::open("/proc/version").await?, File::from(tempfile::tempfile()?));
///     let (copied, transferred) = from.copy_range_to(0, &to, 0, 5).await;
///     copied?;
///     assert_eq!(transferred.count(), 5);
///     assert!(transferred.into_rest().is_empty());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Transferred {
    count: u64,
    rest: Vec<u8>,
}

impl Transferred {
    /// Returns how many bytes have arrived.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the bytes that were taken out of a stream and have not arrived.
    ///
    /// They come after those that are counted, and before what the stream has next. There are none
    /// unless the transfer failed or was cancelled, and none if its source is a file.
    pub fn into_rest(self) -> Vec<u8> {
        self.rest
    }
}

/// Counts the bytes of a [`Transfer`] as they arrive.
///
/// It can be cloned and sent elsewhere, and does not keep the transfer.
///
/// # Examples
///
/// ```
/// use zokio::completion::{Progress, fs::File};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (from, to) = (File::open("/proc/version").await?, File::from(tempfile::tempfile()?));
///     let copying = from.copy_range_to(0, &to, 0, 5);
///     let progress: Progress = copying.progress();
///     copying.await.0?;
///     assert_eq!(progress.count(), 5);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Returns how many bytes have arrived by now.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a transfer shares with the handles that follow it.
pub(super) struct Control {
    /// How many bytes have arrived. Added to by what moves them: a thread, or the future.
    arrived: Arc<AtomicU64>,
    /// Why it is to end.
    cause: OnceLock<Cause>,
    name: &'static str,
}

impl Control {
    /// Takes a unit of budget, before a step that moves bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the transfer is to end.
    pub(super) async fn step(&self) -> io::Result<()> {
        poll_fn(poll_proceed).await.made_progress();
        self.check()
    }

    fn check(&self) -> io::Result<()> {
        match self.cause.get() {
            Some(cause) => Err(cause.io_error(self.name)),
            None => Ok(()),
        }
    }

    /// Waits for what `poll` waits for.
    ///
    /// # Errors
    ///
    /// Returns its error, or an error if the transfer is to end.
    pub(super) async fn wait<T>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        poll_fn(|cx| {
            self.check()?;
            poll(cx)
        })
        .await
    }

    /// Returns what counts the bytes that arrive.
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        self.arrived.clone()
    }

    /// Returns how many bytes have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Counts bytes that the future has moved itself, which spends budget.
    pub(super) fn count(&self, moved: usize) {
        spend_bytes(moved);
        self.arrived.fetch_add(moved as u64, Ordering::Relaxed);
    }

    /// Has a thread move one piece; returns why it ended early, if it did, and the transfer.
    ///
    /// If the future is dropped, a piece that has not begun does not begin, unless that would lose
    /// what was taken out of a stream.
    pub(super) async fn perform(
        &self,
        runtime: &Handle,
        transfer: Box<FileTransfer>,
    ) -> (io::Result<Option<Stopped>>, Box<FileTransfer>) {
        let is_kept = transfer.holds_bytes();
        let (in_flight, missing) = run::submit_on(runtime, Op::Transfer(transfer));
        let mut piece = Piece {
            in_flight: Some(in_flight),
            is_kept,
        };
        let mut asked = false;
        let completed = poll_fn(|cx| {
            let in_flight = piece.in_flight.as_mut().expect("taken on drop only");
            if !asked && self.cause.get().is_some() {
                asked = true;
                in_flight.cancel();
            }
            in_flight.poll(cx)
        });
        let (result, mut transfer) = completed.await.transfer();
        let result = match result {
            Ok(()) => Ok(transfer.stopped()),
            Err(_) => Err(refused(missing, self.cause.get().copied(), self.name)),
        };
        (result, transfer)
    }

    /// Moves all between two files.
    pub(super) async fn perform_all(&self, transfer: FileTransfer) -> io::Result<()> {
        let mut transfer = Box::new(transfer);
        self.step().await?;
        let runtime = run::current();
        while !transfer.is_done() {
            let stopped;
            (stopped, transfer) = self.perform(&runtime, transfer).await;
            match stopped? {
                None => {}
                Some(Stopped::End | Stopped::Full) => break,
                Some(Stopped::Error(error)) => return Err(error),
            }
            if !transfer.is_done() {
                self.step().await?;
            }
        }
        Ok(())
    }
}

/// A piece in flight, as long as the future waits for it.
struct Piece {
    in_flight: Option<InFlight>,
    /// Whether it is carried out even if the future is dropped.
    is_kept: bool,
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some(in_flight) = self.in_flight.take_if(|_| self.is_kept) {
            in_flight.detach();
        }
    }
}

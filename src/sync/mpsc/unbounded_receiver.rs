//! The receiving handle of an unbounded channel.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use super::chan::Rx;
use super::error::TryRecvError;
use crate::util::park;

/// Receives the values of an unbounded channel. Created by
/// [`unbounded_channel`](super::unbounded_channel).
///
/// Dropping it closes the channel and drops the values that were not received.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// zokio::spawn(async move {
///     for number in 1..=3 {
///         tx.send(number).unwrap();
///     }
/// });
/// let mut sum = 0;
/// while let Some(number) = rx.recv().await {
///     sum += number;
/// }
/// assert_eq!(sum, 6);
/// # })
/// ```
pub struct UnboundedReceiver<T> {
    rx: Rx<T, false>,
}

impl<T> UnboundedReceiver<T> {
    pub(super) fn new(rx: Rx<T, false>) -> Self {
        Self { rx }
    }

    /// Receives the next value, waiting for it if the channel is empty.
    ///
    /// `None` means that no more values will come: the channel is empty, and all senders are gone
    /// or this receiver was [closed](Self::close).
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, no value was
    /// received.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send("hello").unwrap();
    /// drop(tx);
    /// assert_eq!(rx.recv().await, Some("hello"));
    /// assert_eq!(rx.recv().await, None);
    /// # })
    /// ```
    pub async fn recv(&mut self) -> Option<T> {
        let op = self.rx.begin("UnboundedReceiver::recv");
        op.around(poll_fn(|cx| self.rx.poll_recv(cx))).await
    }

    /// Receives up to `limit` values at once and appends them to `buffer`.
    ///
    /// Waits only if the channel is empty, and returns the number of values: zero means what `None`
    /// means for [`recv`](Self::recv), or that `limit` is zero, which never waits. The buffer grows
    /// as needed.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, no value was
    /// received and the buffer is unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// for number in 0..3 {
    ///     tx.send(number).unwrap();
    /// }
    /// let mut numbers = Vec::with_capacity(2);
    /// assert_eq!(rx.recv_many(&mut numbers, 2).await, 2);
    /// assert_eq!(rx.recv_many(&mut numbers, 2).await, 1);
    /// assert_eq!(numbers, [0, 1, 2]);
    /// # })
    /// ```
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        let op = self.rx.begin("UnboundedReceiver::recv_many");
        op.around(poll_fn(|cx| self.rx.poll_recv_many(cx, buffer, limit)))
            .await
    }

    /// Receives the next value if it is there, without waiting for one to be sent.
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if the channel is empty and values may still come, and
    /// [`TryRecvError::Disconnected`] if none will come (see [`recv`](Self::recv)).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    /// use zokio::sync::mpsc::error::TryRecvError;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send(1).unwrap();
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.rx.try_recv()
    }

    /// Receives the next value and blocks the thread while the channel is empty.
    ///
    /// For threads that run no tasks. `None` means what it means for [`recv`](Self::recv).
    ///
    /// # Panics
    /// Panics if called on a thread that runs asynchronous tasks, where it would keep them all from
    /// running.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send("to a thread").unwrap();
    /// assert_eq!(thread.join().unwrap(), Some("to a thread"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        park::block_on(self.recv())
    }

    /// Receives up to `limit` values and blocks the thread while the channel is empty; the blocking
    /// form of [`recv_many`](Self::recv_many).
    ///
    /// # Panics
    /// Panics if called on a thread that runs asynchronous tasks, where it would keep them all from
    /// running.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// tx.send(2).unwrap();
    /// let mut numbers = Vec::new();
    /// assert_eq!(rx.blocking_recv_many(&mut numbers, 8), 2);
    /// assert_eq!(numbers, [1, 2]);
    /// ```
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        park::block_on(self.recv_many(buffer, limit))
    }

    /// Refuses values from now on.
    ///
    /// Sending fails from now on. To get all that was sent, receive until `None` comes.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send("in time").unwrap();
    /// rx.close();
    /// assert!(tx.send("too late").is_err());
    /// assert_eq!(rx.recv().await, Some("in time"));
    /// assert_eq!(rx.recv().await, None);
    /// # })
    /// ```
    pub fn close(&mut self) {
        self.rx.close();
    }

    /// Returns `true` if nothing more can be sent, although values may be left to receive.
    ///
    /// True after [`close`](Self::close), and when all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel::<u32>();
    /// assert!(!rx.is_closed());
    /// drop(tx);
    /// assert!(rx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.rx.is_closed()
    }

    /// Returns `true` if no value waits to be received.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel();
    /// assert!(rx.is_empty());
    /// tx.send(1).unwrap();
    /// assert!(!rx.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of values that wait to be received.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// assert_eq!(rx.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.rx.len()
    }

    /// Polls to receive the next value; the poll form of [`recv`](Self::recv).
    ///
    /// `Pending` stores the task's waker in place of an earlier one; only the last one is woken,
    /// when a value comes or no value can come any more. Being woken does not promise a value.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Nothing is lost when the caller stops polling: a value is
    /// received only by `Ready`. The waker stays stored until it is woken, replaced, or the
    /// receiver is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::future::poll_fn;
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// assert_eq!(poll_fn(|cx| rx.poll_recv(cx)).await, Some(1));
    /// # })
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(cx)
    }

    /// Polls to receive up to `limit` values; the poll form of [`recv_many`](Self::recv_many).
    ///
    /// `Pending` stores the task's waker as [`poll_recv`](Self::poll_recv) does and leaves
    /// `buffer` alone.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Nothing is lost when the caller stops polling: values are
    /// received only by `Ready`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::future::poll_fn;
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// tx.send(2).unwrap();
    /// let mut numbers = Vec::new();
    /// assert_eq!(poll_fn(|cx| rx.poll_recv_many(cx, &mut numbers, 8)).await, 2);
    /// # })
    /// ```
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        self.rx.poll_recv_many(cx, buffer, limit)
    }

    /// Returns the number of [`UnboundedSender`](super::UnboundedSender)s.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel::<u32>();
    /// let _other = tx.clone();
    /// assert_eq!(rx.sender_strong_count(), 2);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.rx.chan().strong_count()
    }

    /// Returns the number of [`WeakUnboundedSender`](super::WeakUnboundedSender)s.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel::<u32>();
    /// let _weak = tx.downgrade();
    /// assert_eq!(rx.sender_weak_count(), 1);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.rx.chan().weak_count()
    }
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedReceiver")
            .field("chan", self.rx.chan())
            .finish()
    }
}

//! The sending handles of an unbounded channel.
#![forbid(unsafe_code)]

use std::fmt;

use super::chan::{Tx, WeakTx};
use super::error::SendError;

/// Sends values into an unbounded channel. Created by
/// [`unbounded_channel`](super::unbounded_channel).
///
/// Clones send into the same channel, which stays open until the last one is dropped.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// // Sending never waits, so a destructor can do it too.
/// struct Farewell(mpsc::UnboundedSender<&'static str>);
/// impl Drop for Farewell {
///     fn drop(&mut self) {
///         let _ = self.0.send("gone");
///     }
/// }
/// drop(Farewell(tx));
/// assert_eq!(rx.recv().await, Some("gone"));
/// # })
/// ```
pub struct UnboundedSender<T> {
    tx: Tx<T, false>,
}

/// A sender of an unbounded channel that does not keep it open. Created by
/// [`UnboundedSender::downgrade`].
///
/// To send, [`upgrade`](Self::upgrade) it, which fails once all [`UnboundedSender`]s are gone.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
/// let weak = tx.downgrade();
/// drop(tx);
/// assert_eq!(rx.recv().await, None);
/// assert!(weak.upgrade().is_none());
/// # })
/// ```
pub struct WeakUnboundedSender<T> {
    tx: WeakTx<T, false>,
}

impl<T> UnboundedSender<T> {
    pub(super) fn new(tx: Tx<T, false>) -> Self {
        Self { tx }
    }

    /// Sends a value. Never waits, so plain threads may use it as well as tasks.
    ///
    /// `Ok` means that the value is in the channel; the receiver may still be dropped without
    /// looking at it.
    ///
    /// # Errors
    /// Returns an error that holds the value if the receiver was dropped or closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// tx.send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(rx);
    /// assert_eq!(tx.send(2).unwrap_err().0, 2);
    /// ```
    #[inline]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.tx.chan().send_unbounded(message).map_err(SendError)
    }

    /// Waits until the receiver is dropped or closed.
    ///
    /// Useful to stop producing values that will not be received.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Dropping the future loses nothing: once the channel is closed it
    /// stays closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel::<u32>();
    /// zokio::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # })
    /// ```
    pub async fn closed(&self) {
        self.tx.closed().await;
    }

    /// Returns `true` if the receiver was dropped or closed, so that sending fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::unbounded_channel::<u32>();
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.tx.chan().is_rx_closed()
    }

    /// Returns `true` if both senders send into the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::unbounded_channel::<u32>();
    /// assert!(tx.same_channel(&tx.clone()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.tx.same_channel(&other.tx)
    }

    /// Returns a sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::unbounded_channel::<u32>();
    /// let weak = tx.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "a weak sender that is dropped at once does nothing"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender {
            tx: self.tx.downgrade(),
        }
    }

    /// Returns the number of [`UnboundedSender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::unbounded_channel::<u32>();
    /// let _other = tx.clone();
    /// assert_eq!(tx.strong_count(), 2);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.tx.chan().strong_count()
    }

    /// Returns the number of [`WeakUnboundedSender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::unbounded_channel::<u32>();
    /// let _weak = tx.downgrade();
    /// assert_eq!(tx.weak_count(), 1);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.tx.chan().weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
        }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender")
            .field("chan", self.tx.chan())
            .finish()
    }
}

impl<T> WeakUnboundedSender<T> {
    /// Returns an [`UnboundedSender`], unless all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::unbounded_channel();
    /// let weak = tx.downgrade();
    /// weak.upgrade().unwrap().send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.tx.upgrade().map(UnboundedSender::new)
    }

    /// Returns the number of [`UnboundedSender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::unbounded_channel::<u32>();
    /// let weak = tx.downgrade();
    /// drop(tx);
    /// assert_eq!(weak.strong_count(), 0);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.tx.chan().strong_count()
    }

    /// Returns the number of [`WeakUnboundedSender`]s of this channel, counting this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::unbounded_channel::<u32>();
    /// let weak = tx.downgrade();
    /// assert_eq!(weak.clone().weak_count(), 2);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.tx.chan().weak_count()
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
        }
    }
}

impl<T> Drop for WeakUnboundedSender<T> {
    fn drop(&mut self) {
        self.tx.dropped();
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender")
            .field("chan", self.tx.chan())
            .finish()
    }
}

//! Room in a bounded channel, held before there is a value to send.
#![forbid(unsafe_code)]

use std::fmt;
use std::iter::FusedIterator;
use std::mem;

use super::chan::Chan;
use super::sender::Sender;

/// Room for one value in a channel. Created by [`Sender::reserve`] and [`Sender::try_reserve`].
///
/// Dropping it releases the room.
///
/// # Examples
///
/// ```
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(2);
/// let unused = tx.try_reserve().unwrap();
/// let used = tx.try_reserve().unwrap();
/// assert_eq!(tx.capacity(), 0);
/// drop(unused);
/// assert_eq!(tx.capacity(), 1);
/// used.send("hello");
/// assert_eq!(rx.try_recv(), Ok("hello"));
/// ```
#[must_use = "an unused permit only blocks capacity"]
pub struct Permit<'a, T> {
    chan: &'a Chan<T, true>,
}

/// Room for several values in a channel. Created by [`Sender::reserve_many`] and
/// [`Sender::try_reserve_many`].
///
/// Each step yields one [`Permit`]. Dropping the iterator releases the rest of the room.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(3);
/// let permits = tx.reserve_many(3).await.unwrap();
/// for (permit, word) in permits.zip(["all", "or", "none"]) {
///     permit.send(word);
/// }
/// let mut words = Vec::new();
/// rx.recv_many(&mut words, 3).await;
/// assert_eq!(words, ["all", "or", "none"]);
/// # })
/// ```
#[must_use = "unused permits only block capacity"]
pub struct PermitIterator<'a, T> {
    chan: &'a Chan<T, true>,
    permits: usize,
}

/// Room for one value in a channel, with its sender. Created by [`Sender::reserve_owned`] and
/// [`Sender::try_reserve_owned`].
///
/// It keeps the channel open as the sender would. Dropping it releases the room and drops the
/// sender.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// let permit = tx.reserve_owned().await.unwrap();
/// // The task cannot fail for want of room.
/// zokio::spawn(async move {
///     permit.send("done");
/// });
/// assert_eq!(rx.recv().await, Some("done"));
/// # })
/// ```
#[must_use = "an unused permit only blocks capacity"]
pub struct OwnedPermit<T> {
    /// `None` once it was used or released.
    sender: Option<Sender<T>>,
}

impl<'a, T> Permit<'a, T> {
    /// The caller has taken one permit of `chan`.
    pub(super) fn new(chan: &'a Chan<T, true>) -> Self {
        Self { chan }
    }

    /// Sends a value into the reserved room. Never waits.
    ///
    /// If the receiver has been dropped by then, the value is never received.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve().await.unwrap();
    /// assert!(tx.try_send("no room left").is_err());
    /// permit.send("reserved");
    /// assert_eq!(rx.recv().await, Some("reserved"));
    /// # })
    /// ```
    #[inline]
    pub fn send(self, value: T) {
        let chan = self.chan;
        // The value takes the permit over, even if waking the receiver panics.
        mem::forget(self);
        chan.send_permitted(value);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.chan.release_unused(1);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("chan", self.chan).finish()
    }
}

impl<'a, T> PermitIterator<'a, T> {
    /// The caller has taken `permits` permits of `chan`.
    pub(super) fn new(chan: &'a Chan<T, true>, permits: usize) -> Self {
        Self { chan, permits }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.permits = self.permits.checked_sub(1)?;
        Some(Permit::new(self.chan))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.permits, Some(self.permits))
    }
}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.chan.release_unused(self.permits);
        }
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("chan", self.chan)
            .field("permits", &self.permits)
            .finish()
    }
}

impl<T> OwnedPermit<T> {
    /// The caller has taken one permit of the sender's channel.
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self {
            sender: Some(sender),
        }
    }

    fn sender(&self) -> &Sender<T> {
        self.sender
            .as_ref()
            .expect("only consuming methods take the sender out")
    }

    fn into_sender(mut self) -> Sender<T> {
        self.sender
            .take()
            .expect("only consuming methods take the sender out")
    }

    /// Sends a value into the reserved room and returns the sender. Never waits.
    ///
    /// If the receiver has been dropped by then, the value is never received.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve_owned().await.unwrap();
    /// let tx = permit.send("first");
    /// assert_eq!(rx.recv().await, Some("first"));
    /// tx.send("second").await.unwrap();
    /// assert_eq!(rx.recv().await, Some("second"));
    /// # })
    /// ```
    #[inline]
    pub fn send(self, value: T) -> Sender<T> {
        let sender = self.into_sender();
        sender.chan().send_permitted(value);
        sender
    }

    /// Releases the room without sending, and returns the sender.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let permit = tx.reserve_owned().await.unwrap();
    /// let tx = permit.release();
    /// assert_eq!(tx.capacity(), 1);
    /// # })
    /// ```
    pub fn release(self) -> Sender<T> {
        let sender = self.into_sender();
        sender.chan().release_unused(1);
        sender
    }

    /// Returns `true` if both permits are for the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(2);
    /// let one = tx.clone().try_reserve_owned().unwrap();
    /// let two = tx.try_reserve_owned().unwrap();
    /// assert!(one.same_channel(&two));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.sender().same_channel(other.sender())
    }

    /// Returns `true` if `sender` sends into the channel of this permit.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let permit = tx.clone().try_reserve_owned().unwrap();
    /// assert!(permit.same_channel_as_sender(&tx));
    /// ```
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender().same_channel(sender)
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.chan().release_unused(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit")
            .field("sender", &self.sender)
            .finish()
    }
}

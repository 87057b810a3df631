//! A borrow of the value.
#![forbid(unsafe_code)]

use std::ops::Deref;

use crate::loom::sync::RwLockReadGuard;

/// The current value, borrowed from the channel.
///
/// While it lives no sender can change the value: one that tries blocks its thread. So keep it for
/// a short time, never across an `.await`, and clone what is needed for longer. Borrowing again on
/// the same thread while a sender waits can deadlock.
///
/// # Examples
///
/// ```
/// use zokio::sync::watch;
///
/// let (tx, rx) = watch::channel(vec![1, 2, 3]);
/// let length = rx.borrow().len();
/// tx.send(vec![]).unwrap();
/// assert_eq!(length, 3);
/// ```
#[derive(Debug)]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    has_changed: bool,
}

impl<'a, T> Ref<'a, T> {
    pub(super) fn new(value: RwLockReadGuard<'a, T>, has_changed: bool) -> Self {
        Self { value, has_changed }
    }

    /// Returns `true` if the receiver had not seen this value before it borrowed it.
    ///
    /// Always `false` for a borrow from a [`Sender`](super::Sender).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel("one");
    /// tx.send("two").unwrap();
    /// assert!(rx.borrow().has_changed());
    /// assert!(rx.borrow_and_update().has_changed());
    /// assert!(!rx.borrow_and_update().has_changed());
    /// ```
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

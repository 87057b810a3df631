//! A value that is set once and that tasks may wait for: [`SetOnce`].
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;

use crate::loom::sync::Mutex;
use crate::record::{self, Wait};
use crate::sync::Notify;
use crate::sync::once_value::OnceValue;

/// A cell that is written once; tasks may wait until it is.
///
/// Unlike [`OnceCell`](crate::sync::OnceCell) it does not compute its value: one task
/// [sets](Self::set) it, and every task that [waits](Self::wait) for it gets a reference.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::SetOnce;
///
/// static ADDRESS: SetOnce<String> = SetOnce::const_new();
///
/// zokio::spawn(async {
///     // The server has found a free port.
///     ADDRESS.set("127.0.0.1:4000".to_string()).unwrap();
/// });
/// assert_eq!(ADDRESS.wait().await, "127.0.0.1:4000");
/// # })
/// ```
pub struct SetOnce<T> {
    pub(in crate::sync) value: OnceValue<T>,
    /// Held while the value is set, so that a caller that comes too late finds it complete.
    pub(in crate::sync) setting: Mutex<()>,
    pub(in crate::sync) is_set: Notify,
}

impl<T> SetOnce<T> {
    /// Creates an empty cell.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// let cell = SetOnce::<i32>::new();
    /// assert!(!cell.initialized());
    /// ```
    pub fn new() -> Self {
        Self::new_with(None)
    }

    /// Creates a cell that holds `value`, or is empty if that is `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// let cell = SetOnce::new_with(Some(5));
    /// assert_eq!(cell.get(), Some(&5));
    /// ```
    pub fn new_with(value: Option<T>) -> Self {
        Self {
            value: OnceValue::new(value),
            setting: Mutex::new(()),
            is_set: Notify::unreported(),
        }
    }

    /// Like [`new`](Self::new), but usable in a constant, so that a cell can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// static CELL: SetOnce<u32> = SetOnce::const_new();
    ///
    /// assert!(CELL.set(5).is_ok());
    /// ```
    pub const fn const_new() -> Self {
        Self {
            value: OnceValue::const_new(),
            setting: Mutex::const_new(()),
            is_set: Notify::const_new(),
        }
    }

    /// Creates a cell that holds `value`, in a constant.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// static CELL: SetOnce<u32> = SetOnce::const_new_with(5);
    ///
    /// assert_eq!(CELL.get(), Some(&5));
    /// ```
    pub const fn const_new_with(value: T) -> Self {
        Self {
            value: OnceValue::const_new_with(value),
            setting: Mutex::const_new(()),
            is_set: Notify::const_new(),
        }
    }

    /// Returns `true` if the cell has a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// let cell = SetOnce::new();
    /// cell.set(5).unwrap();
    /// assert!(cell.initialized());
    /// ```
    pub fn initialized(&self) -> bool {
        self.value.is_set()
    }

    /// Returns the value, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// let cell = SetOnce::new();
    /// assert_eq!(cell.get(), None);
    /// cell.set(5).unwrap();
    /// assert_eq!(cell.get(), Some(&5));
    /// ```
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Sets the value and wakes all tasks that wait for it.
    ///
    /// # Errors
    ///
    /// Returns an error that holds `value` if the cell has one already.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// let cell = SetOnce::new();
    /// assert!(cell.set(5).is_ok());
    /// assert_eq!(cell.set(6).unwrap_err().0, 6);
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        if self.initialized() {
            return Err(SetOnceError(value));
        }
        let setting = self.setting.lock();
        self.value.set(value).map_err(SetOnceError)?;
        drop(setting);
        self.is_set.notify_waiters();
        Ok(())
    }

    /// Waits until the cell has a value.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Waiting changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::SetOnce;
    ///
    /// let cell = Arc::new(SetOnce::new());
    /// let other = cell.clone();
    /// zokio::spawn(async move { other.set(5) });
    /// assert_eq!(*cell.wait().await, 5);
    /// # })
    /// ```
    pub async fn wait(&self) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        // Created before the second look, so it completes if the value comes after it.
        let is_set = self.is_set.notified();
        if let Some(value) = self.get() {
            return value;
        }
        let mut is_set = pin!(is_set);
        poll_fn(|cx| {
            let polled = is_set.as_mut().poll(cx);
            if polled.is_pending() {
                record::waits_around(Wait::SetOnce, || record::address(self));
            }
            polled
        })
        .await;
        self.get()
            .expect("who waits is notified once the value is set")
    }

    /// Consumes the cell and returns the value, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::SetOnce;
    ///
    /// assert_eq!(SetOnce::new_with(Some(5)).into_inner(), Some(5));
    /// ```
    pub fn into_inner(mut self) -> Option<T> {
        self.value.take()
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        drop(self.value.take());
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> SetOnce<T> {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce")
            .field("value", &self.get())
            .finish()
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> SetOnce<T> {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &SetOnce<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self::new_with(Some(value))
    }
}

/// The error of [`SetOnce::set`] on a cell that has a value. It holds the new value.
///
/// # Examples
///
/// ```
/// use zokio::sync::{SetOnce, SetOnceError};
///
/// let cell = SetOnce::new();
/// cell.set("first").unwrap();
/// assert_eq!(cell.set("second"), Err(SetOnceError("second")));
/// assert_eq!(cell.get(), Some(&"first"));
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetOnceError")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::SetOnce;
    use crate::loom::thread;
    use loom::future::block_on;
    use std::sync::Arc;

    #[test]
    fn loom_who_waits_gets_the_first_value() {
        loom::model(|| {
            let cell = Arc::new(SetOnce::new());
            let setters = [1, 2].map(|value| {
                let cell = cell.clone();
                thread::spawn(move || {
                    let set = cell.set(value);
                    assert!(cell.initialized());
                    set.is_ok().then_some(value)
                })
            });
            let value = *block_on(cell.wait());
            let set: Vec<_> = setters
                .into_iter()
                .filter_map(|t| t.join().unwrap())
                .collect();
            assert_eq!(set, [value]);
        });
    }
}

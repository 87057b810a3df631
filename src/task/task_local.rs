//! Values that follow a task: [`task_local!`](crate::task_local), [`LocalKey`],
//! [`TaskLocalFuture`].
//!
//! A value lives in the future that [`LocalKey::scope`] returns, and is in a thread-local only
//! while that future is polled or dropped.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

/// Declares task-local keys, of type [`LocalKey`].
///
/// The syntax is that of [`std::thread_local!`] without values: what a key holds is set by
/// [`LocalKey::scope`](crate::task::LocalKey::scope). The keys may be public and have attributes.
///
/// # Examples
///
/// ```
/// zokio::task_local! {
///     /// Who asked.
///     pub static USER: String;
///     static DEPTH: u32;
/// }
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// USER.scope("ada".to_string(), DEPTH.scope(1, async {
///     assert_eq!(USER.get(), "ada");
///     assert_eq!(DEPTH.get(), 1);
/// }))
/// .await;
/// # });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty; $($rest:tt)*) => {
        $crate::__task_local_inner!($(#[$attr])* $vis $name, $t);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty) => {
        $crate::__task_local_inner!($(#[$attr])* $vis $name, $t);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __task_local_inner {
    ($(#[$attr:meta])* $vis:vis $name:ident, $t:ty) => {
        $(#[$attr])*
        $vis static $name: $crate::task::LocalKey<$t> = {
            ::std::thread_local! {
                static __KEY: ::std::cell::RefCell<::std::option::Option<$t>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey { inner: __KEY }
        };
    };
}

/// A key for values that follow a task. Created by [`task_local!`](crate::task_local).
///
/// # Examples
///
/// ```
/// zokio::task_local! {
///     static NUMBER: u32;
/// }
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// NUMBER.scope(1, async {
///     assert_eq!(NUMBER.get(), 1);
///     NUMBER.sync_scope(2, || assert_eq!(NUMBER.get(), 2));
///     assert_eq!(NUMBER.get(), 1);
///     // A task that is spawned is outside of the scope.
///     zokio::task::spawn(async { assert!(NUMBER.try_get().is_err()) }).await.unwrap();
/// })
/// .await;
/// # });
/// ```
pub struct LocalKey<T: 'static> {
    #[doc(hidden)]
    pub inner: thread::LocalKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    /// Returns a future that polls `f` with the key set to `value`.
    ///
    /// The value is also there while `f` is dropped: when it completes, and when the future is
    /// dropped before that.
    ///
    /// # Cancel safety
    ///
    /// The returned future is as cancel safe as `f`. Dropping it drops `f` and then `value`, unless
    /// [`take_value`](TaskLocalFuture::take_value) has taken that out.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled while another value of this key is borrowed by
    /// [`with`](Self::with), and if it is polled after it completed.
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let doubled = NUMBER.scope(21, async { NUMBER.get() * 2 }).await;
    /// assert_eq!(doubled, 42);
    /// # });
    /// ```
    pub fn scope<F>(&'static self, value: T, f: F) -> TaskLocalFuture<T, F>
    where
        F: Future,
    {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            future: Some(f),
            _pinned: PhantomPinned,
        }
    }

    /// Calls `f` with the key set to `value`.
    ///
    /// # Panics
    ///
    /// Panics if another value of this key is borrowed by [`with`](Self::with).
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// let doubled = NUMBER.sync_scope(21, || NUMBER.get() * 2);
    /// assert_eq!(doubled, 42);
    /// ```
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        let mut value = Some(value);
        match self.with_value(&mut value, f) {
            Ok(result) => result,
            Err(error) => error.panic(),
        }
    }

    /// Calls `f` with `value` in the thread-local, and takes the value out again.
    fn with_value<R>(
        &'static self,
        value: &mut Option<T>,
        f: impl FnOnce() -> R,
    ) -> Result<R, ScopeError> {
        struct Restore<'a, T: 'static> {
            key: &'static LocalKey<T>,
            value: &'a mut Option<T>,
        }
        impl<T: 'static> Drop for Restore<'_, T> {
            fn drop(&mut self) {
                // Every borrow of the value in the scope has ended, and the thread's locals outlive
                // a function that runs on it.
                let restored = self.key.swap(self.value);
                debug_assert!(restored.is_ok(), "the scope ends as it began");
            }
        }
        self.swap(value)?;
        let _restore = Restore { key: self, value };
        Ok(f())
    }

    fn swap(&'static self, value: &mut Option<T>) -> Result<(), ScopeError> {
        let swapped = self.inner.try_with(|slot| match slot.try_borrow_mut() {
            Ok(mut slot) => {
                mem::swap(&mut *slot, value);
                Ok(())
            }
            Err(_) => Err(ScopeError::Borrowed),
        });
        swapped.unwrap_or(Err(ScopeError::Destroyed))
    }

    /// Calls `f` with the value.
    ///
    /// # Panics
    ///
    /// Panics if called outside of every [`scope`](Self::scope) of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// NAME.scope("ada".to_string(), async {
    ///     assert_eq!(NAME.with(|name| name.len()), 3);
    /// })
    /// .await;
    /// # });
    /// ```
    #[track_caller]
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(_) => panic!(
                "cannot access a task-local storage value without setting it first: call this \
                 inside `LocalKey::scope`"
            ),
        }
    }

    /// Calls `f` with the value, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if called outside of every [`scope`](Self::scope) of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// assert!(NAME.try_with(|name| name.len()).is_err());
    /// ```
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let result = self.inner.try_with(|slot| slot.borrow().as_ref().map(f));
        match result {
            Ok(Some(result)) => Ok(result),
            Ok(None) | Err(_) => Err(AccessError { _private: () }),
        }
    }
}

impl<T: Clone + 'static> LocalKey<T> {
    /// Returns a clone of the value.
    ///
    /// # Panics
    ///
    /// Panics if called outside of every [`scope`](Self::scope) of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert_eq!(NUMBER.sync_scope(3, || NUMBER.get()), 3);
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// Returns a clone of the value, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if called outside of every [`scope`](Self::scope) of this key.
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert!(NUMBER.try_get().is_err());
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

pin_project! {
    /// A future that is polled with a task-local key set. Created by [`LocalKey::scope`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the inner future, with the key set, and then the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::futures::TaskLocalFuture;
    ///
    /// zokio::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// fn scoped<F: Future>(future: F) -> TaskLocalFuture<u32, F> {
    ///     NUMBER.scope(7, future)
    /// }
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(scoped(async { NUMBER.get() }).await, 7);
    /// # });
    /// ```
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        value: Option<T>,
        #[pin]
        future: Option<F>,
        #[pin]
        _pinned: PhantomPinned,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut future = this.future;
            if future.is_some() {
                // Where the key cannot be set the future is dropped without it, right after this.
                let _ = this.key.with_value(this.value, || future.set(None));
            }
        }
    }
}

impl<T, F> TaskLocalFuture<T, F>
where
    T: 'static,
{
    /// Takes the value out of the scope; the future continues without it.
    ///
    /// Returns `None` if the value was taken before.
    ///
    /// # Examples
    ///
    /// ```
    /// zokio::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut scoped = Box::pin(NAME.scope("ada".to_string(), async { NAME.with(String::len) }));
    /// assert_eq!(scoped.as_mut().await, 3);
    /// assert_eq!(scoped.as_mut().take_value().as_deref(), Some("ada"));
    /// assert_eq!(scoped.as_mut().take_value(), None);
    /// # });
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut future = this.future;
        let polled = this.key.with_value(this.value, || {
            let polled = future.as_mut().as_pin_mut()?.poll(cx);
            if polled.is_ready() {
                future.set(None);
            }
            Some(polled)
        });
        match polled {
            Ok(Some(polled)) => polled,
            Ok(None) => panic!("`TaskLocalFuture` polled after completion"),
            Err(error) => error.panic(),
        }
    }
}

impl<T, F> fmt::Debug for TaskLocalFuture<T, F>
where
    T: fmt::Debug + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = format_args!("<missing>");
        let value: &dyn fmt::Debug = match &self.value {
            Some(value) => value,
            None => &missing,
        };
        f.debug_struct("TaskLocalFuture")
            .field("value", value)
            .finish()
    }
}

/// The error of reading a key outside of every [`LocalKey::scope`].
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct AccessError {
    _private: (),
}

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessError")
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task-local value not set")
    }
}

impl Error for AccessError {}

/// The reason why a scope cannot be entered.
#[derive(Debug)]
enum ScopeError {
    Borrowed,
    Destroyed,
}

impl ScopeError {
    #[track_caller]
    fn panic(self) -> ! {
        match self {
            ScopeError::Borrowed => panic!(
                "cannot enter a task-local scope while the task-local storage is borrowed: leave \
                 `LocalKey::with` first"
            ),
            ScopeError::Destroyed => panic!(
                "cannot enter a task-local scope during or after destruction of the underlying \
                 thread-local: this thread is ending"
            ),
        }
    }
}

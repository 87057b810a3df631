//! The guard of a part of a mutex's data, borrowing the mutex.
#![forbid(unsafe_code)]

use crate::sync::guard::{Borrowed, Exclusive, Guard, One, guard_traits};

/// Access to a part of the data of a locked [`Mutex`](crate::sync::Mutex); dropping it unlocks.
///
/// Returned by [`MutexGuard::map`](crate::sync::MutexGuard::map).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
///
/// struct Account {
///     owner: &'static str,
///     balance: u64,
/// }
///
/// // The caller gets the balance and nothing else.
/// async fn balance(account: &Mutex<Account>) -> MappedMutexGuard<'_, u64> {
///     MutexGuard::map(account.lock().await, |account| &mut account.balance)
/// }
///
/// let account = Mutex::new(Account { owner: "ada", balance: 1 });
/// *balance(&account).await += 10;
/// let account = account.into_inner();
/// assert_eq!((account.owner, account.balance), ("ada", 11));
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct MappedMutexGuard<'a, T: ?Sized>(
    pub(super) Guard<Borrowed<'a, One>, Exclusive<T, &'a mut T>>,
);

guard_traits!(impl['a, T: ?Sized] mut MappedMutexGuard<'a, T> => T);

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Narrows the guard further.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let nested = Mutex::new(((1, 2), 3));
    /// let inner = MutexGuard::map(nested.lock().await, |nested| &mut nested.0);
    /// let mut one = MappedMutexGuard::map(inner, |inner| &mut inner.0);
    /// *one = 10;
    /// drop(one);
    /// assert_eq!(nested.lock().await.0.0, 10);
    /// # })
    /// ```
    pub fn map<U, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        MappedMutexGuard(this.0.map(f))
    }

    /// Narrows the guard further, to a part that may not exist.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let pair = Mutex::new((vec![1, 2], "list"));
    /// let list = MutexGuard::map(pair.lock().await, |pair| &mut pair.0);
    /// let list = MappedMutexGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    /// let last = MappedMutexGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// assert_eq!(*last, 2);
    /// # })
    /// ```
    pub fn try_map<U, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(MappedMutexGuard).map_err(Self)
    }
}

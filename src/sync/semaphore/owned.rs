//! Permits that share the ownership of their semaphore.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::semaphore::Semaphore;

/// Permits of a shared [`Semaphore`], returned to it when this is dropped.
///
/// Created by [`Semaphore::acquire_owned`] and its variants. They keep the semaphore alive and may
/// move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Semaphore;
///
/// let slots = Arc::new(Semaphore::new(1));
/// let slot = slots.clone().acquire_owned().await.unwrap();
/// let job = zokio::spawn(async move {
///     // The slot is taken while the job runs.
///     let free = slot.semaphore().available_permits();
///     drop(slot);
///     free
/// });
/// assert_eq!(job.await.unwrap(), 0);
/// assert_eq!(slots.available_permits(), 1);
/// # })
/// ```
#[must_use = "the permit is given back as soon as it is dropped"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    permits: usize,
}

impl OwnedSemaphorePermit {
    pub(super) fn new(semaphore: Arc<Semaphore>, permits: usize) -> Self {
        Self { semaphore, permits }
    }

    /// Forgets the permits, which the semaphore does not get back.
    ///
    /// [`Semaphore::add_permits`] can make up for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(10));
    /// semaphore.clone().try_acquire_many_owned(3).unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 7);
    /// ```
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// Takes over the permits of `other`.
    ///
    /// # Panics
    ///
    /// Panics if `other` belongs to another semaphore.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(10));
    /// let mut permits = semaphore.clone().try_acquire_owned().unwrap();
    /// permits.merge(semaphore.try_acquire_many_owned(2).unwrap());
    /// assert_eq!(permits.num_permits(), 3);
    /// ```
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            Arc::ptr_eq(&self.semaphore, &other.semaphore),
            "merging permits from different semaphore instances: merge those of one semaphore only"
        );
        self.permits += std::mem::take(&mut other.permits);
    }

    /// Splits off `n` of these permits, or none at all if there are fewer than `n`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut two = semaphore.try_acquire_many_owned(3).unwrap();
    /// let one = two.split(1).unwrap();
    /// assert_eq!((one.num_permits(), two.num_permits()), (1, 2));
    /// assert!(two.split(3).is_none());
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(n)?;
        Some(Self::new(self.semaphore.clone(), n))
    }

    /// Returns the number of permits held.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(10));
    /// let permits = semaphore.try_acquire_many_owned(3).unwrap();
    /// assert_eq!(permits.num_permits(), 3);
    /// ```
    pub fn num_permits(&self) -> usize {
        self.permits
    }

    /// Returns the semaphore that the permits belong to.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().try_acquire_owned().unwrap();
    /// assert!(Arc::ptr_eq(permit.semaphore(), &semaphore));
    /// ```
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.raw.release(self.permits);
        }
    }
}

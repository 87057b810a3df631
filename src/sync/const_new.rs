//! The constructors of `sync` that work in a `static`.
//!
//! They stand apart from their types because loom's primitives cannot be made in a constant: a
//! build for loom leaves this file out.
#![forbid(unsafe_code)]

use std::cell::UnsafeCell;

use crate::loom::sync;
use crate::loom::sync::atomic::AtomicUsize;
use crate::sync::rwlock::{MAX_READERS, check_readers};
use crate::sync::semaphore::{RawSemaphore, SHIFT};
use crate::sync::{Mutex, RwLock, Semaphore};
use crate::util::list::List;

impl RawSemaphore {
    /// [`new`](Self::new) in a constant.
    #[track_caller]
    pub(crate) const fn const_new(permits: usize) -> Self {
        Self::check_permits(permits);
        Self {
            state: AtomicUsize::new(permits << SHIFT),
            queue: sync::Mutex::new(List::new()),
        }
    }
}

impl Semaphore {
    /// [`new`](Self::new) in a constant, so that a semaphore can be a `static`.
    ///
    /// # Panics
    ///
    /// Panics (in a `static`: does not compile) if `permits` is more than
    /// [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// static SLOTS: Semaphore = Semaphore::const_new(1);
    ///
    /// let slot = SLOTS.try_acquire().unwrap();
    /// assert_eq!(SLOTS.available_permits(), 0);
    /// # drop(slot);
    /// ```
    #[track_caller]
    pub const fn const_new(permits: usize) -> Self {
        Self {
            raw: RawSemaphore::const_new(permits),
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// [`new`](Self::new) in a constant, so that a mutex can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// static TOTAL: Mutex<i32> = Mutex::const_new(0);
    ///
    /// *TOTAL.try_lock().unwrap() += 1;
    /// ```
    pub const fn const_new(t: T) -> Self
    where
        T: Sized,
    {
        Self {
            semaphore: RawSemaphore::const_new(1),
            data: UnsafeCell::new(t),
        }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// [`new`](Self::new) in a constant, so that a lock can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// static SETTING: RwLock<i32> = RwLock::const_new(5);
    ///
    /// assert_eq!(*SETTING.try_read().unwrap(), 5);
    /// ```
    pub const fn const_new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::const_with_max_readers(value, MAX_READERS)
    }

    /// [`with_max_readers`](Self::with_max_readers) in a constant, so that a lock can be a
    /// `static`.
    ///
    /// # Panics
    ///
    /// Panics (in a `static`: does not compile) if `max_reads` is 0 or more than `u32::MAX >> 3`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// static SETTING: RwLock<i32> = RwLock::const_with_max_readers(5, 1024);
    ///
    /// assert_eq!(*SETTING.try_read().unwrap(), 5);
    /// ```
    #[track_caller]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        check_readers(max_reads);
        Self {
            max_readers: max_reads,
            semaphore: RawSemaphore::const_new(max_reads as usize),
            data: UnsafeCell::new(value),
        }
    }
}

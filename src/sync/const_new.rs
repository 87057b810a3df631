//! The constructors of `sync` that work in a `static`.
//!
//! They stand apart from their types because loom's primitives cannot be made in a constant: a
//! build for loom leaves this file out.
#![forbid(unsafe_code)]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use crate::loom::sync;
use crate::loom::sync::atomic::{AtomicU8, AtomicUsize};
use crate::sync::notify::RawNotify;
use crate::sync::once_value::{self, OnceValue};
use crate::sync::rwlock::{MAX_READERS, check_readers};
use crate::sync::semaphore::{RawSemaphore, SHIFT};
use crate::sync::{Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce};
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

impl RawNotify {
    /// [`new`](Self::new) in a constant.
    pub(crate) const fn const_new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            waiters: sync::Mutex::new(List::new()),
        }
    }
}

impl Notify {
    /// [`new`](Self::new) in a constant, so that a notify can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Notify;
    ///
    /// static CHANGED: Notify = Notify::const_new();
    ///
    /// CHANGED.notify_one();
    /// ```
    pub const fn const_new() -> Notify {
        Self {
            raw: RawNotify::const_new(),
        }
    }
}

impl<T> OnceValue<T> {
    /// [`new`](Self::new) in a constant, for no value.
    const fn const_new() -> Self {
        Self {
            state: AtomicU8::new(once_value::EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// [`new`](Self::new) in a constant, for a value.
    const fn const_new_with(value: T) -> Self {
        Self {
            state: AtomicU8::new(once_value::SET),
            value: UnsafeCell::new(MaybeUninit::new(value)),
        }
    }
}

impl<T> OnceCell<T> {
    /// [`new`](Self::new) in a constant, so that a cell can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// static CELL: OnceCell<u32> = OnceCell::const_new();
    ///
    /// assert!(CELL.set(5).is_ok());
    /// ```
    pub const fn const_new() -> Self {
        Self {
            value: OnceValue::const_new(),
            initialize: RawSemaphore::const_new(1),
        }
    }

    /// A cell that has `value`, made in a constant.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// static CELL: OnceCell<u32> = OnceCell::const_new_with(5);
    ///
    /// assert_eq!(CELL.get(), Some(&5));
    /// ```
    pub const fn const_new_with(value: T) -> Self {
        Self {
            value: OnceValue::const_new_with(value),
            initialize: RawSemaphore::const_new(1),
        }
    }
}

impl<T> SetOnce<T> {
    /// [`new`](Self::new) in a constant, so that a cell can be a `static`.
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
            setting: sync::Mutex::new(()),
            is_set: Notify::const_new(),
        }
    }

    /// A cell that has `value`, made in a constant.
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
            setting: sync::Mutex::new(()),
            is_set: Notify::const_new(),
        }
    }
}

//! The primitives of `std` and of loom under one name.
//!
//! Code whose interleavings are model-checked takes its cells, locks and atomics from here.
//! With `--cfg loom` they are loom's; otherwise they are `std`'s, and the lock ignores poison,
//! because every critical section of this crate leaves its data consistent before it calls
//! anything that may panic. Read `util/mod.rs` next.
//!
//! The whole crate compiles with either, so a module need not know of loom. A `static` of the crate
//! takes its lock from [`unmodeled`], since loom's primitives cannot be made in a constant. What is
//! made in a constant for users (`Mutex::const_new` of `sync`) takes them from `const_new` and
//! `const_u8`, which exist with loom as well, and panic there.

// A primitive that no module needs would otherwise cause a warning in one of the two builds.
#![allow(unused_imports, dead_code)]

#[cfg(tsan)]
mod instrumented;
mod lock;

/// The primitives of `std`, also with `--cfg loom`.
pub(crate) mod unmodeled {
    pub(crate) mod cell {
        /// A cell that passes raw pointers to a closure, so that loom can track accesses.
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub(crate) struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

        impl<T> UnsafeCell<T> {
            pub(crate) const fn new(value: T) -> Self {
                Self(std::cell::UnsafeCell::new(value))
            }

            pub(crate) fn into_inner(self) -> T {
                self.0.into_inner()
            }
        }

        impl<T: ?Sized> UnsafeCell<T> {
            #[inline(always)]
            pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
                f(self.0.get())
            }

            #[inline(always)]
            pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
                f(self.0.get())
            }

            pub(crate) fn get_mut(&mut self) -> &mut T {
                self.0.get_mut()
            }
        }
    }

    pub(crate) mod sync {
        #[cfg(tsan)]
        use super::super::instrumented as locks;
        #[cfg(not(tsan))]
        use std::sync as locks;

        pub(crate) use super::super::lock::{Condvar, Mutex, MutexGuard};
        pub(crate) use locks::{OnceLock, RwLockReadGuard, RwLockWriteGuard};
        use std::sync::PoisonError;
        pub(crate) use std::sync::{Arc, Weak};

        pub(crate) mod atomic {
            pub(crate) use std::sync::atomic::*;

            /// Creates an atomic in a constant.
            pub(crate) const fn const_u8(value: u8) -> AtomicU8 {
                AtomicU8::new(value)
            }

            /// Creates an atomic in a constant.
            pub(crate) const fn const_usize(value: usize) -> AtomicUsize {
                AtomicUsize::new(value)
            }
        }

        /// A readers-writer lock without poison.
        #[derive(Debug, Default)]
        pub(crate) struct RwLock<T: ?Sized>(locks::RwLock<T>);

        impl<T> RwLock<T> {
            pub(crate) const fn new(value: T) -> Self {
                Self(locks::RwLock::new(value))
            }
        }

        impl<T: ?Sized> RwLock<T> {
            #[inline]
            pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
                self.0.read().unwrap_or_else(PoisonError::into_inner)
            }

            #[inline]
            pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
                self.0.write().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    pub(crate) mod thread {
        pub(crate) use std::thread::*;

        /// What tells threads apart.
        #[cfg(not(windows))]
        pub(crate) type Number = u64;
        #[cfg(windows)]
        pub(crate) type Number = ThreadId;

        #[cfg(not(windows))]
        std::thread_local! {
            static NUMBER: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
        }

        /// Returns a number that no other thread ever has. Available even while a thread ends.
        #[cfg(not(windows))]
        #[inline]
        pub(crate) fn number() -> Number {
            NUMBER.with(|number| {
                if number.get() == 0 {
                    number.set(super::super::next_thread());
                }
                number.get()
            })
        }

        /// The same by std, which keeps its number until all values of the thread are gone. The cell
        /// above may be gone before them there, although it needs no drop, and be made anew.
        #[cfg(windows)]
        pub(crate) fn number() -> Number {
            current().id()
        }
    }

    pub(crate) mod hint {
        pub(crate) use std::hint::spin_loop;
    }
}

#[cfg(loom)]
mod modeled {
    pub(crate) mod cell {
        pub(crate) use loom::cell::UnsafeCell;
    }

    pub(crate) mod sync {
        pub(crate) use loom::sync::{Arc, RwLockReadGuard, RwLockWriteGuard};
        use std::ops::{Deref, DerefMut};
        pub(crate) use std::sync::OnceLock;
        use std::time::Duration;

        pub(crate) mod atomic {
            use super::super::no_constant;
            pub(crate) use loom::sync::atomic::*;

            pub(crate) const fn const_u8(_: u8) -> AtomicU8 {
                no_constant()
            }

            pub(crate) const fn const_usize(_: usize) -> AtomicUsize {
                no_constant()
            }
        }

        /// A mutex without poison.
        #[derive(Debug, Default)]
        pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

        impl<T> Mutex<T> {
            pub(crate) fn new(value: T) -> Self {
                Self(loom::sync::Mutex::new(value))
            }

            pub(crate) const fn const_new(_: T) -> Self {
                super::no_constant()
            }

            pub(crate) fn into_inner(self) -> T {
                self.0.into_inner().expect("loom locks are never poisoned")
            }

            pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
                let guard = self.0.lock().expect("loom locks are never poisoned");
                MutexGuard { guard, lock: self }
            }

            pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
                let guard = self.0.try_lock().ok()?;
                Some(MutexGuard { guard, lock: self })
            }

            pub(crate) fn get_mut(&mut self) -> &mut T {
                self.0.get_mut().expect("loom locks are never poisoned")
            }
        }

        /// The guard of a [`Mutex`], which knows its lock.
        #[derive(Debug)]
        pub(crate) struct MutexGuard<'a, T> {
            guard: loom::sync::MutexGuard<'a, T>,
            lock: &'a Mutex<T>,
        }

        impl<T> Deref for MutexGuard<'_, T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.guard
            }
        }

        impl<T> DerefMut for MutexGuard<'_, T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.guard
            }
        }

        /// A readers-writer lock without poison.
        #[derive(Debug, Default)]
        pub(crate) struct RwLock<T>(loom::sync::RwLock<T>);

        impl<T> RwLock<T> {
            pub(crate) fn new(value: T) -> Self {
                Self(loom::sync::RwLock::new(value))
            }

            pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
                self.0.read().expect("loom locks are never poisoned")
            }

            pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
                self.0.write().expect("loom locks are never poisoned")
            }
        }

        /// A condition variable for [`Mutex`].
        #[derive(Debug)]
        pub(crate) struct Condvar(loom::sync::Condvar);

        impl Condvar {
            pub(crate) fn new() -> Self {
                Self(loom::sync::Condvar::new())
            }

            pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
                let MutexGuard { guard, lock } = guard;
                let guard = self.0.wait(guard).expect("loom locks are never poisoned");
                MutexGuard { guard, lock }
            }

            /// Waits for a notification and never times out: loom has no clock. A timeout of zero
            /// runs out at once, and others may have the lock before that is known.
            pub(crate) fn wait_timeout<'a, T>(
                &self,
                guard: MutexGuard<'a, T>,
                timeout: Duration,
            ) -> (MutexGuard<'a, T>, bool) {
                if timeout.is_zero() {
                    let MutexGuard { guard, lock } = guard;
                    drop(guard);
                    return (lock.lock(), true);
                }
                (self.wait(guard), false)
            }

            pub(crate) fn notify_one(&self) {
                self.0.notify_one();
            }

            pub(crate) fn notify_all(&self) {
                self.0.notify_all();
            }
        }
    }

    pub(crate) mod thread {
        pub(crate) use loom::thread::*;

        /// The name of a thread that cannot be started, as if the system had none left.
        pub(crate) const REFUSED: &str = "refused";

        /// Starts threads, except for those named [`REFUSED`].
        #[derive(Debug)]
        pub(crate) struct Builder {
            builder: loom::thread::Builder,
            refused: bool,
        }

        impl Builder {
            pub(crate) fn new() -> Self {
                Builder {
                    builder: loom::thread::Builder::new(),
                    refused: false,
                }
            }

            pub(crate) fn name(self, name: String) -> Self {
                Builder {
                    refused: name == REFUSED,
                    builder: self.builder.name(name),
                }
            }

            pub(crate) fn stack_size(self, size: usize) -> Self {
                Builder {
                    builder: self.builder.stack_size(size),
                    ..self
                }
            }

            pub(crate) fn spawn<F, T>(self, f: F) -> std::io::Result<JoinHandle<T>>
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                if self.refused {
                    return Err(std::io::ErrorKind::WouldBlock.into());
                }
                self.builder.spawn(f)
            }
        }

        loom::thread_local! {
            static NUMBER: u64 = super::super::next_thread();
        }

        pub(crate) type Number = u64;

        /// Returns a number that no other thread of the model ever has.
        pub(crate) fn number() -> Number {
            NUMBER.with(|number| *number)
        }
    }

    pub(crate) mod hint {
        pub(crate) use loom::hint::spin_loop;
    }

    const fn no_constant() -> ! {
        panic!("a primitive of loom cannot be made in a constant")
    }
}

#[cfg(loom)]
pub(crate) use modeled::{cell, hint, sync, thread};
#[cfg(not(loom))]
pub(crate) use unmodeled::{cell, hint, sync, thread};

/// Returns a number for a thread, never zero. Not part of any protocol that loom checks.
fn next_thread() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

//! The generic guard behind the ten guards of `Mutex` and `RwLock`.
//!
//! A lock is a raw semaphore beside its data ([`Lock`]): a mutex has one permit, a readers-writer
//! lock as many as there may be readers. A [`Guard`] consists of the permits with who holds them
//! (`held.rs`) and of the place of its data (`generic.rs`, which has all the unsafe code). Each
//! public guard is a newtype around one kind of it, with documentation and [`guard_traits`].
//!
//! Invariants, cited in this folder:
//!
//! - G1: one permit of a lock is the right to read its data, all permits are the right to write to
//!   them. So a guard with one permit shares the data with readers, and a guard with all permits
//!   has them alone. Only guards acquire permits.
//! - G2: a guard has the permits that its [`Held`](held::Held) releases, from its creation until it
//!   is dropped or turned into another guard, which takes them over.
//! - G3: the pointer of an [`Exclusive`] was made from the exclusive reference of a guard whose
//!   permits this one took over. That of a [`Shared`] was made from a reference of such a guard, or
//!   from a lock of which the guard acquired a permit. So by G1 it is valid, and as exclusive or as
//!   shared as its name, for as long as the guard has its permits.

mod error;
mod generic;
mod held;

pub use error::TryLockError;
pub(in crate::sync) use generic::{Exclusive, Guard, Shared, Whole};
pub(in crate::sync) use held::{Borrowed, Lock, One, Permits, Reader};

/// Waits for all permits (`exclusive`) or for one (`shared`) of the lock that `$owner` points to,
/// and evaluates to the guard that holds them.
///
/// An async function would be a future within that of its caller, which is larger and slower.
macro_rules! acquire {
    (exclusive $owner:ident) => {{
        acquire!($owner, $crate::sync::guard::Permits::count($owner.all()));
        // SAFETY: all permits were just acquired.
        unsafe { Guard::exclusive($owner) }
    }};
    (shared $owner:ident) => {{
        acquire!($owner, 1);
        // SAFETY: the permit was just acquired.
        unsafe { Guard::shared($owner) }
    }};
    ($owner:ident, $permits:expr) => {
        if !$owner.semaphore().acquire_now($permits) {
            let acquired = $owner.semaphore().acquire($permits).await;
            acquired.expect("the semaphore of a lock is never closed");
        }
    };
}

/// Implements `Deref`, `Debug` and `Display` for a newtype around a [`Guard`] by those of `$data`,
/// and `DerefMut` for one that is marked `mut`.
macro_rules! guard_traits {
    (impl[$($generics:tt)*] mut $guard:ty => $data:ident) => {
        guard_traits!(impl[$($generics)*] $guard => $data);

        impl<$($generics)*> std::ops::DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut $data {
                &mut self.0
            }
        }
    };
    (impl[$($generics:tt)*] $guard:ty => $data:ident) => {
        impl<$($generics)*> std::ops::Deref for $guard {
            type Target = $data;

            #[inline]
            fn deref(&self) -> &$data {
                &self.0
            }
        }

        impl<$($generics)*> std::fmt::Debug for $guard
        where
            $data: std::fmt::Debug,
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&**self, f)
            }
        }

        impl<$($generics)*> std::fmt::Display for $guard
        where
            $data: std::fmt::Display,
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&**self, f)
            }
        }
    };
}

pub(in crate::sync) use {acquire, guard_traits};

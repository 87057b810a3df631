//! The generic guard behind the ten guards of `Mutex` and `RwLock`.
//!
//! A lock is a raw semaphore beside its data ([`Lock`]): a mutex has one permit, a readers-writer
//! lock as many as there may be readers. A [`Guard`] has permits of a lock (`held.rs`) and a target,
//! which is all the data or a part of them (`generic.rs`, with the unsafe code of the guards). Each
//! public guard is a newtype around one kind of guard, with [`guard_traits`].
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
pub(in crate::sync) use generic::{Exclusive, Guard, Shared, Whole, acquire};
pub(in crate::sync) use held::{Borrowed, Lock, One, Permits, Reader};

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

pub(in crate::sync) use guard_traits;

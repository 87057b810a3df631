//! The guard itself, and what it can be a guard of: the whole data of its lock or a part.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;

use crate::sync::guard::error::TryLockError;
use crate::sync::guard::held::{Held, Lock, Owner, Permits};

/// Access to the data of `target` by the permits of `held`, which it releases when it is dropped.
pub(in crate::sync) struct Guard<H: Held, T> {
    held: H,
    target: T,
}

// SAFETY: a shared guard shows its lock, which asks for `H: Sync`, and a reference to the data,
// which asks for `H::Data: Sync` if they are the whole, and for `T: Sync` if they are a part.
unsafe impl<H: Held<Data: Sync> + Sync, T: Sync> Sync for Guard<H, T> {}

/// All the data of the lock that the guard is held by.
pub(in crate::sync) struct Whole;

/// The data behind a pointer. A `*mut U` is used like a `&mut U`, a `*const U` like a `&U`; the
/// marker has the lifetime, if there is one, and restricts the auto traits.
pub(in crate::sync) struct Part<P, M> {
    pointer: P,
    marker: PhantomData<M>,
}

pub(in crate::sync) type Exclusive<U, M> = Part<*mut U, M>;
pub(in crate::sync) type Shared<U, M = ()> = Part<*const U, M>;

// SAFETY: G3: it is an exclusive reference.
unsafe impl<U: ?Sized + Send, M: Send> Send for Exclusive<U, M> {}
// SAFETY: as for `Send`.
unsafe impl<U: ?Sized + Sync, M: Sync> Sync for Exclusive<U, M> {}

// SAFETY: G3: it is a shared reference.
unsafe impl<U: ?Sized + Sync, M: Send> Send for Shared<U, M> {}
// SAFETY: as for `Send`; `U: Send` is more than it needs.
unsafe impl<U: ?Sized + Send + Sync, M: Sync> Sync for Shared<U, M> {}

impl<P, M> Part<P, M> {
    #[inline]
    fn new(pointer: P) -> Self {
        Self {
            pointer,
            marker: PhantomData,
        }
    }
}

/// What a guard with the permits of an `H` has access to.
pub(in crate::sync) trait Target<H> {
    type Data: ?Sized;

    fn pointer(&self, held: &H) -> *mut Self::Data;
}

/// A target that one guard at a time has access to.
pub(in crate::sync) trait TargetMut<H>: Target<H> {}

impl<O: Owner> Target<O> for Whole {
    type Data = <O::Target as Lock>::Data;

    #[inline]
    fn pointer(&self, held: &O) -> *mut Self::Data {
        held.data()
    }
}

impl<O: Owner> TargetMut<O> for Whole {}

impl<H, U: ?Sized, M> Target<H> for Exclusive<U, M> {
    type Data = U;

    #[inline]
    fn pointer(&self, _: &H) -> *mut U {
        self.pointer
    }
}

impl<H, U: ?Sized, M> TargetMut<H> for Exclusive<U, M> {}

impl<H, U: ?Sized, M> Target<H> for Shared<U, M> {
    type Data = U;

    #[inline]
    fn pointer(&self, _: &H) -> *mut U {
        self.pointer.cast_mut()
    }
}

/// Waits for all permits (`exclusive`) or for one (`shared`) of the lock that `$owner` points to,
/// in the method `$source`, and evaluates to the guard that holds them.
///
/// An async function would be a future within that of its caller, which is larger and slower.
macro_rules! acquire {
    (exclusive $owner:ident, $wait:ident, $source:literal) => {{
        acquire!(
            $owner,
            $crate::sync::guard::Permits::count($owner.all()),
            $wait,
            $source
        );
        // SAFETY: all permits were just acquired.
        unsafe { Guard::exclusive($owner) }
    }};
    (shared $owner:ident, $source:literal) => {{
        acquire!($owner, 1, RwLockRead, $source);
        // SAFETY: the permit was just acquired.
        unsafe { Guard::shared($owner) }
    }};
    ($owner:ident, $permits:expr, $wait:ident, $source:literal) => {
        if !$owner.semaphore().acquire_now($permits) {
            let wait = $crate::record::Wait::$wait;
            let acquired = $owner.semaphore().acquire_in($permits, wait, $source).await;
            acquired.expect("the semaphore of a lock is never closed");
        }
    };
}

pub(in crate::sync) use acquire;

impl<O: Owner> Guard<O, Whole> {
    /// # Safety
    /// The caller hands over all permits of the lock (G2).
    #[inline]
    pub(in crate::sync) unsafe fn exclusive(owner: O) -> Self {
        let guard = Self {
            held: owner,
            target: Whole,
        };
        guard.held.report(true);
        guard
    }

    /// Acquires all permits if they are free.
    #[inline]
    pub(in crate::sync) fn try_exclusive(owner: O) -> Result<Self, TryLockError> {
        let acquired = owner.semaphore().try_acquire(owner.all().count());
        acquired.map_err(|_| TryLockError::new())?;
        // SAFETY: the permits were just acquired.
        Ok(unsafe { Self::exclusive(owner) })
    }

    /// Keeps one permit, for the part of the data that `f` returns.
    pub(in crate::sync) fn downgrade_map<U: ?Sized, M>(
        self,
        f: impl FnOnce(&<O::Target as Lock>::Data) -> &U,
    ) -> Guard<O::Reader, Shared<U, M>> {
        let data: *const U = f(&self);
        self.downgrade_to(data)
    }

    /// [`downgrade_map`](Self::downgrade_map) if `f` returns a part.
    pub(in crate::sync) fn try_downgrade_map<U: ?Sized, M>(
        self,
        f: impl FnOnce(&<O::Target as Lock>::Data) -> Option<&U>,
    ) -> Result<Guard<O::Reader, Shared<U, M>>, Self> {
        match f(&self).map(ptr::from_ref) {
            Some(data) => Ok(self.downgrade_to(data)),
            None => Err(self),
        }
    }

    /// Keeps one permit, for the part at `data`, a reference of this guard's (G3).
    fn downgrade_to<P, M>(self, data: P) -> Guard<O::Reader, Part<P, M>> {
        let owner = self.into_held();
        owner.semaphore().release(owner.all().count() - 1);
        owner.report(false);
        let guard = Guard {
            held: owner.into_reader(),
            target: Part::new(data),
        };
        guard.held.report(true);
        guard
    }
}

impl<H: Held, T: TargetMut<H>> Guard<H, T> {
    /// Narrows the guard to the part of the data that `f` returns.
    pub(in crate::sync) fn map<U: ?Sized, M>(
        mut self,
        f: impl FnOnce(&mut T::Data) -> &mut U,
    ) -> Guard<H::Part, Exclusive<U, M>> {
        let data: *mut U = f(&mut self);
        self.narrow_to(data)
    }

    /// [`map`](Self::map) if `f` returns a part.
    pub(in crate::sync) fn try_map<U: ?Sized, M>(
        mut self,
        f: impl FnOnce(&mut T::Data) -> Option<&mut U>,
    ) -> Result<Guard<H::Part, Exclusive<U, M>>, Self> {
        match f(&mut self).map(ptr::from_mut) {
            Some(data) => Ok(self.narrow_to(data)),
            None => Err(self),
        }
    }
}

impl<H: Held<Part = H>, U: ?Sized, M> Guard<H, Shared<U, M>> {
    /// # Safety
    /// The caller hands over one permit of the lock (G2).
    #[inline]
    pub(in crate::sync) unsafe fn shared<O>(owner: O) -> Self
    where
        O: Owner<Reader = H, Target: Lock<Data = U>>,
    {
        let guard = Self {
            target: Part::new(owner.data().cast_const()),
            held: owner.into_reader(),
        };
        guard.held.report(true);
        guard
    }

    /// Acquires one permit if it is free.
    #[inline]
    pub(in crate::sync) fn try_shared<O>(owner: O) -> Result<Self, TryLockError>
    where
        O: Owner<Reader = H, Target: Lock<Data = U>>,
    {
        let acquired = owner.semaphore().try_acquire(1);
        acquired.map_err(|_| TryLockError::new())?;
        // SAFETY: the permit was just acquired.
        Ok(unsafe { Self::shared(owner) })
    }

    /// Narrows the guard to the part of the data that `f` returns.
    pub(in crate::sync) fn map_shared<V: ?Sized, N>(
        self,
        f: impl FnOnce(&U) -> &V,
    ) -> Guard<H, Shared<V, N>> {
        let data: *const V = f(&self);
        self.narrow_to(data)
    }

    /// [`map_shared`](Self::map_shared) if `f` returns a part.
    pub(in crate::sync) fn try_map_shared<V: ?Sized, N>(
        self,
        f: impl FnOnce(&U) -> Option<&V>,
    ) -> Result<Guard<H, Shared<V, N>>, Self> {
        match f(&self).map(ptr::from_ref) {
            Some(data) => Ok(self.narrow_to(data)),
            None => Err(self),
        }
    }
}

impl<H: Held, T> Guard<H, T> {
    /// What the guard is held by.
    pub(in crate::sync) fn held(&self) -> &H {
        &self.held
    }

    /// Hands the permits to a guard of the part at `data`, a reference of this guard's (G3).
    fn narrow_to<Q, M>(self, data: Q) -> Guard<H::Part, Part<Q, M>> {
        Guard {
            held: self.into_held().into_part(),
            target: Part::new(data),
        }
    }

    /// Ends the guard without releasing its permits.
    fn into_held(self) -> H {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither dropped nor used again, so the field moves out of it.
        unsafe { ptr::read(&this.held) }
    }
}

impl<H: Held, T> Drop for Guard<H, T> {
    #[inline]
    fn drop(&mut self) {
        self.held.release();
        self.held.report(false);
    }
}

impl<H: Held, T: Target<H>> Deref for Guard<H, T> {
    type Target = T::Data;

    #[inline]
    fn deref(&self) -> &T::Data {
        // SAFETY: the pointer is that of the lock, of which the guard has all permits (G1, G2), or
        // that of a part, which is valid, and to which no other guard writes (G3).
        unsafe { &*self.target.pointer(&self.held) }
    }
}

impl<H: Held, T: TargetMut<H>> DerefMut for Guard<H, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T::Data {
        // SAFETY: as in `deref`; no other guard has the data, and this one is borrowed exclusively.
        unsafe { &mut *self.target.pointer(&self.held) }
    }
}

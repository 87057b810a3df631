//! The guard itself, and the kinds of places that its data can have.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;

use crate::sync::guard::error::TryLockError;
use crate::sync::guard::held::{Held, Lock, Owner, Permits};

/// Access to data at `place` by the permits of `held`, which it releases when it is dropped.
pub(in crate::sync) struct Guard<H: Held, P> {
    held: H,
    place: P,
}

// SAFETY: a shared guard shows what is at its place, and the lock that it is held by, of which the
// whole place is the data.
unsafe impl<H: Held<Data: Sync> + Sync, P: Sync> Sync for Guard<H, P> {}

/// All the data of the lock that the guard is held by.
pub(in crate::sync) struct Whole;

/// Data that the guard has alone: a `&mut U` without its lifetime. `M` is what it is to the
/// compiler beside that, for the lifetime and for stricter auto traits.
pub(in crate::sync) struct Exclusive<U: ?Sized, M> {
    data: *mut U,
    marker: PhantomData<M>,
}

// SAFETY: G3: it is an exclusive reference.
unsafe impl<U: ?Sized + Send, M: Send> Send for Exclusive<U, M> {}
// SAFETY: as for `Send`.
unsafe impl<U: ?Sized + Sync, M: Sync> Sync for Exclusive<U, M> {}

/// Data that the guard shares with readers: a `&U` without its lifetime. `M` is as for
/// [`Exclusive`].
pub(in crate::sync) struct Shared<U: ?Sized, M = ()> {
    data: *const U,
    marker: PhantomData<M>,
}

// SAFETY: G3: it is a shared reference.
unsafe impl<U: ?Sized + Sync, M: Send> Send for Shared<U, M> {}
// SAFETY: as for `Send`; `U: Send` is more than it needs.
unsafe impl<U: ?Sized + Send + Sync, M: Sync> Sync for Shared<U, M> {}

/// Where the data of a guard with permits of `H` are.
pub(in crate::sync) trait Place<H> {
    type Data: ?Sized;

    fn pointer(&self, held: &H) -> *mut Self::Data;
}

/// A place that no other guard has.
pub(in crate::sync) trait Alone<H>: Place<H> {}

impl<O: Owner> Place<O> for Whole {
    type Data = <O::Target as Lock>::Data;

    #[inline]
    fn pointer(&self, held: &O) -> *mut Self::Data {
        held.data()
    }
}

impl<O: Owner> Alone<O> for Whole {}

impl<H, U: ?Sized, M> Place<H> for Exclusive<U, M> {
    type Data = U;

    #[inline]
    fn pointer(&self, _: &H) -> *mut U {
        self.data
    }
}

impl<H, U: ?Sized, M> Alone<H> for Exclusive<U, M> {}

impl<H, U: ?Sized, M> Place<H> for Shared<U, M> {
    type Data = U;

    #[inline]
    fn pointer(&self, _: &H) -> *mut U {
        self.data.cast_mut()
    }
}

impl<U: ?Sized, M> Exclusive<U, M> {
    #[inline]
    fn new(data: &mut U) -> Self {
        Self {
            data,
            marker: PhantomData,
        }
    }
}

impl<U: ?Sized, M> Shared<U, M> {
    #[inline]
    fn new(data: *const U) -> Self {
        Self {
            data,
            marker: PhantomData,
        }
    }
}

impl<O: Owner> Guard<O, Whole> {
    /// # Safety
    /// The caller hands over all permits of the lock (G2).
    #[inline]
    pub(in crate::sync) unsafe fn exclusive(owner: O) -> Self {
        Self {
            held: owner,
            place: Whole,
        }
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
        let place = Shared::new(f(&self));
        self.downgrade_to(place)
    }

    /// [`downgrade_map`](Self::downgrade_map) if `f` returns a part.
    pub(in crate::sync) fn try_downgrade_map<U: ?Sized, M>(
        self,
        f: impl FnOnce(&<O::Target as Lock>::Data) -> Option<&U>,
    ) -> Result<Guard<O::Reader, Shared<U, M>>, Self> {
        match f(&self).map(|data| Shared::new(data)) {
            Some(place) => Ok(self.downgrade_to(place)),
            None => Err(self),
        }
    }

    fn downgrade_to<P>(self, place: P) -> Guard<O::Reader, P> {
        let owner = self.into_held();
        owner.semaphore().release(owner.all().count() - 1);
        Guard {
            held: owner.into_reader(),
            place,
        }
    }
}

impl<H: Held, P: Alone<H>> Guard<H, P> {
    /// Narrows the guard to the part of the data that `f` returns.
    pub(in crate::sync) fn map<U: ?Sized, M>(
        mut self,
        f: impl FnOnce(&mut P::Data) -> &mut U,
    ) -> Guard<H::Part, Exclusive<U, M>> {
        let place = Exclusive::new(f(&mut self));
        self.narrow_to(place)
    }

    /// [`map`](Self::map) if `f` returns a part.
    pub(in crate::sync) fn try_map<U: ?Sized, M>(
        mut self,
        f: impl FnOnce(&mut P::Data) -> Option<&mut U>,
    ) -> Result<Guard<H::Part, Exclusive<U, M>>, Self> {
        match f(&mut self).map(Exclusive::new) {
            Some(place) => Ok(self.narrow_to(place)),
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
        Self {
            place: Shared::new(owner.data()),
            held: owner.into_reader(),
        }
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
        let place = Shared::new(f(&self));
        self.narrow_to(place)
    }

    /// [`map_shared`](Self::map_shared) if `f` returns a part.
    pub(in crate::sync) fn try_map_shared<V: ?Sized, N>(
        self,
        f: impl FnOnce(&U) -> Option<&V>,
    ) -> Result<Guard<H, Shared<V, N>>, Self> {
        match f(&self).map(|data| Shared::new(data)) {
            Some(place) => Ok(self.narrow_to(place)),
            None => Err(self),
        }
    }
}

impl<H: Held, P> Guard<H, P> {
    /// What the guard is held by.
    pub(in crate::sync) fn held(&self) -> &H {
        &self.held
    }

    /// Hands the permits to a guard of `place`.
    fn narrow_to<Q>(self, place: Q) -> Guard<H::Part, Q> {
        Guard {
            held: self.into_held().into_part(),
            place,
        }
    }

    /// Ends the guard without releasing its permits.
    fn into_held(self) -> H {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither dropped nor used again, so the field moves out of it.
        unsafe { ptr::read(&this.held) }
    }
}

impl<H: Held, P> Drop for Guard<H, P> {
    #[inline]
    fn drop(&mut self) {
        self.held.release();
    }
}

impl<H: Held, P: Place<H>> Deref for Guard<H, P> {
    type Target = P::Data;

    #[inline]
    fn deref(&self) -> &P::Data {
        // SAFETY: a whole place is the lock's data, and the guard has all permits (G1, G2); that
        // of a part is valid, and nobody writes to it (G3).
        unsafe { &*self.place.pointer(&self.held) }
    }
}

impl<H: Held, P: Alone<H>> DerefMut for Guard<H, P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut P::Data {
        // SAFETY: as in `deref`; nobody else has the place, and the guard is borrowed exclusively.
        unsafe { &mut *self.place.pointer(&self.held) }
    }
}

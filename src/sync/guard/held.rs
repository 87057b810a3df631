//! Permits with who holds them: what a guard releases when it is dropped, and what becomes of it
//! when the guard is narrowed or downgraded.
//!
//! [`Held`] and [`Owner`] are implemented in this file only: the module is private, so no file
//! outside the folder can name them.

use std::ops::Deref;
use std::sync::Arc;

use crate::sync::semaphore::RawSemaphore;

/// A semaphore, and the data that its permits guard.
///
/// # Safety
/// The semaphore, the number and the pointer are always the same. The semaphore has that number of
/// permits, is never closed, and is acquired and released for guards only. The data are valid for
/// as long as the lock is, and the lock uses them only where it is borrowed exclusively.
pub(in crate::sync) unsafe trait Lock {
    type Data: ?Sized;
    type All: Permits;

    fn semaphore(&self) -> &RawSemaphore;
    /// The number of all permits.
    fn all(&self) -> Self::All;
    fn data(&self) -> *mut Self::Data;
}

/// A number of permits.
pub(in crate::sync) trait Permits: Copy {
    /// Whether there is more than one, so that a guard with one of them is a reader.
    const ARE_SEVERAL: bool;

    fn count(self) -> usize;
}

/// A single permit.
#[derive(Clone, Copy)]
pub(in crate::sync) struct One;

impl Permits for One {
    const ARE_SEVERAL: bool = false;

    #[inline]
    fn count(self) -> usize {
        1
    }
}

impl Permits for u32 {
    const ARE_SEVERAL: bool = true;

    #[inline]
    fn count(self) -> usize {
        self as usize
    }
}

/// Permits of a semaphore, with what keeps the semaphore alive.
pub(in crate::sync) trait Held {
    /// The data of the lock that the guard shows; `()` if it shows no lock.
    type Data: ?Sized;
    /// What holds the same permits for a part of the data.
    type Part: Held;

    fn release(&self);
    /// Reports that the guard was made (`now`), or is gone.
    fn report(&self, now: bool);
    fn into_part(self) -> Self::Part;
}

/// All permits of a lock, held by a reference to the lock or by an `Arc` of it.
pub(in crate::sync) trait Owner: Deref<Target: Lock> {
    type Part: Held;
    /// What holds one of the permits.
    type Reader: Held;

    fn into_part(self) -> Self::Part;
    fn into_reader(self) -> Self::Reader;
}

impl<'a, L: Lock + ?Sized> Owner for &'a L {
    type Part = Borrowed<'a, L::All>;
    type Reader = Borrowed<'a, One>;

    fn into_part(self) -> Self::Part {
        Borrowed(self.semaphore(), self.all())
    }

    #[inline]
    fn into_reader(self) -> Self::Reader {
        Borrowed(self.semaphore(), One)
    }
}

impl<L: Lock + ?Sized> Owner for Arc<L> {
    type Part = Self;
    type Reader = Reader<L>;

    fn into_part(self) -> Self {
        self
    }

    #[inline]
    fn into_reader(self) -> Reader<L> {
        Reader { lock: self }
    }
}

impl<O: Owner> Held for O {
    type Data = <O::Target as Lock>::Data;
    type Part = O::Part;

    #[inline]
    fn release(&self) {
        self.semaphore().release(self.all().count());
    }

    #[inline]
    fn report(&self, now: bool) {
        report::<<O::Target as Lock>::All>(self.semaphore(), now);
    }

    fn into_part(self) -> O::Part {
        Owner::into_part(self)
    }
}

#[inline]
fn report<N: Permits>(semaphore: &RawSemaphore, now: bool) {
    let owner = semaphore.trace().owner();
    owner.lock_changed(N::ARE_SEVERAL, now);
}

/// Permits of a borrowed lock whose type is forgotten.
pub(in crate::sync) struct Borrowed<'a, N>(&'a RawSemaphore, N);

impl<N: Permits> Held for Borrowed<'_, N> {
    type Data = ();
    type Part = Self;

    #[inline]
    fn release(&self) {
        self.0.release(self.1.count());
    }

    #[inline]
    fn report(&self, now: bool) {
        report::<N>(self.0, now);
    }

    fn into_part(self) -> Self {
        self
    }
}

/// One permit of a shared lock.
pub(in crate::sync) struct Reader<L: ?Sized> {
    pub(in crate::sync) lock: Arc<L>,
}

impl<L: Lock + ?Sized> Held for Reader<L> {
    type Data = L::Data;
    type Part = Self;

    #[inline]
    fn release(&self) {
        self.lock.semaphore().release(1);
    }

    #[inline]
    fn report(&self, now: bool) {
        report::<One>(self.lock.semaphore(), now);
    }

    fn into_part(self) -> Self {
        self
    }
}

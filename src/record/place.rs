//! [`AtomicPlace`]: a place in the program that one thread stores and others load.

use std::panic::Location;
use std::ptr;

use crate::loom::sync::atomic::{AtomicPtr, Ordering};

/// Holds null, or what [`store`](AtomicPlace::store) has put there.
#[derive(Debug)]
pub(super) struct AtomicPlace(AtomicPtr<Location<'static>>);

impl AtomicPlace {
    pub(super) fn new() -> AtomicPlace {
        AtomicPlace(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline]
    pub(super) fn store(&self, place: Option<&'static Location<'static>>) {
        let place = place.map_or(ptr::null(), ptr::from_ref);
        self.0.store(place.cast_mut(), Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn load(&self) -> Option<&'static Location<'static>> {
        // SAFETY: the pointer is null, or `store` has made it of a reference to a static, which is
        // never written.
        unsafe { self.0.load(Ordering::Relaxed).as_ref() }
    }
}

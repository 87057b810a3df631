//! Provided buffers: those that the kernel receives into once something has come.

use std::io;
use std::mem::ManuallyDrop;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::BufRingEntry;

use super::ring::Ring;

/// A page, which a ring of buffers has to begin at.
#[repr(C, align(4096))]
struct Page([u8; 4096]);

/// Buffers of one size, group 0. The kernel owns a buffer from [`provide`](Buffers::provide) until the
/// completion that names it. The memory is never freed: the kernel may have it as long as the ring.
pub struct Buffers {
    /// Written by this thread; the kernel reads the entries below the tail.
    entries: *mut BufRingEntry,
    memory: *mut u8,
    size: usize,
    /// The number of buffers less one: it is a power of two.
    mask: u16,
    tail: u16,
}

impl Buffers {
    /// Allocates `count` buffers, a power of two, and provides all of them.
    pub fn new(ring: &Ring, count: u16, size: usize) -> io::Result<Buffers> {
        assert!(count.is_power_of_two(), "the ring's places are masked");
        let entries = pages(usize::from(count) * size_of::<BufRingEntry>()).cast();
        let submitter = ring.0.submitter();
        // SAFETY: the entries are zeroed pages, of the number that is named, and are never freed.
        unsafe { submitter.register_buf_ring_with_flags(entries as u64, count, 0, 0) }?;
        let mut buffers = Buffers {
            entries,
            memory: pages(usize::from(count) * size),
            size,
            mask: count - 1,
            tail: 0,
        };
        for buffer in 0..count {
            buffers.provide(buffer);
        }
        buffers.publish();
        Ok(buffers)
    }

    /// Returns what was received. The kernel has named the buffer in a completion, and it is not
    /// provided again as long as the slice is borrowed.
    pub fn received(&self, buffer: u16, length: usize) -> &[u8] {
        assert!(buffer <= self.mask && length <= self.size);
        // SAFETY: the range is within the memory, by the assertion. It is initialized, since the pages
        // were zeroed. The kernel does not write to it before `provide`, which needs `&mut self`.
        unsafe { slice::from_raw_parts(self.address(buffer), length) }
    }

    /// Returns where a buffer begins.
    pub fn address(&self, buffer: u16) -> *mut u8 {
        // SAFETY: `buffer` is below the count, as all that the kernel names are.
        unsafe { self.memory.add(usize::from(buffer) * self.size) }
    }

    /// Hands a buffer to the kernel, with the next [`publish`](Buffers::publish).
    pub fn provide(&mut self, buffer: u16) {
        let address = self.address(buffer) as u64;
        // SAFETY: the place is within the ring by the mask, and the kernel does not look at it before
        // the tail has passed it.
        let entry = unsafe { &mut *self.entries.add(usize::from(self.tail & self.mask)) };
        entry.set_addr(address);
        entry.set_len(self.size as u32);
        entry.set_bid(buffer);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Lets the kernel see what was provided.
    pub fn publish(&self) {
        // SAFETY: the tail of a ring of buffers is a field of its first entry, aligned for 16 bits, and
        // is only accessed as an atomic, by the kernel as well.
        let tail = unsafe { &*BufRingEntry::tail(self.entries).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Returns zeroed pages that are never freed.
fn pages(length: usize) -> *mut u8 {
    let pages = (0..length.div_ceil(size_of::<Page>())).map(|_| Page([0; 4096]));
    ManuallyDrop::new(pages.collect::<Vec<_>>())
        .as_mut_ptr()
        .cast()
}

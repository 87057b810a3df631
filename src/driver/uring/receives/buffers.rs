//! [`Buffers`]: the memory that receives put bytes in, provided to a ring.
//!
//! The kernel takes a buffer only when bytes have come, so a receive that waits holds none. Which
//! buffers the kernel may take is in an array that is shared with it, the *entries*, whose tail
//! tells how many were ever offered (io_uring_register_buf_ring(3)).
//!
//! # Invariants
//!
//! - **B1** A buffer is the kernel's from the offer until the completion that names it, and ours
//!   from then until the next offer. While it is ours there is one [`Received`] for it.
//! - **B2** The memory outlives the ring it was registered with, and every receive on that ring
//!   (I1): the ring has a [`Memory`], too, and never drops it while the kernel has a receive.

use std::io;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// How many buffers there are: a power of two. Receives that find none become plain reads, so this
/// limits nothing.
const COUNT: u16 = 256;

/// The size of a buffer. A message that fills it is likely to go on, and the rest is read straight
/// to where the reader wants it.
pub(super) const SIZE: usize = 4096;

/// The group of all buffers. A ring has no other.
pub(super) const GROUP: u16 = 0;

/// From the start of a buffer to that of the next: not a power of two, whose multiples would compete
/// for the same lines of the processor's caches.
const STRIDE: usize = SIZE + 64;

/// The entries come first, in pages of their own.
const ENTRIES: usize = COUNT as usize * size_of::<BufRingEntry>();
const LEN: usize = ENTRIES + COUNT as usize * STRIDE;
const _: () = assert!(COUNT.is_power_of_two() && ENTRIES % 4096 == 0);

pub(super) struct Buffers {
    memory: Arc<Memory>,
    /// How many buffers were ever offered, modulo 2^16.
    offered: u16,
}

/// The entries and the buffers.
pub(super) struct Memory {
    /// `LEN` bytes from mmap(2).
    start: NonNull<u8>,
    /// Tells these buffers from those of other rings.
    number: u64,
}

// SAFETY: it owns the mapping, which belongs to no thread.
unsafe impl Send for Memory {}

// SAFETY: a shared reference allows no access to the mapping, except through the one `Buffers`.
unsafe impl Sync for Memory {}

/// A buffer with bytes in it, which the kernel does not touch (B1).
#[derive(Debug)]
pub(super) struct Received {
    id: u16,
    len: u16,
    of: u64,
}

impl Received {
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there may have been more than the buffer could take.
    pub(super) fn is_full(&self) -> bool {
        self.len() == SIZE
    }
}

impl Buffers {
    /// Makes buffers and offers all of them to `io`.
    pub(super) fn new(io: &IoUring) -> io::Result<Buffers> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, anywhere.
        let memory = unsafe { libc::mmap(ptr::null_mut(), LEN, protection, flags, -1, 0) };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(memory.cast()).expect("a mapping is not at null");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut buffers = Buffers {
            memory: Arc::new(Memory { start, number }),
            offered: 0,
        };
        // SAFETY: B2. The entries are aligned to a page, and zero, which is an empty array.
        unsafe {
            io.submitter()
                .register_buf_ring_with_flags(memory as u64, COUNT, GROUP, 0)?;
        }
        for id in 0..COUNT {
            buffers.offer(id);
        }
        buffers.publish();
        Ok(buffers)
    }

    pub(super) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    pub(super) fn bytes(&self, received: &Received) -> &[u8] {
        assert_eq!(
            received.of, self.memory.number,
            "bytes are in the ring's buffers"
        );
        let start = self.buffer(received.id);
        // SAFETY: B1: the kernel has written this many bytes, and has given the buffer up. It is
        // not offered while the borrow lasts, since that takes `received`.
        unsafe { slice::from_raw_parts(start.as_ptr(), received.len()) }
    }

    /// Offers a buffer to the kernel again.
    pub(super) fn give_back(&mut self, received: Received) {
        assert_eq!(
            received.of, self.memory.number,
            "a buffer goes back to its ring"
        );
        self.offer(received.id);
        self.publish();
    }

    fn buffer(&self, id: u16) -> NonNull<u8> {
        // SAFETY: every `id` is less than `COUNT`, so this is within the mapping.
        unsafe { self.memory.start.add(ENTRIES + usize::from(id) * STRIDE) }
    }

    fn offer(&mut self, id: u16) {
        let address = self.buffer(id).as_ptr() as u64;
        let place = usize::from(self.offered & (COUNT - 1));
        // SAFETY: within the entries, which are aligned. The kernel does not read this one before
        // the tail is moved past it: it was taken (B1) or never offered.
        let entry = unsafe { self.entries().add(place).as_mut() };
        entry.set_addr(address);
        entry.set_len(SIZE as u32);
        entry.set_bid(id);
        self.offered = self.offered.wrapping_add(1);
    }

    /// Moves the tail.
    fn publish(&self) {
        // SAFETY: the argument is the first entry; the tail lies within it, aligned for its type,
        // and the kernel reads it with acquire ordering.
        let tail =
            unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.entries().as_ptr()).cast_mut()) };
        tail.store(self.offered, Ordering::Release);
    }

    fn entries(&self) -> NonNull<BufRingEntry> {
        self.memory.start.cast()
    }
}

impl Memory {
    /// Takes over the buffer `id` with `len` bytes in it; `None` if the kernel named no buffer of
    /// ours.
    ///
    /// # Safety
    ///
    /// A completion of the ring that these buffers are registered with has named the buffer, and
    /// this was not called for that completion before (B1).
    pub(super) unsafe fn received(&self, id: u16, len: usize) -> Option<Received> {
        let len = u16::try_from(len).ok().filter(|_| len <= SIZE)?;
        (id < COUNT).then_some(Received {
            id,
            len,
            of: self.number,
        })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: B2: the kernel has no use for the memory, and the `Buffers` are gone.
        unsafe { libc::munmap(self.start.as_ptr().cast(), LEN) };
    }
}

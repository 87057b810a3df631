//! The memory of a buffer pool, and the rings that have it registered.
//!
//! The pages of memory that is registered with a ring stay pinned, so a transfer need not look them
//! up and pin them. Registering takes a slot of the ring's table, which `uring/buffers.rs` keeps.
//!
//! # Who owns the memory, and until when
//!
//! A [`PoolMemory`] is unmapped with the last reference to it. References belong to
//!
//! - the pool: its handles, and the buffers that are checked out, by way of one [`Owner`];
//! - each operation in flight on a buffer, beside the buffer itself, which is lent to it like any
//!   other (I1);
//! - each ring that has the memory registered, or was refused.
//!
//! So memory is never unmapped while an operation is in flight or while a ring that can be entered
//! has it registered.
//!
//! # Who registers it, and when it ends
//!
//! Registering and deregistering are done by the ring's thread only, because a ring with a single
//! issuer refuses others.
//!
//! 1. The thread registers memory when it launches the first operation on it, and notes itself in
//!    [`PoolMemory::note`]. A refusal (the limit on locked memory, an old kernel, a full table) is
//!    noted as well, and the operation is carried out like one on any other buffer. It is tried
//!    again when the ring has let go of other memory.
//! 2. When the pool is gone, and with it every buffer, no operation on the memory is in flight. The
//!    [`Owner`] then asks each ring that has noted itself to deregister the memory. A ring whose
//!    thread has ended has nothing registered, and no thread is started for that.
//! 3. A thread that ends deregisters everything before it counts as ended. The next one begins with
//!    an empty table and registers what its operations bring. A pool that outlives a runtime is
//!    therefore registered with none, and in another runtime by that one's ring.
//! 4. A ring that may not be entered any more cannot be asked to deregister. It is closed, and the
//!    kernel lets go of the pages when it releases the ring.
//!
//! A pinned page belongs to the kernel as well, so it is reused by nothing else even if the process
//! unmaps it. When the process forks, the kernel copies pinned pages for the child at once, and the
//! parent keeps those that the ring knows (`copy_present_page` in mm/memory.c, Linux 5.9).

use std::fmt;
use std::io;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Weak};

use crate::loom::sync::Mutex;
use crate::util::system::MAP_POPULATE;

/// A ring, as far as memory knows it.
pub(in crate::driver) trait Registrar: Send + Sync {
    /// Has the ring's thread let go of memory that it has registered, if there is a thread.
    fn deregister(&self, memory: Arc<PoolMemory>);
}

/// Page-aligned memory that starts as zeros.
pub(crate) struct PoolMemory {
    start: NonNull<u8>,
    len: usize,
    /// The rings that have tried to register this memory, each once. Written by their threads, and
    /// by the owner's end.
    rings: Mutex<Vec<Noted>>,
}

struct Noted {
    ring: Weak<dyn Registrar>,
    outcome: Result<(), NotRegistered>,
}

/// Why memory was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRegistered {
    /// It is more than the kernel registers in one piece.
    TooLarge,
    /// The ring's table has no slot left.
    TableFull,
    /// The kernel's error.
    Kernel(i32),
}

// SAFETY: the memory belongs to this value, which provides no access to it but by a pointer.
unsafe impl Send for PoolMemory {}
// SAFETY: as above.
unsafe impl Sync for PoolMemory {}

impl PoolMemory {
    /// Allocates `len` bytes, which is not zero.
    fn allocate(len: usize) -> io::Result<PoolMemory> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // Populated here, so that no page fault holds up the ring's thread when it registers them.
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | MAP_POPULATE;
        // SAFETY: a new mapping, which touches no other memory.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(PoolMemory {
            start: NonNull::new(start.cast()).expect("no mapping is at address zero"),
            len,
            rings: Mutex::new(Vec::new()),
        })
    }

    /// Returns the address of the first byte. All `len` bytes are initialized, valid for reads and
    /// writes, and stay where they are as long as there is a reference to this value.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Returns the memory as the kernel takes it.
    pub(in crate::driver) fn as_part(&self) -> libc::iovec {
        libc::iovec {
            iov_base: self.start.as_ptr().cast(),
            iov_len: self.len,
        }
    }

    /// Returns whether all of `part` is in this memory.
    pub(super) fn contains(&self, part: &libc::iovec) -> bool {
        let offset = part.iov_base.addr().checked_sub(self.start.addr().get());
        offset
            .and_then(|offset| offset.checked_add(part.iov_len))
            .is_some_and(|end| end <= self.len)
    }

    /// Records what came of an attempt to register the memory. Called by the ring's thread.
    pub(in crate::driver) fn note(
        &self,
        ring: &Weak<dyn Registrar>,
        outcome: Result<(), NotRegistered>,
    ) {
        let mut rings = self.rings.lock();
        rings.retain(|noted| !is(&noted.ring, ring));
        let ring = ring.clone();
        rings.push(Noted { ring, outcome });
    }

    /// Forgets a ring that has nothing to do with the memory any more. Called by its thread.
    pub(in crate::driver) fn forget(&self, ring: &Weak<dyn Registrar>) {
        self.rings.lock().retain(|noted| !is(&noted.ring, ring));
    }

    /// Returns whether a ring has the memory registered, and why the latest attempt failed if none
    /// has; `None` without an attempt.
    pub(crate) fn registration(&self) -> Option<Result<(), NotRegistered>> {
        let rings = self.rings.lock();
        let outcomes = || rings.iter().map(|noted| noted.outcome);
        outcomes()
            .find(Result::is_ok)
            .or_else(|| outcomes().next_back())
    }
}

/// Returns the size of a page, to whose start the memory of a pool is aligned.
pub(crate) fn page_size() -> usize {
    // SAFETY: sysconf(3) takes no pointer.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).expect("every system has pages")
}

fn is(one: &Weak<dyn Registrar>, other: &Weak<dyn Registrar>) -> bool {
    ptr::addr_eq(one.as_ptr(), other.as_ptr())
}

impl fmt::Debug for PoolMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMemory")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl Drop for PoolMemory {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `allocate` made, and nothing refers to it any more.
        let result = unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
        debug_assert_eq!(result, 0);
    }
}

/// The pool's reference to its memory. Its end asks the rings to deregister the memory.
pub(crate) struct Owner(Arc<PoolMemory>);

impl Owner {
    /// Allocates `len` bytes, which is not zero.
    pub(crate) fn allocate(len: usize) -> io::Result<Owner> {
        PoolMemory::allocate(len).map(|memory| Owner(Arc::new(memory)))
    }

    pub(crate) fn memory(&self) -> &Arc<PoolMemory> {
        &self.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let rings = std::mem::take(&mut *self.0.rings.lock());
        for ring in rings.iter().filter_map(|noted| noted.ring.upgrade()) {
            ring.deregister(self.0.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Owner;

    #[test]
    fn what_is_in_the_memory() {
        let owner = Owner::allocate(8192).unwrap();
        let memory = owner.memory();
        let start = memory.start().as_ptr();
        let part = |offset: isize, len| libc::iovec {
            iov_base: start.wrapping_offset(offset).cast(),
            iov_len: len,
        };
        for (offset, len) in [(0, 0), (0, 8192), (8191, 1), (8192, 0)] {
            assert!(memory.contains(&part(offset, len)), "{offset}, {len}");
        }
        for (offset, len) in [(-1, 1), (0, 8193), (8192, 1), (1, usize::MAX)] {
            assert!(!memory.contains(&part(offset, len)), "{offset}, {len}");
        }
        assert_eq!(memory.registration(), None);
    }
}

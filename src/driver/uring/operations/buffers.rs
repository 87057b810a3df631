//! The ring's table of registered memory.
//!
//! The ring's thread alone uses it. `pool_memory.rs` has the rules: when memory is registered, when
//! it is deregistered, and who owns it.

use std::collections::HashMap;
use std::io;
use std::ptr;
use std::sync::{Arc, Weak};

use io_uring::IoUring;

use crate::driver::completion::pool_memory::{NotRegistered, PoolMemory, Registrar};

/// How many pools are registered at a time, each in one piece. A slot that is not used costs the
/// kernel a pointer.
const SLOTS: u16 = 256;

/// The most that the kernel registers in one piece (`io_buffer_validate` in io_uring/rsrc.c).
const LARGEST: usize = 1 << 30;

/// See the file's documentation.
pub(super) struct BufferTable {
    /// The ring, as memory knows it.
    ring: Weak<dyn Registrar>,
    table: Table,
    /// The memory that has a slot, or was refused, by its address as a value, which is its own as
    /// long as it is here.
    known: HashMap<*const PoolMemory, Known>,
    free: Vec<u16>,
}

enum Table {
    /// Not asked for yet.
    None,
    Made,
    /// Not known to the kernel (before Linux 5.19), or no memory.
    Refused(i32),
}

struct Known {
    memory: Arc<PoolMemory>,
    /// `None` if registering was refused.
    slot: Option<u16>,
}

impl BufferTable {
    pub(super) fn new(ring: Weak<dyn Registrar>) -> BufferTable {
        BufferTable {
            ring,
            table: Table::None,
            known: HashMap::new(),
            free: Vec::new(),
        }
    }

    /// Returns the slot of `memory`, which is registered if it was not before; `None` if that is
    /// refused.
    pub(super) fn slot(&mut self, io: &IoUring, memory: &Arc<PoolMemory>) -> Option<u16> {
        if let Some(known) = self.known.get(&Arc::as_ptr(memory)) {
            return known.slot;
        }
        let registered = self.register(io, memory);
        if let Err(refusal) = registered {
            log::debug!("zokio: the memory of a buffer pool was not registered: {refusal:?}");
        }
        memory.note(&self.ring, registered.map(drop));
        let known = Known {
            memory: memory.clone(),
            slot: registered.ok(),
        };
        let slot = known.slot;
        self.known.insert(Arc::as_ptr(memory), known);
        slot
    }

    fn register(&mut self, io: &IoUring, memory: &PoolMemory) -> Result<u16, NotRegistered> {
        let part = memory.as_part();
        if part.iov_len > LARGEST {
            return Err(NotRegistered::TooLarge);
        }
        self.make(io)?;
        let slot = self.free.pop().ok_or(NotRegistered::TableFull)?;
        // SAFETY: `known` owns the memory as long as the slot has it (`slot`, `deregister`).
        let update = unsafe {
            io.submitter()
                .register_buffers_update(slot.into(), &[part], None)
        };
        update.map(|()| slot).map_err(|error| {
            self.free.push(slot);
            NotRegistered::Kernel(errno(&error))
        })
    }

    fn make(&mut self, io: &IoUring) -> Result<(), NotRegistered> {
        match self.table {
            Table::Made => return Ok(()),
            Table::Refused(errno) => return Err(NotRegistered::Kernel(errno)),
            Table::None => {}
        }
        match io.submitter().register_buffers_sparse(SLOTS.into()) {
            Ok(()) => {
                self.table = Table::Made;
                self.free = (0..SLOTS).rev().collect();
                Ok(())
            }
            Err(error) => {
                self.table = Table::Refused(errno(&error));
                Err(NotRegistered::Kernel(errno(&error)))
            }
        }
    }

    /// Lets go of memory on which no operation is in flight.
    pub(super) fn deregister(&mut self, io: &IoUring, memory: &Arc<PoolMemory>) {
        let Some(known) = self.known.remove(&Arc::as_ptr(memory)) else {
            return;
        };
        let Some(slot) = known.slot else {
            return;
        };
        let nothing = libc::iovec {
            iov_base: ptr::null_mut(),
            iov_len: 0,
        };
        // SAFETY: the kernel is told of no memory.
        let update = unsafe {
            io.submitter()
                .register_buffers_update(slot.into(), &[nothing], None)
        };
        match update {
            Ok(()) => self.free.push(slot),
            // The slot stays taken, and the kernel has the pages, until the thread ends.
            Err(error) => log::warn!("zokio: memory was not deregistered: {error}"),
        }
        // There is room again for what was refused.
        self.known.retain(|_, known| known.slot.is_some());
    }

    /// Lets go of all memory. No operation is in flight on any, or the ring is closed (`None`).
    pub(super) fn clear(&mut self, io: Option<&IoUring>) {
        if let (Table::Made, Some(io)) = (&self.table, io) {
            if let Err(error) = io.submitter().unregister_buffers() {
                // The kernel does it when the ring is closed.
                log::debug!("zokio: memory was not deregistered: {error}");
            }
        }
        for (_, known) in self.known.drain() {
            known.memory.forget(&self.ring);
        }
        self.table = Table::None;
        self.free = Vec::new();
    }
}

fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

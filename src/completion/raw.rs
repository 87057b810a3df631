//! Buffers on their way to the kernel and back: the `unsafe` part of `completion`.
//!
//! A [`Held`] buffer knows how many of its bytes were transferred. That number comes from the kernel
//! alone, inline or with the outcome of an operation, so it can be trusted when the buffer is told
//! what is initialized. While an operation is in flight, the held buffer belongs to it (I1).

use std::fs::File as StdFile;
use std::io;
use std::sync::Arc;

use super::io_buf::{IoBuf, IoBufMut};
use super::vectored::{IoVectoredBuf, IoVectoredBufMut};
use crate::driver::completion::lent::{Lent, Parts};
use crate::driver::completion::op::{Completed, Op, SharedFd, Synced};
use crate::driver::completion::pool_memory::PoolMemory;
use crate::fs::inline::calls::{self, Refusal, Source};

/// A buffer, or several, together with the direction in which bytes go.
///
/// # Safety
///
/// The parts are memory that the value owns or that is static, which stays where it is when the
/// value is moved, and which nothing else writes to. They are the same at each call and readable;
/// if `WRITES` is false, also writable, and nothing else has access to them.
pub(super) unsafe trait Lend: Send + 'static {
    type Buffer;

    /// Whether the bytes go to the file.
    const WRITES: bool;

    fn parts(&mut self) -> Parts;

    /// Returns the pool whose memory it may be.
    fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        None
    }

    /// Returns the buffer, whose first `count` bytes were transferred.
    ///
    /// # Safety
    ///
    /// If `WRITES` is false, the first `count` bytes of the parts are initialized.
    unsafe fn end(self, count: usize) -> Self::Buffer;
}

/// A buffer to be filled.
pub(super) struct Fill<B>(pub(super) B);

// SAFETY: `IoBufMut` demands the same.
unsafe impl<B: IoBufMut> Lend for Fill<B> {
    type Buffer = B;

    const WRITES: bool = false;

    #[inline]
    fn parts(&mut self) -> Parts {
        Parts::one(self.0.stable_mut_ptr(), self.0.bytes_total())
    }

    fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        self.0.pool_memory()
    }

    unsafe fn end(mut self, count: usize) -> B {
        // SAFETY: the caller's promise; no more than the room was offered to the kernel.
        unsafe { self.0.set_init(count) };
        self.0
    }
}

/// A buffer to be written.
pub(super) struct Drain<B>(pub(super) B);

// SAFETY: `IoBuf` demands the same.
unsafe impl<B: IoBuf> Lend for Drain<B> {
    type Buffer = B;

    const WRITES: bool = true;

    #[inline]
    fn parts(&mut self) -> Parts {
        Parts::one(self.0.stable_ptr().cast_mut(), self.0.bytes_init())
    }

    fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        self.0.pool_memory()
    }

    unsafe fn end(self, _count: usize) -> B {
        self.0
    }
}

/// Several buffers to be filled.
pub(super) struct FillAll<V>(pub(super) V);

// SAFETY: `PiecesMut` demands the same.
unsafe impl<V: IoVectoredBufMut> Lend for FillAll<V> {
    type Buffer = V;

    const WRITES: bool = false;

    fn parts(&mut self) -> Parts {
        self.0.room()
    }

    unsafe fn end(mut self, count: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { self.0.set_init(count) };
        self.0
    }
}

/// Several buffers to be written.
pub(super) struct DrainAll<V>(pub(super) V);

// SAFETY: `Pieces` demands the same.
unsafe impl<V: IoVectoredBuf> Lend for DrainAll<V> {
    type Buffer = V;

    const WRITES: bool = true;

    fn parts(&mut self) -> Parts {
        self.0.initialized()
    }

    unsafe fn end(self, _count: usize) -> V {
        self.0
    }
}

/// A buffer that no operation has at the moment.
pub(super) struct Held<L> {
    lend: L,
    /// How many bytes the kernel has transferred.
    done: usize,
}

impl<L: Lend> Held<L> {
    pub(super) fn new(lend: L) -> Held<L> {
        Held { lend, done: 0 }
    }

    /// Returns how many bytes were transferred.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Returns how many bytes are left to transfer.
    pub(super) fn left(&mut self) -> usize {
        self.rest().len()
    }

    fn rest(&mut self) -> Parts {
        let mut parts = self.lend.parts();
        if self.done > 0 {
            parts.advance(self.done);
        }
        parts
    }

    /// Transfers what needs no waiting, from or to `offset`; returns the count.
    pub(super) fn transfer_inline(
        &mut self,
        file: &StdFile,
        offset: i64,
        source: Source,
    ) -> Result<usize, Refusal> {
        let parts = self.rest();
        let parts = parts.as_slice();
        // SAFETY: `Lend` promises that the parts are readable, and writable for a read. Nothing
        // else has access to the buffer, which is borrowed.
        let count = unsafe {
            if L::WRITES {
                calls::write_parts(file, parts, offset, source)?
            } else {
                calls::read_parts(file, parts, offset, source)?
            }
        };
        self.done += count;
        Ok(count)
    }

    /// Transfers by `call`, which is shown where the rest is and returns how many bytes of it were
    /// transferred.
    ///
    /// # Safety
    ///
    /// `call` transfers bytes of what it is shown, from its start on, in the direction of `L`. It
    /// returns no more than it has transferred.
    #[inline]
    pub(super) unsafe fn transfer(
        &mut self,
        call: impl FnOnce(&[libc::iovec]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let count = call(self.rest().as_slice())?;
        self.done += count;
        Ok(count)
    }

    /// Returns the operation that transfers the rest, and owns the buffer. `synced` is of no meaning
    /// for a read.
    pub(super) fn into_op(
        self,
        fd: SharedFd,
        offset: u64,
        on_ring: bool,
        synced: Option<Synced>,
    ) -> Op {
        let mut owner = Box::new(self);
        let parts = owner.rest();
        let pool_memory = owner.lend.pool_memory().cloned();
        // SAFETY: I1: `Lend` promises that the memory belongs to the owner and stays where it is
        // when the owner is moved. The owner is in its box, which nothing opens before `back`.
        let lent = unsafe { Lent::new(owner, parts) }.in_pool(pool_memory);
        if L::WRITES {
            Op::WriteAt {
                fd,
                offset,
                from: lent,
                on_ring,
                synced,
            }
        } else {
            Op::ReadAt {
                fd,
                offset,
                into: lent,
                on_ring,
            }
        }
    }

    /// Takes the buffer back from an operation of [`into_op`](Held::into_op) that has ended.
    pub(super) fn back(completed: Completed) -> (io::Result<usize>, Held<L>) {
        let (result, lent) = completed.returned();
        let owner = lent.into_owner().downcast::<Held<L>>();
        let mut held = *owner.expect("the buffer comes back to where it was lent from");
        if let Ok(count) = result {
            // A type that is lent goes in one direction, so this is the count of its own transfer.
            held.done += count;
        }
        (result, held)
    }

    /// Returns the buffer.
    pub(super) fn end(self) -> L::Buffer {
        // SAFETY: I2: the kernel has reported, once each, that it transferred these bytes, one after
        // the other from the start of the parts.
        unsafe { self.lend.end(self.done) }
    }
}

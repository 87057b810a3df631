//! `IoVectoredBuf` and `IoVectoredBufMut`: several buffers for one operation.

use self::sealed::{Pieces, PiecesMut};
use super::io_buf::{IoBuf, IoBufMut};
use crate::driver::completion::lent::Parts;

/// Several buffers that one write takes its bytes from, one after the other.
///
/// It is implemented for `Vec<B>` and `[B; N]` of buffers `B` that implement [`IoBuf`], and cannot
/// be implemented elsewhere. One call takes up to 1,024 buffers that are not empty; more are left
/// out, and the write is short.
pub trait IoVectoredBuf: Pieces + Send + 'static {}

/// Several buffers that one read fills, one after the other.
///
/// It is implemented for `Vec<B>` and `[B; N]` of buffers `B` that implement [`IoBufMut`], and
/// cannot be implemented elsewhere. Each buffer is filled from its start up to its room before the
/// next one; see [`IoBufMut`] for what becomes of its length. One call takes up to 1,024 buffers
/// with room; more are left out, and the read is short.
pub trait IoVectoredBufMut: IoVectoredBuf + PiecesMut {}

impl<B: IoBuf> IoVectoredBuf for Vec<B> {}
impl<B: IoBufMut> IoVectoredBufMut for Vec<B> {}
impl<B: IoBuf, const N: usize> IoVectoredBuf for [B; N] {}
impl<B: IoBufMut, const N: usize> IoVectoredBufMut for [B; N] {}

pub(super) mod sealed {
    use crate::driver::completion::lent::Parts;

    /// Where several buffers are.
    ///
    /// # Safety
    ///
    /// The parts are the initialized bytes of buffers, as [`IoBuf`](super::IoBuf) describes them,
    /// which the value owns.
    pub unsafe trait Pieces {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn initialized(&self) -> Parts;
    }

    /// Where several buffers can be filled.
    ///
    /// # Safety
    ///
    /// The parts are the room of buffers, as [`IoBufMut`](super::IoBufMut) describes them, which the
    /// value owns.
    pub unsafe trait PiecesMut: Pieces {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn room(&mut self) -> Parts;

        /// Records that the first `count` bytes of [`room`](PiecesMut::room) are initialized.
        ///
        /// # Safety
        ///
        /// They are.
        #[doc(hidden)]
        unsafe fn set_init(&mut self, count: usize);
    }
}

fn initialized<B: IoBuf>(buffers: &[B]) -> Parts {
    Parts::many(buffers.iter().map(|buffer| {
        let start = buffer.stable_ptr().cast_mut();
        (start, buffer.bytes_init())
    }))
}

fn room<B: IoBufMut>(buffers: &mut [B]) -> Parts {
    Parts::many(buffers.iter_mut().map(|buffer| {
        let start = buffer.stable_mut_ptr();
        (start, buffer.bytes_total())
    }))
}

/// # Safety
///
/// The first `count` bytes of the buffers' room are initialized.
unsafe fn set_init<B: IoBufMut>(buffers: &mut [B], mut count: usize) {
    for buffer in buffers {
        let here = count.min(buffer.bytes_total());
        // SAFETY: the caller's promise, for this buffer's share.
        unsafe { buffer.set_init(here) };
        count -= here;
    }
}

// SAFETY: the buffers belong to the vector, and each describes itself.
unsafe impl<B: IoBuf> Pieces for Vec<B> {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn initialized(&self) -> Parts {
        initialized(self)
    }
}

// SAFETY: as above.
unsafe impl<B: IoBufMut> PiecesMut for Vec<B> {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn room(&mut self) -> Parts {
        room(self)
    }

    unsafe fn set_init(&mut self, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { set_init(self, count) };
    }
}

// SAFETY: the buffers belong to the array, and each describes itself. What they describe stays where
// it is when they are moved with the array.
unsafe impl<B: IoBuf, const N: usize> Pieces for [B; N] {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn initialized(&self) -> Parts {
        initialized(self)
    }
}

// SAFETY: as above.
unsafe impl<B: IoBufMut, const N: usize> PiecesMut for [B; N] {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn room(&mut self) -> Parts {
        room(self)
    }

    unsafe fn set_init(&mut self, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { set_init(self, count) };
    }
}

//! Memory of a user's buffer, lent to an operation.
//!
//! The buffers of `fs` are vectors of its own. Those of the public completion API are the user's,
//! of any type. A [`Lent`] owns such a buffer, whose type is erased, and knows where its memory is
//! ([`Parts`]). It belongs to the operation like everything that the kernel may touch (I1), and
//! comes back with the outcome.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::pool_memory::PoolMemory;

/// The most parts that one call takes (`UIO_MAXIOV`; readv(2)). More are not offered to the kernel,
/// and the transfer is short.
const MAX_PARTS: usize = 1024;

/// Pieces of memory, in the order in which they are filled or written.
#[derive(Clone)]
pub(crate) enum Parts {
    One(libc::iovec),
    Many(Vec<libc::iovec>),
}

impl Parts {
    /// Returns one piece of `len` bytes.
    #[inline]
    pub(crate) fn one(start: *mut u8, len: usize) -> Parts {
        Parts::One(libc::iovec {
            iov_base: start.cast(),
            iov_len: len,
        })
    }

    /// Returns the first [`MAX_PARTS`] of those pieces that are not empty.
    pub(crate) fn many(parts: impl IntoIterator<Item = (*mut u8, usize)>) -> Parts {
        let parts = parts.into_iter().filter(|(_, len)| *len > 0);
        let parts = parts.take(MAX_PARTS).map(|(start, len)| libc::iovec {
            iov_base: start.cast(),
            iov_len: len,
        });
        Parts::Many(parts.collect())
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[libc::iovec] {
        match self {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        }
    }

    /// Returns the number of bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let parts = self.as_slice().iter();
        parts.fold(0, |len, part| part.iov_len.saturating_add(len))
    }

    /// Removes the first `count` bytes.
    pub(crate) fn advance(&mut self, mut count: usize) {
        let shorten = |part: &mut libc::iovec, by: usize| {
            part.iov_base = part.iov_base.wrapping_byte_add(by);
            part.iov_len -= by;
        };
        match self {
            Parts::One(part) => shorten(part, count.min(part.iov_len)),
            Parts::Many(parts) => {
                let mut done = 0;
                while let Some(part) = parts.get_mut(done) {
                    if count < part.iov_len {
                        shorten(part, count);
                        break;
                    }
                    count -= part.iov_len;
                    done += 1;
                }
                parts.drain(..done);
            }
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lens = self.as_slice().iter().map(|part| part.iov_len);
        f.debug_list().entries(lens).finish()
    }
}

/// A user's buffer, and the memory in it that the kernel may touch.
pub(crate) struct Lent {
    owner: Box<dyn Any + Send>,
    parts: Parts,
    /// Where the memory is, if it is one piece of a pool's.
    pool_memory: Option<Arc<PoolMemory>>,
}

// SAFETY: the owner is `Send`, and the parts lead to nothing but what it owns (`Lent::new`).
unsafe impl Send for Lent {}
// SAFETY: a shared reference reaches neither the owner nor, without unsafe code, the memory.
unsafe impl Sync for Lent {}

impl Lent {
    /// Joins a buffer with its memory.
    ///
    /// # Safety
    ///
    /// `parts` is memory of `owner`, or memory that lives as long as the process. It is readable,
    /// for a read also writable, stays valid and where it is as long as `owner` lives, and nothing
    /// but the kernel touches it until the owner is taken back.
    pub(crate) unsafe fn new(owner: Box<dyn Any + Send>, parts: Parts) -> Lent {
        Lent {
            owner,
            parts,
            pool_memory: None,
        }
    }

    /// Names the pool whose memory this may be, and which a ring may have registered.
    pub(crate) fn in_pool(mut self, memory: Option<Arc<PoolMemory>>) -> Lent {
        let [part] = self.parts.as_slice() else {
            return self;
        };
        self.pool_memory = memory.filter(|memory| memory.contains(part));
        self
    }

    pub(in crate::driver) fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        self.pool_memory.as_ref()
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Returns the buffer, for which no operation is in flight any more.
    pub(crate) fn into_owner(self) -> Box<dyn Any + Send> {
        self.owner
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent")
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PARTS, Parts};

    fn lens(parts: &Parts) -> Vec<usize> {
        parts.as_slice().iter().map(|part| part.iov_len).collect()
    }

    #[test]
    fn advancing_removes_whole_and_partial_pieces() {
        let mut bytes = [0_u8; 10];
        let start = bytes.as_mut_ptr();
        let pieces = [(start, 2), (start, 0), (start.wrapping_add(2), 5)];
        let mut parts = Parts::many(pieces);
        assert_eq!((lens(&parts), parts.len()), (vec![2, 5], 7));
        parts.advance(1);
        assert_eq!(lens(&parts), [1, 5]);
        parts.advance(1);
        assert_eq!(lens(&parts), [5]);
        parts.advance(3);
        assert_eq!(parts.as_slice()[0].iov_base, start.wrapping_add(5).cast());
        parts.advance(2);
        assert_eq!(parts.len(), 0);

        let mut one = Parts::one(start, 10);
        one.advance(4);
        assert_eq!(one.as_slice()[0].iov_base, start.wrapping_add(4).cast());
        assert_eq!(one.len(), 6);
    }

    #[test]
    fn no_more_parts_than_a_call_takes() {
        let mut byte = 0_u8;
        let pieces = std::iter::repeat_n((&raw mut byte, 1), MAX_PARTS + 5);
        assert_eq!(Parts::many(pieces).len(), MAX_PARTS);
    }
}

//! Memory that an operation owns while the kernel may touch it (I1).
//!
//! A [`Buffer`] is one of a closed set of owning byte containers whose bytes do not move when the
//! container does. It hands out raw pointers to the part that an operation reads or fills, and
//! takes note of how much was filled. Read `op.rs` next.

use bytes::{Bytes, BytesMut};

/// Owned bytes with a stable address.
#[derive(Debug)]
pub(crate) enum Buffer {
    Vec(Vec<u8>),
    Boxed(Box<[u8]>),
    BytesMut(BytesMut),
    /// Can be written from, not read into.
    Bytes(Bytes),
}

impl Buffer {
    /// How many bytes hold data.
    pub(crate) fn len(&self) -> usize {
        match self {
            Buffer::Vec(bytes) => bytes.len(),
            Buffer::Boxed(bytes) => bytes.len(),
            Buffer::BytesMut(bytes) => bytes.len(),
            Buffer::Bytes(bytes) => bytes.len(),
        }
    }

    /// The vector that the buffer was made from.
    ///
    /// # Panics
    /// If it was made from something else.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Buffer::Vec(bytes) => bytes,
            other => unreachable!("a vector was submitted, not {other:?}"),
        }
    }

    /// How many bytes a read may fill, counted from the buffer's start.
    fn writable(&self) -> usize {
        match self {
            Buffer::Vec(bytes) => bytes.capacity(),
            Buffer::Boxed(bytes) => bytes.len(),
            Buffer::BytesMut(bytes) => bytes.capacity(),
            Buffer::Bytes(_) => 0,
        }
    }

    /// Where a read that starts at `at` puts at most `max` bytes, and how many fit.
    ///
    /// # Panics
    /// If `at` lies behind the data: a gap would never be initialised.
    pub(crate) fn target(&mut self, at: usize, max: usize) -> (*mut u8, usize) {
        assert!(
            at <= self.len(),
            "a read starts within the data or at its end"
        );
        let room = self.writable().saturating_sub(at).min(max);
        let start = match self {
            Buffer::Vec(bytes) => bytes.as_mut_ptr(),
            Buffer::Boxed(bytes) => bytes.as_mut_ptr(),
            Buffer::BytesMut(bytes) => bytes.as_mut_ptr(),
            Buffer::Bytes(_) => std::ptr::NonNull::dangling().as_ptr(),
        };
        if room == 0 {
            return (start, 0);
        }
        // SAFETY: `at` is at most `len`, which is at most the size of the allocation at `start`.
        (unsafe { start.add(at) }, room)
    }

    /// What a write that starts at `at` takes, at most `max` bytes.
    pub(crate) fn source(&self, at: usize, max: usize) -> &[u8] {
        let bytes: &[u8] = match self {
            Buffer::Vec(bytes) => bytes,
            Buffer::Boxed(bytes) => bytes,
            Buffer::BytesMut(bytes) => bytes,
            Buffer::Bytes(bytes) => bytes,
        };
        let rest = bytes.get(at..).unwrap_or(&[]);
        &rest[..rest.len().min(max)]
    }

    /// Takes note that `count` bytes from `at` on now hold data.
    ///
    /// # Safety
    /// That many bytes were written to the place that [`target`](Buffer::target) named for `at`.
    pub(crate) unsafe fn filled(&mut self, at: usize, count: usize) {
        let end = at + count;
        match self {
            Buffer::Vec(bytes) if end > bytes.len() => {
                debug_assert!(end <= bytes.capacity());
                // SAFETY: the bytes up to `at` were initialised (`target` checked it) and the
                // caller wrote those up to `end`, within the capacity that `target` gave out.
                unsafe { bytes.set_len(end) }
            }
            Buffer::BytesMut(bytes) if end > bytes.len() => {
                debug_assert!(end <= bytes.capacity());
                // SAFETY: as above.
                unsafe { bytes.set_len(end) }
            }
            Buffer::Vec(_) | Buffer::BytesMut(_) | Buffer::Boxed(_) | Buffer::Bytes(_) => {}
        }
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Buffer {
        Buffer::Vec(bytes)
    }
}

impl From<Box<[u8]>> for Buffer {
    fn from(bytes: Box<[u8]>) -> Buffer {
        Buffer::Boxed(bytes)
    }
}

impl From<BytesMut> for Buffer {
    fn from(bytes: BytesMut) -> Buffer {
        Buffer::BytesMut(bytes)
    }
}

impl From<Bytes> for Buffer {
    fn from(bytes: Bytes) -> Buffer {
        Buffer::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;
    use bytes::{Bytes, BytesMut};

    fn fill(buffer: &mut Buffer, at: usize, with: &[u8]) -> usize {
        let (place, room) = buffer.target(at, with.len());
        // SAFETY: `room` bytes may be written at `place`.
        unsafe {
            std::ptr::copy_nonoverlapping(with.as_ptr(), place, room);
            buffer.filled(at, room);
        }
        room
    }

    #[test]
    fn appends_within_the_capacity() {
        let mut vec = Vec::with_capacity(4);
        vec.extend_from_slice(b"ab");
        let capacity = vec.capacity();
        let mut buffer = Buffer::from(vec);
        assert_eq!(fill(&mut buffer, 2, b"cdefghijklmnopq"), capacity - 2);
        assert_eq!(&buffer.source(0, 4), b"abcd");
        assert_eq!(fill(&mut buffer, 0, b"X"), 1);
        assert_eq!(buffer.source(0, usize::MAX)[..4], *b"Xbcd");
    }

    #[test]
    fn fixed_and_shared_buffers() {
        let mut boxed = Buffer::from(vec![0; 3].into_boxed_slice());
        assert_eq!(fill(&mut boxed, 1, b"123"), 2);
        assert_eq!(boxed.source(0, 9), b"\x0012");
        let mut bytes = Buffer::from(Bytes::from_static(b"abc"));
        assert_eq!(bytes.target(3, 10).1, 0);
        assert_eq!(bytes.source(1, 1), b"b");
        assert_eq!(bytes.source(4, 1), b"");
        let mut growing = Buffer::from(BytesMut::with_capacity(16));
        assert_eq!(fill(&mut growing, 0, b"hello"), 5);
        assert_eq!(growing.len(), 5);
    }

    #[test]
    #[should_panic(expected = "a read starts within the data")]
    fn a_gap_is_refused() {
        Buffer::from(Vec::with_capacity(8)).target(1, 1);
    }
}

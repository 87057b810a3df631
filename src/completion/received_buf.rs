//! [`ReceivedBuf`]: what was received into a buffer of a ring.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::{Deref, DerefMut, Range};

use bytes::{Buf, Bytes};

use super::buffer_ring::Taken;

/// Bytes that were received into a buffer of a [`BufferRing`](super::BufferRing).
///
/// It is read as a slice of bytes, changed in place as one, and consumed from the front as a
/// [`Buf`]. It can be written as it is, since it is an [`IoBuf`](super::IoBuf). When it is dropped,
/// on whatever thread, its buffer goes back to the ring; until then it counts against the limit of
/// its stream.
///
/// # Conversion into `Bytes`
///
/// `Bytes::from` copies nothing. With version 1.9 or later of the crate `bytes`, the buffer goes
/// back to the ring when the last handle to its `Bytes` is dropped. Older versions cannot report
/// that: there the memory becomes that of the `Bytes`, and the ring allocates a new buffer when it
/// needs one. Either way a `Bytes` of few bytes keeps a whole buffer; to keep it for long, use
/// [`Bytes::copy_from_slice`].
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use zokio::completion::BufferRing;
/// use zokio::completion::net::UnixStream;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let ring = BufferRing::new(16, 4096);
///     let (near, far) = UnixStream::pair()?;
///     near.write_all("hello").await.0?;
///     let mut received = far.recv_multi(&ring).next().await.expect("not the end")?;
///     received.make_ascii_uppercase();
///
///     let bytes = Bytes::from(received);
///     let (start, end) = (bytes.slice(..2), bytes.slice(2..));
///     assert_eq!((&start[..], &end[..]), (&b"HE"[..], &b"LLO"[..]));
///     Ok(())
/// }
/// ```
pub struct ReceivedBuf {
    taken: Taken,
    /// Where the bytes are in the buffer.
    range: Range<usize>,
}

impl ReceivedBuf {
    /// The first `len` bytes of the buffer were received.
    pub(super) fn new(taken: Taken, len: usize) -> ReceivedBuf {
        debug_assert!(len <= taken.memory().len());
        ReceivedBuf {
            taken,
            range: 0..len,
        }
    }
}

impl Deref for ReceivedBuf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.taken.memory()[self.range.clone()]
    }
}

impl DerefMut for ReceivedBuf {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.taken.memory_mut()[self.range.clone()]
    }
}

impl AsRef<[u8]> for ReceivedBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl AsMut<[u8]> for ReceivedBuf {
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl Buf for ReceivedBuf {
    fn remaining(&self) -> usize {
        self.range.len()
    }

    fn chunk(&self) -> &[u8] {
        self
    }

    #[track_caller]
    fn advance(&mut self, count: usize) {
        let left = self.range.len();
        assert!(
            count <= left,
            "cannot advance by {count} bytes of {left} that are left"
        );
        self.range.start += count;
    }
}

/// Bytes that are equal.
impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for ReceivedBuf {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl fmt::Debug for ReceivedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Copies nothing. See [`ReceivedBuf`](ReceivedBuf#conversion-into-bytes).
impl From<ReceivedBuf> for Bytes {
    fn from(received: ReceivedBuf) -> Bytes {
        // The function of `bytes`, where it has one; otherwise that of the trait below.
        Bytes::from_owner(received)
    }
}

/// Stands in for `Bytes::from_owner`, which `bytes` has from version 1.9 on. A function of the type
/// itself takes precedence over one of a trait, so the trait is used only with older versions.
trait FromOwner {
    #[allow(dead_code, reason = "it is used where `bytes` is older than 1.9")]
    fn from_owner(received: ReceivedBuf) -> Bytes;
}

impl FromOwner for Bytes {
    fn from_owner(received: ReceivedBuf) -> Bytes {
        detached(received)
    }
}

/// Moves the memory out of the ring.
fn detached(mut received: ReceivedBuf) -> Bytes {
    let range = received.range.clone();
    Bytes::from(received.taken.detach()).slice(range)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use bytes::{Buf, Bytes};

    use super::{ReceivedBuf, detached};
    use crate::completion::BufferRing;

    fn received(ring: &BufferRing, bytes: &[u8]) -> ReceivedBuf {
        let mut supply = ring.supply();
        let take = std::future::poll_fn(|cx| supply.poll_take(cx));
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(mut taken) = pin!(take).poll(&mut cx) else {
            panic!("the ring is empty");
        };
        taken.memory_mut()[..bytes.len()].copy_from_slice(bytes);
        ReceivedBuf::new(taken, bytes.len())
    }

    #[test]
    fn it_is_consumed_from_the_front() {
        let ring = BufferRing::new(1, 8);
        let mut buf = received(&ring, b"0123456");
        assert_eq!(buf.get_u8(), b'0');
        buf.advance(2);
        buf[0] = b'x';
        assert_eq!((&buf[..], buf.remaining()), (&b"x456"[..], 4));
        assert_eq!(buf, b"x456"[..]);
        assert_eq!(format!("{buf:?}"), format!("{:?}", b"x456"));
        buf.advance(4);
        assert!(!buf.has_remaining() && ring.available() == 0);
        drop(buf);
        assert_eq!(ring.available(), 1);
    }

    #[test]
    #[should_panic = "cannot advance by 2 bytes of 1 that are left"]
    fn it_does_not_advance_over_the_end() {
        received(&BufferRing::new(1, 8), b"1").advance(2);
    }

    /// With every version of `bytes`, and by the way that the old ones take.
    #[test]
    fn bytes_are_where_they_were_received() {
        for convert in [Bytes::from, detached] {
            let ring = BufferRing::new(1, 8);
            let mut buf = received(&ring, b"0123456");
            buf.advance(3);
            let place = buf.as_ptr();
            let bytes = convert(buf);
            assert_eq!((bytes.as_ptr(), &bytes[..]), (place, &b"3456"[..]));
            let tail = bytes.slice(2..);
            drop(bytes);
            assert_eq!(tail, &b"56"[..]);
            drop(tail);
            assert_eq!(ring.available(), 1);
            // Whether or not the memory came back.
            assert_eq!(received(&ring, b"12345678").len(), 8);
        }
    }
}

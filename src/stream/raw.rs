//! The `unsafe` parts of `io` outside of `ReadBuf`: filling memory that its owner has not
//! initialized, one borrow that the checker cannot follow, and the stream that two halves share.
//!
//! Every function here is safe to call with any reader, even one that breaks the contract of its
//! trait: a reader is foreign code, and may for instance replace the `ReadBuf` that it was passed
//! with another one. Each block tells how that is caught.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BufMut;

use crate::loom::sync::Mutex;
use crate::stream::{AsyncBufRead, AsyncRead, ReadBuf, ReadHalf, WriteHalf};

/// Reads once into the free space of `buf` and returns how many bytes were added.
///
/// For a `buf` without free space it returns 0 and does not ask the reader.
///
/// # Panics
///
/// Panics if the reader replaced the buffer that it was passed.
pub(crate) fn poll_read_into<R, B>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut B,
) -> Poll<io::Result<usize>>
where
    R: AsyncRead + ?Sized,
    B: BufMut + ?Sized,
{
    if !buf.has_remaining_mut() {
        return Poll::Ready(Ok(0));
    }
    let n = {
        // SAFETY: the slice goes into a `ReadBuf` only, which never makes a byte uninitialized
        // (its R2).
        let space = unsafe { buf.chunk_mut().as_uninit_slice_mut() };
        let mut read_buf = ReadBuf::uninit(space);
        let start = read_buf.filled().as_ptr();
        ready!(reader.poll_read(cx, &mut read_buf))?;
        check_same(start, &read_buf);
        read_buf.filled().len()
    };
    // SAFETY: `n` is the length of the filled part of a `ReadBuf` over exactly the chunk
    // (`check_same`), so the chunk's first `n` bytes are initialized.
    unsafe { buf.advance_mut(n) };
    Poll::Ready(Ok(n))
}

/// Reads once into at most `limit` bytes of `buf` and returns how many were added.
///
/// # Panics
///
/// Panics if the reader replaced the buffer that it was passed.
pub(crate) fn poll_read_limited<R>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
    limit: usize,
) -> Poll<io::Result<usize>>
where
    R: AsyncRead + ?Sized,
{
    let mut part = buf.take(limit);
    let start = part.filled().as_ptr();
    ready!(reader.poll_read(cx, &mut part))?;
    check_same(start, &part);
    let (n, initialized) = (part.filled().len(), part.initialized().len());
    // SAFETY: `part` is a view of the first bytes of `buf`'s unfilled part (`check_same`), and
    // reports that this many of them are initialized.
    unsafe { buf.assume_init(initialized) };
    buf.advance(n);
    Poll::Ready(Ok(n))
}

/// Panics unless `read_buf` is still the view that starts at `start`.
///
/// A `ReadBuf` of the same start can only be the one that was passed in: no other borrow of that
/// memory exists while it lives.
#[track_caller]
pub(crate) fn check_same(start: *const u8, read_buf: &ReadBuf<'_>) {
    assert_eq!(
        start,
        read_buf.filled().as_ptr(),
        "the reader replaced the ReadBuf that it was given: fill it, and do not swap it"
    );
}

/// The ways in which a future holds the vector that it reads into.
///
/// # Safety
///
/// `vec` must return the same vector at every call.
pub(crate) unsafe trait HoldsVec {
    /// Returns the vector.
    fn vec(&mut self) -> &mut Vec<u8>;
}

// SAFETY: the vector is the value itself.
unsafe impl HoldsVec for Vec<u8> {
    fn vec(&mut self) -> &mut Vec<u8> {
        self
    }
}

// SAFETY: the vector is the one behind the reference, which is never replaced.
unsafe impl HoldsVec for &mut Vec<u8> {
    fn vec(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// The minimum of free space for reading to the end.
const MIN_SPACE: usize = 32;

/// A vector that is read into, and the number of bytes of its free space that are initialized.
///
/// Invariant R3: the first `initialized` bytes after the vector's length are initialized. It holds
/// from call to call because nothing else can reach the vector in between.
#[derive(Debug)]
pub(crate) struct SpareVec<V> {
    holder: V,
    initialized: usize,
    first_capacity: usize,
}

impl<V: HoldsVec> SpareVec<V> {
    pub(crate) fn new(mut holder: V) -> Self {
        let first_capacity = holder.vec().capacity();
        SpareVec {
            holder,
            initialized: 0,
            first_capacity,
        }
    }

    /// Returns the vector without its free space; the count of initialized bytes is lost.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.initialized = 0;
        std::mem::take(self.holder.vec())
    }

    /// Reads once, and returns how many bytes were added: 0 at the end of the source.
    ///
    /// A vector whose capacity the caller chose, and that is nearly full, is not grown just to see
    /// the end of the source: a few bytes are first read into a separate array.
    pub(crate) fn poll_read<R>(
        &mut self,
        reader: Pin<&mut R>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>>
    where
        R: AsyncRead + ?Sized,
    {
        let vec = self.holder.vec();
        let capacity = vec.capacity();
        if capacity - vec.len() < MIN_SPACE {
            if capacity == self.first_capacity && capacity >= MIN_SPACE {
                return self.poll_read_aside(reader, cx);
            }
            vec.reserve(MIN_SPACE);
            if vec.capacity() != capacity {
                // The free space may be somewhere else now.
                self.initialized = 0;
            }
        }
        self.poll_read_spare(reader, cx)
    }

    #[inline]
    fn poll_read_spare<R>(
        &mut self,
        reader: Pin<&mut R>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>>
    where
        R: AsyncRead + ?Sized,
    {
        let vec = self.holder.vec();
        let mut read_buf = ReadBuf::uninit(vec.spare_capacity_mut());
        // SAFETY: R3.
        unsafe { read_buf.assume_init(self.initialized) };
        let start = read_buf.filled().as_ptr();
        let polled = reader.poll_read(cx, &mut read_buf);
        check_same(start, &read_buf);
        let n = read_buf.filled().len();
        // R3: what `ReadBuf` reports as initialized in total, less what the vector takes over.
        self.initialized = read_buf.initialized().len();
        ready!(polled)?;
        self.initialized -= n;
        // SAFETY: the first `n` bytes of the free space are filled, thus initialized; the view
        // was over exactly that space (`check_same`).
        unsafe { vec.set_len(vec.len() + n) };
        Poll::Ready(Ok(n))
    }

    fn poll_read_aside<R>(
        &mut self,
        reader: Pin<&mut R>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>>
    where
        R: AsyncRead + ?Sized,
    {
        let mut aside = [MaybeUninit::uninit(); MIN_SPACE];
        let mut read_buf = ReadBuf::uninit(&mut aside);
        ready!(reader.poll_read(cx, &mut read_buf))?;
        self.initialized = 0;
        self.holder.vec().extend_from_slice(read_buf.filled());
        Poll::Ready(Ok(read_buf.filled().len()))
    }
}

/// Fills the buffer of the reader in `slot` and returns its bytes for as long as the reader is
/// borrowed; the slot is empty then.
///
/// # Panics
///
/// Panics if the slot is empty: the future was polled after it was done.
pub(crate) fn poll_fill_slot<'a, R>(
    slot: &mut Option<&'a mut R>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<&'a [u8]>>
where
    R: AsyncBufRead + Unpin + ?Sized,
{
    let reader: *mut R = slot.take().expect("FillBuf polled after completion");
    // SAFETY: `reader` comes from a `&'a mut R` that was just moved out of the slot, so this is the
    // only borrow. It is used again only when the poll returned nothing that lives on.
    match Pin::new(unsafe { &mut *reader }).poll_fill_buf(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => {
            // SAFETY: as above; the reborrow of the call has ended, since `Pending` holds nothing.
            *slot = Some(unsafe { &mut *reader });
            Poll::Pending
        }
    }
}

/// Returns the position of the first `byte` in `bytes`.
pub(crate) fn memchr(byte: u8, bytes: &[u8]) -> Option<usize> {
    let start: *const u8 = bytes.as_ptr();
    // SAFETY: `memchr` reads at most `bytes.len()` bytes from `start`, which is this slice.
    let found = unsafe { libc::memchr(start.cast(), byte.into(), bytes.len()) };
    if found.is_null() {
        return None;
    }
    Some(found.addr() - start.addr())
}

/// A stream that two halves share: locked for each operation, and pinned in place.
pub(crate) struct SharedStream<T>(Arc<Mutex<T>>);

impl<T> SharedStream<T> {
    pub(crate) fn new(stream: T) -> Self {
        SharedStream(Arc::new(Mutex::new(stream)))
    }

    /// Returns a second handle to the same stream.
    pub(crate) fn another(&self) -> Self {
        SharedStream(self.0.clone())
    }

    /// Returns whether the two are handles to the same stream.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Runs one operation on the stream.
    pub(crate) fn with<R>(&mut self, operation: impl FnOnce(Pin<&mut T>) -> R) -> R {
        let mut stream = self.0.lock();
        // SAFETY: the stream stays in its allocation until it is dropped: only `into_inner` moves
        // it out, and requires `T: Unpin`.
        operation(unsafe { Pin::new_unchecked(&mut *stream) })
    }

    /// Returns the stream itself; this must be the last handle.
    pub(crate) fn into_inner(self) -> T
    where
        T: Unpin,
    {
        Arc::into_inner(self.0)
            .expect("the two halves are the only handles to their stream")
            .into_inner()
    }
}

// SAFETY: two halves may use and drop the stream on two threads, one at a time because of the lock:
// that requires `T: Send`, as for a mutex.
unsafe impl<T: Send> Send for ReadHalf<T> {}

// SAFETY: nothing that a shared reference to a half allows reaches the stream, since
// `SharedStream::with` requires a unique one; so even `T: Sync` is more than needed.
unsafe impl<T: Sync> Sync for ReadHalf<T> {}

// SAFETY: as for `ReadHalf`.
unsafe impl<T: Send> Send for WriteHalf<T> {}

// SAFETY: as for `ReadHalf`.
unsafe impl<T: Sync> Sync for WriteHalf<T> {}

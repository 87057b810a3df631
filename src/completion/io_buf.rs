//! `IoBuf` and `IoBufMut`: buffers that an operation can own.

use std::ops::RangeBounds;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::received_buf::ReceivedBuf;
use super::slice::Slice;
use crate::driver::completion::pool_memory::PoolMemory;

/// A buffer that an operation can own while the kernel reads from it.
///
/// It is implemented for `Vec<u8>`, `String`, `Box<[u8]>`, `Box<[u8; N]>`, `Arc<[u8]>`, [`Bytes`],
/// [`BytesMut`], `&'static [u8]`, `&'static [u8; N]`, `&'static str`, [`PooledBuf`](super::PooledBuf)
/// and [`ReceivedBuf`], and for [`Slice`]s of them. What is written is what is initialized: the
/// content of a vector, not its spare capacity.
///
/// A buffer is owned, so what is borrowed from elsewhere is copied first, unless it can be shared:
/// `Arc<[u8]>` and [`Bytes`] go to any number of operations at a time.
///
/// # Safety
///
/// The memory of a buffer is `bytes_total()` bytes from `stable_ptr()` on, of which the first
/// `bytes_init()` are initialized. An implementation makes sure that as long as the value exists
/// and nothing has mutable access to it:
///
/// - the memory is valid for reads, stays where it is even if the value is moved, and nothing
///   writes to it;
/// - the three methods return the same values at each call, from any thread, and do not panic;
/// - `bytes_init()` is at most `bytes_total()`.
///
/// # Examples
///
/// ```
/// use zokio::completion::IoBuf;
///
/// fn total(buffers: &[impl IoBuf]) -> usize {
///     buffers.iter().map(|buffer| buffer.bytes_init()).sum()
/// }
///
/// assert_eq!(total(&["one", "three"]), 8);
/// let mut room = Vec::with_capacity(100);
/// room.extend_from_slice(b"bytes");
/// assert_eq!(total(&[room]), 5);
/// ```
pub unsafe trait IoBuf: Send + 'static {
    /// Returns the address of the first byte.
    fn stable_ptr(&self) -> *const u8;

    /// Returns how many bytes are initialized.
    fn bytes_init(&self) -> usize;

    /// Returns how many bytes there is room for: the capacity of a vector, and the same as
    /// [`bytes_init`](IoBuf::bytes_init) for what cannot grow.
    fn bytes_total(&self) -> usize;

    /// Returns the pool whose memory this is. Only a buffer of a pool knows one.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "no other type is of a pool")]
    fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        None
    }

    /// Restricts operations to a part of the buffer. See [`Slice`].
    ///
    /// An open end is that of the buffer's [room](IoBuf::bytes_total).
    ///
    /// # Panics
    ///
    /// Panics if the range starts behind its end or behind what is initialized, or ends behind the
    /// buffer's room.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    ///
    /// let hello = "hello, world".slice(..5);
    /// assert_eq!(&hello[..], b"hello");
    /// ```
    #[must_use = "it returns the part"]
    #[track_caller]
    fn slice(self, range: impl RangeBounds<usize>) -> Slice<Self>
    where
        Self: Sized,
    {
        Slice::new(self, range)
    }
}

/// A buffer that an operation can own while the kernel writes to it.
///
/// It is implemented for `Vec<u8>`, `Box<[u8]>`, `Box<[u8; N]>`, [`BytesMut`] and
/// [`PooledBuf`](super::PooledBuf), and for [`Slice`]s of them.
///
/// # Where a read puts its bytes
///
/// A read fills the buffer from its **start**, over what is there, and at most up to its room, which
/// is the capacity of a vector. Afterwards the buffer's length is the number of bytes that were
/// read, if that is more than its length was; it never shrinks. To append, read into a
/// [slice](IoBuf::slice) that begins at the length.
///
/// ```
/// use zokio::completion::{IoBuf, fs::File};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let path = dir.path().join("file");
///     std::fs::write(&path, "0123456789")?;
///     let file = File::open(&path).await?;
///
///     // An empty vector with room for four bytes.
///     let (count, buffer) = file.read_at(Vec::with_capacity(4), 0).await;
///     assert_eq!((count?, &buffer[..]), (4, &b"0123"[..]));
///     // Two bytes are left in the file, and the other two in the buffer.
///     let (count, buffer) = file.read_at(buffer, 8).await;
///     assert_eq!((count?, &buffer[..]), (2, &b"8923"[..]));
///     // Append.
///     let mut buffer = buffer;
///     buffer.reserve(3);
///     let (count, slice) = file.read_at(buffer.slice(4..7), 0).await;
///     assert_eq!((count?, &slice.into_inner()[..]), (3, &b"8923012"[..]));
///     Ok(())
/// }
/// ```
///
/// # Safety
///
/// In addition to what [`IoBuf`] demands, the memory is valid for writes, and nothing but the
/// value's owner has access to it. `stable_mut_ptr()` returns the same address as `stable_ptr()`.
pub unsafe trait IoBufMut: IoBuf {
    /// Returns the address of the first byte.
    fn stable_mut_ptr(&mut self) -> *mut u8;

    /// Records that the first `len` bytes are initialized. A buffer of which more are initialized
    /// stays as it is.
    ///
    /// # Safety
    ///
    /// The first `len` bytes are initialized, and `len` is at most
    /// [`bytes_total`](IoBuf::bytes_total).
    unsafe fn set_init(&mut self, len: usize);
}

// SAFETY: a vector's elements are on the heap, where they stay when the vector is moved, and only
// mutable access writes to them or replaces them. All `capacity` bytes belong to it.
unsafe impl IoBuf for Vec<u8> {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.capacity()
    }
}

// SAFETY: as above; a vector is the only owner of its elements.
unsafe impl IoBufMut for Vec<u8> {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.as_mut_ptr()
    }

    unsafe fn set_init(&mut self, len: usize) {
        if len > self.len() {
            // SAFETY: the caller promises that these bytes are initialized and within the capacity.
            unsafe { self.set_len(len) };
        }
    }
}

// SAFETY: the bytes are on the heap, where they stay when the box is moved, and only mutable access
// writes to them.
unsafe impl IoBuf for Box<[u8]> {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }
}

// SAFETY: as above; a box is the only owner of its content.
unsafe impl IoBufMut for Box<[u8]> {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.as_mut_ptr()
    }

    // All bytes are initialized.
    unsafe fn set_init(&mut self, _len: usize) {}
}

// SAFETY: the array is on the heap, where it stays when the box is moved, and only mutable access
// writes to it.
unsafe impl<const N: usize> IoBuf for Box<[u8; N]> {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        N
    }

    fn bytes_total(&self) -> usize {
        N
    }
}

// SAFETY: as above; a box is the only owner of its content.
unsafe impl<const N: usize> IoBufMut for Box<[u8; N]> {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.as_mut_ptr()
    }

    // All bytes are initialized.
    unsafe fn set_init(&mut self, _len: usize) {}
}

// SAFETY: a string is a vector of bytes, to which only mutable access writes.
unsafe impl IoBuf for String {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    // What a string has room for is no matter of operations, which cannot write to it.
    fn bytes_total(&self) -> usize {
        self.len()
    }
}

// SAFETY: the content never changes, and stays where it is as long as there is a handle to it.
unsafe impl IoBuf for Bytes {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }
}

// SAFETY: the content is on the heap, where it stays when the handle is moved. It belongs to this
// handle alone, up to its capacity, and only mutable access writes to it or replaces it.
unsafe impl IoBuf for BytesMut {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.capacity()
    }
}

// SAFETY: as above.
unsafe impl IoBufMut for BytesMut {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.as_mut_ptr()
    }

    unsafe fn set_init(&mut self, len: usize) {
        if len > self.len() {
            // SAFETY: the caller promises that these bytes are initialized and within the capacity.
            unsafe { self.set_len(len) };
        }
    }
}

// SAFETY: the content belongs to this value, is on the heap, where it stays when the value is moved,
// and only mutable access writes to it. It goes back to its ring when the value is dropped.
unsafe impl IoBuf for ReceivedBuf {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }
}

// SAFETY: static memory that is shared is never written to and never moves.
unsafe impl IoBuf for &'static [u8] {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }
}

// SAFETY: as above.
unsafe impl<const N: usize> IoBuf for &'static [u8; N] {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        N
    }

    fn bytes_total(&self) -> usize {
        N
    }
}

// SAFETY: the bytes are on the heap, where they stay as long as there is a handle to them. Mutable
// access to them is mutable access to the one handle that is left.
unsafe impl IoBuf for Arc<[u8]> {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }
}

// SAFETY: static memory, as above.
unsafe impl IoBuf for &'static str {
    fn stable_ptr(&self) -> *const u8 {
        self.as_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.len()
    }

    fn bytes_total(&self) -> usize {
        self.len()
    }
}

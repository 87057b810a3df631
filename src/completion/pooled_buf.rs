//! `PooledBuf`: a buffer of a pool, while it is checked out.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::io_buf::{IoBuf, IoBufMut};
use super::pool::PoolShared;
use crate::driver::completion::pool_memory::PoolMemory;

/// A buffer of a [`BufferPool`](super::BufferPool), which gets it back when it is dropped.
///
/// It resembles a vector with a fixed capacity: it is empty when it is checked out, a read makes it
/// as long as what was read (see [`IoBufMut`]), and a write takes what is in it. It dereferences to
/// its content.
///
/// It keeps the memory of the pool, also when the pool is dropped.
///
/// # Examples
///
/// ```
/// use zokio::completion::{BufferPool, fs::File};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let pool = BufferPool::new(1, 4096)?;
///     let file = File::from(tempfile::tempfile()?);
///     let mut buffer = pool.get().await;
///     buffer.extend_from_slice(b"hello");
///     let (written, mut buffer) = file.write_all_at(buffer, 0).await;
///     written?;
///     buffer.clear();
///     let (count, buffer) = file.read_at(buffer, 1).await;
///     assert_eq!((count?, &buffer[..]), (4, &b"ello"[..]));
///     Ok(())
/// }
/// ```
pub struct PooledBuf {
    pool: Arc<PoolShared>,
    /// Which of the pool's buffers it is. No other value has the same.
    place: usize,
    /// The length of the content, at most the pool's `size`.
    len: usize,
}

impl PooledBuf {
    /// Checks out the buffer at `place`, which is in the pool and not checked out.
    pub(super) fn new(pool: Arc<PoolShared>, place: usize) -> PooledBuf {
        let len = 0;
        PooledBuf { pool, place, len }
    }

    /// Returns how many bytes it has room for.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let buffer = BufferPool::new(1, 100)?.try_get().unwrap();
    /// assert_eq!((buffer.len(), buffer.capacity()), (0, 100));
    /// # Ok(())
    /// # }
    /// ```
    pub fn capacity(&self) -> usize {
        self.pool.size()
    }

    /// Removes the content.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let mut buffer = BufferPool::new(1, 100)?.try_get().unwrap();
    /// buffer.extend_from_slice(b"text");
    /// buffer.clear();
    /// assert!(buffer.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Shortens the content to `len` bytes, if it is longer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let mut buffer = BufferPool::new(1, 100)?.try_get().unwrap();
    /// buffer.extend_from_slice(b"text");
    /// buffer.truncate(2);
    /// assert_eq!(*buffer, *b"te");
    /// # Ok(())
    /// # }
    /// ```
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Makes the content `len` bytes long; what is added is filled with `byte`.
    ///
    /// # Panics
    ///
    /// Panics if `len` is more than the capacity.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let mut buffer = BufferPool::new(1, 100)?.try_get().unwrap();
    /// buffer.resize(3, b'x');
    /// assert_eq!(*buffer, *b"xxx");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn resize(&mut self, len: usize, byte: u8) {
        let former = self.len;
        self.set_len(len);
        if let Some(added) = self.get_mut(former..) {
            added.fill(byte);
        }
    }

    /// Appends `bytes` to the content.
    ///
    /// # Panics
    ///
    /// Panics if there is no room for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let mut buffer = BufferPool::new(1, 100)?.try_get().unwrap();
    /// buffer.extend_from_slice(b"te");
    /// buffer.extend_from_slice(b"xt");
    /// assert_eq!(*buffer, *b"text");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let former = self.len;
        self.set_len(former.saturating_add(bytes.len()));
        self[former..].copy_from_slice(bytes);
    }

    /// All memory of a pool is initialized, so any length within the capacity is sound.
    #[track_caller]
    fn set_len(&mut self, len: usize) {
        let capacity = self.capacity();
        assert!(
            len <= capacity,
            "a buffer of {capacity} bytes has no room for {len}"
        );
        self.len = len;
    }

    fn start(&self) -> *mut u8 {
        let memory = self.pool.owner.memory();
        let offset = self.place * self.pool.distance;
        memory.start().as_ptr().wrapping_add(offset)
    }
}

impl Deref for PooledBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the memory of a pool is initialized and lives as long as the pool, of which this
        // has a reference. `len` is within the buffer, which no other value has.
        unsafe { std::slice::from_raw_parts(self.start(), self.len) }
    }
}

impl DerefMut for PooledBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the access is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.len) }
    }
}

impl AsRef<[u8]> for PooledBuf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl AsMut<[u8]> for PooledBuf {
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

/// Bytes that are equal.
impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for PooledBuf {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

// SAFETY: the memory belongs to the pool, of which this has a reference, and lies where the pool has
// it. Only mutable access to the one value that has this place writes to it.
unsafe impl IoBuf for PooledBuf {
    fn stable_ptr(&self) -> *const u8 {
        self.start()
    }

    fn bytes_init(&self) -> usize {
        self.len
    }

    fn bytes_total(&self) -> usize {
        self.capacity()
    }

    #[allow(private_interfaces, reason = "no other type is of a pool")]
    fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        Some(self.pool.owner.memory())
    }
}

// SAFETY: as above.
unsafe impl IoBufMut for PooledBuf {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.start()
    }

    unsafe fn set_init(&mut self, len: usize) {
        self.len = self.len.max(len);
    }
}

impl Drop for PooledBuf {
    fn drop(&mut self) {
        self.pool.give_back(self.place);
    }
}

impl fmt::Debug for PooledBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledBuf")
            .field("len", &self.len)
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

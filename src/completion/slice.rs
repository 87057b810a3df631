//! `Slice`: a part of a buffer.

use std::fmt;
use std::ops::{Bound, Deref, DerefMut, RangeBounds};
use std::sync::Arc;

use super::io_buf::{IoBuf, IoBufMut};
use crate::driver::completion::pool_memory::PoolMemory;

/// A part of a buffer, which it owns as a whole.
///
/// It is made by [`IoBuf::slice`]. An operation on it touches nothing outside of the range:
///
/// - a write takes the bytes of the range that are initialized;
/// - a read fills the range from its start. The range may reach into the capacity of a vector, whose
///   length then grows to the end of what was read.
///
/// A slice of a slice is a part of that part. Like the buffer, it is read as a slice of bytes, and
/// changed in place as one if it is an [`IoBufMut`]: those of its bytes that are initialized.
///
/// # Examples
///
/// ```
/// use zokio::completion::{IoBuf, fs::File};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let path = dir.path().join("file");
///     let file = File::create(&path).await?;
///     let (written, text) = file.write_all_at("a long text".slice(2..6), 0).await;
///     written?;
///     assert_eq!(std::fs::read(&path)?, b"long");
///     assert_eq!(text.into_inner(), "a long text");
///     Ok(())
/// }
/// ```
pub struct Slice<B> {
    buffer: B,
    /// Not behind what is initialized of `buffer`.
    begin: usize,
    /// Not before `begin`, and not behind the room of `buffer`.
    end: usize,
}

impl<B: IoBuf> Slice<B> {
    #[track_caller]
    pub(super) fn new(buffer: B, range: impl RangeBounds<usize>) -> Slice<B> {
        let (init, total) = (buffer.bytes_init(), buffer.bytes_total());
        let begin = match range.start_bound() {
            Bound::Included(begin) => *begin,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => total,
        };
        assert!(
            begin <= end,
            "a slice cannot begin at {begin} and end at {end}"
        );
        assert!(
            end <= total,
            "a slice cannot end at {end}: the buffer has room for {total} bytes"
        );
        assert!(
            begin <= init,
            "a slice cannot begin at {begin}: {init} bytes of the buffer are initialized"
        );
        Slice { buffer, begin, end }
    }
}

impl<B> Slice<B> {
    /// Returns where the slice begins in the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    ///
    /// assert_eq!("hello".slice(1..3).begin(), 1);
    /// ```
    pub fn begin(&self) -> usize {
        self.begin
    }

    /// Returns where the slice ends in the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    ///
    /// assert_eq!("hello".slice(1..).end(), 5);
    /// // The end of a vector's capacity, not of its length.
    /// assert!(Vec::with_capacity(10).slice(..).end() >= 10);
    /// ```
    pub fn end(&self) -> usize {
        self.end
    }

    /// Returns a reference to the whole buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    ///
    /// assert_eq!(*"hello".slice(1..3).get_ref(), "hello");
    /// ```
    pub fn get_ref(&self) -> &B {
        &self.buffer
    }

    /// Returns the whole buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    ///
    /// let buffer = vec![1, 2, 3];
    /// assert_eq!(buffer.slice(1..2).into_inner(), [1, 2, 3]);
    /// ```
    pub fn into_inner(self) -> B {
        self.buffer
    }
}

/// The bytes of the slice that are initialized.
impl<B: IoBuf> Deref for Slice<B> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the buffer promises that its first `bytes_init` bytes are initialized and that
        // nothing writes to them, and this is a part of those.
        unsafe { std::slice::from_raw_parts(self.stable_ptr(), self.bytes_init()) }
    }
}

/// The bytes of the slice that are initialized.
impl<B: IoBufMut> DerefMut for Slice<B> {
    fn deref_mut(&mut self) -> &mut [u8] {
        let init = self.bytes_init();
        // SAFETY: as above, and the buffer promises that nothing but its owner, to whom the access
        // is exclusive, reads or writes them. Their number stays the same.
        unsafe { std::slice::from_raw_parts_mut(self.stable_mut_ptr(), init) }
    }
}

impl<B: IoBuf> AsRef<[u8]> for Slice<B> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<B: IoBufMut> AsMut<[u8]> for Slice<B> {
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

/// Bytes that are equal.
impl<B: IoBuf, T: AsRef<[u8]> + ?Sized> PartialEq<T> for Slice<B> {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl<B> fmt::Debug for Slice<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slice")
            .field("begin", &self.begin)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

// SAFETY: a part of memory for which the buffer makes the same promises: `begin <= end` and `end <=
// bytes_total` were checked, and there is no mutable access to the buffer but by `set_init`.
unsafe impl<B: IoBuf> IoBuf for Slice<B> {
    fn stable_ptr(&self) -> *const u8 {
        self.buffer.stable_ptr().wrapping_add(self.begin)
    }

    fn bytes_init(&self) -> usize {
        let init = self.buffer.bytes_init().min(self.end);
        init.saturating_sub(self.begin)
    }

    fn bytes_total(&self) -> usize {
        self.end - self.begin
    }

    #[allow(private_interfaces, reason = "no other type is of a pool")]
    fn pool_memory(&self) -> Option<&Arc<PoolMemory>> {
        self.buffer.pool_memory()
    }
}

// SAFETY: as above.
unsafe impl<B: IoBufMut> IoBufMut for Slice<B> {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.buffer.stable_mut_ptr().wrapping_add(self.begin)
    }

    unsafe fn set_init(&mut self, len: usize) {
        // SAFETY: the caller promises that `len` bytes from `begin` on are initialized and within
        // the slice. Those before were when the slice was made, and a buffer never forgets any.
        unsafe { self.buffer.set_init(self.begin + len) };
    }
}

#[cfg(test)]
mod tests {
    use super::{IoBuf, IoBufMut, Slice};

    /// A vector of which four of ten bytes are initialized.
    fn buffer() -> Vec<u8> {
        let mut buffer = Vec::with_capacity(10);
        buffer.extend_from_slice(b"0123");
        buffer
    }

    #[test]
    fn ranges_of_every_kind() {
        assert_eq!(&*buffer().slice(..2), b"01");
        assert_eq!(&*buffer().slice(1..=2), b"12");
        assert_eq!(&*buffer().slice(..), b"0123");
        let rest = buffer().slice(4..8);
        assert_eq!((rest.bytes_init(), rest.bytes_total()), (0, 4));
        let both = buffer().slice(2..6);
        assert_eq!((both.bytes_init(), both.bytes_total()), (2, 4));
        let inner = both.slice(1..3);
        assert_eq!((&*inner, inner.bytes_total()), (&b"3"[..], 2));
        assert_eq!(inner.into_inner().into_inner(), buffer());
    }

    #[test]
    fn what_is_read_behind_the_length_counts() {
        let mut slice = buffer().slice(3..7);
        // SAFETY: within the slice.
        unsafe { slice.stable_mut_ptr().copy_from(b"abc".as_ptr(), 3) };
        // SAFETY: three bytes of four have just been written.
        unsafe { slice.set_init(3) };
        assert_eq!(&*slice, b"abc");
        // SAFETY: as above.
        unsafe { slice.set_init(1) };
        assert_eq!(slice.into_inner(), b"012abc");
    }

    fn panic_of(make: impl FnOnce() -> Slice<Vec<u8>> + std::panic::UnwindSafe) -> String {
        let panic = std::panic::catch_unwind(make).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn only_what_is_initialized_can_be_changed() {
        let mut slice = buffer().slice(1..8);
        slice.fill(b'x');
        slice.as_mut()[0] = b'y';
        assert_eq!(slice, b"yxx");
        assert!(slice != *b"yx" && slice == "yxx".slice(..));
        assert_eq!(slice.into_inner(), b"0yxx");
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        let backwards = panic_of(|| {
            buffer().slice((std::ops::Bound::Included(3), std::ops::Bound::Excluded(2)))
        });
        assert_eq!(backwards, "a slice cannot begin at 3 and end at 2");
        let behind = panic_of(|| buffer().slice(5..7));
        assert!(
            behind.ends_with("4 bytes of the buffer are initialized"),
            "{behind}"
        );
        let beyond = panic_of(|| vec![0; 3].into_boxed_slice().into_vec().slice(..4));
        assert!(
            beyond.ends_with("the buffer has room for 3 bytes"),
            "{beyond}"
        );
        let most = panic_of(|| buffer().slice(0..=usize::MAX));
        assert!(most.contains("cannot end at"), "{most}");
    }
}

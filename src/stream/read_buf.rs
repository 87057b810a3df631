//! `ReadBuf`: a byte buffer that tracks how much of it is filled and how much is initialized.
//!
//! Owns the three-part view of a buffer that a reader fills, so that memory need not be zeroed
//! before it is read into. The rest of `io` reaches uninitialized memory through this file only.
//!
//! Invariants, on which every `unsafe` block here rests:
//!
//! - R1: `filled <= initialized <= buf.len()`.
//! - R2: the bytes `buf[..initialized]` are initialized.

use std::fmt;
use std::mem::MaybeUninit;
use std::ptr;

/// A borrowed buffer that a reader fills step by step, and that need not be initialized.
///
/// The buffer has three parts, of which all but the first may be empty:
///
/// ```text
/// [            capacity              ]
/// [ filled |         unfilled        ]
/// [    initialized    | uninitialized]
/// ```
///
/// - *filled*: bytes that were read; always initialized.
/// - *unfilled*: room for more. Its first bytes may be initialized already, by an earlier use of
///   the buffer; the rest may be uninitialized memory.
///
/// A reader appends with [`put_slice`](ReadBuf::put_slice), or writes into
/// [`initialize_unfilled`](ReadBuf::initialize_unfilled) and then calls
/// [`advance`](ReadBuf::advance). No safe method ever lets uninitialized bytes be read.
///
/// # Examples
///
/// ```
/// use zokio::io::ReadBuf;
///
/// let mut space = [0; 8];
/// let mut buf = ReadBuf::new(&mut space);
/// buf.put_slice(b"abc");
/// assert_eq!(buf.filled(), b"abc");
/// assert_eq!(buf.remaining(), 5);
/// ```
pub struct ReadBuf<'a> {
    buf: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

impl<'a> ReadBuf<'a> {
    /// Creates an empty buffer over memory that is initialized.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let buf = ReadBuf::new(&mut space);
    /// assert_eq!(buf.initialized().len(), 4);
    /// assert!(buf.filled().is_empty());
    /// ```
    #[inline]
    pub fn new(buf: &'a mut [u8]) -> ReadBuf<'a> {
        let initialized = buf.len();
        // SAFETY: `MaybeUninit<u8>` has the layout of `u8`. Safe code cannot write an
        // uninitialized byte through the result: R2 with `initialized == buf.len()` makes that a
        // condition of every `unsafe` method that hands the slice out.
        let buf = unsafe { &mut *(std::ptr::from_mut(buf) as *mut [MaybeUninit<u8>]) };
        ReadBuf {
            buf,
            filled: 0,
            initialized,
        }
    }

    /// Creates an empty buffer over memory that may be uninitialized.
    ///
    /// If part of the memory is known to be initialized, declare it with
    /// [`assume_init`](ReadBuf::assume_init).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut space);
    /// assert!(buf.initialized().is_empty());
    /// buf.put_slice(b"hi");
    /// assert_eq!(buf.initialized(), b"hi");
    /// ```
    #[inline]
    pub fn uninit(buf: &'a mut [MaybeUninit<u8>]) -> ReadBuf<'a> {
        ReadBuf {
            buf,
            filled: 0,
            initialized: 0,
        }
    }

    /// Returns the size of the whole buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"ab");
    /// assert_eq!((buf.capacity(), buf.remaining()), (4, 2));
    /// ```
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// Returns the bytes that were read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"ab");
    /// assert_eq!(buf.filled(), b"ab");
    /// ```
    #[inline]
    pub fn filled(&self) -> &[u8] {
        // SAFETY: R1 and R2: the filled part is initialized.
        unsafe { init_ref(&self.buf[..self.filled]) }
    }

    /// Returns the bytes that were read, to be changed in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"ab");
    /// buf.filled_mut().make_ascii_uppercase();
    /// assert_eq!(buf.filled(), b"AB");
    /// ```
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: R1 and R2: the filled part is initialized.
        unsafe { init_mut(&mut self.buf[..self.filled]) }
    }

    /// Returns a buffer over the first `n` bytes of the unfilled part, or over all of it if it is
    /// shorter.
    ///
    /// What is read into the result counts for this buffer only after
    /// [`assume_init`](ReadBuf::assume_init) and [`advance`](ReadBuf::advance).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 8];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let mut part = buf.take(3);
    /// assert_eq!(part.capacity(), 3);
    /// part.put_slice(b"abc");
    /// // The memory was initialized from the start, so the bytes only need to be claimed.
    /// buf.advance(3);
    /// assert_eq!(buf.filled(), b"abc");
    /// ```
    #[inline]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let n = n.min(self.remaining());
        let initialized = (self.initialized - self.filled).min(n);
        ReadBuf {
            buf: &mut self.buf[self.filled..self.filled + n],
            filled: 0,
            // R2 for the part: it starts at `filled`, and `initialized - filled` bytes from
            // there on are initialized.
            initialized,
        }
    }

    /// Returns the bytes known to be initialized: the filled ones and those that follow.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = *b"abcd";
    /// let buf = ReadBuf::new(&mut space);
    /// assert_eq!(buf.initialized(), b"abcd");
    /// ```
    #[inline]
    pub fn initialized(&self) -> &[u8] {
        // SAFETY: R2.
        unsafe { init_ref(&self.buf[..self.initialized]) }
    }

    /// Returns the bytes known to be initialized, to be changed in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.initialized_mut()[0] = b'x';
    /// buf.advance(1);
    /// assert_eq!(buf.filled(), b"x");
    /// ```
    #[inline]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        // SAFETY: R2.
        unsafe { init_mut(&mut self.buf[..self.initialized]) }
    }

    /// Returns the whole buffer, whatever its state.
    ///
    /// # Safety
    ///
    /// The caller must not make a byte uninitialized that was initialized.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut space);
    /// // SAFETY: writing a byte makes it initialized.
    /// unsafe { buf.inner_mut()[0].write(b'x') };
    /// // SAFETY: the first byte has just been written.
    /// unsafe { buf.assume_init(1) };
    /// buf.advance(1);
    /// assert_eq!(buf.filled(), b"x");
    /// ```
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.buf
    }

    /// Returns the unfilled part, whatever its state.
    ///
    /// After writing the first `n` bytes of it, call [`assume_init`](ReadBuf::assume_init) and
    /// [`advance`](ReadBuf::advance) with `n`.
    ///
    /// # Safety
    ///
    /// The caller must not make a byte uninitialized that was initialized.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut space);
    /// buf.put_slice(b"a");
    /// // SAFETY: writing bytes makes them initialized.
    /// unsafe { buf.unfilled_mut()[..2].write_copy_of_slice(b"bc") };
    /// // SAFETY: the two bytes have just been written.
    /// unsafe { buf.assume_init(2) };
    /// buf.advance(2);
    /// assert_eq!(buf.filled(), b"abc");
    /// ```
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.buf[self.filled..]
    }

    /// Returns the unfilled part, zeroed where it was not initialized.
    ///
    /// The zeroing is done once: bytes that this method initialized stay initialized, even when the
    /// buffer is [cleared](ReadBuf::clear).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut space);
    /// let n = std::io::Read::read(&mut &b"abc"[..], buf.initialize_unfilled())?;
    /// buf.advance(n);
    /// assert_eq!(buf.filled(), b"abc");
    /// # std::io::Result::Ok(())
    /// ```
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// Returns the first `n` bytes of the unfilled part, zeroed where they were not initialized.
    ///
    /// # Panics
    ///
    /// Panics if fewer than `n` bytes are unfilled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut space);
    /// buf.initialize_unfilled_to(2).copy_from_slice(b"ab");
    /// buf.advance(2);
    /// assert_eq!(buf.initialized(), b"ab");
    /// ```
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        assert!(
            n <= self.remaining(),
            "n is more than ReadBuf::remaining(): ask for at most the room that is left"
        );
        let end = self.filled + n;
        if self.initialized < end {
            self.buf[self.initialized..end].fill(MaybeUninit::new(0));
            self.initialized = end;
        }
        // SAFETY: R2: `end <= initialized` after the step above.
        unsafe { init_mut(&mut self.buf[self.filled..end]) }
    }

    /// Returns the number of unfilled bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"abc");
    /// assert_eq!(buf.remaining(), 1);
    /// ```
    #[inline]
    pub fn remaining(&self) -> usize {
        self.buf.len() - self.filled
    }

    /// Clears the filled part.
    ///
    /// This does not change which bytes are initialized.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"abc");
    /// buf.clear();
    /// assert!(buf.filled().is_empty());
    /// assert_eq!(buf.initialized(), b"abc\0");
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Adds the next `n` bytes to the filled part.
    ///
    /// They must have been initialized.
    ///
    /// # Panics
    ///
    /// Panics if the filled part would become larger than the initialized part.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = *b"abcd";
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.advance(3);
    /// assert_eq!(buf.filled(), b"abc");
    /// ```
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let filled = self.filled.checked_add(n);
        self.set_filled(filled.expect("advance by at most the bytes that are initialized"));
    }

    /// Sets the size of the filled part, which may also shrink it.
    ///
    /// The bytes up to `n` must have been initialized.
    ///
    /// # Panics
    ///
    /// Panics if the filled part would become larger than the initialized part.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = *b"abcd";
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.set_filled(3);
    /// buf.set_filled(1);
    /// assert_eq!(buf.filled(), b"a");
    /// ```
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        assert!(
            n <= self.initialized,
            "filled must not become larger than initialized: initialize the bytes first, or \
             assert that they are with assume_init"
        );
        self.filled = n;
    }

    /// Asserts that the first `n` unfilled bytes are initialized.
    ///
    /// Bytes never become uninitialized again: with an `n` below what is known already, nothing
    /// changes.
    ///
    /// # Safety
    ///
    /// The first `n` bytes of the unfilled part must be initialized, and `n` must be at most
    /// [`remaining`](ReadBuf::remaining).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [MaybeUninit::new(b'x'); 4];
    /// let mut buf = ReadBuf::uninit(&mut space);
    /// // SAFETY: the memory was made of four bytes.
    /// unsafe { buf.assume_init(4) };
    /// assert_eq!(buf.initialized(), b"xxxx");
    /// ```
    #[inline]
    pub unsafe fn assume_init(&mut self, n: usize) {
        let end = self.filled + n;
        if end > self.initialized {
            self.initialized = end;
        }
    }

    /// Appends `buf` to the filled part.
    ///
    /// # Panics
    ///
    /// Panics if `buf` is longer than [`remaining`](ReadBuf::remaining).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::ReadBuf;
    ///
    /// let mut space = [0; 4];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"ab");
    /// buf.put_slice(b"cd");
    /// assert_eq!(buf.filled(), b"abcd");
    /// ```
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, buf: &[u8]) {
        assert!(
            buf.len() <= self.remaining(),
            "buf.len() must fit in remaining(): append at most the room that is left"
        );
        let end = self.filled + buf.len();
        let room = &mut self.buf[self.filled..end];
        // SAFETY: `room` is as long as `buf`, and nothing else refers to what `&mut self` borrows.
        unsafe { ptr::copy_nonoverlapping(buf.as_ptr(), room.as_mut_ptr().cast(), buf.len()) };
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}

/// # Safety
///
/// `bytes` must be initialized.
#[inline(always)]
unsafe fn init_ref(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    // SAFETY: the caller's contract.
    unsafe { &*(ptr::from_ref(bytes) as *const [u8]) }
}

/// # Safety
///
/// `bytes` must be initialized.
#[inline(always)]
unsafe fn init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the caller's contract.
    unsafe { &mut *(ptr::from_mut(bytes) as *mut [u8]) }
}

//! The trait `AsyncReadExt`: the methods for reading to call with `.await`.
#![forbid(unsafe_code)]

use bytes::BufMut;

use crate::stream::AsyncRead;
use crate::stream::util::chain::Chain;
use crate::stream::util::read::Read;
use crate::stream::util::read_buf::ReadBuf;
use crate::stream::util::read_exact::ReadExact;
use crate::stream::util::read_int::{
    ReadF32, ReadF32Le, ReadF64, ReadF64Le, ReadI8, ReadI16, ReadI16Le, ReadI32, ReadI32Le,
    ReadI64, ReadI64Le, ReadI128, ReadI128Le, ReadU8, ReadU16, ReadU16Le, ReadU32, ReadU32Le,
    ReadU64, ReadU64Le, ReadU128, ReadU128Le,
};
use crate::stream::util::read_to_end::ReadToEnd;
use crate::stream::util::read_to_string::ReadToString;
use crate::stream::util::take::Take;

/// Defines the methods that read one number.
///
/// `$what` tells which number and how it is laid out, `$bytes` are an example's bytes in the
/// source, and `$value` is what they stand for.
macro_rules! number_methods {
    ($($method:ident -> $future:ident, $what:literal, $bytes:literal, $value:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        ///
        /// Exactly as many bytes are taken as the number has. A read that reports
        /// [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again. If the source is not in
        /// memory, wrap it in a [`BufReader`](crate::io::BufReader) first.
        ///
        /// # Cancel safety
        ///
        /// This method is not cancel safe: a future that is dropped may have taken some of the
        /// bytes, and they are lost.
        ///
        /// # Errors
        ///
        /// Returns [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) if the source ends first;
        /// otherwise the error that the source reports. Bytes that were read before the error are
        /// lost.
        ///
        /// # Examples
        ///
        /// ```
        /// use zokio::io::AsyncReadExt;
        ///
        /// # futures::executor::block_on(async {
        #[doc = concat!("let mut source: &[u8] = &", $bytes, ";")]
        #[doc = concat!("assert_eq!(source.", stringify!($method), "().await?, ", $value, ");")]
        /// # std::io::Result::Ok(()) }).unwrap();
        /// ```
        fn $method(&mut self) -> $future<&mut Self>
        where
            Self: Unpin,
        {
            $future::new(self)
        }
    )*};
}

/// The methods for reading bytes that every [`AsyncRead`] has.
///
/// # Examples
///
/// ```
/// use zokio::io::AsyncReadExt;
///
/// # futures::executor::block_on(async {
/// let mut source: &[u8] = b"\x05hello";
/// let length = source.read_u8().await?;
/// let mut text = String::new();
/// source.take(length.into()).read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncReadExt: AsyncRead {
    /// Creates a reader that returns this reader's bytes, and then the bytes of `next`.
    ///
    /// `next` is asked once this reader is at its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let (head, body): (&[u8], &[u8]) = (b"head ", b"body");
    /// let mut all = String::new();
    /// head.chain(body).read_to_string(&mut all).await?;
    /// assert_eq!(all, "head body");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn chain<R>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
        R: AsyncRead,
    {
        Chain::new(self, next)
    }

    /// Reads some bytes into `buf` and returns how many.
    ///
    /// Waits until there is something to read. 0 means that the source is at its end (which may
    /// pass, as with a file that grows), or that `buf` is empty. Fewer bytes than `buf` has room
    /// for do not mean the end.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, nothing was read.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports. Nothing was read then.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"abc";
    /// let mut buf = [0; 2];
    /// assert_eq!(source.read(&mut buf).await?, 2);
    /// assert_eq!(&buf, b"ab");
    /// assert_eq!(source.read(&mut buf).await?, 1);
    /// assert_eq!(source.read(&mut buf).await?, 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Read<'a, Self>
    where
        Self: Unpin,
    {
        Read::new(self, buf)
    }

    /// Reads some bytes into the free space of `buf` and returns how many; `buf` advances by them.
    ///
    /// This reads into memory that need not be initialized. A `Vec` or a `BytesMut` makes room when
    /// it is full, so reading in a loop never stops for lack of space; for a `buf` that cannot grow
    /// and has no room it returns 0, as at the end of the source.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, nothing was read.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports. Nothing was read then.
    ///
    /// # Panics
    ///
    /// Panics if the reader replaces the [`ReadBuf`](crate::io::ReadBuf) that it is passed with
    /// another one.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"any number of bytes";
    /// let mut buf = BytesMut::with_capacity(4);
    /// while source.read_buf(&mut buf).await? > 0 {}
    /// assert_eq!(buf, "any number of bytes");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read_buf<'a, B>(&'a mut self, buf: &'a mut B) -> ReadBuf<'a, Self, B>
    where
        Self: Unpin,
        B: BufMut + ?Sized,
    {
        ReadBuf::new(self, buf)
    }

    /// Reads until `buf` is full, and returns its length.
    ///
    /// A read that reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, part of `buf` may have been
    /// filled, and there is no way to tell how much.
    ///
    /// # Errors
    ///
    /// Returns [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) if the source ends first;
    /// otherwise the error that the source reports. The contents of `buf` are unspecified then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"abcd";
    /// let mut buf = [0; 3];
    /// source.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"abc");
    ///
    /// let error = source.read_exact(&mut buf).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExact<'a, Self>
    where
        Self: Unpin,
    {
        ReadExact::new(self, buf)
    }

    number_methods! {
        read_u8 -> ReadU8, "one unsigned byte", "[0xfe]", "0xfe";
        read_i8 -> ReadI8, "one signed byte", "[0xfe]", "-2";
        read_u16 -> ReadU16, "a `u16`, most significant byte first", "[2, 5]", "0x0205";
        read_i16 -> ReadI16, "an `i16`, most significant byte first",
            "(-600_i16).to_be_bytes()", "-600";
        read_u32 -> ReadU32, "a `u32`, most significant byte first",
            "[1, 2, 3, 4]", "0x0102_0304";
        read_i32 -> ReadI32, "an `i32`, most significant byte first",
            "(-70_000_i32).to_be_bytes()", "-70_000";
        read_u64 -> ReadU64, "a `u64`, most significant byte first",
            "[1, 2, 3, 4, 5, 6, 7, 8]", "0x0102_0304_0506_0708";
        read_i64 -> ReadI64, "an `i64`, most significant byte first",
            "i64::MIN.to_be_bytes()", "i64::MIN";
        read_u128 -> ReadU128, "a `u128`, most significant byte first",
            "(1_u128 << 100).to_be_bytes()", "1 << 100";
        read_i128 -> ReadI128, "an `i128`, most significant byte first",
            "i128::MIN.to_be_bytes()", "i128::MIN";
        read_f32 -> ReadF32, "an `f32` in IEEE 754 form, most significant byte first",
            "1.5_f32.to_be_bytes()", "1.5";
        read_f64 -> ReadF64, "an `f64` in IEEE 754 form, most significant byte first",
            "1.5_f64.to_be_bytes()", "1.5";

        read_u16_le -> ReadU16Le, "a `u16`, least significant byte first", "[2, 5]", "0x0502";
        read_i16_le -> ReadI16Le, "an `i16`, least significant byte first",
            "(-600_i16).to_le_bytes()", "-600";
        read_u32_le -> ReadU32Le, "a `u32`, least significant byte first",
            "[1, 2, 3, 4]", "0x0403_0201";
        read_i32_le -> ReadI32Le, "an `i32`, least significant byte first",
            "(-70_000_i32).to_le_bytes()", "-70_000";
        read_u64_le -> ReadU64Le, "a `u64`, least significant byte first",
            "[1, 2, 3, 4, 5, 6, 7, 8]", "0x0807_0605_0403_0201";
        read_i64_le -> ReadI64Le, "an `i64`, least significant byte first",
            "i64::MIN.to_le_bytes()", "i64::MIN";
        read_u128_le -> ReadU128Le, "a `u128`, least significant byte first",
            "(1_u128 << 100).to_le_bytes()", "1 << 100";
        read_i128_le -> ReadI128Le, "an `i128`, least significant byte first",
            "i128::MIN.to_le_bytes()", "i128::MIN";
        read_f32_le -> ReadF32Le, "an `f32` in IEEE 754 form, least significant byte first",
            "1.5_f32.to_le_bytes()", "1.5";
        read_f64_le -> ReadF64Le, "an `f64` in IEEE 754 form, least significant byte first",
            "1.5_f64.to_le_bytes()", "1.5";
    }

    /// Reads until the end of the source, appends to `buf`, and returns how many bytes were added.
    ///
    /// A read that reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again. A `buf`
    /// whose capacity suffices is not made larger.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, the bytes that
    /// were read until then are in `buf`; none are lost. `buf.len()` tells how many they are.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports. The bytes that were read before are in `buf`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"world";
    /// let mut buf = b"hello ".to_vec();
    /// assert_eq!(source.read_to_end(&mut buf).await?, 5);
    /// assert_eq!(buf, b"hello world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> ReadToEnd<'a, Self>
    where
        Self: Unpin,
    {
        ReadToEnd::new(self, buf)
    }

    /// Reads UTF-8 until the end of the source, appends to `dst`, and returns how many bytes were
    /// added.
    ///
    /// A read that reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped before it completes, what was read
    /// is lost, and so is what `dst` held; `dst` is empty then.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidData`](std::io::ErrorKind::InvalidData), with a
    /// [`Utf8Error`](std::str::Utf8Error) in it, if the bytes are not UTF-8; otherwise the error
    /// that the source reports. `dst` is unchanged, and what was read is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = "wörld".as_bytes();
    /// let mut text = String::from("hello ");
    /// assert_eq!(source.read_to_string(&mut text).await?, 6);
    /// assert_eq!(text, "hello wörld");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read_to_string<'a>(&'a mut self, dst: &'a mut String) -> ReadToString<'a, Self>
    where
        Self: Unpin,
    {
        ReadToString::new(self, dst)
    }

    /// Creates a reader that ends after at most `limit` bytes of this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"hello world";
    /// let mut start = String::new();
    /// (&mut source).take(5).read_to_string(&mut start).await?;
    /// assert_eq!(start, "hello");
    /// assert_eq!(source, b" world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}

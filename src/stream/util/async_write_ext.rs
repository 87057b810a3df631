//! The trait `AsyncWriteExt`: the methods for writing to call with `.await`.
#![forbid(unsafe_code)]

use std::io::IoSlice;

use bytes::Buf;

use crate::stream::AsyncWrite;
use crate::stream::util::flush::Flush;
use crate::stream::util::shutdown::Shutdown;
use crate::stream::util::write::Write;
use crate::stream::util::write_all::WriteAll;
use crate::stream::util::write_buf::{WriteAllBuf, WriteBuf};
use crate::stream::util::write_int::{
    WriteF32, WriteF32Le, WriteF64, WriteF64Le, WriteI8, WriteI16, WriteI16Le, WriteI32,
    WriteI32Le, WriteI64, WriteI64Le, WriteI128, WriteI128Le, WriteU8, WriteU16, WriteU16Le,
    WriteU32, WriteU32Le, WriteU64, WriteU64Le, WriteU128, WriteU128Le,
};
use crate::stream::util::write_vectored::WriteVectored;

/// Defines the methods that write one number.
///
/// `$what` tells which number and how it is laid out, `$value` is an example, and `$bytes` are the
/// bytes that it is written as.
macro_rules! number_methods {
    ($($method:ident($number:ty) -> $future:ident, $what:literal, $value:literal, $bytes:literal;)*) => {$(
        #[doc = concat!("Writes ", $what, ".")]
        ///
        /// A write that reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again. If
        /// the destination is not in memory, wrap it in a [`BufWriter`](crate::io::BufWriter)
        /// first.
        ///
        /// # Cancel safety
        ///
        /// This method is not cancel safe: a future that is dropped may have written some of the
        /// bytes, and there is no way to tell how many.
        ///
        /// # Errors
        ///
        /// Returns [`WriteZero`](std::io::ErrorKind::WriteZero) if the destination accepts no more
        /// bytes; otherwise the error that it reports. Some of the bytes may have been written.
        ///
        /// # Examples
        ///
        /// ```
        /// use zokio::io::AsyncWriteExt;
        ///
        /// # futures::executor::block_on(async {
        /// let mut written = Vec::new();
        #[doc = concat!("written.", stringify!($method), "(", $value, ").await?;")]
        #[doc = concat!("assert_eq!(written, ", $bytes, ");")]
        /// # std::io::Result::Ok(()) }).unwrap();
        /// ```
        fn $method(&mut self, n: $number) -> $future<&mut Self>
        where
            Self: Unpin,
        {
            $future::new(self, n)
        }
    )*};
}

/// The methods for writing bytes that every [`AsyncWrite`] has.
///
/// # Examples
///
/// ```
/// use zokio::io::AsyncWriteExt;
///
/// # futures::executor::block_on(async {
/// let mut message = Vec::new();
/// message.write_u16(5).await?;
/// message.write_all(b"hello").await?;
/// message.flush().await?;
/// assert_eq!(message, b"\0\x05hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes some bytes from the front of `src` and returns how many.
    ///
    /// Waits until the destination takes something. To write all of `src`, use
    /// [`write_all`](AsyncWriteExt::write_all).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, nothing was
    /// written.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports. Nothing of `src` was taken then. That 0
    /// bytes of a `src` that is not empty were taken is not an error, but usually means that no
    /// more ever will.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut space = [0; 3];
    /// let mut destination = Cursor::new(&mut space[..]);
    /// assert_eq!(destination.write(b"hello").await?, 3);
    /// assert_eq!(destination.write(b"lo").await?, 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn write<'a>(&'a mut self, src: &'a [u8]) -> Write<'a, Self>
    where
        Self: Unpin,
    {
        Write::new(self, src)
    }

    /// Writes some bytes from several buffers, in order, and returns how many.
    ///
    /// Waits until the destination takes something. A destination that has no vectored write
    /// ([`is_write_vectored`](AsyncWrite::is_write_vectored)) takes bytes from the first buffer
    /// that is not empty only.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, nothing was
    /// written.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports. Nothing was taken then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut written = Vec::new();
    /// let parts = [IoSlice::new(b"hello "), IoSlice::new(b"world")];
    /// assert_eq!(written.write_vectored(&parts).await?, 11);
    /// assert_eq!(written, b"hello world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn write_vectored<'a, 'b>(&'a mut self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteVectored::new(self, bufs)
    }

    /// Writes some bytes from `src`, returns how many, and advances `src` by them.
    ///
    /// Several chunks of `src` go out in one write where the destination has vectored writes. For
    /// an empty `src` it returns 0 and does not ask the destination.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, nothing was
    /// written and `src` has not moved.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports. Nothing was taken then.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Buf;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut src: &[u8] = b"hello";
    /// let mut written = Vec::new();
    /// while src.has_remaining() {
    ///     written.write_buf(&mut src).await?;
    /// }
    /// assert_eq!(written, b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn write_buf<'a, B>(&'a mut self, src: &'a mut B) -> WriteBuf<'a, Self, B>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        WriteBuf::new(self, src)
    }

    /// Writes all of `src`, which is empty afterwards.
    ///
    /// Like [`write_all`](AsyncWriteExt::write_all), but `src` keeps track of its progress, and
    /// several of its chunks go out in one write where the destination has vectored writes. A write
    /// that reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, what was written
    /// is gone from `src`: call again with the same `src` to write the rest.
    ///
    /// # Errors
    ///
    /// Returns [`WriteZero`](std::io::ErrorKind::WriteZero) if the destination accepts no more
    /// bytes; otherwise the error that it reports. What was written before is gone from `src`.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::{Buf, Bytes};
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut src = Bytes::from("hello ").chain(Bytes::from("world"));
    /// let mut written = Vec::new();
    /// written.write_all_buf(&mut src).await?;
    /// assert_eq!(written, b"hello world");
    /// assert!(!src.has_remaining());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn write_all_buf<'a, B>(&'a mut self, src: &'a mut B) -> WriteAllBuf<'a, Self, B>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        WriteAllBuf::new(self, src)
    }

    /// Writes all of `src`.
    ///
    /// A write that reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped before it completes, part of `src`
    /// may have been written, and there is no way to tell how much. Use
    /// [`write_all_buf`](AsyncWriteExt::write_all_buf) where that matters.
    ///
    /// # Errors
    ///
    /// Returns [`WriteZero`](std::io::ErrorKind::WriteZero) if the destination accepts no more
    /// bytes; otherwise the error that it reports. Part of `src` may have been written.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Cursor, ErrorKind};
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut space = [0; 5];
    /// let mut destination = Cursor::new(&mut space[..]);
    /// destination.write_all(b"hello").await?;
    /// let error = destination.write_all(b"!").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WriteZero);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn write_all<'a>(&'a mut self, src: &'a [u8]) -> WriteAll<'a, Self>
    where
        Self: Unpin,
    {
        WriteAll::new(self, src)
    }

    number_methods! {
        write_u8(u8) -> WriteU8, "one unsigned byte", "0xfe", "[0xfe]";
        write_i8(i8) -> WriteI8, "one signed byte", "-2", "[0xfe]";
        write_u16(u16) -> WriteU16, "a `u16`, most significant byte first", "0x0205", "[2, 5]";
        write_i16(i16) -> WriteI16, "an `i16`, most significant byte first",
            "-600", "(-600_i16).to_be_bytes()";
        write_u32(u32) -> WriteU32, "a `u32`, most significant byte first",
            "0x0102_0304", "[1, 2, 3, 4]";
        write_i32(i32) -> WriteI32, "an `i32`, most significant byte first",
            "-70_000", "(-70_000_i32).to_be_bytes()";
        write_u64(u64) -> WriteU64, "a `u64`, most significant byte first",
            "0x0102_0304_0506_0708", "[1, 2, 3, 4, 5, 6, 7, 8]";
        write_i64(i64) -> WriteI64, "an `i64`, most significant byte first",
            "i64::MIN", "i64::MIN.to_be_bytes()";
        write_u128(u128) -> WriteU128, "a `u128`, most significant byte first",
            "1 << 100", "(1_u128 << 100).to_be_bytes()";
        write_i128(i128) -> WriteI128, "an `i128`, most significant byte first",
            "i128::MIN", "i128::MIN.to_be_bytes()";
        write_f32(f32) -> WriteF32, "an `f32` in IEEE 754 form, most significant byte first",
            "1.5", "1.5_f32.to_be_bytes()";
        write_f64(f64) -> WriteF64, "an `f64` in IEEE 754 form, most significant byte first",
            "1.5", "1.5_f64.to_be_bytes()";

        write_u16_le(u16) -> WriteU16Le, "a `u16`, least significant byte first",
            "0x0502", "[2, 5]";
        write_i16_le(i16) -> WriteI16Le, "an `i16`, least significant byte first",
            "-600", "(-600_i16).to_le_bytes()";
        write_u32_le(u32) -> WriteU32Le, "a `u32`, least significant byte first",
            "0x0403_0201", "[1, 2, 3, 4]";
        write_i32_le(i32) -> WriteI32Le, "an `i32`, least significant byte first",
            "-70_000", "(-70_000_i32).to_le_bytes()";
        write_u64_le(u64) -> WriteU64Le, "a `u64`, least significant byte first",
            "0x0807_0605_0403_0201", "[1, 2, 3, 4, 5, 6, 7, 8]";
        write_i64_le(i64) -> WriteI64Le, "an `i64`, least significant byte first",
            "i64::MIN", "i64::MIN.to_le_bytes()";
        write_u128_le(u128) -> WriteU128Le, "a `u128`, least significant byte first",
            "1 << 100", "(1_u128 << 100).to_le_bytes()";
        write_i128_le(i128) -> WriteI128Le, "an `i128`, least significant byte first",
            "i128::MIN", "i128::MIN.to_le_bytes()";
        write_f32_le(f32) -> WriteF32Le, "an `f32` in IEEE 754 form, least significant byte first",
            "1.5", "1.5_f32.to_le_bytes()";
        write_f64_le(f64) -> WriteF64Le, "an `f64` in IEEE 754 form, least significant byte first",
            "1.5", "1.5_f64.to_le_bytes()";
    }

    /// Flushes: what was written leaves the buffers of this object.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, part of the
    /// buffered bytes may have left; the rest stays buffered, and flushing again continues from
    /// there.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"hello").await?;
    /// assert!(writer.get_ref().is_empty());
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn flush(&mut self) -> Flush<'_, Self>
    where
        Self: Unpin,
    {
        Flush::new(self)
    }

    /// Flushes, and then ends the stream in order; nothing may be written afterwards.
    ///
    /// What the other side sees of it depends on the destination: a TCP socket sends FIN, a duplex
    /// stream lets its reader see the end.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, the stream may
    /// have been flushed in part, or ended. Call again to complete the shutdown.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// # futures::executor::block_on(async {
    /// let (mut near, mut far) = duplex(64);
    /// near.write_all(b"bye").await?;
    /// near.shutdown().await?;
    /// let mut received = Vec::new();
    /// far.read_to_end(&mut received).await?;
    /// assert_eq!(received, b"bye");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn shutdown(&mut self) -> Shutdown<'_, Self>
    where
        Self: Unpin,
    {
        Shutdown::new(self)
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}

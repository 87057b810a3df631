//! The reads and writes of a `File`.
#![forbid(unsafe_code)]

use super::file::File;
use super::futures::{ReadAt, ReadExactAt, ReadVectoredAt, WriteAllAt, WriteAt, WriteVectoredAt};
use crate::completion::{IoBuf, IoBufMut, IoVectoredBuf, IoVectoredBufMut};

impl File {
    /// Reads from `offset` on, up to the room of `buffer`; see [`IoBufMut`] for where the bytes go.
    ///
    /// The result is that of pread(2): fewer bytes than there is room for were in the file, and none
    /// at its end. Bytes that are in memory are copied at the first poll, up to 512 KiB. Up to 2 MiB
    /// are read by io_uring if they have to be fetched from a device, and more by a thread.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe, as a read has no effect that dropping the future could lose.
    /// The buffer is dropped when the kernel has let go of it.
    ///
    /// # Errors
    ///
    /// Returns the error of pread(2), such as one for a file that is not open for reading or has no
    /// offsets. An error after some bytes is returned by the next read.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let path = dir.path().join("file");
    ///     std::fs::write(&path, "hello")?;
    ///     let file = File::open(&path).await?;
    ///     let (count, buffer) = file.read_at(Vec::with_capacity(100), 1).await;
    ///     assert_eq!(count?, 4);
    ///     assert_eq!(buffer, b"ello");
    ///     Ok(())
    /// }
    /// ```
    pub fn read_at<B: IoBufMut>(&self, buffer: B, offset: u64) -> ReadAt<B> {
        ReadAt::new(&self.opened, buffer, offset)
    }

    /// Reads from `offset` on until `buffer` is full.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`read_at`](File::read_at).
    ///
    /// # Errors
    ///
    /// Returns [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) if the file ends before the
    /// buffer is full, and the errors of [`read_at`](File::read_at). What was read by then is in the
    /// buffer.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let path = dir.path().join("file");
    ///     std::fs::write(&path, "hello")?;
    ///     let file = File::open(&path).await?;
    ///     let (read, buffer) = file.read_exact_at(Box::new([0; 4]), 1).await;
    ///     read?;
    ///     assert_eq!(*buffer, *b"ello");
    ///
    ///     let (read, buffer) = file.read_exact_at(buffer, 3).await;
    ///     assert_eq!(read.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    ///     assert_eq!(*buffer, *b"lolo");
    ///     Ok(())
    /// }
    /// ```
    pub fn read_exact_at<B: IoBufMut>(&self, buffer: B, offset: u64) -> ReadExactAt<B> {
        ReadExactAt::new(&self.opened, buffer, offset)
    }

    /// Reads from `offset` on into several buffers, one after the other.
    ///
    /// The result is that of preadv(2), in everything else it is [`read_at`](File::read_at).
    ///
    /// # Cancel safety
    ///
    /// The same as for [`read_at`](File::read_at).
    ///
    /// # Errors
    ///
    /// The same as for [`read_at`](File::read_at).
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let path = dir.path().join("file");
    ///     std::fs::write(&path, "head, and the body")?;
    ///     let file = File::open(&path).await?;
    ///     let buffers = [vec![0; 4], vec![0; 100]];
    ///     let (count, [head, body]) = file.readv_at(buffers, 0).await;
    ///     assert_eq!(head, b"head");
    ///     assert_eq!(&body[..count? - 4], b", and the body");
    ///     Ok(())
    /// }
    /// ```
    pub fn readv_at<V: IoVectoredBufMut>(&self, buffers: V, offset: u64) -> ReadVectoredAt<V> {
        ReadVectoredAt::new(&self.opened, buffers, offset)
    }

    /// Writes `buffer` at `offset`; returns how many bytes were written.
    ///
    /// The result is that of pwrite(2), which rarely writes a part, if the device is full or a limit
    /// is reached. [`write_all_at`](File::write_all_at) finds out why. A file that was opened
    /// with `O_APPEND` is written at its end, whatever the offset. A write that needs no waiting is
    /// made at the first poll, up to 256 KiB, a direct one of up to 2 MiB by io_uring, and any other
    /// by a thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, none of the bytes may be written, or the first of them, or all, and
    /// that may still be going on when it was dropped. Nothing is lost if the same bytes are written
    /// to the same place again after that: [`with`](crate::completion::Operation::with) and
    /// [`timeout`](crate::completion::Operation::timeout) wait for it.
    ///
    /// # Errors
    ///
    /// Returns the error of pwrite(2), such as one for a full device. If an error occurs after some
    /// bytes were written, their number is returned.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let path = dir.path().join("file");
    ///     let file = File::create(&path).await?;
    ///     let (count, _) = file.write_at(vec![b'x'; 10], 0).await;
    ///     assert_eq!(count?, 10);
    ///     let (count, _) = file.write_at("abc", 2).await;
    ///     assert_eq!(count?, 3);
    ///     assert_eq!(std::fs::read(&path)?, b"xxabcxxxxx");
    ///     Ok(())
    /// }
    /// ```
    pub fn write_at<B: IoBuf>(&self, buffer: B, offset: u64) -> WriteAt<B> {
        WriteAt::new(&self.opened, buffer, offset)
    }

    /// Writes all of `buffer` at `offset`.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`write_at`](File::write_at).
    ///
    /// # Errors
    ///
    /// Returns the error of pwrite(2). The first part of the buffer may be written then. Returns
    /// [`WriteZero`](std::io::ErrorKind::WriteZero) if the kernel writes nothing without an error.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let path = dir.path().join("file");
    ///     let file = File::create(&path).await?;
    ///     let (written, text) = file.write_all_at(String::from("hello"), 0).await;
    ///     written?;
    ///     // The text can be used again.
    ///     let (written, _) = file.write_all_at(text, 5).await;
    ///     written?;
    ///     assert_eq!(std::fs::read(&path)?, b"hellohello");
    ///     Ok(())
    /// }
    /// ```
    pub fn write_all_at<B: IoBuf>(&self, buffer: B, offset: u64) -> WriteAllAt<B> {
        WriteAllAt::new(&self.opened, buffer, offset)
    }

    /// Writes several buffers at `offset`, one after the other; returns how many bytes were written.
    ///
    /// The result is that of pwritev(2), in everything else it is [`write_at`](File::write_at).
    ///
    /// # Cancel safety
    ///
    /// The same as for [`write_at`](File::write_at).
    ///
    /// # Errors
    ///
    /// The same as for [`write_at`](File::write_at).
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let path = dir.path().join("file");
    ///     let file = File::create(&path).await?;
    ///     let (count, _) = file.writev_at(["head", ", ", "body"], 0).await;
    ///     assert_eq!(count?, 10);
    ///     assert_eq!(std::fs::read(&path)?, b"head, body");
    ///     Ok(())
    /// }
    /// ```
    pub fn writev_at<V: IoVectoredBuf>(&self, buffers: V, offset: u64) -> WriteVectoredAt<V> {
        WriteVectoredAt::new(&self.opened, buffers, offset)
    }
}

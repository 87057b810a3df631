//! The transfers of a `File`: to other files, and from and to streams.
#![forbid(unsafe_code)]

use super::file::File;
use crate::completion::net::{self, Sink, Source};
use crate::completion::transfer::Transfer;
use crate::driver::completion::file_transfer::FileTransfer;

impl File {
    /// Copies `len` bytes from `offset` on to `to_offset` of another file; copy_file_range(2).
    ///
    /// It copies less if this file ends before that, and all from `offset` on if `len` is
    /// [`u64::MAX`]. Threads copy one piece after the other. File systems that can share blocks
    /// between files do that. Where the kernel does not copy (between two file systems, or to a file
    /// that was opened with `O_APPEND`, which is written at its end), the bytes are read and written.
    ///
    /// Both may be the same file if the ranges do not overlap. It is then copied up to the end that
    /// it has at the start.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a part may have been copied, and the piece that a thread is copying
    /// (8 MiB at most) is still copied. A [`Progress`](crate::completion::Progress) knows how much.
    /// With [`timeout`](crate::completion::Operation::timeout) and
    /// [`with`](crate::completion::Operation::with) the end of that piece is waited for.
    ///
    /// # Errors
    ///
    /// Returns the error of the read or the write that fails, such as one for a full device, and
    /// [`InvalidInput`](std::io::ErrorKind::InvalidInput) if the ranges overlap.
    ///
    /// # Panics
    ///
    /// The future panics if it is first polled outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     std::fs::write(dir.path().join("from"), vec![1; 100_000])?;
    ///     let from = File::open(dir.path().join("from")).await?;
    ///     let to = File::create(dir.path().join("to")).await?;
    ///     let (copied, transferred) = from.copy_range_to(0, &to, 0, u64::MAX).await;
    ///     copied?;
    ///     assert_eq!(transferred.count(), 100_000);
    ///     to.close().await
    /// }
    /// ```
    pub fn copy_range_to(&self, offset: u64, to: &File, to_offset: u64, len: u64) -> Transfer {
        let from = (self.opened.fd().clone(), offset);
        let to = (to.opened.fd().clone(), to_offset);
        Transfer::new("copy a file", |control| async move {
            let transfer = FileTransfer::copy(from, to, len, control.counter());
            (control.perform_all(transfer).await, Vec::new())
        })
    }

    /// Sends `len` bytes from `offset` on to a stream; sendfile(2).
    ///
    /// It sends less if the file ends before that, and all from `offset` on if `len` is
    /// [`u64::MAX`]. Threads send as much as there is room for in the stream, and none of them waits
    /// for the peer.
    ///
    /// The stream may refer to the pages of the file until the peer has received them: if the file
    /// is changed by then, the peer may receive the change.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a part may have been sent, and a thread may still be sending as much
    /// as there is room for. A [`Progress`](crate::completion::Progress) knows how much. With
    /// [`timeout`](crate::completion::Operation::timeout) and
    /// [`with`](crate::completion::Operation::with) that is waited for.
    ///
    /// # Errors
    ///
    /// Returns the error of the file or of the stream, such as
    /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) if the peer is gone, `ECANCELED` if the stream
    /// was dropped, and an error if a runtime has shut down.
    ///
    /// # Panics
    ///
    /// The future panics if it is first polled outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    /// use zokio::completion::net::UnixStream;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (stream, peer) = UnixStream::pair()?;
    ///     let file = File::open("/proc/version").await?;
    ///     let (sent, transferred) = file.send_to(0, &stream, 5).await;
    ///     sent?;
    ///     assert_eq!(transferred.count(), 5);
    ///     let (_, text) = peer.read(Vec::with_capacity(100)).await;
    ///     assert_eq!(text, b"Linux");
    ///     Ok(())
    /// }
    /// ```
    pub fn send_to(&self, offset: u64, sink: &impl Sink, len: u64) -> Transfer {
        net::send((self.opened.fd().clone(), offset), sink, len)
    }

    /// Writes `len` bytes of a stream at `offset`; splice(2).
    ///
    /// It writes less if the stream ends before that, and all that comes if `len` is [`u64::MAX`].
    /// The bytes go through a pipe, or through memory if too many pipes are in use, and threads write
    /// them. A transfer that waits for its source holds neither.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a part may have been written, and what was taken out of the stream
    /// is still written, unless that fails. A [`Progress`](crate::completion::Progress) knows how much. With
    /// [`timeout`](crate::completion::Operation::timeout) and
    /// [`with`](crate::completion::Operation::with) that is waited for.
    ///
    /// # Errors
    ///
    /// Returns the error of the stream or of the file, `ECANCELED` if the stream was dropped, and an
    /// error if a runtime has shut down. If the file cannot be written, because the device is full
    /// or for another reason, up to 256 KiB that were taken out of the stream come back in
    /// [`Transferred`](crate::completion::Transferred).
    ///
    /// # Panics
    ///
    /// The future panics if it is first polled outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    /// use zokio::completion::net::UnixStream;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (stream, peer) = UnixStream::pair()?;
    ///     let file = File::from(tempfile::tempfile()?);
    ///     peer.write_all("an upload").await.0?;
    ///     drop(peer);
    ///     let (received, transferred) = file.receive_from(0, &stream, u64::MAX).await;
    ///     received?;
    ///     assert_eq!(transferred.count(), 9);
    ///     let (_, text) = file.read_at(vec![0; 9], 0).await;
    ///     assert_eq!(text, b"an upload");
    ///     Ok(())
    /// }
    /// ```
    pub fn receive_from(&self, offset: u64, source: &impl Source, len: u64) -> Transfer {
        net::receive(source, (self.opened.fd().clone(), offset), len)
    }
}

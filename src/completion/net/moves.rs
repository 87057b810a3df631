//! Transfers from a stream and to one.
//!
//! Streams are read and written in the poll, because they never wait; files by threads, because they
//! may. What was taken out of a stream is in a [`Taken`], which comes back with the transfer if it
//! cannot be written.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::pin::{Pin, pin};
use std::sync::Arc;

use super::socket::Socket;
use super::{Sink, Source};
use crate::completion::Transfer;
use crate::completion::transfer::Control;
use crate::driver::completion::file_transfer::{FileTransfer, Stopped};
use crate::driver::completion::op::SharedFd;
use crate::driver::completion::taken::{Filled, Taken};
use crate::driver::readiness::{ReadyEvent, Verdict, Waiting};
use crate::driver::splice::{self as calls, Call};
use crate::fs::run;
use crate::io::Interest;

/// Moves up to `len` bytes from a stream to another one, without copying them where the kernel
/// can; splice(2).
///
/// It ends when `len` bytes have arrived, which may be [`u64::MAX`], or at the end of `source`. The
/// sink is not shut down then. No thread is needed, nor a runtime other than that of the streams: as
/// for any operation on a socket, bytes move when the future is polled. They go through a pipe, of
/// which the process has a bounded number, and through memory if all are in use. A transfer that
/// waits for its source holds neither.
///
/// # Cancel safety
///
/// This function is not cancel safe: if the future is dropped, up to 256 KiB that were taken out of
/// `source` and for which the sink had no room are lost. With
/// [`timeout`](crate::completion::Operation::timeout) or
/// [`with`](crate::completion::Operation::with) nothing is lost: these bytes come back in
/// [`Transferred`](crate::completion::Transferred).
///
/// # Errors
///
/// Returns the error of the stream that fails, `ECANCELED` if one of them was dropped, and an error
/// if its runtime has shut down. What was taken and has not arrived comes back.
///
/// # Examples
///
/// ```
/// use std::net::Shutdown;
/// use zokio::completion::net::UnixStream;
/// use zokio::completion::splice;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (client, one) = UnixStream::pair()?;
///     let (other, server) = UnixStream::pair()?;
///     client.write_all("a request").await.0?;
///     client.shutdown(Shutdown::Write)?;
///
///     let (forwarded, transferred) = splice(&one, &other, u64::MAX).await;
///     forwarded?;
///     assert_eq!(transferred.count(), 9);
///     let (_, request) = server.read(Vec::with_capacity(100)).await;
///     assert_eq!(request, b"a request");
///     Ok(())
/// }
/// ```
pub fn splice(source: &impl Source, sink: &impl Sink, len: u64) -> Transfer {
    let (source, sink) = (source.source().clone(), sink.sink().clone());
    Transfer::new("forward a stream", |control| async move {
        let mut taken = Taken::from(source.fd());
        let result = forward(&control, &source, &sink, len, &mut taken).await;
        finish(result, taken)
    })
}

async fn forward(
    control: &Control,
    source: &Arc<Socket>,
    sink: &Arc<Socket>,
    len: u64,
    taken: &mut Taken,
) -> io::Result<()> {
    let mut readable = pin!(Waiting::new(source.clone(), Interest::READABLE));
    let mut writable = pin!(Waiting::new(sink.clone(), Interest::WRITABLE));
    let mut left = len;
    control.step().await?;
    while left > 0 && fill(control, readable.as_mut(), taken, left).await? {
        while !taken.is_empty() {
            let event = ready(control, writable.as_mut()).await?;
            control.step().await?;
            let in_kernel = |pipe: BorrowedFd<'_>, len| {
                if !calls::ignores_sigpipe() {
                    return Ok(0);
                }
                calls::splice(pipe, sink.fd(), len)
            };
            let is_refused = |error: &io::Error| Call::Splice.is_refused(error);
            let ordinary = |bytes: &[u8]| calls::write(sink.fd(), bytes);
            match taken.advance(in_kernel, is_refused, ordinary) {
                Ok(count) => {
                    taken.count_moved(source.io().registration().pipes());
                    control.count(count);
                    left -= count as u64;
                }
                Err(error) => unless_retried(sink, event, error)?,
            }
        }
    }
    Ok(())
}

/// Sends a part of a file to a stream.
pub(in crate::completion) fn send(from: (SharedFd, u64), sink: &impl Sink, len: u64) -> Transfer {
    let sink = sink.sink().clone();
    Transfer::new("send a file", |control| async move {
        let transfer = FileTransfer::send(from, sink.clone(), len, control.counter());
        (send_pieces(&control, &sink, transfer).await, Vec::new())
    })
}

async fn send_pieces(
    control: &Control,
    sink: &Arc<Socket>,
    transfer: FileTransfer,
) -> io::Result<()> {
    let mut transfer = Box::new(transfer);
    let mut writable = pin!(Waiting::new(sink.clone(), Interest::WRITABLE));
    control.step().await?;
    let runtime = run::current();
    while !transfer.is_done() {
        let event = ready(control, writable.as_mut()).await?;
        control.step().await?;
        let stopped;
        (stopped, transfer) = control.perform(&runtime, transfer).await;
        match stopped? {
            None => {}
            Some(Stopped::Full) => sink.disprove(event, Verdict::Kernel),
            Some(Stopped::End) => break,
            Some(Stopped::Error(_)) if sink.is_closed() => return Err(Socket::closed_error()),
            Some(Stopped::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Writes what a stream has to a file.
pub(in crate::completion) fn receive(
    source: &impl Source,
    to: (SharedFd, u64),
    len: u64,
) -> Transfer {
    let source = source.source().clone();
    Transfer::new("receive a file", |control| async move {
        let taken = Taken::from(source.fd());
        let (result, taken) = receive_pieces(&control, &source, to, len, taken).await;
        finish(result, taken)
    })
}

/// Returns the result, and what was taken and not written.
async fn receive_pieces(
    control: &Control,
    source: &Arc<Socket>,
    (file, mut offset): (SharedFd, u64),
    len: u64,
    mut taken: Taken,
) -> (io::Result<()>, Taken) {
    let mut readable = pin!(Waiting::new(source.clone(), Interest::READABLE));
    let mut left = len;
    if let Err(error) = control.step().await {
        return (Err(error), taken);
    }
    let runtime = run::current();
    while left > 0 {
        match fill(control, readable.as_mut(), &mut taken, left).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return (Err(error), taken),
        }
        let before = control.arrived();
        let transfer = FileTransfer::store(taken, (file.clone(), offset), control.counter());
        let (stopped, transfer) = control.perform(&runtime, Box::new(transfer)).await;
        taken = transfer.into_taken();
        taken.count_moved(source.io().registration().pipes());
        let stored = control.arrived() - before;
        (left, offset) = (left - stored, offset + stored);
        match stopped {
            Ok(Some(Stopped::Error(error))) | Err(error) => return (Err(error), taken),
            // It is all there.
            Ok(_) => {}
        }
    }
    (Ok(()), taken)
}

/// Waits for bytes and takes at most `max`; returns `false` at the end of the stream.
async fn fill(
    control: &Control,
    mut readable: Pin<&mut Waiting<Socket>>,
    taken: &mut Taken,
    max: u64,
) -> io::Result<bool> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    loop {
        // A stream whose receives are completions is not watched otherwise.
        readable.value().io().watch(Interest::READABLE)?;
        let event = ready(control, readable.as_mut()).await?;
        control.step().await?;
        let source = readable.value();
        match take(source, taken, max) {
            Ok(Filled::Some) => return Ok(true),
            Ok(Filled::End) if source.is_closed() => return Err(Socket::closed_error()),
            Ok(Filled::End) => return Ok(false),
            Ok(Filled::Later) => source.disprove(event, Verdict::Kernel),
            Err(error) => unless_retried(source, event, error)?,
        }
    }
}

fn take(source: &Socket, taken: &mut Taken, max: usize) -> io::Result<Filled> {
    let brought = source.io().take_brought(max)?;
    if !brought.is_empty() {
        taken.put(brought);
        return Ok(Filled::Some);
    }
    taken.fill(source.fd(), source.io().registration().pipes(), max)
}

/// Waits until the stream is ready.
async fn ready(
    control: &Control,
    mut waiting: Pin<&mut Waiting<Socket>>,
) -> io::Result<ReadyEvent> {
    loop {
        let event = control.wait(|cx| waiting.as_mut().poll(cx)).await?;
        if waiting.value().is_closed() {
            return Err(Socket::closed_error());
        }
        // If not, another operation was faster.
        if !event.ready.is_empty() {
            return Ok(event);
        }
    }
}

/// Returns the error of an attempt, unless it is to be repeated.
fn unless_retried(socket: &Socket, event: ReadyEvent, error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::WouldBlock => socket.disprove(event, Verdict::Kernel),
        ErrorKind::Interrupted => {}
        _ if socket.is_closed() => return Err(Socket::closed_error()),
        _ => return Err(error),
    }
    Ok(())
}

/// Returns the result, and what was taken and not written.
fn finish(result: io::Result<()>, taken: Taken) -> (io::Result<()>, Vec<u8>) {
    match taken.into_memory() {
        Ok(rest) => (result, rest),
        Err(error) => (result.and(Err(error)), Vec::new()),
    }
}

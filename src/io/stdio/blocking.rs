//! Reading from and writing to streams that block, on the blocking pool.
//!
//! At most one operation per object runs at a time. It owns its buffer, so a future that is dropped
//! leaves it running, and the next poll takes up its result.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::blocking::pool::SpawnError;
use crate::driver;
use crate::io::ReadBuf;
use crate::runtime::Handle;
use crate::scheduler::task::JoinHandle;

/// The maximum number of bytes that one operation moves.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// The result of an operation: whether it succeeded, and its buffer.
type Outcome = (io::Result<()>, Vec<u8>);

/// An operation. Each type of closure that is spawned is a task to compile, so all have one type.
type Operation = Box<dyn FnOnce() -> Outcome + Send>;

/// Whether an operation is under way.
#[derive(Debug)]
enum StdioState {
    Idle(Vec<u8>),
    Busy(JoinHandle<Outcome>),
}

impl StdioState {
    /// Waits for the operation that is under way, if there is one, and returns its result. The
    /// buffer is in `self` afterwards.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut Vec<u8>>> {
        if let StdioState::Busy(operation) = self {
            let (result, buffer) = match ready!(Pin::new(operation).poll(cx)) {
                Ok(outcome) => outcome,
                Err(error) => {
                    let error = io::Error::other(format!("background task failed: {error}"));
                    (Err(error), Vec::new())
                }
            };
            *self = StdioState::Idle(buffer);
            result?;
        }
        match self {
            StdioState::Idle(buffer) => Poll::Ready(Ok(buffer)),
            StdioState::Busy(_) => unreachable!("the operation has just ended"),
        }
    }
}

/// Reads by way of a function that blocks.
#[derive(Debug)]
pub(super) struct Reader {
    read: fn(&mut [u8]) -> io::Result<usize>,
    /// The buffer holds what was read and has yet to be handed out.
    state: StdioState,
    given: usize,
}

impl Reader {
    pub(super) fn new(read: fn(&mut [u8]) -> io::Result<usize>) -> Self {
        Reader {
            read,
            state: StdioState::Idle(Vec::new()),
            given: 0,
        }
    }

    /// # Panics
    ///
    /// Panics if called outside a runtime.
    #[track_caller]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        dst: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if dst.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut is_result = matches!(self.state, StdioState::Busy(_));
        loop {
            let buffer = ready!(self.state.poll_idle(cx))?;
            // What the operation read; an empty result is the end of the stream.
            if is_result || self.given < buffer.len() {
                let rest = &buffer[self.given..];
                let n = rest.len().min(dst.remaining());
                dst.put_slice(&rest[..n]);
                self.given += n;
                if self.given == buffer.len() {
                    buffer.clear();
                    self.given = 0;
                }
                return Poll::Ready(Ok(()));
            }
            let mut buffer = std::mem::take(buffer);
            let (read, size) = (self.read, dst.remaining().min(MAX_BUF_SIZE));
            let operation: Operation = Box::new(move || {
                buffer.resize(size, 0);
                let result = uninterrupted(|| read(&mut buffer));
                buffer.truncate(*result.as_ref().unwrap_or(&0));
                (result.map(drop), buffer)
            });
            self.state = StdioState::Busy(Handle::current().spawn_blocking(operation));
            is_result = true;
        }
    }
}

/// Writes by way of functions that block.
///
/// A write that was accepted takes place even if its future is dropped or the runtime is shut down.
/// Its error is reported by the next call.
#[derive(Debug)]
pub(super) struct Writer {
    write_all: fn(&[u8]) -> io::Result<()>,
    flush: fn() -> io::Result<()>,
    /// The buffer is empty while no operation is under way.
    state: StdioState,
    must_flush: bool,
}

impl Writer {
    pub(super) fn new(
        write_all: fn(&[u8]) -> io::Result<()>,
        flush: fn() -> io::Result<()>,
    ) -> Self {
        Writer {
            write_all,
            flush,
            state: StdioState::Idle(Vec::new()),
            must_flush: false,
        }
    }

    /// # Panics
    ///
    /// Panics if called outside a runtime.
    #[track_caller]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        src: &[u8],
    ) -> Poll<io::Result<usize>> {
        let buffer = ready!(self.state.poll_idle(cx))?;
        if src.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let n = src.len().min(MAX_BUF_SIZE);
        let mut buffer = std::mem::take(buffer);
        buffer.extend_from_slice(&src[..n]);
        let write_all = self.write_all;
        self.begin(Box::new(move || {
            let result = write_all(&buffer);
            buffer.clear();
            (result, buffer)
        }))?;
        self.must_flush = true;
        Poll::Ready(Ok(n))
    }

    /// # Panics
    ///
    /// Panics if called outside a runtime.
    #[track_caller]
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let buffer = ready!(self.state.poll_idle(cx))?;
            if !self.must_flush {
                return Poll::Ready(Ok(()));
            }
            let buffer = std::mem::take(buffer);
            let flush = self.flush;
            self.begin(Box::new(move || (uninterrupted(flush), buffer)))?;
            self.must_flush = false;
        }
    }

    #[track_caller]
    fn begin(&mut self, operation: Operation) -> io::Result<()> {
        let operation = Handle::current().try_spawn_blocking(operation);
        self.state = StdioState::Busy(operation.map_err(|refused| match refused {
            SpawnError::Closed => driver::shutdown_error(),
            // Its own kind would tell the caller to wait until the stream is ready.
            SpawnError::NoThread(_) => io::Error::other(refused),
        })?);
        Ok(())
    }
}

/// Repeats `operation` for as long as it is interrupted.
fn uninterrupted<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BUF_SIZE, Reader, Writer};
    use crate::io::ReadBuf;
    use crate::runtime::{Builder, Runtime, is_rt_shutdown_err};
    use std::future::poll_fn;
    use std::io::{self, ErrorKind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Barrier, Mutex};

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn reads_in_pieces_and_sees_the_end() {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        fn read(buf: &mut [u8]) -> io::Result<usize> {
            match CALLS.fetch_add(1, Ordering::SeqCst) {
                0 => Err(ErrorKind::Interrupted.into()),
                1 => {
                    assert_eq!(buf.len(), 8);
                    buf[..5].copy_from_slice(b"hello");
                    Ok(5)
                }
                2 => Err(ErrorKind::ConnectionReset.into()),
                _ => Ok(0),
            }
        }
        runtime().block_on(async {
            let mut reader = Reader::new(read);
            let mut space = [0; 8];
            let mut buf = ReadBuf::new(&mut space);
            poll_fn(|cx| reader.poll_read(cx, &mut buf)).await.unwrap();
            assert_eq!(buf.filled(), b"hello");
            let error = poll_fn(|cx| reader.poll_read(cx, &mut buf)).await;
            assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);
            for _ in 0..2 {
                poll_fn(|cx| reader.poll_read(cx, &mut buf)).await.unwrap();
                assert_eq!(buf.filled(), b"hello");
            }
        });
    }

    #[test]
    fn a_read_that_was_given_up_loses_nothing() {
        static GIVEN_UP: Barrier = Barrier::new(2);
        fn read(buf: &mut [u8]) -> io::Result<usize> {
            GIVEN_UP.wait();
            buf[..4].copy_from_slice(b"abcd");
            Ok(4)
        }
        runtime().block_on(async {
            let mut reader = Reader::new(read);
            let mut space = [0; 4];
            let mut buf = ReadBuf::new(&mut space);
            assert!(futures::poll!(poll_fn(|cx| reader.poll_read(cx, &mut buf))).is_pending());
            GIVEN_UP.wait();
            // A smaller buffer receives the result in pieces.
            for part in [b"ab", b"cd"] {
                let mut space = [0; 2];
                let mut buf = ReadBuf::new(&mut space);
                poll_fn(|cx| reader.poll_read(cx, &mut buf)).await.unwrap();
                assert_eq!(buf.filled(), part);
            }
        });
    }

    #[test]
    fn writes_in_order_and_reports_errors_later() {
        static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
        fn write_all(bytes: &[u8]) -> io::Result<()> {
            if bytes == b"bad" {
                return Err(ErrorKind::StorageFull.into());
            }
            WRITTEN.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }
        fn flush() -> io::Result<()> {
            WRITTEN.lock().unwrap().push(b'|');
            Ok(())
        }
        runtime().block_on(async {
            let mut writer = Writer::new(write_all, flush);
            for part in [&b"a"[..], b"b", b"", b"c"] {
                let n = poll_fn(|cx| writer.poll_write(cx, part)).await.unwrap();
                assert_eq!(n, part.len());
            }
            poll_fn(|cx| writer.poll_flush(cx)).await.unwrap();
            assert_eq!(*WRITTEN.lock().unwrap(), b"abc|");
            // There is nothing more to flush.
            poll_fn(|cx| writer.poll_flush(cx)).await.unwrap();
            assert_eq!(*WRITTEN.lock().unwrap(), b"abc|");

            assert_eq!(
                poll_fn(|cx| writer.poll_write(cx, b"bad")).await.unwrap(),
                3
            );
            let error = poll_fn(|cx| writer.poll_write(cx, b"d")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert_eq!(poll_fn(|cx| writer.poll_write(cx, b"e")).await.unwrap(), 1);
            poll_fn(|cx| writer.poll_flush(cx)).await.unwrap();
            assert_eq!(*WRITTEN.lock().unwrap(), b"abc|e|");

            let large = vec![0; MAX_BUF_SIZE + 1];
            let n = poll_fn(|cx| writer.poll_write(cx, &large)).await.unwrap();
            assert_eq!(n, MAX_BUF_SIZE);
        });
    }

    #[test]
    fn an_accepted_write_outlives_the_runtime() {
        static WRITTEN: AtomicUsize = AtomicUsize::new(0);
        fn write_all(bytes: &[u8]) -> io::Result<()> {
            WRITTEN.fetch_add(bytes.len(), Ordering::SeqCst);
            Ok(())
        }
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let mut writers: Vec<Writer> = (0..10).map(|_| Writer::new(write_all, || Ok(()))).collect();
        runtime.block_on(async {
            for writer in &mut writers {
                poll_fn(|cx| writer.poll_write(cx, b"x")).await.unwrap();
            }
        });
        drop(runtime);
        assert_eq!(WRITTEN.load(Ordering::SeqCst), 10);
    }

    #[test]
    fn a_write_after_the_shutdown_is_refused() {
        let runtime = runtime();
        let handle = runtime.handle().clone();
        let _enter = handle.enter();
        runtime.shutdown_background();
        let mut writer = Writer::new(|_| Ok(()), || Ok(()));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(result) = writer.poll_write(&mut cx, b"x") else {
            panic!("refused at once");
        };
        assert!(is_rt_shutdown_err(&result.unwrap_err()));
    }
}

//! Copies between descriptors, whose bulk data does not pass through the program's memory: the same
//! bytes, ends, errors and turns as through it.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/copies.rs"]
mod copies;
#[path = "support/net.rs"]
mod support;

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use futures::poll;
use socket2::SockRef;
use zokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
    ReadBuf, copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf,
};
use zokio::net::unix::pipe;
use zokio::net::{TcpStream, UnixStream};

use self::copies::{
    SINKS, SOURCES, copied, data, narrow, receiving, same, sending, sink_of, source, tcp, unix,
    until_waiting,
};
use self::support::on_every_runtime;

/// What goes through memory before a copy takes its data for bulk data.
const AT_FIRST: usize = 16 * 1024;

/// Sizes around those at which something changes: the buffer, the beginning of bulk data, a pipe,
/// the most that is moved at a time.
const SIZES: [usize; 9] = [
    0,
    1,
    8 * 1024,
    AT_FIRST - 1,
    AT_FIRST,
    AT_FIRST + 1,
    64 * 1024 + 1,
    512 * 1024,
    1024 * 1024 + 7,
];

/// Waits for a thread without holding up the runtime.
async fn joined<T: Send + 'static>(thread: thread::JoinHandle<T>) -> T {
    zokio::task::spawn_blocking(|| thread.join().unwrap())
        .await
        .unwrap()
}

#[test]
fn everything_arrives_between_any_two_descriptors() {
    for source_kind in SOURCES {
        for sink_kind in SINKS {
            on_every_runtime(|| async move {
                for size in SIZES {
                    let (mut reader, far_writer) = source(source_kind).await?;
                    let (mut writer, far_reader) = sink_of(sink_kind).await?;
                    let before = copied();
                    let sent = sending(far_writer, data(size));
                    let received = receiving(far_reader);
                    assert_eq!(copy(&mut reader, &mut writer).await?, size as u64);
                    drop(writer);
                    joined(sent).await?;
                    same(&joined(received).await?, data(size));
                    let through_the_kernel = copied() - before;
                    assert!(through_the_kernel <= size.saturating_sub(AT_FIRST) as u64);
                }
                Ok(())
            });
        }
    }
}

#[test]
fn everything_arrives_from_any_buffer() {
    for kind in SOURCES {
        on_every_runtime(|| async move {
            for size in SIZES {
                let (reader, far_writer) = source(kind).await?;
                let (mut writer, far_reader) = sink_of(kind).await?;
                let sent = sending(far_writer, data(size));
                let received = receiving(far_reader);
                let mut reader = BufReader::with_capacity(5000, reader);
                assert_eq!(copy_buf(&mut reader, &mut writer).await?, size as u64);
                drop(writer);
                joined(sent).await?;
                same(&joined(received).await?, data(size));
            }
            Ok(())
        });
    }
}

/// Copies what waits in a source already, so that it is bulk data however slow the machine is, and
/// returns how much the kernel moved by itself.
async fn copied_at_once<R, W>(
    mut reader: R,
    far_writer: copies::FarWriter,
    mut writer: W,
    far_reader: copies::FarReader,
) -> io::Result<u64>
where
    R: AsyncRead + Unpin + std::os::fd::AsRawFd,
    W: AsyncWrite + Unpin,
{
    let size = 4 * 1024 * 1024;
    let before = copied();
    let sent = sending(far_writer, data(size));
    until_waiting(&reader, AT_FIRST + 16 * 1024).await;
    let received = receiving(far_reader);
    assert_eq!(copy(&mut reader, &mut writer).await?, size as u64);
    drop(writer);
    joined(sent).await?;
    same(&joined(received).await?, data(size));
    Ok(copied() - before)
}

#[test]
fn bulk_data_stays_in_the_kernel() {
    for kind in SINKS {
        on_every_runtime(|| async move {
            let (reader, far) = tcp().await?;
            let (writer, far_reader) = sink_of(kind).await?;
            let moved = copied_at_once(reader, Box::new(far), writer, far_reader).await?;
            assert!(moved >= 16 * 1024, "tcp to {kind}: {moved}");

            let (reader, far) = unix()?;
            let (writer, far_reader) = sink_of(kind).await?;
            let moved = copied_at_once(reader, Box::new(far), writer, far_reader).await?;
            assert!(moved >= 16 * 1024, "unix to {kind}: {moved}");

            let (far, reader) = pipe::pipe()?;
            let far = std::fs::File::from(far.into_blocking_fd()?);
            let (writer, far_reader) = sink_of(kind).await?;
            let moved = copied_at_once(reader, Box::new(far), writer, far_reader).await?;
            assert!(moved >= 16 * 1024, "pipe to {kind}: {moved}");
            Ok(())
        });
    }
}

#[test]
fn borrowed_halves_stay_in_the_kernel() {
    on_every_runtime(|| async {
        let size = 1024 * 1024;
        let (mut from, far_writer) = tcp().await?;
        let (mut to, far_reader) = unix()?;
        let sent = sending(Box::new(far_writer), data(size));
        until_waiting(&from, 2 * AT_FIRST).await;
        let received = receiving(Box::new(far_reader));
        let n = copy(&mut from.split().0, &mut to.split().1).await?;
        assert_eq!(n, size as u64);
        drop(to);
        joined(sent).await?;
        same(&joined(received).await?, data(size));
        assert!(copied() > 0);
        Ok(())
    });
}

/// Passes everything through, and counts it. A type that this crate does not know.
struct Counting<T> {
    inner: T,
    count: usize,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counting<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.count += buf.filled().len() - before;
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counting<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        if let Poll::Ready(Ok(n)) = polled {
            self.count += n;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[test]
fn a_wrapper_is_never_bypassed() {
    on_every_runtime(|| async {
        let size = 1024 * 1024;
        for wrap_reader in [true, false] {
            let (reader, far_writer) = tcp().await?;
            let (writer, far_reader) = tcp().await?;
            let sent = sending(Box::new(far_writer), data(size));
            until_waiting(&reader, 2 * AT_FIRST).await;
            let received = receiving(Box::new(far_reader));
            let (count, n) = if wrap_reader {
                let mut reader = BufReader::new(Counting {
                    inner: reader,
                    count: 0,
                });
                let mut writer = writer;
                let n = copy(&mut reader, &mut writer).await?;
                (reader.get_ref().count, n)
            } else {
                let mut reader = reader;
                let mut writer = Counting {
                    inner: BufWriter::new(writer),
                    count: 0,
                };
                let n = copy(&mut reader, &mut writer).await?;
                (writer.count, n)
            };
            assert_eq!((count, n), (size, size as u64));
            joined(sent).await?;
            same(&joined(received).await?, data(size));
        }
        assert_eq!(copied(), 0);
        Ok(())
    });
}

#[test]
fn what_is_buffered_goes_first() {
    on_every_runtime(|| async {
        let size = 1024 * 1024;
        let (reader, far_writer) = tcp().await?;
        let (writer, far_reader) = tcp().await?;
        let sent = sending(Box::new(far_writer), data(size));
        until_waiting(&reader, 2 * AT_FIRST).await;
        let received = receiving(Box::new(far_reader));
        // Larger than what goes through memory at first.
        let mut reader = BufReader::with_capacity(AT_FIRST + 5000, reader);
        assert!(reader.fill_buf().await?.len() > AT_FIRST);
        reader.consume(100);
        let mut writer = BufWriter::with_capacity(100_000, writer);
        writer.write_all(&data(size)[..100]).await?;
        let n = copy(&mut reader, &mut writer).await?;
        assert_eq!(n, size as u64 - 100);
        assert!(reader.buffer().is_empty() && writer.buffer().is_empty());
        drop(writer);
        joined(sent).await?;
        same(&joined(received).await?, data(size));
        assert!(copied() > 0);
        Ok(())
    });
}

#[test]
fn a_limit_holds_to_the_byte() {
    on_every_runtime(|| async {
        let size = 2 * 1024 * 1024;
        for limit in [
            0,
            1,
            AT_FIRST,
            AT_FIRST + 1,
            100_000,
            1_000_000,
            size,
            2 * size,
        ] {
            let (mut reader, far_writer) = tcp().await?;
            let (mut writer, far_reader) = unix()?;
            let sent = sending(Box::new(far_writer), data(size));
            until_waiting(&reader, 2 * AT_FIRST).await;
            let received = receiving(Box::new(far_reader));
            let mut part = (&mut reader).take(limit as u64);
            let n = copy(&mut part, &mut writer).await?;
            assert_eq!(n, limit.min(size) as u64);
            assert_eq!(part.limit(), limit.saturating_sub(size) as u64);
            drop(writer);
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).await?;
            joined(sent).await?;
            let received = joined(received).await?;
            same(&received, data(limit.min(size)));
            same(&rest, &data(size)[limit.min(size)..]);
        }
        assert!(copied() > 0);
        Ok(())
    });
}

#[test]
fn a_slow_reader_gets_every_byte() {
    on_every_runtime(|| async {
        let size = 3 * 1024 * 1024;
        for kind in ["tcp", "unix", "pipe"] {
            let (mut reader, far_writer) = source("tcp").await?;
            let (mut writer, mut far_reader) = sink_of(kind).await?;
            let sent = sending(far_writer, data(size));
            let received = thread::spawn(move || {
                let mut received = Vec::new();
                let mut space = vec![0; 10_000];
                for turn in 1.. {
                    // Now and then it lets the sink fill up.
                    if turn % 50 == 0 {
                        thread::sleep(Duration::from_millis(2));
                    }
                    let n = far_reader.read(&mut space[..1 + turn * 997 % 10_000])?;
                    received.extend_from_slice(&space[..n]);
                    if n == 0 {
                        break;
                    }
                }
                io::Result::Ok(received)
            });
            assert_eq!(copy(&mut reader, &mut writer).await?, size as u64);
            drop(writer);
            joined(sent).await?;
            same(&joined(received).await?, data(size));
        }
        Ok(())
    });
}

/// What a party of a proxied connection sends, and whether it ends its side before the other one
/// does.
async fn proxied<A, B>(
    mut near_a: A,
    mut near_b: B,
    far_a: impl Party,
    far_b: impl Party,
    a_first: bool,
    sizes: Option<(usize, usize)>,
) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let (there, back) = (data(1024 * 1024 + 3), &data(3 * 1024 * 1024)[1024 * 1024..]);
    let a = far_a.plays(there, a_first);
    let b = far_b.plays(back, !a_first);
    let copied = match sizes {
        None => copy_bidirectional(&mut near_a, &mut near_b).await?,
        Some((one, two)) => {
            copy_bidirectional_with_sizes(&mut near_a, &mut near_b, one, two).await?
        }
    };
    assert_eq!(copied, (there.len() as u64, back.len() as u64));
    same(&joined(a).await?, back);
    same(&joined(b).await?, there);
    Ok(())
}

trait Party: Read + Write + Send + Sized + 'static {
    fn again(&self) -> Self;
    fn end(&self);

    /// Sends on one thread and receives on another. If it is not the `first` to end, it ends its
    /// side only after it has seen the other end.
    fn plays(self, sends: &'static [u8], first: bool) -> thread::JoinHandle<io::Result<Vec<u8>>> {
        let mut writer = self.again();
        let mut reader = self;
        thread::spawn(move || {
            let sending = thread::spawn(move || {
                writer.write_all(sends)?;
                if first {
                    writer.end();
                }
                io::Result::Ok(writer)
            });
            let mut received = Vec::new();
            reader.read_to_end(&mut received)?;
            sending.join().unwrap()?.end();
            Ok(received)
        })
    }
}

impl Party for std::net::TcpStream {
    fn again(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn end(&self) {
        // The second end of one side is no news.
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Party for std::os::unix::net::UnixStream {
    fn again(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn end(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

#[test]
fn a_proxy_passes_both_ends_on_in_either_order() {
    for a_first in [true, false] {
        for sizes in [None, Some((1000, 50_000)), Some((7, 200_000))] {
            on_every_runtime(|| async move {
                let ((near_a, far_a), (near_b, far_b)) = (tcp().await?, tcp().await?);
                proxied(near_a, near_b, far_a, far_b, a_first, sizes).await?;
                let ((near_a, far_a), (near_b, far_b)) = (tcp().await?, unix()?);
                proxied(near_a, near_b, far_a, far_b, a_first, sizes).await?;
                let ((near_a, far_a), (near_b, far_b)) = (unix()?, unix()?);
                proxied(near_a, near_b, far_a, far_b, a_first, sizes).await
            });
        }
    }
}

#[test]
fn many_proxies_at_once_mix_nothing_up() {
    on_every_runtime(|| async {
        let mut tasks = Vec::new();
        for turn in 0..24 {
            tasks.push(zokio::spawn(async move {
                let ((near_a, far_a), (near_b, far_b)) = (tcp().await?, unix()?);
                proxied(near_a, near_b, far_a, far_b, turn % 2 == 0, None).await
            }));
        }
        for task in tasks {
            task.await.unwrap()?;
        }
        Ok(())
    });
}

/// Fills a source and a sink that is not read, and starts a copy between them until it is stuck:
/// with bytes in a pipe. `wrap` keeps it out of the kernel.
async fn stuck(wrap: bool) -> (Copying, std::net::TcpStream, std::net::TcpStream) {
    let (reader, far_writer) = tcp().await.unwrap();
    let (writer, far_reader) = tcp().await.unwrap();
    narrow(&reader, &far_writer, 256 * 1024).unwrap();
    narrow(&far_reader, &writer, 32 * 1024).unwrap();
    far_writer.set_nonblocking(true).unwrap();
    let before = copied();
    let mut copying: Copying = Box::pin(async move {
        let (mut reader, mut writer) = (reader, writer);
        if wrap {
            let mut reader = Counting {
                inner: reader,
                count: 0,
            };
            return copy(&mut reader, &mut writer).await;
        }
        copy(&mut reader, &mut writer).await
    });
    let mut full = 0;
    // Several times without any progress: what the kernel moves between the sockets takes a while.
    while full < 20 {
        let sent = (&far_writer).write(data(100_000));
        full = if sent.is_ok() { 0 } else { full + 1 };
        assert!(poll!(&mut copying).is_pending());
        zokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(copied() > before, !wrap);
    (copying, far_writer, far_reader)
}

type Copying = Pin<Box<dyn Future<Output = io::Result<u64>>>>;

#[test]
fn a_source_that_is_reset_is_an_error_after_its_bytes() {
    on_every_runtime(|| async {
        for wrap in [true, false] {
            let (copying, far_writer, far_reader) = stuck(wrap).await;
            // A reset, not an end.
            SockRef::from(&far_writer).set_linger(Some(Duration::ZERO))?;
            drop(far_writer);
            let received = thread::spawn(move || {
                let mut received = Vec::new();
                (&far_reader).read_to_end(&mut received).map(|_| received)
            });
            let error = copying.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{wrap}");
            assert!(!joined(received).await?.is_empty());
        }
        Ok(())
    });
}

#[test]
fn a_sink_that_is_reset_is_an_error() {
    on_every_runtime(|| async {
        for wrap in [true, false] {
            let (copying, _far_writer, far_reader) = stuck(wrap).await;
            SockRef::from(&far_reader).set_linger(Some(Duration::ZERO))?;
            drop(far_reader);
            let error = copying.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{wrap}");
        }
        Ok(())
    });
}

#[test]
fn a_sink_that_nothing_reads_any_more_is_a_broken_pipe() {
    on_every_runtime(|| async {
        for kind in ["unix", "pipe"] {
            let (mut reader, far_writer) = tcp().await?;
            let (mut writer, far_reader) = sink_of(kind).await?;
            let sent = sending(Box::new(far_writer), data(8 * 1024 * 1024));
            until_waiting(&reader, 2 * AT_FIRST).await;
            let before = copied();
            let mut copying = Box::pin(copy(&mut reader, &mut writer));
            while copied() == before {
                assert!(poll!(&mut copying).is_pending());
                zokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(far_reader);
            let error = copying.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{kind}");
            drop(reader);
            // It is reset in the middle.
            joined(sent).await.unwrap_err();
        }
        Ok(())
    });
}

#[test]
fn urgent_data_stops_no_copy() {
    on_every_runtime(|| async {
        // The shorter one has come as a whole, with its end, before it is copied.
        for size in [60_000, 300_000] {
            let (mut reader, far_writer) = tcp().await?;
            let (mut writer, far_reader) = tcp().await?;
            let (first, second) = data(size).split_at(40_000);
            let mut sent = Some(thread::spawn(move || {
                (&far_writer).write_all(first)?;
                SockRef::from(&far_writer).send_out_of_band(b"!")?;
                (&far_writer).write_all(second)
            }));
            until_waiting(&reader, 2 * AT_FIRST).await;
            if size < 100_000 {
                joined(sent.take().unwrap()).await?;
            }
            let received = receiving(Box::new(far_reader));
            assert_eq!(copy(&mut reader, &mut writer).await?, size as u64);
            drop(writer);
            if let Some(sent) = sent {
                joined(sent).await?;
            }
            same(&joined(received).await?, data(size));
        }
        assert!(copied() > 0);
        Ok(())
    });
}

#[test]
fn packets_are_no_trap() {
    on_every_runtime(|| async {
        // A pipe in packet mode loses what a read leaves of a packet.
        let (far, reader) = pipe::pipe()?;
        let far = std::fs::File::from(far.into_blocking_fd()?);
        set_flags(&far, libc::O_DIRECT);
        let (mut writer, far_reader) = tcp().await?;
        let mut reader = reader;
        let sent = sending(Box::new(far), data(1024 * 1024));
        until_waiting(&reader, AT_FIRST + 16 * 1024).await;
        let received = receiving(Box::new(far_reader));
        assert_eq!(copy(&mut reader, &mut writer).await?, 1024 * 1024);
        drop(writer);
        joined(sent).await?;
        same(&joined(received).await?, data(1024 * 1024));

        // One that is written to gets packets, as from a write.
        let (mut writer, far) = pipe::pipe()?;
        set_flags(&writer, libc::O_DIRECT | libc::O_NONBLOCK);
        let (mut reader, far_writer) = tcp().await?;
        let mut far = std::fs::File::from(far.into_blocking_fd()?);
        let sent = sending(Box::new(far_writer), data(1024 * 1024));
        until_waiting(&reader, 2 * AT_FIRST).await;
        let received = thread::spawn(move || {
            let (mut received, mut space) = (Vec::new(), vec![0; 1 << 20]);
            loop {
                let n = far.read(&mut space)?;
                assert!(n <= 4096, "{n} bytes are no packet");
                received.extend_from_slice(&space[..n]);
                if n == 0 {
                    return io::Result::Ok(received);
                }
            }
        });
        assert_eq!(copy(&mut reader, &mut writer).await?, 1024 * 1024);
        drop(writer);
        joined(sent).await?;
        same(&joined(received).await?, data(1024 * 1024));
        Ok(())
    });
}

fn set_flags(file: &impl std::os::fd::AsRawFd, flags: libc::c_int) {
    // SAFETY: this call takes no pointers.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags) };
    assert_eq!(result, 0);
}

#[test]
fn a_dropped_copy_loses_what_was_in_between_and_nothing_else() {
    on_every_runtime(|| async {
        let size = 4 * 1024 * 1024;
        for polls in [1, 2, 3, 5, 8, 13, 40, 100] {
            let (mut reader, far_writer) = tcp().await?;
            let (mut writer, far_reader) = tcp().await?;
            let sent = sending(Box::new(far_writer), data(size));
            until_waiting(&reader, 2 * AT_FIRST).await;
            let received = receiving(Box::new(far_reader));
            let mut done = 0;
            {
                let mut copying = pin!(copy(&mut reader, &mut writer));
                poll_fn(|cx| {
                    done += 1;
                    let polled = copying.as_mut().poll(cx);
                    if done == polls || polled.is_ready() {
                        return Poll::Ready(());
                    }
                    Poll::Pending
                })
                .await;
            }
            drop(writer);
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).await?;
            joined(sent).await?;
            let received = joined(received).await?;
            same(&received, data(received.len()));
            same(&rest, &data(size)[size - rest.len()..]);
            assert!(received.len() + rest.len() <= size);
        }
        Ok(())
    });
}

#[test]
fn a_copy_from_a_buffer_loses_nothing() {
    on_every_runtime(|| async {
        let size = 4 * 1024 * 1024;
        let mut partly = 0;
        for polls in [1, 2, 3, 4, 5, 6, 8, 10, 13, 20, 40, 100] {
            let (reader, far_writer) = tcp().await?;
            let (mut writer, far_reader) = tcp().await?;
            narrow(&far_reader, &writer, 32 * 1024)?;
            let sent = sending(Box::new(far_writer), data(size));
            until_waiting(&reader, 2 * AT_FIRST).await;
            let received = receiving(Box::new(far_reader));
            let mut reader = BufReader::new(reader).take(size as u64);
            let mut done = 0;
            {
                let mut copying = pin!(copy_buf(&mut reader, &mut writer));
                poll_fn(|cx| {
                    done += 1;
                    let polled = copying.as_mut().poll(cx);
                    if done == polls || polled.is_ready() {
                        return Poll::Ready(());
                    }
                    Poll::Pending
                })
                .await;
            }
            partly += usize::from(reader.get_ref().buffer().len() > 8 * 1024);
            drop(writer);
            let left = reader.limit();
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).await?;
            assert_eq!((left, reader.limit()), (rest.len() as u64, 0));
            joined(sent).await?;
            let mut all = joined(received).await?;
            all.extend_from_slice(&rest);
            same(&all, data(size));
        }
        assert!(partly > 0, "no copy was dropped with bytes in its pipe");
        assert!(copied() > 0);
        Ok(())
    });
}

#[test]
fn a_copy_from_a_buffer_keeps_what_a_sink_does_not_take() {
    on_every_runtime(|| async {
        let size = 512 * 1024;
        let (reader, far_writer) = tcp().await?;
        let (mut writer, far_reader) = unix()?;
        let sent = sending(Box::new(far_writer), data(size));
        until_waiting(&reader, 2 * AT_FIRST).await;
        let mut reader = BufReader::new(reader);
        let received = {
            let mut copying = pin!(copy_buf(&mut reader, &mut writer));
            let mut received = vec![0; 100_000];
            let mut far_reader = far_reader;
            far_reader.set_nonblocking(true)?;
            let mut start = 0;
            while start < received.len() {
                assert!(poll!(&mut copying).is_pending());
                match far_reader.read(&mut received[start..]) {
                    Ok(n) => start += n,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
                zokio::task::yield_now().await;
            }
            // What the socket holds is gone with it.
            let held = copies::waiting(std::os::fd::AsRawFd::as_raw_fd(&far_reader));
            drop(far_reader);
            let error = copying.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            same(&received, data(received.len()));
            received.len() + held
        };
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await?;
        joined(sent).await?;
        same(&rest, &data(size)[received..]);
        assert!(copied() > 0);
        Ok(())
    });
}

#[test]
fn a_copy_takes_turns() {
    on_every_runtime(|| async {
        let size = 8 * 1024 * 1024;
        let (mut reader, far_writer) = tcp().await?;
        let (mut writer, far_reader) = tcp().await?;
        let sent = sending(Box::new(far_writer), data(size));
        until_waiting(&reader, 2 * AT_FIRST).await;
        let received = receiving(Box::new(far_reader));
        let (n, most) = zokio::spawn(async move {
            let mut copying = pin!(copy(&mut reader, &mut writer));
            let mut most = 0;
            let n = poll_fn(|cx| {
                let before = copied();
                let polled = copying.as_mut().poll(cx);
                most = most.max(copied() - before);
                polled
            })
            .await;
            (n, most)
        })
        .await
        .unwrap();
        assert_eq!(n?, size as u64);
        // The bound of a poll, and what the last one may have left in the pipe.
        assert!(most <= 2 * 1024 * 1024, "{most}");
        joined(sent).await?;
        same(&joined(received).await?, data(size));
        Ok(())
    });
}

/// That these are still futures to be spawned.
#[test]
fn copies_are_send() {
    fn is_send<T: Send>(_: &T) {}
    async fn uses(a: &mut TcpStream, b: &mut UnixStream) {
        is_send(&copy(a, b));
        is_send(&copy_bidirectional(a, b));
    }
    let _ = uses;
}

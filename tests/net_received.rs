//! Streams whose receives are completions (`Builder::sockets`). What holds here holds for readiness,
//! too, so every test runs on both.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/filter.rs"]
mod filter;
#[path = "support/received.rs"]
mod received;
#[path = "support/net.rs"]
mod support;

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BufMut;
use socket2::SockRef;
use zokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Interest, ReadBuf};
use zokio::net::{TcpStream, UnixStream};
use zokio::runtime::{Builder, LocalOptions, Runtime, Sockets};
use zokio::task::{spawn, yield_now};
use zokio::time::timeout;

use self::received::{completions, hand_over, on_both, retain, runtime, with_std};
use self::support::{LONG, multi_thread, until};

fn both() -> [Runtime; 2] {
    [Sockets::Completion, Sockets::Readiness].map(runtime)
}

/// Polls for reading once, into nothing that is kept.
fn poll_once<R: AsyncRead + Unpin>(stream: &mut R) -> Poll<io::Result<usize>> {
    let mut space = [0; 64];
    let mut buf = ReadBuf::new(&mut space);
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(stream).poll_read(&mut cx, &mut buf) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(result) => Poll::Ready(result.map(|()| buf.filled().len())),
    }
}

/// Begins a read that finds nothing, and has it on its way.
async fn begin_read<R: AsyncRead + Unpin>(stream: &mut R) {
    while poll_once(stream).is_ready() {}
    hand_over().await;
}

/// Begins a read, drops it, and has the peer's bytes arrive after that.
async fn drop_a_read(
    stream: &mut TcpStream,
    peer: &mut std::net::TcpStream,
    bytes: &[u8],
    completions: bool,
) -> io::Result<()> {
    begin_read(stream).await;
    retain(|| stream.retained(), peer, bytes, completions).await
}

#[test]
fn what_is_in_force_is_told() {
    let rt = runtime(Sockets::Completion);
    let info = rt.handle().driver_info();
    if info.kind() == zokio::runtime::DriverKind::Threads {
        assert_eq!(info.sockets(), Sockets::Readiness);
        assert!(info.sockets_reason().contains("io_uring"));
    } else {
        assert_eq!(info.sockets_reason(), "asked for by the builder");
    }
    let rt = runtime(Sockets::Readiness);
    assert_eq!(rt.handle().driver_info().sockets(), Sockets::Readiness);
    let info = multi_thread(1).handle().driver_info();
    assert_eq!(info.sockets(), Sockets::Readiness);
}

#[test]
fn a_local_runtime_has_them_too() -> io::Result<()> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().sockets(Sockets::Completion);
    let rt = builder.build_local(LocalOptions::default())?;
    let (mut a, mut b) = rt.block_on(async { UnixStream::pair() })?;
    rt.block_on(async {
        let mut buf = [0; 4];
        zokio::try_join!(a.read_exact(&mut buf), b.write_all(b"ping"))?;
        assert_eq!(&buf, b"ping");
        Ok(())
    })
}

#[test]
fn messages_and_the_end_arrive() {
    on_both(|_| async {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        let echo = std::thread::spawn(move || {
            let mut buf = [0; 100];
            for n in 1..=100 {
                peer.write_all(&buf[..n])?;
                peer.read_exact(&mut buf[..n])?;
            }
            peer.shutdown(Shutdown::Write)?;
            assert_eq!(peer.read(&mut buf)?, 0);
            io::Result::Ok(())
        });
        let mut buf = [0; 256];
        for n in 1..=100 {
            stream.read_exact(&mut buf[..n]).await?;
            stream.write_all(&buf[..n]).await?;
        }
        for _ in 0..3 {
            assert_eq!(stream.read(&mut buf).await?, 0);
        }
        drop(stream);
        echo.join().unwrap()
    });
}

#[test]
fn much_arrives_through_buffers_of_any_size() {
    on_both(|_| async {
        for size in [1, 7, 4095, 4096, 4097, 100_000] {
            let (mut stream, mut peer) = with_std::<TcpStream>().await?;
            let len = size.min(997) * 1000 + 1;
            let sender = std::thread::spawn(move || {
                let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
                bytes
                    .chunks(33_333)
                    .try_for_each(|part| peer.write_all(part))
            });
            let (mut buf, mut at) = (vec![0; size], 0);
            loop {
                let n = stream.read(&mut buf).await?;
                let right = |(i, byte): (usize, &u8)| usize::from(*byte) == (at + i) % 251;
                assert!(buf[..n].iter().enumerate().all(right));
                at += n;
                if n == 0 {
                    break;
                }
            }
            assert_eq!(at, len);
            sender.join().unwrap()?;
        }
        Ok(())
    });
}

#[test]
fn a_reset_is_reported_once_by_the_read_that_waits() {
    on_both(|_| async {
        let (mut stream, peer) = with_std::<TcpStream>().await?;
        begin_read(&mut stream).await;
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
        drop(peer);
        let error = stream.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(stream.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn the_error_of_a_dropped_read_is_the_pending_error() {
    on_both(|_| async {
        let (mut stream, peer) = with_std::<TcpStream>().await?;
        begin_read(&mut stream).await;
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
        drop(peer);
        stream.readable().await?;
        let error = stream.take_error()?.expect("the connection was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(stream.take_error()?.is_none());
        Ok(())
    });
}

#[test]
fn every_way_to_read_begins_with_what_a_dropped_read_received() {
    on_both(|completions| async move {
        for way in 0..7 {
            let (mut stream, mut peer) = with_std::<TcpStream>().await?;
            drop_a_read(&mut stream, &mut peer, b"first", completions).await?;
            peer.write_all(b"second")?;
            let mut got = vec![0; 2];
            let n = match way {
                0 => stream.read(&mut got).await?,
                1 => {
                    stream.readable().await?;
                    stream.try_read(&mut got)?
                }
                2 => {
                    assert_eq!(stream.peek(&mut got).await?, 2);
                    assert_eq!(&got, b"fi");
                    stream.read(&mut got).await?
                }
                3 => {
                    let mut buf = ReadBuf::new(&mut got);
                    assert_eq!(poll_fn(|cx| stream.poll_peek(cx, &mut buf)).await?, 2);
                    stream.read(&mut got).await?
                }
                4 => {
                    poll_fn(|cx| stream.poll_read_ready(cx)).await?;
                    let (a, b) = got.split_at_mut(1);
                    let mut bufs = [io::IoSliceMut::new(a), io::IoSliceMut::new(b)];
                    stream.try_read_vectored(&mut bufs)?
                }
                5 => {
                    let ready = stream
                        .ready(Interest::READABLE | Interest::WRITABLE)
                        .await?;
                    if ready.is_readable() {
                        got.clear();
                        stream.try_read_buf(&mut (&mut got).limit(2))?
                    } else {
                        stream.read(&mut got).await?
                    }
                }
                _ => {
                    let (mut reader, _writer) = stream.split();
                    reader.read(&mut got).await?
                }
            };
            got.truncate(n);
            peer.shutdown(Shutdown::Write)?;
            stream.read_to_end(&mut got).await?;
            assert_eq!(String::from_utf8_lossy(&got), "firstsecond", "way {way}");
        }
        Ok(())
    });
}

/// A program that peeks until enough has come never got beyond what a dropped read had received.
#[test]
fn a_peek_shows_what_comes_after_what_was_received() {
    on_both(|completions| async move {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        drop_a_read(&mut stream, &mut peer, b"first", completions).await?;
        peer.write_all(b"second")?;
        let mut got = [0; 16];
        while stream.peek(&mut got).await? < 11 {
            zokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut buf = ReadBuf::new(&mut got);
        assert_eq!(poll_fn(|cx| stream.poll_peek(cx, &mut buf)).await?, 11);
        assert_eq!(buf.filled(), b"firstsecond");
        // The error of the connection is left for the read that reports it.
        SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
        drop(peer);
        until(|| stream.peer_addr().is_err()).await;
        assert!(stream.peek(&mut got).await? >= 5);
        let mut got = Vec::new();
        let error = stream.read_to_end(&mut got).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

/// The read of what a dropped read had received cleared the event of bytes that had come later.
#[test]
fn a_read_after_a_peek_leaves_what_came_later_to_be_noticed() {
    on_both(|completions| async move {
        for urgent in [false, true] {
            let (mut stream, mut peer) = with_std().await?;
            drop_a_read(&mut stream, &mut peer, b"first", completions).await?;
            assert_eq!(stream.peek(&mut [0; 16]).await?, 5);
            peer.write_all(b"second")?;
            if urgent {
                SockRef::from(&peer).send_out_of_band(b"!")?;
                peer.write_all(b"third")?;
            }
            // Events that have come are noticed together.
            let (one, other) = zokio::net::UnixDatagram::pair()?;
            for _ in 0..2 {
                one.send(b"x").await?;
                other.recv(&mut [0; 1]).await?;
            }
            let mut got = vec![0; if urgent { 16 } else { 11 }];
            let mut filled = 0;
            while filled < got.len() {
                filled += stream.read(&mut got[filled..]).await?;
            }
            let expected: &[u8] = b"firstsecondthird";
            assert_eq!(got, expected[..filled]);
        }
        Ok(())
    });
}

#[test]
fn a_stream_that_becomes_one_of_std_keeps_what_comes_later() {
    on_both(|_| async {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        begin_read(&mut stream).await;
        assert_eq!(stream.retained(), 0);
        let mut stream = stream.into_std()?;
        stream.set_nonblocking(false)?;
        peer.write_all(b"later")?;
        let mut buf = [0; 5];
        stream.read_exact(&mut buf)?;
        assert_eq!(&buf, b"later");
        Ok(())
    });
}

#[test]
fn a_stream_is_closed_by_its_drop_and_not_later() {
    on_both(|_| async {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        begin_read(&mut stream).await;
        let (tell, told) = mpsc::channel();
        let reader = std::thread::spawn(move || tell.send(peer.read(&mut [0; 8])));
        drop(stream);
        // This thread does nothing more for the runtime until the peer has seen the end.
        assert_eq!(told.recv_timeout(LONG).expect("no end was sent")?, 0);
        reader.join().unwrap().unwrap();
        Ok(())
    });
}

#[test]
fn a_stream_is_closed_by_its_drop_before_the_receive_was_handed_over() {
    on_both(|_| async {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        while poll_once(&mut stream).is_ready() {}
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8])?, 0);
        // Another file may have the number now, and nothing is read from it.
        let (mut other, mut peer) = with_std::<TcpStream>().await?;
        peer.write_all(b"mine")?;
        let mut buf = [0; 4];
        other.read_exact(&mut buf).await?;
        assert_eq!(&buf, b"mine");
        Ok(())
    });
}

#[test]
fn bytes_that_nobody_has_read_reset_the_connection_as_ever() {
    on_both(|completions| async move {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        begin_read(&mut stream).await;
        // More than a receive takes.
        peer.write_all(&[7; 20_000])?;
        let least = if completions { 1 } else { 0 };
        until(|| stream.retained() >= least).await;
        drop(stream);
        let error = peer.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

#[test]
fn a_drop_on_another_thread_sends_the_end() {
    on_both(|_| async {
        for round in 0..50 {
            let (mut stream, mut peer) = with_std::<TcpStream>().await?;
            begin_read(&mut stream).await;
            let other = std::thread::spawn(move || {
                if round % 2 == 1 {
                    std::thread::sleep(Duration::from_micros(round * 7));
                }
                drop(stream);
                peer.read(&mut [0; 8])
            });
            until(|| other.is_finished()).await;
            assert_eq!(other.join().unwrap()?, 0);
        }
        Ok(())
    });
}

#[test]
fn a_read_on_another_thread_gets_the_bytes_in_order() {
    on_both(|_| async {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        begin_read(&mut stream).await;
        let sender = std::thread::spawn(move || {
            for byte in 0..200 {
                peer.write_all(&[byte])?;
            }
            io::Result::Ok(())
        });
        let other = std::thread::spawn(move || {
            futures::executor::block_on(async move {
                let mut got = Vec::new();
                stream.read_to_end(&mut got).await?;
                io::Result::Ok(got)
            })
        });
        until(|| other.is_finished()).await;
        assert_eq!(other.join().unwrap()?, (0..200).collect::<Vec<u8>>());
        sender.join().unwrap()
    });
}

#[test]
fn reads_dropped_at_random_lose_nothing() {
    const MESSAGES: usize = 20_000;
    on_both(|_| async {
        let (mut stream, mut peer) = with_std::<TcpStream>().await?;
        let sender = std::thread::spawn(move || {
            let mut random = 1u32;
            for i in 0..MESSAGES {
                peer.write_all(&[(i % 251) as u8])?;
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if random >> 28 == 0 {
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
            io::Result::Ok(())
        });
        let (mut at, mut random) = (0, 7u32);
        let mut buf = [0; 16];
        while at < MESSAGES {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let len = 1 + (random >> 24) as usize % buf.len();
            let n = {
                let mut read = pin!(stream.read(&mut buf[..len]));
                let mut polls = random >> 30;
                poll_fn(|cx| match read.as_mut().poll(cx) {
                    Poll::Ready(result) => Poll::Ready(Some(result)),
                    Poll::Pending if polls == 0 => Poll::Ready(None),
                    Poll::Pending => {
                        polls -= 1;
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                })
                .await
            };
            let Some(n) = n.transpose()? else {
                yield_now().await;
                continue;
            };
            assert_ne!(n, 0, "an early end");
            for &byte in &buf[..n] {
                assert_eq!(usize::from(byte), at % 251, "at {at}");
                at += 1;
            }
        }
        sender.join().unwrap()?;
        assert_eq!(stream.read(&mut buf).await?, 0);
        Ok(())
    });
}

/// Each part of the stream is awaited on another thread, and bytes come while none drives.
#[test]
fn a_runtime_that_moves_between_threads_loses_nothing() {
    for runtime in both() {
        let (stream, mut peer) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        let (tell, mut told) = zokio::sync::mpsc::unbounded_channel();
        runtime.spawn(async move {
            let mut stream = stream;
            let mut byte = [0];
            while stream.read(&mut byte).await? == 1 {
                tell.send(byte[0]).unwrap();
            }
            io::Result::Ok(())
        });
        for i in 0..100u8 {
            if i % 3 != 0 {
                peer.write_all(&[i]).unwrap();
            }
            // Joined by itself: how a scope ends is not seen by ThreadSanitizer.
            std::thread::scope(|scope| {
                scope
                    .spawn(|| {
                        runtime.block_on(async {
                            // The read is on its way when this thread leaves.
                            zokio::time::sleep(Duration::from_micros(300)).await;
                            if i % 3 == 0 {
                                peer.write_all(&[i]).unwrap();
                            }
                            let next = timeout(LONG, told.recv()).await;
                            assert_eq!(next.expect("the byte is lost"), Some(i));
                        });
                    })
                    .join()
                    .unwrap();
            });
        }
        drop(peer);
        assert_eq!(runtime.block_on(told.recv()), None);
    }
}

#[test]
fn a_stream_that_is_read_while_nothing_drives_is_closed_by_its_drop() {
    for runtime in both() {
        let (mut stream, mut peer) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        runtime.block_on(begin_read(&mut stream));
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);

        // And by the drop of the runtime.
        let (mut stream, mut peer) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        runtime.spawn(async move { stream.read(&mut [0; 8]).await });
        runtime.block_on(async { zokio::time::sleep(Duration::from_millis(2)).await });
        drop(runtime);
        assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    }
}

/// Every buffer of the ring is held by a stream that is not read.
#[test]
fn more_streams_than_buffers() {
    on_both(|completions| async move {
        let mut pairs = Vec::new();
        for _ in 0..300 {
            let (mut stream, peer) = UnixStream::pair()?;
            while poll_once(&mut stream).is_ready() {}
            pairs.push((stream, peer));
        }
        zokio::time::sleep(Duration::from_millis(5)).await;
        for (i, (_, peer)) in pairs.iter().enumerate() {
            assert_eq!(peer.try_write(&[i as u8, 1])?, 2);
        }
        let held = |pairs: &[(UnixStream, UnixStream)]| -> usize {
            pairs.iter().map(|(stream, _)| stream.retained()).sum()
        };
        let expected = if completions { 2 * 256 } else { 0 };
        until(|| held(&pairs) >= expected).await;
        assert_eq!(held(&pairs), expected);
        for (i, (stream, _)) in pairs.iter_mut().enumerate() {
            let mut buf = [0; 8];
            assert_eq!(stream.read(&mut buf).await?, 2);
            assert_eq!(buf[..2], [i as u8, 1]);
        }
        // All buffers are there again.
        for (stream, _) in &mut pairs {
            while poll_once(stream).is_ready() {}
        }
        zokio::time::sleep(Duration::from_millis(5)).await;
        for (_, peer) in &pairs {
            assert_eq!(peer.try_write(b"again")?, 5);
        }
        for (stream, _) in &mut pairs {
            let mut buf = [0; 5];
            stream.read_exact(&mut buf).await?;
            assert_eq!(&buf, b"again");
        }
        Ok(())
    });
}

#[test]
fn other_events_are_noticed_while_receives_wait() {
    on_both(|_| async {
        let (mut waiting, peer) = with_std::<TcpStream>().await?;
        let reader = spawn(async move { waiting.read(&mut [0; 8]).await });
        yield_now().await;
        // A timer, a wake from another thread, a listener, and a stream that is read by readiness.
        zokio::time::sleep(Duration::from_millis(5)).await;
        let (tell, told) = zokio::sync::oneshot::channel();
        std::thread::spawn(move || tell.send(5).unwrap());
        assert_eq!(told.await.unwrap(), 5);
        let (stream, mut other) = with_std::<TcpStream>().await?;
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            other.write_all(b"x").map(|()| other)
        });
        let n = stream
            .async_io(Interest::READABLE, || stream.try_read(&mut [0; 8]))
            .await?;
        assert_eq!(n, 1);
        writer.join().unwrap()?;
        drop(peer);
        assert_eq!(reader.await.unwrap()?, 0);
        Ok(())
    });
}

#[test]
fn both_directions_at_once() {
    on_both(|_| async {
        const LEN: usize = 3 << 20;
        let (a, b) = UnixStream::pair()?;
        let halves = [a, b].map(|stream| {
            let (mut reader, mut writer) = stream.into_split();
            spawn(async move {
                let sent = spawn(async move {
                    writer.write_all(&vec![3; LEN]).await?;
                    writer.shutdown().await
                });
                let mut got = Vec::new();
                reader.read_to_end(&mut got).await?;
                sent.await.unwrap()?;
                io::Result::Ok(got.len())
            })
        });
        for half in halves {
            assert_eq!(half.await.unwrap()?, LEN);
        }
        Ok(())
    });
}

/// A filter of system calls that is installed later takes the ring away.
#[test]
fn a_ring_that_is_refused_later_is_replaced_by_readiness() {
    std::thread::spawn(|| {
        let runtime = runtime(Sockets::Completion);
        let had = completions(&runtime);
        let (mut stream, mut peer) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        let (mut held, mut other) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        runtime
            .block_on(async {
                drop_a_read(&mut held, &mut other, b"held", had).await?;
                begin_read(&mut stream).await;
                filter::refuse(&[libc::SYS_io_uring_enter], libc::EPERM);
                let reader = spawn(async move {
                    let mut buf = [0; 8];
                    let n = stream.read(&mut buf).await?;
                    io::Result::Ok((n, buf))
                });
                yield_now().await;
                zokio::time::sleep(Duration::from_millis(2)).await;
                peer.write_all(b"bytes")?;
                let read = timeout(LONG, reader).await.expect("the read hangs");
                assert_eq!(read.unwrap()?, (5, *b"bytes\0\0\0"));
                let mut buf = [0; 4];
                held.read_exact(&mut buf).await?;
                assert_eq!(&buf, b"held");
                io::Result::Ok(())
            })
            .unwrap();
        let info = runtime.handle().driver_info();
        assert_eq!(info.sockets(), Sockets::Readiness);
        if had {
            assert!(info.sockets_reason().contains("no ring for sockets"));
        }
    })
    .join()
    .unwrap();
}

/// The same where the call that would end a receive is refused: the stream is closed all the same.
#[test]
fn a_stream_is_closed_by_its_drop_although_its_ring_is_refused() {
    std::thread::spawn(|| {
        let runtime = runtime(Sockets::Completion);
        let had = completions(&runtime);
        let (mut stream, mut peer) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        let (mut other, mut far) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        runtime
            .block_on(async {
                begin_read(&mut stream).await;
                begin_read(&mut other).await;
                filter::refuse(&[libc::SYS_io_uring_enter], libc::EPERM);
                drop(stream);
                assert_eq!(peer.read(&mut [0; 8])?, 0);
                far.write_all(b"bytes")?;
                let mut buf = [0; 5];
                other.read_exact(&mut buf).await?;
                assert_eq!(&buf, b"bytes");
                io::Result::Ok(())
            })
            .unwrap();
        let info = runtime.handle().driver_info();
        assert_eq!(info.sockets(), Sockets::Readiness);
        if had {
            assert!(info.sockets_reason().contains("no ring for sockets"));
        }
    })
    .join()
    .unwrap();
}

/// A thread that ceases to drive and may not end its receives, either.
#[test]
fn a_ring_that_is_refused_before_the_runtime_moves() {
    std::thread::spawn(|| {
        let runtime = runtime(Sockets::Completion);
        let (mut stream, mut peer) = runtime.block_on(with_std::<TcpStream>()).unwrap();
        runtime.block_on(async {
            begin_read(&mut stream).await;
            filter::refuse(&[libc::SYS_io_uring_enter], libc::EPERM);
        });
        peer.write_all(b"bytes").unwrap();
        let mut buf = [0; 5];
        runtime.block_on(stream.read_exact(&mut buf)).unwrap();
        assert_eq!(&buf, b"bytes");
        let sockets = runtime.handle().driver_info().sockets();
        assert_eq!(sockets, Sockets::Readiness);
    })
    .join()
    .unwrap();
}

/// An error that a receive has ended with is reported once, by the next call of any kind. One that
/// peeks left it for the call after it as well.
#[test]
fn the_error_of_a_receive_is_kept() {
    on_both(|_| async {
        for call in ["take_error", "try_read", "peek"] {
            let (mut stream, peer) = with_std::<TcpStream>().await?;
            begin_read(&mut stream).await;
            socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
            drop(peer);
            // It has come after a turn, as far as any wait can tell.
            zokio::time::sleep(Duration::from_millis(5)).await;
            let mut buf = [0; 8];
            let error = match call {
                "take_error" => stream.take_error()?.expect("the connection was reset"),
                "try_read" => loop {
                    match stream.try_read(&mut buf) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            stream.readable().await?;
                        }
                        read => break read.unwrap_err(),
                    }
                },
                _ => stream.peek(&mut buf).await.unwrap_err(),
            };
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{call}");
            assert!(stream.take_error()?.is_none(), "{call}");
        }
        Ok(())
    });
}

//! Streams with owned buffers whose receives are completions (`Builder::sockets`). What holds here
//! holds for readiness, too, so every test runs on both.

#[path = "support/received.rs"]
mod received;
#[path = "support/sockets.rs"]
mod support;

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use zokio::completion::net::{TcpStream, UnixStream};
use zokio::completion::{Adapter, BufferRing, Operation};
use zokio::io::{AsyncBufReadExt, AsyncReadExt};
use zokio::task::{spawn, yield_now};
use zokio::time::sleep;

use self::received::{hand_over, on_both, with_std};
use self::support::{is_cancelled, until};

fn poll_once<T>(operation: impl Future<Output = T>) -> Poll<T> {
    pin!(operation).poll(&mut Context::from_waker(Waker::noop()))
}

/// Begins a read that finds nothing, and drops it once it is on its way.
async fn drop_a_read(stream: &TcpStream) {
    assert!(poll_once(stream.read(vec![0; 64])).is_pending());
    hand_over().await;
}

/// Has a dropped read receive `bytes`, where receives are completions.
async fn retain(
    stream: &TcpStream,
    peer: &mut std::net::TcpStream,
    bytes: &[u8],
    completions: bool,
) -> io::Result<()> {
    drop_a_read(stream).await;
    received::retain(|| stream.retained(), peer, bytes, completions).await
}

#[test]
fn every_way_to_read_begins_with_what_a_dropped_read_received() {
    on_both(|completions| async move {
        let ring = BufferRing::new(4, 2);
        for way in 0..8 {
            let (stream, mut peer) = with_std::<TcpStream>().await?;
            retain(&stream, &mut peer, b"first", completions).await?;
            peer.write_all(b"second")?;
            peer.shutdown(Shutdown::Write)?;
            let mut got = match way {
                0 => {
                    let (count, buffer) = stream.read(vec![0; 2]).await;
                    assert_eq!(count?, 2);
                    buffer
                }
                1 => {
                    let buffers = vec![vec![0; 1], Vec::new(), vec![0; 7]];
                    let (count, buffers) = stream.readv(buffers).await;
                    let mut got = buffers.concat();
                    got.truncate(count?);
                    got
                }
                2 => {
                    let (count, buffer) = stream.peek(vec![0; 2]).await;
                    assert_eq!((count?, &buffer[..]), (2, &b"fi"[..]));
                    Vec::new()
                }
                3 => {
                    let (count, buffer) = stream.read_exact(vec![0; 8]).await;
                    count?;
                    assert_eq!(buffer, b"firstsec");
                    buffer
                }
                4 => {
                    let received = stream.recv_multi(&ring).next().await;
                    received.expect("not the end")?.to_vec()
                }
                5 => {
                    let mut adapter = Adapter::new(stream);
                    let mut got = Vec::new();
                    adapter.read_to_end(&mut got).await?;
                    assert_eq!(got, b"firstsecond");
                    continue;
                }
                6 => {
                    let mut adapter = Adapter::with_ring(stream, &ring);
                    let first = adapter.fill_buf().await?.to_vec();
                    assert!(b"firstsecond".starts_with(&first));
                    let mut got = Vec::new();
                    adapter.read_to_end(&mut got).await?;
                    assert_eq!(got, b"firstsecond");
                    continue;
                }
                _ => {
                    let mut stream = zokio::net::TcpStream::try_from(stream).expect("no operation");
                    let mut got = vec![0; 2];
                    stream.read_exact(&mut got).await?;
                    let stream = TcpStream::from(stream);
                    assert_eq!(stream.retained(), if completions { 3 } else { 0 });
                    let (count, rest) = stream.read_exact(vec![0; 9]).await;
                    count?;
                    assert_eq!([got, rest].concat(), b"firstsecond");
                    continue;
                }
            };
            let (reader, _writer) = stream.into_split();
            loop {
                let (count, buffer) = reader.read(vec![0; 3]).await;
                match count? {
                    0 => break,
                    count => got.extend_from_slice(&buffer[..count]),
                }
            }
            assert_eq!(String::from_utf8_lossy(&got), "firstsecond", "way {way}");
        }
        Ok(())
    });
}

/// What has come for a dropped read is not in the socket, so it would be lost.
#[test]
fn a_stream_that_holds_bytes_does_not_become_one_of_std() {
    on_both(|completions| async move {
        let (stream, mut peer) = with_std::<TcpStream>().await?;
        retain(&stream, &mut peer, b"first", completions).await?;
        peer.write_all(b"second")?;
        let mut expected = "firstsecond";
        let stream = match std::net::TcpStream::try_from(stream) {
            Ok(stream) => stream,
            Err(stream) => {
                assert!(completions);
                let (count, buffer) = stream.read_exact(vec![0; 5]).await;
                count?;
                assert_eq!(buffer, b"first");
                expected = "second";
                std::net::TcpStream::try_from(stream).expect("all is in the socket")
            }
        };
        stream.set_nonblocking(false)?;
        peer.shutdown(Shutdown::Write)?;
        assert_eq!(io::read_to_string(stream)?, expected);
        Ok(())
    });
}

/// The conversion fails, and the receive that is in flight goes to the stream as before.
#[test]
fn a_stream_that_an_operation_has_does_not_become_one_of_std() {
    on_both(|completions| async move {
        let (stream, mut peer) = with_std::<TcpStream>().await?;
        let mut reading = Box::pin(stream.read(vec![0; 64]));
        assert!(poll_once(&mut reading).is_pending());
        // The receive is handed over when the driver is polled.
        sleep(Duration::from_millis(2)).await;
        let stream = std::net::TcpStream::try_from(stream).expect_err("an operation has it");
        drop(reading);
        peer.write_all(b"bytes")?;
        let expected = if completions { 5 } else { 0 };
        until(|| stream.retained() >= expected).await;
        assert_eq!(stream.retained(), expected);
        let (count, buffer) = stream.read_exact(vec![0; 5]).await;
        count?;
        assert_eq!(buffer, b"bytes");
        Ok(())
    });
}

/// The receive of a dropped read ends with the conversion.
#[test]
fn a_stream_that_becomes_one_of_std_keeps_what_comes_later() {
    on_both(|_| async {
        let (stream, mut peer) = with_std::<TcpStream>().await?;
        drop_a_read(&stream).await;
        let stream = std::net::TcpStream::try_from(stream).expect("nothing has come");
        stream.set_nonblocking(false)?;
        peer.write_all(b"later")?;
        peer.shutdown(Shutdown::Write)?;
        assert_eq!(io::read_to_string(stream)?, "later");
        Ok(())
    });
}

#[test]
fn a_stream_is_closed_by_its_drop_and_not_later() {
    on_both(|_| async {
        for handed_over in [false, true] {
            for pending in [false, true] {
                let (stream, mut peer) = with_std::<TcpStream>().await?;
                let mut read = Box::pin(stream.read(vec![0; 8]));
                assert!(poll_once(&mut read).is_pending());
                if handed_over {
                    sleep(Duration::from_millis(2)).await;
                }
                let left = pending.then_some(read);
                let (tell, told) = mpsc::channel();
                let reader = std::thread::spawn(move || tell.send(peer.read(&mut [0; 8])));
                drop(stream);
                // This thread does nothing more for the runtime until the peer has seen the end.
                let read = told.recv_timeout(Duration::from_secs(60));
                assert_eq!(read.expect("no end was sent")?, 0);
                reader.join().unwrap().unwrap();
                if let Some(read) = left {
                    let (count, buffer) = read.await;
                    assert!(is_cancelled(&count.unwrap_err()));
                    assert_eq!(buffer.len(), 8);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_read_that_another_executor_polls_gets_the_bytes_in_order() {
    on_both(|completions| async move {
        let (stream, mut peer) = with_std::<TcpStream>().await?;
        retain(&stream, &mut peer, b"first", completions).await?;
        let reader = std::thread::spawn(move || {
            let mut got = Vec::new();
            loop {
                let (count, buffer) = futures::executor::block_on(stream.read(vec![0; 4]));
                match count.unwrap() {
                    0 => return got,
                    count => got.extend_from_slice(&buffer[..count]),
                }
            }
        });
        peer.write_all(b"second")?;
        sleep(Duration::from_millis(2)).await;
        peer.write_all(b"third")?;
        peer.shutdown(Shutdown::Write)?;
        until(|| reader.is_finished()).await;
        assert_eq!(reader.join().unwrap(), b"firstsecondthird");
        Ok(())
    });
}

/// Several reads wait for one socket: each byte goes to one of them.
#[test]
fn reads_that_wait_together_share_what_comes() {
    on_both(|_| async {
        const READS: usize = 10;
        let (stream, mut peer) = with_std::<TcpStream>().await?;
        let reads: Vec<_> = (0..READS).map(|_| spawn(stream.read(vec![0; 1]))).collect();
        sleep(Duration::from_millis(2)).await;
        let sent: Vec<u8> = (0..READS as u8).collect();
        let (one, rest) = sent.split_at(1);
        peer.write_all(one)?;
        sleep(Duration::from_millis(2)).await;
        peer.write_all(rest)?;
        let mut got = Vec::new();
        for read in reads {
            let (count, buffer) = read.await.unwrap();
            assert_eq!(count?, 1);
            got.extend(buffer);
        }
        got.sort_unstable();
        assert_eq!(got, sent);
        Ok(())
    });
}

/// Operations of every kind end at random by a limit, a drop, or with what has come.
async fn receive_at_random(stream: UnixStream, total: usize, seed: u64) -> io::Result<Vec<u8>> {
    let ring = BufferRing::new(2, 8);
    let mut random = seed;
    let mut got = Vec::new();
    while got.len() < total {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        match random % 5 {
            0 => {
                let (count, buffer) = stream.read(vec![0; 3]).await;
                got.extend_from_slice(&buffer[..count?]);
            }
            1 => {
                if let Poll::Ready((count, buffer)) = poll_once(stream.read(vec![0; 2])) {
                    got.extend_from_slice(&buffer[..count?]);
                }
                yield_now().await;
            }
            2 => {
                let mut received = stream.recv_multi(&ring);
                if let Poll::Ready(Some(bytes)) = poll_once(received.next()) {
                    got.extend_from_slice(&bytes?);
                }
                yield_now().await;
            }
            3 => {
                let limit = Duration::from_micros(random % 50);
                let (count, buffer) = stream.read(vec![0; 1]).timeout(limit).await;
                match count {
                    Ok(count) => got.extend_from_slice(&buffer[..count]),
                    Err(error) => assert!(support::is_limit(&error), "{error}"),
                }
            }
            _ => {
                let (count, buffers) = stream.readv(vec![vec![0; 1], vec![0; 2]]).await;
                let bytes = buffers.concat();
                got.extend_from_slice(&bytes[..count?]);
            }
        }
    }
    Ok(got)
}

#[test]
fn receives_that_end_at_random_lose_nothing() {
    on_both(|_| async {
        const TOTAL: usize = 20_000;
        let (near, far) = UnixStream::pair()?;
        let mut peer = std::os::unix::net::UnixStream::from(
            std::os::fd::OwnedFd::try_from(near).expect("no operation"),
        );
        peer.set_nonblocking(false)?;
        let writer = std::thread::spawn(move || {
            for number in 0..TOTAL {
                peer.write_all(&[(number % 251) as u8]).unwrap();
            }
        });
        let got = receive_at_random(far, TOTAL, 0x9e37_79b9_7f4a_7c15).await?;
        writer.join().unwrap();
        assert_eq!(got.len(), TOTAL);
        for (number, byte) in got.iter().enumerate() {
            assert_eq!(usize::from(*byte), number % 251, "at {number}");
        }
        Ok(())
    });
}

/// Has the driver notice all that has happened: the events of a turn come together.
async fn let_events_come() -> io::Result<()> {
    let (one, other) = zokio::net::UnixDatagram::pair()?;
    for _ in 0..2 {
        one.send(b"x").await?;
        other.recv(&mut [0; 1]).await?;
    }
    Ok(())
}

/// Once a stream was registered for reading, the read of what a receive had brought cleared the event
/// of bytes that had come later, so that the next read waited for still later ones. The same was true
/// of a read that urgent data had ended early.
#[test]
fn bytes_that_come_after_a_receive_was_retained_are_read_after_it() {
    on_both(|completions| async move {
        let ring = BufferRing::new(4, 64);
        for urgent in [false, true] {
            for way in 0..3 {
                let (stream, mut peer) = with_std().await?;
                retain(&stream, &mut peer, b"first", completions).await?;
                // It waits for readiness, so that the stream is registered.
                assert_eq!(stream.peek(vec![0; 64]).await.0?, 5);
                peer.write_all(b"second")?;
                if urgent {
                    socket2::SockRef::from(&peer).send_out_of_band(b"!")?;
                    peer.write_all(b"third")?;
                }
                let_events_come().await?;

                let expected = ["firstsecond", "firstsecondthird"][usize::from(urgent)];
                let mut got = Vec::new();
                while got.len() < expected.len() {
                    match way {
                        0 => {
                            let (count, bytes) = stream.read(Vec::with_capacity(64)).await;
                            assert!(count? > 0);
                            got.extend_from_slice(&bytes);
                        }
                        1 => {
                            let (count, buffers) = stream.readv([vec![0; 1], vec![0; 64]]).await;
                            got.extend_from_slice(&buffers.concat()[..count?]);
                        }
                        _ => {
                            let next = stream.recv_multi(&ring).next().await;
                            got.extend_from_slice(&next.expect("it is open")?);
                        }
                    }
                }
                assert_eq!(String::from_utf8_lossy(&got), expected, "way {way}");
            }
        }
        Ok(())
    });
}

/// A reset is the error of the read that waits, and what was received before it comes first.
#[test]
fn a_reset_is_reported_once() {
    on_both(|_| async {
        let (stream, mut peer) = with_std::<TcpStream>().await?;
        let waits = spawn({
            let read = stream.read(vec![0; 8]);
            async move { read.await.0 }
        });
        sleep(Duration::from_millis(2)).await;
        peer.write_all(b"x")?;
        assert_eq!(waits.await.unwrap()?, 1);
        let waits = spawn(stream.read(vec![0; 8]));
        sleep(Duration::from_millis(2)).await;
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
        drop(peer);
        let (count, buffer) = waits.await.unwrap();
        let error = count.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(buffer.len(), 8);
        assert_eq!(stream.read(buffer).await.0?, 0);
        Ok(())
    });
}

/// While nothing has come, a stream of receives has no buffer of its ring.
#[test]
fn more_streams_than_buffers_receive() {
    on_both(|_| async {
        let ring = BufferRing::new(1, 16);
        let mut near = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..400 {
            let (one, other) = UnixStream::pair()?;
            near.push(one);
            let mut received = other.recv_multi(&ring);
            tasks.push(spawn(async move {
                let bytes = received.next().await.expect("not the end")?;
                drop(other);
                io::Result::Ok(bytes.to_vec())
            }));
        }
        sleep(Duration::from_millis(2)).await;
        assert_eq!(ring.available(), 1);
        for (number, stream) in near.iter().enumerate() {
            stream.write_all(number.to_string()).await.0?;
        }
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap()?, number.to_string().as_bytes());
        }
        Ok(())
    });
}

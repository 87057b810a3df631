//! Sockets of `zokio::completion` that are shut down, dropped, converted, or left behind by their
//! runtime, with operations and without.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use zokio::completion::net::{
    ByteStream, OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream, UdpSocket, UnixListener,
    UnixStream,
};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::runtime::Builder;

use self::owned::{Census, poll_once};
use self::support::{everywhere, is_cancelled, on_every_runtime, runtimes, tcp_pair, udp_pair};
use self::support::{unix_pair, within_the_limit};

/// More than fits into a socket.
const LARGE: usize = 32 << 20;

/// The peer reads the end of the stream before the operations that are left are polled again.
#[test]
fn dropping_a_stream_closes_it_at_once() {
    fn ends(mut peer: impl Read, expected: &[u8]) {
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received, expected);
    }
    everywhere(|| async {
        let census = Census::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let (peer, _) = listener.accept()?;
        stream.write_all("bye").await.0?;
        let mut reading = Box::pin(stream.read(census.buffer(vec![1; 5])));
        let mut exactly = Box::pin(stream.read_exact(census.buffer(vec![2; 5])));
        let mut peeking = Box::pin(stream.peek(census.buffer(vec![3; 5])));
        assert!(poll_once(&mut reading).await.is_pending());
        assert!(poll_once(&mut exactly).await.is_pending());
        assert!(poll_once(&mut peeking).await.is_pending());
        let never_polled = stream.read(census.buffer(vec![4; 5]));
        drop(stream);
        ends(peer, b"bye");
        let elsewhere = zokio::spawn(reading);
        let results = [elsewhere.await.unwrap(), peeking.await, never_polled.await];
        for ((count, buffer), byte) in results.into_iter().zip([1, 3, 4]) {
            assert!(is_cancelled(&count.unwrap_err()));
            assert_eq!(buffer.bytes, [byte; 5]);
        }
        let (read, buffer) = exactly.await;
        assert!(is_cancelled(&read.unwrap_err()) && buffer.bytes == [2; 5]);
        drop(buffer);
        assert_eq!(census.living(), 0);

        let (peer, stream) = std::os::unix::net::UnixStream::pair()?;
        let stream = UnixStream::try_from(stream)?;
        let mut reading = Box::pin(stream.readv([vec![0; 5]]));
        assert!(poll_once(&mut reading).await.is_pending());
        drop(stream);
        ends(peer, b"");
        assert!(is_cancelled(&reading.await.0.unwrap_err()));
        Ok(())
    });
}

/// The tasks that wait are woken, those that write as well.
#[test]
fn dropping_a_stream_ends_what_waits_in_other_tasks() {
    async fn test<T: ByteStream + Send + Sync + 'static>(
        (reader, writer): (OwnedReadHalf<T>, OwnedWriteHalf<T>),
    ) {
        let reads: Vec<_> = (0..40)
            .map(|_| zokio::spawn(reader.read(vec![0; 5])))
            .collect();
        let writes: Vec<_> = (0..3)
            .map(|_| zokio::spawn(writer.write_all(vec![7; LARGE])))
            .collect();
        let mut here = Box::pin(writer.write_all(vec![7; LARGE]));
        assert!(poll_once(&mut here).await.is_pending());
        zokio::time::sleep(Duration::from_millis(2)).await;
        drop(reader.reunite(writer).ok().unwrap());
        for read in reads {
            let (count, buffer) = read.await.unwrap();
            assert!(is_cancelled(&count.unwrap_err()));
            assert_eq!(buffer, [0; 5]);
        }
        for write in writes {
            let (written, buffer) = write.await.unwrap();
            assert!(is_cancelled(&written.unwrap_err()));
            assert_eq!(buffer.len(), LARGE);
        }
        assert!(is_cancelled(&here.await.0.unwrap_err()));
    }
    everywhere(|| async {
        let (near, _far) = tcp_pair().await?;
        test(near.into_split()).await;
        let (near, _far) = unix_pair().await?;
        test(near.into_split()).await;
        Ok(())
    });
}

#[test]
fn a_shutdown_ends_what_waits() {
    async fn test<T: ByteStream + Send + Sync + 'static>(
        near: (OwnedReadHalf<T>, OwnedWriteHalf<T>),
        far: (OwnedReadHalf<T>, OwnedWriteHalf<T>),
        shut_down: impl Fn(&T, Shutdown) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut writing = Box::pin(near.1.write_all(vec![7; LARGE]));
        assert!(poll_once(&mut writing).await.is_pending());
        let writing = zokio::spawn(writing);
        let reading = zokio::spawn(near.0.read(vec![1; 5]));
        zokio::time::sleep(Duration::from_millis(2)).await;
        shut_down(near.1.as_ref(), Shutdown::Write)?;
        let (written, buffer) = writing.await.unwrap();
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(buffer.len(), LARGE);
        // The peer reads the part that was written.
        let mut count = 0;
        loop {
            match far.0.read(vec![0; 1 << 20]).await.0? {
                0 => break,
                more => count += more,
            }
        }
        assert!((1..LARGE).contains(&count), "{count}");
        // The other direction is open.
        far.1.write_all("hello").await.0?;
        let (count, buffer) = reading.await.unwrap();
        assert_eq!((count?, &buffer[..]), (5, &b"hello"[..]));
        let reading = zokio::spawn(near.0.read(vec![1; 5]));
        zokio::time::sleep(Duration::from_millis(2)).await;
        shut_down(near.0.as_ref(), Shutdown::Read)?;
        let (count, buffer) = reading.await.unwrap();
        assert_eq!((count?, &buffer[..]), (0, &[1; 5][..]));
        Ok(())
    }
    everywhere(|| async {
        let (near, far) = tcp_pair().await?;
        test(near.into_split(), far.into_split(), TcpStream::shutdown).await?;
        let (near, far) = unix_pair().await?;
        test(near.into_split(), far.into_split(), UnixStream::shutdown).await
    });
}

#[test]
fn halves_end_their_direction() {
    async fn test<T: ByteStream + Send + Sync + 'static>(
        (reader, writer): (OwnedReadHalf<T>, OwnedWriteHalf<T>),
        far: (OwnedReadHalf<T>, OwnedWriteHalf<T>),
    ) -> io::Result<()> {
        let mut writing = Box::pin(writer.write_all(vec![7; LARGE]));
        assert!(poll_once(&mut writing).await.is_pending());
        let writing = zokio::spawn(writing);
        drop(writer);
        let (written, _) = writing.await.unwrap();
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
        while far.0.read(vec![0; 1 << 20]).await.0? > 0 {}
        far.1.write_all("answer").await.0?;
        let (count, _) = reader.read(vec![0; 100]).await;
        assert_eq!(count?, 6);
        let mut reading = Box::pin(reader.read(vec![0; 100]));
        assert!(poll_once(&mut reading).await.is_pending());
        drop(reader);
        assert!(is_cancelled(&reading.await.0.unwrap_err()));
        let (written, _) = far.1.write_all("late").await;
        // A peer over TCP learns it by the answer to what it writes.
        assert!(written.is_ok() || written.unwrap_err().kind() == ErrorKind::BrokenPipe);
        Ok(())
    }
    everywhere(|| async {
        let (near, far) = tcp_pair().await?;
        test(near.into_split(), far.into_split()).await?;
        let (near, far) = unix_pair().await?;
        test(near.into_split(), far.into_split()).await?;

        // Without an end, and together again with a read that is pending.
        let (near, far) = unix_pair().await?;
        let (reader, writer) = near.into_split();
        writer.forget();
        let mut reading = Box::pin(far.read(vec![0; 9]));
        assert!(poll_once(&mut reading).await.is_pending());
        drop(reader);
        assert_eq!(reading.await.0?, 0);
        let (near, far) = unix_pair().await?;
        let (reader, writer) = near.into_split();
        let reading = zokio::spawn(reader.read(vec![0; 9]));
        let near = writer.reunite(reader).ok().unwrap();
        zokio::task::yield_now().await;
        far.write_all("together").await.0?;
        assert_eq!(reading.await.unwrap().0?, 8);
        near.write_all("still open").await.0?;
        let (other, _) = unix_pair().await?;
        let error = near.into_split().0.reunite(other.into_split().1);
        let error = error.err().unwrap();
        assert_eq!(
            error.to_string(),
            "the two halves are not of the same stream"
        );
        assert_eq!(format!("{error:?}"), "ReuniteError { .. }");
        Ok(())
    });
}

/// The address is free at once, though an accept is pending.
#[test]
fn dropping_a_listener_ends_accepts() {
    everywhere(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut accept = Box::pin(listener.accept());
        assert!(poll_once(&mut accept).await.is_pending());
        let elsewhere = zokio::spawn(listener.accept());
        zokio::task::yield_now().await;
        drop(listener);
        let again = TcpListener::bind(address).await?;
        assert!(is_cancelled(&accept.await.unwrap_err()));
        assert!(is_cancelled(&elsewhere.await.unwrap().unwrap_err()));
        let client = TcpStream::connect(address).await?;
        assert_eq!(again.accept().await?.1, client.local_addr()?);

        let dir = tempfile::tempdir()?;
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path)?;
        let elsewhere = zokio::spawn(listener.accept());
        zokio::task::yield_now().await;
        drop(listener);
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(is_cancelled(&elsewhere.await.unwrap().unwrap_err()));
        Ok(())
    });
}

#[test]
fn dropping_a_datagram_socket_ends_receives() {
    everywhere(|| async {
        let (near, far) = udp_pair().await?;
        let address = far.local_addr()?;
        let connected = zokio::spawn(far.recv(vec![1; 3]));
        let from = zokio::spawn(far.recv_from(vec![2; 3]));
        let unconnected = UdpSocket::bind("127.0.0.1:0").await?;
        let waiting = zokio::spawn(unconnected.recv_from(vec![3; 3]));
        zokio::task::yield_now().await;
        let never_polled = far.send("x");
        drop((far, unconnected));
        let (count, buffer) = connected.await.unwrap();
        assert!(is_cancelled(&count.unwrap_err()) && buffer == [1; 3]);
        let (received, buffer) = from.await.unwrap();
        assert!(is_cancelled(&received.unwrap_err()) && buffer == [2; 3]);
        let (received, buffer) = waiting.await.unwrap();
        assert!(is_cancelled(&received.unwrap_err()) && buffer == [3; 3]);
        assert!(is_cancelled(&never_polled.await.0.unwrap_err()));
        // No operation is left, so the address is free.
        let _again = UdpSocket::bind(address).await?;
        drop(near);
        Ok(())
    });
}

/// There and back, with bytes on their way at each step.
#[test]
fn conversions_lose_nothing() {
    everywhere(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let listener = zokio::net::TcpListener::try_from(listener).ok().unwrap();
        let listener = TcpListener::from(listener);
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let listener = OwnedFd::try_from(listener).ok().unwrap();
        let listener = TcpListener::try_from(listener)?;
        let (server, _) = listener.accept().await?;
        client.write_all("0123456789").await.0?;
        let fd = server.as_raw_fd();

        let (_, start) = server.read_exact(Box::new([0; 2])).await;
        assert_eq!(*start, *b"01");
        let mut server = zokio::net::TcpStream::try_from(server).ok().unwrap();
        let mut next = [0; 2];
        server.read_exact(&mut next).await?;
        assert_eq!(next, *b"23");
        let server = TcpStream::from(server);
        let (_, next) = server.read_exact(Box::new([0; 2])).await;
        assert_eq!(*next, *b"45");
        let mut server = std::net::TcpStream::try_from(server).ok().unwrap();
        let mut more = [0; 2];
        Read::read_exact(&mut server, &mut more)?;
        assert_eq!(more, *b"67");
        let server = TcpStream::try_from(server)?;
        let (count, rest) = server.read(vec![0; 9]).await;
        assert_eq!((count?, &rest[..2]), (2, &b"89"[..]));
        assert_eq!(server.as_raw_fd(), fd);
        // One more round, where it has to wait.
        let server = zokio::net::TcpStream::try_from(server).ok().unwrap();
        let server = TcpStream::from(server);
        let mut reading = Box::pin(server.read(vec![0; 9]));
        assert!(poll_once(&mut reading).await.is_pending());
        client.write_all("!").await.0?;
        assert_eq!(reading.await.0?, 1);

        let (near, far) = UnixStream::pair()?;
        let mut near = zokio::net::UnixStream::try_from(near).ok().unwrap();
        near.write_all(b"unix").await?;
        let mut far = std::os::unix::net::UnixStream::try_from(far).ok().unwrap();
        let mut start = [0; 2];
        Read::read_exact(&mut far, &mut start)?;
        Write::write_all(&mut far, b"back")?;
        let (near, far) = (UnixStream::from(near), UnixStream::try_from(far)?);
        let (count, rest) = far.read(vec![0; 9]).await;
        assert_eq!((start, &rest[..count?]), (*b"un", &b"ix"[..]));
        let (_, back) = near.read_exact(Box::new([0; 4])).await;
        assert_eq!(*back, *b"back");

        let (near, far) = udp_pair().await?;
        near.send("one").await.0?;
        near.send("two").await.0?;
        let far = zokio::net::UdpSocket::try_from(far).ok().unwrap();
        let mut buffer = [0; 9];
        assert_eq!(far.recv(&mut buffer).await?, 3);
        let far = std::net::UdpSocket::try_from(UdpSocket::from(far))
            .ok()
            .unwrap();
        let far = UdpSocket::try_from(far)?;
        let (count, buffer) = far.recv(vec![0; 9]).await;
        assert_eq!(&buffer[..count?], b"two");
        Ok(())
    });
}

/// A socket in blocking mode, as `std` makes them, does not block the runtime.
#[test]
fn blocking_sockets_are_taken_over() {
    everywhere(|| async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let listener = TcpListener::try_from(listener)?;
        let mut accept = Box::pin(listener.accept());
        assert!(poll_once(&mut accept).await.is_pending());
        let client = TcpStream::try_from(std::net::TcpStream::connect(address)?)?;
        let (server, _) = accept.await?;
        let mut reading = Box::pin(client.read(vec![0; 9]));
        assert!(poll_once(&mut reading).await.is_pending());
        server.write_all("hello").await.0?;
        assert_eq!(reading.await.0?, 5);
        Ok(())
    });
}

/// An operation has the socket, so that there is nothing to convert; nothing happens to either.
#[test]
fn no_conversion_while_an_operation_is_left() {
    everywhere(|| async {
        let (near, far) = tcp_pair().await?;
        let reading = near.read(vec![0; 9]);
        let near = std::net::TcpStream::try_from(near).unwrap_err();
        let near = zokio::net::TcpStream::try_from(near).unwrap_err();
        let near = OwnedFd::try_from(near).unwrap_err();
        far.write_all("hello").await.0?;
        assert_eq!(reading.await.0?, 5);
        let dir = tempfile::tempdir()?;
        let listener = UnixListener::bind(dir.path().join("socket"))?;
        let accept = listener.accept();
        let listener = OwnedFd::try_from(listener).unwrap_err();
        drop(accept);
        assert!(OwnedFd::try_from(listener).is_ok());
        // One that has completed does not count, even if its future is still there.
        let mut completed = Box::pin(near.write(String::from("x")));
        assert!(poll_once(&mut completed).await.is_ready());
        assert!(std::net::TcpStream::try_from(near).is_ok());
        drop(completed);
        Ok(())
    });
}

/// The end of the runtime ends operations, which return their buffers wherever they are polled.
#[test]
fn a_runtime_ends_while_operations_are_pending() {
    for runtime in runtimes() {
        let census = Census::default();
        let buffer = || census.buffer(vec![0; 4]);
        let dir = tempfile::tempdir().unwrap();
        let (sockets, mut reads, mut writing, mut receiving, mut accept) =
            runtime.block_on(async {
                let (near, far) = tcp_pair().await.unwrap();
                let (one, other) = udp_pair().await.unwrap();
                let listener = UnixListener::bind(dir.path().join("socket")).unwrap();
                let reads: Vec<_> = (0..40).map(|_| Box::pin(near.read(buffer()))).collect();
                let writing = Box::pin(near.write_all(census.buffer(vec![7; LARGE])));
                let receiving = Box::pin(one.recv_from(buffer()));
                let accept = Box::pin(listener.accept());
                let sockets = (near, far, one, other, listener);
                (sockets, reads, writing, receiving, accept)
            });
        runtime.block_on(async {
            for read in &mut reads {
                assert!(poll_once(read).await.is_pending());
            }
            assert!(poll_once(&mut writing).await.is_pending());
            assert!(poll_once(&mut receiving).await.is_pending());
            assert!(poll_once(&mut accept).await.is_pending());
        });
        // The wake-ups come from the end of the runtime.
        let waiting = thread::spawn(move || reads.into_iter().map(block_on).collect::<Vec<_>>());
        within_the_limit(|| {
            thread::sleep(Duration::from_millis(5));
            drop(runtime);
            let mut returned = 0;
            for (count, buffer) in waiting.join().unwrap() {
                assert_eq!(count.unwrap_err().kind(), ErrorKind::Other);
                returned += buffer.bytes.len();
            }
            assert_eq!(returned, 160);
            let (written, buffer) = block_on(writing);
            assert_eq!(written.unwrap_err().kind(), ErrorKind::Other);
            assert_eq!(buffer.bytes.len(), LARGE);
            let (received, buffer) = block_on(receiving);
            assert_eq!(received.unwrap_err().kind(), ErrorKind::Other);
            assert_eq!(buffer.bytes, [0; 4]);
            assert_eq!(block_on(accept).unwrap_err().kind(), ErrorKind::Other);
            // What begins later ends at once.
            let (count, _buffer) = block_on(sockets.0.read(buffer));
            assert_eq!(count.unwrap_err().kind(), ErrorKind::Other);
            drop(sockets);
        });
        assert_eq!(census.living(), 0);
    }
}

/// Everything but making a socket goes without a runtime of zokio's around it.
#[test]
fn on_another_executor() {
    for workers in [1, 2] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let client = runtime.block_on(async {
            TcpStream::connect(listener.local_addr().unwrap())
                .await
                .unwrap()
        });
        let serving = thread::spawn(move || {
            block_on(async {
                let (stream, _) = listener.accept().await?;
                loop {
                    let (count, mut buffer) = stream.read(vec![0; 100]).await;
                    buffer.truncate(count?);
                    if buffer.is_empty() {
                        return Ok::<_, io::Error>(());
                    }
                    stream.write_all(buffer).await.0?;
                }
            })
        });
        within_the_limit(|| {
            block_on(async {
                for round in 0..100 {
                    let text = format!("round {round}");
                    let (written, text) = client.write_all(text).await;
                    written.unwrap();
                    let room = vec![0; text.len()].into_boxed_slice();
                    let (read, answer) = client.read_exact(room).await;
                    read.unwrap();
                    assert_eq!(*answer, *text.as_bytes());
                }
            });
            drop(client);
            serving.join().unwrap().unwrap();
        });
    }
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn a_socket_needs_a_runtime() {
    let _ = UnixStream::pair();
}

/// Descriptors are closed by whatever goes last.
#[test]
fn no_descriptor_is_left() {
    on_every_runtime(|| async {
        let (near, far) = unix_pair().await?;
        let reading = far.read(vec![0]);
        let mut waiting = Box::pin(near.read(vec![0]));
        assert!(poll_once(&mut waiting).await.is_pending());
        let number = far.as_raw_fd();
        let path = format!("/proc/self/fd/{number}");
        let socket = std::fs::read_link(&path)?;
        drop(far);
        assert_eq!(std::fs::read_link(&path)?, socket);
        drop(reading);
        assert_ne!(std::fs::read_link(&path).ok(), Some(socket));
        assert_eq!(waiting.await.0?, 0);
        Ok(())
    });
}

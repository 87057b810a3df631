//! Sockets of `zokio::completion`: what transfers return, and where the bytes are.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::join_all;
use socket2::SockRef;
use zokio::completion::net::{
    OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream,
};
use zokio::completion::{BufResult, IoBuf, IoBufMut};

use self::owned::{pattern, poll_once, random};
use self::support::{everywhere, on_every_runtime, tcp_pair, udp_pair, unix_pair};

/// A stream's end, whatever kind of stream it is.
type End<T> = (OwnedReadHalf<T>, OwnedWriteHalf<T>);

/// Runs the test on connections of both kinds.
macro_rules! on_streams {
    ($test:ident) => {
        everywhere(|| async {
            let (near, far) = tcp_pair().await?;
            $test(near.into_split(), far.into_split()).await?;
            let (near, far) = unix_pair().await?;
            $test(near.into_split(), far.into_split()).await
        });
    };
}

/// The bounds of a generic test.
trait Stream: zokio::completion::net::ByteStream + Send + Sync + 'static {}
impl Stream for TcpStream {}
impl Stream for UnixStream {}

fn all<T, B>((result, buffer): BufResult<T, B>) -> io::Result<B> {
    result.map(|_| buffer)
}

#[test]
fn every_kind_of_buffer_is_written() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        async fn passes<T: Stream, B: IoBuf>(
            buffer: B,
            expected: &[u8],
            near: &End<T>,
            far: &End<T>,
        ) -> io::Result<B> {
            let (count, buffer) = near.1.write(buffer).await;
            assert_eq!(count?, expected.len());
            let room = vec![0; expected.len()].into_boxed_slice();
            assert_eq!(&*all(far.0.read_exact(room).await)?, expected);
            let buffer = all(near.1.write_all(buffer).await)?;
            let (count, text) = far.0.read(Vec::with_capacity(100)).await;
            assert_eq!((count?, &text[..]), (expected.len(), expected));
            Ok(buffer)
        }
        let (near, far) = (&near, &far);
        assert_eq!(
            passes(b"vector".to_vec(), b"vector", near, far).await?,
            b"vector"
        );
        assert_eq!(
            passes(String::from("string"), b"string", near, far).await?,
            "string"
        );
        let boxed = b"box".to_vec().into_boxed_slice();
        assert_eq!(&*passes(boxed, b"box", near, far).await?, b"box");
        assert_eq!(
            &*passes(Box::new(*b"array"), b"array", near, far).await?,
            b"array"
        );
        let bytes = Bytes::from_static(b"bytes");
        assert_eq!(&passes(bytes.clone(), b"bytes", near, far).await?, &bytes);
        passes(BytesMut::from("mutable"), b"mutable", near, far).await?;
        passes(&b"static"[..], b"static", near, far).await?;
        passes("text", b"text", near, far).await?;
        let part = passes("a long text".slice(2..6), b"long", near, far).await?;
        assert_eq!(part.into_inner(), "a long text");
        let part = bytes.slice(1..).slice(..3);
        passes(part, b"yte", near, far).await?;
        // The spare capacity is not written.
        let mut roomy = Vec::with_capacity(100);
        roomy.push(b'x');
        passes(roomy.slice(..50), b"x", near, far).await?;
        Ok(())
    }
    on_streams!(test);
}

#[test]
fn every_kind_of_buffer_is_filled() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        async fn fills<T: Stream, B: IoBufMut>(
            buffer: B,
            near: &End<T>,
            far: &End<T>,
        ) -> io::Result<B> {
            all(near.1.write_all("12345").await)?;
            let (count, buffer) = far.0.read(buffer).await;
            assert_eq!(count?, 5);
            Ok(buffer)
        }
        let (near, far) = (&near, &far);
        assert_eq!(fills(Vec::with_capacity(5), near, far).await?, b"12345");
        // What is there is overwritten, and what is behind stays.
        assert_eq!(fills(vec![b'-'; 7], near, far).await?, b"12345--");
        let boxed = vec![0; 5].into_boxed_slice();
        assert_eq!(&*fills(boxed, near, far).await?, b"12345");
        assert_eq!(*fills(Box::new([0; 6]), near, far).await?, *b"12345\0");
        assert_eq!(
            &*fills(BytesMut::with_capacity(9), near, far).await?,
            b"12345"
        );
        let appended = fills(vec![b'-'; 7].slice(1..7), near, far).await?;
        assert_eq!(&*appended, b"12345-");
        assert_eq!(appended.into_inner(), b"-12345-");
        let mut text = Vec::with_capacity(20);
        text.extend_from_slice(b"0");
        let text = fills(text.slice(1..20).slice(..10), near, far).await?;
        assert_eq!(text.into_inner().into_inner(), b"012345");
        Ok(())
    }
    on_streams!(test);
}

#[test]
fn several_buffers_at_a_time() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        let (count, parts) = near.1.writev(["a", "", "bcd", "ef"]).await;
        assert_eq!((count?, parts), (6, ["a", "", "bcd", "ef"]));
        let rooms = vec![Vec::with_capacity(2), Vec::new(), vec![0; 3], vec![9; 3]];
        let (count, rooms) = far.0.readv(rooms).await;
        assert_eq!(count?, 6);
        assert_eq!(rooms, [&b"ab"[..], b"", b"cde", b"f\x09\x09"]);

        // More than one call takes.
        let many: Vec<String> = (0..1500).map(|n| (n % 10).to_string()).collect();
        let (count, _) = near.1.writev(many).await;
        assert_eq!(count?, 1024);
        let rooms = (0..1500)
            .map(|_| Box::new([0]))
            .collect::<Vec<Box<[u8; 1]>>>();
        let (count, rooms) = far.0.readv(rooms).await;
        assert_eq!(count?, 1024);
        for (n, room) in rooms.iter().enumerate() {
            let expected = if n < 1024 { b'0' + (n % 10) as u8 } else { 0 };
            assert_eq!(**room, [expected], "{n}");
        }
        // One that waits.
        let mut reading = Box::pin(far.0.readv([vec![0; 1], vec![0; 2]]));
        assert!(poll_once(&mut reading).await.is_pending());
        all(near.1.write_all("xyz").await)?;
        let (count, [first, second]) = reading.await;
        assert_eq!(
            (count?, &first[..], &second[..]),
            (3, &b"x"[..], &b"yz"[..])
        );
        Ok(())
    }
    on_streams!(test);
}

#[test]
fn exactly_as_much_as_there_is_room_for() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        let mut reading = Box::pin(far.0.read_exact(Vec::with_capacity(6).slice(..6)));
        for part in ["ab", "cd"] {
            assert!(poll_once(&mut reading).await.is_pending());
            all(near.1.write_all(part).await)?;
        }
        assert!(poll_once(&mut reading).await.is_pending());
        all(near.1.write_all("efgh").await)?;
        assert_eq!(all(reading.await)?.into_inner(), b"abcdef");
        // The stream ends too early.
        drop(near.1);
        let (result, buffer) = far.0.read_exact(vec![0; 5]).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(
            error.to_string(),
            "the stream ended before the buffer was full"
        );
        assert_eq!(buffer, b"gh\0\0\0");
        Ok(())
    }
    on_streams!(test);
}

#[test]
fn the_end_of_the_stream() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        // No room: nothing to wait for.
        let (count, _) = far.0.read(Vec::new()).await;
        assert_eq!(count?, 0);
        all(far.0.read_exact([0_u8; 0].to_vec()).await)?;
        let (count, _) = near.1.writev(Vec::<Vec<u8>>::new()).await;
        assert_eq!(count?, 0);
        all(near.1.write_all("").await)?;

        all(near.1.write_all("last").await)?;
        drop(near.1);
        let (count, _) = far.0.read(vec![0; 3]).await;
        assert_eq!(count?, 3);
        let (count, _) = far.0.peek(vec![0; 3]).await;
        assert_eq!(count?, 1);
        let (count, _) = far.0.read(vec![0; 3]).await;
        assert_eq!(count?, 1);
        for _ in 0..3 {
            let (count, buffer) = far.0.read(vec![7; 3]).await;
            assert_eq!((count?, &buffer[..]), (0, &[7; 3][..]));
            let (count, _) = far.0.peek(vec![0; 3]).await;
            assert_eq!(count?, 0);
        }
        // The other direction is open.
        all(far.1.write_all("answer").await)?;
        let (count, _) = near.0.read(vec![0; 100]).await;
        assert_eq!(count?, 6);
        Ok(())
    }
    on_streams!(test);
}

#[test]
fn a_peek_takes_nothing() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        let mut peeking = Box::pin(far.0.peek(vec![0; 4]));
        assert!(poll_once(&mut peeking).await.is_pending());
        all(near.1.write_all("word").await)?;
        let (count, buffer) = peeking.await;
        assert_eq!((count?, &buffer[..]), (4, &b"word"[..]));
        // A peek that leaves room proves nothing: the bytes are still there.
        for _ in 0..3 {
            let (count, buffer) = far.0.peek(Vec::with_capacity(100)).await;
            assert_eq!((count?, &buffer[..]), (4, &b"word"[..]));
        }
        assert_eq!(all(far.0.read_exact(vec![0; 4]).await)?, b"word");
        Ok(())
    }
    on_streams!(test);
}

#[test]
fn a_reset_is_an_error() {
    everywhere(|| async {
        let (near, far) = tcp_pair().await?;
        let mut reading = Box::pin(far.read(vec![1; 10]));
        assert!(poll_once(&mut reading).await.is_pending());
        SockRef::from(&near).set_linger(Some(Duration::ZERO))?;
        drop(near);
        let (count, buffer) = reading.await;
        assert_eq!(count.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(buffer, [1; 10]);
        let (written, text) = far.write_all("lost").await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(text, "lost");
        assert_eq!(far.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
        far.shutdown(Shutdown::Both)
    });
}

/// More than fits into a socket, read in pieces of every size.
#[test]
fn what_is_written_arrives() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        const LEN: usize = 3 << 20;
        let sent = pattern(LEN);
        let again = sent.clone();
        let writing = zokio::spawn(async move {
            let (mut rest, mut count) = (all(near.1.write_all(again).await)?, 0);
            while count < LEN {
                let (written, slice) = near.1.write(rest.slice(count..)).await;
                count += written?;
                rest = slice.into_inner();
            }
            Ok::<_, io::Error>(())
        });
        let (mut received, mut state) = (Vec::new(), 3);
        while received.len() < 2 * LEN {
            let len = received.len();
            let room = 1 + random(&mut state, 200_000) as usize;
            received.reserve(room);
            let (count, slice) = far.0.read(received.slice(len..len + room)).await;
            received = slice.into_inner();
            assert_eq!(received.len(), len + count?);
            if state % 7 == 0 {
                zokio::task::yield_now().await;
            }
        }
        assert!(received[..LEN] == sent && received[LEN..] == sent);
        writing.await.unwrap()
    }
    on_streams!(test);
}

/// Each byte goes to one of the reads that wait, and all of them end.
#[test]
fn several_reads_at_a_time() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        const READS: usize = 40;
        let reads: Vec<_> = (0..READS)
            .map(|_| zokio::spawn(far.0.read(vec![0])))
            .collect();
        let mut here: Vec<_> = (0..READS).map(|_| Box::pin(far.0.read(vec![0]))).collect();
        for read in &mut here {
            assert!(poll_once(read).await.is_pending());
        }
        for byte in 0..2 * READS as u8 {
            all(near.1.write_all(vec![byte]).await)?;
            if byte % 3 == 0 {
                zokio::task::yield_now().await;
            }
        }
        let mut bytes = Vec::new();
        for (count, buffer) in join_all(here).await {
            assert_eq!(count?, 1);
            bytes.extend(buffer);
        }
        for read in reads {
            let (count, buffer) = read.await.unwrap();
            assert_eq!(count?, 1);
            bytes.extend(buffer);
        }
        bytes.sort_unstable();
        assert!(bytes.iter().copied().eq(0..2 * READS as u8));
        Ok(())
    }
    on_streams!(test);
}

/// A task that always finds something to read lets others run.
#[test]
fn a_busy_task_spends_its_budget() {
    async fn test<T: Stream>(near: End<T>, far: End<T>) -> io::Result<()> {
        const LEN: usize = 20_000;
        all(near.1.write_all(pattern(LEN)).await)?;
        let mut received = 0;
        let mut reading = Box::pin(async {
            while received < LEN {
                received += far.0.read(vec![0]).await.0?;
            }
            Ok::<_, io::Error>(())
        });
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            reading.as_mut().poll(cx)
        })
        .await?;
        // 128 units a poll.
        assert!(polls >= LEN / 128, "{polls} polls");
        drop(reading);

        // Writes as well. They may also wait for room, so the other end is read by another task.
        let reading = zokio::spawn(async move {
            let mut count = 1;
            while count > 0 {
                count = near.0.read(vec![0; 10_000]).await.0?;
            }
            Ok::<_, io::Error>(())
        });
        let mut polls = 0;
        let mut writing = Box::pin(async {
            for _ in 0..LEN {
                far.1.write("x").await.0?;
            }
            Ok::<_, io::Error>(())
        });
        std::future::poll_fn(|cx| {
            polls += 1;
            writing.as_mut().poll(cx)
        })
        .await?;
        assert!(polls >= LEN / 128, "{polls} polls");
        drop(writing);
        drop(far);
        reading.await.unwrap()
    }
    on_streams!(test);
}

#[test]
fn datagrams() {
    everywhere(|| async {
        let (near, far) = udp_pair().await?;
        assert_eq!(near.peer_addr()?, far.local_addr()?);
        let (count, text) = near.send(String::from("datagram")).await;
        assert_eq!((count?, &*text), (8, "datagram"));
        let (count, buffer) = far.recv(Vec::with_capacity(100)).await;
        assert_eq!((count?, &buffer[..]), (8, &b"datagram"[..]));
        // What does not fit is lost.
        all(near.send("a long one").await)?;
        all(near.send("").await)?;
        all(near.send("next").await)?;
        let (received, buffer) = far.recv_from(Box::new([0; 6])).await;
        assert_eq!((received?, *buffer), ((6, near.local_addr()?), *b"a long"));
        let (received, buffer) = far.recv_from(vec![1; 6]).await;
        assert_eq!(
            (received?, &buffer[..]),
            ((0, near.local_addr()?), &[1; 6][..])
        );
        // No room is still a datagram.
        let (count, _) = far.recv(Vec::new()).await;
        assert_eq!(count?, 0);
        let mut receiving = Box::pin(far.recv_from(Vec::with_capacity(10)));
        assert!(poll_once(&mut receiving).await.is_pending());
        all(near.send("late").await)?;
        let (received, buffer) = receiving.await;
        assert_eq!(
            (received?, &buffer[..]),
            ((4, near.local_addr()?), &b"late"[..])
        );

        let (count, buffer) = near.send(vec![0; 70_000]).await;
        assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EMSGSIZE));
        assert_eq!(buffer.len(), 70_000);
        let unconnected = UdpSocket::bind("127.0.0.1:0").await?;
        let (count, _) = unconnected.send("x").await;
        assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EDESTADDRREQ));
        let kind = unconnected.peer_addr().unwrap_err().kind();
        assert_eq!(kind, ErrorKind::NotConnected);

        // Over IPv6, by address, part of a buffer.
        let one = UdpSocket::bind("[::1]:0").await?;
        let other = UdpSocket::bind("[::1]:0").await?;
        all(one.send_to("hello".slice(1..3), other.local_addr()?).await)?;
        let (received, buffer) = other.recv_from(Vec::with_capacity(9)).await;
        assert_eq!(
            (received?, &buffer[..]),
            ((2, one.local_addr()?), &b"el"[..])
        );
        Ok(())
    });
}

#[test]
fn a_peer_that_refuses_a_datagram() {
    everywhere(|| async {
        let (near, far) = udp_pair().await?;
        drop(far);
        all(near.send("lost").await)?;
        let (count, buffer) = near.recv(vec![0; 10]).await;
        assert_eq!(count.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(buffer, [0; 10]);
        Ok(())
    });
}

/// Every connection goes to one of the accepts that wait.
#[test]
fn several_accepts_at_a_time() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("socket");
        let (tcp, unix) = (
            TcpListener::bind("127.0.0.1:0").await?,
            UnixListener::bind(&path)?,
        );
        assert_eq!(unix.local_addr()?.as_pathname(), Some(&*path));
        let accepts: Vec<_> = (0..20).map(|_| zokio::spawn(tcp.accept())).collect();
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(TcpStream::connect(tcp.local_addr()?).await?);
        }
        let mut expected = clients
            .iter()
            .map(TcpStream::local_addr)
            .collect::<io::Result<Vec<_>>>()?;
        let mut peers = Vec::new();
        for accept in accepts {
            let (stream, peer) = accept.await.unwrap()?;
            assert_eq!(stream.peer_addr()?, peer);
            peers.push(peer);
        }
        expected.sort_unstable();
        peers.sort_unstable();
        assert_eq!(peers, expected);

        let accepts: Vec<_> = (0..20).map(|_| zokio::spawn(unix.accept())).collect();
        for number in 0..20_u8 {
            let client = UnixStream::connect(&path).await?;
            assert_eq!(client.peer_addr()?.as_pathname(), Some(&*path));
            all(client.write_all(vec![number]).await)?;
        }
        let mut numbers = Vec::new();
        for accept in accepts {
            let (stream, peer) = accept.await.unwrap()?;
            assert!(peer.is_unnamed() && stream.peer_addr()?.is_unnamed());
            assert_eq!(stream.local_addr()?.as_pathname(), Some(&*path));
            numbers.push(all(stream.read_exact(vec![0]).await)?[0]);
        }
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..20));
        Ok(())
    });
}

/// Without a copy into a vector first.
#[test]
fn literals_and_shared_bytes_are_written() {
    everywhere(|| async {
        let (near, far) = UnixStream::pair()?;
        all(near.write_all(b"literal, ").await)?;
        let shared: Arc<[u8]> = Arc::from(*b"shared");
        let (one, other) = (shared.clone().slice(..2), shared.slice(2..));
        all(near.writev([one, other]).await)?;
        assert_eq!(all(far.read_exact(vec![0; 15]).await)?, b"literal, shared");
        Ok(())
    });
}

#[test]
fn addresses_are_tried_and_named() {
    everywhere(|| async {
        let listener = TcpListener::bind("localhost:0").await?;
        let address = listener.local_addr()?;
        let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let stream = TcpStream::connect(&[closed, address][..]).await?;
        assert_eq!(stream.peer_addr()?, address);
        let connecting = TcpStream::connect(closed);
        let shown = format!("SocketOperation {{ doing: connect to {closed}, .. }}");
        assert_eq!(format!("{connecting:?}"), shown);
        let error = connecting.await.unwrap_err();
        assert!(error.is_network() && error.kind() == ErrorKind::ConnectionRefused);
        assert_eq!(error.address(), Some(closed));
        let expected = format!("cannot connect to {closed}: Connection refused (os error 111)");
        assert_eq!(error.to_string(), expected);

        let error = UdpSocket::bind(&[][..]).await.unwrap_err();
        assert!(error.is_io() && error.kind() == ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            "cannot resolve an address: there is none"
        );
        let error = TcpListener::bind("no port").await.unwrap_err();
        assert!(error.is_network() && error.address().is_none());
        assert_eq!(
            error.to_string(),
            "cannot resolve `no port`: invalid socket address"
        );
        let error = UdpSocket::bind("192.0.2.1:0").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let error = socket.connect("[::1]:1").await.unwrap_err();
        assert_eq!(error.address(), "[::1]:1".parse().ok());

        let error = UnixStream::connect("/no/such").await.unwrap_err();
        assert!(error.is_io() && error.path() == Some("/no/such".as_ref()));
        assert!(UnixStream::connect("a\0b").await.is_err());
        let error = UnixListener::bind("/no/such").unwrap_err();
        assert_eq!(error.operation(), "listen at");
        Ok(())
    });
}

#[test]
fn names_and_options() {
    on_every_runtime(|| async {
        let (near, far) = tcp_pair().await?;
        assert_eq!(near.local_addr()?, far.peer_addr()?);
        near.set_nodelay(true)?;
        assert!(near.nodelay()? && !far.nodelay()?);
        assert!(format!("{near:?}").starts_with("TcpStream(OwnedFd { fd: "));
        assert_eq!(format!("{:?}", near.read(vec![0])), "Read { .. }");
        let (reader, writer) = far.into_split();
        let of_stream: &TcpStream = reader.as_ref();
        assert_eq!(of_stream.local_addr()?, near.peer_addr()?);
        assert_eq!(writer.as_ref().local_addr()?, near.peer_addr()?);
        Ok(())
    });
}

/// What the futures own can go anywhere.
#[test]
fn the_futures_are_send_and_static() {
    fn check<F: Future + Send + 'static>(_: F) {}
    on_every_runtime(|| async {
        let (near, _far) = tcp_pair().await?;
        check(near.read(vec![0]));
        check(near.read_exact(vec![0]));
        check(near.readv([vec![0]]));
        check(near.peek(vec![0]));
        check(near.write(""));
        check(near.write_all(String::new()));
        check(near.writev([""]));
        check(TcpStream::connect(String::from("localhost:1").as_str()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        check(listener.accept());
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        check(socket.recv(vec![0]));
        check(socket.recv_from(vec![0]));
        check(socket.send(""));
        check(socket.send_to("", socket.local_addr()?));
        check(socket.connect("127.0.0.1:1"));
        Ok(())
    });
}

/// A ready future that is polled again says so.
#[test]
fn polled_after_the_end() {
    on_every_runtime(|| async {
        let (near, _far) = unix_pair().await?;
        let mut writing = Box::pin(near.write(String::from("x")));
        assert!(poll_once(&mut writing).await.is_ready());
        let again = zokio::spawn(async move { poll_once(&mut writing).await.is_ready() });
        let panic = again.await.unwrap_err().into_panic();
        let message = panic.downcast_ref::<&str>().copied();
        assert_eq!(
            message,
            Some("an operation on a socket was polled after it had completed")
        );
        Ok(())
    });
}

/// Tasks on all workers, each with an echo of its own.
#[test]
fn many_connections() {
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let served = Arc::new(AtomicUsize::new(0));
        let count = served.clone();
        let serving = zokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await?;
                let count = count.clone();
                zokio::spawn(async move {
                    let mut buffer = Vec::with_capacity(300);
                    while let (Ok(1..), filled) = stream.read(buffer).await {
                        let (written, mut rest) = stream.write_all(filled).await;
                        written.unwrap();
                        rest.clear();
                        buffer = rest;
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                });
            }
            #[allow(unreachable_code, reason = "it names the type")]
            Ok::<(), io::Error>(())
        });
        let clients = (0..50).map(|n| {
            zokio::spawn(async move {
                let stream = TcpStream::connect(address).await?;
                for round in 0..20 {
                    let text = format!("{n} says hello in round {round}").repeat(1 + n % 20);
                    let text = all(stream.write_all(text).await)?;
                    let room = vec![0; text.len()].into_boxed_slice();
                    let answer = all(stream.read_exact(room).await)?;
                    assert_eq!(*answer, *text.as_bytes());
                }
                Ok::<_, io::Error>(())
            })
        });
        for client in join_all(clients).await {
            client.unwrap()?;
        }
        support::until(|| served.load(Ordering::SeqCst) == 50).await;
        serving.abort();
        assert!(serving.await.unwrap_err().is_cancelled());
        Ok(())
    });
}

/// A wait that has become superfluous leaves nothing behind.
#[test]
fn a_dropped_wait_is_not_woken() {
    everywhere(|| async {
        let (near, far) = unix_pair().await?;
        let mut waits: Vec<_> = (0..10).map(|_| Box::pin(far.read(vec![0; 4]))).collect();
        for wait in &mut waits {
            assert!(matches!(poll_once(wait).await, Poll::Pending));
        }
        let last = waits.pop().unwrap();
        drop(waits);
        all(near.write_all("text").await)?;
        assert_eq!(all(last.await)?, b"text");
        Ok(())
    });
}

//! Unix sockets and pipes: what they promise, from the outside.

#[path = "support/net.rs"]
mod support;

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use futures::FutureExt;
use zokio::io::{AsyncReadExt, AsyncWriteExt, Interest, ReadBuf};
use zokio::net::unix::pipe;
use zokio::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream};
use zokio::task::{spawn, yield_now};
use zokio::time::timeout;

use self::support::{on_every_runtime, until};

#[test]
fn a_connection_carries_bytes_and_its_end() {
    on_every_runtime(|| async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path)?;
        assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
        let mut client = UnixStream::connect(&path).await?;
        let (mut server, peer) = listener.accept().await?;
        assert!(peer.is_unnamed());
        assert_eq!(
            server.peer_cred()?.pid(),
            Some(std::process::id().cast_signed())
        );

        client.write_all(b"request").await?;
        client.shutdown().await?;
        let mut request = String::new();
        server.read_to_string(&mut request).await?;
        assert_eq!(request, "request");
        server.write_all(b"answer").await?;
        drop(server);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        assert_eq!(answer, "answer");

        drop(listener);
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_needs_no_file() {
    on_every_runtime(|| async {
        let name = format!("\0zokio-{}-{:p}", std::process::id(), &());
        let listener = UnixListener::bind(&name)?;
        let address = listener.local_addr()?;
        assert_eq!(address.as_abstract_name(), Some(&name.as_bytes()[1..]));
        let (client, accepted) = futures::join!(UnixStream::connect(&name), listener.accept());
        assert_eq!(
            client?.peer_addr()?.as_abstract_name(),
            address.as_abstract_name()
        );
        drop((accepted?, listener));
        // The name is free again.
        let listener = UnixListener::bind_addr(&address)?;
        let (client, accepted) =
            futures::join!(UnixStream::connect_addr(&address), listener.accept());
        client?;
        accepted?;
        Ok(())
    });
}

/// A unix stream ends a read behind a descriptor that was sent along, so a short read does not mean
/// that nothing is left.
#[test]
fn a_passed_descriptor_does_not_hide_what_follows() {
    on_every_runtime(|| async {
        let (mut near, far) = UnixStream::pair()?;
        send_with_descriptor(&far, b"one")?;
        assert_eq!(far.try_write(b"two")?, 3);
        let mut got = Vec::new();
        let mut buf = [0; 64];
        while got.len() < 6 {
            let n = near.read(&mut buf).await?;
            assert_ne!(n, 0);
            got.extend_from_slice(&buf[..n]);
        }
        assert_eq!(got, b"onetwo");
        Ok(())
    });
}

/// Sends `bytes` together with a descriptor (`unix(7)`, `cmsg(3)`).
fn send_with_descriptor(stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    let file = std::fs::File::open("/dev/null")?;
    let mut control = Vec::new();
    control.extend_from_slice(&(size_of::<libc::cmsghdr>() + size_of::<i32>()).to_ne_bytes());
    control.extend_from_slice(&libc::SOL_SOCKET.to_ne_bytes());
    control.extend_from_slice(&libc::SCM_RIGHTS.to_ne_bytes());
    control.extend_from_slice(&file.as_raw_fd().to_ne_bytes());
    control.resize(control.len().next_multiple_of(size_of::<usize>()), 0);
    let parts = [IoSlice::new(bytes)];
    let message = socket2::MsgHdr::new()
        .with_buffers(&parts)
        .with_control(&control);
    let n = socket2::SockRef::from(stream).sendmsg(&message, 0)?;
    assert_eq!(n, bytes.len());
    Ok(())
}

#[test]
fn a_fresh_pair_is_writable_and_not_readable() {
    on_every_runtime(|| async {
        let (a, b) = UnixStream::pair()?;
        assert!(a.writable().now_or_never().is_some());
        assert!(a.readable().now_or_never().is_none());
        assert_eq!(b.try_write(b"hello")?, 5);
        a.readable().await?;
        let mut buf = Vec::with_capacity(2);
        assert_eq!(a.try_read_buf(&mut buf)?, 2);
        let mut rest = [0; 8];
        assert_eq!(a.try_read_vectored(&mut [IoSliceMut::new(&mut rest)])?, 3);
        assert_eq!(&rest[..3], b"llo");
        assert_eq!(
            a.try_write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")])?,
            2
        );
        drop(a);
        let mut b = b.into_std()?;
        assert_eq!(b.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn halves_of_a_unix_stream() {
    on_every_runtime(|| async {
        let (a, b) = UnixStream::pair()?;
        let (read_a, mut write_a) = a.into_split();
        let (mut read_b, write_b) = b.into_split();
        write_a.write_all(b"hello").await?;
        drop(write_a);
        let mut got = String::new();
        read_b.read_to_string(&mut got).await?;
        assert_eq!(got, "hello");
        let error = write_b.reunite(read_a).unwrap_err();
        let mut b = read_b.reunite(error.1).expect("both are of b");
        let (reader, writer) = b.split();
        reader.readable().await?;
        writer.writable().await?;
        assert_eq!(writer.try_write(b"x")?, 1);
        Ok(())
    });
}

#[test]
fn a_socket_is_made_in_steps() {
    on_every_runtime(|| async {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let socket = UnixSocket::new_stream()?;
        socket.bind(path("server"))?;
        let listener = socket.listen(4)?;
        let socket = UnixSocket::new_stream()?;
        socket.bind(path("client"))?;
        let client = socket.connect(path("server")).await?;
        let (_server, peer) = listener.accept().await?;
        assert_eq!(peer.as_pathname(), Some(path("client").as_path()));
        assert_eq!(client.local_addr()?.as_pathname(), peer.as_pathname());

        let socket = UnixSocket::new_datagram()?;
        assert!(socket.listen(1).is_err());
        assert!(UnixSocket::new_stream()?.datagram().is_err());
        let socket = UnixSocket::new_datagram()?;
        assert!(socket.connect(path("server")).await.is_err());
        let socket = UnixSocket::new_datagram()?;
        socket.bind(path("datagram"))?;
        let receiver = socket.datagram()?;
        UnixDatagram::unbound()?
            .send_to(b"hi", path("datagram"))
            .await?;
        assert_eq!(receiver.recv(&mut [0; 8]).await?, 2);
        Ok(())
    });
}

#[test]
fn datagrams_arrive_whole_and_their_sender_waits() {
    on_every_runtime(|| async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("receiver");
        let receiver = UnixDatagram::bind(&path)?;
        let sender = UnixDatagram::bind(folder.path().join("sender"))?;
        sender.connect(&path)?;
        let sending = spawn(async move {
            for i in 0..1000u16 {
                sender.send(&i.to_be_bytes()).await?;
            }
            io::Result::Ok(sender)
        });
        yield_now().await;
        let mut buf = [0; 16];
        for i in 0..1000u16 {
            let (n, from) = receiver.recv_from(&mut buf).await?;
            assert_eq!(buf[..n], i.to_be_bytes());
            assert!(from.as_pathname().unwrap().ends_with("sender"));
        }
        let sender = sending.await.unwrap()?;

        let mut vec = Vec::with_capacity(16);
        sender.try_send(b"one")?;
        receiver.recv_buf(&mut vec).await?;
        poll_fn(|cx| sender.poll_send_to(cx, b"two", &path)).await?;
        let (n, from) = receiver.recv_buf_from(&mut vec).await?;
        assert_eq!((n, &vec[..]), (3, &b"onetwo"[..]));
        assert!(from.as_pathname().is_some());
        sender.try_send_to(b"three", &path)?;
        let mut target = ReadBuf::new(&mut buf);
        let from = poll_fn(|cx| receiver.poll_recv_from(cx, &mut target)).await?;
        assert_eq!(target.filled(), b"three");
        assert!(from.as_pathname().is_some());

        let (a, b) = UnixDatagram::pair()?;
        a.try_send(b"unnamed")?;
        assert!(b.recv_from(&mut buf).await?.1.is_unnamed());
        a.shutdown(std::net::Shutdown::Write)?;
        assert_eq!(
            a.send(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        Ok(())
    });
}

#[test]
fn a_pipe_carries_bytes_and_its_end() {
    on_every_runtime(|| async {
        let (mut sender, mut receiver) = pipe::pipe()?;
        let writer = spawn(async move {
            sender.write_all(&[5; 1 << 20]).await?;
            sender.shutdown().await
        });
        let mut got = Vec::new();
        receiver.read_to_end(&mut got).await?;
        assert_eq!(got, vec![5; 1 << 20]);
        writer.await.unwrap()?;

        let (mut sender, receiver) = pipe::pipe()?;
        drop(receiver);
        let error = sender.write_all(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

fn make_fifo(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("fifo");
    let name = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
    // Not by a child process: until it runs its program it holds all descriptors of this one, and
    // then other tests' sockets are not closed when they are dropped.
    // SAFETY: the name is a string that ends in a zero byte.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o700) }, 0);
    path
}

/// When the last writer of a FIFO goes, the reader sees the end; when another one comes, it waits
/// again, and neither spins nor sleeps through what comes.
#[test]
fn a_fifo_goes_on_with_its_next_writer() {
    on_every_runtime(|| async {
        let folder = tempfile::tempdir()?;
        let path = make_fifo(folder.path());
        let error = pipe::OpenOptions::new().open_sender(&path).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENXIO));

        let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
        let mut buf = [0; 16];
        for _ in 0..3 {
            let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
            let wait = timeout(Duration::from_millis(20), receiver.read(&mut buf));
            assert!(wait.await.is_err());
            let error = receiver.try_read(&mut buf).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            assert!(receiver.readable().now_or_never().is_none());

            sender.write_all(b"hello").await?;
            assert_eq!(receiver.read(&mut buf).await?, 5);
            drop(sender);
            assert_eq!(receiver.read(&mut buf).await?, 0);
            until(|| receiver.try_read(&mut buf).is_ok_and(|n| n == 0)).await;
        }
        Ok(())
    });
}

#[test]
fn what_is_not_a_pipe_is_refused() {
    on_every_runtime(|| async {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("file");
        std::fs::write(&file, "")?;
        let error = pipe::OpenOptions::new().open_receiver(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let (reader, writer) = std::io::pipe()?;
        assert!(pipe::Sender::from_owned_fd(reader.into()).is_err());
        assert!(pipe::Receiver::from_owned_fd(writer.into()).is_err());

        let (reader, mut writer) = std::io::pipe()?;
        let receiver = pipe::Receiver::from_owned_fd(reader.into())?;
        writer.write_all(b"hello")?;
        receiver.readable().await?;
        assert_eq!(receiver.try_read(&mut [0; 8])?, 5);
        assert!(receiver.try_io(|| Ok(())).is_ok());
        let (fd, blocking) = (receiver.as_fd().as_raw_fd(), receiver.into_blocking_fd()?);
        assert_eq!(fd, blocking.as_raw_fd());
        Ok(())
    });
}

#[test]
fn readiness_is_named() {
    on_every_runtime(|| async {
        let (a, b) = UnixStream::pair()?;
        let ready = a.ready(Interest::READABLE | Interest::WRITABLE).await?;
        assert!(ready.is_writable() && !ready.is_read_closed());
        drop(b);
        let ready = a.ready(Interest::READABLE).await?;
        assert!(ready.is_readable() && ready.is_read_closed());
        Ok(())
    });
}

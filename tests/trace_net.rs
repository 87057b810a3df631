//! What the feature `tracing` reports of sockets and pipes.

#![forbid(unsafe_code)]

#[path = "support/trace.rs"]
mod trace;

use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use zokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use zokio::net::unix::pipe;
use zokio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};

use self::trace::Recorder;

/// Awaits a future whose polls are recorded.
async fn recorded<F: Future>(recorder: &Recorder, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| recorder.run(|| future.as_mut().poll(cx))).await
}

/// Polls a future once.
fn poll_once<F: Future>(recorder: &Recorder, future: Pin<&mut F>) -> Poll<F::Output> {
    let mut cx = Context::from_waker(Waker::noop());
    recorder.run(|| future.poll(&mut cx))
}

/// The lines without those of wakers.
fn lines(recorder: &Recorder) -> Vec<String> {
    let mut lines = recorder.lines();
    lines.retain(|line| !line.contains("waker."));
    lines
}

fn address(resource: &str, side: &str, address: impl std::fmt::Display) -> String {
    format!("{resource}/ {side}_addr={address} {side}_addr.op=override")
}

#[zokio::test]
async fn an_accept_that_waits_belongs_to_its_listener() {
    let recorder = Recorder::default();
    let listener = recorded(&recorder, TcpListener::bind("127.0.0.1:0"))
        .await
        .unwrap();
    let at = listener.local_addr().unwrap();
    assert_eq!(
        lines(&recorder),
        [
            "new TcpListener".to_owned(),
            address("TcpListener", "local", at)
        ]
    );
    assert_eq!(recorder.span("TcpListener").get("kind"), Some("net"));

    let mut accept = pin!(listener.accept());
    assert!(poll_once(&recorder, accept.as_mut()).is_pending());
    let within = "TcpListener/accept/poll/ op_name=poll_accept";
    assert_eq!(
        lines(&recorder),
        [
            "new accept".to_owned(),
            "new poll".to_owned(),
            format!("{within} is_ready=false"),
        ]
    );
    let peer = std::net::TcpStream::connect(at).unwrap();
    let (accepted, _) = recorded(&recorder, accept).await.unwrap();
    let mut rest = lines(&recorder);
    rest.retain(|line| !line.ends_with("is_ready=false"));
    assert_eq!(
        rest,
        [
            format!("{within} is_ready=true"),
            "end accept".to_owned(),
            "end poll".to_owned(),
            "new TcpStream".to_owned(),
            address("TcpStream", "local", at),
            address("TcpStream", "peer", peer.local_addr().unwrap()),
        ]
    );
    drop(accepted);
    assert_eq!(lines(&recorder), ["end TcpStream"]);
}

#[zokio::test]
async fn a_connect_shows_its_wait_and_then_the_peer() {
    let recorder = Recorder::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let stream = recorded(&recorder, TcpStream::connect(at)).await.unwrap();
    let lines = lines(&recorder);
    assert_eq!(lines[0], "new TcpStream");
    let connected = "TcpStream/connect/poll/ op_name=poll_connect is_ready=true";
    assert!(lines.iter().any(|line| line == connected), "{lines:?}");
    assert_eq!(lines.last(), Some(&address("TcpStream", "peer", at)));
    drop(stream);
}

#[zokio::test]
async fn polled_reads_are_one_operation_and_polled_writes_another() {
    let recorder = Recorder::default();
    let (mut a, mut b) = recorder.run(|| UnixStream::pair()).unwrap();
    assert_eq!(lines(&recorder), ["new UnixStream", "new UnixStream"]);
    let mut room = [0; 4];
    let mut room = ReadBuf::new(&mut room);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..2 {
        let mut read = || Pin::new(&mut a).poll_read(&mut cx, &mut room);
        assert!(recorder.run(&mut read).is_pending());
    }
    let pending = "UnixStream/read/poll/ op_name=poll_read is_ready=false";
    assert_eq!(lines(&recorder), ["new read", "new poll", pending, pending]);
    let mut write = || Pin::new(&mut b).poll_write(&mut cx, b"abcd");
    assert!(recorder.run(&mut write).is_ready());
    let written = "UnixStream/write/poll/ op_name=poll_write is_ready=true";
    assert_eq!(lines(&recorder), ["new write", "new poll", written]);

    let mut bytes = [0; 4];
    recorded(&recorder, a.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(&bytes, b"abcd");
    let last = lines(&recorder).pop();
    let read = "UnixStream/read/poll/ op_name=poll_read is_ready=true";
    assert_eq!(last.as_deref(), Some(read));
    // The halves have the same resource, and it ends with the last of them.
    let (reader, mut writer) = a.into_split();
    drop(reader);
    recorded(&recorder, writer.write_all(b"x")).await.unwrap();
    assert_eq!(lines(&recorder), ["new write", "new poll", written]);
    drop(writer);
    let ends = lines(&recorder);
    assert!(ends.contains(&"end UnixStream".to_owned()), "{ends:?}");
    assert!(ends.contains(&"end read".to_owned()), "{ends:?}");
}

#[zokio::test]
async fn a_socket_of_std_is_shown_where_it_was_handed_over() {
    let recorder = Recorder::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let line = line!() + 1;
    let listener = recorder.run(|| TcpListener::from_std(listener)).unwrap();
    let span = recorder.span("TcpListener");
    assert_eq!(span.get("loc.file"), Some(file!()));
    assert_eq!(span.get("loc.line"), Some(line.to_string().as_str()));
    assert_eq!(span.get("is_internal"), Some("false"));
    drop(listener);
}

#[zokio::test]
async fn a_datagram_socket_shows_its_peer_and_its_waits() {
    let recorder = Recorder::default();
    let socket = recorded(&recorder, UdpSocket::bind("127.0.0.1:0"))
        .await
        .unwrap();
    let local = socket.local_addr().unwrap();
    assert_eq!(
        lines(&recorder),
        [
            "new UdpSocket".to_owned(),
            address("UdpSocket", "local", local)
        ]
    );
    recorded(&recorder, socket.connect(local)).await.unwrap();
    assert_eq!(lines(&recorder), [address("UdpSocket", "peer", local)]);

    let mut bytes = [0; 4];
    {
        let mut recv = pin!(socket.recv(&mut bytes));
        assert!(poll_once(&recorder, recv.as_mut()).is_pending());
    }
    let recv = "UdpSocket/recv/poll/ op_name=poll_recv is_ready";
    assert_eq!(
        lines(&recorder),
        [
            "new recv".to_owned(),
            "new poll".to_owned(),
            format!("{recv}=false"),
            "end recv".to_owned(),
            "end poll".to_owned(),
        ]
    );
    recorded(&recorder, socket.send(b"ab")).await.unwrap();
    let sent = "UdpSocket/send/poll/ op_name=poll_send is_ready=true".to_owned();
    assert!(lines(&recorder).contains(&sent));
    recorded(&recorder, socket.readable()).await.unwrap();
    let ready = "UdpSocket/ready/poll/ op_name=poll_ready is_ready=true".to_owned();
    assert!(lines(&recorder).contains(&ready));
    assert_eq!(
        recorded(&recorder, socket.recv(&mut bytes)).await.unwrap(),
        2
    );
    assert!(lines(&recorder).contains(&format!("{recv}=true")));
}

#[zokio::test]
async fn unix_sockets_show_the_paths_that_they_have() {
    let recorder = Recorder::default();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = recorder.run(|| UnixListener::bind(&path)).unwrap();
    let at = path.display();
    assert_eq!(
        lines(&recorder),
        [
            "new UnixListener".to_owned(),
            address("UnixListener", "local", at)
        ]
    );
    assert_eq!(recorder.span("UnixListener").get("loc.file"), Some(file!()));
    let stream = recorded(&recorder, UnixStream::connect(&path))
        .await
        .unwrap();
    let at = path.display();
    assert_eq!(
        lines(&recorder).pop(),
        Some(address("UnixStream", "peer", at))
    );
    recorded(&recorder, listener.accept()).await.unwrap();
    let accepted = "UnixListener/accept/poll/ op_name=poll_accept is_ready=true".to_owned();
    assert!(lines(&recorder).contains(&accepted));
    drop(stream);
    assert_eq!(lines(&recorder), ["end UnixStream"]);

    let path = dir.path().join("datagrams");
    let bound = recorder.run(|| UnixDatagram::bind(&path)).unwrap();
    let (socket, _other) = recorder.run(|| UnixDatagram::pair()).unwrap();
    let at = path.display();
    assert_eq!(
        lines(&recorder),
        [
            "new UnixDatagram".to_owned(),
            address("UnixDatagram", "local", at),
            "new UnixDatagram".to_owned(),
            "new UnixDatagram".to_owned(),
        ]
    );
    recorder.run(|| socket.connect(&path)).unwrap();
    let at = path.display();
    assert_eq!(lines(&recorder), [address("UnixDatagram", "peer", at)]);
    drop(bound);
}

#[zokio::test]
async fn a_pipe_shows_both_of_its_ends() {
    let recorder = Recorder::default();
    let (mut sender, mut receiver) = recorder.run(|| pipe::pipe()).unwrap();
    let made = lines(&recorder);
    assert!(made.contains(&"new pipe::Sender".to_owned()), "{made:?}");
    assert!(made.contains(&"new pipe::Receiver".to_owned()), "{made:?}");
    recorded(&recorder, sender.write_all(b"abc")).await.unwrap();
    let written = "pipe::Sender/write/poll/ op_name=poll_write is_ready=true".to_owned();
    assert!(lines(&recorder).contains(&written));
    let mut bytes = [0; 3];
    recorded(&recorder, receiver.read_exact(&mut bytes))
        .await
        .unwrap();
    let read = "pipe::Receiver/read/poll/ op_name=poll_read is_ready=true".to_owned();
    assert!(lines(&recorder).contains(&read));
}

#[zokio::test]
async fn a_socket_that_no_subscriber_saw_reports_nothing_later() {
    let recorder = Recorder::default();
    let (mut a, b) = std::os::unix::net::UnixStream::pair().unwrap();
    b.set_nonblocking(true).unwrap();
    let mut b = UnixStream::from_std(b).unwrap();
    a.write_all(b"x").unwrap();
    assert_eq!(recorded(&recorder, b.read_u8()).await.unwrap(), b'x');
    assert_eq!(lines(&recorder), [""; 0]);
}

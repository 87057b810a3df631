//! What the constructors say without a runtime, without I/O, and to sockets that block; and which
//! auto traits the types have.

#[path = "support/net.rs"]
mod support;

use std::panic::{RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Mutex;

use zokio::io::Interest;
use zokio::io::unix::AsyncFd;
use zokio::net::unix::pipe;
use zokio::net::{
    TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixSocket,
    UnixStream,
};
use zokio::runtime::Builder;

use self::support::current_thread;

/// The file that the panic of `f` names, and its message.
fn panic_of(f: impl FnOnce() + UnwindSafe) -> Option<(String, String)> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static SEEN: Mutex<Option<String>> = Mutex::new(None);
    let _one = ONE_AT_A_TIME.lock().unwrap();
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| {
        *SEEN.lock().unwrap() = info.location().map(|l| l.file().to_string());
    }));
    let result = catch_unwind(f);
    std::panic::set_hook(former);
    let payload = result.err()?;
    let message = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|s| s.to_string()))
        .unwrap();
    Some((SEEN.lock().unwrap().take().unwrap(), message))
}

/// Every constructor that is not `async`, on sockets that would do.
fn constructors() -> Vec<(&'static str, fn())> {
    fn tcp() -> std::net::TcpStream {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    }
    fn listener() -> std::net::TcpListener {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    }
    fn udp() -> std::net::UdpSocket {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }
    fn unix() -> std::os::unix::net::UnixStream {
        let (stream, _) = std::os::unix::net::UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    }
    fn datagram() -> std::os::unix::net::UnixDatagram {
        let socket = std::os::unix::net::UnixDatagram::unbound().unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }
    vec![
        ("tcp stream", || drop(TcpStream::from_std(tcp()))),
        ("tcp listener", || drop(TcpListener::from_std(listener()))),
        ("tcp socket", || {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            drop(socket.listen(1));
        }),
        ("udp", || drop(UdpSocket::from_std(udp()))),
        ("unix stream", || drop(UnixStream::from_std(unix()))),
        ("unix pair", || drop(UnixStream::pair())),
        ("unix listener", || {
            let folder = tempfile::tempdir().unwrap();
            drop(UnixListener::bind(folder.path().join("socket")));
        }),
        ("unix datagram", || drop(UnixDatagram::from_std(datagram()))),
        ("unbound datagram", || drop(UnixDatagram::unbound())),
        ("unix socket", || {
            drop(UnixSocket::new_datagram().unwrap().datagram())
        }),
        ("pipe", || drop(pipe::pipe())),
        ("async fd", || {
            // SAFETY: the stream keeps its descriptor.
            drop(unsafe { AsyncFd::register_with_interest(unix(), Interest::READABLE) });
        }),
    ]
}

#[test]
fn without_a_runtime_the_caller_is_told() {
    for (name, construct) in constructors() {
        let (file, message) = panic_of(construct).expect(name);
        assert_eq!(file, file!(), "{name}");
        assert!(message.contains("runtime"), "{name}: {message}");
    }
}

#[test]
fn without_io_the_caller_is_told() {
    for (name, construct) in constructors() {
        let (file, message) = panic_of(|| {
            let runtime = Builder::new_current_thread().build().unwrap();
            let _enter = runtime.enter();
            construct();
        })
        .expect(name);
        assert_eq!(file, file!(), "{name}");
        assert!(message.contains("enable_io"), "{name}: {message}");
    }
}

#[test]
fn with_io_all_is_well() {
    for (name, construct) in constructors() {
        let panic = panic_of(|| {
            let runtime = current_thread();
            let _enter = runtime.enter();
            construct();
        });
        assert_eq!(panic, None, "{name}");
    }
}

#[test]
#[cfg(debug_assertions)]
fn a_socket_that_blocks_is_refused() {
    let (file, message) = panic_of(|| {
        let runtime = current_thread();
        let _enter = runtime.enter();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        drop(TcpListener::from_std(listener));
    })
    .expect("it panics");
    assert_eq!(file, file!());
    assert!(message.contains("set_nonblocking"), "{message}");
}

#[test]
fn after_the_shutdown_there_is_an_error() {
    let runtime = current_thread();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _enter = handle.enter();
    let error = UnixStream::pair().map(drop).unwrap_err();
    assert!(zokio::runtime::is_rt_shutdown_err(&error), "{error:?}");
}

#[test]
fn the_types_go_everywhere() {
    fn check<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    check::<TcpListener>();
    check::<TcpSocket>();
    check::<TcpStream>();
    check::<zokio::net::tcp::OwnedReadHalf>();
    check::<zokio::net::tcp::OwnedWriteHalf>();
    check::<zokio::net::tcp::ReadHalf<'_>>();
    check::<zokio::net::tcp::WriteHalf<'_>>();
    check::<UdpSocket>();
    check::<UnixDatagram>();
    check::<UnixListener>();
    check::<UnixSocket>();
    check::<UnixStream>();
    check::<zokio::net::unix::OwnedReadHalf>();
    check::<zokio::net::unix::OwnedWriteHalf>();
    check::<pipe::Receiver>();
    check::<pipe::Sender>();
    check::<AsyncFd<std::os::unix::net::UnixStream>>();

    fn goes<T: Send + Sync>(_: &T) {}
    let runtime = current_thread();
    let _enter = runtime.enter();
    let (stream, _peer) = UnixStream::pair().unwrap();
    goes(&stream.ready(Interest::READABLE));
    goes(&TcpStream::connect("localhost:1"));
    goes(&TcpListener::bind("localhost:1"));
    goes(&zokio::net::lookup_host("localhost:1"));
    let datagram = UnixDatagram::unbound().unwrap();
    goes(&datagram.send_to(b"x", "nowhere"));
    goes(&datagram.recv_from(&mut [0; 1]));
}

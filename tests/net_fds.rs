//! No descriptor is left behind. One test, because it counts those of the whole process.

#[path = "support/net.rs"]
mod support;

use std::future::{Future, poll_fn};
use std::io;
use std::task::Poll;

use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::unix::pipe;
use zokio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use zokio::runtime::Runtime;
use zokio::task::{spawn, yield_now};

use self::support::{current_thread, multi_thread, open_fds, tcp_pair};

async fn use_everything() -> io::Result<()> {
    let folder = tempfile::tempdir()?;

    // Accepted, refused, cancelled, taken apart, turned into other types, and just dropped.
    let (mut a, b) = tcp_pair().await?;
    a.write_all(b"x").await?;
    let (read, write) = b.into_split();
    drop(write);
    drop(a.into_std()?);
    drop(read);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    for _ in 0..20 {
        let mut connect = Box::pin(TcpStream::connect(address));
        // The first poll puts a connection on its way, and that is as far as it gets unless another
        // worker is very fast.
        let first = poll_fn(|cx| Poll::Ready(connect.as_mut().poll(cx))).await;
        drop((first, connect));
    }
    let pending = spawn(async move {
        let mut client = TcpStream::connect(address).await?;
        client.read(&mut [0; 8]).await
    });
    let (kept, _) = listener.accept().await?;
    yield_now().await;
    pending.abort();
    assert!(pending.await.is_err());
    drop((kept, listener));
    assert!(TcpStream::connect(address).await.is_err());

    let udp = UdpSocket::bind("127.0.0.1:0").await?;
    udp.send_to(b"x", udp.local_addr()?).await?;
    drop(udp.into_std()?);

    let listener = UnixListener::bind(folder.path().join("l"))?;
    let client = UnixStream::connect(folder.path().join("l")).await?;
    let (server, _) = listener.accept().await?;
    drop((client, server, UnixStream::pair()?, UnixDatagram::pair()?));
    assert!(UnixListener::bind(folder.path().join("l")).is_err());
    assert!(
        UnixStream::connect(folder.path().join("none"))
            .await
            .is_err()
    );

    let (sender, receiver) = pipe::pipe()?;
    drop(sender.into_blocking_fd()?);
    drop(receiver);
    assert!(
        pipe::OpenOptions::new()
            .open_receiver(folder.path())
            .is_err()
    );
    Ok(())
}

#[test]
fn no_descriptor_is_left_behind() {
    let check = |runtime: Runtime| {
        // The first round may start threads and rings, which have descriptors of their own.
        runtime.block_on(use_everything()).unwrap();
        let before = open_fds();
        for _ in 0..10 {
            runtime.block_on(use_everything()).unwrap();
        }
        assert_eq!(open_fds(), before);
    };
    support::sanitizer::start_symbolizer();
    // The sockets for signals are made with the first runtime, and belong to the process.
    // This thread keeps the ring of its sockets, if it has one.
    current_thread().block_on(use_everything()).unwrap();
    let start = open_fds();
    check(current_thread());
    check(multi_thread(2));
    assert_eq!(open_fds(), start);

    // Sockets that outlive their runtime.
    let runtime = current_thread();
    let pair = runtime.block_on(tcp_pair()).unwrap();
    drop(runtime);
    drop(pair);
    assert_eq!(open_fds(), start);
}

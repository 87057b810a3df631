//! Errors of streams whose receives are completions: each is reported once, by the read after the
//! bytes that came before it. The same holds for readiness, so every test runs on both.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

use std::future::Future;
use std::io::{self, ErrorKind, Write};
use std::pin::Pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use zokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::{Builder, Sockets};

/// The size of a buffer of the ring.
const BUFFER: usize = 4096;

fn on_both<F: Future<Output = io::Result<()>>>(test: impl Fn() -> F) {
    for sockets in [Sockets::Completion, Sockets::Readiness] {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().sockets(sockets).build().unwrap();
        runtime.block_on(test()).unwrap();
    }
}

/// A stream on which a read has begun and was dropped, and its peer.
async fn with_a_read_on_its_way() -> io::Result<(TcpStream, std::net::TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (mut stream, _) = listener.accept().await?;
    let mut space = [0];
    let mut buf = ReadBuf::new(&mut space);
    let mut cx = Context::from_waker(Waker::noop());
    let polled = Pin::new(&mut stream).poll_read(&mut cx, &mut buf);
    assert!(polled.is_pending());
    // The receive is handed over when the driver is polled.
    zokio::time::sleep(Duration::from_millis(2)).await;
    Ok((stream, peer))
}

/// The receive fills its buffer, so that the read continues in the socket, where it meets the reset.
#[test]
fn a_reset_behind_the_bytes_of_a_receive() {
    on_both(|| async {
        let (mut stream, mut peer) = with_a_read_on_its_way().await?;
        peer.write_all(&[7; BUFFER])?;
        SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
        drop(peer);
        let mut bytes = [0; 2 * BUFFER];
        assert_eq!(stream.read(&mut bytes).await?, BUFFER);
        let error = stream.read(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(stream.read(&mut bytes).await?, 0);
        Ok(())
    });
}

/// Only the thread that drives the runtime can end a receive, and it is busy.
#[test]
fn a_try_read_on_another_thread_while_a_receive_is_in_flight() {
    on_both(|| async {
        let (stream, mut peer) = with_a_read_on_its_way().await?;
        let other = || stream.try_read(&mut [0; 8]).unwrap_err().kind();
        let kind = thread::scope(|scope| scope.spawn(other).join().unwrap());
        assert_eq!(kind, ErrorKind::WouldBlock);
        peer.write_all(b"late")?;
        let mut bytes = [0; 8];
        let count = loop {
            stream.readable().await?;
            match stream.try_read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => break read?,
            }
        };
        assert_eq!(&bytes[..count], b"late");
        Ok(())
    });
}

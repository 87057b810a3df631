//! UDP: what a socket promises, from the outside.

#[path = "support/net.rs"]
mod support;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use zokio::io::{Interest, ReadBuf};
use zokio::net::UdpSocket;
use zokio::task::{spawn, yield_now};
use zokio::time::timeout;

use self::support::on_every_runtime;

async fn bound() -> std::io::Result<UdpSocket> {
    UdpSocket::bind("127.0.0.1:0").await
}

async fn connected() -> std::io::Result<(UdpSocket, UdpSocket)> {
    let (a, b) = (bound().await?, bound().await?);
    a.connect(b.local_addr()?).await?;
    b.connect(a.local_addr()?).await?;
    assert_eq!(a.peer_addr()?, b.local_addr()?);
    Ok((a, b))
}

#[test]
fn every_way_to_receive_gives_the_datagram() {
    on_every_runtime(|| async {
        let (a, b) = connected().await?;
        let from_a = a.local_addr()?;
        let mut buf = [0; 16];

        a.send(b"one").await?;
        assert_eq!(b.recv(&mut buf).await?, 3);
        a.send_to(b"two", b.local_addr()?).await?;
        assert_eq!(b.recv_from(&mut buf).await?, (3, from_a));
        assert_eq!(&buf[..3], b"two");

        poll_fn(|cx| a.poll_send(cx, b"three")).await?;
        let mut target = ReadBuf::new(&mut buf);
        poll_fn(|cx| b.poll_recv(cx, &mut target)).await?;
        assert_eq!(target.filled(), b"three");
        poll_fn(|cx| a.poll_send_to(cx, b"four", b.local_addr().unwrap())).await?;
        // It is appended.
        assert_eq!(
            poll_fn(|cx| b.poll_recv_from(cx, &mut target)).await?,
            from_a
        );
        assert_eq!(target.filled(), b"threefour");

        let mut vec = Vec::with_capacity(64);
        a.try_send(b"five")?;
        b.recv_buf(&mut vec).await?;
        a.try_send_to(b"six", b.local_addr()?)?;
        assert_eq!(b.recv_buf_from(&mut vec).await?, (3, from_a));
        assert_eq!(vec, b"fivesix");

        a.send(b"seven").await?;
        b.readable().await?;
        b.try_recv_buf(&mut vec)?;
        a.send(b"eight").await?;
        b.readable().await?;
        assert_eq!(b.try_recv_buf_from(&mut vec)?, (5, from_a));
        assert_eq!(vec, b"fivesixseveneight");
        a.send(b"nine").await?;
        b.readable().await?;
        assert_eq!(b.try_recv_from(&mut buf)?, (4, from_a));
        let error = b.try_recv(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        Ok(())
    });
}

#[test]
fn peeking_leaves_the_datagram() {
    on_every_runtime(|| async {
        let (a, b) = connected().await?;
        let from_a = a.local_addr()?;
        let mut buf = [0; 2];
        a.send(b"hello").await?;
        assert_eq!(b.peek_sender().await?, from_a);
        assert_eq!(poll_fn(|cx| b.poll_peek_sender(cx)).await?, from_a);
        assert_eq!(b.try_peek_sender()?, from_a);
        assert_eq!(b.peek(&mut buf).await?, 2);
        assert_eq!(b.try_peek(&mut buf)?, 2);
        assert_eq!(b.peek_from(&mut buf).await?, (2, from_a));
        assert_eq!(b.try_peek_from(&mut buf)?, (2, from_a));
        let mut target = ReadBuf::new(&mut buf);
        poll_fn(|cx| b.poll_peek(cx, &mut target)).await?;
        assert_eq!(target.filled(), b"he");
        target.clear();
        assert_eq!(
            poll_fn(|cx| b.poll_peek_from(cx, &mut target)).await?,
            from_a
        );
        let mut all = [0; 16];
        assert_eq!(b.recv(&mut all).await?, 5);
        assert_eq!(
            b.try_peek_sender().unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        Ok(())
    });
}

#[test]
fn what_does_not_fit_is_thrown_away() {
    on_every_runtime(|| async {
        let (a, b) = connected().await?;
        a.send(b"too long").await?;
        a.send(b"next").await?;
        let mut buf = [0; 3];
        assert_eq!(b.recv(&mut buf).await?, 3);
        let mut buf = [0; 16];
        assert_eq!(b.recv(&mut buf).await?, 4);
        // An empty datagram is one.
        a.send(b"").await?;
        assert_eq!(b.recv_from(&mut buf).await?.0, 0);
        Ok(())
    });
}

/// The error of an earlier send wakes a receiver that waits already.
#[test]
fn a_refusal_reaches_the_receiver() {
    on_every_runtime(|| async {
        let nobody = bound().await?.local_addr()?;
        let socket = Arc::new(bound().await?);
        socket.connect(nobody).await?;
        let receiver = socket.clone();
        let waiting = spawn(async move { receiver.recv(&mut [0; 16]).await });
        yield_now().await;
        socket.send(b"anybody?").await?;
        let error = waiting.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        // That is over: the socket sends and waits as before.
        let mut buf = [0; 16];
        let wait = timeout(Duration::from_millis(20), socket.recv(&mut buf));
        assert!(wait.await.is_err());
        socket.writable().await?;
        Ok(())
    });
}

#[test]
fn one_socket_serves_several_tasks() {
    on_every_runtime(|| async {
        let (a, b) = connected().await?;
        let (a, b) = (Arc::new(a), Arc::new(b));
        let receivers: Vec<_> = (0..4)
            .map(|_| {
                let b = b.clone();
                spawn(async move {
                    let mut buf = [0; 8];
                    let mut sum = 0;
                    for _ in 0..50 {
                        let n = b.recv(&mut buf).await?;
                        sum += u64::from(u8::try_from(n).unwrap());
                    }
                    std::io::Result::Ok(sum)
                })
            })
            .collect();
        for i in 0..200u64 {
            a.send(&[0; 8][..(i % 8) as usize]).await?;
            if i % 16 == 0 {
                zokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        let mut sum = 0;
        for receiver in receivers {
            sum += receiver.await.unwrap()?;
        }
        assert_eq!(sum, (0..200u64).map(|i| i % 8).sum::<u64>());
        Ok(())
    });
}

#[test]
fn closures_do_what_has_no_method() {
    on_every_runtime(|| async {
        let (a, b) = connected().await?;
        let sent = a
            .async_io(Interest::WRITABLE, || {
                socket2::SockRef::from(&a).send(b"raw")
            })
            .await?;
        assert_eq!(sent, 3);
        let ready = b.ready(Interest::READABLE | Interest::WRITABLE).await?;
        assert!(ready.is_readable() || ready.is_writable());
        b.readable().await?;
        let n = b.try_io(Interest::READABLE, || {
            socket2::SockRef::from(&b).recv(&mut [std::mem::MaybeUninit::uninit(); 8])
        })?;
        assert_eq!(n, 3);
        Ok(())
    });
}

#[test]
fn options_are_kept() {
    on_every_runtime(|| async {
        let socket = bound().await?;
        socket.set_broadcast(true)?;
        assert!(socket.broadcast()?);
        socket.set_multicast_loop_v4(false)?;
        assert!(!socket.multicast_loop_v4()?);
        socket.set_multicast_ttl_v4(9)?;
        assert_eq!(socket.multicast_ttl_v4()?, 9);
        socket.set_ttl(33)?;
        assert_eq!(socket.ttl()?, 33);
        socket.set_tos_v4(96)?;
        assert_eq!(socket.tos_v4()?, 96);
        assert!(socket.take_error()?.is_none());
        let socket = socket.into_std()?;
        let address = socket.local_addr()?;
        assert_eq!(UdpSocket::from_std(socket)?.local_addr()?, address);
        let error = bound().await?.send_to(b"x", &[][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

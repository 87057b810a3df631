//! TCP: what a connection promises, from the outside.

#[path = "support/net.rs"]
mod support;

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::FutureExt;
use futures_test::task::new_count_waker;
use zokio::io::{AsyncReadExt, AsyncWriteExt, Interest, ReadBuf};
use zokio::net::{TcpListener, TcpSocket, TcpStream};
use zokio::task::{spawn, yield_now};
use zokio::time::timeout;

use self::support::{LONG, current_thread, on_every_runtime, tcp_pair, until};

#[test]
fn bytes_arrive_in_both_directions_at_once() {
    on_every_runtime(|| async {
        const LEN: usize = 3 << 20;
        let (client, server) = tcp_pair().await?;
        let sums = [client, server].map(|stream| {
            let (mut reader, mut writer) = stream.into_split();
            let sent = spawn(async move {
                let chunk: Vec<u8> = (0..40_000u32).map(|i| (i % 251) as u8).collect();
                let mut left = LEN;
                while left > 0 {
                    let n = writer.write(&chunk[..left.min(chunk.len())]).await?;
                    left -= n;
                }
                io::Result::Ok(())
            });
            spawn(async move {
                let mut got = Vec::new();
                reader.read_to_end(&mut got).await?;
                sent.await.unwrap()?;
                io::Result::Ok(got.len())
            })
        });
        for sum in sums {
            assert_eq!(sum.await.unwrap()?, LEN);
        }
        Ok(())
    });
}

#[test]
fn a_dropped_stream_sends_fin_while_a_read_is_pending() {
    on_every_runtime(|| async {
        let (mut client, server) = tcp_pair().await?;
        let pending = spawn(async move {
            let mut server = server;
            server.read(&mut [0; 16]).await
        });
        yield_now().await;
        pending.abort();
        assert!(pending.await.unwrap_err().is_cancelled());
        assert_eq!(client.read(&mut [0; 16]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_port_is_free_when_its_listener_is_dropped() {
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        for _ in 0..50 {
            let listener = TcpListener::bind(address).await;
            assert_eq!(listener.unwrap_err().kind(), ErrorKind::AddrInUse);
        }
        // Also while an accept is pending.
        let pending = spawn(async move { listener.accept().await.map(drop) });
        yield_now().await;
        pending.abort();
        assert!(pending.await.unwrap_err().is_cancelled());
        for _ in 0..50 {
            // A socket without `SO_REUSEADDR` takes the port only if nothing is left.
            let socket = TcpSocket::new_v4()?;
            socket.bind(address)?;
            drop(socket.listen(1)?);
        }
        Ok(())
    });
}

#[test]
fn half_close_leaves_the_other_direction_open() {
    on_every_runtime(|| async {
        let (mut client, mut server) = tcp_pair().await?;
        client.write_all(b"request").await?;
        client.shutdown().await?;
        client.shutdown().await?;

        let mut request = Vec::new();
        server.read_to_end(&mut request).await?;
        assert_eq!(request, b"request");
        server.write_all(b"answer").await?;
        drop(server);

        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await?;
        assert_eq!(answer, b"answer");
        let error = client.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn a_reset_wakes_the_reader_and_the_writer() {
    on_every_runtime(|| async {
        let (client, server) = tcp_pair().await?;
        let (mut reader, mut writer) = client.into_split();
        let read = spawn(async move { reader.read(&mut [0; 16]).await });
        let written = spawn(async move {
            loop {
                writer.write_all(&[0; 65_536]).await?;
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        });
        yield_now().await;
        server.set_zero_linger()?;
        drop(server);
        // The first call takes the socket's error; the other one learns of the end.
        let (read, written) = (read.await.unwrap(), written.await.unwrap());
        let reset = |error: &io::Error| error.kind() == ErrorKind::ConnectionReset;
        let read_reset = read.as_ref().is_err_and(reset);
        assert!(read_reset || matches!(read, Ok(0)), "{read:?}");
        assert!(written.is_err());
        assert!(read_reset || written.is_err_and(|error| reset(&error)));
        Ok(())
    });
}

#[test]
fn shutdown_of_a_reset_connection_succeeds() {
    on_every_runtime(|| async {
        let (mut client, server) = tcp_pair().await?;
        server.set_zero_linger()?;
        drop(server);
        client.readable().await?;
        assert_eq!(
            client.take_error()?.map(|e| e.kind()),
            Some(ErrorKind::ConnectionReset)
        );
        client.shutdown().await
    });
}

#[test]
fn connecting_to_nobody_is_refused() {
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let nobody = listener.local_addr()?;
        drop(listener);
        let error = TcpStream::connect(nobody).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = TcpSocket::new_v4()?.connect(nobody).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);

        // The next address is tried.
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let both = [nobody, listener.local_addr()?];
        let stream = TcpStream::connect(&both[..]).await?;
        assert_eq!(stream.peer_addr()?, both[1]);
        let none = TcpStream::connect(&[][..]).await.unwrap_err();
        assert_eq!(none.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

/// What is there when the connection is accepted is read without a turn of the driver.
#[test]
fn an_accepted_stream_is_tried_at_once() {
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
        client.write_all(b"hello")?;
        let (server, _) = listener.accept().await?;
        let mut buf = [0; 16];
        assert_eq!(server.try_read(&mut buf)?, 5);
        assert_eq!(server.try_write(b"world")?, 5);
        let error = server.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        Ok(())
    });
}

/// A read that leaves room takes the readiness back. Nothing that comes in around that moment may
/// be lost: neither bytes nor the end of the stream.
#[test]
fn short_reads_lose_neither_bytes_nor_the_end() {
    on_every_runtime(|| async {
        for round in 0..200u32 {
            let (mut client, mut server) = tcp_pair().await?;
            let sent = std::thread::spawn(move || {
                let mut client = client.into_std().unwrap();
                client.set_nonblocking(false).unwrap();
                for i in 0..20u8 {
                    client.write_all(&[i]).unwrap();
                    if (round + u32::from(i)) % 7 == 0 {
                        std::thread::yield_now();
                    }
                }
            });
            let mut got = Vec::new();
            let mut buf = [0; 512];
            loop {
                match server.read(&mut buf).await? {
                    0 => break,
                    n => got.extend_from_slice(&buf[..n]),
                }
            }
            sent.join().unwrap();
            assert_eq!(got, (0..20).collect::<Vec<u8>>());
            client = server;
            drop(client);
        }
        Ok(())
    });
}

/// TCP ends a read at the mark of an urgent byte, so a short read does not mean that nothing is
/// left.
#[test]
fn urgent_data_does_not_hide_what_follows() {
    on_every_runtime(|| async {
        for _ in 0..20 {
            let (client, mut server) = tcp_pair().await?;
            let socket = socket2::SockRef::from(&client);
            assert_eq!(socket.send(b"before")?, 6);
            assert_eq!(socket.send_out_of_band(b"!")?, 1);
            assert_eq!(socket.send(b"after")?, 5);
            let mut got = Vec::new();
            let mut buf = [0; 64];
            while got.len() < 11 {
                let n = server.read(&mut buf).await?;
                assert_ne!(n, 0);
                got.extend_from_slice(&buf[..n]);
            }
            assert_eq!(got, b"beforeafter");
        }
        Ok(())
    });
}

#[test]
fn what_arrives_after_would_block_wakes_the_reader() {
    on_every_runtime(|| async {
        let (client, mut server) = tcp_pair().await?;
        for i in 0..500u16 {
            let error = server.try_read(&mut [0; 4]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            assert_eq!(client.try_write(&i.to_be_bytes())?, 2);
            assert_eq!(server.read_u16().await?, i);
        }
        Ok(())
    });
}

#[test]
fn a_full_socket_is_written_to_again_when_there_is_room() {
    on_every_runtime(|| async {
        let (client, mut server) = tcp_pair().await?;
        let mut written = 0;
        loop {
            match client.try_write(&[7; 65_536]) {
                Ok(n) => written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        assert!(client.writable().now_or_never().is_none());
        let writer = spawn(async move {
            let mut client = client;
            client.write_all(&[7; 1 << 20]).await?;
            client.shutdown().await
        });
        let mut got = Vec::new();
        server.read_to_end(&mut got).await?;
        assert_eq!(got.len(), written + (1 << 20));
        writer.await.unwrap()
    });
}

#[test]
fn vectored_and_buffered_forms_agree() {
    on_every_runtime(|| async {
        let (mut client, server) = tcp_pair().await?;
        assert!(zokio::io::AsyncWrite::is_write_vectored(&client));
        let parts = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
        assert_eq!(client.write_vectored(&parts).await?, 5);
        assert_eq!(client.try_write_vectored(&parts)?, 5);

        let mut got = Vec::with_capacity(64);
        while got.len() < 4 {
            server.readable().await?;
            match server.try_read_buf(&mut got) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
        }
        let (mut first, mut second) = ([0; 2], [0; 16]);
        while got.len() < 10 {
            server.readable().await?;
            let mut bufs = [&mut first[..], &mut second[..]].map(std::io::IoSliceMut::new);
            match server.try_read_vectored(&mut bufs) {
                Ok(n) => {
                    got.extend(first.iter().chain(&second).take(n));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
        }
        assert_eq!(got, b"abcdeabcde");
        Ok(())
    });
}

/// One call takes no more than 1024 buffers. That it takes less than was offered is then no sign
/// that the socket is full.
#[test]
fn more_buffers_than_one_call_takes_are_no_error() {
    on_every_runtime(|| async {
        let (mut client, mut server) = tcp_pair().await?;
        let parts = vec![IoSlice::new(b"x"); 3000];
        assert_eq!(client.write_vectored(&parts).await?, 1024);
        assert!(client.writable().now_or_never().is_some());
        assert_eq!(client.write_vectored(&parts[1024..]).await?, 1024);
        assert_eq!(client.try_write_vectored(&parts[2048..])?, 952);
        client.shutdown().await?;
        let mut got = Vec::new();
        server.read_to_end(&mut got).await?;
        assert_eq!(got, [b'x'; 3000]);
        Ok(())
    });
}

#[test]
fn peeking_leaves_the_bytes() {
    on_every_runtime(|| async {
        let (mut client, mut server) = tcp_pair().await?;
        client.write_all(b"hello").await?;
        let mut buf = [0; 2];
        assert_eq!(server.peek(&mut buf).await?, 2);
        let mut space = [0; 8];
        let mut target = ReadBuf::new(&mut space);
        let n = poll_fn(|cx| server.poll_peek(cx, &mut target)).await?;
        assert_eq!((n, target.filled()), (5, &b"hello"[..]));
        let mut all = [0; 5];
        server.read_exact(&mut all).await?;
        assert_eq!(&all, b"hello");
        Ok(())
    });
}

#[test]
fn a_closure_runs_only_when_the_stream_is_ready() {
    on_every_runtime(|| async {
        let (mut client, server) = tcp_pair().await?;
        // An event that comes between a read and its answer lets the readiness stand.
        server.writable().await?;
        let error = server.try_read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let refused = server.try_io(Interest::READABLE, || -> io::Result<()> {
            panic!("the stream is not readable")
        });
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::WouldBlock);

        let calls = std::cell::Cell::new(0);
        let read = server.async_io(Interest::READABLE, || {
            calls.set(calls.get() + 1);
            let mut buf = [std::mem::MaybeUninit::uninit(); 8];
            socket2::SockRef::from(&server).recv(&mut buf)
        });
        let mut read = pin!(read);
        assert!(read.as_mut().now_or_never().is_none());
        client.write_all(b"hello").await?;
        assert_eq!(read.await?, 5);
        assert_eq!(calls.get(), 1);
        Ok(())
    });
}

#[test]
fn a_closure_that_never_gets_anywhere_lets_others_run() {
    on_every_runtime(|| async {
        let (client, server) = tcp_pair().await?;
        drop(client);
        server.readable().await?;
        until(|| server.try_io(Interest::READABLE, || Ok(())).is_ok()).await;
        // The stream is at its end, which stays so: the closure is called again and again.
        let stuck = server.async_io(Interest::READABLE, || -> io::Result<()> {
            Err(ErrorKind::WouldBlock.into())
        });
        let stopped = timeout(Duration::from_millis(50), stuck).await;
        assert!(stopped.is_err());
        Ok(())
    });
}

#[test]
fn every_waiting_task_is_woken() {
    on_every_runtime(|| async {
        let listener = std::sync::Arc::new(TcpListener::bind("127.0.0.1:0").await?);
        let address = listener.local_addr()?;
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let listener = listener.clone();
                spawn(async move { listener.accept().await.map(drop) })
            })
            .collect();
        yield_now().await;
        let mut clients = Vec::new();
        for _ in 0..40 {
            clients.push(TcpStream::connect(address).await?);
        }
        for task in tasks {
            task.await.unwrap()?;
        }
        Ok(())
    });
}

#[test]
fn the_last_poller_of_a_direction_is_woken() {
    on_every_runtime(|| async {
        let (mut client, server) = tcp_pair().await?;
        let [(one, first), (other, second)] = [(); 2].map(|()| new_count_waker());
        // Where the first event comes during an attempt, the direction counts as ready still.
        let mut cx = Context::from_waker(Waker::noop());
        while server.poll_read_ready(&mut cx).is_ready() {
            let error = server.try_read(&mut [0; 1]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        for waker in [one, other] {
            let mut cx = Context::from_waker(&waker);
            assert!(server.poll_read_ready(&mut cx).is_pending());
        }
        client.write_all(b"x").await?;
        until(|| second.get() > 0).await;
        assert_eq!((first.get(), second.get()), (0, 1));
        Ok(())
    });
}

#[test]
fn halves_find_each_other() {
    on_every_runtime(|| async {
        let (a, b) = tcp_pair().await?;
        let peer = a.peer_addr()?;
        let (read_a, write_a) = a.into_split();
        let (read_b, write_b) = b.into_split();
        let error = read_a.reunite(write_b).unwrap_err();
        assert!(error.to_string().contains("not"));
        let (read_a, write_b) = (error.0, error.1);
        let mut a = read_a.reunite(write_a).expect("both are of a");
        assert_eq!(a.peer_addr()?, peer);

        // Forgetting the half leaves the direction open, dropping it does not.
        write_b.forget();
        assert!(
            timeout(Duration::from_millis(30), a.read(&mut [0; 1]))
                .await
                .is_err()
        );
        drop(read_b);
        assert_eq!(a.read(&mut [0; 1]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_dropped_writing_half_ends_the_stream() {
    on_every_runtime(|| async {
        let (a, mut b) = tcp_pair().await?;
        let (mut reader, writer) = a.into_split();
        drop(writer);
        assert_eq!(b.read(&mut [0; 1]).await?, 0);
        b.write_all(b"still open").await?;
        drop(b);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await?;
        assert_eq!(rest, "still open");
        Ok(())
    });
}

#[test]
fn nothing_received_is_lost_to_std() {
    on_every_runtime(|| async {
        let (mut client, mut server) = tcp_pair().await?;
        client.write_all(b"first second").await?;
        let mut first = [0; 6];
        server.read_exact(&mut first).await?;
        let mut server = server.into_std()?;
        server.set_nonblocking(false)?;
        let mut second = [0; 6];
        server.read_exact(&mut second)?;
        assert_eq!(&second, b"second");
        // It can come back, to the same runtime.
        server.set_nonblocking(true)?;
        let mut server = TcpStream::from_std(server)?;
        client.write_all(b"third").await?;
        let mut third = [0; 5];
        server.read_exact(&mut third).await?;
        assert_eq!(&third, b"third");
        Ok(())
    });
}

#[test]
fn a_thousand_connections_echo() {
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await?;
                spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    zokio::io::copy(&mut reader, &mut writer).await
                });
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        });
        let clients: Vec<_> = (0..1000u32)
            .map(|i| {
                spawn(async move {
                    let mut stream = TcpStream::connect(address).await?;
                    for round in 0..5 {
                        stream.write_u32(i + round).await?;
                        assert_eq!(stream.read_u32().await?, i + round);
                    }
                    stream.shutdown().await?;
                    assert_eq!(stream.read(&mut [0; 1]).await?, 0);
                    io::Result::Ok(())
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap()?;
        }
        server.abort();
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn acknowledgments_may_be_sent_at_once() {
    on_every_runtime(|| async {
        let (client, _server) = tcp_pair().await?;
        client.set_quickack(true)?;
        assert!(client.quickack()?);
        Ok(())
    });
}

#[test]
fn options_are_kept() {
    on_every_runtime(|| async {
        let (client, _server) = tcp_pair().await?;
        client.set_nodelay(true)?;
        assert!(client.nodelay()?);
        client.set_ttl(77)?;
        assert_eq!(client.ttl()?, 77);
        assert_eq!(client.linger()?, None);
        client.set_zero_linger()?;
        assert_eq!(client.linger()?, Some(Duration::ZERO));
        Ok(())
    });
}

#[test]
fn a_name_is_resolved() {
    on_every_runtime(|| async {
        let listener = TcpListener::bind("localhost:0").await?;
        let port = listener.local_addr()?.port();
        let address = format!("localhost:{port}");
        let (accepted, connected) =
            futures::join!(listener.accept(), TcpStream::connect(address.as_str()));
        assert_eq!(accepted?.1, connected?.local_addr()?);
        let found: Vec<_> = zokio::net::lookup_host((String::from("localhost"), 7))
            .await?
            .collect();
        assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 7));
        assert!(!found.is_empty());
        let error = zokio::net::lookup_host("localhost").await.map(drop);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
fn sockets_outlive_their_runtime() {
    let runtime = current_thread();
    let (mut client, mut server) = runtime.block_on(tcp_pair()).unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    assert_eq!(client.try_write(b"hello").unwrap(), 5);
    drop(runtime);

    let other = current_thread();
    other.block_on(async {
        // What needs no wait still works, what waits fails at once.
        let mut buf = [0; 8];
        socket2::SockRef::from(&server)
            .set_read_timeout(Some(LONG))
            .unwrap();
        assert_eq!(server.try_read(&mut buf).unwrap(), 5);
        for error in [
            server.read(&mut buf).await.unwrap_err(),
            server.readable().await.unwrap_err(),
            client.write(b"x").await.unwrap_err(),
            listener.accept().await.map(drop).unwrap_err(),
        ] {
            assert!(zokio::runtime::is_rt_shutdown_err(&error), "{error:?}");
        }
    });
    drop((client, server, listener));
}

//! `Adapter` of `zokio::completion`: the I/O traits over its streams, with and without a ring.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use zokio::completion::net::{ByteStream, TcpStream};
use zokio::completion::{Adapter, BufferRing};
use zokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use zokio::sync::Semaphore;
use zokio::task::yield_now;
use zokio::time::timeout;

use self::owned::{pattern, poll_once, random};
use self::support::{everywhere, on_every_runtime, tcp_pair, unix_pair, until};

const MESSAGES: u32 = 20_000;

/// As many messages are on their way at a time. Then the receiver has to wait, and gets a chance to
/// give up.
const AT_A_TIME: u32 = 10;

/// Reads once, by one of several methods and with an end that is near. Returns what was read.
async fn impatient<T>(far: &mut Adapter<T>, state: &mut u64) -> Option<Vec<u8>>
where
    T: ByteStream + Unpin,
{
    let after = Duration::from_micros(random(state, 100));
    // Smaller than a buffer of the ring, and larger.
    let len = 1 + random(state, 5) as usize;
    match random(state, 5) {
        0 => {
            let bytes = timeout(after, far.fill_buf()).await.ok()?.unwrap();
            // Some of it.
            let count = 1 + random(state, bytes.len() as u64) as usize;
            let bytes = bytes[..count].to_vec();
            far.consume(count);
            Some(bytes)
        }
        1 => {
            assert!(timeout(after, far.fill_buf()).await.ok()?.is_ok());
            None
        }
        2 => {
            let mut buf = vec![0; len];
            let Poll::Ready(count) = poll_once(&mut Box::pin(far.read(&mut buf))).await else {
                yield_now().await;
                return None;
            };
            buf.truncate(count.unwrap());
            Some(buf)
        }
        3 => {
            let mut buf = Vec::with_capacity(len);
            timeout(after, far.read_buf(&mut buf)).await.ok()?.unwrap();
            Some(buf)
        }
        _ => {
            let mut buf = vec![0; len];
            let count = timeout(after, far.read(&mut buf)).await.ok()?.unwrap();
            buf.truncate(count);
            Some(buf)
        }
    }
}

/// Messages of one byte arrive, and most reads are dropped.
async fn every_byte<T>(near: T, mut far: Adapter<T>, again: impl Fn(T) -> Adapter<T>)
where
    T: ByteStream + Unpin + Send + 'static,
{
    let window = Arc::new(Semaphore::new(AT_A_TIME as usize));
    let permits = window.clone();
    let mut near = Adapter::new(near);
    let writing = zokio::spawn(async move {
        for number in 0..MESSAGES {
            permits.acquire().await.unwrap().forget();
            near.write_all(&[number as u8]).await?;
            if number % 3 > 0 {
                yield_now().await;
            }
        }
        io::Result::Ok(near)
    });
    let (mut count, mut given_up, mut state) = (0, 0, 4242);
    while count < MESSAGES {
        let mut received = impatient(&mut far, &mut state).await;
        if random(&mut state, 100) == 0 {
            let (stream, rest) = far.into_inner();
            if let Some(rest) = rest {
                received.get_or_insert_default().extend_from_slice(&rest);
            }
            far = again(stream);
        }
        let Some(received) = received else {
            given_up += 1;
            continue;
        };
        for byte in received {
            assert_eq!(byte, count as u8, "at {count}");
            count += 1;
            if count % AT_A_TIME == 0 {
                window.add_permits(AT_A_TIME as usize);
            }
        }
    }
    assert!(given_up > 100, "{given_up}");
    assert!(far.buffer().is_empty());
    writing.await.unwrap().unwrap();
}

#[test]
fn reads_that_are_dropped_lose_no_byte() {
    on_every_runtime(|| async {
        let (near, far) = tcp_pair().await?;
        near.set_nodelay(true)?;
        every_byte(near, Adapter::new(far), Adapter::new).await;
        let ring = BufferRing::new(1, 4);
        let again = |stream| Adapter::with_ring(stream, &ring);
        let (near, far) = tcp_pair().await?;
        near.set_nodelay(true)?;
        every_byte(near, again(far), again).await;
        let again = |stream| Adapter::with_ring(stream, &ring);
        let (near, far) = unix_pair().await?;
        every_byte(near, again(far), again).await;
        assert_eq!(ring.available(), 1);
        Ok(())
    });
}

#[test]
fn bulk_data_goes_both_ways() {
    everywhere(|| async {
        const LEN: usize = 3 << 20;
        let ring = BufferRing::new(4, 16 << 10);
        let (client, proxied) = tcp_pair().await?;
        let (proxying, server) = unix_pair().await?;
        // A proxy in the middle.
        let proxy = zokio::spawn({
            let ring = ring.clone();
            async move {
                let mut one = Adapter::with_ring(proxied, &ring);
                let mut other = Adapter::new(proxying);
                copy_bidirectional(&mut one, &mut other).await
            }
        });
        let sent = pattern(LEN);
        let answering = zokio::spawn(async move {
            let mut server = Adapter::from(server);
            let mut all = Vec::new();
            server.read_to_end(&mut all).await?;
            server.write_all(&all).await?;
            server.shutdown().await?;
            io::Result::Ok(server)
        });
        let (mut reader, mut writer) = zokio::io::split(Adapter::with_ring(client, &ring));
        let text = sent.clone();
        let writing = zokio::spawn(async move {
            writer.write_all(&text).await?;
            writer.shutdown().await
        });
        let mut back = Vec::new();
        reader.read_to_end(&mut back).await?;
        assert!(back == sent);
        writing.await.unwrap()?;
        assert_eq!(proxy.await.unwrap()?, (LEN as u64, LEN as u64));
        answering.await.unwrap()?;
        assert_eq!(ring.available(), 4);
        Ok(())
    });
}

#[test]
fn several_buffers_are_written_at_once() {
    everywhere(|| async {
        let (near, far) = unix_pair().await?;
        let (mut near, mut far) = (Adapter::new(near), Adapter::new(far));
        assert!(near.is_write_vectored());
        // More than one call takes, and some are empty.
        let parts: Vec<_> = (0..3000_u32)
            .map(|n| vec![n as u8; n as usize % 3])
            .collect();
        let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let count = near.write_vectored(&slices).await?;
        assert_eq!(count, parts[..1024].concat().len());
        let mut received = vec![0; count];
        far.read_exact(&mut received).await?;
        assert!(received == parts[..1024].concat());
        assert_eq!(near.write_vectored(&[]).await?, 0);
        assert_eq!(near.write(&[]).await?, 0);
        Ok(())
    });
}

/// A write that waits is dropped: nothing of it was written.
#[test]
fn a_write_reports_what_the_kernel_has() {
    everywhere(|| async {
        let (near, far) = unix_pair().await?;
        let (mut near, mut far) = (Adapter::new(near), Adapter::new(far));
        let mut written = Vec::new();
        let mut byte = 0;
        for _ in 0..3 {
            // Until it is full.
            loop {
                byte = (byte + 1) % 251;
                let block = [byte; 5000];
                match poll_once(&mut Box::pin(near.write(&block))).await {
                    Poll::Ready(count) => written.extend(&block[..count?]),
                    Poll::Pending => break,
                }
            }
            let mut block = vec![0; written.len()];
            far.read_exact(&mut block).await?;
            assert!(block == written);
            written.clear();
            // The room is reported.
            let mut count = 0;
            while count == 0 {
                count = near.write(&[250]).await?;
            }
            written.push(250);
        }
        Ok(())
    });
}

#[test]
fn an_idle_adapter_holds_no_buffer_and_a_dry_ring_delays_no_read() {
    on_every_runtime(|| async {
        let ring = BufferRing::new(1, 100);
        let (near, far) = tcp_pair().await?;
        let (other, others) = unix_pair().await?;
        let mut far = Adapter::with_ring(far, &ring);
        let mut others = Adapter::with_ring(others, &ring);
        assert!(poll_once(&mut Box::pin(far.fill_buf())).await.is_pending());
        assert!(
            poll_once(&mut Box::pin(others.fill_buf()))
                .await
                .is_pending()
        );
        assert_eq!(ring.available(), 1);
        near.write_all("kept").await.0?;
        assert_eq!(far.fill_buf().await?, b"kept");
        assert_eq!(ring.available(), 0);

        other.write_all("0123").await.0?;
        assert_eq!(others.read_u8().await?, b'0');
        assert!(
            timeout(Duration::from_millis(5), others.fill_buf())
                .await
                .is_err()
        );
        assert_eq!(others.read_u8().await?, b'1');
        assert_eq!(others.buffer(), b"");
        // The buffer goes back when all is consumed, and not before.
        far.consume(3);
        assert!(
            poll_once(&mut Box::pin(others.fill_buf()))
                .await
                .is_pending()
        );
        far.consume(1);
        assert_eq!(others.fill_buf().await?, b"23");
        // What is dropped returns it, too.
        drop(others);
        assert_eq!(ring.available(), 1);
        assert_eq!(
            format!("{far:?}").matches("received: 0").count(),
            1,
            "{far:?}"
        );
        Ok(())
    });
}

#[test]
fn the_end_and_errors_are_reported() {
    everywhere(|| async {
        let ring = BufferRing::new(1, 100);
        let adapters = [
            |stream, _: &_| Adapter::<TcpStream>::new(stream),
            |stream, ring: &_| Adapter::<TcpStream>::with_ring(stream, ring),
        ];
        for adapter in adapters {
            // The end, again and again.
            let (near, far) = tcp_pair().await?;
            near.write_all("x").await.0?;
            drop(near);
            let mut far = adapter(far, &ring);
            let mut all = Vec::new();
            far.read_to_end(&mut all).await?;
            assert_eq!(all, b"x");
            assert_eq!(far.fill_buf().await?, b"");
            assert_eq!(far.read(&mut [0; 1]).await?, 0);
            assert_eq!(far.read(&mut [0; 1000]).await?, 0);

            // An error, once.
            let (near, far) = tcp_pair().await?;
            far.write_all("unread").await.0?;
            near.peek(vec![0]).await.0?;
            drop(near);
            let mut far = adapter(far, &ring);
            let error = far.fill_buf().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_eq!(far.fill_buf().await?, b"");
            let error = loop {
                // A reset makes the first write fail.
                match far.write_all(b"x").await {
                    Ok(()) => yield_now().await,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
        assert_eq!(ring.available(), 1);
        Ok(())
    });
}

#[test]
#[should_panic = "cannot consume what is not there"]
fn what_is_not_there_cannot_be_consumed() {
    let runtime = zokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (_near, far) = unix_pair().await.unwrap();
        Adapter::new(far).consume(1);
    });
}

/// Dropping the adapter is dropping the stream, also while a read of it waits.
#[test]
fn a_dropped_adapter_closes_at_once() {
    everywhere(|| async {
        let ring = BufferRing::new(1, 100);
        let (near, far) = tcp_pair().await?;
        let mut far = Adapter::with_ring(far, &ring);
        assert!(poll_once(&mut Box::pin(far.fill_buf())).await.is_pending());
        drop(far);
        assert_eq!(near.read(vec![0; 1]).await.0?, 0);

        // Nothing is left of the adapter in the stream that it returns.
        let (near, far) = tcp_pair().await?;
        let mut far = Adapter::with_ring(far, &ring);
        assert!(poll_once(&mut Box::pin(far.fill_buf())).await.is_pending());
        let (far, rest) = far.into_inner();
        assert!(rest.is_none());
        let far = std::net::TcpStream::try_from(far).expect("no operation is left");
        drop(far);
        assert_eq!(near.read(vec![0; 1]).await.0?, 0);

        // Its shutdown ends one direction.
        let (near, far) = tcp_pair().await?;
        let mut far = Adapter::new(far);
        far.shutdown().await?;
        assert_eq!(near.read(vec![0; 1]).await.0?, 0);
        near.write_all("still").await.0?;
        far.read_exact(&mut [0; 5]).await?;
        until(|| true).await;
        Ok(())
    });
}

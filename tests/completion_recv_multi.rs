//! `recv_multi` of `zokio::completion`: every byte once and in order, whatever is dropped, and a ring
//! that has no buffer left.

#[path = "support/next.rs"]
mod next;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FusedStream;
use zokio::completion::net::{ByteStream, OwnedReadHalf, TcpStream};
use zokio::completion::{BufferRing, Operation};
use zokio::runtime::Builder;
use zokio::sync::Semaphore;
use zokio::task::{JoinSet, yield_now};

use self::next::impatient;
use self::owned::{pattern, poll_once, random};
use self::support::{everywhere, is_cancelled, is_limit, on_every_runtime, runtimes, tcp_pair};
use self::support::{unix_pair, within_the_limit};

const MESSAGES: u32 = 20_000;

/// As many messages are on their way at a time. Then the receiver has to wait, and gets a chance to
/// give up.
const AT_A_TIME: u32 = 10;

/// Receives messages of one byte, by streams that are dropped again and again, and by reads.
async fn every_byte<S, F>(write: impl FnOnce(Arc<Semaphore>) -> F, far: OwnedReadHalf<S>)
where
    S: ByteStream,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let window = Arc::new(Semaphore::new(AT_A_TIME as usize));
    let writing = zokio::spawn(write(window.clone()));
    let ring = BufferRing::new(4, 3);
    let (mut count, mut given_up, mut state) = (0, 0, 77);
    let mut streams = [far.recv_multi(&ring), far.recv_multi(&ring)];
    while count < MESSAGES {
        let which = random(&mut state, 2) as usize;
        let received = match random(&mut state, 8) {
            0 => {
                streams[which] = far.recv_multi(&ring);
                continue;
            }
            1 => {
                let read = far.read(vec![0; 2]);
                let Ok((read, mut bytes)) = zokio::time::timeout(Duration::ZERO, read).await else {
                    given_up += 1;
                    continue;
                };
                bytes.truncate(read.unwrap());
                Some(Bytes::from(bytes))
            }
            2 => match poll_once(&mut StreamExt::next(&mut streams[which])).await {
                Poll::Ready(bytes) => Some(Bytes::from(bytes.unwrap().unwrap())),
                Poll::Pending => None,
            },
            3 => impatient(streams[which].next(), &mut state)
                .await
                .map(|mut bytes| bytes.copy_to_bytes(bytes.len())),
            _ => impatient(streams[which].next(), &mut state)
                .await
                .map(Bytes::from),
        };
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
    writing.await.unwrap().unwrap();
    assert_eq!(ring.available(), 4);
}

#[test]
fn streams_that_are_dropped_lose_no_byte() {
    on_every_runtime(|| async {
        async fn write_all<O>(
            write: impl Fn(Vec<u8>) -> O,
            window: Arc<Semaphore>,
        ) -> io::Result<()>
        where
            O: Future<Output = (io::Result<()>, Vec<u8>)>,
        {
            for number in 0..MESSAGES {
                window.acquire().await.unwrap().forget();
                write(vec![number as u8]).await.0?;
                if number % 3 > 0 {
                    yield_now().await;
                }
            }
            Ok(())
        }
        let (near, far) = tcp_pair().await?;
        near.set_nodelay(true)?;
        let write = |window| async move { write_all(|byte| near.write_all(byte), window).await };
        every_byte(write, far.into_split().0).await;
        let (near, far) = unix_pair().await?;
        let write = |window| async move { write_all(|byte| near.write_all(byte), window).await };
        every_byte(write, far.into_split().0).await;
        Ok(())
    });
}

#[test]
fn what_arrives_is_received_up_to_the_end() {
    everywhere(|| async {
        let sent = pattern(1 << 20);
        let (tcp, unix) = (tcp_pair().await?, unix_pair().await?);
        let ring = BufferRing::new(8, 10_000);
        let (near, far) = tcp;
        let text = sent.clone();
        zokio::spawn(async move { near.write_all(text).await.0.unwrap() });
        let mut received = far.recv_multi(&ring);
        let mut whole = Vec::new();
        while let Some(bytes) = received.next().await {
            let bytes = bytes?;
            assert!((1..=10_000).contains(&bytes.len()));
            whole.extend_from_slice(&bytes);
        }
        assert!(whole == sent && received.is_terminated());
        assert!(received.next().await.is_none());
        // An ended stream keeps nothing of the socket.
        std::net::TcpStream::try_from(far).unwrap();

        // By the combinators of `futures`, and by a half.
        let (near, far) = unix;
        let text = sent.clone();
        zokio::spawn(async move { near.write_all(text).await.0.unwrap() });
        let (reader, _writer) = far.into_split();
        let parts: Vec<_> = reader
            .recv_multi(&ring)
            .map(|bytes| bytes.unwrap().to_vec())
            .collect()
            .await;
        assert!(parts.concat() == sent);
        Ok(())
    });
}

#[test]
fn idle_connections_hold_no_buffer() {
    on_every_runtime(|| async {
        let ring = BufferRing::new(1, 100);
        let mut pairs = Vec::new();
        for _ in 0..100 {
            pairs.push(unix_pair().await?);
        }
        let mut streams: Vec<_> = pairs.iter().map(|(_, far)| far.recv_multi(&ring)).collect();
        for stream in &mut streams {
            assert!(poll_once(&mut StreamExt::next(stream)).await.is_pending());
        }
        assert_eq!(ring.available(), 1);
        for ((near, _), stream) in pairs.iter().zip(&mut streams) {
            near.write_all("x").await.0?;
            assert_eq!(stream.next().await.unwrap()?, b"x");
            // Woken by nothing: there is none for a stream that waits again.
            assert!(poll_once(&mut StreamExt::next(stream)).await.is_pending());
            assert_eq!(ring.available(), 1);
        }
        Ok(())
    });
}

/// The ring is always dry: 100 streams share two buffers, which are kept for a while.
#[test]
fn streams_wait_for_a_ring_that_is_dry() {
    on_every_runtime(|| async {
        const LEN: usize = 400;
        let ring = BufferRing::new(2, 16);
        let mut tasks = JoinSet::new();
        for number in 0..100_u8 {
            let (near, far) = unix_pair().await?;
            let ring = ring.clone();
            tasks.spawn(async move {
                near.write_all(vec![number; LEN]).await.0.unwrap();
                near
            });
            tasks.spawn(async move {
                let mut received = far.recv_multi(&ring);
                let mut count = 0;
                while count < LEN {
                    let bytes = received.next().await.unwrap().unwrap();
                    assert!(bytes.iter().all(|&byte| byte == number));
                    count += bytes.len();
                    yield_now().await;
                }
                drop(received);
                far
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert_eq!(ring.available(), 2);
        Ok(())
    });
}

/// The order is that of the waiting, and a stream that left the queue is passed over.
#[test]
fn the_ring_is_fair() {
    on_every_runtime(|| async {
        let ring = BufferRing::new(1, 16);
        let mut pairs = Vec::new();
        for _ in 0..4 {
            pairs.push(unix_pair().await?);
        }
        for (near, far) in &pairs {
            near.write_all("x").await.0?;
            // Each stream is to wait for a buffer, and not for the bytes.
            far.peek(vec![0]).await.0?;
        }
        let mut streams: Vec<_> = pairs.iter().map(|(_, far)| far.recv_multi(&ring)).collect();
        let kept = streams[0].next().await.unwrap()?;
        for stream in &mut streams[1..] {
            assert!(poll_once(&mut StreamExt::next(stream)).await.is_pending());
        }
        // It was the first in the queue, and leaves with a future.
        assert!(poll_once(&mut streams[1].next()).await.is_pending());
        drop(kept);
        for index in [1, 3] {
            let polled = poll_once(&mut StreamExt::next(&mut streams[index])).await;
            assert!(polled.is_pending(), "{index}");
        }
        let second = streams[2].next().await.unwrap()?;
        drop(second);
        let third = streams[3].next().await.unwrap()?;
        drop(third);
        assert_eq!(streams[1].next().await.unwrap()?, b"x");
        assert_eq!(ring.available(), 1);
        Ok(())
    });
}

#[test]
fn a_hoarder_starves_nobody() {
    everywhere(|| async {
        let ring = BufferRing::new(8, 4);
        let (near, far) = tcp_pair().await?;
        near.write_all(vec![1; 100]).await.0?;
        let mut hoarder = far.recv_multi(&ring);
        let mut hoard = vec![
            hoarder.next().await.unwrap()?,
            hoarder.next().await.unwrap()?,
        ];
        // A quarter.
        let more = hoarder.next().timeout(Duration::from_millis(20)).await;
        assert!(is_limit(&more.unwrap().unwrap_err()));
        assert_eq!(ring.available(), 6);

        let (other, others) = tcp_pair().await?;
        let mut received = others.recv_multi(&ring);
        for _ in 0..100 {
            other.write_all("abc").await.0?;
            let mut count = 0;
            while count < 3 {
                count += received.next().await.unwrap()?.len();
            }
        }
        // It is woken by the return of one of its own, from another thread.
        let mut next = Box::pin(hoarder.next());
        assert!(poll_once(&mut next).await.is_pending());
        let first = hoard.remove(0);
        let returning = std::thread::spawn(move || drop(first));
        hoard.push(next.await.unwrap()?);
        returning.join().unwrap();
        let mut hoarder = hoarder.with_limit(5);
        for _ in 0..5 {
            hoard.push(hoarder.next().await.unwrap()?);
        }
        assert!(poll_once(&mut hoarder.next()).await.is_pending());
        assert_eq!(ring.available(), 1);
        drop(hoard);
        assert_eq!(ring.available(), 8);
        Ok(())
    });
}

#[test]
#[should_panic = "a stream needs a buffer to receive into"]
fn a_limit_of_none_is_refused() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (_near, far) = unix_pair().await.unwrap();
        let _ = far.recv_multi(&BufferRing::new(1, 1)).with_limit(0);
    });
}

/// What waits for a buffer ends with its socket, although no buffer comes.
#[test]
fn a_stream_that_waits_for_a_buffer_ends_with_its_socket() {
    everywhere(|| async {
        let ring = BufferRing::new(1, 4);
        let (near, far) = tcp_pair().await?;
        near.write_all("12345678").await.0?;
        let mut received = far.recv_multi(&ring);
        let kept = received.next().await.unwrap()?;
        // One waits for its own share, and the other for the ring.
        let mut other = far.recv_multi(&ring);
        let own = zokio::spawn(async move { received.next().await.unwrap().unwrap_err() });
        let waiting = zokio::spawn(async move {
            let error = other.next().await.unwrap().unwrap_err();
            assert!(other.next().await.is_none());
            error
        });
        yield_now().await;
        drop(far);
        assert!(is_cancelled(&waiting.await.unwrap()));
        assert!(is_cancelled(&own.await.unwrap()));
        // The peer was told at once. What was not read resets the connection.
        let (count, _) = near.read(vec![0; 1]).await;
        assert!(count.is_err() || count.is_ok_and(|count| count == 0));
        assert_eq!(kept, b"1234");
        drop(kept);
        assert_eq!(ring.available(), 1);
        Ok(())
    });
}

/// A runtime that ends takes no buffer along.
#[test]
fn the_end_of_the_runtime_ends_every_wait() {
    for runtime in runtimes() {
        within_the_limit(|| {
            let ring = BufferRing::new(1, 4);
            let (mut idle, mut dry, kept, pairs) = runtime.block_on(async {
                let (one, two) = (tcp_pair().await.unwrap(), unix_pair().await.unwrap());
                two.0.write_all("12345678").await.0.unwrap();
                let mut idle = one.1.recv_multi(&ring);
                let mut dry = two.1.recv_multi(&ring).with_limit(2);
                let kept = dry.next().await.unwrap().unwrap();
                assert!(poll_once(&mut StreamExt::next(&mut dry)).await.is_pending());
                assert!(
                    poll_once(&mut StreamExt::next(&mut idle))
                        .await
                        .is_pending()
                );
                (idle, dry, kept, (one, two))
            });
            drop(runtime);
            for stream in [&mut idle, &mut dry] {
                let error = futures::executor::block_on(stream.next()).unwrap();
                assert_eq!(error.unwrap_err().kind(), io::ErrorKind::Other);
                assert!(futures::executor::block_on(stream.next()).is_none());
            }
            drop(pairs);
            assert_eq!(kept, b"1234");
            drop(kept);
            assert_eq!(ring.available(), 1);
        });
    }
}

#[test]
fn an_error_ends_the_stream() {
    everywhere(|| async {
        let ring = BufferRing::new(1, 4);
        let (near, far) = tcp_pair().await?;
        // What is not read resets the connection.
        far.write_all("unread").await.0?;
        near.peek(vec![0]).await.0?;
        drop(near);
        let mut received = far.recv_multi(&ring);
        let error = received.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(received.next().await.is_none());
        assert_eq!(ring.available(), 1);
        Ok(())
    });
}

/// Several tasks receive from one socket, and hold what they have on other threads.
#[test]
fn many_streams_of_one_socket() {
    on_every_runtime(|| async {
        const LEN: usize = 1 << 20;
        let ring = BufferRing::new(5, 1000);
        let (near, far) = tcp_pair().await?;
        let far = Arc::new(far);
        let writing = zokio::spawn(async move { near.write_all(vec![1; LEN]).await.0 });
        let reads = (0..4).map(|_| {
            let (far, ring): (Arc<TcpStream>, _) = (far.clone(), ring.clone());
            zokio::spawn(async move {
                let mut received = far.recv_multi(&ring);
                let mut sum = 0;
                while let Some(bytes) = received.next().await {
                    let bytes = Bytes::from(bytes.unwrap());
                    sum += bytes.iter().map(|&byte| usize::from(byte)).sum::<usize>();
                    if random(&mut (sum as u64 | 1), 10) == 0 {
                        zokio::task::spawn_blocking(move || drop(bytes))
                            .await
                            .unwrap();
                    }
                }
                sum
            })
        });
        let sums = join_all(reads).await;
        assert_eq!(sums.into_iter().map(Result::unwrap).sum::<usize>(), LEN);
        writing.await.unwrap()?;
        assert_eq!(ring.available(), 5);
        Ok(())
    });
}

/// A receive takes a unit of the budget, so that a task that always finds bytes lets others run.
#[test]
fn a_stream_that_is_always_ready_lets_others_run() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    within_the_limit(|| {
        runtime.block_on(async {
            let (near, far) = unix_pair().await.unwrap();
            near.write_all(vec![1; 10_000]).await.0.unwrap();
            let ring = BufferRing::new(1, 1);
            let mut received = far.recv_multi(&ring);
            // From here on it is known that there is something.
            received.next().await.unwrap().unwrap();
            yield_now().await;
            let mut count = 0;
            std::future::poll_fn(|cx| {
                while received.poll_next_unpin(cx).is_ready() {
                    count += 1;
                }
                Poll::Ready(())
            })
            .await;
            assert!((1..1000).contains(&count), "{count}");
        });
    });
}

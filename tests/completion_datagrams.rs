//! Many datagrams at a time on the UDP sockets of `zokio::completion`: received into a ring, sent in
//! batches, joined and taken apart by the kernel.

#[path = "support/next.rs"]
mod next;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::io::{self, ErrorKind};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::FusedStream;
use zokio::completion::BufferRing;
use zokio::completion::net::{RecvDatagrams, UdpSocket};
use zokio::sync::Semaphore;
use zokio::task::yield_now;

use self::next::impatient;
use self::owned::{poll_once, random};
use self::support::{everywhere, is_cancelled, on_every_runtime, udp_pair};

const MESSAGES: u32 = 20_000;

/// As many messages are on their way at a time, so that the kernel drops none.
const AT_A_TIME: u32 = 10;

/// Datagrams are numbered.
#[test]
fn streams_that_are_dropped_lose_no_datagram() {
    on_every_runtime(|| async {
        for joined in [false, true] {
            let (near, far) = udp_pair().await?;
            far.set_gro(joined)?;
            let window = Arc::new(Semaphore::new(AT_A_TIME as usize));
            let permits = window.clone();
            let sending = zokio::spawn(async move {
                let mut number = 0;
                while number < MESSAGES {
                    let count = (1 + number % 3).min(MESSAGES - number);
                    permits.acquire_many(count).await.unwrap().forget();
                    let batch = (number..number + count).map(|n| n.to_le_bytes().to_vec());
                    let (sent, _) = near.send_batch(batch.collect()).await;
                    assert_eq!(sent?, count as usize);
                    number += count;
                    if number % 3 > 0 {
                        yield_now().await;
                    }
                }
                Ok::<_, io::Error>(number)
            });
            let ring = BufferRing::new(3, 1000);
            let (mut received, mut given_up, mut state) = (0_u32, 0, 5);
            let sender = far.peer_addr()?;
            let mut stream = far.recv_multi(&ring);
            while received < MESSAGES {
                if random(&mut state, 8) == 0 {
                    stream = far.recv_multi(&ring);
                }
                let Some(datagrams) = impatient(stream.next(), &mut state).await else {
                    given_up += 1;
                    continue;
                };
                assert_eq!(datagrams.sender(), sender);
                assert!(!datagrams.is_truncated());
                for datagram in datagrams.iter() {
                    assert_eq!(datagram, received.to_le_bytes(), "at {received}");
                    received += 1;
                    window.add_permits(1);
                }
            }
            assert!(given_up > 100, "{given_up}");
            assert_eq!(sending.await.unwrap()?, received);
            assert_eq!(ring.available(), 3);
        }
        Ok(())
    });
}

/// The lengths of what arrives, up to a datagram of one byte.
async fn lengths(stream: &mut RecvDatagrams) -> io::Result<Vec<usize>> {
    let mut lengths = Vec::new();
    loop {
        let datagrams = stream.next().await.unwrap()?;
        for datagram in datagrams.iter() {
            if datagram.len() == 1 {
                return Ok(lengths);
            }
            assert!(
                datagram
                    .iter()
                    .all(|&byte| usize::from(byte) == lengths.len() % 256)
            );
            lengths.push(datagram.len());
        }
    }
}

#[test]
fn a_batch_arrives_in_order() {
    everywhere(|| async {
        for joined in [false, true] {
            let receiver = UdpSocket::bind("127.0.0.1:0").await?;
            let other = UdpSocket::bind("[::1]:0").await?;
            let sender = UdpSocket::bind("127.0.0.1:0").await?;
            for socket in [&receiver, &other] {
                socket.set_gro(joined)?;
            }
            let target = receiver.local_addr()?;
            let ring = BufferRing::new(2, 64 << 10);
            let mut stream = receiver.recv_multi(&ring).with_limit(2);
            let sizes: [&[usize]; 6] = [
                &[100; 5],
                &[100, 100, 40, 100, 200, 200],
                &[0, 0, 5, 0, 5, 5],
                // More than one message, and more than one call.
                &[20; 150],
                &[30_000, 30_000, 20_000],
                &[],
            ];
            for sizes in sizes {
                let datagrams = sizes.iter().enumerate();
                let datagrams: Vec<_> = datagrams
                    .map(|(number, &size)| (Bytes::from(vec![number as u8; size]), target))
                    .collect();
                let (sent, back) = sender.send_batch_to(datagrams.clone()).await;
                assert_eq!((sent?, back), (sizes.len(), datagrams));
                sender.send_to("x", target).await.0?;
                assert_eq!(lengths(&mut stream).await?, sizes);
            }
            drop(stream);

            // IPv6, connected.
            let sender = UdpSocket::bind("[::1]:0").await?;
            sender.connect(other.local_addr()?).await?;
            let datagrams: Vec<_> = (0..100).map(|number| vec![number; 1000]).collect();
            let (sent, back) = sender.send_batch(datagrams.clone()).await;
            assert_eq!((sent?, back), (100, datagrams));
            sender.send("x").await.0?;
            assert_eq!(lengths(&mut other.recv_multi(&ring)).await?, [1000; 100]);
            assert_eq!(ring.available(), 2);
        }
        Ok(())
    });
}

/// What the kernel sends together is joined again, where that is on.
#[test]
fn datagrams_are_joined_and_taken_apart() {
    everywhere(|| async {
        let (near, far) = udp_pair().await?;
        far.set_gro(true)?;
        let ring = BufferRing::new(2, 64 << 10);
        let mut stream = far.recv_multi(&ring);
        let mut datagrams = vec![vec![1; 1000]; 40];
        datagrams.push(vec![2; 10]);
        near.send_batch(datagrams.clone()).await.0?;
        let received = stream.next().await.unwrap()?;
        assert_eq!(received.segment_size(), 1000);
        assert!(received.iter().eq(datagrams.iter()));
        assert_eq!(received.into_inner().len(), 40_010);

        // One that is cut off shows it, and still shows its parts.
        let small = BufferRing::new(1, 2500);
        near.send_batch(datagrams.clone()).await.0?;
        let cut = far.recv_multi(&small).next().await.unwrap()?;
        assert!(cut.is_truncated());
        assert!(cut.iter().map(<[u8]>::len).eq([1000, 1000, 500]));
        far.set_gro(false)?;
        near.send_batch(datagrams.clone()).await.0?;
        for datagram in &datagrams {
            let received = stream.next().await.unwrap()?;
            assert!(received.iter().eq([datagram]));
            assert!(!received.is_truncated());
        }
        Ok(())
    });
}

#[test]
fn a_batch_reports_how_far_it_came() {
    everywhere(|| async {
        let (near, far) = udp_pair().await?;
        let too_long = vec![1; 70_000];
        let datagrams = vec![vec![0; 10], vec![0; 10], too_long, vec![0; 10]];
        let (sent, mut datagrams) = near.send_batch(datagrams).await;
        assert_eq!(sent?, 2);
        datagrams.drain(..2);
        let (sent, datagrams) = near.send_batch(datagrams).await;
        assert_eq!(sent.unwrap_err().raw_os_error(), Some(libc::EMSGSIZE));
        assert_eq!(datagrams.len(), 2);
        let ring = BufferRing::new(1, 100);
        let mut stream = far.recv_multi(&ring);
        for _ in 0..2 {
            assert_eq!(stream.next().await.unwrap()?.segment_size(), 10);
        }
        assert!(poll_once(&mut stream.next()).await.is_pending());
        // A batch ends with its socket, and returns what it was to send.
        let sending = near.send_batch(vec![vec![0; 10]]);
        drop(near);
        let (sent, datagrams) = sending.await;
        assert!(is_cancelled(&sent.unwrap_err()) && datagrams == [[0; 10]]);
        Ok(())
    });
}

/// Errors of a datagram socket pass, and its end does not.
#[test]
fn a_stream_continues_after_an_error() {
    everywhere(|| async {
        let (near, far) = udp_pair().await?;
        let (address, ring) = (near.local_addr()?, BufferRing::new(1, 100));
        let mut stream = far.recv_multi(&ring);
        drop(near);
        far.send("refused").await.0?;
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let near = UdpSocket::bind(address).await?;
        near.send_to("hello", far.local_addr()?).await.0?;
        let received = stream.next().await.unwrap()?;
        assert!(received.iter().eq([b"hello"]));
        assert_eq!(received.sender(), address);

        let waiting = zokio::spawn(async move {
            // It waits for the buffer.
            let error = stream.next().await.unwrap().unwrap_err();
            assert!(stream.is_terminated() && stream.next().await.is_none());
            error
        });
        near.send_to("again", far.local_addr()?).await.0?;
        yield_now().await;
        drop(far);
        assert!(is_cancelled(&waiting.await.unwrap()));
        drop(received);
        assert_eq!(ring.available(), 1);
        Ok(())
    });
}

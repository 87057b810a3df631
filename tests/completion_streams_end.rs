//! Streams, rings and adapters of `zokio::completion` that are dropped at any point leave nothing
//! behind. One test, because it counts the descriptors of the whole process.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::io;
use std::task::Poll;

use zokio::completion::net::{TcpListener, TcpStream};
use zokio::completion::{Adapter, BufferRing, ReceivedBuf};
use zokio::io::{AsyncBufReadExt, AsyncReadExt};
use zokio::task::yield_now;

use self::owned::{poll_once, random};
use self::support::{is_cancelled, runtimes, tcp_pair, udp_pair, unix_pair, within_the_limit};

fn open_fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The end of the stream, or a reset where something was not read: at once in either case.
async fn is_closed(stream: &TcpStream) {
    let (count, _) = stream.read(vec![0; 100]).await;
    match count {
        Ok(count) => assert_eq!(count, 0),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
}

/// One connection with a stream that has got as far as `state` says, and then loses its parts in some
/// order.
async fn end_somewhere(state: &mut u64, kept: &mut Vec<ReceivedBuf>) -> io::Result<()> {
    let (near, far) = tcp_pair().await?;
    let ring = BufferRing::new(1 + random(state, 2) as usize, 4);
    if random(state, 2) == 0 {
        near.write_all("12345678").await.0?;
    }
    let mut stream = far.recv_multi(&ring).with_limit(2);
    let mut held = Vec::new();
    for _ in 0..random(state, 4) {
        // It has something, waits for the socket, or waits for a buffer.
        if let Poll::Ready(Some(bytes)) = poll_once(&mut stream.next()).await {
            held.push(bytes?);
        }
        yield_now().await;
    }
    let mut next = Box::pin(async move {
        let next = stream.next().await;
        (stream, next)
    });
    let done = poll_once(&mut next).await.is_ready();
    match random(state, 4) {
        0 => drop(ring),
        1 => drop(held),
        2 => kept.append(&mut held),
        _ => std::thread::spawn(move || drop(held)).join().unwrap(),
    }
    if random(state, 2) == 0 {
        drop(far);
        is_closed(&near).await;
        if !done {
            // It is woken, and ends.
            let (_, ended) = next.await;
            assert!(is_cancelled(&ended.unwrap().unwrap_err()));
        }
    } else {
        drop(next);
        drop(far);
        is_closed(&near).await;
    }
    Ok(())
}

async fn use_everything(state: &mut u64) -> io::Result<Vec<ReceivedBuf>> {
    let mut kept = Vec::new();
    for _ in 0..30 {
        end_somewhere(state, &mut kept).await?;
    }

    let ring = BufferRing::new(2, 16);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut incoming = listener.incoming();
    assert!(poll_once(&mut incoming.next()).await.is_pending());
    let waiting = TcpStream::connect(listener.local_addr()?).await?;
    drop(listener);
    assert!(incoming.next().await.unwrap().is_err());
    is_closed(&waiting).await;

    let (near, far) = udp_pair().await?;
    near.send_batch(vec![[1; 10].to_vec(); 3]).await.0?;
    let mut datagrams = far.recv_multi(&ring);
    kept.push(datagrams.next().await.unwrap()?.into_inner());
    drop(far);
    assert!(datagrams.next().await.unwrap().is_err());

    let (near, far) = tcp_pair().await?;
    let mut far = Adapter::with_ring(far, &ring);
    assert!(poll_once(&mut Box::pin(far.fill_buf())).await.is_pending());
    near.write_all("two").await.0?;
    assert_eq!(far.read_u8().await?, b't');
    drop(far);
    is_closed(&near).await;
    assert_eq!(ring.available(), 1);

    // Left pending, for the end of the runtime.
    let (near, far) = unix_pair().await?;
    zokio::spawn(async move {
        let mut stream = far.recv_multi(&ring);
        let _near = near;
        stream.next().await.map(drop)
    });
    yield_now().await;
    Ok(kept)
}

#[test]
fn nothing_is_left() {
    let mut state = 31;
    let mut round = || {
        for runtime in runtimes() {
            let kept = within_the_limit(|| runtime.block_on(use_everything(&mut state)).unwrap());
            drop(runtime);
            // What was received outlives all that it came from.
            assert!(kept.iter().all(|bytes| !bytes.is_empty()));
        }
    };
    // What is made once.
    round();
    let before = open_fds();
    round();
    assert_eq!(open_fds(), before);
}

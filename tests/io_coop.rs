//! Streams that are always ready leave room for other tasks: their operations spend the budget.

use std::future::poll_fn;
use std::io::{IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::Poll;

use zokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, ReadBuf, SimplexStream,
    copy, copy_bidirectional, copy_buf, duplex, empty, join, repeat, sink,
};
use zokio::runtime::Builder;

/// Runs `body` without end beside a task that yields once; that one has to get its turn.
fn yields<F: Future<Output = ()>>(body: impl Fn() -> F) {
    Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(async {
            zokio::select! {
                biased;
                () = async { loop { body().await } } => {}
                () = zokio::task::yield_now() => {}
            }
        });
}

#[test]
fn empty_spends_the_budget() {
    yields(|| async { assert_eq!(empty().read(&mut [0; 8]).await.unwrap(), 0) });
    yields(|| async { assert_eq!(empty().read_line(&mut String::new()).await.unwrap(), 0) });
    yields(|| async { assert_eq!(empty().write(b"abc").await.unwrap(), 3) });
    yields(|| async { empty().flush().await.unwrap() });
    yields(|| async { empty().shutdown().await.unwrap() });
    yields(|| async { assert_eq!(empty().seek(SeekFrom::Start(1)).await.unwrap(), 0) });
}

#[test]
fn repeat_and_sink_spend_the_budget() {
    let parts = [IoSlice::new(b"ab"), IoSlice::new(b"c")];
    yields(|| async { assert_eq!(repeat(1).read(&mut [0; 8]).await.unwrap(), 8) });
    yields(|| async { assert_eq!(sink().write(b"abc").await.unwrap(), 3) });
    yields(|| async { assert_eq!(sink().write_vectored(&parts).await.unwrap(), 3) });
    yields(|| async { sink().flush().await.unwrap() });
    yields(|| async { sink().shutdown().await.unwrap() });
}

#[test]
fn pipes_in_memory_spend_the_budget() {
    yields(|| async {
        let (mut near, mut far) = duplex(64);
        for _ in 0..100 {
            near.write_all(b"abc").await.unwrap();
            far.read_exact(&mut [0; 3]).await.unwrap();
        }
    });
    yields(|| async {
        let mut pipe = SimplexStream::new_unsplit(64);
        for _ in 0..100 {
            pipe.write_all(b"abc").await.unwrap();
            pipe.read_exact(&mut [0; 3]).await.unwrap();
        }
    });
}

#[test]
fn copies_spend_the_budget() {
    yields(|| async {
        copy(&mut &b"hello"[..], &mut Vec::new()).await.unwrap();
    });
    yields(|| async {
        copy_buf(&mut &b"hello"[..], &mut Vec::new()).await.unwrap();
    });
    yields(|| async {
        let mut a = join(&b"there"[..], Vec::new());
        let mut b = join(&b"back"[..], Vec::new());
        copy_bidirectional(&mut a, &mut b).await.unwrap();
    });
    // Endless streams, which a copy never gets to the end of.
    yields(|| async {
        copy(&mut repeat(1), &mut sink()).await.unwrap();
    });
}

#[test]
fn an_operation_that_waits_costs_nothing() {
    Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(async {
            let (mut near, mut far) = duplex(64);
            let polled = poll_fn(|cx| {
                let mut space = [0; 8];
                let mut buf = ReadBuf::new(&mut space);
                for _ in 0..1000 {
                    assert!(Pin::new(&mut far).poll_read(cx, &mut buf).is_pending());
                }
                Poll::Ready(zokio::task::coop::has_budget_remaining())
            });
            assert!(polled.await);
            near.write_all(b"x").await.unwrap();
            assert_eq!(far.read_u8().await.unwrap(), b'x');
        });
}

//! Transfers of `zokio::completion` that are limited, cancelled, dropped, or in flight when their
//! runtime ends: what was moved is known, and no byte is lost without a word.

#![allow(
    clippy::duplicate_mod,
    reason = "what the tests share has parts in common"
)]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod files;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;
#[path = "support/transfers.rs"]
mod transfers;

use std::io;
use std::os::unix::fs::FileExt;
use std::task::Poll;
use std::time::Duration;

use futures::executor::block_on;
use zokio::completion::fs::File;
use zokio::completion::net::{TcpStream, UnixStream};
use zokio::completion::{Canceller, Operation, Transfer, Transferred, splice};
use zokio::runtime::Builder;
use zokio::task::yield_now;

use self::apart::on_each_scheduler;
use self::files::Gate;
use self::owned::{pattern, poll_once, random};
use self::support::{everywhere, is_cancelled, is_limit, tcp_pair, unix_pair, within_the_limit};
use self::transfers::{DISK, content_of, temporary, with_content};

const LEN: usize = (6 << 20) + 123;

async fn read_all(stream: UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let (count, part) = stream.read(Vec::with_capacity(64 << 10)).await;
        match count.unwrap() {
            0 => return all,
            _ => all.extend(part),
        }
    }
}

/// A limit ends a transfer that waits, and the count is that of the bytes that the peer has.
#[test]
fn a_limit_ends_what_waits() {
    everywhere(|| async {
        let content = pattern(LEN);
        let file = File::from(with_content(DISK, &content)?);
        let mut limit = Duration::from_millis(20);
        loop {
            let (stream, peer) = unix_pair().await?;
            let (sent, transferred) = file.send_to(0, &stream, u64::MAX).timeout(limit).await;
            let error = sent.unwrap_err();
            assert!(is_limit(&error));
            assert_eq!(
                error.to_string(),
                format!("cannot send a file: not done within {limit:?}")
            );
            drop(stream);
            let read = read_all(peer).await;
            assert_eq!(read.len() as u64, transferred.count());
            assert!(read == content[..read.len()]);
            if !read.is_empty() {
                break;
            }
            // No thread has begun by then: the machine is busy.
            limit *= 2;
        }

        let (stream, _peer) = unix_pair().await?;
        let (received, transferred) = file.receive_from(0, &stream, 9).timeout(limit).await;
        assert!(is_limit(&received.unwrap_err()));
        assert_eq!((transferred.count(), transferred.into_rest()), (0, vec![]));
        // Far from its limit.
        let to = File::from(temporary(DISK)?);
        let copying = file.copy_range_to(0, &to, 0, u64::MAX);
        let (copied, transferred) = copying.timeout(Duration::from_secs(600)).await;
        copied?;
        assert_eq!(transferred.count(), LEN as u64);
        Ok(())
    });
}

/// What was cancelled before it began moves nothing, and neither does what no thread has begun.
#[test]
fn what_has_not_begun_moves_nothing() {
    everywhere(|| async {
        let (from, to) = (File::from(with_content(DISK, b"text")?), temporary(DISK)?);
        let target = File::from(to.try_clone()?);
        let (one, two) = unix_pair().await?;
        one.write_all(&b"text"[..]).await.0?;
        let canceller = Canceller::new();
        canceller.cancel();
        for transfer in [
            from.copy_range_to(0, &target, 0, 4),
            from.send_to(0, &one, 4),
            target.receive_from(0, &two, 4),
            splice(&two, &one, 4),
        ] {
            let (result, transferred) = transfer.with(&canceller).await;
            assert!(is_cancelled(&result.unwrap_err()));
            assert_eq!((transferred.count(), transferred.into_rest()), (0, vec![]));
        }
        assert_eq!(to.metadata()?.len(), 0);
        let (_, text) = two.read(Vec::with_capacity(10)).await;
        assert_eq!(text, b"text");
        Ok(())
    });

    let mut builder = Builder::new_current_thread();
    let gate = Gate::of(&mut builder);
    let runtime = builder.enable_all().build().unwrap();
    let to = temporary(DISK).unwrap();
    within_the_limit(|| {
        gate.shut(|| {
            runtime.block_on(async {
                let (from, target) = (
                    File::from(with_content(DISK, b"text").unwrap()),
                    to.try_clone(),
                );
                let target = File::from(target.unwrap());
                let limit = Duration::from_millis(20);
                let copying = from.copy_range_to(0, &target, 0, 4).timeout(limit);
                let (copied, transferred) = copying.await;
                assert!(is_limit(&copied.unwrap_err()));
                assert_eq!(transferred.count(), 0);
                // What was taken out of the stream comes back.
                let (one, two) = unix_pair().await.unwrap();
                one.write_all(&b"taken"[..]).await.0.unwrap();
                let (received, transferred) = target.receive_from(0, &two, 4).timeout(limit).await;
                assert!(is_limit(&received.unwrap_err()));
                assert_eq!(
                    (transferred.count(), &*transferred.into_rest()),
                    (0, &b"take"[..])
                );
                let (_, text) = two.read(Vec::with_capacity(10)).await;
                assert_eq!(text, b"n");
            });
        });
    });
    assert_eq!(to.metadata().unwrap().len(), 0);
}

/// Ends a transfer after a while, in one of several ways. Returns its result, unless it was dropped.
async fn impatient(
    transfer: Transfer,
    state: &mut u64,
    may_drop: bool,
) -> Option<(io::Result<()>, Transferred)> {
    let (way, polls) = (random(state, 2 + u64::from(may_drop)), random(state, 4));
    let after = Duration::from_micros(random(state, 2000));
    let canceller = Canceller::new();
    match way {
        0 => Some(transfer.timeout(after).await),
        1 => {
            let mut transfer = Box::pin(transfer.with(&canceller));
            for _ in 0..polls {
                if let Poll::Ready(done) = poll_once(&mut transfer).await {
                    return Some(done);
                }
                yield_now().await;
            }
            canceller.cancel();
            Some(transfer.await)
        }
        _ => zokio::time::timeout(after, transfer).await.ok(),
    }
}

/// Waits until no operation on the file is in flight.
async fn until_idle(mut file: File) {
    while let Err(back) = std::fs::File::try_from(file) {
        file = back;
        zokio::time::sleep(Duration::from_micros(50)).await;
    }
}

fn ended_early(result: io::Result<()>) {
    if let Err(error) = result {
        assert!(is_limit(&error) || is_cancelled(&error), "{error:?}");
    }
}

/// Copies a file by transfers that end at random, each of which continues where the one before it has
/// come to by its own account.
async fn copy_at_random(state: &mut u64) -> io::Result<()> {
    let content = pattern(LEN);
    let (from, std) = (with_content(DISK, &content)?, temporary(DISK)?);
    let mut offset = 0;
    while offset < LEN as u64 {
        let (source, to) = (File::from(from.try_clone()?), File::from(std.try_clone()?));
        let copying = source.copy_range_to(offset, &to, offset, 1 + random(state, 2 << 20));
        let progress = copying.progress();
        match impatient(copying, state, true).await {
            Some((result, transferred)) => {
                ended_early(result);
                // What has reported moves nothing any more.
                assert_eq!(transferred.count(), progress.count());
                assert_eq!(std.metadata()?.len(), offset + progress.count());
            }
            None => until_idle(to).await,
        }
        offset += progress.count();
    }
    assert!(content_of(&std) == content);
    Ok(())
}

/// A file goes to a stream and to a file again, with transfers of both that end at random.
async fn through_a_stream(state: &mut u64, one: TcpStream, two: TcpStream) -> io::Result<()> {
    let content = pattern(LEN);
    let from = with_content(DISK, &content)?;
    let mut other = random(state, u64::MAX) | 1;
    let sending = zokio::spawn(async move {
        let mut offset = 0;
        while offset < LEN as u64 {
            let source = File::from(from.try_clone()?);
            let sending = source.send_to(offset, &one, u64::MAX);
            let progress = sending.progress();
            match impatient(sending, &mut other, true).await {
                Some((result, _)) => ended_early(result),
                None => until_idle(source).await,
            }
            offset += progress.count();
        }
        Ok::<_, io::Error>(())
    });
    let std = temporary(DISK)?;
    let mut offset = 0;
    while offset < LEN as u64 {
        let to = File::from(std.try_clone()?);
        let receiving = to.receive_from(offset, &two, LEN as u64 - offset);
        let progress = receiving.progress();
        let mut rest = Vec::new();
        match impatient(receiving, state, true).await {
            Some((result, transferred)) => {
                ended_early(result);
                rest = transferred.into_rest();
            }
            None => until_idle(to).await,
        }
        offset += progress.count();
        std.write_all_at(&rest, offset)?;
        offset += rest.len() as u64;
    }
    sending.await.unwrap()?;
    assert!(content_of(&std) == content);
    Ok(())
}

/// A stream is forwarded by transfers that end at random; what they have taken is written by hand.
async fn forward_at_random(state: &mut u64) -> io::Result<()> {
    let content = pattern(LEN);
    let ((one, two), (three, four)) = (unix_pair().await?, unix_pair().await?);
    let reading = zokio::spawn(read_all(four));
    let writing = content.clone();
    let writing = zokio::spawn(async move { one.write_all(writing).await.0 });
    let mut moved = 0;
    while moved < LEN as u64 {
        let forwarding = splice(&two, &three, LEN as u64 - moved);
        let (result, transferred) = impatient(forwarding, state, false)
            .await
            .expect("it was not dropped");
        ended_early(result);
        moved += transferred.count();
        let rest = transferred.into_rest();
        moved += rest.len() as u64;
        three.write_all(rest).await.0?;
    }
    writing.await.unwrap()?;
    drop(three);
    assert!(reading.await.unwrap() == content);
    Ok(())
}

/// No byte is lost or moved twice, and no descriptor is left.
#[test]
fn transfers_that_end_at_random() {
    on_each_scheduler("transfers_that_end_at_random", |workers| {
        apart::sanitizer::start_symbolizer();
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        // The process keeps what the first one opens for signals.
        drop(apart::runtime(workers));
        let before = open();
        let runtime = apart::runtime(workers);
        runtime.block_on(async {
            let mut state = 0x9e37_79b9_7f4a_7c15;
            for _ in 0..3 {
                copy_at_random(&mut state).await.unwrap();
                let (one, two) = tcp_pair().await.unwrap();
                through_a_stream(&mut state, one, two).await.unwrap();
                forward_at_random(&mut state).await.unwrap();
            }
        });
        drop(runtime);
        assert_eq!(open(), before);
    });
}

/// A transfer of a runtime that has ended returns an error and what it has moved, also elsewhere.
#[test]
fn the_end_of_the_runtime() {
    for runtime in support::runtimes() {
        within_the_limit(|| {
            let content = pattern(LEN);
            let (from, to) = (
                with_content(DISK, &content).unwrap(),
                temporary(DISK).unwrap(),
            );
            let from = File::from(from);
            let (copying, sending, receiving) = runtime.block_on(async {
                let target = File::from(to.try_clone().unwrap());
                let mut copying = from.copy_range_to(0, &target, 0, u64::MAX);
                let copied = poll_once(&mut copying).await.is_ready();
                let (one, two) = unix_pair().await.unwrap();
                let mut sending = from.send_to(0, &one, u64::MAX);
                assert!(poll_once(&mut sending).await.is_pending());
                let mut receiving = target.receive_from(0, &one, u64::MAX);
                assert!(poll_once(&mut receiving).await.is_pending());
                (
                    (!copied).then_some(copying),
                    (sending, one),
                    (receiving, two),
                )
            });
            drop(runtime);
            if let Some(copying) = copying {
                let (copied, transferred) = block_on(copying);
                let count = transferred.count() as usize;
                assert_eq!(copied.is_ok(), count == LEN);
                assert!(content_of(&to) == content[..count]);
            }
            for transfer in [sending.0, receiving.0] {
                let (result, transferred) = block_on(transfer);
                assert!(result.is_err() && transferred.count() < LEN as u64);
            }
        });
    }
}

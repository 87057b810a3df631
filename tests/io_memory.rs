//! duplex, simplex, split and join; empty, repeat and sink; ReadBuf and its misuse.

use std::io::{ErrorKind, IoSlice, SeekFrom};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::BufMut;
use futures::executor::block_on;
use futures::{FutureExt, poll};
use zokio::io::{
    AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, BufReader, BufStream, DuplexStream,
    ReadBuf, SimplexStream, duplex, join, simplex, split,
};

#[path = "support/io.rs"]
mod support;

use support::Random;

#[test]
fn duplex_carries_bytes_both_ways_across_threads() {
    let (mut near, mut far) = duplex(7);
    let data = Random::new(1).bytes(10_000);
    let sent = data.clone();
    let thread = std::thread::spawn(move || {
        block_on(async {
            let mut received = vec![0; 10_000];
            far.read_exact(&mut received).await.unwrap();
            far.write_all(&received).await.unwrap();
        });
    });
    block_on(async {
        let (mut reader, mut writer) = split(&mut near);
        let mut back = Vec::new();
        let write = async {
            writer.write_all(&sent).await.unwrap();
        };
        futures::join!(write, async {
            reader.read_to_end(&mut back).await.unwrap()
        });
        assert_eq!(back, data);
    });
    thread.join().unwrap();
}

#[test]
fn duplex_holds_no_more_than_its_limit() {
    let (mut near, mut far) = duplex(4);
    block_on(async {
        assert_eq!(near.write(b"012345").await.unwrap(), 4);
        assert!(near.write(b"4").now_or_never().is_none());
        let parts = [IoSlice::new(b""), IoSlice::new(b"45")];
        assert!(near.write_vectored(&parts).now_or_never().is_none());
        // Nothing to write needs no room.
        assert_eq!(near.write(b"").now_or_never().unwrap().unwrap(), 0);
        let mut buf = [0; 3];
        far.read_exact(&mut buf).await.unwrap();
        assert_eq!(near.write_vectored(&parts).await.unwrap(), 2);
        let mut rest = [0; 3];
        far.read_exact(&mut rest).await.unwrap();
        assert_eq!((&buf, &rest), (b"012", b"345"));
        // Nothing to read into needs no bytes.
        assert_eq!(far.read(&mut []).now_or_never().unwrap().unwrap(), 0);
        assert!(far.read(&mut buf).now_or_never().is_none());
    });
}

#[test]
fn duplex_ends_in_order() {
    block_on(async {
        let (mut near, mut far) = duplex(8);
        near.write_all(b"last").await.unwrap();
        near.shutdown().await.unwrap();
        let broken = |result: std::io::Result<usize>| result.unwrap_err().kind();
        assert_eq!(broken(near.write(b"x").await), ErrorKind::BrokenPipe);
        assert_eq!(broken(near.write(b"").await), ErrorKind::BrokenPipe);
        // Only this direction is closed.
        far.write_all(b"back").await.unwrap();
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "last");
        drop(far);
        text.clear();
        near.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "back");

        let (mut near, far) = duplex(1);
        near.write_all(b"x").await.unwrap();
        let mut write = pin!(near.write(b"y"));
        assert!(poll!(&mut write).is_pending());
        drop(far);
        assert_eq!(broken(write.await), ErrorKind::BrokenPipe);
    });
}

/// A hand-written waker that polls its future at once, in the middle of the operation that wakes it.
struct PollNow<F>(Mutex<Pin<Box<F>>>, AtomicUsize);

impl<F: Future<Output = ()> + Send> Wake for PollNow<F> {
    fn wake(self: Arc<Self>) {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(self.0.lock().unwrap().as_mut().poll(&mut cx).is_ready());
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls `future` once, runs `operation`, and checks that this woke the future, which was polled
/// to its end from inside of it.
fn ends_inside(future: impl Future<Output = ()> + Send + 'static, operation: impl FnOnce()) {
    let task = Arc::new(PollNow(Mutex::new(Box::pin(future)), AtomicUsize::new(0)));
    let waker = Waker::from(task.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(task.0.lock().unwrap().as_mut().poll(&mut cx).is_pending());
    operation();
    assert_eq!(task.1.load(Ordering::SeqCst), 1);
}

#[test]
fn duplex_wakes_outside_of_its_lock() {
    let (mut near, mut far) = duplex(1);
    let read = async move { assert_eq!(far.read(&mut [0]).await.unwrap(), 1) };
    ends_inside(read, || assert_eq!(block_on(near.write(b"x")).unwrap(), 1));

    let (mut near, mut far) = duplex(1);
    let read = async move { assert_eq!(far.read(&mut [0]).await.unwrap(), 0) };
    ends_inside(read, || block_on(near.shutdown()).unwrap());

    let (near, mut far) = duplex(1);
    let read = async move { assert_eq!(far.read(&mut [0]).await.unwrap(), 0) };
    ends_inside(read, || drop(near));

    let (mut near, mut far) = duplex(1);
    let write = async move { far.write_all(b"xy").await.unwrap() };
    ends_inside(write, || {
        assert_eq!(block_on(near.read(&mut [0])).unwrap(), 1)
    });

    let (near, mut far) = duplex(1);
    let write = async move { drop(far.write_all(b"xy").await.unwrap_err()) };
    ends_inside(write, || drop(near));
}

#[test]
fn duplex_drops_a_replaced_waker_outside_of_its_lock() {
    /// A hand-written waker: dropping it closes the other end.
    struct Owner(#[allow(dead_code)] DuplexStream);
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    let (mut near, far) = duplex(1);
    let mut read = pin!(async { near.read(&mut [0]).await });
    let waker = Waker::from(Arc::new(Owner(far)));
    assert!(
        read.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(read.as_mut().poll(&mut cx).is_pending());
    assert!(matches!(read.as_mut().poll(&mut cx), Poll::Ready(Ok(0))));
}

#[test]
fn simplex_is_one_pipe_with_two_ends() {
    block_on(async {
        let (mut reader, mut writer) = simplex(4);
        assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader));
        assert!(writer.is_write_vectored());
        assert_eq!(writer.write(b"hello").await.unwrap(), 4);
        assert!(writer.write(b"o").now_or_never().is_none());
        let mut buf = [0; 4];
        assert_eq!(reader.read(&mut buf).await.unwrap(), 4);
        assert!(reader.read(&mut buf).now_or_never().is_none());
        writer.write_all(b"o").await.unwrap();
        writer.shutdown().await.unwrap();
        writer.shutdown().await.unwrap();
        let error = writer.write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let mut pipe = reader.unsplit(writer);
        let mut rest = Vec::new();
        pipe.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"o");
    });
}

#[test]
fn simplex_halves_do_not_close_when_dropped() {
    let (mut reader, writer) = simplex(4);
    drop(writer);
    assert!(reader.read(&mut [0]).now_or_never().is_none());
}

#[test]
fn halves_know_their_stream() {
    let (one, two) = duplex(1);
    let ((r1, w1), (r2, w2)) = (split(one), split(two));
    assert!(r1.is_pair_of(&w1) && w2.is_pair_of(&r2));
    assert!(!r1.is_pair_of(&w2) && !w1.is_pair_of(&r2));
    drop(r1.unsplit(w1));
}

#[test]
fn halves_are_send_and_sync_as_their_stream_is() {
    fn is_send_sync<T: Send + Sync>(_: &T) {}
    let (reader, writer) = split(duplex(1).0);
    is_send_sync(&reader);
    is_send_sync(&writer);
    is_send_sync(&join(reader, writer));
}

#[test]
fn nothing_comes_out_of_empty_and_all_goes_into_it() {
    block_on(async {
        let mut empty = zokio::io::empty();
        assert_eq!(empty.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(empty.write(b"abc").await.unwrap(), 3);
        assert!(empty.is_write_vectored());
        for to in [
            SeekFrom::Start(9),
            SeekFrom::End(-1),
            SeekFrom::Current(i64::MIN),
        ] {
            assert_eq!(empty.seek(to).await.unwrap(), 0);
        }
        let parts = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"c")];
        assert_eq!(zokio::io::sink().write_vectored(&parts).await.unwrap(), 3);
        let mut buf = [0; 100];
        assert_eq!(zokio::io::repeat(9).read(&mut buf).await.unwrap(), 100);
        assert_eq!(buf, [9; 100]);
    });
}

#[test]
fn misuse_panics_where_the_caller_is() {
    fn place(f: impl FnOnce()) -> String {
        static PLACE: Mutex<Option<String>> = Mutex::new(None);
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| {
            *PLACE.lock().unwrap() = info.location().map(|at| at.file().to_owned());
        }));
        let result = catch_unwind(AssertUnwindSafe(f));
        std::panic::set_hook(former);
        assert!(result.is_err());
        PLACE.lock().unwrap().take().unwrap()
    }
    let here = file!();
    assert_eq!(place(|| drop(duplex(0))), here);
    assert_eq!(place(|| drop(simplex(0))), here);
    assert_eq!(place(|| drop(SimplexStream::new_unsplit(0))), here);
    assert_eq!(place(|| drop(BufReader::with_capacity(0, &b""[..]))), here);
    assert_eq!(
        place(|| drop(BufStream::with_capacity(0, 1, duplex(1).0))),
        here
    );
    assert_eq!(place(|| ReadBuf::new(&mut [0]).advance(2)), here);
    assert_eq!(place(|| ReadBuf::new(&mut [0]).set_filled(2)), here);
    assert_eq!(place(|| ReadBuf::new(&mut [0]).put_slice(b"ab")), here);
    let too_much = || ReadBuf::new(&mut [0]).initialize_unfilled_to(2).fill(1);
    assert_eq!(place(too_much), here);
    let unsplit = || {
        let ((reader, _w), (_r, writer)) = (split(duplex(1).0), split(duplex(1).0));
        drop(reader.unsplit(writer));
    };
    assert_eq!(place(unsplit), here);
}

/// `ReadBuf` against plain counters and a vector.
#[test]
fn read_buf_keeps_its_parts_apart() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let mut space = [MaybeUninit::uninit(); 32];
        let mut buf = ReadBuf::uninit(&mut space);
        let mut filled: Vec<u8> = Vec::new();
        let mut initialized = 0;
        for _ in 0..30 {
            let room = buf.remaining();
            let n = random.below(room + 1);
            match random.below(6) {
                0 => {
                    let bytes = random.bytes(n);
                    buf.put_slice(&bytes);
                    filled.extend(bytes);
                }
                1 => {
                    initialized = initialized.max(filled.len() + n);
                    let part = buf.initialize_unfilled_to(n);
                    assert_eq!(part.len(), n);
                }
                2 => {
                    let n = n.min(initialized - filled.len());
                    filled = buf.initialized()[..filled.len() + n].to_vec();
                    buf.advance(n);
                }
                3 => {
                    let mut part = buf.take(n);
                    assert_eq!(part.capacity(), n);
                    assert_eq!(part.initialized().len(), n.min(initialized - filled.len()));
                    part.put_bytes(5, n);
                    // SAFETY: all `n` bytes of the part were just written.
                    unsafe { buf.assume_init(n) };
                    buf.advance(n);
                    filled.resize(filled.len() + n, 5);
                }
                4 => {
                    let keep = random.below(filled.len() + 1);
                    buf.set_filled(keep);
                    filled.truncate(keep);
                }
                _ => {
                    buf.put_bytes(9, n);
                    filled.resize(filled.len() + n, 9);
                }
            }
            initialized = initialized.max(filled.len());
            assert_eq!(buf.filled(), filled, "seed {seed}");
            assert_eq!(buf.initialized().len(), initialized, "seed {seed}");
            assert_eq!(buf.remaining(), 32 - filled.len());
            assert_eq!(
                (buf.remaining_mut(), buf.chunk_mut().len()),
                (buf.remaining(), buf.remaining())
            );
        }
        buf.clear();
        assert_eq!(
            (buf.filled().len(), buf.initialized().len()),
            (0, initialized)
        );
    }
}

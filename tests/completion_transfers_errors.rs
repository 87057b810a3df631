//! Errors that a transfer of `zokio::completion` meets in the middle: which are reported, which are
//! passed over, and that no byte is lost that it had taken.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/owned.rs"]
mod owned;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream as StdTcpStream};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::Mutex;
use std::time::Duration;

use zokio::completion::fs::File;
use zokio::completion::net::{PipeSender, TcpStream, UnixStream};
use zokio::completion::{Transferred, splice};
use zokio::io::AsyncReadExt;
use zokio::net::unix::pipe;

use self::answers::{Answer, Calls, answer, answer_first};
use self::apart::{runtime, skip, without_search_for_leaks};
use self::owned::pattern;

const LEN: usize = 100_000;

const SPLICE: Calls = Calls(libc::SYS_splice, None);

/// Skips a scenario in which every read(2) is answered if ThreadSanitizer watches, which reads the
/// names in its reports by the same call.
fn unless_others_read() {
    if apart::sanitizer::holds_signals_back() {
        skip("ThreadSanitizer's own reads would be answered");
    }
}

/// Runs the scenario of `test` on each scheduler, in its runtime.
#[track_caller]
fn in_a_runtime(test: &str, scenario: impl AsyncFn()) {
    in_variants(test, &[()], async |()| scenario().await);
}

/// [`in_a_runtime`] for each of the variants.
#[track_caller]
fn in_variants<V: Copy>(test: &str, variants: &[V], scenario: impl AsyncFn(V)) {
    let names: Vec<String> = (0..variants.len())
        .flat_map(|variant| [0, 1].map(|workers| format!("variant {variant}, workers {workers}")))
        .collect();
    apart::apart(test, &names, without_search_for_leaks, |name| {
        let number = |word: &str| word.split(' ').nth(1).unwrap().parse::<usize>().unwrap();
        let (variant, workers) = name.split_once(", ").unwrap();
        let variant = variants[number(variant)];
        runtime(number(workers)).block_on(scenario(variant));
    });
}

fn answers(calls: Calls, answers: &[Answer]) {
    if let Err(error) = answer_first(calls, answers) {
        skip(&format!("calls cannot be answered: {error}"));
    }
}

/// A stream, and its peer that waits.
fn pair() -> (UnixStream, StdUnixStream) {
    let (one, two) = StdUnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    two.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    (UnixStream::try_from(one).unwrap(), two)
}

/// A stream whose peer has sent these bytes and the end, and one to whose peer they go.
fn streams(bytes: &[u8]) -> (UnixStream, UnixStream, StdUnixStream) {
    let (source, mut sender) = pair();
    let (sink, receiver) = pair();
    sender.write_all(bytes).unwrap();
    (source, sink, receiver)
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    file.write_all(bytes).unwrap();
    File::from(file)
}

/// Fails unless all that was to be transferred has arrived.
#[track_caller]
fn whole((result, transferred): (io::Result<()>, Transferred), len: usize) {
    result.unwrap();
    assert_eq!(transferred.count(), len as u64);
    assert!(transferred.into_rest().is_empty());
}

/// Has `write` write to pipes and sockets without splice(2), as where `SIGPIPE` is not ignored.
fn without_splice_to_sinks() {
    // SAFETY: SIG_DFL is no function. No scenario writes to a stream without a peer.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

async fn content(receiver: StdUnixStream, len: usize) -> Vec<u8> {
    let mut receiver = receiver;
    let mut bytes = vec![0; len];
    receiver.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_source_that_was_reset() {
    let refused = [&[][..], &[libc::SYS_splice]];
    in_variants("a_source_that_was_reset", &refused, async |refused| {
        filter::refuse(refused, libc::ENOSYS);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = StdTcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (source, _) = listener.accept().unwrap();
        source.set_nonblocking(true).unwrap();
        let source = TcpStream::try_from(source).unwrap();
        let (sink, _receiver) = pair();
        let peer = socket2::Socket::from(peer);
        peer.set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        let (result, transferred) = splice(&source, &sink, 10).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(transferred.count(), 0);
        assert!(transferred.into_rest().is_empty());
    });
}

/// Calls that a signal has interrupted are made again.
#[test]
fn a_splice_that_is_interrupted() {
    in_a_runtime("a_splice_that_is_interrupted", async || {
        let bytes = pattern(LEN);
        let (source, sink, receiver) = streams(&bytes);
        let interrupted = Answer::Fails(libc::EINTR);
        answers(SPLICE, &[interrupted, Answer::Continues, interrupted]);
        let reader =
            std::thread::spawn(move || futures::executor::block_on(content(receiver, LEN)));
        whole(splice(&source, &sink, LEN as u64).await, LEN);
        assert!(reader.join().unwrap() == bytes);
    });
}

/// What is in the pipe by then goes through memory.
#[test]
fn a_splice_that_is_refused_by_the_sink_alone() {
    let test = "a_splice_that_is_refused_by_the_sink_alone";
    in_a_runtime(test, async || {
        let bytes = pattern(LEN);
        let (source, sink, receiver) = streams(&bytes);
        answers(SPLICE, &[Answer::Continues, Answer::Fails(libc::EINVAL)]);
        let reader =
            std::thread::spawn(move || futures::executor::block_on(content(receiver, LEN)));
        whole(splice(&source, &sink, LEN as u64).await, LEN);
        assert!(reader.join().unwrap() == bytes);
    });
}

#[test]
fn a_sink_that_takes_nothing() {
    in_a_runtime("a_sink_that_takes_nothing", async || {
        let (source, sink, _receiver) = streams(b"four");
        without_splice_to_sinks();
        answers(Calls(libc::SYS_sendto, None), &[Answer::Returns(0)]);
        let (result, transferred) = splice(&source, &sink, 4).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::WriteZero);
        assert_eq!(transferred.count(), 0);
        assert_eq!(transferred.into_rest(), b"four");
    });
}

/// The bytes are in a pipe that has to be read, which fails once, and the next attempt returns them.
#[test]
fn a_pipe_that_cannot_be_read_once() {
    let each = [
        (Answer::Fails(libc::ENOMEM), ErrorKind::OutOfMemory),
        (Answer::Returns(0), ErrorKind::UnexpectedEof),
    ];
    in_variants("a_pipe_that_cannot_be_read_once", &each, async |each| {
        let (answer, kind) = each;
        let (source, sink, _receiver) = streams(b"four");
        without_splice_to_sinks();
        unless_others_read();
        answers(
            Calls(libc::SYS_read, None),
            &[Answer::Fails(libc::EINTR), answer],
        );
        let (result, transferred) = splice(&source, &sink, 4).await;
        assert_eq!(result.unwrap_err().kind(), kind);
        assert_eq!(transferred.count(), 0);
        assert_eq!(transferred.into_rest(), b"four");
    });
}

#[test]
fn a_pipe_that_cannot_be_read() {
    in_a_runtime("a_pipe_that_cannot_be_read", async || {
        let (source, sink, _receiver) = streams(b"four");
        unless_others_read();
        without_splice_to_sinks();
        let failed = Answer::Fails(libc::EIO);
        answers(Calls(libc::SYS_read, None), &[failed, failed]);
        let (result, transferred) = splice(&source, &sink, 4).await;
        assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EIO));
        assert_eq!(transferred.count(), 0);
        assert!(transferred.into_rest().is_empty());
    });
}

/// The stream is closed during the call, which then meets the end, or fails.
#[test]
fn a_source_that_is_closed_during_a_call() {
    let test = "a_source_that_is_closed_during_a_call";
    let each = [Answer::Continues, Answer::Fails(libc::ECONNRESET)];
    in_variants(test, &each, async |then| {
        let (source, sink, _receiver) = streams(b"");
        let moving = splice(&source, &sink, 4);
        let source = Mutex::new(Some(source));
        let filtered = answer(SPLICE, move |_| {
            match source.lock().unwrap().take() {
                Some(source) => drop(source),
                None => return Answer::Continues,
            }
            then
        });
        if let Err(error) = filtered {
            skip(&format!("calls cannot be answered: {error}"));
        }
        let (result, _) = moving.await;
        assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    });
}

/// In the kernel, and through memory where it refuses.
#[test]
fn a_copy_that_is_interrupted() {
    let each = [
        (&[][..], libc::SYS_copy_file_range),
        (&[libc::SYS_copy_file_range], libc::SYS_pwrite64),
    ];
    in_variants("a_copy_that_is_interrupted", &each, async |each| {
        let (refused, interrupted) = each;
        let bytes = pattern(LEN);
        let (from, to) = (file_of(&bytes), file_of(b""));
        filter::refuse(refused, libc::ENOSYS);
        answers(Calls(interrupted, None), &[Answer::Fails(libc::EINTR)]);
        whole(from.copy_range_to(0, &to, 0, LEN as u64).await, LEN);
        let (read, copy) = to.read_exact_at(Vec::with_capacity(LEN), 0).await;
        read.unwrap();
        assert!(copy == bytes);
    });
}

#[test]
fn a_file_that_takes_nothing() {
    in_a_runtime("a_file_that_takes_nothing", async || {
        let (from, to) = (file_of(b"four"), file_of(b""));
        filter::refuse(&[libc::SYS_copy_file_range], libc::ENOSYS);
        answers(Calls(libc::SYS_pwrite64, None), &[Answer::Returns(0)]);
        let (result, transferred) = from.copy_range_to(0, &to, 0, 4).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::WriteZero);
        assert_eq!(transferred.count(), 0);
    });
}

#[test]
fn a_stream_that_takes_nothing_of_a_file() {
    let test = "a_stream_that_takes_nothing_of_a_file";
    in_a_runtime(test, async || {
        let from = file_of(b"four");
        let (sink, _receiver) = pair();
        filter::refuse(&[libc::SYS_sendfile], libc::ENOSYS);
        answers(Calls(libc::SYS_sendto, None), &[Answer::Returns(0)]);
        let (result, transferred) = from.send_to(0, &sink, 4).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::WriteZero);
        assert_eq!(transferred.count(), 0);
    });
}

/// A pipe is written to as what it is.
#[test]
fn a_file_to_a_pipe_through_memory() {
    in_a_runtime("a_file_to_a_pipe_through_memory", async || {
        let bytes = pattern(LEN);
        let from = file_of(&bytes);
        filter::refuse(&[libc::SYS_sendfile], libc::ENOSYS);
        let (sender, mut receiver) = pipe::pipe().unwrap();
        let sender = PipeSender::from(sender);
        let mut copy = vec![0; LEN];
        let (sent, read) = zokio::join!(
            from.send_to(0, &sender, LEN as u64),
            receiver.read_exact(&mut copy),
        );
        whole(sent, LEN);
        read.unwrap();
        assert!(copy == bytes);
    });
}

//! Transfers between files and streams of `zokio::completion`: every byte, in its place, whatever the
//! two ends are.

#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;
#[path = "support/transfers.rs"]
mod transfers;

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::task::{Context, Waker};
use std::time::Duration;

use zokio::completion::fs::File;
use zokio::completion::net::{ByteStream, PipeReceiver, PipeSender, Sink, Source};
use zokio::completion::net::{TcpStream, UnixStream};
use zokio::completion::{Transferred, splice};
use zokio::net::unix::pipe;
use zokio::runtime::{Handle, Sockets};

use self::owned::{make_cold, pattern};
use self::support::{everywhere, tcp_pair, unix_pair};
use self::transfers::{DISK, content_of, temporary, with_content};

/// More than one piece, and no multiple of anything.
const LEN: usize = (9 << 20) + 123;

/// On the disk, and in memory.
const PLACES: [&str; 2] = [DISK, "/dev/shm"];

fn all((result, transferred): (io::Result<()>, Transferred)) -> io::Result<u64> {
    result?;
    let count = transferred.count();
    assert!(transferred.into_rest().is_empty());
    Ok(count)
}

/// Between two files of any two file systems, the end of the source included.
#[test]
fn files_to_files() {
    everywhere(|| async {
        let content = pattern(LEN);
        for (from, to) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
            let from = File::from(with_content(PLACES[from], &content)?);
            let std = temporary(PLACES[to])?;
            let to = File::from(std.try_clone()?);
            let copying = from.copy_range_to(3, &to, 7, u64::MAX);
            let progress = copying.progress();
            assert_eq!(all(copying.await)?, LEN as u64 - 3);
            assert_eq!(progress.count(), LEN as u64 - 3);
            assert!(content_of(&std) == [&[0; 7], &content[3..]].concat());

            // A part, over what is there.
            assert_eq!(all(from.copy_range_to(0, &to, 5, 4097).await)?, 4097);
            let found = content_of(&std);
            assert!(found[5..4102] == content[..4097] && found[4102..] == content[4098..]);
            // Nothing, at the end, behind it, and because nothing is asked for.
            for (offset, len) in [(LEN as u64, 5), (1 << 40, u64::MAX), (0, 0)] {
                assert_eq!(all(from.copy_range_to(offset, &to, 0, len).await)?, 0);
            }
            assert!(content_of(&std) == found);
        }
        Ok(())
    });
}

/// A file whose bytes are not in memory, and one of a kernel that has no size.
#[test]
fn cold_files_and_files_without_a_size() {
    everywhere(|| async {
        let content = pattern(LEN);
        let dir = tempfile::tempdir_in(PLACES[0])?;
        let path = dir.path().join("file");
        std::fs::write(&path, &content)?;
        let from = File::open(&path).await?;
        let to = temporary(PLACES[0])?;
        make_cold(&path);
        let copying = from.copy_range_to(0, &File::from(to.try_clone()?), 0, LEN as u64);
        assert_eq!(all(copying.await)?, LEN as u64);
        assert!(content_of(&to) == content);
        make_cold(&path);
        let (stream, peer) = unix_pair().await?;
        let reading = zokio::spawn(read_all(peer));
        assert_eq!(all(from.send_to(0, &stream, u64::MAX).await)?, LEN as u64);
        drop(stream);
        assert!(reading.await.unwrap()? == content);

        let version = std::fs::read("/proc/version")?;
        let from = File::open("/proc/version").await?;
        let to = temporary(PLACES[0])?;
        let copying = from.copy_range_to(0, &File::from(to.try_clone()?), 0, u64::MAX);
        assert_eq!(all(copying.await)?, version.len() as u64);
        assert_eq!(content_of(&to), version);
        let (stream, peer) = unix_pair().await?;
        let sent = all(from.send_to(6, &stream, u64::MAX).await)?;
        assert_eq!(sent, version.len() as u64 - 6);
        drop(stream);
        assert_eq!(read_all(peer).await?, version[6..]);
        Ok(())
    });
}

/// Within one file: up to the end that it has at the start, and not over itself.
#[test]
fn within_a_file() {
    everywhere(|| async {
        for place in PLACES {
            let content = pattern(LEN);
            let std = with_content(place, &content)?;
            let file = File::from(std.try_clone()?);
            // A second handle of the same file.
            let other = File::from(std.try_clone()?);
            let copied = all(file.copy_range_to(0, &other, LEN as u64, u64::MAX).await)?;
            assert_eq!(copied, LEN as u64);
            assert!(content_of(&std) == [&content[..], &content].concat());
            let (begin, len) = (9 << 20, 10 << 20);
            for (from, to) in [(0, begin), (begin, 0), (5, 5)] {
                let (copied, transferred) = file.copy_range_to(from, &other, to, len).await;
                assert_eq!(copied.unwrap_err().raw_os_error(), Some(libc::EINVAL));
                assert_eq!(transferred.count(), 0);
            }
            assert!(content_of(&std) == [&content[..], &content].concat());
            assert_eq!(
                all(file.copy_range_to(0, &other, begin, begin).await)?,
                begin
            );
        }
        Ok(())
    });
}

/// The error is that of the read or the write, and says how far it came.
#[test]
fn files_that_refuse() {
    everywhere(|| async {
        let content = pattern(100_000);
        let dir = tempfile::tempdir_in(PLACES[0])?;
        let path = dir.path().join("file");
        std::fs::write(&path, &content)?;
        let (reads, writes) = (
            File::open(&path).await?,
            File::options().write(true).open(&path),
        );
        let (writes, to) = (writes.await?, File::from(temporary(PLACES[0])?));
        let other = dir.path().join("other");
        std::fs::write(&other, "text")?;
        let other = File::open(&other).await?;
        let folder = File::open(dir.path()).await?;
        let full = File::options().write(true).open("/dev/full").await?;
        let pipe = || -> io::Result<File> { Ok(File::from(OwnedFd::from(io::pipe()?.0))) };
        let cases = [
            (writes.copy_range_to(0, &to, 0, 10), libc::EBADF),
            (to.copy_range_to(0, &reads, 0, 10), 0),
            (reads.copy_range_to(0, &other, 0, 10), libc::EBADF),
            (folder.copy_range_to(0, &to, 0, 10), libc::EISDIR),
            (reads.copy_range_to(u64::MAX, &to, 0, 10), libc::EINVAL),
            (reads.copy_range_to(0, &to, 1 << 63, 10), libc::EINVAL),
            (reads.copy_range_to(0, &to, (1 << 63) - 1, 10), libc::EFBIG),
            (reads.copy_range_to(0, &full, 0, 10), libc::ENOSPC),
            (pipe()?.copy_range_to(0, &to, 0, 10), libc::ESPIPE),
            (reads.copy_range_to(0, &pipe()?, 0, 10), libc::ESPIPE),
        ];
        for (copying, errno) in cases {
            let name = format!("{copying:?} {errno}");
            let (copied, transferred) = copying.await;
            assert_eq!(transferred.count(), 0, "{name}");
            match copied {
                Ok(()) => assert_eq!(errno, 0, "{name}"),
                Err(error) => assert_eq!(error.raw_os_error(), Some(errno), "{name}"),
            }
        }
        let (stream, _peer) = unix_pair().await?;
        for (sending, errno) in [
            (writes.send_to(0, &stream, 10), libc::EBADF),
            (folder.send_to(0, &stream, 10), libc::EISDIR),
            (reads.send_to(u64::MAX, &stream, 10), libc::EINVAL),
            (pipe()?.send_to(0, &stream, 10), libc::ESPIPE),
        ] {
            let (sent, transferred) = sending.await;
            assert_eq!(sent.unwrap_err().raw_os_error(), Some(errno));
            assert_eq!(transferred.count(), 0);
        }
        Ok(())
    });
}

/// A file that is written at its end, and direct I/O.
#[cfg(target_os = "linux")]
#[test]
fn files_that_the_kernel_does_not_copy() {
    use std::os::unix::fs::OpenOptionsExt;
    everywhere(|| async {
        let content = pattern(9 << 20);
        for place in PLACES {
            let dir = tempfile::tempdir_in(place)?;
            let path = dir.path().join("file");
            std::fs::write(&path, "head")?;
            let from = File::from(with_content(PLACES[0], &content)?);
            let mut options = std::fs::OpenOptions::new();
            let end = File::from(options.append(true).open(&path)?);
            assert_eq!(
                all(from.copy_range_to(0, &end, 0, u64::MAX).await)?,
                9 << 20
            );
            assert!(std::fs::read(&path)? == [b"head", &content[..]].concat());

            let (stream, peer) = unix_pair().await?;
            peer.write_all(&b", received"[..]).await.0?;
            drop(peer);
            assert_eq!(all(end.receive_from(0, &stream, u64::MAX).await)?, 10);
            assert!(std::fs::read(&path)?.ends_with(b", received"));
        }
        let dir = tempfile::tempdir_in(PLACES[0])?;
        let path = dir.path().join("file");
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true);
        let Ok(direct) = options.custom_flags(libc::O_DIRECT).open(&path) else {
            eprintln!("skipped: no direct I/O here");
            return Ok(());
        };
        let (from, direct) = (
            File::from(with_content(PLACES[1], &content)?),
            File::from(direct),
        );
        assert_eq!(
            all(from.copy_range_to(0, &direct, 0, u64::MAX).await)?,
            9 << 20
        );
        assert!(std::fs::read(&path)? == content);
        // The peer takes odd amounts.
        let (stream, peer) = unix_pair().await?;
        let reading = zokio::spawn(async move {
            let mut all = Vec::new();
            loop {
                let (count, part) = peer.read(vec![0; 1111]).await;
                match count? {
                    0 => return Ok::<_, io::Error>(all),
                    count => all.extend_from_slice(&part[..count]),
                }
            }
        });
        assert_eq!(all(direct.send_to(5, &stream, 3 << 20).await)?, 3 << 20);
        drop(stream);
        assert!(reading.await.unwrap()? == content[5..5 + (3 << 20)]);
        Ok(())
    });
}

async fn read_all<S: Reads>(stream: S) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let (count, part) = stream.read_some(Vec::with_capacity(256 << 10)).await;
        match count? {
            0 => return Ok(all),
            _ => all.extend(part),
        }
    }
}

/// The streams that the tests are made for.
trait Reads: Source + Sink + ByteStream + Send + Sync + 'static {
    fn read_some(
        &self,
        buffer: Vec<u8>,
    ) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> + Send;
    fn write_whole(&self, bytes: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;
    fn end(&self, how: Shutdown) -> io::Result<()>;
}

macro_rules! reads {
    ($($stream:ty),*) => {$(
        impl Reads for $stream {
            async fn read_some(&self, buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
                self.read(buffer).await
            }

            async fn write_whole(&self, bytes: Vec<u8>) -> io::Result<()> {
                self.write_all(bytes).await.0
            }

            fn end(&self, how: Shutdown) -> io::Result<()> {
                self.shutdown(how)
            }
        }
    )*};
}

reads!(TcpStream, UnixStream);

/// A file to a stream, the stream to another one, and that to a file again.
async fn around<S: Reads, T: Reads>((one, two): (S, S), (three, four): (T, T)) -> io::Result<()> {
    let content = pattern(LEN);
    for (from, to) in [(0, 0), (1, 1)] {
        let from = File::from(with_content(PLACES[from], &content)?);
        let std = temporary(PLACES[to])?;
        let to = File::from(std.try_clone()?);
        let sending = zokio::spawn(from.send_to(1, &one, u64::MAX));
        let forwarding = zokio::spawn(splice(&two, &three, LEN as u64 - 1));
        let receiving = to.receive_from(2, &four, LEN as u64 - 1);
        assert_eq!(all(receiving.await)?, LEN as u64 - 1);
        assert_eq!(all(forwarding.await.unwrap())?, LEN as u64 - 1);
        assert_eq!(all(sending.await.unwrap())?, LEN as u64 - 1);
        assert!(content_of(&std) == [&[0; 2], &content[1..]].concat());
    }
    // Nothing was taken beyond what was asked for, and the end is found.
    one.write_whole(b"the rest".to_vec()).await?;
    assert_eq!(all(splice(&two, &three, 3).await)?, 3);
    assert_eq!(all(splice(&two, &three, 0).await)?, 0);
    one.end(Shutdown::Write)?;
    assert_eq!(all(splice(&two, &three, u64::MAX).await)?, 5);
    three.end(Shutdown::Write)?;
    let std = temporary(PLACES[0])?;
    let to = File::from(std.try_clone()?);
    assert_eq!(all(to.receive_from(0, &four, u64::MAX).await)?, 8);
    assert_eq!(content_of(&std), b"the rest");
    assert_eq!(all(to.receive_from(0, &four, u64::MAX).await)?, 0);
    Ok(())
}

#[test]
fn files_and_streams() {
    everywhere(|| async { around(tcp_pair().await?, unix_pair().await?).await });
    everywhere(|| async { around(unix_pair().await?, tcp_pair().await?).await });
}

/// A pipe to a pipe, and from and to a file and a stream.
#[test]
fn pipes() {
    everywhere(|| async {
        let content = pattern(LEN);
        let pair = || -> io::Result<(PipeSender, PipeReceiver)> {
            let (sender, receiver) = pipe::pipe()?;
            Ok((PipeSender::from(sender), PipeReceiver::from(receiver)))
        };
        let ((one, two), (three, four), (stream, peer)) = (pair()?, pair()?, unix_pair().await?);
        let (five, six) = pair()?;
        let from = File::from(with_content(PLACES[0], &content)?);
        let std = temporary(PLACES[0])?;
        let to = File::from(std.try_clone()?);
        let rest = zokio::spawn(async move {
            // Dropping an end closes it.
            let sending = from.send_to(0, &one, u64::MAX);
            let sent = all(sending.await);
            drop(one);
            sent
        });
        let first = zokio::spawn(splice(&two, &three, u64::MAX));
        let second = zokio::spawn(splice(&four, &stream, LEN as u64));
        let third = zokio::spawn(splice(&peer, &five, LEN as u64));
        assert_eq!(all(to.receive_from(0, &six, LEN as u64).await)?, LEN as u64);
        assert!(content_of(&std) == content);
        for moved in [rest.await.unwrap()?, all(first.await.unwrap())?] {
            assert_eq!(moved, LEN as u64);
        }
        for moved in [second, third] {
            assert_eq!(all(moved.await.unwrap())?, LEN as u64);
        }

        // The reader is gone.
        let sender = pipe::Sender::try_from(five).expect("nothing is in flight");
        let sender = PipeSender::from(sender);
        drop(six);
        let (sent, transferred) = to.send_to(0, &sender, 10).await;
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(transferred.count(), 0);
        assert_eq!(
            std::fs::File::from(OwnedFd::try_from(four).unwrap())
                .metadata()?
                .len(),
            0
        );
        Ok(())
    });
}

/// Begins a read of a stream that has nothing, and drops it when it is on its way.
async fn drop_a_read(stream: &TcpStream) {
    let mut read = Box::pin(stream.read(vec![0; 64]));
    assert!(
        read.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    // The receive is handed over when the driver is polled.
    zokio::time::sleep(Duration::from_millis(2)).await;
}

/// A dropped read may have left bytes with the stream, or a receive in flight. They come first, a part
/// of them if not all are asked for.
#[test]
fn transfers_begin_with_what_a_dropped_read_received() {
    everywhere(|| async {
        let completions = Handle::current().driver_info().sockets() == Sockets::Completion;
        for (has_come, len) in [(true, u64::MAX), (true, 3), (false, u64::MAX)] {
            for into_file in [true, false] {
                let (peer, stream) = tcp_pair().await?;
                drop_a_read(&stream).await;
                if has_come {
                    peer.write_all(&b"first"[..]).await.0?;
                    let expected = if completions { 5 } else { 0 };
                    support::until(|| stream.retained() >= expected).await;
                    assert_eq!(stream.retained(), expected);
                    peer.write_all(&b"second"[..]).await.0?;
                    peer.shutdown(Shutdown::Write)?;
                }
                let late = zokio::spawn(async move {
                    if !has_come {
                        zokio::time::sleep(Duration::from_millis(2)).await;
                        peer.write_all(&b"first"[..]).await.0?;
                        peer.write_all(&b"second"[..]).await.0?;
                        peer.shutdown(Shutdown::Write)?;
                    }
                    Ok::<_, io::Error>(peer)
                });
                let content = &b"firstsecond"[..len.min(11) as usize];
                let moved = if into_file {
                    let std = temporary(PLACES[0])?;
                    let to = File::from(std.try_clone()?);
                    let moved = all(to.receive_from(0, &stream, len).await)?;
                    assert_eq!(content_of(&std), content);
                    moved
                } else {
                    let (sink, end) = unix_pair().await?;
                    let moved = all(splice(&stream, &sink, len).await)?;
                    drop(sink);
                    assert_eq!(read_all(end).await?, content);
                    moved
                };
                assert_eq!(moved, content.len() as u64);
                let rest = &b"firstsecond"[content.len()..];
                assert_eq!(read_all(stream).await?, rest);
                late.await.unwrap()?;
            }
        }
        Ok(())
    });
}

/// A receive has emptied the stream, and none is in flight.
#[test]
fn transfers_find_what_comes_after_a_read() {
    everywhere(|| async {
        let (peer, stream) = tcp_pair().await?;
        drop_a_read(&stream).await;
        peer.write_all(&b"first"[..]).await.0?;
        let (_, first) = stream.read(Vec::with_capacity(64)).await;
        assert_eq!(first, b"first");
        let (sink, end) = unix_pair().await?;
        let moving = zokio::spawn(splice(&stream, &sink, 6));
        zokio::time::sleep(Duration::from_millis(2)).await;
        peer.write_all(&b"second"[..]).await.0?;
        assert_eq!(all(moving.await.unwrap())?, 6);
        drop(sink);
        assert_eq!(read_all(end).await?, b"second");
        Ok(())
    });
}

/// The halves of a stream are ends as well, and a stream can be both.
#[test]
fn halves_and_one_stream_for_both() {
    everywhere(|| async {
        let (client, server) = tcp_pair().await?;
        let (reader, writer) = server.into_split();
        let echoing = zokio::spawn(splice(&reader, &writer, 6 << 20));
        let (near, far) = client.into_split();
        let content = pattern(6 << 20);
        let from = File::from(with_content(PLACES[0], &content)?);
        let sending = zokio::spawn(from.send_to(0, &far, u64::MAX));
        let std = temporary(PLACES[1])?;
        let to = File::from(std.try_clone()?);
        assert_eq!(all(to.receive_from(0, &near, 6 << 20).await)?, 6 << 20);
        assert!(content_of(&std) == content);
        assert_eq!(all(echoing.await.unwrap())?, 6 << 20);
        assert_eq!(all(sending.await.unwrap())?, 6 << 20);

        let (one, other) = unix_pair().await?;
        one.write_all(&b"echo"[..]).await.0?;
        assert_eq!(all(splice(&other, &other, 4).await)?, 4);
        let (_, echo) = one.read(Vec::with_capacity(10)).await;
        assert_eq!(echo, b"echo");
        Ok(())
    });
}

/// A stream that is read slowly makes the transfer wait, and it can be watched.
#[test]
fn progress_while_it_waits() {
    everywhere(|| async {
        let content = pattern(LEN);
        let file = File::from(with_content(PLACES[0], &content)?);
        let (stream, peer) = unix_pair().await?;
        let sending = file.send_to(0, &stream, u64::MAX);
        let progress = sending.progress();
        assert_eq!(progress.count(), 0);
        let sending = zokio::spawn(sending);
        let mut read = 0;
        while read < LEN {
            let (count, _) = peer.read(Vec::with_capacity(1 << 20)).await;
            read += count?;
            // What is in the peer's hands has been counted by then or is being counted.
            support::until(|| progress.count() >= read as u64).await;
            // The kernel holds no more than this.
            assert!(progress.count() <= read as u64 + (4 << 20));
        }
        assert_eq!(all(sending.await.unwrap())?, progress.count());
        Ok(())
    });
}

/// A peer that is gone: an error, and the count of what it could have had.
#[test]
fn peers_that_are_gone() {
    everywhere(|| async {
        let file = File::from(with_content(PLACES[0], &pattern(LEN))?);
        let (stream, peer) = unix_pair().await?;
        let sending = zokio::spawn(file.send_to(0, &stream, u64::MAX));
        peer.read_exact(vec![0; 1 << 20]).await.0?;
        drop(peer);
        let (sent, transferred) = sending.await.unwrap();
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert!((1 << 20..LEN as u64).contains(&transferred.count()));

        let (one, two) = unix_pair().await?;
        let (three, four) = unix_pair().await?;
        one.write_all(&b"not for you"[..]).await.0?;
        drop(four);
        let (forwarded, transferred) = splice(&two, &three, u64::MAX).await;
        assert_eq!(forwarded.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(transferred.count(), 0);
        assert_eq!(transferred.into_rest(), b"not for you");
        Ok(())
    });
}

/// Dropping the handle of a stream ends its transfers.
#[test]
fn streams_that_are_dropped() {
    everywhere(|| async {
        let file = File::from(with_content(PLACES[0], &pattern(LEN))?);
        let (stream, _peer) = unix_pair().await?;
        let sending = zokio::spawn(file.send_to(0, &stream, u64::MAX));
        let receiving = zokio::spawn(file.receive_from(0, &stream, u64::MAX));
        let forwarding = zokio::spawn(splice(&stream, &stream, u64::MAX));
        zokio::task::yield_now().await;
        drop(stream);
        for ended in [sending, receiving, forwarding] {
            let (result, _) = ended.await.unwrap();
            assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
        }
        Ok(())
    });
}

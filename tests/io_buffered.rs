//! BufReader, BufWriter and BufStream against `std`'s on the same operations.

use std::io::{BufRead, Cursor, ErrorKind, IoSlice, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use zokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    ReadBuf,
};

#[path = "support/io.rs"]
mod support;

use support::{Moody, Random, Script, Step};

/// One random position; some are before the start.
fn position(random: &mut Random, len: usize) -> SeekFrom {
    let delta = random.below(2 * len) as i64 - len as i64;
    match random.below(4) {
        0 => SeekFrom::Start(random.below(len) as u64),
        1 => SeekFrom::End(delta.min(0)),
        _ => SeekFrom::Current(delta / 4),
    }
}

#[test]
fn reader_does_what_std_does() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let data = random.bytes(500);
        let capacity = 1 + random.below(64);
        let moody = Moody::new(Cursor::new(data.clone()), random.clone());
        let mut ours = BufReader::with_capacity(capacity, moody);
        let mut std = std::io::BufReader::with_capacity(capacity, Cursor::new(data.clone()));
        block_on(async {
            for _ in 0..60 {
                match random.below(4) {
                    0 => {
                        let n = random.below(80);
                        let (mut one, mut two) = (Vec::new(), Vec::new());
                        (&mut ours)
                            .take(n as u64)
                            .read_to_end(&mut one)
                            .await
                            .unwrap();
                        (&mut std).take(n as u64).read_to_end(&mut two).unwrap();
                        assert_eq!(one, two, "seed {seed}");
                    }
                    1 => {
                        let available = ours.fill_buf().await.unwrap().to_vec();
                        let n = available.len();
                        let mut same = vec![0; n];
                        std.read_exact(&mut same).unwrap();
                        assert_eq!(available, same, "seed {seed}");
                        if n == 0 {
                            assert!(std.fill_buf().unwrap().is_empty(), "seed {seed}");
                        }
                        assert!(n <= capacity);
                        ours.consume(n);
                    }
                    2 => {
                        let (mut one, mut two) = (Vec::new(), Vec::new());
                        ours.read_until(b'\n', &mut one).await.unwrap();
                        std.read_until(b'\n', &mut two).unwrap();
                        assert_eq!(one, two, "seed {seed}");
                    }
                    _ => {
                        let to = position(&mut random, data.len());
                        let one = ours.seek(to).await.map_err(|error| error.kind());
                        let two = std.seek(to).map_err(|error| error.kind());
                        assert_eq!(one, two, "seed {seed}: {to:?}");
                    }
                }
            }
        });
    }
}

#[test]
fn writer_does_what_std_does() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let capacity = random.below(64);
        let moody = Moody::new(Cursor::new(Vec::new()), random.clone()).with_interrupts();
        let mut ours = BufWriter::with_capacity(capacity, moody);
        let mut std = std::io::BufWriter::with_capacity(capacity, Cursor::new(Vec::new()));
        block_on(async {
            for _ in 0..60 {
                match random.below(6) {
                    0 => {
                        let to = SeekFrom::Start(random.below(300) as u64);
                        assert_eq!(ours.seek(to).await.unwrap(), std.seek(to).unwrap());
                    }
                    1 => {
                        ours.flush().await.unwrap();
                        std.flush().unwrap();
                        assert_eq!(
                            ours.get_ref().inner.get_ref(),
                            std.get_ref().get_ref(),
                            "seed {seed}"
                        );
                    }
                    _ => {
                        let len = random.below(90);
                        let bytes = random.bytes(len);
                        ours.write_all(&bytes).await.unwrap();
                        std.write_all(&bytes).unwrap();
                        assert!(ours.buffer().len() <= capacity);
                    }
                }
            }
            ours.flush().await.unwrap();
        });
        let std = std.into_inner().unwrap().into_inner();
        assert_eq!(ours.into_inner().inner.into_inner(), std, "seed {seed}");
    }
}

#[test]
fn vectored_writes_keep_their_order() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let capacity = random.below(32);
        let parts: Vec<Vec<u8>> = (0..30)
            .map(|_| {
                let len = random.below(20);
                random.bytes(len)
            })
            .collect();
        let expected = parts.concat();

        // `Moody` has no vectored writes, a `Vec` has.
        let moody = Moody::new(Vec::new(), random.clone());
        assert_eq!(
            gather(moody, capacity, &parts, |moody| moody.inner),
            expected
        );
        assert_eq!(gather(Vec::new(), capacity, &parts, |vec| vec), expected);
    }
}

/// Writes all of `parts`, as many at a time as are accepted, and returns what arrived.
fn gather<W: zokio::io::AsyncWrite + Unpin>(
    writer: W,
    capacity: usize,
    parts: &[Vec<u8>],
    bytes: impl FnOnce(W) -> Vec<u8>,
) -> Vec<u8> {
    let mut writer = BufWriter::with_capacity(capacity, writer);
    block_on(async {
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut slices = &mut slices[..];
        while slices.iter().any(|slice| !slice.is_empty()) {
            let n = writer.write_vectored(slices).await.unwrap();
            assert_ne!(n, 0);
            IoSlice::advance_slices(&mut slices, n);
        }
        writer.flush().await.unwrap();
    });
    bytes(writer.into_inner())
}

/// Fills by advancing only, which needs memory that is initialized.
struct Advances;

impl zokio::io::AsyncRead for Advances {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        buf.advance(3);
        Poll::Ready(Ok(()))
    }
}

#[test]
fn buffers_of_readers_and_copies_are_initialized() {
    block_on(async {
        let mut reader = BufReader::new(Advances);
        assert_eq!(reader.fill_buf().await.unwrap(), [0; 3]);
        let mut three = [0; 3];
        let mut full = Cursor::new(&mut three[..]);
        let error = zokio::io::copy(&mut Advances, &mut full).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WriteZero);
    });
}

#[test]
fn a_large_read_goes_past_an_empty_buffer() {
    let source: &[u8] = b"0123456789";
    let mut reader = BufReader::with_capacity(4, source);
    let mut buf = [0; 6];
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 6);
    assert!(reader.buffer().is_empty());
    assert_eq!(block_on(reader.read(&mut buf[..1])).unwrap(), 1);
    assert_eq!(reader.buffer(), b"789");
    // What is buffered comes first, alone.
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 3);
}

#[test]
fn a_failed_seek_leaves_the_buffer() {
    let mut reader = BufReader::with_capacity(4, Cursor::new(b"0123456789"));
    block_on(async {
        assert_eq!(reader.fill_buf().await.unwrap(), b"0123");
        reader.seek(SeekFrom::Current(-1)).await.unwrap_err();
        assert_eq!(reader.buffer(), b"0123");
        assert_eq!(reader.seek(SeekFrom::Current(2)).await.unwrap(), 2);
        assert!(reader.buffer().is_empty());
        assert_eq!(reader.read_u8().await.unwrap(), b'2');
    });
}

#[test]
fn writer_reports_what_it_cannot_write_out() {
    let mut space = [0; 2];
    let mut writer = BufWriter::new(Cursor::new(&mut space[..]));
    block_on(async {
        writer.write_all(b"abc").await.unwrap();
        let error = writer.flush().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WriteZero);
        // What did go out is not written a second time.
        assert_eq!(writer.buffer(), b"c");
    });
    assert_eq!(&space, b"ab");
}

#[test]
fn writer_flushes_then_shuts_down() {
    let script = Script::new([
        Step::Wait,
        Step::Fail(ErrorKind::Interrupted),
        Step::Bytes(b"hel"),
        Step::Bytes(b"lo"),
        Step::Shutdown,
    ]);
    let mut writer = BufWriter::new(script);
    block_on(async {
        writer.write_all(b"hello").await.unwrap();
        writer.shutdown().await.unwrap();
    });
    assert!(writer.get_ref().is_done());
}

#[test]
fn stream_buffers_both_ways() {
    let (near, far) = zokio::io::duplex(1024);
    let mut stream = BufStream::with_capacity(8, 8, near);
    let mut far = BufReader::new(far);
    block_on(async {
        stream.write_all(b"abc").await.unwrap();
        stream.flush().await.unwrap();
        far.write_all(b"line\nrest").await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, "line\n");
        assert_eq!(far.fill_buf().await.unwrap(), b"abc");
    });
}

#[test]
fn stream_takes_over_the_buffers_of_its_parts() {
    block_on(async {
        let mut reader = BufReader::new(Cursor::new(b"in".to_vec()));
        reader.fill_buf().await.unwrap();
        let mut writer = BufWriter::new(reader);
        writer.write_all(b"out").await.unwrap();
        let mut stream = BufStream::from(writer);
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "in");
        stream.flush().await.unwrap();
        assert_eq!(stream.into_inner().into_inner(), b"inout");
    });
}

#[test]
fn lines_and_segments_survive_errors_and_cancellation() {
    let script = Script::new([
        Step::Bytes(b"ab"),
        Step::Fail(ErrorKind::Other),
        Step::Bytes(b"\xc3"),
        Step::Fail(ErrorKind::Interrupted),
        Step::Bytes(b"\xa9\r\n\xff\nlast"),
    ]);
    let mut lines = BufReader::new(script).lines();
    block_on(async {
        assert_eq!(
            lines.next_line().await.unwrap_err().kind(),
            ErrorKind::Other
        );
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "abé");
        assert_eq!(
            lines.next_line().await.unwrap_err().kind(),
            ErrorKind::InvalidData
        );
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "last");
        assert_eq!(lines.next_line().await.unwrap(), None);
    });

    let script = Script::new([Step::Bytes(b"a"), Step::Wait, Step::Bytes(b"b,c")]);
    let mut segments = BufReader::new(script).split(b',');
    block_on(async {
        // Polled once and dropped.
        assert!(futures::poll!(std::pin::pin!(segments.next_segment())).is_pending());
        assert_eq!(segments.next_segment().await.unwrap().unwrap(), b"ab");
        assert_eq!(segments.next_segment().await.unwrap().unwrap(), b"c");
        assert_eq!(segments.next_segment().await.unwrap(), None);
    });
}

#[test]
fn lines_are_std_lines() {
    for text in [
        "",
        "\n",
        "a",
        "a\n",
        "\n\n",
        "a\r\n\r\nb\r",
        "\r",
        "é\nü",
        "a\r\r\n",
    ] {
        let expected: Vec<String> = BufRead::lines(text.as_bytes())
            .map(Result::unwrap)
            .collect();
        let mut lines = AsyncBufReadExt::lines(text.as_bytes());
        let mut found = Vec::new();
        while let Some(line) = block_on(lines.next_line()).unwrap() {
            found.push(line);
        }
        assert_eq!(found, expected, "{text:?}");
    }
}

//! The methods of AsyncReadExt, AsyncWriteExt and AsyncBufReadExt, and the cursor-like types.

use std::io::{Cursor, ErrorKind, IoSlice, SeekFrom};
use std::pin::{Pin, pin};
use std::str::Utf8Error;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use futures::executor::block_on;
use futures::poll;
use zokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, BufReader,
    ReadBuf,
};

#[path = "support/io.rs"]
mod support;

use support::{Moody, Random, Script, Step};

#[test]
fn reading_to_the_end_gives_everything() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let len = random.below(3000);
        let data = random.bytes(len);
        let before = random.bytes(seed as usize % 7);
        let mut reader = Moody::new(&data[..], random.clone()).with_interrupts();
        let mut all = before.clone();
        let n = block_on(reader.read_to_end(&mut all)).unwrap();
        assert_eq!(n, len);
        assert_eq!(all, [before, data].concat());
    }
}

#[test]
fn reading_to_the_end_keeps_a_capacity_that_suffices() {
    let data = [7; 100];
    for len in 0..100 {
        for capacity in len.max(32)..101 {
            let mut all = Vec::with_capacity(capacity);
            block_on((&data[..len]).read_to_end(&mut all)).unwrap();
            assert_eq!((all.len(), all.capacity()), (len, capacity));
        }
    }
}

#[test]
fn reading_to_the_end_doubles_a_capacity_that_does_not_suffice() {
    let data = [7; 1000];
    let mut all = Vec::with_capacity(40);
    block_on((&data[..]).read_to_end(&mut all)).unwrap();
    assert_eq!(all.capacity(), 1280);
}

/// Asks for more initialized memory than it fills, and checks that this is remembered.
struct Initializer {
    ahead: usize,
    polls: usize,
}

impl AsyncRead for Initializer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let ahead = buf.initialized().len() - buf.filled().len();
        assert_eq!(ahead, self.ahead);
        self.polls += 1;
        match self.polls {
            10 => return Poll::Ready(Ok(())),
            n if n % 3 == 0 => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            _ => {}
        }
        buf.initialize_unfilled_to(ahead + 2);
        buf.advance(1);
        self.ahead += 1;
        Poll::Ready(Ok(()))
    }
}

#[test]
fn reading_to_the_end_zeroes_memory_only_once() {
    let mut reader = Initializer { ahead: 0, polls: 0 };
    let mut all = Vec::with_capacity(100);
    assert_eq!(block_on(reader.read_to_end(&mut all)).unwrap(), 6);
    assert_eq!(all, [0; 6]);
}

/// Puts a buffer of its own in the place of the one that it is given.
struct Swapper;

impl AsyncRead for Swapper {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        *buf = ReadBuf::new(&mut []);
        Poll::Ready(Ok(()))
    }
}

#[test]
#[should_panic(expected = "replaced the ReadBuf")]
fn a_swapped_buffer_is_noticed_by_read_buf() {
    let _ = block_on(Swapper.read_buf(&mut Vec::with_capacity(64)));
}

#[test]
#[should_panic(expected = "replaced the ReadBuf")]
fn a_swapped_buffer_is_noticed_by_read_to_end() {
    let _ = block_on(Swapper.read_to_end(&mut Vec::with_capacity(64)));
}

#[test]
#[should_panic(expected = "replaced the ReadBuf")]
fn a_swapped_buffer_is_noticed_by_take() {
    let _ = block_on(Swapper.take(10).read(&mut [0; 64]));
}

#[test]
fn text_is_checked_as_a_whole() {
    let script = Script::new([Step::Bytes(b"\xc3"), Step::Wait, Step::Bytes(b"\xa9!")]);
    let mut text = String::from("caf");
    let n = block_on({ script }.read_to_string(&mut text)).unwrap();
    assert_eq!((n, text.as_str()), (3, "café!"));
}

#[test]
fn text_that_is_not_utf8_changes_nothing() {
    let mut text = String::from("abc");
    let error = block_on((&b"d\xff"[..]).read_to_string(&mut text)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let inner = error.into_inner().unwrap().downcast::<Utf8Error>().unwrap();
    assert_eq!(inner.valid_up_to(), 4);
    assert_eq!(text, "abc");

    let mut script = Script::new([Step::Bytes(b"def"), Step::Fail(ErrorKind::Other)]);
    let error = block_on(script.read_to_string(&mut text)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(text, "abc");
}

#[test]
fn a_line_that_fails_keeps_what_is_text() {
    let steps = [Step::Bytes(b"de"), Step::Fail(ErrorKind::Other)];
    let mut line = String::from("abc");
    let error = block_on(BufReader::new(Script::new(steps)).read_line(&mut line)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(line, "abcde");

    let steps = [Step::Bytes(b"f\xff"), Step::Fail(ErrorKind::Other)];
    let error = block_on(BufReader::new(Script::new(steps)).read_line(&mut line)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(line, "abcde");

    let steps = [Step::Bytes(b"f\xff\ng")];
    let error = block_on(BufReader::new(Script::new(steps)).read_line(&mut line)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.into_inner().unwrap().is::<Utf8Error>());
    assert_eq!(line, "abcde");
}

#[test]
fn exact_reads_and_whole_writes_retry_when_interrupted() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let data = random.bytes(300);
        let mut reader = Moody::new(&data[..], random.clone()).with_interrupts();
        let mut writer = Moody::new(Vec::new(), random).with_interrupts();
        let mut buf = [0; 300];
        block_on(async {
            assert_eq!(reader.read_exact(&mut buf).await.unwrap(), 300);
            writer.write_all(&buf[..100]).await.unwrap();
            let mut rest = Bytes::copy_from_slice(&buf[100..]);
            writer.write_all_buf(&mut rest).await.unwrap();
            assert!(!rest.has_remaining());
        });
        assert_eq!(writer.inner, data);
    }
}

#[test]
fn a_source_that_ends_early_is_an_error() {
    let mut source: &[u8] = b"abc";
    let error = block_on(source.read_exact(&mut [0; 4])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let mut source: &[u8] = b"abc";
    let error = block_on(source.read_u32()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_destination_that_takes_nothing_is_an_error() {
    let mut space = [0; 3];
    let mut full = Cursor::new(&mut space[..]);
    block_on(async {
        assert_eq!(
            full.write_u32(1).await.unwrap_err().kind(),
            ErrorKind::WriteZero
        );
        assert_eq!(
            full.write_all(b"a").await.unwrap_err().kind(),
            ErrorKind::WriteZero
        );
        let mut rest: &[u8] = b"ab";
        let error = full.write_all_buf(&mut rest).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WriteZero);
        assert_eq!(full.write_buf(&mut rest).await.unwrap(), 0);
        assert_eq!(rest, b"ab");
    });
}

macro_rules! number_tests {
    ($($test:ident: $read:ident $write:ident $to_bytes:ident [$($value:expr),*];)*) => {$(
        #[test]
        fn $test() {
            for value in [$($value),*] {
                let bytes = value.$to_bytes();
                let random = Random::new(7);
                let mut reader = Moody::new(&bytes[..], random.clone()).with_interrupts();
                let mut writer = Moody::new(Vec::new(), random).with_interrupts();
                block_on(async {
                    assert_eq!(reader.$read().await.unwrap(), value);
                    writer.$write(value).await.unwrap();
                });
                assert_eq!(writer.inner, bytes);
            }
        }
    )*};
}

number_tests! {
    numbers_u8: read_u8 write_u8 to_be_bytes [0, 1, u8::MAX];
    numbers_i8: read_i8 write_i8 to_be_bytes [0, -1, i8::MIN];
    numbers_u16: read_u16 write_u16 to_be_bytes [0x0102, u16::MAX];
    numbers_i16: read_i16 write_i16 to_be_bytes [0x0102, -2, i16::MIN];
    numbers_u32: read_u32 write_u32 to_be_bytes [0x0102_0304, u32::MAX];
    numbers_i32: read_i32 write_i32 to_be_bytes [0x0102_0304, -2, i32::MIN];
    numbers_u64: read_u64 write_u64 to_be_bytes [0x0102_0304_0506_0708, u64::MAX];
    numbers_i64: read_i64 write_i64 to_be_bytes [0x0102_0304_0506_0708, -2, i64::MIN];
    numbers_u128: read_u128 write_u128 to_be_bytes [1 << 77, u128::MAX - 1];
    numbers_i128: read_i128 write_i128 to_be_bytes [1 << 77, -2, i128::MIN];
    numbers_f32: read_f32 write_f32 to_be_bytes [1.25, -0.5, f32::INFINITY];
    numbers_f64: read_f64 write_f64 to_be_bytes [1.25, -0.5, f64::INFINITY];
    numbers_u16_le: read_u16_le write_u16_le to_le_bytes [0x0102, u16::MAX];
    numbers_i16_le: read_i16_le write_i16_le to_le_bytes [0x0102, -2, i16::MIN];
    numbers_u32_le: read_u32_le write_u32_le to_le_bytes [0x0102_0304, u32::MAX];
    numbers_i32_le: read_i32_le write_i32_le to_le_bytes [0x0102_0304, -2, i32::MIN];
    numbers_u64_le: read_u64_le write_u64_le to_le_bytes [0x0102_0304_0506_0708, u64::MAX];
    numbers_i64_le: read_i64_le write_i64_le to_le_bytes [0x0102_0304_0506_0708, -2, i64::MIN];
    numbers_u128_le: read_u128_le write_u128_le to_le_bytes [1 << 77, u128::MAX - 1];
    numbers_i128_le: read_i128_le write_i128_le to_le_bytes [1 << 77, -2, i128::MIN];
    numbers_f32_le: read_f32_le write_f32_le to_le_bytes [1.25, -0.5, f32::INFINITY];
    numbers_f64_le: read_f64_le write_f64_le to_le_bytes [1.25, -0.5, f64::INFINITY];
}

#[test]
fn cursors_read_from_their_position() {
    for position in [0, 2, 3, 4, u64::MAX] {
        let mut cursor = Cursor::new(b"abc");
        cursor.set_position(position);
        let mut buf = [0; 8];
        let n = block_on(cursor.read(&mut buf)).unwrap();
        let mut std = Cursor::new(b"abc");
        std.set_position(position);
        let mut same = [0; 8];
        let expected = std::io::Read::read(&mut std, &mut same).unwrap();
        assert_eq!(
            (n, buf, cursor.position()),
            (expected, same, std.position())
        );
    }
}

#[test]
fn cursors_write_at_their_position() {
    async fn overwrite<W: AsyncWrite + Unpin>(cursor: &mut W) -> usize {
        let parts = [IoSlice::new(b"x"), IoSlice::new(b""), IoSlice::new(b"yz")];
        assert!(cursor.is_write_vectored());
        cursor.write_vectored(&parts).await.unwrap()
    }
    block_on(async {
        let mut cursor = Cursor::new(b"abc".to_vec());
        cursor.seek(SeekFrom::Start(2)).await.unwrap();
        assert_eq!(overwrite(&mut cursor).await, 3);
        assert_eq!(cursor.into_inner(), b"abxyz");

        let mut cursor = Cursor::new(b"abc".to_vec().into_boxed_slice());
        cursor.seek(SeekFrom::Start(2)).await.unwrap();
        assert_eq!(overwrite(&mut cursor).await, 1);
        assert_eq!(&cursor.into_inner()[..], b"abx");

        let mut space = *b"abc";
        let mut cursor = Cursor::new(&mut space[..]);
        assert_eq!(overwrite(&mut cursor).await, 3);
        assert_eq!(&space, b"xyz");

        let mut vec = b"abc".to_vec();
        let mut cursor = Cursor::new(&mut vec);
        cursor.seek(SeekFrom::End(0)).await.unwrap();
        assert_eq!(overwrite(&mut cursor).await, 3);
        assert_eq!(vec, b"abcxyz");
    });
}

#[test]
fn seeks_are_those_of_std() {
    let mut cursor = Cursor::new(b"0123456789");
    block_on(async {
        assert_eq!(cursor.seek(SeekFrom::End(-2)).await.unwrap(), 8);
        let error = cursor.seek(SeekFrom::Current(-9)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(cursor.stream_position().await.unwrap(), 8);
        assert_eq!(cursor.rewind().await.unwrap(), 0);
    });
}

#[test]
fn traits_reach_through_pointers() {
    async fn round_trip(mut stream: Pin<Box<dyn ReadWrite>>) -> [u8; 2] {
        stream.write_all(b"hi").await.unwrap();
        let mut buf = [0; 2];
        stream.read_exact(&mut buf).await.unwrap();
        buf
    }
    trait ReadWrite: AsyncRead + AsyncWrite {}
    impl<T: AsyncRead + AsyncWrite> ReadWrite for T {}

    let pipe = zokio::io::SimplexStream::new_unsplit(8);
    assert_eq!(&block_on(round_trip(Box::pin(pipe))), b"hi");

    let boxed: Box<dyn AsyncWrite + Unpin> = Box::new(Vec::new());
    assert!(boxed.is_write_vectored());
}

#[test]
fn vectored_writes_fall_back_to_the_first_buffer_with_bytes() {
    let parts = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"c")];
    let mut script = Script::new([Step::Bytes(b"ab")]);
    assert_eq!(block_on(script.write_vectored(&parts)).unwrap(), 2);
    assert!(script.is_done());
}

#[test]
fn chunks_go_out_in_one_write_where_that_is_possible() {
    let mut chunks = Bytes::from("a")
        .chain(Bytes::from("b"))
        .chain(Bytes::from("c"));
    let mut vec = Vec::new();
    assert_eq!(block_on(vec.write_buf(&mut chunks)).unwrap(), 3);

    let mut chunks = Bytes::from("a").chain(Bytes::from("b"));
    let mut script = Script::new([Step::Bytes(b"a")]);
    assert_eq!(block_on(script.write_buf(&mut chunks)).unwrap(), 1);
    assert_eq!(chunks.remaining(), 1);
}

#[test]
fn an_interrupted_whole_write_of_chunks_can_go_on() {
    let script = Script::new([Step::Bytes(b"ab"), Step::Wait, Step::Bytes(b"cd")]);
    let mut writer = script;
    let mut src: &[u8] = b"abcd";
    block_on(async {
        assert!(futures::poll!(pin!(writer.write_all_buf(&mut src))).is_pending());
        assert_eq!(src, b"cd");
        writer.write_all_buf(&mut src).await.unwrap();
    });
}

#[test]
fn read_buf_grows_what_can_grow_and_stops_at_what_cannot() {
    block_on(async {
        let mut source: &[u8] = b"hello";
        let mut bytes = BytesMut::new();
        assert_eq!(source.read_buf(&mut bytes).await.unwrap(), 5);
        let mut source: &[u8] = b"hello";
        let mut space = [0; 3];
        let mut fixed = &mut space[..];
        assert_eq!(source.read_buf(&mut fixed).await.unwrap(), 3);
        assert_eq!(source.read_buf(&mut fixed).await.unwrap(), 0);
        assert_eq!(source, b"lo");
    });
}

#[test]
fn fill_buf_gives_the_same_bytes_until_they_are_consumed() {
    let (mut near, far) = zokio::io::duplex(16);
    let mut far = BufReader::new(far);
    block_on(async {
        let mut fill = pin!(far.fill_buf());
        assert!(poll!(&mut fill).is_pending());
        near.write_all(b"abc").await.unwrap();
        assert_eq!(fill.await.unwrap(), b"abc");
        far.consume(1);
        assert_eq!(far.fill_buf().await.unwrap(), b"bc");
        far.consume(9);
        drop(near);
        assert_eq!(far.fill_buf().await.unwrap(), b"");
    });
}

#[test]
fn take_and_chain_end_where_they_should() {
    block_on(async {
        let mut limited = AsyncReadExt::take(&b"hello"[..], 3)
            .chain(&b" world"[..])
            .take(6);
        let mut all = String::new();
        limited.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "hel wo");
        assert_eq!(limited.limit(), 0);

        // An empty read says nothing about the end of the first reader.
        let mut chain = AsyncReadExt::chain(&b"a"[..], &b"b"[..]);
        assert_eq!(chain.read(&mut []).await.unwrap(), 0);
        assert_eq!(chain.fill_buf().await.unwrap(), b"a");
        chain.consume(1);
        assert_eq!(chain.fill_buf().await.unwrap(), b"b");

        // At its limit a reader does not ask the inner one, which might wait.
        let (_near, far) = zokio::io::duplex(16);
        let mut none = BufReader::new(far).take(0);
        assert_eq!(none.fill_buf().await.unwrap(), b"");
        assert_eq!(none.read(&mut [0; 4]).await.unwrap(), 0);
    });
}

#[test]
fn take_appends_to_what_is_filled() {
    let mut space = [0; 8];
    let mut buf = ReadBuf::new(&mut space);
    buf.put_slice(b"AB");
    let mut limited = AsyncReadExt::take(&b"hello"[..], 4);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        Pin::new(&mut limited)
            .poll_read(&mut cx, &mut buf)
            .is_ready()
    );
    assert_eq!(buf.filled(), b"ABhell");
}

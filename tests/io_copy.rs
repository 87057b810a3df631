//! copy, copy_buf and copy_bidirectional.

use std::io::{Cursor, ErrorKind};
use std::pin::pin;

use futures::executor::block_on;
use futures::poll;
use zokio::io::{
    AsyncReadExt, AsyncWriteExt, BufReader, BufWriter, copy, copy_bidirectional,
    copy_bidirectional_with_sizes, copy_buf, duplex, join,
};

#[path = "support/io.rs"]
mod support;

use support::{Moody, Random, Script, Step};

#[test]
fn everything_arrives_in_order() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let len = random.below(40_000);
        let data = random.bytes(len);
        let mut reader = Moody::new(&data[..], random.clone()).with_interrupts();
        let mut writer = Moody::new(Vec::new(), random.clone()).with_interrupts();
        assert_eq!(
            block_on(copy(&mut reader, &mut writer)).unwrap(),
            len as u64
        );
        assert_eq!(writer.inner, data);

        let reader = Moody::new(&data[..], random.clone()).with_interrupts();
        let mut reader = BufReader::with_capacity(1 + random.below(100), reader);
        let mut writer = Moody::new(Vec::new(), random).with_interrupts();
        assert_eq!(
            block_on(copy_buf(&mut reader, &mut writer)).unwrap(),
            len as u64
        );
        assert_eq!(writer.inner, data);
    }
}

#[test]
fn the_writer_is_flushed_when_the_reader_waits_and_at_the_end() {
    let steps = || {
        [
            Step::Bytes(b"ab"),
            Step::Wait,
            Step::Wait,
            Step::Bytes(b"c"),
        ]
    };
    let expected = || {
        [
            Step::Bytes(b"ab"),
            Step::Flush,
            Step::Bytes(b"c"),
            Step::Flush,
        ]
    };
    let mut writer = Script::new(expected());
    let n = block_on(copy(&mut Script::new(steps()), &mut writer)).unwrap();
    assert!(n == 3 && writer.is_done());

    let mut writer = Script::new(expected());
    let mut reader = BufReader::new(Script::new(steps()));
    let n = block_on(copy_buf(&mut reader, &mut writer)).unwrap();
    assert!(n == 3 && writer.is_done());
}

#[test]
fn the_buffer_is_filled_while_the_writer_waits() {
    let mut reader = Script::new([Step::Bytes(b"ab"), Step::Bytes(b"cd"), Step::Bytes(b"ef")]);
    let mut writer = Script::new([Step::Bytes(b"a"), Step::Wait, Step::Bytes(b"bcdef")]);
    block_on(async {
        let mut copying = pin!(copy(&mut reader, &mut writer));
        assert!(poll!(&mut copying).is_pending());
        assert_eq!(copying.await.unwrap(), 6);
    });
    assert_eq!(writer.writes, [1, 5]);
}

#[test]
fn failures_end_the_copy() {
    let fail = || Script::new([Step::Bytes(b"a"), Step::Fail(ErrorKind::ConnectionReset)]);
    let mut sink = Vec::new();
    let error = block_on(copy(&mut fail(), &mut sink)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(sink, b"a");
    let error = block_on(copy(&mut &b"ab"[..], &mut fail())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut reader: &[u8] = b"ab";
    let error = block_on(copy_buf(&mut reader, &mut fail())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    // What was not written is still there.
    assert_eq!(reader, b"b");

    let mut space = [0; 2];
    let mut full = Cursor::new(&mut space[..]);
    let error = block_on(copy(&mut &b"abc"[..], &mut full)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    let error = block_on(copy_buf(&mut &b"abc"[..], &mut full)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

#[test]
fn a_copy_is_flushed_through_a_buffer() {
    let mut writer = BufWriter::new(Vec::new());
    block_on(copy(&mut &b"hello"[..], &mut writer)).unwrap();
    assert_eq!(writer.get_ref(), b"hello");
}

#[test]
fn a_proxy_passes_a_half_close_on() {
    block_on(async {
        let (mut client, mut a) = duplex(16);
        let (mut server, mut b) = duplex(16);
        let mut proxy = pin!(copy_bidirectional(&mut a, &mut b));

        client.write_all(b"ask").await.unwrap();
        client.shutdown().await.unwrap();
        assert!(poll!(&mut proxy).is_pending());
        let mut text = String::new();
        server.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "ask");

        server.write_all(b"answer").await.unwrap();
        assert!(poll!(&mut proxy).is_pending());
        drop(server);
        assert_eq!(proxy.await.unwrap(), (3, 6));
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "answer");
    });
}

#[test]
fn a_proxy_that_is_stuck_one_way_goes_on_the_other_way() {
    block_on(async {
        let (mut client, mut a) = duplex(4);
        let (mut server, mut b) = duplex(4);
        let mut proxy = pin!(copy_bidirectional(&mut a, &mut b));
        // What the client sends is not read, so it gets stuck.
        let mut sent = 0;
        loop {
            let polled = poll!(pin!(client.write(b"xxxx")));
            assert!(poll!(&mut proxy).is_pending());
            match polled {
                std::task::Poll::Ready(n) => sent += n.unwrap(),
                std::task::Poll::Pending => break,
            }
        }
        // What the proxy buffers is bounded.
        assert!((8..20_000).contains(&sent), "{sent}");
        server.write_all(b"pong").await.unwrap();
        assert!(poll!(&mut proxy).is_pending());
        let mut buf = [0; 4];
        client.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"pong");
    });
}

#[test]
fn a_proxy_ends_at_the_first_error() {
    block_on(async {
        // The other direction would wait forever.
        let (_open, mut a) = duplex(16);
        let mut b = Script::new([Step::Fail(ErrorKind::ConnectionReset)]);
        let error = copy_bidirectional(&mut a, &mut b).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let (_open, mut a) = duplex(16);
        let mut b = Script::new([Step::Fail(ErrorKind::ConnectionReset)]);
        let error = copy_bidirectional(&mut b, &mut a).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_proxy_with_small_buffers_loses_nothing() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let (there, back) = (random.bytes(700), random.bytes(300));
        let moody = |data| Moody::new(data, Random::new(seed)).with_interrupts();
        let mut a = join(moody(&there[..]), Vec::new());
        let mut b = join(moody(&back[..]), Vec::new());
        let copied = block_on(copy_bidirectional_with_sizes(&mut a, &mut b, 1, 13)).unwrap();
        assert_eq!(copied, (700, 300));
        assert_eq!((a.writer(), b.writer()), (&back, &there));
    }
}

#[test]
#[should_panic(expected = "`a_to_b_buf_size` must be greater than 0")]
fn a_proxy_needs_a_buffer_there() {
    let (mut a, mut b) = duplex(1);
    let _ = block_on(copy_bidirectional_with_sizes(&mut a, &mut b, 0, 1));
}

#[test]
#[should_panic(expected = "`b_to_a_buf_size` must be greater than 0")]
fn a_proxy_needs_a_buffer_back() {
    let (mut a, mut b) = duplex(1);
    let _ = block_on(copy_bidirectional_with_sizes(&mut a, &mut b, 1, 0));
}

//! The tokio crate's own utilities, and streams with a script from tokio-test, over the types of this
//! crate.
#![cfg(feature = "tokio")]

#[path = "support/net.rs"]
mod support;

use std::io::{ErrorKind, SeekFrom};

use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, copy, copy_bidirectional,
};
use tokio_test::io::Builder;
use tokio_test::{assert_pending, assert_ready_eq, task};
use zokio::fs::{File, OpenOptions};
use zokio::io::duplex;
use zokio::net::UnixStream;
use zokio::task::{spawn, yield_now};

use self::support::{on_every_runtime, tcp_pair, until};

/// More than the buffers of a socket hold.
fn much() -> Vec<u8> {
    (0..3_000_000_u32).map(|i| (i % 251) as u8).collect()
}

#[test]
fn a_script_is_copied_into_a_connection_as_it_goes_on() {
    on_every_runtime(|| async {
        let (mut client, mut server) = tcp_pair().await?;
        let (mut script, mut handle) = Builder::new().read(b"one, ").build_with_handle();
        let copied = spawn(async move {
            let copied = copy(&mut script, &mut client).await?;
            client.shutdown().await?;
            std::io::Result::Ok(copied)
        });
        let mut first = [0; 5];
        server.read_exact(&mut first).await?;
        assert_eq!(&first, b"one, ");
        handle.read(b"two, ").read(b"three");
        drop(handle);
        let mut rest = Vec::new();
        assert_eq!(server.read_to_end(&mut rest).await?, 10);
        assert_eq!(rest, b"two, three");
        assert_eq!(copied.await.unwrap()?, 15);
        Ok(())
    });
}

#[test]
fn a_script_and_a_connection_are_copied_into_each_other() {
    on_every_runtime(|| async {
        let (mut near, mut far) = tcp_pair().await?;
        let mut script = Builder::new()
            .read(b"question")
            .write(b"an")
            .write(b"swer")
            .build();
        let answers = spawn(async move {
            let mut question = [0; 8];
            far.read_exact(&mut question).await?;
            far.write_all(b"answer").await?;
            far.shutdown().await?;
            assert_eq!(far.read(&mut [0]).await?, 0);
            std::io::Result::Ok(question)
        });
        // The script panics at what it does not expect, and when it is dropped too early.
        let copied = copy_bidirectional(&mut script, &mut near).await?;
        assert_eq!(copied, (8, 6));
        assert_eq!(&answers.await.unwrap()?, b"question");
        Ok(())
    });
}

#[test]
fn a_proxy_of_owned_halves_loses_no_byte() {
    on_every_runtime(|| async {
        let (client, outside) = tcp_pair().await?;
        let (inside, mut server) = UnixStream::pair()?;
        let (mut from_client, mut to_client) = outside.into_split();
        let (mut from_server, mut to_server) = inside.into_split();
        let there = spawn(async move {
            let copied = copy(&mut from_client, &mut to_server).await?;
            to_server.shutdown().await?;
            std::io::Result::Ok(copied)
        });
        let back = spawn(async move {
            let copied = copy(&mut from_server, &mut to_client).await?;
            to_client.shutdown().await?;
            std::io::Result::Ok(copied)
        });
        let echo = spawn(async move {
            let mut got = Vec::new();
            server.read_to_end(&mut got).await?;
            server.write_all(&got).await?;
            server.shutdown().await
        });
        let (mut reader, mut writer) = tokio::io::split(client);
        let sent = spawn(async move {
            writer.write_all(&much()).await?;
            writer.shutdown().await
        });
        let mut got = Vec::new();
        reader.read_to_end(&mut got).await?;
        assert!(got == much());
        sent.await.unwrap()?;
        echo.await.unwrap()?;
        assert_eq!(there.await.unwrap()?, got.len() as u64);
        assert_eq!(back.await.unwrap()?, got.len() as u64);
        Ok(())
    });
}

#[test]
fn lines_are_read_from_a_half_as_they_come() {
    on_every_runtime(|| async {
        let (mut near, mut far) = UnixStream::pair()?;
        let (reader, mut writer) = near.split();
        let mut lines = BufReader::with_capacity(4, reader).lines();
        far.write_all(b"first line\nsec").await?;
        assert_eq!(lines.next_line().await?.as_deref(), Some("first line"));
        {
            let mut next = task::spawn(lines.next_line());
            assert_pending!(next.poll());
            far.write_all(b"ond\r\nlast").await?;
            until(|| next.is_woken()).await;
            assert_eq!(next.await?.as_deref(), Some("second"));
        }
        writer.write_all(b"heard").await?;
        let mut heard = [0; 5];
        far.read_exact(&mut heard).await?;
        assert_eq!(&heard, b"heard");
        drop(far);
        assert_eq!(lines.next_line().await?.as_deref(), Some("last"));
        assert_eq!(lines.next_line().await?, None);
        Ok(())
    });
}

#[test]
fn a_file_is_written_sought_and_copied() {
    on_every_runtime(|| async {
        let path = tempfile::NamedTempFile::new()?.into_temp_path();
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).open(&path).await?;
        let mut script = Builder::new().read(b"0123").read(b"456789").build();
        assert_eq!(copy(&mut script, &mut file).await?, 10);
        file.seek(SeekFrom::Start(8)).await?;
        file.write_all(b"ab").await?;
        file.flush().await?;
        file.rewind().await?;
        let mut text = String::new();
        (&mut file).take(4).read_to_string(&mut text).await?;
        assert_eq!(text, "0123");
        let mut expects = Builder::new().write(b"4567ab").build();
        assert_eq!(copy(&mut file, &mut expects).await?, 6);

        let mut lines = BufReader::new(File::open(&path).await?);
        lines.seek(SeekFrom::End(-3)).await?;
        let mut rest = Vec::new();
        lines.read_to_end(&mut rest).await?;
        assert_eq!(rest, b"7ab");
        Ok(())
    });
}

#[test]
fn a_narrow_duplex_carries_a_large_file() {
    on_every_runtime(|| async {
        let path = tempfile::NamedTempFile::new()?.into_temp_path();
        std::fs::write(&path, much())?;
        let mut file = File::open(&path).await?;
        let (mut near, mut far) = duplex(1000);
        let sent = spawn(async move {
            let copied = copy(&mut file, &mut near).await?;
            near.shutdown().await?;
            std::io::Result::Ok(copied)
        });
        let mut got = Vec::new();
        far.read_to_end(&mut got).await?;
        assert!(got == much());
        assert_eq!(sent.await.unwrap()?, got.len() as u64);
        Ok(())
    });
}

#[test]
fn a_full_duplex_waits_and_wakes_who_writes() {
    on_every_runtime(|| async {
        let (mut near, mut far) = duplex(4);
        let mut write = task::spawn(async move { near.write_all(b"12345678").await.is_ok() });
        assert_pending!(write.poll());
        yield_now().await;
        assert!(!write.is_woken());
        let mut half = [0; 4];
        far.read_exact(&mut half).await?;
        assert_eq!(&half, b"1234");
        assert!(write.is_woken());
        assert_ready_eq!(write.poll(), true);
        far.read_exact(&mut half).await?;
        assert_eq!(&half, b"5678");
        Ok(())
    });
}

#[test]
fn errors_pass_through_a_copy_in_both_directions() {
    on_every_runtime(|| async {
        let (mut near, mut far) = duplex(16);
        let mut script = Builder::new()
            .read(b"before")
            .read_error(ErrorKind::ConnectionReset.into())
            .build();
        let error = copy(&mut script, &mut near).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        near.shutdown().await?;
        let mut before = Vec::new();
        far.read_to_end(&mut before).await?;
        assert_eq!(before, b"before");

        let (mut near, far) = UnixStream::pair()?;
        drop(far);
        let mut script = Builder::new().read(b"too late").build();
        let error = copy(&mut script, &mut near).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);

        let (mut near, mut far) = tcp_pair().await?;
        far.write_all(b"x").await?;
        far.shutdown().await?;
        let mut script = Builder::new()
            .write_error(ErrorKind::StorageFull.into())
            .build();
        let error = copy(&mut near, &mut script).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        Ok(())
    });
}

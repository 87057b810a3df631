//! Transfers of `zokio::completion` whose connection fails, with an error that the calls of the
//! kernel for transfers have as well.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/copies.rs"]
mod copies;
#[path = "support/namespace.rs"]
mod namespace;

use std::io::{self, Read, Write};
use std::time::Duration;

use socket2::SockRef;
use zokio::completion::fs::File;
use zokio::completion::net::{TcpListener, TcpStream, UnixStream};
use zokio::completion::{Progress, Transfer, Transferred, splice};

use self::copies::data;
use self::namespace::{ADDRESS, in_a_network, prohibit};

const SIZE: usize = 512 * 1024;

/// A connection that fails soon after its route is prohibited, and its far end, which blocks.
async fn connection() -> io::Result<(TcpStream, std::net::TcpStream)> {
    let listener = TcpListener::bind((ADDRESS, 0)).await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    SockRef::from(&near).set_tcp_user_timeout(Some(Duration::from_millis(300)))?;
    let far = std::net::TcpStream::try_from(listener.accept().await?.0).expect("no operation");
    far.set_nonblocking(false)?;
    Ok((near, far))
}

/// A Unix stream, and its far end, which blocks.
fn unix() -> io::Result<(UnixStream, std::os::unix::net::UnixStream)> {
    let (near, far) = UnixStream::pair()?;
    let far = std::os::unix::net::UnixStream::try_from(far).expect("no operation");
    far.set_nonblocking(false)?;
    Ok((near, far))
}

async fn until_arrived(progress: &Progress, bytes: u64) {
    while progress.count() < bytes {
        zokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Checks that a transfer fails with the error of its connection, and returns what became of it.
async fn fails(transfer: zokio::task::JoinHandle<(io::Result<()>, Transferred)>) -> Transferred {
    let (result, transferred) = transfer.await.unwrap();
    let error = result.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EACCES), "{error}");
    transferred
}

/// Runs a transfer whose source fails after it has sent `SIZE` bytes; returns what has arrived.
async fn with_a_source_that_fails(
    begin: impl FnOnce(&TcpStream) -> Transfer,
) -> io::Result<Transferred> {
    let (near, mut far) = connection().await?;
    let transfer = begin(&near);
    let progress = transfer.progress();
    let transfer = zokio::spawn(transfer);
    let sent = std::thread::spawn(move || far.write_all(data(SIZE)).map(|()| far));
    let far = sent.join().unwrap()?;
    until_arrived(&progress, SIZE as u64).await;
    prohibit(ADDRESS)?;
    // What cannot be sent ends the connection.
    near.write("x").await.0?;
    let transferred = fails(transfer).await;
    assert_eq!(transferred.count(), SIZE as u64);
    drop(far);
    Ok(transferred)
}

/// The kernel reports the error of a connection once, and the end of the stream from then on.
#[test]
fn the_error_of_a_spliced_source_is_not_its_end() {
    in_a_network("the_error_of_a_spliced_source_is_not_its_end", || async {
        let (sink, mut far_sink) = unix()?;
        let drained = std::thread::spawn(move || {
            let mut bytes = vec![0; SIZE];
            far_sink.read_exact(&mut bytes).map(|()| bytes)
        });
        let transferred =
            with_a_source_that_fails(|source| splice(source, &sink, u64::MAX)).await?;
        assert!(transferred.into_rest().is_empty());
        assert!(drained.join().unwrap()? == data(SIZE));
        Ok(())
    });
}

#[test]
fn the_error_of_a_received_source_is_not_its_end() {
    in_a_network("the_error_of_a_received_source_is_not_its_end", || async {
        let file = File::from(tempfile::tempfile()?);
        let transferred =
            with_a_source_that_fails(|source| file.receive_from(0, source, u64::MAX)).await?;
        assert!(transferred.into_rest().is_empty());
        let (read, bytes) = file.read_exact_at(vec![0; SIZE], 0).await;
        read?;
        assert!(bytes == data(SIZE));
        Ok(())
    });
}

/// Runs a transfer whose sink fails while it is full.
async fn with_a_sink_that_fails(
    begin: impl FnOnce(&TcpStream) -> Transfer,
) -> io::Result<Transferred> {
    let (near, far) = connection().await?;
    SockRef::from(&near).set_send_buffer_size(32 * 1024)?;
    let transfer = begin(&near);
    let progress = transfer.progress();
    let transfer = zokio::spawn(transfer);
    until_arrived(&progress, 1).await;
    prohibit(ADDRESS)?;
    let transferred = fails(transfer).await;
    drop(far);
    Ok(transferred)
}

/// It is the transfer's error, and not what the next call on the sink returns; what had been taken
/// for it comes back.
#[test]
fn the_error_of_a_spliced_sink_is_not_replaced() {
    in_a_network("the_error_of_a_spliced_sink_is_not_replaced", || async {
        let (source, mut far_source) = unix()?;
        let sent = std::thread::spawn(move || far_source.write_all(data(16 * SIZE)));
        let transferred = with_a_sink_that_fails(|sink| splice(&source, sink, u64::MAX)).await?;
        let count = usize::try_from(transferred.count()).unwrap();
        let rest = transferred.into_rest();
        assert!(data(16 * SIZE)[count..].starts_with(&rest));
        // What it had not taken is in the source.
        let (read, next) = source.read(Vec::with_capacity(100)).await;
        read?;
        assert!(data(16 * SIZE)[count + rest.len()..].starts_with(&next));
        drop(source);
        sent.join().unwrap().unwrap_err();
        Ok(())
    });
}

#[test]
fn the_error_of_a_stream_that_a_file_is_sent_to_is_not_replaced() {
    let name = "the_error_of_a_stream_that_a_file_is_sent_to_is_not_replaced";
    in_a_network(name, || async {
        let mut file = tempfile::tempfile()?;
        file.write_all(data(16 * SIZE))?;
        let file = File::from(file);
        let transferred = with_a_sink_that_fails(|sink| file.send_to(0, sink, u64::MAX)).await?;
        assert!(transferred.count() < 16 * SIZE as u64);
        assert!(transferred.into_rest().is_empty());
        Ok(())
    });
}

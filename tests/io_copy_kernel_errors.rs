//! Copies within the kernel between connections that fail, with errors that splice(2) has as well.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/copies.rs"]
mod copies;
#[path = "support/namespace.rs"]
mod namespace;

use std::io::{self, Write};
use std::time::Duration;

use socket2::SockRef;
use zokio::io::copy;
use zokio::net::{TcpListener, TcpStream};

use self::copies::{copied, data, narrow, unix};
use self::namespace::{ADDRESS, in_a_network, prohibit};

const SIZE: usize = 512 * 1024;

/// A connection that fails soon after its route is prohibited, and its far end.
async fn connection() -> io::Result<(TcpStream, std::net::TcpStream)> {
    let listener = TcpListener::bind((ADDRESS, 0)).await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    SockRef::from(&near).set_tcp_user_timeout(Some(Duration::from_millis(300)))?;
    Ok((near, listener.accept().await?.0.into_std()?))
}

async fn until_copied(bytes: usize) {
    while copied() < bytes as u64 {
        zokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The kernel reports the error of a connection once, and the end of the stream from then on. An
/// `EACCES` was taken for one of splice(2), and the copy ended as if nothing were missing.
#[test]
fn the_error_of_a_source_is_not_its_end() {
    in_a_network("the_error_of_a_source_is_not_its_end", || async {
        let (near, mut far) = connection().await?;
        let (mut sink, far_sink) = unix()?;
        let (mut source, back) = near.into_split();
        let copying = zokio::spawn(async move { copy(&mut source, &mut sink).await });
        let sent = std::thread::spawn(move || {
            far.set_nonblocking(false)?;
            far.write_all(data(SIZE)).map(|()| far)
        });
        let drained = std::thread::spawn(move || io::copy(&mut &far_sink, &mut io::sink()));
        let far = sent.join().unwrap()?;
        until_copied(1).await;
        prohibit(ADDRESS)?;
        // What cannot be sent ends the connection.
        back.writable().await?;
        back.try_write(b"x")?;
        let error = copying.await.unwrap().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EACCES), "{error}");
        // What was copied before has arrived.
        assert!(drained.join().unwrap()? > 0);
        drop(far);
        Ok(())
    });
}

/// It is the copy's error, and not what the next call on the sink returns.
#[test]
fn the_error_of_a_sink_is_not_replaced() {
    in_a_network("the_error_of_a_sink_is_not_replaced", || async {
        let (mut source, mut far_source) = unix()?;
        let (mut sink, far) = connection().await?;
        narrow(&far, &sink, 32 * 1024)?;
        let copying = zokio::spawn(async move { copy(&mut source, &mut sink).await });
        let sent = std::thread::spawn(move || far_source.write_all(data(8 * SIZE)));
        until_copied(1).await;
        prohibit(ADDRESS)?;
        let error = copying.await.unwrap().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EACCES), "{error}");
        sent.join().unwrap().unwrap_err();
        drop(far);
        Ok(())
    });
}

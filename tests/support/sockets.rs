//! What the `completion_net*` tests share: runtimes of every kind, and connected sockets.
#![allow(dead_code)]

#[path = "runtimes.rs"]
mod all;
#[path = "sanitizer.rs"]
pub mod sanitizer;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::time::Duration;

use zokio::completion::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use zokio::runtime::{Runtime, Sockets};

pub use all::within_the_limit;
use all::{builder, builders};

/// One runtime for each back-end and scheduler, and one whose receives are completions.
pub fn runtimes() -> impl Iterator<Item = Runtime> {
    sanitizer::start_symbolizer();
    let mut receives = builder(0, None);
    receives.sockets(Sockets::Completion);
    let all = builders(&[0, 2]).chain([receives]);
    all.map(|mut builder| builder.enable_all().build().unwrap())
}

/// Runs the test on every runtime, by `block_on` and as a task.
pub fn everywhere<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    for runtime in runtimes() {
        within_the_limit(|| {
            runtime.block_on(test()).unwrap();
            runtime.block_on(runtime.spawn(test())).unwrap().unwrap();
        });
    }
}

/// Runs the test once on every runtime.
pub fn on_every_runtime<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>>,
{
    for runtime in runtimes() {
        within_the_limit(|| runtime.block_on(test()).unwrap());
    }
}

/// The two ends of a TCP connection: who connected, who accepted.
pub async fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, peer) = listener.accept().await?;
    assert_eq!(peer, client.local_addr()?);
    Ok((client, server))
}

/// As [`tcp_pair`], with a connection of Unix sockets.
pub async fn unix_pair() -> io::Result<(UnixStream, UnixStream)> {
    UnixStream::pair()
}

/// Two datagram sockets that are connected to each other.
pub async fn udp_pair() -> io::Result<(UdpSocket, UdpSocket)> {
    let one = UdpSocket::bind("127.0.0.1:0").await?;
    let other = UdpSocket::bind("127.0.0.1:0").await?;
    one.connect(other.local_addr()?).await?;
    other.connect(one.local_addr()?).await?;
    Ok((one, other))
}

/// Whether an operation reached its limit.
pub fn is_limit(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    error.kind() == ErrorKind::TimedOut && inner.is_some_and(zokio::Error::is_timeout)
}

/// Whether an operation was cancelled.
pub fn is_cancelled(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ECANCELED)
}

/// Lets the runtime work until `done`.
pub async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        zokio::time::sleep(Duration::from_millis(1)).await;
    }
}

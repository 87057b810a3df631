//! What the tests share whose receives may be completions: runtimes with and without them, and bytes
//! for a stream whose reads were dropped.

use std::future::Future;
use std::io::{self, Write};
use std::net;
use std::time::Duration;

use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::{Builder, Runtime, Sockets};
use zokio::time::{sleep, timeout};

use super::support::{sanitizer, until};

/// Long enough for a slow machine: only a test that would never end comes near.
pub const LIMIT: Duration = Duration::from_secs(60);

pub fn runtime(sockets: Sockets) -> Runtime {
    sanitizer::start_symbolizer();
    let mut builder = Builder::new_current_thread();
    builder.enable_all().sockets(sockets).build().unwrap()
}

/// Whether the receives of `runtime` are completions.
pub fn completions(runtime: &Runtime) -> bool {
    runtime.handle().driver_info().sockets() == Sockets::Completion
}

/// Runs the test on a runtime of each kind. It is told whether receives are completions.
pub fn on_both<F: Future<Output = io::Result<()>>>(test: impl Fn(bool) -> F) {
    for runtime in [Sockets::Completion, Sockets::Readiness].map(runtime) {
        let test = test(completions(&runtime));
        runtime
            .block_on(async { timeout(LIMIT, test).await.expect("the test hangs") })
            .unwrap();
    }
}

/// A stream, and a blocking one of `std` as its peer.
pub async fn with_std<S: From<TcpStream>>() -> io::Result<(S, net::TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let peer = net::TcpStream::connect(listener.local_addr()?)?;
    peer.set_nodelay(true)?;
    peer.set_read_timeout(Some(LIMIT))?;
    Ok((listener.accept().await?.0.into(), peer))
}

/// Has a receive that was begun on its way: it is handed over when the driver is polled.
pub async fn hand_over() {
    sleep(Duration::from_millis(2)).await;
}

/// Sends `bytes` to a stream that has dropped a read, and waits until it has `retained` them, where
/// receives are completions.
pub async fn retain(
    retained: impl Fn() -> usize,
    peer: &mut net::TcpStream,
    bytes: &[u8],
    completions: bool,
) -> io::Result<()> {
    peer.write_all(bytes)?;
    let expected = if completions { bytes.len() } else { 0 };
    until(|| retained() >= expected).await;
    assert_eq!(retained(), expected);
    Ok(())
}

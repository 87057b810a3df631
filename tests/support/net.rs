//! What the `net_*` tests share: runtimes of every kind, connected streams, and a count of open
//! descriptors.
#![allow(dead_code)]

#[path = "sanitizer.rs"]
pub mod sanitizer;

use std::future::Future;
use std::io;
use std::time::Duration;

use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::{Builder, Runtime};
use zokio::time::timeout;

/// Long enough for a slow machine: only a test that would never end comes near.
pub const LONG: Duration = Duration::from_secs(100);

pub fn current_thread() -> Runtime {
    sanitizer::start_symbolizer();
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn multi_thread(workers: usize) -> Runtime {
    sanitizer::start_symbolizer();
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs the test on both schedulers, each time on a runtime of its own.
pub fn on_every_runtime<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>>,
{
    for runtime in [current_thread(), multi_thread(2)] {
        let test = test();
        runtime
            .block_on(async { timeout(LONG, test).await.expect("the test hangs") })
            .unwrap();
    }
}

/// The two ends of a TCP connection: who connected, who accepted.
pub async fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

/// The descriptors that this process has open.
pub fn open_fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Lets the runtime work until `done`.
pub async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        zokio::time::sleep(Duration::from_millis(1)).await;
    }
}

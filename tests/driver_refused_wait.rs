//! A runtime where the wait with an exact time-out is refused, from the start or from some moment
//! on: everything works, at a resolution of milliseconds.
//!
//! Whether the call works is tried once per process, so each case runs this test program again as a
//! child.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/filter.rs"]
mod filter;

use std::process::Command;

use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::{Builder, Runtime};
use zokio::time::{Duration, Instant, sleep};

fn runtimes() -> [Runtime; 2] {
    let mut multi = Builder::new_multi_thread();
    let multi = multi.worker_threads(2).enable_all().build();
    let current = Builder::new_current_thread().enable_all().build();
    [current.unwrap(), multi.unwrap()]
}

/// Waits for sockets and for timers.
async fn work() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = zokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 4];
        for _ in 0..10 {
            stream.read_exact(&mut bytes).await.unwrap();
            sleep(Duration::from_micros(300)).await;
            stream.write_all(&bytes).await.unwrap();
        }
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = [0; 4];
    for _ in 0..10 {
        let start = Instant::now();
        stream.write_all(b"ping").await.unwrap();
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"ping");
        assert!(start.elapsed() >= Duration::from_micros(300));
    }
    server.await.unwrap();
}

/// Not a test of its own, but what the others run.
#[test]
fn child() {
    let refuse = || filter::refuse(&[libc::SYS_epoll_pwait2], libc::EPERM);
    match std::env::var("ZOKIO_CHILD").as_deref() {
        Ok("first") => {
            refuse();
            for rt in runtimes() {
                rt.block_on(work());
            }
        }
        Ok("later") => {
            // The filter is for this thread alone, which the first runtime waits on.
            let [rt, _] = runtimes();
            rt.block_on(work());
            refuse();
            rt.block_on(work());
        }
        _ => return,
    }
    println!("done");
}

fn run_child(case: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    let output = command.env("ZOKIO_CHILD", case).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("done"),
        "{output:?}"
    );
}

#[test]
fn a_wait_that_is_refused_from_the_start() {
    run_child("first");
}

#[test]
fn a_wait_that_is_refused_later() {
    run_child("later");
}

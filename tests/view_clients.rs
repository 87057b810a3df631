//! Whatever clients of the live view do, the program and other clients do not notice.
#![cfg(not(zokio_no_monitor))]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/view.rs"]
mod view;
#[path = "support/wait.rs"]
mod wait;

use std::future::pending;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::Runtime;

use self::apart::{SCHEDULERS, builder, on_schedulers, sanitizer};
use self::view::{SetsAtEnd, Viewer};
use self::wait::wait_until;

/// A runtime that is shown. The view does not depend on whether it runs.
struct Shown {
    runtime: Runtime,
    path: PathBuf,
    _folder: TempDir,
}

fn shown(workers: usize) -> Shown {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view");
    Shown {
        runtime: builder(workers).monitor(&path).build().unwrap(),
        path,
        _folder: folder,
    }
}

impl Shown {
    /// Fails if another client is not served.
    #[track_caller]
    fn serves(&self) {
        assert_eq!(Viewer::connect(&self.path).runtimes().len(), 1);
    }
}

#[track_caller]
fn is_error(answer: &Value) {
    assert!(answer["error"].is_string(), "{answer}");
}

#[test]
fn what_makes_no_sense_is_answered_by_an_error() {
    let shown = shown(0);
    let mut viewer = Viewer::connect(&shown.path);
    for garbage in [
        "",
        "what",
        "stream",
        "stream 1",
        "stack 1",
        "GET / HTTP/1.1",
        "\0\0",
    ] {
        is_error(&viewer.ask(garbage));
    }
    viewer.send(b"\xff\xfe\n");
    is_error(&viewer.next().unwrap());
    is_error(&viewer.ask("stack 999 0"));
    is_error(&viewer.ask(&format!("stack {} 7", shown.runtime.handle().id())));
    // The connection is as good as before.
    assert_eq!(viewer.runtimes().len(), 1);
}

#[test]
fn a_line_that_is_too_long_is_dropped() {
    let shown = shown(0);
    let mut viewer = Viewer::connect(&shown.path);
    viewer.send(vec![b'x'; 100_000]);
    is_error(&viewer.next().unwrap());
    viewer.send(vec![b'y'; 100_000]);
    viewer.send("\nsnapshot\n");
    assert!(viewer.next().unwrap()["snapshot"].is_object());
}

#[test]
fn requests_may_come_in_pieces_and_together() {
    let shown = shown(0);
    let mut viewer = Viewer::connect(&shown.path);
    viewer.send("snap");
    shown.serves();
    viewer.send("shot\nmetrics\nwhat\nsnapshot\n");
    assert!(viewer.next().unwrap()["snapshot"].is_object());
    assert!(viewer.next().unwrap()["metrics"].is_string());
    is_error(&viewer.next().unwrap());
    assert!(viewer.next().unwrap()["snapshot"].is_object());
}

#[test]
fn a_client_that_sends_no_more_gets_its_answers() {
    let shown = shown(2);
    for _ in 0..2_000 {
        shown.runtime.spawn(pending::<()>());
    }
    let mut viewer = Viewer::connect(&shown.path);
    viewer.send("tasks\nsnapshot\n");
    viewer.socket().shutdown(Shutdown::Write).unwrap();
    assert_eq!(viewer.pages("tasks").len(), 2_000);
    assert!(viewer.next().unwrap()["snapshot"].is_object());
    assert_eq!(viewer.next().unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_stream_goes_until_it_is_stopped() {
    for workers in SCHEDULERS {
        let shown = shown(workers);
        let mut viewer = Viewer::connect(&shown.path);
        viewer.send("stream 10\n");
        let mut last = 0;
        for _ in 0..10 {
            let line = viewer.next().unwrap();
            let now = line["snapshot"]["now"].as_u64().unwrap();
            assert!(now > last);
            last = now;
        }
        // Other requests are answered in between.
        viewer.send("what\nstop\nmetrics\n");
        let answers = std::iter::repeat_with(|| viewer.next().unwrap());
        let others: Vec<Value> = answers
            .filter(|line| line["snapshot"].is_null())
            .take(2)
            .collect();
        is_error(&others[0]);
        assert!(others[1]["metrics"].is_string());
        // One that had gone on would be there by now.
        let short = Duration::from_millis(100);
        viewer.socket().set_read_timeout(Some(short)).unwrap();
        assert_eq!(viewer.next().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

/// What is kept for it is bounded: no further request is taken while an answer waits to be read.
#[test]
fn a_client_that_does_not_read_is_not_served_without_end() {
    const FAR_MORE_THAN_FITS: usize = 64 << 20;
    let shown = shown(2);
    for _ in 0..1_000 {
        shown.runtime.spawn(pending::<()>());
    }
    let mut client = UnixStream::connect(&shown.path).unwrap();
    client.set_nonblocking(true).unwrap();
    let requests = "tasks\nsnapshot\nevents\n".repeat(1_000);
    let (mut sent, mut refused) = (0, 0);
    // Once the server reads no more, nothing more is taken, however long the client tries.
    while refused < 100 {
        match client.write(requests.as_bytes()) {
            Ok(count) => {
                sent += count;
                refused = 0;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refused += 1;
                shown.serves();
            }
            Err(error) => panic!("{error}"),
        }
        assert!(sent < FAR_MORE_THAN_FITS);
    }
    // One that still reads nothing is cut off in the end.
    wait_until("the client is still there", || {
        shown.serves();
        let closed = (&client).write(b"\n").map_err(|error| error.kind());
        closed == Err(ErrorKind::BrokenPipe)
    });
}

/// How many bytes of this process are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * limits::page_size()
}

/// The copies of events and tasks that are made for clients are few, and go on to the next ones.
#[test]
fn clients_that_do_not_read_share_a_bounded_amount_of_memory() {
    const CLIENTS: usize = 32;
    let test = "clients_that_do_not_read_share_a_bounded_amount_of_memory";
    on_schedulers(test, &[2], |workers| {
        let shown = shown(workers);
        // The workers' rings are full then.
        let spins = (0..4).map(|_| {
            shown.runtime.spawn(async {
                for _ in 0..100_000 {
                    zokio::task::yield_now().await;
                }
            })
        });
        spins.for_each(|task| shown.runtime.block_on(task).unwrap());
        let mut reads = Viewer::connect(&shown.path);
        reads.send("events\n");
        let events = reads.pages("events").len();
        assert!(events > 30_000, "{events}");
        let before = resident();
        let idle: Vec<Viewer> = (0..CLIENTS)
            .map(|_| {
                let mut viewer = Viewer::connect(&shown.path);
                viewer.send("events\n");
                viewer
            })
            .collect();
        // All of them have had their turn, twice.
        (0..3).for_each(|_| shown.serves());
        let more = resident().saturating_sub(before);
        let bound = CLIENTS / 2 * events * 32;
        assert!(more < bound || sanitizer::slowness() > 1, "{more} {bound}");
        // One that reads is served in the end.
        reads.send("events\n");
        assert!(reads.pages("events").len() > 30_000);
        drop(idle);
        shown.serves();
    });
}

#[test]
fn a_stream_that_is_not_read_leaves_snapshots_out() {
    let shown = shown(2);
    let mut viewer = Viewer::connect(&shown.path);
    viewer.send("stream 10\n");
    let first = viewer.next().unwrap();
    let others = || shown.serves();
    // As many snapshots as the socket has room for would be due in less time.
    (0..100).for_each(|_| others());
    let second = viewer.next().unwrap();
    assert!(second["snapshot"]["now"].as_u64() > first["snapshot"]["now"].as_u64());
}

#[test]
fn there_may_be_too_many_clients() {
    let shown = shown(0);
    let first = Viewer::connect(&shown.path);
    let mut others = Vec::new();
    let refused = loop {
        match Viewer::try_connect(&shown.path) {
            Ok(viewer) => others.push(viewer),
            Err(error) => break error,
        }
        assert!(others.len() < 1_000);
    };
    assert_eq!(refused.kind(), ErrorKind::UnexpectedEof);
    drop(first);
    wait_until("there is no room again", || {
        Viewer::try_connect(&shown.path).is_ok()
    });
}

/// An echo server and its clients on one runtime, each of which knows what it has to get back.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Load {
    async fn run(&self) {
        const CLIENTS: usize = 8;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = zokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                zokio::spawn(async move {
                    let mut number = [0; 8];
                    while stream.read_exact(&mut number).await.is_ok() {
                        stream.write_all(&number).await.unwrap();
                    }
                });
            }
        });
        let clients: Vec<_> = (0..CLIENTS as u64)
            .map(|client| {
                let (stop, answered) = (self.stop.clone(), self.answered.clone());
                zokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    let mut request = client << 32;
                    while !stop.load(Ordering::Relaxed) {
                        stream.write_u64(request).await.unwrap();
                        assert_eq!(stream.read_u64().await.unwrap(), request);
                        answered.fetch_add(1, Ordering::Relaxed);
                        request += 1;
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        server.abort();
    }
}

#[test]
fn a_thousand_clients_come_and_go_under_load() {
    for workers in SCHEDULERS {
        let shown = shown(workers);
        let load = Load {
            stop: Arc::default(),
            answered: Arc::default(),
        };
        thread::scope(|scope| {
            let _stop = SetsAtEnd(&load.stop);
            scope.spawn(|| shown.runtime.block_on(load.run()));
            let answered = || load.answered.load(Ordering::Relaxed);
            wait_until("nothing is answered", || answered() > 0);
            for number in 0..1_000 {
                come_and_go(&shown, number);
            }
            // The load continues, and what is answered is counted by the clients themselves.
            let before = answered();
            wait_until("nothing more is answered", || answered() > before);
        });
        shown.serves();
    }
}

/// Connects, and leaves in one of several ways.
fn come_and_go(shown: &Shown, number: usize) {
    match number % 6 {
        0 => drop(UnixStream::connect(&shown.path).unwrap()),
        1 => shown.serves(),
        2 => drop(Viewer::connect(&shown.path)),
        3 => {
            // It leaves in the middle of an answer.
            let mut viewer = Viewer::connect(&shown.path);
            // All events are megabytes.
            let request = if number % 100 == 3 {
                "events\n"
            } else {
                "metrics\n"
            };
            viewer.send(request);
            let mut socket = viewer.socket();
            socket.read_exact(&mut [0; 10]).unwrap();
        }
        4 => {
            let mut viewer = Viewer::connect(&shown.path);
            viewer.send("stream 10\ntasks\nhalf a li");
            viewer.next().unwrap();
        }
        _ => {
            let mut socket = UnixStream::connect(&shown.path).unwrap();
            socket.write_all(&[number as u8; 300]).unwrap();
            socket.shutdown(Shutdown::Both).unwrap();
        }
    }
}

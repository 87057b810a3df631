//! Handles of `zokio::completion::net` that are dropped while the kernel is carrying out a call for an
//! operation: whatever the call meets then, the operation ends as one whose socket was closed.
//!
//! The call is held by a thread that answers it, drops the handle, and lets it go on or fail.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/apart.rs"]
mod apart;

use std::io;
use std::sync::{Arc, Mutex};

use zokio::completion::net::{TcpListener, TcpStream, UdpSocket};
use zokio::completion::{BufResult, BufferRing};
use zokio::runtime::Sockets;

use self::answers::{Answer, Calls, answer, answer_first};
use self::apart::{builder, on_schedulers_prepared, skip, without_search_for_leaks};

const RECV: Calls = Calls(libc::SYS_recvfrom, None);

/// Something that the thread which answers drops.
type Handle<T> = Arc<Mutex<Option<T>>>;

/// Has the handle dropped during the first of the calls, which then has this answer.
fn drop_during<T: Send + 'static>(calls: Calls, handle: Handle<T>, then: Answer) {
    let filtered = answer(calls, move |_| match handle.lock().unwrap().take() {
        Some(handle) => {
            drop(handle);
            then
        }
        None => Answer::Continues,
    });
    if let Err(error) = filtered {
        skip(&format!("calls cannot be answered: {error}"));
    }
}

#[track_caller]
fn was_closed<B: AsRef<[u8]>>((result, buffer): BufResult<usize, B>) {
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    assert!(buffer.as_ref().is_empty());
}

/// A stream that was accepted, which is tried without a wait, and its peer.
async fn connected() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (client, server) = zokio::join!(TcpStream::connect(address), async {
        listener.accept().await
    });
    Ok((server?.0, client?))
}

/// Runs the scenario for a call that continues, and so meets the end, and for one that fails.
#[track_caller]
fn either_way(test: &str, scenario: impl Fn(&zokio::runtime::Runtime, Answer)) {
    let names: Vec<String> = ["continues", "fails"]
        .iter()
        .flat_map(|then| [0, 1].map(|workers| format!("{workers} {then}")))
        .collect();
    apart::apart(test, &names, without_search_for_leaks, |name| {
        let (workers, then) = name.split_once(' ').unwrap();
        let then = match then {
            "fails" => Answer::Fails(libc::ECONNRESET),
            _ => Answer::Continues,
        };
        let mut builder = builder(workers.parse().unwrap());
        let runtime = builder.sockets(Sockets::Readiness).build().unwrap();
        scenario(&runtime, then);
    });
}

#[test]
fn a_read_whose_stream_is_closed_during_its_call() {
    let test = "a_read_whose_stream_is_closed_during_its_call";
    either_way(test, |runtime, then| {
        runtime.block_on(async {
            let (stream, _peer) = connected().await.unwrap();
            let read = stream.read(Vec::with_capacity(16));
            drop_during(RECV, Arc::new(Mutex::new(Some(stream))), then);
            was_closed(read.await);
        });
    });
}

#[test]
fn a_datagram_whose_socket_is_closed_during_its_call() {
    let test = "a_datagram_whose_socket_is_closed_during_its_call";
    either_way(test, |runtime, then| {
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let address = socket.local_addr().unwrap();
            socket.connect(address).await.unwrap();
            // An empty datagram looks like the end.
            socket.send("").await.0.unwrap();
            let read = socket.recv(Vec::with_capacity(16));
            drop_during(RECV, Arc::new(Mutex::new(Some(socket))), then);
            was_closed(read.await);
        });
    });
}

#[test]
fn a_stream_of_receives_whose_stream_is_closed_during_its_call() {
    let test = "a_stream_of_receives_whose_stream_is_closed_during_its_call";
    either_way(test, |runtime, then| {
        runtime.block_on(async {
            let (stream, _peer) = connected().await.unwrap();
            let ring = BufferRing::new(2, 64);
            let mut received = stream.recv_multi(&ring);
            drop_during(RECV, Arc::new(Mutex::new(Some(stream))), then);
            let error = received.next().await.unwrap().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
            assert!(received.next().await.is_none());
        });
    });
}

/// Nothing of what it was to accept is lost.
#[test]
fn a_connection_that_was_aborted_does_not_end_those_that_come() {
    let test = "a_connection_that_was_aborted_does_not_end_those_that_come";
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let runtime = builder(workers).build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let accept = Calls(libc::SYS_accept4, None);
            let aborted = [Answer::Fails(libc::ECONNABORTED)];
            if let Err(error) = answer_first(accept, &aborted) {
                skip(&format!("calls cannot be answered: {error}"));
            }
            let mut incoming = listener.incoming();
            let error = incoming.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
            incoming.next().await.unwrap().unwrap();
        });
    });
}

/// What no stream of the kernel's does, but a type that is passed off as one may.
#[test]
fn a_write_of_nothing_ends_a_write_of_all() {
    let test = "a_write_of_nothing_ends_a_write_of_all";
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let runtime = builder(workers).build().unwrap();
        runtime.block_on(async {
            let (stream, _peer) = connected().await.unwrap();
            let send = Calls(libc::SYS_sendto, None);
            if let Err(error) = answer_first(send, &[Answer::Returns(0)]) {
                skip(&format!("calls cannot be answered: {error}"));
            }
            let (written, buffer) = stream.write_all("four").await;
            assert_eq!(written.unwrap_err().kind(), io::ErrorKind::WriteZero);
            assert_eq!(buffer, "four");
            stream.write_all(buffer).await.0.unwrap();
        });
    });
}

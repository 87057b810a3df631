//! `incoming` of the listeners of `zokio::completion`. A program of its own, one test at a time: one of
//! them lowers the limit of open files, which is that of the process.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/limits.rs"]
mod limits;
#[path = "support/next.rs"]
mod next;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::io;
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FusedStream;
use zokio::completion::net::{TcpListener, UnixListener};
use zokio::task::yield_now;
use zokio::time::Instant;

use self::limits::allow_descriptors;
use self::next::impatient;
use self::owned::{poll_once, random};
use self::support::{everywhere, is_cancelled, on_every_runtime, runtimes};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const CONNECTIONS: u32 = 20_000;
const AT_A_TIME: u32 = 10;

#[test]
fn streams_that_are_dropped_lose_no_connection() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path)?;
        let (next, window) = mpsc::channel();
        let connecting = thread::spawn(move || {
            for number in 0..CONNECTIONS {
                if number % AT_A_TIME == 0 {
                    window.recv().unwrap();
                }
                let mut stream = std::os::unix::net::UnixStream::connect(&path)?;
                io::Write::write_all(&mut stream, &number.to_le_bytes())?;
            }
            Ok::<_, io::Error>(())
        });
        let (mut accepted, mut given_up, mut state) = (0_u32, 0, 21);
        let mut incoming = listener.incoming();
        next.send(()).unwrap();
        while accepted < CONNECTIONS {
            if random(&mut state, 8) == 0 {
                incoming = listener.incoming();
            }
            let Some(stream) = impatient(incoming.next(), &mut state).await else {
                given_up += 1;
                continue;
            };
            let (read, number) = stream.read_exact(vec![0; 4]).await;
            read?;
            assert_eq!(number, accepted.to_le_bytes());
            accepted += 1;
            if accepted % AT_A_TIME == 0 && accepted < CONNECTIONS {
                next.send(()).unwrap();
            }
        }
        assert!(given_up > 100, "{given_up}");
        connecting.join().unwrap()?;
        Ok(())
    });
}

#[test]
fn connections_that_wait_are_accepted_in_one_poll() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut incoming = listener.incoming();
        assert!(poll_once(&mut incoming.next()).await.is_pending());
        let clients: Vec<_> = (0..50)
            .map(|_| std::net::TcpStream::connect(address))
            .collect::<io::Result<_>>()?;
        let first = incoming.next().await.unwrap()?;
        let mut peers = vec![first.peer_addr()?];
        std::future::poll_fn(|cx| {
            while let Poll::Ready(Some(stream)) = incoming.poll_next_unpin(cx) {
                peers.push(stream.unwrap().peer_addr().unwrap());
            }
            Poll::Ready(())
        })
        .await;
        let expected: Vec<_> = clients.iter().map(|c| c.local_addr().unwrap()).collect();
        assert_eq!(peers, expected);
        Ok(())
    });
}

#[test]
fn it_ends_with_the_listener() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    everywhere(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut incoming = listener.incoming();
        let accepting = zokio::spawn(async move {
            let error = incoming.next().await.unwrap().unwrap_err();
            assert!(incoming.is_terminated() && incoming.next().await.is_none());
            error
        });
        yield_now().await;
        drop(listener);
        assert!(is_cancelled(&accepting.await.unwrap()));
        // The port is free.
        TcpListener::bind(address).await?;
        Ok(())
    });
}

#[test]
fn it_ends_with_the_runtime() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for runtime in runtimes() {
        let (_listener, mut incoming) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut incoming = listener.incoming();
            assert!(poll_once(&mut incoming.next()).await.is_pending());
            (listener, incoming)
        });
        drop(runtime);
        let error = futures::executor::block_on(incoming.next()).unwrap();
        assert_eq!(error.map(drop).unwrap_err().kind(), io::ErrorKind::Other);
        assert!(futures::executor::block_on(incoming.next()).is_none());
    }
}

/// A loop that ignores errors is slowed down, and gets the connection when it can.
#[test]
fn a_lack_of_descriptors_does_not_spin() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    on_every_runtime(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = std::net::TcpStream::connect(listener.local_addr()?)?;
        let mut incoming = listener.incoming();
        // The client has the last one.
        let before = allow_descriptors(0);
        let begin = Instant::now();
        let mut errors = 0;
        let mut error = None;
        while errors < 4 {
            match incoming.next().await.unwrap() {
                Ok(stream) => panic!("{stream:?} with {} open", client.as_raw_fd()),
                Err(failed) => error = Some(failed),
            }
            errors += 1;
        }
        let slept = begin.elapsed();
        allow_descriptors(before);
        assert_eq!(error.unwrap().raw_os_error(), Some(libc::EMFILE));
        assert!(slept >= Duration::from_millis(3 * 50), "{slept:?}");
        let stream = incoming.next().await.unwrap()?;
        assert_eq!(stream.peer_addr()?, client.local_addr()?);
        Ok(())
    });
}

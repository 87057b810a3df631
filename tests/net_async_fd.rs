//! `AsyncFd`: any descriptor, its guards, and what happens when it is misused.

#[path = "support/net.rs"]
mod support;

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use futures::FutureExt;
use futures_test::task::new_count_waker;
use zokio::io::unix::AsyncFd;
use zokio::io::{Interest, Ready};
use zokio::task::{spawn, yield_now};

use self::support::{current_thread, on_every_runtime, until};

/// A stream that the runtime watches, and its peer.
fn pair() -> io::Result<(AsyncFd<UnixStream>, UnixStream)> {
    let (near, far) = UnixStream::pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    Ok((unsafe { AsyncFd::register(near)? }, far))
}

/// A pair whose first event has been handed out, that of a stream with room to write. A write that
/// comes while another worker takes that event is reported twice, and the second event could come
/// after a guard has been made.
async fn settled_pair() -> io::Result<(AsyncFd<UnixStream>, UnixStream)> {
    let (near, far) = pair()?;
    near.writable().await?.retain_ready();
    Ok((near, far))
}

fn would_block<T>() -> io::Result<T> {
    Err(ErrorKind::WouldBlock.into())
}

#[test]
fn readiness_lasts_until_it_is_cleared() {
    on_every_runtime(|| async {
        let (near, mut far) = settled_pair().await?;
        assert!(near.readable().now_or_never().is_none());
        far.write_all(b"x")?;
        let mut guard = near.readable().await?;
        assert_eq!(near.get_ref().read(&mut [0; 8])?, 1);
        near.readable().await?.retain_ready();
        assert!(guard.try_io(|_| Ok(())).is_ok());
        near.readable().await?.retain_ready();
        assert!(guard.try_io(|_| would_block::<()>()).is_err());
        assert!(guard.ready().is_empty());
        assert!(near.readable().now_or_never().is_none());

        far.write_all(b"y")?;
        near.readable().await?.clear_ready();
        assert!(near.readable().now_or_never().is_none());
        Ok(())
    });
}

/// A guard stands for what it saw: what came in later is not cleared by it.
#[test]
fn a_guard_does_not_clear_a_later_event() {
    on_every_runtime(|| async {
        let (near, mut far) = settled_pair().await?;
        far.write_all(b"x")?;
        let mut guard = near.readable().await?;
        assert_eq!(near.get_ref().read(&mut [0; 8])?, 1);

        // A second event, known to have been handed out: a task that waited for it was woken.
        let (waker, wakes) = new_count_waker();
        near.readable().await?.clear_ready();
        let mut cx = Context::from_waker(&waker);
        assert!(near.poll_read_ready(&mut cx).is_pending());
        far.write_all(b"y")?;
        until(|| wakes.get() > 0).await;

        guard.clear_ready();
        near.readable().await?.retain_ready();
        Ok(())
    });
}

#[test]
fn one_direction_can_be_cleared() {
    on_every_runtime(|| async {
        let (near, mut far) = settled_pair().await?;
        far.write_all(b"x")?;
        near.readable().await?.retain_ready();
        let mut guard = near.ready(Interest::READABLE | Interest::WRITABLE).await?;
        assert_eq!(guard.ready(), Ready::READABLE | Ready::WRITABLE);
        guard.clear_ready_matching(Ready::READABLE);
        assert_eq!(guard.ready(), Ready::WRITABLE);
        assert!(near.readable().now_or_never().is_none());
        near.writable().await?.retain_ready();
        Ok(())
    });
}

#[test]
fn the_closures_run_until_they_are_done() {
    on_every_runtime(|| async {
        let (mut near, mut far) = pair()?;
        let refused = near.try_io(Interest::READABLE, |_| -> io::Result<()> {
            panic!("it is not readable")
        });
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::WouldBlock);
        let calls = Cell::new(0);
        {
            let read = near.async_io_mut(Interest::READABLE, |stream| {
                calls.set(calls.get() + 1);
                stream.read(&mut [0; 8])
            });
            let mut read = pin!(read);
            assert!(read.as_mut().now_or_never().is_none());
            far.write_all(b"hello")?;
            assert_eq!(read.await?, 5);
        }
        assert_eq!(calls.get(), 1);
        near.async_io(Interest::WRITABLE, |mut stream| stream.write_all(b"x"))
            .await?;
        near.writable_mut()
            .await?
            .try_io(|near| near.get_mut().write(b"y"))
            .expect("there is room")?;
        assert_eq!(far.read(&mut [0; 8])?, 2);
        far.write_all(b"z")?;
        let mut guard = near.readable_mut().await?;
        assert_eq!(guard.get_inner_mut().read(&mut [0; 8])?, 1);
        guard.clear_ready();
        assert!(guard.ready().is_empty());
        Ok(())
    });
}

#[test]
fn every_waiting_task_is_woken_and_the_last_poller() {
    on_every_runtime(|| async {
        let (near, mut far) = pair()?;
        let near = Arc::new(near);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let near = near.clone();
                spawn(async move { near.readable().await.map(|mut guard| guard.retain_ready()) })
            })
            .collect();
        yield_now().await;
        let [(one, first), (other, last)] = [(); 2].map(|()| new_count_waker());
        for waker in [one, other] {
            let mut cx = Context::from_waker(&waker);
            assert!(near.poll_read_ready(&mut cx).is_pending());
        }
        far.write_all(b"x")?;
        for task in tasks {
            task.await.unwrap()?;
        }
        until(|| last.get() > 0).await;
        assert_eq!((first.get(), last.get()), (0, 1));
        Ok(())
    });
}

#[test]
fn a_dropped_wait_leaves_the_others() {
    on_every_runtime(|| async {
        let (near, mut far) = pair()?;
        {
            let mut waits: Vec<_> = (0..9).map(|_| Box::pin(near.readable())).collect();
            for wait in &mut waits {
                assert!(wait.as_mut().now_or_never().is_none());
            }
            // First, last, and one in the middle.
            drop((waits.remove(8), waits.remove(4), waits.remove(0)));
            far.write_all(b"x")?;
            for wait in waits {
                wait.await?.retain_ready();
            }
        }
        drop(near.into_inner());
        Ok(())
    });
}

#[test]
fn the_object_comes_back_and_can_be_registered_again() {
    on_every_runtime(|| async {
        let (near, mut far) = pair()?;
        // SAFETY: `near` keeps the descriptor.
        let twice = unsafe { AsyncFd::register(near.as_raw_fd()) };
        assert_eq!(
            twice.unwrap_err().into_parts().1.kind(),
            ErrorKind::AlreadyExists
        );
        let near = near.into_inner();
        // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
        let near = unsafe { AsyncFd::register(near)? };
        far.write_all(b"x")?;
        near.readable().await?.retain_ready();
        assert_eq!(near.as_fd().as_raw_fd(), near.as_raw_fd());
        assert!(format!("{near:?}").starts_with("AsyncFd"));
        drop(near);
        assert_eq!(
            far.read(&mut [0; 8]).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        Ok(())
    });
}

/// The deprecated constructors cannot keep their caller from closing the descriptor. If a duplicate
/// keeps the file alive, then its events continue, and reach no registration: neither the one that
/// is gone nor the next one in its place.
#[test]
#[allow(deprecated)]
fn events_of_a_lost_descriptor_reach_nobody() {
    on_every_runtime(|| async {
        let (near, mut far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        let duplicate: OwnedFd = near.as_fd().try_clone_to_owned()?;
        let watched = AsyncFd::with_interest(near.as_raw_fd(), Interest::READABLE)?;
        drop(near);
        drop(watched);

        let (next, mut next_far) = pair()?;
        for _ in 0..10 {
            far.write_all(b"x")?;
            yield_now().await;
            assert!(next.readable().now_or_never().is_none());
        }
        next_far.write_all(b"x")?;
        next.readable().await?.retain_ready();
        drop(duplicate);
        Ok(())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn errors_and_priority_are_seen() {
    on_every_runtime(|| async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let client = std::net::TcpStream::connect(listener.local_addr()?)?;
        client.set_nonblocking(true)?;
        let (server, _) = listener.accept()?;
        // SAFETY: a `TcpStream` keeps its descriptor until it is dropped.
        let client = unsafe { AsyncFd::register_with_interest(client, Interest::PRIORITY)? };
        assert!(client.ready(Interest::PRIORITY).now_or_never().is_none());
        socket2::SockRef::from(&server).send_out_of_band(b"!")?;
        let ready = client.ready(Interest::PRIORITY).await?.ready();
        assert_eq!(ready, Ready::PRIORITY);

        let nobody = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
        let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        socket.connect(nobody)?;
        // SAFETY: a `UdpSocket` keeps its descriptor until it is dropped.
        let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::ERROR)? };
        assert!(socket.ready(Interest::ERROR).now_or_never().is_none());
        socket.get_ref().send(b"anybody?")?;
        let ready = socket.ready(Interest::ERROR).await?.ready();
        assert_eq!(ready, Ready::ERROR);
        Ok(())
    });
}

#[test]
fn what_cannot_be_watched_comes_back() {
    on_every_runtime(|| async {
        let file = std::fs::File::open("Cargo.toml")?;
        let fd = file.as_raw_fd();
        // SAFETY: a `File` keeps its descriptor until it is dropped.
        let error = unsafe { AsyncFd::register(file) }.unwrap_err();
        assert!(error.to_string().contains("not registered"));
        let (file, cause) = error.into_parts();
        assert_eq!(file.as_raw_fd(), fd);
        assert_eq!(cause.kind(), ErrorKind::PermissionDenied);
        Ok(())
    });
}

#[test]
fn shutdown_ends_every_wait() {
    let runtime = current_thread();
    let (near, mut far) = {
        let _enter = runtime.enter();
        pair().unwrap()
    };
    let mut guard = runtime.block_on(near.writable()).unwrap();
    let mut waiting = pin!(near.readable());
    assert!(waiting.as_mut().now_or_never().is_none());
    let (waker, wakes) = new_count_waker();
    let mut cx = Context::from_waker(&waker);
    assert!(near.poll_read_ready(&mut cx).is_pending());

    drop(runtime);
    assert_eq!(wakes.get(), 1);
    guard.clear_ready();
    let is_shutdown = |error: io::Error| zokio::runtime::is_rt_shutdown_err(&error);
    futures::executor::block_on(async {
        assert!(is_shutdown(waiting.await.map(drop).unwrap_err()));
        assert!(is_shutdown(near.readable().await.map(drop).unwrap_err()));
        let polled = poll_fn(|cx| near.poll_write_ready(cx)).await;
        assert!(is_shutdown(polled.map(drop).unwrap_err()));
    });
    far.write_all(b"x").unwrap();
    assert_eq!(near.get_ref().read(&mut [0; 8]).unwrap(), 1);
}

/// A waker may hold the last reference to what it waits for.
#[test]
fn a_waker_may_own_the_registration() {
    // A hand-written waker, because it owns the registration.
    struct Owner {
        _near: Arc<AsyncFd<UnixStream>>,
        dropped: Arc<AtomicUsize>,
    }
    impl std::task::Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Owner {
        fn drop(&mut self) {
            self.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
    for by_event in [true, false] {
        let runtime = current_thread();
        let (near, mut far) = {
            let _enter = runtime.enter();
            pair().unwrap()
        };
        let (near, dropped) = (Arc::new(near), Arc::new(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::new(Owner {
            _near: near.clone(),
            dropped: dropped.clone(),
        }));
        let mut cx = Context::from_waker(&waker);
        assert!(near.poll_read_ready(&mut cx).is_pending());
        drop((waker, near));
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        if by_event {
            far.write_all(b"x").unwrap();
            runtime.block_on(until(|| dropped.load(Ordering::SeqCst) > 0));
        }
        drop(runtime);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }
}

//! What a runtime counts of its driver and of the threads for closures.

#[path = "support/wait.rs"]
mod wait;

use std::sync::mpsc;
use std::thread;

use zokio::io::unix::AsyncFd;
use zokio::net::TcpStream;
use zokio::runtime::{Builder, Runtime};
use zokio::task::block_in_place;

use self::wait::wait_until;

fn both() -> [Runtime; 2] {
    let current_thread = Builder::new_current_thread().enable_all().build();
    let multi_thread = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    [current_thread.unwrap(), multi_thread.unwrap()]
}

#[test]
fn a_connection_is_registered_once_and_ready_once() {
    for rt in both() {
        let metrics = rt.metrics();
        assert_eq!(metrics.io_driver_fd_registered_count(), 0);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream = rt.block_on(TcpStream::connect(address)).unwrap();
        assert_eq!(metrics.io_driver_fd_registered_count(), 1);
        assert_eq!(metrics.io_driver_fd_deregistered_count(), 0);
        assert_eq!(metrics.io_driver_ready_count(), 1);
        drop(stream);
        assert_eq!(metrics.io_driver_fd_registered_count(), 1);
        assert_eq!(metrics.io_driver_fd_deregistered_count(), 1);
    }
}

#[test]
fn a_registration_that_the_kernel_refuses_is_not_counted() {
    let rt = Builder::new_current_thread().enable_all().build().unwrap();
    let file = tempfile::tempfile().unwrap();
    let _inside = rt.enter();
    #[expect(deprecated)]
    AsyncFd::new(file).unwrap_err();
    assert_eq!(rt.metrics().io_driver_fd_registered_count(), 0);
    assert_eq!(rt.metrics().io_driver_fd_deregistered_count(), 0);
}

#[test]
fn threads_and_closures_of_the_pool_are_counted() {
    for kind in [Builder::new_current_thread, Builder::new_multi_thread] {
        let rt = kind()
            .worker_threads(2)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let metrics = rt.metrics();
        assert_eq!(metrics.num_blocking_threads(), 0, "workers are none");
        assert_eq!(metrics.blocking_queue_depth(), 0);
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let first = rt.spawn_blocking(move || {
            begun.send(()).unwrap();
            released.recv().unwrap_err();
        });
        has_begun.recv().unwrap();
        let second = rt.spawn_blocking(|| {});
        assert_eq!(metrics.num_blocking_threads(), 1);
        assert_eq!(metrics.num_idle_blocking_threads(), 0);
        assert_eq!(metrics.blocking_queue_depth(), 1);
        drop(release);
        rt.block_on(async { (first.await.unwrap(), second.await.unwrap()) });
        assert_eq!(metrics.blocking_queue_depth(), 0);
        wait_until("the thread is idle", || {
            metrics.num_idle_blocking_threads() == 1
        });
        assert_eq!(metrics.num_blocking_threads(), 1);
        drop(rt);
        assert_eq!(metrics.num_blocking_threads(), 0);
        assert_eq!(metrics.num_idle_blocking_threads(), 0);
    }
}

#[test]
fn a_thread_that_a_worker_has_left_waits_for_closures() {
    let rt = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let metrics = rt.metrics();
    rt.block_on(rt.spawn(async {
        block_in_place(|| {
            let metrics = zokio::runtime::Handle::current().metrics();
            let here = Some(thread::current().id());
            wait_until("the worker moves", || metrics.worker_thread_id(0) != here);
        });
    }))
    .unwrap();
    wait_until("the thread is idle", || {
        metrics.num_idle_blocking_threads() == 1
    });
    assert_eq!(metrics.num_blocking_threads(), 1);
}

//! Copies within the kernel where it refuses something, where descriptors are few, and what they
//! hold: each scenario in a process of its own, whose limits it changes.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/copies.rs"]
mod copies;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/limits.rs"]
mod limits;

use std::fs::File;
use std::future::Future;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream as StdTcpStream;
use std::thread;
use std::time::Duration;

use futures::poll;
use zokio::io::{AsyncWriteExt, copy, copy_bidirectional};
use zokio::time::{sleep, timeout};

use self::apart::{on_each_scheduler, on_schedulers, runtime};
use self::copies::{
    copied, data, narrow, open_pipes, receiving, same, sending, source, tcp, unix, until_waiting,
};
use self::limits::allow_descriptors;

const SIZE: usize = 4 * 1024 * 1024;

/// What goes through memory before a copy takes its data for bulk data.
const AT_FIRST: usize = 16 * 1024;

/// The most pipes that are kept while no copy uses them.
const KEPT: usize = 16;

/// The most pipes at a time.
const MOST: usize = 64;

/// Runs a future to its end, as a task of its own.
fn run<F>(workers: usize, future: F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let runtime = runtime(workers);
    runtime.block_on(async { zokio::spawn(future).await.unwrap().unwrap() });
}

/// Copies bulk data between sockets, and returns how much the kernel moved by itself.
async fn copied_at_once() -> io::Result<u64> {
    let (mut reader, far_writer) = tcp().await?;
    let (mut writer, far_reader) = unix()?;
    let before = copied();
    let sent = sending(Box::new(far_writer), data(SIZE));
    until_waiting(&reader, 2 * AT_FIRST).await;
    let received = receiving(Box::new(far_reader));
    assert_eq!(copy(&mut reader, &mut writer).await?, SIZE as u64);
    drop(writer);
    sent.join().unwrap()?;
    same(&received.join().unwrap()?, data(SIZE));
    Ok(copied() - before)
}

#[test]
fn a_refusal_is_no_error() {
    on_schedulers("a_refusal_is_no_error", &[0, 2], |workers| {
        for errno in [libc::EPERM, libc::EINVAL, libc::ENOSYS, libc::EACCES] {
            thread::spawn(move || {
                filter::refuse(&[libc::SYS_splice], errno);
                run(workers, async {
                    assert_eq!(copied_at_once().await?, 0);
                    Ok(())
                });
            })
            .join()
            .unwrap();
        }
        // This thread has no filter.
        run(workers, async {
            assert!(copied_at_once().await? > 0);
            Ok(())
        });
    });
}

/// Opens files until the process may open no more.
fn use_up_descriptors() -> Vec<File> {
    let mut used = Vec::new();
    loop {
        match File::open("/dev/null") {
            Ok(file) => used.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                return used;
            }
        }
    }
}

#[test]
fn a_copy_does_without_descriptors() {
    on_each_scheduler("a_copy_does_without_descriptors", |workers| {
        allow_descriptors(1024);
        run(workers, async {
            let (mut reader, far_writer) = tcp().await?;
            let (mut writer, far_reader) = unix()?;
            let used = use_up_descriptors();
            let sent = sending(Box::new(far_writer), data(SIZE));
            until_waiting(&reader, 2 * AT_FIRST).await;
            let received = receiving(Box::new(far_reader));
            assert_eq!(copy(&mut reader, &mut writer).await?, SIZE as u64);
            drop(writer);
            sent.join().unwrap()?;
            same(&received.join().unwrap()?, data(SIZE));
            assert_eq!(copied(), 0);
            drop(used);
            assert!(copied_at_once().await? > 0);
            Ok(())
        });
    });
}

#[test]
fn a_process_with_few_descriptors_keeps_them() {
    on_schedulers(
        "a_process_with_few_descriptors_keeps_them",
        &[0, 2],
        |workers| {
            allow_descriptors(63);
            run(workers, async {
                assert_eq!(copied_at_once().await?, 0);
                Ok(())
            });
        },
    );
}

/// A copy that is stuck, in a task of its own, because nothing reads what it copies.
struct Stuck {
    task: zokio::task::JoinHandle<io::Result<u64>>,
    far_writer: StdTcpStream,
    far_reader: StdTcpStream,
    /// How much went in, always from the beginning of `data`.
    sent: usize,
}

impl Stuck {
    async fn new() -> io::Result<Stuck> {
        let (mut reader, far_writer) = tcp().await?;
        let (mut writer, far_reader) = tcp().await?;
        narrow(&reader, &far_writer, 256 * 1024)?;
        narrow(&far_reader, &writer, 32 * 1024)?;
        far_writer.set_nonblocking(true)?;
        // It is bulk data from the start.
        let mut sent = (&far_writer).write(data(SIZE))?;
        let task = zokio::spawn(async move {
            let n = copy(&mut reader, &mut writer).await?;
            writer.shutdown().await?;
            Ok(n)
        });
        let mut full = 0;
        while full < 10 {
            match (&far_writer).write(&data(2 * SIZE)[sent..]) {
                Ok(n) => (sent, full) = (sent + n, 0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => full += 1,
                Err(error) => return Err(error),
            }
            sleep(Duration::from_millis(1)).await;
        }
        assert!(sent < 2 * SIZE);
        Ok(Stuck {
            task,
            far_writer,
            far_reader,
            sent,
        })
    }

    /// Reads everything.
    async fn goes_on(self) -> io::Result<()> {
        let received = thread::spawn(move || {
            drop(self.far_writer);
            let mut received = Vec::new();
            (&self.far_reader).read_to_end(&mut received)?;
            io::Result::Ok(received)
        });
        let n = self.task.await.unwrap()?;
        assert_eq!(n, self.sent as u64);
        same(&received.join().unwrap()?, data(self.sent));
        Ok(())
    }
}

#[test]
fn a_signal_that_would_end_the_process_does_not_come() {
    on_schedulers(
        "a_signal_that_would_end_the_process_does_not_come",
        &[0, 2],
        |workers| {
            // What programs do that want to end like others when their output is closed.
            // SAFETY: the action is a constant.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            run(workers, async {
                let (mut reader, far_writer) = source("tcp").await?;
                let (mut writer, far_reader) = unix()?;
                drop(far_reader);
                let sent = sending(far_writer, data(SIZE));
                let error = copy(&mut reader, &mut writer).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::BrokenPipe);
                drop(reader);
                sent.join().unwrap().unwrap_err();
                assert_eq!(copied_at_once().await?, 0);
                Ok(())
            });
        },
    );
}

/// A refusal while bytes are in the pipe.
#[test]
fn what_is_in_the_pipe_is_not_lost() {
    on_schedulers("what_is_in_the_pipe_is_not_lost", &[0, 2], |workers| {
        run(workers, async {
            let before = copied();
            let stuck = Stuck::new().await?;
            let moved = copied();
            assert!(moved > before);
            // SAFETY: the action is a constant.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            stuck.goes_on().await?;
            assert_eq!(copied(), moved);
            Ok(())
        });
    });
}

#[test]
fn a_connection_at_rest_holds_no_pipe() {
    on_each_scheduler("a_connection_at_rest_holds_no_pipe", |workers| {
        apart::sanitizer::start_symbolizer();
        let open = open_pipes();
        run(workers, async move {
            let mut connections = Vec::new();
            for _ in 0..2 * KEPT {
                let ((mut near_a, far_a), (mut near_b, far_b)) = (tcp().await?, unix()?);
                let proxy =
                    zokio::spawn(async move { copy_bidirectional(&mut near_a, &mut near_b).await });
                connections.push((proxy, far_a, far_b));
            }
            let before = copied();
            // All of them at once, and then none.
            let senders: Vec<_> = connections
                .iter()
                .map(|(_, far_a, _)| {
                    let far_a = far_a.try_clone().unwrap();
                    thread::spawn(move || (&far_a).write_all(data(SIZE)))
                })
                .collect();
            sleep(Duration::from_millis(20)).await;
            let receivers: Vec<_> = connections
                .iter()
                .map(|(_, _, far_b)| {
                    let mut far_b = far_b.try_clone().unwrap();
                    thread::spawn(move || {
                        let mut received = vec![0; SIZE];
                        far_b.read_exact(&mut received).map(|()| received)
                    })
                })
                .collect();
            for received in receivers {
                while !received.is_finished() {
                    sleep(Duration::from_millis(1)).await;
                }
                same(&received.join().unwrap()?, data(SIZE));
            }
            for sent in senders {
                sent.join().unwrap()?;
            }
            assert!(copied() > before);
            // Each is polled once more, and finds nothing.
            let at_rest = async {
                while open_pipes() > open + 2 * KEPT {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(Duration::from_secs(60), at_rest).await.unwrap();
            for (proxy, far_a, far_b) in connections {
                drop((far_a, far_b));
                let _ = proxy.await.unwrap();
            }
            Ok(())
        });
        // The runtime took the rest with it.
        assert_eq!(open_pipes(), open);
    });
}

#[test]
fn stuck_copies_share_a_bounded_number_of_pipes() {
    on_schedulers(
        "stuck_copies_share_a_bounded_number_of_pipes",
        &[0, 2],
        |workers| {
            allow_descriptors(4096);
            let before = open_pipes();
            run(workers, async move {
                let mut all = Vec::new();
                for _ in 0..MOST + 8 {
                    all.push(Stuck::new().await?);
                }
                let open = open_pipes() - before;
                assert!(open <= 2 * MOST, "{open}");
                // Most of them hold one.
                assert!(open >= MOST, "{open}");
                for stuck in all {
                    stuck.goes_on().await?;
                }
                Ok(())
            });
            assert_eq!(open_pipes(), before);
        },
    );
}

#[test]
fn a_dropped_copy_leaves_no_pipe_with_bytes() {
    on_each_scheduler("a_dropped_copy_leaves_no_pipe_with_bytes", |workers| {
        run(workers, async {
            let before = open_pipes();
            for _ in 0..20 {
                let stuck = Stuck::new().await?;
                stuck.task.abort();
                assert!(stuck.task.await.unwrap_err().is_cancelled());
                // What was in its pipe goes nowhere: not into the next copy.
                copied_at_once().await?;
            }
            assert!(open_pipes() - before <= 4);
            Ok(())
        });
    });
}

/// A copy on one runtime between descriptors that two others watch.
#[test]
fn a_copy_outlives_the_runtimes_of_its_ends() {
    on_schedulers(
        "a_copy_outlives_the_runtimes_of_its_ends",
        &[0, 2],
        |workers| {
            let before = open_pipes();
            let (one, two) = (runtime(workers), runtime(workers));
            let (mut reader, far_writer) = one.block_on(tcp()).unwrap();
            let (mut writer, far_reader) = two.block_on(tcp()).unwrap();
            let sent = sending(Box::new(far_writer), data(SIZE));
            let third = runtime(workers);
            third.block_on(until_waiting(&reader, 2 * AT_FIRST));
            let mut copying = Box::pin(copy(&mut reader, &mut writer));
            third.block_on(async { assert!(poll!(&mut copying).is_pending()) });
            drop(one);
            drop(two);
            // Both drivers are gone; that is an error, and no pipe is lost for it.
            let error = third.block_on(copying).unwrap_err();
            assert!(error.to_string().contains("shutdown"), "{error}");
            drop((reader, writer, far_reader));
            let _ = sent.join().unwrap();
            drop(third);
            assert_eq!(open_pipes(), before);
        },
    );
}

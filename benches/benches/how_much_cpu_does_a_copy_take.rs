//! How much processor time does `io::copy` take of its runtime: a proxy that passes bulk data on,
//! one that passes 64 bytes to and fro, and a server that sends a cached file, of which the threads
//! that read the file are counted too. The peers are threads, the same for both runtimes.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zokio_benches::{Asker, Group};

const MIB: usize = 1024 * 1024;

/// How many MiB go through a proxy in a round: enough that the beginning does not count.
const BULK: u64 = 16;

/// The length of the file.
const FILE: usize = 32 * MIB;

/// The processor time of the calling thread so far; proc_pid_schedstat in the kernel's
/// Documentation/scheduler/sched-stats.rst.
fn thread_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let first = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(first.expect("a number of nanoseconds"))
}

/// The processor time of all threads so far, those that have ended included.
fn process_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to one `timespec`, which lives across the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "Linux has this clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Asks for the processor time of a proxy's thread.
type Ask = Box<dyn Fn() -> Duration>;

macro_rules! proxy {
    ($name:ident, $runtime:ident) => {
        /// A proxy on a thread of its own, for one connection each way.
        fn $name(client: TcpStream, upstream: TcpStream) -> Ask {
            let (answer, answers) = mpsc::channel();
            let (question, mut questions) = $runtime::sync::mpsc::unbounded_channel();
            thread::spawn(move || {
                let runtime = $runtime::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime can be built here");
                runtime.block_on(async {
                    let take = |stream: TcpStream| {
                        stream.set_nonblocking(true).expect("it is a TCP stream");
                        $runtime::net::TcpStream::from_std(stream).expect("it can be watched")
                    };
                    let (mut client, mut upstream) = (take(client), take(upstream));
                    $runtime::spawn(async move {
                        $runtime::io::copy_bidirectional(&mut client, &mut upstream).await
                    });
                    while let Some(()) = questions.recv().await {
                        answer.send(thread_time()).expect("the bench waits for it");
                    }
                });
            });
            Box::new(move || {
                question.send(()).expect("the proxy runs");
                answers.recv().expect("the proxy answers")
            })
        }
    };
}

proxy!(zokio_proxy, zokio);
proxy!(tokio_proxy, tokio);

macro_rules! server {
    ($name:ident, $runtime:ident) => {
        /// Sends a file for each byte that it gets.
        fn $name(stream: TcpStream, file: File) {
            thread::spawn(move || {
                use $runtime::io::{AsyncReadExt as _, AsyncSeekExt as _};

                let runtime = $runtime::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime can be built here");
                runtime.block_on(async {
                    stream.set_nonblocking(true).expect("it is a TCP stream");
                    let mut stream =
                        $runtime::net::TcpStream::from_std(stream).expect("it can be watched");
                    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
                    let mut file = $runtime::fs::File::open(path).await.expect("it is there");
                    while stream.read_u8().await.is_ok() {
                        file.rewind().await.expect("it is a file");
                        $runtime::io::copy(&mut file, &mut stream)
                            .await
                            .expect("the client reads");
                    }
                });
            });
        }
    };
}

server!(zokio_server, zokio);
server!(tokio_server, tokio);

/// The two ends of a connection.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let near = TcpStream::connect(address).expect("it listens");
    let far = listener.accept().expect("it connects").0;
    for stream in [&near, &far] {
        stream.set_nodelay(true).expect("it is a TCP stream");
    }
    (near, far)
}

/// Returns what sends [`BULK`] MiB through a proxy so many times, and its time for that.
fn bulk(proxy: fn(TcpStream, TcpStream) -> Ask) -> impl FnMut(u64) -> Duration {
    let ((mut client, a), (b, mut upstream)) = (pair(), pair());
    let ask = proxy(a, b);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut space = vec![0; 256 * 1024];
        let mut received = 0;
        while let Ok(n @ 1..) = upstream.read(&mut space) {
            received += n;
            for _ in 0..received / MIB {
                tell.send(()).expect("the bench waits for it");
            }
            received %= MIB;
        }
    });
    let space = vec![7; MIB];
    move |count| {
        let before = ask();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..BULK * count {
                    client.write_all(&space).expect("the proxy reads");
                }
            });
            for _ in 0..BULK * count {
                told.recv().expect("the proxy passes it on");
            }
        });
        ask() - before
    }
}

/// Returns what sends so many messages to and fro through a proxy, and its time for that.
fn ping_pong(proxy: fn(TcpStream, TcpStream) -> Ask) -> impl FnMut(u64) -> Duration {
    let ((mut client, a), (b, mut upstream)) = (pair(), pair());
    let ask = proxy(a, b);
    thread::spawn(move || {
        let mut space = [0; 64];
        while upstream.read_exact(&mut space).is_ok() {
            upstream.write_all(&space).expect("the proxy reads");
        }
    });
    let mut space = [7; 64];
    move |count| {
        let before = ask();
        for _ in 0..count {
            client.write_all(&space).expect("the proxy reads");
            client.read_exact(&mut space).expect("the proxy answers");
        }
        ask() - before
    }
}

/// Returns what has a file sent so many times, and the time of everything but its own thread.
fn file(server: fn(TcpStream, File)) -> impl FnMut(u64) -> Duration {
    let (mut near, far) = pair();
    let mut file = tempfile::tempfile_in(".").expect("a writable folder");
    file.write_all(&vec![7; FILE]).expect("room on the disk");
    server(far, file);
    let mut space = vec![0; 256 * 1024];
    move |count| {
        let (before, own_before) = (process_time(), thread_time());
        for _ in 0..count {
            near.write_all(b"x").expect("the server reads");
            let mut left = FILE;
            while left > 0 {
                let n = near.read(&mut space).expect("the server sends");
                assert!(n > 0, "the server ended");
                left -= n;
            }
        }
        let (own, all) = (thread_time() - own_before, process_time() - before);
        all.saturating_sub(own)
    }
}

fn main() {
    let mut asker = Asker::from_args();
    let mut group = Group::new("copy_cpu/current_thread".to_owned());
    for (name, proxy) in [
        ("zokio", zokio_proxy as fn(TcpStream, TcpStream) -> Ask),
        ("tokio", tokio_proxy),
    ] {
        let (mut bulk, mut ping_pong) = (bulk(proxy), ping_pong(proxy));
        group.bench_function(format!("proxy_16_mib/{name}"), move |bencher| {
            bencher.iter_custom(&mut bulk);
        });
        group.bench_function(format!("proxy_64_bytes/{name}"), move |bencher| {
            bencher.iter_custom(&mut ping_pong);
        });
    }
    for (name, server) in [
        ("zokio", zokio_server as fn(TcpStream, File)),
        ("tokio", tokio_server),
    ] {
        let mut file = file(server);
        group.bench_function(format!("file_32_mib/{name}"), move |bencher| {
            bencher.iter_custom(&mut file);
        });
    }
    group.ask(&mut asker);
    asker.finish();
}

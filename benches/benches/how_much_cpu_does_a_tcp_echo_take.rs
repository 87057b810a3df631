//! How much processor time does the server of a 64 byte echo take for a request: with 1, 64 and
//! 1,000 connections that each have one request on its way. Only the server's thread is counted;
//! the clients are the same for both runtimes, on a thread of their own.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zokio_benches::{Asker, Group};

const BYTES: usize = 64;

/// The processor time of the calling thread so far; proc_pid_schedstat in the kernel's
/// Documentation/scheduler/sched-stats.rst.
fn thread_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let first = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(first.expect("a number of nanoseconds"))
}

/// A server on a thread of its own.
struct Server {
    address: SocketAddr,
    /// Asks for the thread's time.
    ask: Box<dyn Fn() -> Duration>,
    streams: Vec<TcpStream>,
}

macro_rules! server {
    ($name:ident, $runtime:ident) => {
        fn $name(connections: usize) -> Server {
            use $runtime::io::{AsyncReadExt as _, AsyncWriteExt as _};

            let (tell, told) = mpsc::channel();
            let (answer, answers) = mpsc::channel();
            let (question, mut questions) = $runtime::sync::mpsc::unbounded_channel();
            thread::spawn(move || {
                let runtime = $runtime::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime can be built here");
                runtime.block_on(async {
                    let listener = $runtime::net::TcpListener::bind("127.0.0.1:0")
                        .await
                        .expect("a free port");
                    tell.send(listener.local_addr().expect("it is bound"))
                        .expect("the bench waits for it");
                    $runtime::spawn(async move {
                        loop {
                            let (mut stream, _) = listener.accept().await.expect("a connection");
                            stream.set_nodelay(true).expect("it is a TCP stream");
                            $runtime::spawn(async move {
                                let mut buffer = [0; BYTES];
                                while stream.read_exact(&mut buffer).await.is_ok() {
                                    stream.write_all(&buffer).await.expect("the client reads");
                                }
                            });
                        }
                    });
                    while let Some(()) = questions.recv().await {
                        answer.send(thread_time()).expect("the bench waits for it");
                    }
                });
            });
            let address = told.recv().expect("the server starts");
            Server {
                address,
                ask: Box::new(move || {
                    question.send(()).expect("the server runs");
                    answers.recv().expect("the server answers")
                }),
                streams: Vec::new(),
            }
            .connect(connections)
        }
    };
}

server!(zokio_server, zokio);
server!(tokio_server, tokio);

impl Server {
    fn connect(mut self, connections: usize) -> Server {
        let connect = |_| {
            let stream = TcpStream::connect(self.address).expect("the server listens");
            stream.set_nodelay(true).expect("it is a TCP stream");
            stream
        };
        self.streams = (0..connections).map(connect).collect();
        self
    }

    /// The server's time for about that many requests, for one of them times their number.
    fn requests(&mut self, requests: u64) -> Duration {
        let connections = self.streams.len() as u64;
        let each = requests.div_ceil(connections);
        let before = (self.ask)();
        for _ in 0..each {
            for stream in &mut self.streams {
                stream.write_all(&[7; BYTES]).expect("the server reads");
            }
            for stream in &mut self.streams {
                let mut buffer = [0; BYTES];
                stream.read_exact(&mut buffer).expect("the server answers");
            }
        }
        let taken = (self.ask)() - before;
        taken.mul_f64(requests as f64 / (each * connections) as f64)
    }
}

fn main() {
    let mut asker = Asker::from_args();
    let mut group = Group::new("tcp_echo_cpu/current_thread".to_owned());
    for connections in [1, 64, 1000] {
        for (runtime, mut server) in [
            ("zokio", zokio_server(connections)),
            ("tokio", tokio_server(connections)),
        ] {
            group.bench_function(format!("{connections}/{runtime}"), move |bencher| {
                bencher.iter_custom(|requests| server.requests(requests));
            });
        }
    }
    group.ask(&mut asker);
    asker.finish();
}

//! How long does it take to send 64 bytes over loopback and to receive them back, with 1, 64 and
//! 1,000 connections at it; client and server are tasks of the same runtime. The figure is the time
//! of a round divided by the connections.

use zokio_benches::{runtime, side_by_side};

const BYTES: usize = 64;

macro_rules! echo {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        use $runtime::io::{AsyncReadExt as _, AsyncWriteExt as _};

        for connections in [1u64, 64, 1000] {
            let runtime = runtime!($runtime, $scheduler);
            let mut streams = runtime.block_on(async {
                let listener = $runtime::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .unwrap();
                let address = listener.local_addr().unwrap();
                $runtime::spawn(async move {
                    loop {
                        let (mut stream, _) = listener.accept().await.unwrap();
                        stream.set_nodelay(true).unwrap();
                        $runtime::spawn(async move {
                            let mut buffer = [0; BYTES];
                            while stream.read_exact(&mut buffer).await.is_ok() {
                                stream.write_all(&buffer).await.unwrap();
                            }
                        });
                    }
                });
                let mut streams = Vec::new();
                for _ in 0..connections {
                    let stream = $runtime::net::TcpStream::connect(address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    streams.push(stream);
                }
                streams
            });
            let name = format!("{connections}/{}", stringify!($runtime));
            $group.bench_function(name, move |bencher| {
                bencher.iter_custom(|rounds| {
                    let each = rounds.div_ceil(connections);
                    let taken = std::mem::take(&mut streams);
                    let task = runtime.spawn(async move {
                        let start = std::time::Instant::now();
                        let tasks: Vec<_> = taken
                            .into_iter()
                            .map(|mut stream| {
                                $runtime::spawn(async move {
                                    let mut buffer = [7; BYTES];
                                    for _ in 0..each {
                                        stream.write_all(&buffer).await.unwrap();
                                        stream.read_exact(&mut buffer).await.unwrap();
                                    }
                                    stream
                                })
                            })
                            .collect();
                        let mut streams = Vec::new();
                        for task in tasks {
                            streams.push(task.await.unwrap());
                        }
                        (start.elapsed(), streams)
                    });
                    let (elapsed, taken) = runtime.block_on(task).unwrap();
                    streams = taken;
                    // What was done is a multiple of the connections.
                    elapsed.mul_f64(rounds as f64 / (each * connections) as f64)
                });
            });
        }
    };
}

side_by_side!("tcp_echo", echo);

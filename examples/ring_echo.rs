//! A TCP server that sends back what it receives, for many clients that are mostly silent: all
//! connections share 64 receive buffers, and one that waits holds none. What is received is sent
//! from the buffer that it came in. Ctrl-C ends everything that waits, by one call.
//!
//! Run it with `cargo run --example ring_echo [ADDRESS]` and talk to it with `nc`.

use std::process::ExitCode;
use std::{env, io};

use zokio::completion::net::{TcpListener, TcpStream};
use zokio::completion::{BufferRing, Canceller, Operation};
use zokio::signal::unix::{SignalKind, signal};
use zokio::task::JoinSet;

async fn serve(stream: TcpStream, ring: &BufferRing, stop: &Canceller) -> io::Result<u64> {
    let mut received = stream.recv_multi(ring);
    let mut total = 0;
    while let Some(bytes) = received.next().with(stop).await {
        let bytes = bytes?;
        total += bytes.len() as u64;
        // The buffer goes back to the ring when it is dropped, right after it was sent.
        let (written, _) = stream.write_all(bytes).with(stop).await;
        written?;
    }
    Ok(total)
}

async fn run(address: &str) -> io::Result<()> {
    // Before a client can know of the server: from here on, Ctrl-C does not kill it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);

    let ring = BufferRing::new(64, 16 << 10);
    let stop = Canceller::new();
    let interrupted = stop.clone();
    zokio::spawn(async move {
        interrupt.recv().await;
        interrupted.cancel();
    });
    let mut connections = JoinSet::new();
    let mut incoming = listener.incoming();
    while let Some(accepted) = incoming.next().with(&stop).await {
        let stream = match accepted {
            Ok(stream) => stream,
            Err(_) if stop.is_cancelled() => break,
            Err(error) => {
                println!("accept: {error}");
                continue;
            }
        };
        let (ring, stop) = (ring.clone(), stop.clone());
        connections.spawn(async move {
            match serve(stream, &ring, &stop).await {
                Ok(bytes) => println!("a connection ended: {bytes} bytes"),
                Err(error) => println!("a connection failed: {error}"),
            }
        });
        // Takes finished tasks out of the set while the server runs.
        while connections.try_join_next().is_some() {}
    }
    connections.join_all().await;
    Ok(())
}

#[zokio::main]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    if let Err(error) = run(&address).await {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

//! A TCP server that sends back what it receives, with owned buffers: a task and one buffer for
//! each connection. Clients that are silent for a minute are disconnected, and Ctrl-C ends
//! everything that waits, by one call.
//!
//! Run it with `cargo run --example owned_echo [ADDRESS]` and talk to it with `nc`.

use std::process::ExitCode;
use std::time::Duration;
use std::{env, io};

use zokio::completion::net::{TcpListener, TcpStream};
use zokio::completion::{Canceller, Operation};
use zokio::signal::unix::{SignalKind, signal};
use zokio::task::JoinSet;

const SILENCE: Duration = Duration::from_secs(60);

async fn serve(stream: TcpStream, stop: &Canceller) -> io::Result<u64> {
    let mut buffer = Vec::with_capacity(4096);
    let mut total = 0;
    loop {
        let (read, filled) = stream.read(buffer).timeout(SILENCE).with(stop).await;
        let read = read?;
        if read == 0 {
            return Ok(total);
        }
        let (written, mut sent) = stream.write_all(filled).timeout(SILENCE).with(stop).await;
        written?;
        total += read as u64;
        // A read goes to the start, and never shortens what is there.
        sent.clear();
        buffer = sent;
    }
}

async fn run(address: &str) -> io::Result<()> {
    // Before a client can know of the server: from here on, Ctrl-C does not kill it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);

    let stop = Canceller::new();
    let interrupted = stop.clone();
    zokio::spawn(async move {
        interrupt.recv().await;
        interrupted.cancel();
    });
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = match listener.accept().with(&stop).await {
            Ok(accepted) => accepted,
            Err(_) if stop.is_cancelled() => break,
            Err(error) => return Err(error),
        };
        let stop = stop.clone();
        connections.spawn(async move {
            match serve(stream, &stop).await {
                Ok(bytes) => println!("{peer}: {bytes} bytes"),
                Err(error) => println!("{peer}: {error}"),
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

//! A TCP server that sends back what it receives, a task a connection.
//!
//! Run it with `cargo run --example echo [ADDRESS]` and talk to it with `nc`. Ctrl-C ends it once
//! the open connections have closed.

use std::process::ExitCode;
use std::{env, io};

use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio::signal::unix::{SignalKind, signal};
use zokio::task::JoinSet;

async fn serve(mut stream: TcpStream) -> io::Result<u64> {
    let mut buffer = [0; 4096];
    let mut total = 0;
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(total);
        }
        stream.write_all(&buffer[..read]).await?;
        total += read as u64;
    }
}

async fn run(address: &str) -> io::Result<()> {
    // Before a client can know of the server: from here on, Ctrl-C does not kill it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);

    let mut connections = JoinSet::new();
    loop {
        zokio::select! {
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                connections.spawn(async move {
                    match serve(stream).await {
                        Ok(bytes) => println!("{peer}: {bytes} bytes"),
                        Err(error) => println!("{peer}: {error}"),
                    }
                });
            }
            // Takes finished tasks out of the set while the server runs.
            Some(_) = connections.join_next() => {}
            _ = interrupt.recv() => break,
        }
    }
    println!("waiting for {} connections", connections.len());
    while connections.join_next().await.is_some() {}
    Ok(())
}

#[zokio::main]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    if let Err(error) = run(&address).await {
        eprintln!("serving on {address} failed: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

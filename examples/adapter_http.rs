//! An HTTP server on hyper 1, on the sockets of `zokio::completion`: an `Adapter` puts the I/O traits
//! over each connection, and small reads go by way of buffers that all connections share.
//!
//! Run it with `cargo run --release --example adapter_http [ADDRESS]`. Ctrl-C stops it.

use std::convert::Infallible;
use std::process::ExitCode;
use std::{env, io};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use zokio::completion::net::{TcpListener, TcpStream};
use zokio::completion::{Adapter, BufferRing};
use zokio::signal::unix::{SignalKind, signal};
use zokio_hyper::{ZokioIo, ZokioTimer};

async fn hello(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = format!("hello from {}\n", request.uri().path());
    Ok(Response::new(Full::from(text)))
}

async fn serve(connection: Adapter<TcpStream>) {
    let mut http = http1::Builder::new();
    http.timer(ZokioTimer::new());
    let serving = http.serve_connection(ZokioIo::new(connection), service_fn(hello));
    if let Err(error) = serving.await {
        println!("a connection failed: {error}");
    }
}

async fn run(address: &str) -> io::Result<()> {
    // Before a client can know of the server: from here on, Ctrl-C does not kill it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);

    let ring = BufferRing::new(64, 16 << 10);
    let mut incoming = listener.incoming();
    loop {
        zokio::select! {
            accepted = incoming.next() => match accepted {
                Some(Ok(stream)) => {
                    zokio::spawn(serve(Adapter::with_ring(stream, &ring)));
                }
                // The next call waits where the error would come again.
                Some(Err(error)) => println!("accept: {error}"),
                None => return Ok(()),
            },
            _ = interrupt.recv() => return Ok(()),
        }
    }
}

#[zokio::main]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    if let Err(error) = run(&address).await {
        eprintln!("serving on {address} failed: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

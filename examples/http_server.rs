//! An HTTP server on hyper 1: HTTP/1 and HTTP/2 on one port, graceful shutdown on Ctrl-C.
//!
//! Run it with `cargo run --release --example http_server [ADDRESS]`. It prints its address and
//! which back-end is in use and why. With `RUST_LOG=debug` zokio logs whether io_uring works.

use std::process::ExitCode;
use std::{env, io};

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use zokio::net::{TcpListener, TcpStream};
use zokio::signal::unix::{SignalKind, signal};
use zokio::{runtime, task, time};
use zokio_hyper::{ZokioExecutor, ZokioIo, ZokioTimer};

type Server = auto::Builder<ZokioExecutor>;

async fn hello(request: Request<Incoming>) -> Result<Response<Full<&'static [u8]>>, hyper::Error> {
    Ok(Response::new(Full::new(match request.version() {
        Version::HTTP_2 => b"hello from zokio over HTTP/2\n",
        _ => b"hello from zokio over HTTP/1\n",
    })))
}

/// Serves one connection in a task of its own, until it ends or `graceful` asks it to.
fn serve(stream: TcpStream, server: &Server, graceful: &GracefulShutdown) {
    let connection = server.serve_connection(ZokioIo::new(stream), service_fn(hello));
    let connection = graceful.watch(connection.into_owned());
    task::spawn(async move {
        if let Err(error) = connection.await {
            log::debug!("connection: {error}");
        }
    });
}

#[zokio::main]
async fn run(address: &str) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    println!("driver: {}", runtime::Handle::current().driver_info());

    let mut server = Server::new(ZokioExecutor::new());
    server.http1().timer(ZokioTimer::new());
    let graceful = GracefulShutdown::new();
    loop {
        zokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => serve(stream, &server, &graceful),
                // Out of descriptors: the open connections give some back in time.
                Err(error) if error.kind() != io::ErrorKind::ConnectionAborted => {
                    log::warn!("accept: {error}");
                    time::sleep(time::Duration::from_millis(50)).await;
                }
                Err(_) => {}
            },
            _ = interrupt.recv() => break,
        }
    }
    drop(listener);
    println!("stopping");
    time::timeout(time::Duration::from_secs(10), graceful.shutdown()).await?;
    Ok(())
}

fn main() -> ExitCode {
    // Before the runtime is built, which tries io_uring and logs the result.
    env_logger::init();
    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    if let Err(error) = run(&address) {
        eprintln!("serving on {address} failed: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

//! A guest book on axum. It prints its address and which runtime its sockets come from.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::{any, env, io};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

type Guests = Arc<Mutex<Vec<String>>>;

async fn list(State(guests): State<Guests>) -> String {
    guests.lock().expect("no handler panics").join("\n")
}

async fn sign(State(guests): State<Guests>, Path(name): Path<String>, body: String) -> String {
    let mut guests = guests.lock().expect("no handler panics");
    guests.push(format!("{name}: {body}"));
    guests.len().to_string()
}

async fn run(address: &str) -> io::Result<()> {
    // Before a client can know of the server: from here on, Ctrl-C does not kill it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    println!("runtime: {}", any::type_name::<TcpListener>());
    let app = Router::new()
        .route("/", get(list))
        .route("/{name}", axum::routing::post(sign))
        .with_state(Guests::default());
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            interrupt.recv().await;
        })
        .await
}

#[tokio::main]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    if let Err(error) = run(&address).await {
        eprintln!("serving on {address} failed: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

//! Sixty-four tasks send HTTP requests to the server whose address is the argument, through one client
//! with a pool of connections. An operation is a request with its answer.

use std::io;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Instant;

use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use programs::{Latencies, Turn};

/// The pool lasts from one turn to the next.
static CLIENT: LazyLock<Client<HttpConnector, Empty<Bytes>>> = LazyLock::new(|| {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
});

async fn requests(turn: Turn) -> io::Result<Latencies> {
    let server = format!("http://{}/", turn.folder.display());
    let server: Uri = server.parse().map_err(io::Error::other)?;
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    loop {
        let answer = CLIENT.get(server.clone()).await.map_err(io::Error::other)?;
        let body = answer.into_body().collect().await;
        if body.map_err(io::Error::other)?.to_bytes() != "Hello, World!" {
            return Err(io::Error::other("the answer is wrong"));
        }
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
    }
}

fn main() -> ExitCode {
    programs::work(64, requests)
}

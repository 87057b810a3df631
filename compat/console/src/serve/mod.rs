//! A page that shows a process in a browser, and what it shares with the service for tokio-console: the
//! feed of samples, and how long a server runs. These servers run on zokio.
#![forbid(unsafe_code)]

mod feed;
mod http;

use std::future::Future;
use std::io::{Write, stdout};
use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow};
use tokio::net::TcpListener;

pub use self::feed::{Commands, Feed};
use crate::arguments::Arguments;
use crate::client::Client;
use crate::sampler::Wanted;

/// Only programs of this machine reach it.
const ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 6680);

/// Serves the page until the process ends, or until ctrl-c.
///
/// # Errors
///
/// Returns an error if the address cannot be listened on, or when the process ends.
pub fn run(client: Client, arguments: &Arguments) -> Result<()> {
    let address = arguments.listen.unwrap_or(SocketAddr::from(ADDRESS));
    block_on(async move {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let hello = client.hello().clone();
        let feed = Feed::start(client, arguments.interval, Wanted::ALL)?;
        writeln!(stdout(), "process {}: http://{address}/", hello.pid)?;
        let router = http::router(hello, &feed);
        let server = async { axum::serve(listener, router).await };
        until_the_end(feed, server).await
    })
}

/// Runs a server on a runtime of its own.
///
/// # Errors
///
/// Returns the error of the server, or of the start of the runtime.
pub fn block_on(server: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(server)
}

/// Runs a server until it fails, the process ends, or ctrl-c is pressed.
///
/// # Errors
///
/// Returns the error of the server, or the end of the process.
pub async fn until_the_end<E>(
    mut feed: Feed,
    server: impl Future<Output = Result<(), E>>,
) -> Result<()>
where
    anyhow::Error: From<E>,
{
    tokio::select! {
        ended = server => ended.map_err(anyhow::Error::from),
        reason = feed.ended() => Err(anyhow!("{reason}")),
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
    }
}

//! The service of `console-subscriber`, so that an unmodified tokio-console attaches to a process that
//! has neither that crate nor its cfg: a translation of what the process answers anyway.
#![forbid(unsafe_code)]

mod histogram;
mod message;
mod resources;
mod service;
mod tasks;
mod update;

use std::io::{Write, stdout};
use std::net::SocketAddr;

use anyhow::{Context, Result};
use console_api::instrument::instrument_server::InstrumentServer;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use self::service::Service;
use crate::arguments::Arguments;
use crate::client::Client;
use crate::sampler::Wanted;
use crate::serve::{self, Feed};

/// Where tokio-console looks without arguments.
const ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 6669);

/// Lets tokio-console attach until the process ends, or until ctrl-c.
///
/// # Errors
///
/// Returns an error if the address cannot be listened on, or when the process ends.
pub fn run(client: Client, arguments: &Arguments) -> Result<()> {
    let address = arguments.listen.unwrap_or(SocketAddr::from(ADDRESS));
    serve::block_on(async move {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let hello = client.hello().clone();
        let feed = Feed::start(client, arguments.interval, Wanted::ALL)?;
        writeln!(
            stdout(),
            "process {} for tokio-console: tokio-console http://{address}",
            hello.pid
        )?;
        let service = InstrumentServer::new(Service::new(hello, &feed));
        let server = Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener));
        serve::until_the_end(feed, server).await
    })
}

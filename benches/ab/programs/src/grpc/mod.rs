//! The gRPC service that the programs serve and call in one process. `counter.rs.in` was generated from
//! `counter.proto` by tonic-prost-build, so that builds need no generator.

mod counter {
    include!("counter.rs.in");
}

use std::io;
use std::pin::Pin;

use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

pub use self::counter::Number;
use self::counter::counter_client::CounterClient;
use self::counter::counter_server::{Counter, CounterServer};

struct Service;

fn next(number: Number) -> Number {
    Number {
        value: number.value + 1,
    }
}

#[tonic::async_trait]
impl Counter for Service {
    async fn next(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
        Ok(Response::new(next(request.into_inner())))
    }

    type NextOfEachStream = Pin<Box<dyn Stream<Item = Result<Number, Status>> + Send>>;

    async fn next_of_each(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Self::NextOfEachStream>, Status> {
        let numbers = request.into_inner();
        Ok(Response::new(Box::pin(
            numbers.map(|number| number.map(next)),
        )))
    }
}

/// Returns a client of the server, which the first call starts. All clients share a connection.
pub async fn client() -> io::Result<CounterClient<Channel>> {
    static CHANNEL: OnceCell<Channel> = OnceCell::const_new();
    let channel = CHANNEL.get_or_try_init(connect).await?;
    Ok(CounterClient::new(channel.clone()))
}

async fn connect() -> io::Result<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().tcp_nodelay(true);
    tokio::spawn(async move {
        let mut server = server;
        let served = server
            .add_service(CounterServer::new(Service))
            .serve_with_incoming(TcpListenerStream::new(listener));
        served.await.expect("the listener works until the end");
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(io::Error::other)?;
    endpoint.connect().await.map_err(io::Error::other)
}

//! A counter on tonic, with the four kinds of call.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

pub mod calls;

/// What the proto file describes.
pub mod proto {
    tonic::include_proto!("counter");
}

use proto::Number;
use proto::counter_server::{Counter, CounterServer};

/// The service, which counts from 0.
pub fn service() -> CounterServer<impl Counter> {
    CounterServer::new(Service::default())
}

#[derive(Default)]
struct Service {
    total: AtomicI64,
}

type Numbers = Pin<Box<dyn Stream<Item = Result<Number, Status>> + Send>>;

#[tonic::async_trait]
impl Counter for Service {
    async fn add(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
        let value = request.into_inner().value;
        Ok(Response::new(Number {
            value: self.total.fetch_add(value, Ordering::Relaxed) + value,
        }))
    }

    type CountDownStream = Numbers;

    async fn count_down(&self, request: Request<Number>) -> Result<Response<Numbers>, Status> {
        let start = request.into_inner().value;
        if start < 0 {
            return Err(Status::invalid_argument("a count starts at zero or above"));
        }
        let (send, receive) = mpsc::channel(4);
        tokio::spawn(async move {
            for value in (0..start).rev() {
                if send.send(Ok(Number { value })).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }

    async fn sum(&self, request: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
        let mut numbers = request.into_inner();
        let mut value = 0;
        while let Some(number) = numbers.message().await? {
            value += number.value;
        }
        Ok(Response::new(Number { value }))
    }

    type RunningStream = Numbers;

    async fn running(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Numbers>, Status> {
        let mut total = 0;
        let sums = request.into_inner().map(move |number| {
            total += number?.value;
            Ok(Number { value: total })
        });
        Ok(Response::new(Box::pin(sums)))
    }
}

/// Serves on a free port until the runtime ends.
pub async fn serve() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tonic::transport::Server::builder()
        .add_service(service())
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    Ok(address)
}

//! hyper over an `Adapter` of `zokio::completion`: by the adapters of zokio-hyper, and by those of
//! hyper-util, which use the tokio crate's traits.
#![cfg(feature = "tokio")]

#[path = "support/sockets.rs"]
mod support;

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, ErrorKind};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::TokioIo;
use zokio::completion::net::{TcpListener, TcpStream, UnixStream};
use zokio::completion::{Adapter, BufferRing};
use zokio::task::JoinSet;
use zokio_hyper::{ZokioExecutor, ZokioIo};

use self::support::everywhere;

/// Sends the body back, backwards.
async fn reverse(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: Vec<u8> = body.iter().rev().copied().collect();
    Ok(Response::new(Full::from(body)))
}

fn body(number: usize) -> Vec<u8> {
    // Some that fit into a buffer, and some that do not.
    let len = [0, 1, 1000, 100_000][number % 4];
    (0..len).map(|at| (at + number) as u8).collect()
}

async fn http1<C, S>(client: C, server: S)
where
    C: Read + Write + Unpin + Send + 'static,
    S: Read + Write + Unpin + Send + 'static,
{
    let serving = zokio::spawn(async {
        let http = server::conn::http1::Builder::new();
        http.serve_connection(server, service_fn(reverse)).await
    });
    let (mut sender, connection) = client::conn::http1::handshake(client).await.unwrap();
    let driving = zokio::spawn(connection);
    for number in 0..20 {
        sender.ready().await.unwrap();
        let request = Request::new(Full::<Bytes>::from(body(number)));
        let response = sender.send_request(request).await.unwrap();
        let mut answer = response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec();
        answer.reverse();
        assert!(answer == body(number), "{number}");
    }
    drop(sender);
    driving.await.unwrap().unwrap();
    serving.await.unwrap().unwrap();
}

async fn http2<C, S>(client: C, server: S)
where
    C: Read + Write + Unpin + Send + 'static,
    S: Read + Write + Unpin + Send + 'static,
{
    let serving = zokio::spawn(async {
        let http = server::conn::http2::Builder::new(ZokioExecutor::new());
        http.serve_connection(server, service_fn(reverse)).await
    });
    let executor = ZokioExecutor::new();
    let (sender, connection) = client::conn::http2::handshake(executor, client)
        .await
        .unwrap();
    let driving = zokio::spawn(connection);
    let mut requests = JoinSet::new();
    for number in 0..20 {
        let mut sender = sender.clone();
        requests.spawn(async move {
            let request = Request::new(Full::<Bytes>::from(body(number)));
            let response = sender.send_request(request).await.unwrap();
            let mut answer = response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec();
            answer.reverse();
            assert!(answer == body(number), "{number}");
        });
    }
    while let Some(done) = requests.join_next().await {
        done.unwrap();
    }
    drop(sender);
    driving.await.unwrap().unwrap();
    // The client may be gone before the server can say that it takes no more requests.
    if let Err(error) = serving.await.unwrap() {
        let cause = error.source().and_then(|it| it.downcast_ref());
        let kind = cause.map(io::Error::kind);
        let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].map(Some);
        assert!(closed.contains(&kind), "{error:?}");
    }
}

async fn pair(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

#[test]
fn hyper_runs_on_an_adapter() {
    everywhere(|| async {
        // Fewer buffers than connections at a time, and smaller than hyper's.
        let ring = BufferRing::new(2, 512);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let ringed = |stream| Adapter::with_ring(stream, &ring);
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let (client, server) = pair(&listener).await?;
            tasks.spawn(http1(
                ZokioIo::new(ringed(client)),
                ZokioIo::new(ringed(server)),
            ));
            let (client, server) = pair(&listener).await?;
            tasks.spawn(http2(
                ZokioIo::new(ringed(client)),
                ZokioIo::new(ringed(server)),
            ));
            let (client, server) = UnixStream::pair()?;
            let server = ZokioIo::new(Adapter::new(server));
            tasks.spawn(http2(ZokioIo::new(Adapter::new(client)), server));
        }
        while let Some(done) = tasks.join_next().await {
            done?;
        }
        assert_eq!(ring.available(), 2);
        Ok(())
    });
}

#[test]
fn hyper_util_runs_on_an_adapter() {
    everywhere(|| async {
        let ring = BufferRing::new(2, 32 << 10);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (client, server) = pair(&listener).await?;
        let server = TokioIo::new(Adapter::with_ring(server, &ring));
        http1(TokioIo::new(Adapter::new(client)), server).await;
        let (client, server) = pair(&listener).await?;
        let server = TokioIo::new(Adapter::with_ring(server, &ring));
        http2(TokioIo::new(Adapter::new(client)), server).await;
        assert_eq!(ring.available(), 2);
        Ok(())
    });
}

//! hyper's client and server on zokio through the adapters: both protocols, a timeout that only
//! the timer can bring about, and an upgraded connection.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio_hyper::{ZokioExecutor, ZokioIo, ZokioTimer};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = zokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// Two connected sockets.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = zokio::join!(TcpStream::connect(address), listener.accept());
    (client.unwrap(), accepted.unwrap().0)
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(Full::new(body)))
}

#[test]
fn http1_echoes_a_large_body() {
    block_on(async {
        let (client, server) = pair().await;
        let served = zokio::task::spawn(
            hyper::server::conn::http1::Builder::new()
                .timer(ZokioTimer::new())
                .serve_connection(ZokioIo::new(server), service_fn(echo)),
        );
        let (mut sender, connection) = hyper::client::conn::http1::handshake(ZokioIo::new(client))
            .await
            .unwrap();
        let driven = zokio::task::spawn(connection);
        let body = Bytes::from(vec![7; 1 << 20]);
        for _ in 0..3 {
            sender.ready().await.unwrap();
            let request = Request::post("/").body(Full::new(body.clone())).unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(
                response.into_body().collect().await.unwrap().to_bytes(),
                body
            );
        }
        drop(sender);
        driven.await.unwrap().unwrap();
        served.await.unwrap().unwrap();
    });
}

#[test]
fn http2_echoes_requests_side_by_side() {
    block_on(async {
        let (client, server) = pair().await;
        let served = zokio::task::spawn(
            hyper::server::conn::http2::Builder::new(ZokioExecutor::new())
                .timer(ZokioTimer::new())
                .serve_connection(ZokioIo::new(server), service_fn(echo)),
        );
        let (sender, connection) = hyper::client::conn::http2::Builder::new(ZokioExecutor::new())
            .timer(ZokioTimer::new())
            .keep_alive_interval(Duration::from_millis(50))
            .handshake(ZokioIo::new(client))
            .await
            .unwrap();
        let driven = zokio::task::spawn(connection);
        let requests = (0..20u8).map(|byte| {
            let mut sender = sender.clone();
            zokio::task::spawn(async move {
                let body = Bytes::from(vec![byte; 100_000]);
                let request = Request::post("http://zokio.test/")
                    .body(Full::new(body.clone()))
                    .unwrap();
                let response = sender.send_request(request).await.unwrap();
                assert_eq!(
                    response.into_body().collect().await.unwrap().to_bytes(),
                    body
                );
            })
        });
        for request in requests.collect::<Vec<_>>() {
            request.await.unwrap();
        }
        drop(sender);
        driven.await.unwrap().unwrap();
        served.await.unwrap().unwrap();
    });
}

#[test]
fn the_timer_ends_a_connection_whose_header_never_comes() {
    block_on(async {
        let (mut client, server) = pair().await;
        let served = hyper::server::conn::http1::Builder::new()
            .timer(ZokioTimer::new())
            .header_read_timeout(Duration::from_millis(100))
            .serve_connection(ZokioIo::new(server), service_fn(echo));
        let served = zokio::task::spawn(served);
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let error = served.await.unwrap().unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    });
}

#[test]
fn an_upgraded_connection_has_the_traits_of_zokio() {
    async fn upgrade(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        zokio::task::spawn(async move {
            let mut upgraded = ZokioIo::new(hyper::upgrade::on(request).await.unwrap());
            let mut word = [0; 4];
            upgraded.read_exact(&mut word).await.unwrap();
            word.reverse();
            upgraded.write_all(&word).await.unwrap();
            upgraded.shutdown().await.unwrap();
        });
        let response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "reverse");
        Ok(response.body(Empty::new()).unwrap())
    }

    block_on(async {
        let (client, server) = pair().await;
        zokio::task::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(ZokioIo::new(server), service_fn(upgrade))
                .with_upgrades(),
        );
        let (mut sender, connection) = hyper::client::conn::http1::handshake(ZokioIo::new(client))
            .await
            .unwrap();
        zokio::task::spawn(connection.with_upgrades());
        let request = Request::get("/")
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "reverse")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let mut upgraded = ZokioIo::new(hyper::upgrade::on(response).await.unwrap());
        upgraded.write_all(b"abcd").await.unwrap();
        let mut reply = String::new();
        upgraded.read_to_string(&mut reply).await.unwrap();
        assert_eq!(reply, "dcba");
    });
}

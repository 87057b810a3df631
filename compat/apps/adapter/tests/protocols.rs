//! TLS and gRPC over `completion::Adapter`, on each scheduler, by readiness and with receives on
//! io_uring.

use std::future::Future;

use grpc::proto::counter_client::CounterClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::runtime::{Builder, Sockets};
use tokio::task::JoinSet;

/// Runs the test on every runtime.
fn everywhere<F: Future<Output = ()>>(test: impl Fn() -> F) {
    for sockets in [Sockets::Readiness, Sockets::Completion] {
        let mut runtimes = [Builder::new_current_thread(), Builder::new_multi_thread()];
        for builder in &mut runtimes {
            builder.worker_threads(2).sockets(sockets).enable_all();
            builder.build().unwrap().block_on(test());
        }
    }
}

async fn many_connections() {
    let (address, certificate) = adapter::tls::serve().await.unwrap();
    let mut connections = JoinSet::new();
    for size in (0..12).map(|step| step * 50_003) {
        let certificate = certificate.clone();
        connections.spawn(async move {
            let stream = adapter::tls::connect(address, certificate).await;
            let (mut reader, mut writer) = split(stream.map_err(|it| it.to_string()).unwrap());
            let sent: Vec<u8> = (0..size).map(|number| (number % 251) as u8).collect();
            let expected = sent.clone();
            let writing = tokio::spawn(async move {
                for part in sent.chunks(9_001) {
                    writer.write_all(part).await.unwrap();
                    writer.flush().await.unwrap();
                }
                writer.shutdown().await.unwrap();
            });
            let mut received = Vec::new();
            reader.read_to_end(&mut received).await.unwrap();
            writing.await.unwrap();
            assert!(received == expected, "{size} bytes");
        });
    }
    while let Some(done) = connections.join_next().await {
        done.unwrap();
    }
}

#[test]
fn tls() {
    everywhere(many_connections);
}

async fn one_record_at_a_time() {
    let (address, certificate) = adapter::tls::serve().await.unwrap();
    let stream = adapter::tls::connect(address, certificate).await;
    let mut stream = stream.map_err(|it| it.to_string()).unwrap();
    for number in 0..200_u32 {
        stream.write_all(&number.to_be_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(stream.read_u32().await.unwrap(), number);
    }
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[test]
fn tls_ping_pong() {
    everywhere(one_record_at_a_time);
}

#[test]
fn grpc_calls() {
    everywhere(|| async {
        let address = adapter::rpc::serve().await.unwrap();
        let channel = adapter::rpc::connect(address).await.unwrap();
        grpc::calls::all(CounterClient::new(channel)).await;
    });
}

//! Two connections with many streams each, and an orderly end.

use std::sync::Arc;

use quinn::{ClientConfig, Endpoint};
use rustls::RootCertStore;
use tokio::task::JoinSet;

async fn streams_come_back() {
    let (server, certificate) = quic::serve().unwrap();
    let address = server.local_addr().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut client = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    client
        .set_default_client_config(ClientConfig::with_root_certificates(Arc::new(roots)).unwrap());

    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let connection = client.connect(address, "localhost").unwrap().await.unwrap();
        for stream in 0..30u8 {
            let connection = connection.clone();
            tasks.spawn(async move {
                let (mut send, mut receive) = connection.open_bi().await.unwrap();
                let sent = vec![stream; 50_000];
                let (written, received) = tokio::join!(
                    async {
                        send.write_all(&sent).await.unwrap();
                        send.finish()
                    },
                    receive.read_to_end(1 << 20),
                );
                written.unwrap();
                assert!(received.unwrap() == sent);
            });
        }
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    client.close(0u8.into(), b"done");
    client.wait_idle().await;
    server.close(0u8.into(), b"done");
    server.wait_idle().await;
}

#[tokio::test]
async fn on_one_thread() {
    streams_come_back().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_two_workers() {
    streams_come_back().await;
}

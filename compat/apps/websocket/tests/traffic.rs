//! Twenty clients, each with text and large binary messages, and a closing handshake.

use futures_util::{SinkExt, StreamExt};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_come_back() {
    let address = websocket::serve().await.unwrap();
    let mut clients = JoinSet::new();
    for client in 0..20usize {
        clients.spawn(async move {
            let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/"))
                .await
                .unwrap();
            for size in [0, 1, 125, 126, 70_000, 300_000] {
                let sent = Message::binary(vec![client as u8; size]);
                socket.send(sent.clone()).await.unwrap();
                assert_eq!(socket.next().await.unwrap().unwrap(), sent);
            }
            let sent = Message::text(format!("client {client}"));
            socket.send(sent.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), sent);
            socket.close(None).await.unwrap();
            assert!(socket.next().await.unwrap().unwrap().is_close());
            assert!(socket.next().await.is_none());
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
}

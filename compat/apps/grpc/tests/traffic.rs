//! All calls, over one connection on each scheduler.

use grpc::proto::counter_client::CounterClient;

async fn calls() {
    let address = grpc::serve().await.unwrap();
    let client = CounterClient::connect(format!("http://{address}"))
        .await
        .unwrap();
    grpc::calls::all(client).await;
}

#[tokio::test]
async fn on_one_thread() {
    calls().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_two_workers() {
    calls().await;
}

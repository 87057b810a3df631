//! The queue in a real Redis server (Debian package `redis-server`) on a free port.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// A server that ends when the value is dropped.
async fn server(folder: &std::path::Path) -> (Child, redis::Client) {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let child = Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
        ])
        .arg(folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is installed");
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    for _ in 0..200 {
        if client.get_multiplexed_async_connection().await.is_ok() {
            return (child, client);
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("redis-server does not answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_go_through_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, client) = server(folder.path()).await;
    let connection = client.get_multiplexed_async_connection().await.unwrap();

    // One connection carries all tasks: the answers must find their way back.
    let mut tasks = JoinSet::new();
    for job in 0..200 {
        let mut connection = connection.clone();
        tasks.spawn(async move {
            redis_app::push(&mut connection, &format!("job {job}"))
                .await
                .unwrap()
        });
    }
    let mut lengths = tasks.join_all().await;
    lengths.sort_unstable();
    assert_eq!(lengths, (1..=200).collect::<Vec<_>>());

    let mut connection = connection;
    let mut jobs = Vec::new();
    while let Some(job) = redis_app::pop(&mut connection).await.unwrap() {
        jobs.push(job);
    }
    assert_eq!(jobs.len(), 200);

    // A subscription is a connection that the server speaks on first.
    let mut subscription = client.get_async_pubsub().await.unwrap();
    subscription.subscribe("news").await.unwrap();
    let _: usize = redis::AsyncCommands::publish(&mut connection, "news", "hello")
        .await
        .unwrap();
    let message = subscription.on_message().next().await.unwrap();
    assert_eq!(message.get_payload::<String>().unwrap(), "hello");

    child.kill().await.unwrap();
}

//! hyper-util's client against hyper's server, over both protocols, many requests at a time.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Version};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;

async fn requests(http2: bool) {
    let address = http_app::serve().await.unwrap();
    let client = Client::builder(TokioExecutor::new())
        .http2_only(http2)
        .build_http();
    let mut requests = JoinSet::new();
    for size in (0..60).map(|step| step * 7_001) {
        let client = client.clone();
        requests.spawn(async move {
            let request = Request::post(format!("http://{address}/"))
                .body(Full::new(Bytes::from(vec![1; size])))
                .unwrap();
            let response = client.request(request).await.unwrap();
            let version = response.version();
            assert_eq!(
                version,
                if http2 {
                    Version::HTTP_2
                } else {
                    Version::HTTP_11
                }
            );
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, size.to_string());
        });
    }
    while let Some(request) = requests.join_next().await {
        request.unwrap();
    }
}

#[tokio::test]
async fn http1() {
    requests(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http1_on_two_workers() {
    requests(false).await;
}

#[tokio::test]
async fn http2() {
    requests(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_on_two_workers() {
    requests(true).await;
}

//! Whole files, ranges, an index page, and what is not there.

use reqwest::{Client, StatusCode, header};
use tokio::fs;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let large: Vec<u8> = (0..3_000_000u32).map(|at| (at % 251) as u8).collect();
    fs::write(folder.path().join("large.bin"), &large)
        .await
        .unwrap();
    fs::write(folder.path().join("index.html"), "<p>index")
        .await
        .unwrap();
    fs::create_dir_all(folder.path().join("a/b")).await.unwrap();
    fs::write(folder.path().join("a/b/small.txt"), "small")
        .await
        .unwrap();
    let address = files::serve(folder.path()).await.unwrap();
    let url = move |path: &str| format!("http://{address}/{path}");
    let client = Client::new();
    let text = async |path: &str| {
        client
            .get(url(path))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };

    assert_eq!(text("").await, "<p>index");
    assert_eq!(text("a/b/small.txt").await, "small");
    assert_eq!(
        client.get(url("none")).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    let range = client
        .get(url("large.bin"))
        .header(header::RANGE, "bytes=1000000-1000099")
        .send()
        .await
        .unwrap();
    assert_eq!(range.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(range.bytes().await.unwrap(), large[1_000_000..1_000_100]);

    let mut downloads = JoinSet::new();
    for _ in 0..16 {
        let request = client.get(url("large.bin"));
        downloads.spawn(async move { request.send().await.unwrap().bytes().await.unwrap() });
    }
    while let Some(download) = downloads.join_next().await {
        assert!(download.unwrap() == large);
    }
}

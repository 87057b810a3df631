//! The guest book, visited by reqwest, many guests at a time.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_sign_and_the_server_ends_when_asked() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_web"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    assert_eq!(
        lines.next().unwrap().unwrap(),
        "runtime: zokio::net::tcp::listener::TcpListener"
    );

    let client = reqwest::Client::new();
    let guests: Vec<_> = (0..50)
        .map(|guest| {
            let request = client
                .post(format!("{url}/guest{guest}"))
                .body(format!("hello {guest}"));
            tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() })
        })
        .collect();
    for guest in guests {
        let place: usize = guest.await.unwrap().parse().unwrap();
        assert!((1..=50).contains(&place));
    }
    let page = client.get(&url).send().await.unwrap().text().await.unwrap();
    assert_eq!(page.lines().count(), 50);
    assert!(page.lines().any(|line| line == "guest7: hello 7"));

    let id = server.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    drop(client);
    let status = tokio::task::spawn_blocking(move || server.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_taken_port_is_reported_in_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_web"))
        .arg(&address)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        errors,
        format!("serving on {address} failed: Address already in use (os error 98)\n")
    );
}

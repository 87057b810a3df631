//! The ledger in a real PostgreSQL server (Debian package `postgresql`) on a free port and on a
//! Unix socket.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::{TryStreamExt, pin_mut};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};

/// The newest installed server's programs.
fn programs() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("postgresql is installed")
        .map(|entry| entry.unwrap().path().join("bin"))
        .collect();
    versions.sort();
    versions.pop().expect("postgresql is installed")
}

/// A command of the server as a user that may run it: it refuses to run as root.
async fn command(program: &str) -> Command {
    let path = programs().join(program);
    let id = Command::new("id").arg("-u").output().await.unwrap();
    if id.stdout == b"0\n" {
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid",
                "postgres",
                "--regid",
                "postgres",
                "--clear-groups",
            ])
            .arg(path);
        return command;
    }
    Command::new(path)
}

/// A server that ends when the value is dropped.
async fn server(folder: &Path, port: u16) -> Child {
    let mut own = Command::new("chown");
    let _ = own.arg("postgres").arg(folder).status().await;
    let data = folder.join("data");
    let made = command("initdb")
        .await
        .args(["-A", "trust", "-U", "zoe", "-N", "-D"])
        .arg(&data)
        .output()
        .await
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    command("postgres")
        .await
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-p",
            &port.to_string(),
        ])
        .arg("-k")
        .arg(folder)
        .arg("-D")
        .arg(&data)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn connect(config: &str) -> Client {
    for _ in 0..200 {
        if let Ok((client, connection)) = tokio_postgres::connect(config, NoTls).await {
            tokio::spawn(connection);
            return client;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("postgres does not answer at {config}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_balances() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut child = server(folder.path(), port).await;
    let tcp = format!("host=127.0.0.1 port={port} user=zoe dbname=postgres");
    let unix = format!(
        "host={} port={port} user=zoe dbname=postgres",
        folder.path().display()
    );
    let client = connect(&tcp).await;
    postgres_app::create(&client).await.unwrap();

    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let config = if task % 2 == 0 {
            tcp.clone()
        } else {
            unix.clone()
        };
        tasks.spawn(async move {
            let mut client = connect(&config).await;
            for amount in 1..=20 {
                postgres_app::transfer(&mut client, "a", "b", amount)
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(postgres_app::balance(&client, "a").await.unwrap(), -8 * 210);
    assert_eq!(postgres_app::balance(&client, "b").await.unwrap(), 8 * 210);

    // Rows that come as a stream, and queries that are sent before the answers are read.
    let rows = client
        .query_raw("SELECT generate_series(1, 100000)", Vec::<i32>::new())
        .await
        .unwrap();
    pin_mut!(rows);
    let mut sum = 0i64;
    while let Some(row) = rows.try_next().await.unwrap() {
        sum += i64::from(row.get::<_, i32>(0));
    }
    assert_eq!(sum, 5_000_050_000);
    let (a, b) = tokio::join!(
        postgres_app::balance(&client, "a"),
        postgres_app::balance(&client, "b")
    );
    assert_eq!(a.unwrap() + b.unwrap(), 0);

    // A query that is cancelled through a connection of its own.
    let cancel = client.cancel_token();
    let (slept, cancelled) = tokio::join!(client.execute("SELECT pg_sleep(60)", &[]), async {
        // The request ends what is under way, and nothing that begins later.
        let other = connect(&tcp).await;
        let asks = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
        while other.query(asks, &[]).await.unwrap().is_empty() {
            sleep(Duration::from_millis(10)).await;
        }
        cancel.cancel_query(NoTls).await
    });
    cancelled.unwrap();
    assert_eq!(slept.unwrap_err().code().unwrap().code(), "57014");

    // Fast shutdown, so that nothing keeps the folder.
    let id = child.id().unwrap().to_string();
    Command::new("kill")
        .args(["-INT", &id])
        .status()
        .await
        .unwrap();
    child.wait().await.unwrap();
}

//! How much memory of the process does a connection take that waits for its next request, with its
//! task. Each runtime is measured in a process of its own, in which only the server's side lives.
//!
//! Prints the resident memory a connection, and what is left of it without the task's own future.
//! The kernel's share is not in a process's resident memory.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::{env, fs};

const CONNECTIONS: usize = 4000;

fn main() {
    match env::args().nth(1).as_deref() {
        Some("serve-zokio") => serve_zokio(),
        Some("serve-tokio") => serve_tokio(),
        // `--test`: that it runs is what counts.
        Some("--test") => measure(200),
        _ => measure(CONNECTIONS),
    }
}

fn measure(connections: usize) {
    println!("{connections} idle connections, bytes each:");
    for runtime in ["zokio", "tokio"] {
        let mut server = Command::new(env::current_exe().expect("a program knows its path"))
            .arg(format!("serve-{runtime}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bench can run itself");
        let mut lines = BufReader::new(server.stdout.take().expect("it was asked for")).lines();
        let mut line = || {
            lines
                .next()
                .expect("the server goes on")
                .expect("it prints UTF-8")
        };
        let address = line();

        // Each connection has spoken once, so that it has all the memory it will ever need.
        let open = |count: usize| -> Vec<TcpStream> {
            let connect = |_| {
                let mut stream = TcpStream::connect(&address).expect("the server listens");
                stream.write_all(b"x").expect("the server reads");
                std::io::Read::read_exact(&mut stream, &mut [0]).expect("the server answers");
                stream
            };
            (0..count).map(connect).collect()
        };
        // The first ones pay for what all share.
        let first = open(connections / 4);
        // Told at the first connection.
        let future: usize = line().parse().expect("the size of the future");
        let before = resident(server.id());
        let rest = open(connections);
        let each = (resident(server.id()) - before) as f64 / connections as f64;
        println!(
            "{runtime}: {each:.0} resident, {:.0} beyond its future of {future}",
            each - future as f64
        );
        drop((first, rest));
        server.kill().expect("the server is still there");
        server.wait().expect("the server is a child");
    }
}

/// The resident memory of a process, in bytes.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .expect("Linux tells it");
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a number");
    kib * 1024
}

macro_rules! server {
    ($name:ident, $runtime:ident) => {
        fn $name() {
            use $runtime::io::{AsyncReadExt as _, AsyncWriteExt as _};

            async fn echo(mut stream: $runtime::net::TcpStream) {
                let mut byte = [0];
                while stream.read_exact(&mut byte).await.is_ok() {
                    stream.write_all(&byte).await.expect("the client reads");
                }
            }

            let runtime = $runtime::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be built here");
            runtime.block_on(async {
                let listener = $runtime::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("a free port");
                println!("{}", listener.local_addr().expect("it is bound"));
                let mut told = false;
                loop {
                    let (stream, _) = listener.accept().await.expect("descriptors are left");
                    let future = echo(stream);
                    if !std::mem::replace(&mut told, true) {
                        println!("{}", size_of_val(&future));
                    }
                    $runtime::spawn(future);
                }
            });
        }
    };
}

server!(serve_zokio, zokio);
server!(serve_tokio, tokio);

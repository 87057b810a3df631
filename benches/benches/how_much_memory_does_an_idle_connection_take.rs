//! How much memory of the process does a connection take that waits for its next request, with its
//! task. Each runtime is measured in a process of its own, in which only the server's side lives.
//!
//! Prints the resident memory a connection, and what is left of it without the task's own future.
//! The kernel's share is not in a process's resident memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs};

/// How many are counted; a quarter more is opened before them.
const CONNECTIONS: usize = 10_000;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("serve-zokio") => serve_zokio(),
        Some("serve-tokio") => serve_tokio(),
        Some("measure") => measure(words[1].parse().expect("a number")),
        // `--test`: that it runs is what counts.
        Some("--test") => run(with_descriptors(&["measure", "200"])),
        _ => run(with_descriptors(&["measure", &CONNECTIONS.to_string()])),
    }
}

fn run(mut command: Command) {
    let status = command.status().expect("the bench can run itself");
    assert!(status.success(), "{status}");
}

/// This program again, with as many descriptors as the system allows.
fn with_descriptors(words: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n $(ulimit -H -n) && exec \"$0\" \"$@\""])
        .arg(env::current_exe().expect("a program knows its path"))
        .args(words);
    command
}

fn measure(connections: usize) {
    println!("{connections} idle connections, bytes each:");
    for (runtime, driver) in [("zokio", "uring"), ("zokio", "mio"), ("tokio", "")] {
        let mut command = with_descriptors(&[&format!("serve-{runtime}")]);
        if !driver.is_empty() {
            command.env("ZOKIO_DRIVER", driver);
        }
        let mut server = command
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
                speak(&mut stream, 0);
                stream
            };
            (0..count).map(connect).collect()
        };
        // The first ones pay for what all share.
        let mut first = open(connections / 4);
        // Told at the first connection.
        let future: usize = line().parse().expect("the size of the future");
        let before = resident(server.id());
        let mut rest = open(connections);
        let each = (resident(server.id()) - before) as f64 / connections as f64;
        // They are all still there.
        let start = Instant::now();
        for (number, stream) in first.iter_mut().chain(&mut rest).enumerate() {
            speak(stream, number as u8);
        }
        println!(
            "{runtime} {driver}: {each:.0} resident, {:.0} beyond its future of {future}; \
             echoed through all {} in {:.0?}",
            each - future as f64,
            first.len() + rest.len(),
            start.elapsed(),
        );
        drop((first, rest));
        server.kill().expect("the server is still there");
        server.wait().expect("the server is a child");
    }
}

fn speak(stream: &mut TcpStream, byte: u8) {
    let mut answer = [!byte];
    stream.write_all(&[byte]).expect("the server reads");
    stream.read_exact(&mut answer).expect("the server answers");
    assert_eq!(answer, [byte]);
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

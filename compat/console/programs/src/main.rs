//! The program that the tests of `zokio-top` look at: twelve tasks with names on two workers, the future of
//! `block_on`, and a task for each connection to the acceptor. One of them, the blocker, keeps its worker
//! busy for 700 ms of each second; each of the others waits for one thing. The program prints the port of
//! its acceptor, which echoes what it gets.
#![forbid(unsafe_code)]

use std::future::pending;
use std::io::{Write, pipe};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify, Semaphore, mpsc};
use tokio::task::{Builder, yield_now};
use tokio::time::sleep;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<()> {
    let mutex = Arc::new(Mutex::new(0_u64));
    for number in 1..=3 {
        spawn(&format!("contender {number}"), contend(mutex.clone()))?;
    }
    let (sender, receiver) = mpsc::channel(4);
    spawn("sender", send(sender))?;
    spawn("receiver", receive(receiver))?;
    spawn("blocker", block())?;
    spawn("self waker", wake_itself())?;
    let never = Arc::new(Notify::new());
    spawn("forgotten", async move { never.notified().await })?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    spawn("acceptor", accept(listener))?;
    let silent = TcpStream::connect(address).await?;
    spawn("idle reader", read(silent))?;
    let semaphore = Arc::new(Semaphore::new(1));
    let taken = semaphore.clone().acquire_owned().await?;
    spawn("keeper", async move {
        pending::<()>().await;
        drop(taken);
    })?;
    spawn("starved", async move {
        // An error is that of a closed semaphore, which this one never is.
        drop(semaphore.acquire_owned().await);
    })?;
    println!("{}", address.port());
    std::io::stdout().flush()?;
    read_pipe().await
}

/// A read of a file that waits, for the ring.
async fn read_pipe() -> Result<()> {
    let (reader, _writer) = pipe()?;
    let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
    let mut file = File::open(path).await?;
    file.read_u8().await?;
    Ok(())
}

/// Tells the places of tasks apart.
#[track_caller]
fn spawn(name: &str, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    Builder::new().name(name).spawn(task)?;
    Ok(())
}

async fn contend(mutex: Arc<Mutex<u64>>) {
    loop {
        let mut count = mutex.lock().await;
        *count += 1;
        // The others wait for most of the time.
        sleep(Duration::from_millis(400)).await;
        drop(count);
        yield_now().await;
    }
}

async fn send(sender: mpsc::Sender<u64>) {
    for number in 0.. {
        if sender.send(number).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn receive(mut receiver: mpsc::Receiver<u64>) {
    while receiver.recv().await.is_some() {}
}

/// Does what no task should.
async fn block() {
    loop {
        block_for(Duration::from_millis(700));
        sleep(Duration::from_millis(300)).await;
    }
}

/// A function of its own, for the stack.
#[inline(never)]
fn block_for(duration: Duration) {
    let end = Instant::now() + duration;
    while let Some(rest) = end.checked_duration_since(Instant::now()) {
        thread::sleep(rest);
    }
}

async fn wake_itself() {
    loop {
        for _ in 0..100 {
            yield_now().await;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

async fn accept(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(echo(stream));
    }
}

async fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => {
                if stream.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn read(mut stream: TcpStream) {
    let mut buffer = [0];
    // The other end is this program's, and writes nothing.
    drop(stream.read(&mut buffer).await);
}

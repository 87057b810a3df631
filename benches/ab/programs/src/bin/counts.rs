//! One hot path of the runtime, so many times: `counts WORKERS PATH TIMES FOLDER`. It prints nothing
//! and reads no clock, so that a run executes the same instructions each time, as far as the runtime
//! does. What a repetition takes is the difference between runs of N and of 2N.

use std::future::{Future, poll_fn};
use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::{Arc, Mutex as Lock};
use std::task::{Poll, Waker};
use std::time::Duration;

use programs::BLOCK;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

const HOUR: Duration = Duration::from_secs(3600);

type Repetitions = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

fn path(name: &str, times: usize, folder: PathBuf) -> io::Result<Repetitions> {
    Ok(match name {
        "spawn-join" => Box::pin(spawn_join(times)),
        "wake" => Box::pin(wake(times)),
        "yield" => Box::pin(yields(times)),
        "sleep-drop" => Box::pin(sleep_drop(times)),
        "sleep-reset" => Box::pin(sleep_reset(times)),
        "timeout" => Box::pin(timeouts(times)),
        "mpsc" => Box::pin(bounded(times)),
        "mpsc-unbounded" => Box::pin(unbounded(times)),
        "mpsc-ping" => Box::pin(ping(times)),
        "oneshot" => Box::pin(answers(times)),
        "mutex" => Box::pin(mutex(times)),
        "tcp-ready" => Box::pin(tcp_ready(times)),
        "tcp-echo" => Box::pin(tcp_echo(times)),
        "file-read" => Box::pin(file_read(times, folder)),
        "fs-read" => Box::pin(fs_read(times, folder)),
        "metadata" => Box::pin(metadata(times, folder)),
        _ => return Err(io::Error::other(format!("no path is named `{name}`"))),
    })
}

fn ensure(holds: bool) -> io::Result<()> {
    match holds {
        true => Ok(()),
        false => Err(io::Error::other("a result is wrong")),
    }
}

async fn spawn_join(times: usize) -> io::Result<()> {
    for number in 0..times {
        ensure(tokio::spawn(async move { number }).await? == number)?;
    }
    Ok(())
}

/// A task wakes another one and yields to it.
async fn wake(times: usize) -> io::Result<()> {
    let waker = Arc::new(Lock::new(None::<Waker>));
    let place = Arc::clone(&waker);
    let woken = tokio::spawn(async move {
        for _ in 0..times {
            let mut waited = false;
            poll_fn(|context| {
                if std::mem::replace(&mut waited, true) {
                    return Poll::Ready(());
                }
                *place.lock().expect("no holder panics") = Some(context.waker().clone());
                Poll::Pending
            })
            .await;
        }
    });
    while !woken.is_finished() {
        let waker = waker.lock().expect("no holder panics").take();
        if let Some(waker) = waker {
            waker.wake();
        }
        yield_now().await;
    }
    Ok(woken.await?)
}

async fn yields(times: usize) -> io::Result<()> {
    for _ in 0..times {
        yield_now().await;
    }
    Ok(())
}

/// Polls a future once and returns whether it waits.
async fn waits(future: impl Future) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

async fn sleep_drop(times: usize) -> io::Result<()> {
    for _ in 0..times {
        ensure(waits(sleep(HOUR)).await)?;
    }
    Ok(())
}

async fn sleep_reset(times: usize) -> io::Result<()> {
    let mut timer = pin!(sleep(HOUR));
    let mut deadline = Instant::now() + HOUR;
    for _ in 0..times {
        // A full second is carried once in a thousand times, whatever the time is at the start.
        deadline += Duration::from_millis(1);
        timer.as_mut().reset(deadline);
        ensure(waits(timer.as_mut()).await)?;
    }
    Ok(())
}

/// A limit on what waits once.
async fn timeouts(times: usize) -> io::Result<()> {
    for _ in 0..times {
        timeout(HOUR, yield_now()).await?;
    }
    Ok(())
}

async fn bounded(times: usize) -> io::Result<()> {
    let (sender, mut receiver) = mpsc::channel(16);
    for number in 0..times {
        sender.send(number).await.map_err(io::Error::other)?;
        ensure(receiver.recv().await == Some(number))?;
    }
    Ok(())
}

async fn unbounded(times: usize) -> io::Result<()> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for number in 0..times {
        sender.send(number).map_err(io::Error::other)?;
        ensure(receiver.recv().await == Some(number))?;
    }
    Ok(())
}

/// A message to another task and one back, each of which is waited for.
async fn ping(times: usize) -> io::Result<()> {
    let (there, mut questions) = mpsc::channel(1);
    let (back, mut answers) = mpsc::channel(1);
    let other = tokio::spawn(async move {
        while let Some(number) = questions.recv().await {
            if back.send(number).await.is_err() {
                break;
            }
        }
    });
    for number in 0..times {
        there.send(number).await.map_err(io::Error::other)?;
        ensure(answers.recv().await == Some(number))?;
    }
    drop(there);
    Ok(other.await?)
}

async fn answers(times: usize) -> io::Result<()> {
    for number in 0..times {
        let (sender, receiver) = oneshot::channel();
        ensure(sender.send(number).is_ok())?;
        ensure(receiver.await.map_err(io::Error::other)? == number)?;
    }
    Ok(())
}

async fn mutex(times: usize) -> io::Result<()> {
    let mutex = Mutex::new(0);
    for _ in 0..times {
        *mutex.lock().await += 1;
    }
    ensure(mutex.into_inner() == times)
}

async fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok((client, server))
}

/// A write and a read of what it has sent. The read takes all that its buffer has room for, which says
/// nothing against further bytes, so that the next one does not wait for the driver either.
async fn tcp_ready(times: usize) -> io::Result<()> {
    let (mut client, mut server) = connection().await?;
    let mut buffer = [0; 64];
    for number in 0..times {
        client.write_all(&[number as u8; 64]).await?;
        server.read_exact(&mut buffer).await?;
        ensure(buffer[63] == number as u8)?;
    }
    Ok(())
}

/// 64 bytes to another task and back, over sockets, with buffers that are not filled: both sides wait
/// for the driver each time.
async fn tcp_echo(times: usize) -> io::Result<()> {
    let (mut client, mut server) = connection().await?;
    let other = tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let length = server.read(&mut buffer).await?;
            if length == 0 {
                return io::Result::Ok(());
            }
            server.write_all(&buffer[..length]).await?;
        }
    });
    let mut buffer = [0; 4096];
    for number in 0..times {
        client.write_all(&[number as u8; 64]).await?;
        ensure(client.read(&mut buffer).await? == 64 && buffer[63] == number as u8)?;
    }
    drop(client);
    other.await?
}

async fn file_read(times: usize, folder: PathBuf) -> io::Result<()> {
    let mut file = File::open(folder.join("big")).await?;
    let mut block = vec![0; BLOCK];
    for number in 0..times {
        file.read_exact(&mut block).await?;
        ensure(block[..8] == ((number * BLOCK) as u64).to_le_bytes())?;
    }
    Ok(())
}

async fn fs_read(times: usize, folder: PathBuf) -> io::Result<()> {
    let path = folder.join("www/4k");
    for _ in 0..times {
        ensure(fs::read(&path).await?.len() == BLOCK)?;
    }
    Ok(())
}

async fn metadata(times: usize, folder: PathBuf) -> io::Result<()> {
    let path = folder.join("www/4k");
    for _ in 0..times {
        ensure(fs::metadata(&path).await?.len() == BLOCK as u64)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    programs::once(|mut arguments| async move {
        let mut next = || arguments.next().unwrap_or_default();
        let (name, times, folder) = (next(), next(), next());
        let times = times.parse().map_err(io::Error::other)?;
        tokio::spawn(path(&name, times, folder.into())?).await?
    })
}

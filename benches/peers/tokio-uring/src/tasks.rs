//! What needs no I/O.

use std::io;
use std::time::{Duration, Instant};

use peer_protocol::{Pace, Tasks};
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// Repeats an operation and returns how often.
pub async fn run(job: Tasks, end: Instant) -> io::Result<u64> {
    let mut pace = Pace::new(end, if job == Tasks::Sleep { 1 } else { 64 });
    match job {
        Tasks::Spawn => while tokio_uring::spawn(async { true }).await? && pace.more() {},
        Tasks::Yield => loop {
            yield_now().await;
            if !pace.more() {
                break;
            }
        },
        Tasks::Timeout => {
            while timeout(Duration::from_secs(10), yield_now()).await.is_ok() && pace.more() {}
        }
        Tasks::Channel => channel(&mut pace).await?,
        Tasks::Sleep => loop {
            sleep(Duration::from_millis(1)).await;
            if !pace.more() {
                break;
            }
        },
    }
    Ok(pace.made())
}

async fn channel(pace: &mut Pace) -> io::Result<()> {
    let (requests, mut inbox) = mpsc::channel(1);
    let (answers, mut outbox) = mpsc::channel(1);
    let other = tokio_uring::spawn(async move {
        while let Some(number) = inbox.recv().await {
            if answers.send(number).await.is_err() {
                return;
            }
        }
    });
    loop {
        requests.send(pace.made()).await.map_err(io::Error::other)?;
        if outbox.recv().await != Some(pace.made()) {
            return Err(io::Error::other("the channel has lost a number"));
        }
        if !pace.more() {
            break;
        }
    }
    drop(requests);
    Ok(other.await?)
}

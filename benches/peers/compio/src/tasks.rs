//! What needs no I/O.

use std::io;
use std::time::{Duration, Instant};

use compio::runtime::spawn;
use compio::time::{sleep, timeout};
use peer_protocol::{Pace, Tasks, yield_now};

use crate::joined;

/// Repeats an operation and returns how often.
pub async fn run(job: Tasks, end: Instant) -> io::Result<u64> {
    let mut pace = Pace::new(end, if job == Tasks::Sleep { 1 } else { 64 });
    match job {
        Tasks::Spawn => while joined(spawn(async { true })).await? && pace.more() {},
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
    let (requests, inbox) = flume::bounded(1);
    let (answers, outbox) = flume::bounded(1);
    let other = spawn(async move {
        while let Ok(number) = inbox.recv_async().await {
            if answers.send_async(number).await.is_err() {
                return;
            }
        }
    });
    loop {
        let sent = requests.send_async(pace.made()).await;
        if sent.is_err() || outbox.recv_async().await != Ok(pace.made()) {
            return Err(io::Error::other("the channel has lost a number"));
        }
        if !pace.more() {
            break;
        }
    }
    drop(requests);
    joined(other).await
}

//! What needs no I/O.

use std::io;
use std::time::{Duration, Instant};

use local_sync::mpsc::bounded;
use monoio::time::{sleep, timeout};
use peer_protocol::{Pace, Tasks, yield_now};

/// Repeats an operation and returns how often.
pub async fn run(job: Tasks, end: Instant) -> io::Result<u64> {
    let mut pace = Pace::new(end, if job == Tasks::Sleep { 1 } else { 64 });
    match job {
        Tasks::Spawn => while monoio::spawn(async { true }).await && pace.more() {},
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
    let (requests, mut inbox) = bounded::channel(1);
    let (answers, mut outbox) = bounded::channel(1);
    let other = monoio::spawn(async move {
        while let Some(number) = inbox.recv().await {
            if answers.send(number).await.is_err() {
                return;
            }
        }
    });
    loop {
        let sent = requests.send(pace.made()).await;
        if sent.is_err() || outbox.recv().await != Some(pace.made()) {
            return Err(io::Error::other("the channel has lost a number"));
        }
        if !pace.more() {
            break;
        }
    }
    drop(requests);
    other.await;
    Ok(())
}

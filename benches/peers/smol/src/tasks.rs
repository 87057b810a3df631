//! What needs no I/O.

use std::io;
use std::time::{Duration, Instant};

use peer_protocol::{Pace, Tasks};
use smol::future::{or, yield_now};
use smol::{Timer, channel};

use crate::spawn;

/// Repeats an operation and returns how often.
pub async fn run(job: Tasks, end: Instant) -> io::Result<u64> {
    let mut pace = Pace::new(end, if job == Tasks::Sleep { 1 } else { 64 });
    match job {
        Tasks::Spawn => while spawn(async { true }).await && pace.more() {},
        Tasks::Yield => loop {
            yield_now().await;
            if !pace.more() {
                break;
            }
        },
        Tasks::Timeout => while timeout().await && pace.more() {},
        Tasks::Channel => ping_pong(&mut pace).await?,
        Tasks::Sleep => loop {
            Timer::after(Duration::from_millis(1)).await;
            if !pace.more() {
                break;
            }
        },
    }
    Ok(pace.made())
}

/// Returns whether the yield came before the timer, which is how smol's documentation limits a wait.
async fn timeout() -> bool {
    let yielded = async {
        yield_now().await;
        true
    };
    let elapsed = async {
        Timer::after(Duration::from_secs(10)).await;
        false
    };
    or(yielded, elapsed).await
}

async fn ping_pong(pace: &mut Pace) -> io::Result<()> {
    let (requests, inbox) = channel::bounded(1);
    let (answers, outbox) = channel::bounded(1);
    let other = spawn(async move {
        while let Ok(number) = inbox.recv().await {
            if answers.send(number).await.is_err() {
                return;
            }
        }
    });
    loop {
        let sent = requests.send(pace.made()).await;
        if sent.is_err() || outbox.recv().await != Ok(pace.made()) {
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

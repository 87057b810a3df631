//! What needs no I/O.

use std::io;
use std::time::{Duration, Instant};

use glommio::channels::local_channel;
use glommio::spawn_local;
use glommio::timer::{Timer, timeout};
use peer_protocol::{Pace, Tasks, yield_now};

/// Repeats an operation and returns how often.
pub async fn run(job: Tasks, end: Instant) -> io::Result<u64> {
    let mut pace = Pace::new(end, if job == Tasks::Sleep { 1 } else { 64 });
    match job {
        Tasks::Spawn => while spawn_local(async { true }).await && pace.more() {},
        // Not the executor's own, which lets other queues of tasks run as well.
        Tasks::Yield => loop {
            yield_now().await;
            if !pace.more() {
                break;
            }
        },
        Tasks::Timeout => loop {
            let yielded = async {
                yield_now().await;
                Ok(())
            };
            timeout(Duration::from_secs(10), yielded).await?;
            if !pace.more() {
                break;
            }
        },
        Tasks::Channel => channel(&mut pace).await?,
        Tasks::Sleep => loop {
            Timer::new(Duration::from_millis(1)).await;
            if !pace.more() {
                break;
            }
        },
    }
    Ok(pace.made())
}

async fn channel(pace: &mut Pace) -> io::Result<()> {
    let (requests, inbox) = local_channel::new_bounded(1);
    let (answers, outbox) = local_channel::new_bounded(1);
    let other = spawn_local(async move {
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

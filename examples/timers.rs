//! Waiting for time: a sleep, a deadline on something slow, and an interval that falls behind.
//!
//! Run it with `cargo run --example timers`.

use std::time::Duration;

use zokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[zokio::main(flavor = "current_thread")]
async fn main() {
    let start = Instant::now();
    sleep(ms(20)).await;
    println!("slept {} ms", start.elapsed().as_millis());

    // The future that is too slow is dropped, and with it the sleep inside.
    match timeout(ms(10), sleep(ms(60_000))).await {
        Ok(()) => println!("the minute has passed"),
        Err(error) => println!("no minute: {error}"),
    }

    // The work takes longer than a period once. `Skip` keeps to the first tick's rhythm and leaves
    // out what was missed, so the ticks stand at multiples of the period.
    let mut ticks = interval(ms(20));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let first = ticks.tick().await;
    for work_ms in [0, 50, 0] {
        sleep(ms(work_ms)).await;
        let tick = ticks.tick().await;
        println!("tick at {} ms", (tick - first).as_millis());
    }
}

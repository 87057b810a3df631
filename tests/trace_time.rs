//! What the feature `tracing` reports of timers.

#![forbid(unsafe_code)]

#[path = "support/trace.rs"]
mod trace;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use zokio::time::{self, Instant};

use self::trace::Recorder;

#[zokio::test(start_paused = true)]
async fn a_sleep_is_polled_until_it_is_over() {
    let recorder = Recorder::default();
    let mut sleep = pin!(recorder.run(|| time::sleep(Duration::from_millis(50))));
    let poll = |sleep: std::pin::Pin<&mut time::Sleep>| {
        let mut cx = Context::from_waker(Waker::noop());
        recorder.run(|| sleep.poll(&mut cx))
    };
    assert_eq!(
        recorder.lines(),
        ["new Sleep", "new Sleep::new_timeout", "new poll"]
    );
    assert!(poll(sleep.as_mut()).is_pending());
    let within = "Sleep/Sleep::new_timeout/poll/";
    assert_eq!(
        recorder.lines(),
        [
            format!("{within} op_name=poll_elapsed is_ready=true"),
            format!("{within} duration=50 duration.unit=ms duration.op=override"),
            format!("{within} op_name=poll_elapsed is_ready=false"),
        ]
    );
    recorder.run(|| {
        sleep
            .as_mut()
            .reset(Instant::now() + Duration::from_millis(20))
    });
    time::advance(Duration::from_millis(30)).await;
    assert!(poll(sleep.as_mut()).is_ready());
    let within = "Sleep/Sleep::reset/poll/";
    let elapsed = format!("{within} op_name=poll_elapsed is_ready=true");
    assert_eq!(recorder.polls(), [elapsed.clone(), elapsed]);
}

#[zokio::test(start_paused = true)]
async fn an_interval_shows_its_ticks() {
    let recorder = Recorder::default();
    let mut interval = recorder.run(|| time::interval(Duration::from_millis(5)));
    let span = recorder.span("Interval");
    assert_eq!(span.get("kind"), Some("timer"));
    assert_eq!(span.get("loc.file"), Some(file!()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(recorder.run(|| interval.poll_tick(&mut cx)).is_ready());
    assert!(recorder.run(|| interval.poll_tick(&mut cx)).is_pending());
    let mut ticks = recorder.polls();
    ticks.retain(|line| line.contains("poll_tick"));
    let tick = |ready| format!("Interval/Interval::tick/poll/ op_name=poll_tick is_ready={ready}");
    assert_eq!(ticks, [tick(true), tick(false)]);
}

//! What the feature `tracing` reports of locks and channels.

#![forbid(unsafe_code)]

#[path = "support/trace.rs"]
mod trace;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use zokio::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch,
};

use self::trace::Recorder;

/// Polls a future once.
macro_rules! poll {
    ($future:expr) => {
        $future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    };
}

/// The value of `field` that its updates add up to.
fn state(lines: &[String], resource: &str, field: &str) -> i64 {
    let own = format!("{resource}/ {field}=");
    let mut state = 0;
    for line in lines {
        let Some((_, update)) = line.split_once(&own) else {
            continue;
        };
        let (value, op) = update.split_once(' ').expect("an operation");
        let value: i64 = value.parse().expect("a number");
        match op {
            op if op.ends_with(".op=add") => state += value,
            op if op.ends_with(".op=sub") => state -= value,
            _ => state = value,
        }
    }
    state
}

#[test]
fn a_wait_for_a_lock_belongs_to_the_lock() {
    let recorder = Recorder::default();
    recorder.run(|| {
        let mutex = Mutex::new(());
        let guard = mutex.try_lock().unwrap();
        let mut waiting = pin!(mutex.lock());
        assert!(poll!(waiting).is_pending());
        drop(guard);
        assert!(poll!(waiting).is_ready());
    });
    let within = "Mutex/Mutex::lock/poll/Semaphore/Acquire::new/poll/";
    assert_eq!(
        recorder.lines(),
        [
            "new Mutex".to_owned(),
            "Mutex/ locked=false locked.op=override".to_owned(),
            "new Semaphore".to_owned(),
            "Mutex/Semaphore/ permits=1 permits.op=override".to_owned(),
            // The first lock.
            "Semaphore/ permits=1 permits.op=sub".to_owned(),
            "Mutex/ locked=true locked.op=override".to_owned(),
            // The second waits.
            "new Mutex::lock".to_owned(),
            "new poll".to_owned(),
            "new Acquire::new".to_owned(),
            "new poll".to_owned(),
            "Acquire::new/ permits_requested=1 permits_requested.op=override".to_owned(),
            "Acquire::new/ permits_obtained=0 permits_obtained.op=add".to_owned(),
            format!("{within} op_name=poll_acquire is_ready=false"),
            "Mutex/Mutex::lock/poll/ op_name=poll is_ready=false".to_owned(),
            // It is served by the unlock, and unlocks in turn.
            "Acquire::new/ permits_obtained=1 permits_obtained.op=add".to_owned(),
            "Mutex/ locked=false locked.op=override".to_owned(),
            format!("{within} op_name=poll_acquire is_ready=true"),
            "Mutex/Mutex::lock/poll/ op_name=poll is_ready=true".to_owned(),
            "end Mutex::lock".to_owned(),
            "end poll".to_owned(),
            "end Acquire::new".to_owned(),
            "end poll".to_owned(),
            "Mutex/ locked=true locked.op=override".to_owned(),
            "Semaphore/ permits=1 permits.op=add".to_owned(),
            "Mutex/ locked=false locked.op=override".to_owned(),
            "end Mutex".to_owned(),
            "end Semaphore".to_owned(),
        ]
    );
}

#[test]
fn a_resource_is_shown_where_it_was_made() {
    let recorder = Recorder::default();
    let line = line!() + 1;
    let lock = recorder.run(|| RwLock::new(5));
    let span = recorder.span("RwLock");
    assert_eq!(span.get("loc.file"), Some(file!()));
    assert_eq!(span.get("loc.line"), Some(line.to_string().as_str()));
    assert_eq!(span.get("kind"), Some("Sync"));
    drop(lock);
}

#[test]
fn the_reported_permits_are_the_free_ones() {
    let recorder = Recorder::default();
    let mut lines = Vec::new();
    recorder.run(|| {
        let semaphore = Arc::new(Semaphore::new(5));
        let mut check = || {
            lines.extend(recorder.lines());
            state(&lines, "Semaphore", "permits") as usize
        };
        let two = semaphore.try_acquire_many(2).unwrap();
        assert_eq!(check(), semaphore.available_permits());
        // It takes the three that are free, and waits for one.
        let mut four = Box::pin(semaphore.clone().acquire_many_owned(4));
        assert!(poll!(four).is_pending());
        assert_eq!(check(), semaphore.available_permits());
        let mut next = Box::pin(semaphore.acquire());
        assert!(poll!(next).is_pending());
        drop(two);
        assert_eq!(check(), semaphore.available_permits());
        // They were served, and one of them does not want its permits any more.
        drop(four);
        assert_eq!(check(), semaphore.available_permits());
        assert!(poll!(next).is_ready());
        assert_eq!(check(), semaphore.available_permits());
        semaphore.forget_permits(2);
        semaphore.add_permits(1);
        assert_eq!(check(), semaphore.available_permits());
        assert_eq!(semaphore.available_permits(), 4);
    });
}

#[test]
fn readers_and_writers_are_counted() {
    let recorder = Recorder::default();
    recorder.run(|| {
        let lock = Arc::new(RwLock::new((1, 2)));
        let one = lock.try_read().unwrap();
        let two = lock.clone().try_read_owned().unwrap();
        drop(one);
        assert_eq!(state(&recorder.lines(), "RwLock", "current_readers"), 1);
        drop(two);
        let writer = lock.try_write().unwrap();
        let lines = recorder.lines();
        assert_eq!(state(&lines, "RwLock", "current_readers"), -1);
        assert!(lines.contains(&"RwLock/ write_locked=true write_locked.op=override".to_owned()));
        let reader = writer.downgrade();
        let lines = recorder.lines();
        assert_eq!(state(&lines, "RwLock", "current_readers"), 1);
        assert!(lines.contains(&"RwLock/ write_locked=false write_locked.op=override".to_owned()));
        drop(reader);
    });
}

#[test]
fn a_value_is_sent_and_received() {
    let recorder = Recorder::default();
    recorder.run(|| {
        let (tx, rx) = oneshot::channel();
        let mut rx = pin!(rx);
        assert!(poll!(rx).is_pending());
        tx.send(1).unwrap();
        assert!(poll!(rx).is_ready());
        let lines = recorder.lines();
        assert_eq!(
            lines[7..],
            [
                "Sender|Receiver/Receiver::await/poll/ op_name=poll_recv is_ready=false",
                "Sender|Receiver/ value_sent=true value_sent.op=override",
                "Sender|Receiver/ tx_dropped=true tx_dropped.op=override",
                "Sender|Receiver/Receiver::await/poll/ op_name=poll_recv is_ready=true",
                "Sender|Receiver/ value_received=true value_received.op=override",
            ]
        );
    });
    assert_eq!(
        recorder.lines(),
        [
            "Sender|Receiver/ rx_dropped=true rx_dropped.op=override",
            "end Sender|Receiver",
            "end Receiver::await",
            "end poll",
        ]
    );
}

#[test]
fn a_leader_is_told_from_those_that_wait() {
    let recorder = Recorder::default();
    recorder.run(|| {
        let barrier = Barrier::new(2);
        let mut first = pin!(barrier.wait());
        assert!(poll!(first).is_pending());
        assert_eq!(state(&recorder.lines(), "Barrier", "arrived"), 1);
        assert!(poll!(pin!(barrier.wait())).is_ready());
        let lines = recorder.lines();
        assert_eq!(state(&lines, "Barrier", "arrived"), 0);
        assert!(lines.contains(&"Barrier::wait/ is_leader=true".to_owned()));
        assert!(poll!(first).is_ready());
        let ready = "Barrier/Barrier::wait/poll/ op_name=poll is_ready=true".to_owned();
        assert!(recorder.lines().contains(&ready));
    });
}

/// The lines of a wait that is polled in vain, and then succeeds.
fn waited(resource: &str, source: &str, poll: &str) -> [String; 2] {
    [false, true].map(|ready| format!("{resource}/{source}/poll/ op_name={poll} is_ready={ready}"))
}

#[test]
fn a_channel_is_a_resource_of_both_ends() {
    let recorder = Recorder::default();
    recorder.run(|| {
        let (tx, mut rx) = mpsc::channel(1);
        assert_eq!(recorder.span("Sender|Receiver").get("kind"), Some("Sync"));
        assert!(
            recorder
                .lines()
                .contains(&"Sender|Receiver/ capacity=1 capacity.op=override".to_owned())
        );
        {
            let mut recv = pin!(rx.recv());
            assert!(poll!(recv).is_pending());
            tx.try_send(1).unwrap();
            assert!(poll!(recv).is_ready());
        }
        assert_eq!(
            recorder.polls(),
            waited("Sender|Receiver", "Receiver::recv", "poll_recv")
        );
        tx.try_send(2).unwrap();
        let mut send = pin!(tx.send(3));
        assert!(poll!(send).is_pending());
        assert!(poll!(pin!(rx.recv())).is_ready());
        assert_eq!(
            state(
                &recorder.lines(),
                "Sender|Receiver/Receiver::recv/poll/Sender|Receiver",
                "queued"
            ),
            1
        );
        assert!(poll!(send).is_ready());
        let sent = "Sender|Receiver/Sender::send/poll/ op_name=poll is_ready=true".to_owned();
        assert_eq!(recorder.polls(), [sent]);
    });
}

#[test]
fn what_tokio_does_not_report_is_reported() {
    let recorder = Recorder::default();
    recorder.run(|| {
        let notify = Notify::new();
        let mut notified = pin!(notify.notified());
        assert!(poll!(notified).is_pending());
        notify.notify_one();
        assert!(poll!(notified).is_ready());
        assert_eq!(
            recorder.polls(),
            waited("Notify", "Notify::notified", "poll_notified")
        );

        let (tx, mut rx) = watch::channel(1);
        let mut changed = pin!(rx.changed());
        assert!(poll!(changed).is_pending());
        tx.send(2).unwrap();
        assert!(poll!(changed).is_ready());
        assert_eq!(
            recorder.polls(),
            waited("Sender|Receiver", "Receiver::changed", "poll_changed")
        );

        let (tx, mut rx) = broadcast::channel(1);
        let mut recv = pin!(rx.recv());
        assert!(poll!(recv).is_pending());
        tx.send(2).unwrap();
        assert!(poll!(recv).is_ready());
        assert_eq!(
            recorder.polls(),
            waited("Sender|Receiver", "Receiver::recv", "poll_recv")
        );

        let cell = OnceCell::new();
        let (tx, rx) = oneshot::channel();
        let mut first = pin!(cell.get_or_init(|| async { rx.await.unwrap() }));
        assert!(poll!(first).is_pending());
        recorder.lines();
        let mut second = pin!(cell.get_or_init(|| async { 2 }));
        assert!(poll!(second).is_pending());
        tx.send(1).unwrap();
        assert!(poll!(first).is_ready());
        assert!(poll!(second).is_ready());
        let mut polls = recorder.polls();
        polls.retain(|line| line.starts_with("OnceCell"));
        assert_eq!(polls, waited("OnceCell", "OnceCell::get_or_init", "poll"));
    });
}

#[test]
fn what_is_made_without_a_subscriber_stays_unreported() {
    let recorder = Recorder::default();
    let notify = Notify::new();
    let (tx, mut rx) = mpsc::channel(1);
    recorder.run(|| {
        notify.notify_one();
        assert!(poll!(pin!(notify.notified())).is_ready());
        tx.try_send(1).unwrap();
        assert!(poll!(pin!(rx.recv())).is_ready());
    });
    assert_eq!(recorder.lines(), [""; 0]);
}

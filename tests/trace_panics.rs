//! A subscriber that panics takes no value with it that a method is about to return.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};
use zokio::runtime::Builder;
use zokio::sync::{Mutex, RwLock, Semaphore, broadcast, mpsc, oneshot};

/// When the subscriber panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Panic {
    Event,
    Exit,
}

struct Panics {
    when: Panic,
    spans: AtomicU64,
}

/// Whether it panics now, and whether it has.
static ARMED: AtomicBool = AtomicBool::new(false);
static PANICKED: AtomicBool = AtomicBool::new(false);

impl Panics {
    fn happens(&self, what: Panic) {
        if self.when == what && ARMED.load(Ordering::Relaxed) {
            PANICKED.store(true, Ordering::Relaxed);
            panic!("expected in this test");
        }
    }
}

impl Subscriber for Panics {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        // Wakers are woken and dropped where no value is returned.
        if event.metadata().target() != "tokio::task::waker" {
            self.happens(Panic::Event);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {
        self.happens(Panic::Exit);
    }
}

/// Returns what `receive` does while the subscriber panics.
async fn armed<T>(receive: impl Future<Output = T>) -> T {
    ARMED.store(true, Ordering::Relaxed);
    let value = receive.await;
    ARMED.store(false, Ordering::Relaxed);
    value
}

async fn values_come_through() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(1).await.unwrap();
    assert_eq!(armed(rx.recv()).await, Some(1));
    assert!(PANICKED.swap(false, Ordering::Relaxed), "it has panicked");
    let (tx, rx) = oneshot::channel();
    tx.send(2).unwrap();
    assert_eq!(armed(rx).await, Ok(2));
    let (tx, mut rx) = broadcast::channel(1);
    tx.send(3).unwrap();
    assert_eq!(armed(rx.recv()).await, Ok(3));
    let semaphore = Semaphore::new(1);
    let permit = armed(semaphore.acquire()).await.unwrap();
    assert_eq!(semaphore.available_permits(), 0);
    drop(permit);
    assert_eq!(semaphore.available_permits(), 1);
    let (mutex, lock) = (Mutex::new(4), RwLock::new(5));
    assert_eq!(*armed(mutex.lock()).await, 4);
    assert_eq!(*armed(lock.write()).await, 5);
    assert!(mutex.try_lock().is_ok() && lock.try_write().is_ok());
    let output = armed(async { zokio::spawn(async { 6 }).await }).await;
    assert_eq!(output.unwrap(), 6);
    assert!(PANICKED.swap(false, Ordering::Relaxed), "it has panicked");
}

#[test]
fn a_value_is_not_lost_by_a_panic_of_the_subscriber() {
    for when in [Panic::Event, Panic::Exit] {
        let spans = AtomicU64::new(0);
        subscriber::with_default(Panics { when, spans }, || {
            let rt = Builder::new_current_thread().build().unwrap();
            rt.block_on(values_come_through());
        });
    }
}

//! A subscriber of the whole process that itself uses channels, as that of the console does.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use zokio::sync::{Notify, mpsc};

/// The channels that it sends the target of each event to, once they are there.
static ALL: OnceLock<mpsc::UnboundedSender<String>> = OnceLock::new();
static SOME: OnceLock<mpsc::Sender<String>> = OnceLock::new();
static WAKES: OnceLock<Notify> = OnceLock::new();

#[derive(Default)]
struct Sends {
    spans: AtomicU64,
}

impl Subscriber for Sends {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let target = event.metadata().target();
        if let (Some(all), Some(some), Some(wakes)) = (ALL.get(), SOME.get(), WAKES.get()) {
            all.send(target.to_owned()).expect("the receiver is kept");
            if let Ok(permit) = some.try_reserve() {
                permit.send(target.to_owned());
            }
            wakes.notify_one();
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_subscriber_may_send_on_channels_that_are_reported_to_it() {
    tracing::subscriber::set_global_default(Sends::default()).expect("it is the first");
    let (tx, mut all) = mpsc::unbounded_channel();
    ALL.set(tx).expect("set once");
    let (tx, mut some) = mpsc::channel(1);
    SOME.set(tx).expect("set once");
    WAKES.set(Notify::new()).expect("set once");

    let (_tx, mut rx) = mpsc::unbounded_channel::<()>();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(rx.recv()).poll(&mut cx).is_pending());
    // The state of the channel, and that it was polled.
    let targets = [
        "runtime::resource::state_update",
        "runtime::resource::poll_op",
    ];
    assert_eq!([(); 2].map(|()| all.try_recv().unwrap()), targets);
    assert!(all.try_recv().is_err());
    assert_eq!(some.try_recv().unwrap(), targets[0]);
    let wakes = WAKES.get().expect("set above");
    assert!(pin!(wakes.notified()).poll(&mut cx).is_ready());
}

//! A count of events that any number of listeners follow.
//!
//! A listener that polls late is told that the event happened, not how often, which is all that
//! signals promise.
#![forbid(unsafe_code)]

use std::task::{Context, Poll, Waker};

use slab::Slab;

use crate::loom::unmodeled::sync::Mutex;
use crate::util::wake;

/// A recurring event.
#[derive(Debug)]
pub(super) struct Broadcast {
    state: Mutex<Happened>,
}

#[derive(Debug)]
struct Happened {
    times: u64,
    waiting: Slab<Option<Waker>>,
}

/// Receives the events that happen after its creation.
#[derive(Debug)]
pub(super) struct Listener {
    source: &'static Broadcast,
    /// The number of the last event that was received.
    heard: u64,
    key: usize,
}

impl Broadcast {
    pub(super) const fn new() -> Self {
        Self {
            state: Mutex::new(Happened {
                times: 0,
                waiting: Slab::new(),
            }),
        }
    }

    /// Records an event and wakes all listeners.
    pub(super) fn send(&self) {
        let mut state = self.state.lock();
        state.times += 1;
        let mut woken: Vec<Waker> = Vec::new();
        for (_, waker) in &mut state.waiting {
            woken.extend(waker.take());
        }
        drop(state);
        for waker in woken {
            wake::wake(waker);
        }
    }

    pub(super) fn listen(&'static self) -> Listener {
        let mut state = self.state.lock();
        Listener {
            source: self,
            heard: state.times,
            key: state.waiting.insert(None),
        }
    }
}

impl Listener {
    /// Returns `Ready` if the event has happened since this was last ready. Otherwise the waker,
    /// which replaces that of the previous call, is woken when it does.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.source.state.lock();
        let former = if state.times == self.heard {
            let waiting = &mut state.waiting[self.key];
            if waiting
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                return Poll::Pending;
            }
            waiting.replace(cx.waker().clone())
        } else {
            self.heard = state.times;
            drop(state);
            return Poll::Ready(());
        };
        // A waker is foreign code: it is dropped after the lock is released.
        drop(state);
        wake::drop_waker(former);
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let waker = self.source.state.lock().waiting.remove(self.key);
        wake::drop_waker(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::Broadcast;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn every_listener_hears_of_it_once() {
        static SOURCE: Broadcast = Broadcast::new();
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        let mut cx = Context::from_waker(&waker);
        let (mut one, mut two) = (SOURCE.listen(), SOURCE.listen());
        assert_eq!(one.poll(&mut cx), Poll::Pending);
        assert_eq!(one.poll(&mut cx), Poll::Pending);
        SOURCE.send();
        SOURCE.send();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        let mut late = SOURCE.listen();
        assert_eq!(one.poll(&mut cx), Poll::Ready(()));
        assert_eq!(one.poll(&mut cx), Poll::Pending);
        assert_eq!(two.poll(&mut cx), Poll::Ready(()));
        assert_eq!(late.poll(&mut cx), Poll::Pending);
        drop((one, two, late));
        SOURCE.send();
        assert_eq!(count.0.load(Ordering::Relaxed), 1, "they are gone");
    }
}

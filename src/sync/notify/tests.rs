//! Notify against a naive model, and the corners a model does not reach.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Wake, Waker};

use crate::sync::Notify;
use crate::sync::futures::Notified;

type Pinned<'a> = Pin<Box<Notified<'a>>>;

fn poll(future: &mut Pinned<'_>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut cx).is_ready()
}

/// What a notify is, in the simplest form.
#[derive(Default)]
struct Model {
    permit: bool,
    queue: VecDeque<usize>,
    /// Notified and not polled since: by one (and whether the newest was meant) or by all.
    notified: Vec<(usize, Option<bool>)>,
}

impl Model {
    fn one(&mut self, newest: bool) {
        let waiter = if newest {
            self.queue.pop_back()
        } else {
            self.queue.pop_front()
        };
        match waiter {
            None => self.permit = true,
            Some(waiter) => self.notified.push((waiter, Some(newest))),
        }
    }

    fn drop(&mut self, who: usize) {
        self.queue.retain(|&waiter| waiter != who);
        if let Some(at) = self.notified.iter().position(|&(waiter, _)| waiter == who)
            && let (_, Some(newest)) = self.notified.swap_remove(at)
        {
            self.one(newest);
        }
    }
}

#[test]
fn behaves_like_the_model() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % below
    };
    let notify = Notify::new();
    let mut model = Model::default();
    // Futures that were polled or enabled, and futures that were only made.
    let mut waiting: Vec<(usize, Pinned<'_>)> = Vec::new();
    let mut fresh: Vec<(bool, Pinned<'_>)> = Vec::new();
    for step in 0..40_000 {
        match next(8) {
            0 => fresh.push((false, Box::pin(notify.notified()))),
            1 | 2 if !fresh.is_empty() => {
                let (told, mut future) = fresh.swap_remove(next(fresh.len()));
                let ready = if next(2) == 0 {
                    poll(&mut future)
                } else {
                    future.as_mut().enable()
                };
                assert_eq!(ready, told || model.permit);
                if !ready {
                    model.queue.push_back(step);
                    waiting.push((step, future));
                } else if !told {
                    model.permit = false;
                }
            }
            3 => {
                notify.notify_one();
                model.one(false);
            }
            4 => {
                notify.notify_last();
                model.one(true);
            }
            5 if next(4) == 0 => {
                notify.notify_waiters();
                let all = model.queue.drain(..).map(|waiter| (waiter, None));
                model.notified.extend(all);
                fresh.iter_mut().for_each(|(told, _)| *told = true);
            }
            6 if !waiting.is_empty() => {
                let (who, future) = waiting.swap_remove(next(waiting.len()));
                drop(future);
                model.drop(who);
            }
            7 if !waiting.is_empty() => {
                let at = next(waiting.len());
                let (who, future) = &mut waiting[at];
                let told = model.notified.iter().position(|(waiter, _)| waiter == who);
                assert_eq!(poll(future), told.is_some());
                if let Some(told) = told {
                    model.notified.swap_remove(told);
                    drop(waiting.swap_remove(at));
                }
            }
            _ => {}
        }
    }
}

/// A waker that does something to the notify when it is woken or goes away.
struct OnWake<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[test]
fn notifying_from_a_waker_between_two_batches() {
    const WAITERS: usize = 100;
    static NOTIFY: LazyLock<Notify> = LazyLock::new(Notify::new);
    let notify: &'static Notify = &NOTIFY;
    let waker = Waker::from(Arc::new(OnWake(move || {
        // The waiters still in the queue have been notified already: this is a permit.
        notify.notify_one();
        assert!(poll(&mut Box::pin(notify.notified())));
        // A new future waits behind them, and is found.
        let mut new = Box::pin(notify.notified());
        assert!(!poll(&mut new));
        notify.notify_one();
        assert!(poll(&mut new));
        let mut new = Box::pin(notify.notified());
        assert!(!poll(&mut new));
        notify.notify_last();
        assert!(poll(&mut new));
    })));
    let mut waiting: Vec<_> = (0..WAITERS).map(|_| Box::pin(notify.notified())).collect();
    for future in &mut waiting {
        let mut cx = Context::from_waker(&waker);
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    notify.notify_waiters();
    assert!(waiting.iter_mut().all(poll));
    assert!(!poll(&mut Box::pin(notify.notified())));
}

#[test]
fn leaving_and_polling_between_two_batches() {
    const WAITERS: usize = 80;
    static NOTIFY: LazyLock<Notify> = LazyLock::new(Notify::new);
    let notify: &'static Notify = &NOTIFY;
    let late: Arc<std::sync::Mutex<Vec<Pinned<'static>>>> = Arc::default();
    let shared = late.clone();
    let waker = Waker::from(Arc::new(OnWake(move || {
        // One completes and one leaves while they are still in the queue.
        let mut late = shared.lock().unwrap();
        if let Some(mut future) = late.pop() {
            assert!(poll(&mut future));
        }
        drop(late.pop());
    })));
    let mut waiting: Vec<_> = (0..WAITERS).map(|_| Box::pin(notify.notified())).collect();
    for future in &mut waiting {
        let mut cx = Context::from_waker(&waker);
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    late.lock().unwrap().extend(waiting.drain(WAITERS / 2..));
    notify.notify_waiters();
    assert!(waiting.iter_mut().all(poll));
    assert!(late.lock().unwrap().is_empty());
    assert!(!poll(&mut Box::pin(notify.notified())));
}

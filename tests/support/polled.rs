//! A future that is polled by hand, with a waker that tells whether it was woken.
#![allow(dead_code)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Notes a wake-up.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Flag {
    pub fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(self.clone())
    }

    /// Whether there was a wake-up since the last call.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

pub struct Polled<F> {
    future: Pin<Box<F>>,
    flag: Arc<Flag>,
}

impl<F: Future> Polled<F> {
    pub fn new(future: F) -> Self {
        Self {
            future: Box::pin(future),
            flag: Arc::default(),
        }
    }

    pub fn poll(&mut self) -> Poll<F::Output> {
        let waker = self.flag.waker();
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    #[track_caller]
    pub fn assert_pending(&mut self) {
        assert!(self.poll().is_pending(), "should wait");
    }

    #[track_caller]
    pub fn ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("should be ready"),
        }
    }

    /// Whether there was a wake-up since the last call.
    pub fn woken(&self) -> bool {
        self.flag.take()
    }

    /// References to the waker beside this one.
    pub fn wakers(&self) -> usize {
        Arc::strong_count(&self.flag) - 1
    }
}

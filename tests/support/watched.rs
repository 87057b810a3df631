//! A future whose polls and wake-ups a test sees, for the `sync_*` tests.
#![allow(dead_code)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A pinned future and the count of its wake-ups.
pub struct Watched<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    wakes: Arc<Wakes>,
}

impl<'a, T> Watched<'a, T> {
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self {
            future: Box::pin(future),
            wakes: Arc::default(),
        }
    }

    /// A future that was polled once and is not ready.
    pub fn waiting(future: impl Future<Output = T> + 'a) -> Self {
        let mut watched = Self::new(future);
        assert!(watched.poll().is_pending());
        watched
    }

    pub fn poll(&mut self) -> Poll<T> {
        let waker = self.wakes.clone().into();
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// The output of a future that is ready now.
    pub fn ready(&mut self) -> T {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("the future should be ready"),
        }
    }

    pub fn is_woken(&self) -> bool {
        self.wakes.0.load(Ordering::SeqCst) > 0
    }
}

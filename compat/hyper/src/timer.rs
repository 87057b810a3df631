//! The timer: hyper's deadlines become zokio's sleeps, and follow a paused clock.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// Creates hyper's sleeps from the timers of the current runtime.
///
/// # Panics
///
/// Its sleeps panic outside a runtime whose time is enabled, as [`zokio::time::sleep`] does.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZokioTimer(());

impl ZokioTimer {
    /// Creates a timer; it holds nothing.
    pub fn new() -> ZokioTimer {
        ZokioTimer(())
    }
}

impl Timer for ZokioTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(ZokioSleep(Box::pin(zokio::time::sleep(duration))))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(ZokioSleep(Box::pin(zokio::time::sleep_until(
            deadline.into(),
        ))))
    }

    fn now(&self) -> Instant {
        zokio::time::Instant::now().into_std()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<ZokioSleep>() {
            Some(sleep) => sleep.get_mut().0.as_mut().reset(new_deadline.into()),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

/// A sleep that hyper can move: the registered part stays in its box.
struct ZokioSleep(Pin<Box<zokio::time::Sleep>>);

impl Future for ZokioSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Sleep for ZokioSleep {}

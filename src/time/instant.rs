//! [`Instant`]: a point in time of the current runtime's clock.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use crate::scheduler::context::with_current;
use crate::timer::clock;

/// A point in time on a clock that never goes backwards.
///
/// It is a [`std::time::Instant`] whose [`now`](Instant::now) asks the current runtime's clock,
/// so that code which measures time with it can be tested under
/// [`pause`](fn@crate::time::pause). The two convert into each other without loss.
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, sleep};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let start = Instant::now();
///     sleep(Duration::from_millis(10)).await;
///     assert!(start.elapsed() >= Duration::from_millis(10));
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    std: std::time::Instant,
}

impl Instant {
    /// Returns the present: the current runtime's clock, or the system's monotonic clock outside a
    /// runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::Instant;
    ///
    /// let earlier = Instant::now();
    /// assert!(Instant::now() >= earlier);
    /// ```
    pub fn now() -> Instant {
        let std = if clock::ever_paused() {
            with_current(|handle| handle.services().clock.now())
                .unwrap_or_else(|_| std::time::Instant::now())
        } else {
            std::time::Instant::now()
        };
        Instant { std }
    }

    /// Converts an instant of the standard library to the same point in time.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::Instant;
    ///
    /// let std = std::time::Instant::now();
    /// assert_eq!(Instant::from_std(std).into_std(), std);
    /// ```
    pub fn from_std(std: std::time::Instant) -> Instant {
        Instant { std }
    }

    /// Converts this to the same point in time as the standard library's type.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::Instant;
    ///
    /// let now = Instant::now();
    /// assert_eq!(Instant::from_std(now.into_std()), now);
    /// ```
    pub fn into_std(self) -> std::time::Instant {
        self.std
    }

    /// Returns thirty years from now: what a timer uses for a deadline that cannot be expressed.
    pub(crate) fn far_future() -> Instant {
        Self::now() + Duration::from_secs(30 * 365 * 24 * 60 * 60)
    }

    /// Returns the point in time `duration` from now, or thirty years from now if that cannot be
    /// expressed.
    pub(crate) fn after(duration: Duration) -> Instant {
        Self::now()
            .checked_add(duration)
            .unwrap_or_else(Self::far_future)
    }

    /// Returns how long after `earlier` this is; zero if it is before it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant};
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_secs(1);
    /// assert_eq!(later.duration_since(earlier), Duration::from_secs(1));
    /// assert_eq!(earlier.duration_since(later), Duration::ZERO);
    /// ```
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// Returns how long after `earlier` this is; `None` if it is before it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant};
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_secs(1);
    /// assert_eq!(later.checked_duration_since(earlier), Some(Duration::from_secs(1)));
    /// assert_eq!(earlier.checked_duration_since(later), None);
    /// ```
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.std.checked_duration_since(earlier.std)
    }

    /// Returns how long after `earlier` this is; zero if it is before it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant};
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_secs(1);
    /// assert_eq!(earlier.saturating_duration_since(later), Duration::ZERO);
    /// ```
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// Returns how much time has passed since this instant; zero if it lies in the future.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant};
    ///
    /// let soon = Instant::now() + Duration::from_secs(60);
    /// assert_eq!(soon.elapsed(), Duration::ZERO);
    /// ```
    pub fn elapsed(&self) -> Duration {
        Instant::now().saturating_duration_since(*self)
    }

    /// Returns this instant moved forward; `None` if the result cannot be expressed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// let second = Duration::from_secs(1);
    /// assert_eq!(now.checked_add(second), Some(now + second));
    /// assert_eq!(now.checked_add(Duration::MAX), None);
    /// ```
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.std.checked_add(duration).map(Instant::from_std)
    }

    /// Returns this instant moved back; `None` if the result cannot be expressed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// let second = Duration::from_secs(1);
    /// assert_eq!((now + second).checked_sub(second), Some(now));
    /// assert_eq!(now.checked_sub(Duration::MAX), None);
    /// ```
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.std.checked_sub(duration).map(Instant::from_std)
    }
}

impl From<std::time::Instant> for Instant {
    fn from(std: std::time::Instant) -> Instant {
        Instant::from_std(std)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> std::time::Instant {
        instant.into_std()
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant::from_std(self.std + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        Instant::from_std(self.std - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}

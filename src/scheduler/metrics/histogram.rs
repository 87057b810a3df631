//! [`Histogram`]: how many durations fell into each of a number of buckets.
#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::add;
use super::log_histogram::{LogHistogram, nanos};

/// Durations by bucket. One thread at a time records; any thread reads.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: Box<[AtomicU64]>,
    configuration: HistogramConfiguration,
}

impl Histogram {
    pub(crate) fn new(configuration: &HistogramConfiguration) -> Histogram {
        let zero = |_| AtomicU64::new(0);
        Histogram {
            buckets: (0..configuration.buckets()).map(zero).collect(),
            configuration: configuration.clone(),
        }
    }

    /// Returns which buckets there are.
    pub(crate) fn configuration(&self) -> &HistogramConfiguration {
        &self.configuration
    }

    /// Counts a duration.
    pub(crate) fn record(&self, duration: Duration) {
        let bucket = self.configuration.bucket_of(nanos(duration));
        // There is no bucket if the configuration has none.
        if let Some(bucket) = self.buckets.get(bucket) {
            add(bucket, 1);
        }
    }

    /// Returns how many durations fell into a bucket.
    ///
    /// # Panics
    ///
    /// Panics if there is no such bucket.
    #[track_caller]
    pub(crate) fn count(&self, bucket: usize) -> u64 {
        let buckets = self.buckets.len();
        assert!(
            bucket < buckets,
            "there is no bucket {bucket}: this histogram has {buckets} of them"
        );
        self.buckets[bucket].load(Ordering::Relaxed)
    }
}

/// The buckets of a histogram of durations.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, HistogramConfiguration};
/// use zokio::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let buckets = HistogramConfiguration::linear(Duration::from_micros(50), 3);
/// let rt = Builder::new_current_thread()
///     .enable_metrics_poll_time_histogram()
///     .metrics_poll_time_histogram_configuration(buckets)
///     .build()?;
/// let second = rt.metrics().poll_time_histogram_bucket_range(1);
/// assert_eq!(second, Duration::from_micros(50)..Duration::from_micros(100));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HistogramConfiguration {
    shape: Shape,
}

/// How wide the buckets are.
#[derive(Clone, Debug)]
enum Shape {
    /// All have the same width in nanoseconds.
    Linear {
        width: u64,
        buckets: usize,
    },
    /// The first one ends at a power of two, and each of the others is as wide as all before it.
    Doubling {
        first: u64,
        buckets: usize,
    },
    Log(LogHistogram),
}

impl HistogramConfiguration {
    /// Describes `num_buckets` buckets that are each `bucket_width` wide, except that the last one
    /// has no end.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, HistogramConfiguration};
    /// use zokio::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let buckets = HistogramConfiguration::linear(Duration::from_millis(1), 20);
    /// let rt = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(buckets)
    ///     .build()?;
    /// assert_eq!(rt.metrics().poll_time_histogram_num_buckets(), 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn linear(bucket_width: Duration, num_buckets: usize) -> HistogramConfiguration {
        HistogramConfiguration {
            shape: Shape::Linear {
                width: nanos(bucket_width),
                buckets: num_buckets,
            },
        }
    }

    /// Describes buckets that are wider the longer the times in them are.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, HistogramConfiguration, LogHistogram};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let buckets = HistogramConfiguration::log(LogHistogram::builder().max_error(0.25));
    /// let rt = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(buckets)
    ///     .build()?;
    /// assert_eq!(rt.metrics().poll_time_histogram_num_buckets(), 119);
    /// # Ok(())
    /// # }
    /// ```
    pub fn log(configuration: impl Into<LogHistogram>) -> HistogramConfiguration {
        HistogramConfiguration {
            shape: Shape::Log(configuration.into()),
        }
    }

    /// Describes `buckets` buckets, of which the first one ends at the first power of two that is
    /// not below `resolution`, and each of the others at twice the time at which it begins.
    pub(crate) fn doubling(resolution: Duration, buckets: usize) -> HistogramConfiguration {
        let first = nanos(resolution).checked_next_power_of_two();
        HistogramConfiguration {
            shape: Shape::Doubling {
                first: first.unwrap_or(u64::MAX),
                buckets,
            },
        }
    }

    pub(crate) fn buckets(&self) -> usize {
        match self.shape {
            Shape::Linear { buckets, .. } | Shape::Doubling { buckets, .. } => buckets,
            Shape::Log(log) => log.buckets(),
        }
    }

    /// Returns the durations that belong to a bucket. The last one has no end, and none is behind
    /// it.
    pub(crate) fn range(&self, bucket: usize) -> Range<Duration> {
        let range = match self.shape {
            Shape::Linear { width, buckets } => {
                let start = |bucket: usize| width.saturating_mul(bucket as u64);
                between(bucket, buckets, start)
            }
            Shape::Doubling { first, buckets } => {
                let start = |bucket: usize| match bucket.checked_sub(1) {
                    None => 0,
                    Some(doublings) => shifted(first, doublings),
                };
                between(bucket, buckets, start)
            }
            Shape::Log(log) => log.range(bucket),
        };
        Duration::from_nanos(range.start)..Duration::from_nanos(range.end)
    }

    /// Returns the bucket of a duration.
    fn bucket_of(&self, nanos: u64) -> usize {
        let (bucket, buckets) = match self.shape {
            Shape::Linear { width, buckets } => (nanos.checked_div(width), buckets),
            Shape::Doubling { first, buckets } => {
                let bucket = (nanos / first).checked_ilog2().map_or(0, |it| it + 1);
                (Some(u64::from(bucket)), buckets)
            }
            Shape::Log(log) => return log.bucket_of(nanos),
        };
        let bucket = bucket.map_or(usize::MAX, |it| usize::try_from(it).unwrap_or(usize::MAX));
        bucket.min(buckets.saturating_sub(1))
    }
}

/// Returns a bucket's range, where `start` tells where each one begins.
fn between(bucket: usize, buckets: usize, start: impl Fn(usize) -> u64) -> Range<u64> {
    let last = buckets.saturating_sub(1);
    let end = match bucket < last {
        true => start(bucket + 1),
        false => u64::MAX,
    };
    start(bucket.min(last))..end
}

/// Returns `value << by`, or `u64::MAX` if it does not fit.
fn shifted(value: u64, by: usize) -> u64 {
    let factor = u32::try_from(by).ok().and_then(|by| 1_u64.checked_shl(by));
    factor.map_or(u64::MAX, |factor| value.saturating_mul(factor))
}

/// Whether the buckets of a histogram have the same width or double it. Superseded by
/// [`HistogramConfiguration`].
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, HistogramScale};
///
/// # #[expect(deprecated)]
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread()
///     .enable_metrics_poll_time_histogram()
///     .metrics_poll_count_histogram_scale(HistogramScale::Log)
///     .build()?;
/// let last = rt.metrics().poll_time_histogram_bucket_range(9);
/// assert_eq!(last.start.as_nanos(), 1 << 25);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramScale {
    /// All buckets have the same width.
    Linear,
    /// Each bucket ends at twice the time at which it begins.
    Log,
}

#[cfg(test)]
mod tests {
    use super::{Histogram, HistogramConfiguration, nanos};
    use crate::scheduler::metrics::log_histogram::LogHistogram;
    use std::time::Duration;

    fn shapes() -> [HistogramConfiguration; 9] {
        let ns = Duration::from_nanos;
        [
            HistogramConfiguration::linear(ns(50), 5),
            HistogramConfiguration::linear(ns(50), 1),
            HistogramConfiguration::linear(ns(0), 3),
            HistogramConfiguration::linear(Duration::MAX, 3),
            HistogramConfiguration::doubling(ns(100), 6),
            HistogramConfiguration::doubling(ns(1), 70),
            HistogramConfiguration::doubling(Duration::MAX, 4),
            HistogramConfiguration::doubling(ns(100), 1),
            HistogramConfiguration::log(LogHistogram::builder().precision_exact(1)),
        ]
    }

    #[test]
    fn the_ranges_follow_each_other_and_the_last_one_has_no_end() {
        for shape in shapes() {
            let mut end = Duration::ZERO;
            for bucket in 0..shape.buckets() {
                let range = shape.range(bucket);
                assert_eq!(range.start, end, "{shape:?}, {bucket}");
                end = range.end;
            }
            assert_eq!(end, Duration::from_nanos(u64::MAX), "{shape:?}");
        }
    }

    #[test]
    fn a_duration_counts_in_the_bucket_whose_range_it_is_in() {
        let powers = (0..64).map(|power| 1_u64 << power);
        for value in powers.flat_map(|value| [value - 1, value]).chain(0..1000) {
            for shape in shapes() {
                let histogram = Histogram::new(&shape);
                let duration = Duration::from_nanos(value);
                histogram.record(duration);
                let buckets = 0..shape.buckets();
                let counted: Vec<usize> = buckets
                    .clone()
                    .filter(|it| histogram.count(*it) == 1)
                    .collect();
                let found = buckets
                    .clone()
                    .rev()
                    .find(|it| shape.range(*it).contains(&duration));
                // A range that is empty holds nothing, and the last one is behind it.
                let expected = found.unwrap_or(shape.buckets() - 1);
                assert_eq!(counted, [expected], "{shape:?}, {value}");
            }
        }
    }

    #[test]
    fn without_buckets_nothing_is_counted() {
        let none = HistogramConfiguration::linear(Duration::from_nanos(50), 0);
        Histogram::new(&none).record(Duration::from_nanos(7));
        assert_eq!(none.buckets(), 0);
        assert_eq!(nanos(none.range(0).end), u64::MAX);
    }

    #[test]
    #[should_panic(expected = "there is no bucket 5: this histogram has 5 of them")]
    fn a_bucket_that_there_is_not_has_no_count() {
        let _ = Histogram::new(&shapes()[0]).count(5);
    }
}

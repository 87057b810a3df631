//! [`LogHistogram`]: buckets whose width grows with the values in them.
//!
//! # Steps
//!
//! An H2 histogram with precision `p` divides each power of two into `2^p` equal *steps*, so that a
//! step is no wider than `2^-p` times the values in it. Below `2^(p+1)` that would be less than one
//! nanosecond, and each step holds one value. Steps are numbered from zero; with `p = 2`:
//!
//! ```text
//! step     0  1  ...  7   8      9       10      11      12      13  ...
//! values   0  1  ...  7   8..10  10..12  12..14  14..16  16..20  20..24
//! ```
//!
//! # Buckets
//!
//! All steps below the one of the smallest value that matters are one bucket, and so are all from
//! the largest one on. Between them, a step is a bucket.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// The most precise histogram has steps of `2^-MAX_PRECISION` times their values.
const MAX_PRECISION: u32 = 10;

/// What [`LogHistogramBuilder`] assumes.
const PRECISION: u32 = 2;
const MIN: Duration = Duration::from_nanos(100);
const MAX: Duration = Duration::from_secs(60);

/// The buckets of an H2 histogram, which resolve long times more coarsely than short ones.
///
/// The width of a bucket is at most a fixed part of the times in it. Two buckets differ from that:
/// the first one begins at zero, and holds everything that is too short to matter; the last one has
/// no end. [`LogHistogramBuilder`] says what the defaults are.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, HistogramConfiguration, LogHistogram};
/// use zokio::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let histogram = LogHistogram::builder()
///     .min_value(Duration::from_micros(1))
///     .max_value(Duration::from_secs(1))
///     .max_error(0.1)
///     .build();
/// let rt = Builder::new_multi_thread()
///     .enable_metrics_poll_time_histogram()
///     .metrics_poll_time_histogram_configuration(HistogramConfiguration::log(histogram))
///     .build()?;
/// assert!(rt.metrics().poll_time_histogram_num_buckets() > 100);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHistogram {
    precision: u32,
    /// The first step that is a bucket of its own; 1 at least.
    first: usize,
    /// The first step of the last bucket; `first` at least.
    last: usize,
}

impl LogHistogram {
    /// Creates a builder with the default configuration.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    ///
    /// assert_eq!(LogHistogram::builder().build(), LogHistogram::default());
    /// ```
    pub fn builder() -> LogHistogramBuilder {
        LogHistogramBuilder::default()
    }

    /// Returns where the last bucket begins, in nanoseconds: the largest time that is told apart
    /// from longer ones.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    /// use zokio::time::Duration;
    ///
    /// let histogram = LogHistogram::builder().max_value(Duration::from_nanos(1_000)).build();
    /// assert_eq!(histogram.max_value(), 1_024);
    /// ```
    pub fn max_value(&self) -> u64 {
        step_start(self.precision, self.last)
    }

    /// Returns the number of buckets; two at least.
    pub(super) fn buckets(&self) -> usize {
        self.last - self.first + 2
    }

    /// Returns the bucket for a time.
    #[inline]
    pub(super) fn bucket_of(&self, nanos: u64) -> usize {
        let step = step_of(self.precision, nanos);
        step.clamp(self.first - 1, self.last) - (self.first - 1)
    }

    /// Returns the times that belong to a bucket, in nanoseconds.
    pub(super) fn range(&self, bucket: usize) -> Range<u64> {
        let step = bucket.saturating_add(self.first - 1);
        let start = match bucket {
            0 => 0,
            _ => step_start(self.precision, step.min(self.last)),
        };
        let end = match step < self.last {
            true => step_start(self.precision, step + 1),
            false => u64::MAX,
        };
        start..end
    }
}

impl Default for LogHistogram {
    fn default() -> LogHistogram {
        LogHistogramBuilder::default().build()
    }
}

impl From<LogHistogramBuilder> for LogHistogram {
    fn from(builder: LogHistogramBuilder) -> LogHistogram {
        builder.build()
    }
}

/// Builds a [`LogHistogram`].
///
/// By default, the first bucket ends at 96 ns, the last one begins at 60 s, and a bucket in between
/// is at most a quarter as wide as its times are long. These are 119 buckets of 8 bytes for each
/// worker.
///
/// # Examples
///
/// ```
/// use zokio::runtime::LogHistogram;
/// use zokio::time::Duration;
///
/// // Each bucket ends at twice the time at which it begins.
/// let histogram = LogHistogram::builder()
///     .min_value(Duration::from_micros(20))
///     .max_value(Duration::from_millis(4))
///     .precision_exact(0)
///     .build();
/// assert_eq!(histogram.max_value(), 1 << 22);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LogHistogramBuilder {
    precision: Option<u32>,
    min: Option<Duration>,
    max: Option<Duration>,
}

impl LogHistogramBuilder {
    /// Sets how wide a bucket may be, as a part of the times in it.
    ///
    /// The width is the largest of 1/4, 1/8, ... and 1/1,024 that is not above `max_error`; it is
    /// 1/1,024 if none is. For wider buckets than 1/4, use
    /// [`precision_exact`](LogHistogramBuilder::precision_exact).
    ///
    /// # Panics
    ///
    /// Panics unless `max_error` is above 0 and below 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    ///
    /// let tenth = LogHistogram::builder().max_error(0.1).build();
    /// assert_eq!(tenth, LogHistogram::builder().precision_exact(4).build());
    /// ```
    #[track_caller]
    pub fn max_error(mut self, max_error: f64) -> LogHistogramBuilder {
        assert!(max_error > 0.0, "max_error must be greater than 0");
        assert!(max_error < 1.0, "max_error must be less than 1");
        let suffices = |precision: &u32| f64::from(1 << precision) * max_error >= 1.0;
        let precision = (PRECISION..MAX_PRECISION).find(suffices);
        self.precision = Some(precision.unwrap_or(MAX_PRECISION));
        self
    }

    /// Sets the precision: a bucket is at most `2^-p` times as wide as the times in it are long.
    ///
    /// # Panics
    ///
    /// Panics if `p` is above 10.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    ///
    /// let coarse = LogHistogram::builder().precision_exact(0);
    /// assert!(coarse.build() != LogHistogram::default());
    /// ```
    #[track_caller]
    pub fn precision_exact(mut self, p: u32) -> LogHistogramBuilder {
        assert!(
            p <= MAX_PRECISION,
            "precision must be <= {MAX_PRECISION}, and is {p}"
        );
        self.precision = Some(p);
        self
    }

    /// Sets the smallest time that is told apart from shorter ones, rounded down to the beginning of
    /// a bucket.
    ///
    /// If it is above the [maximum](LogHistogramBuilder::max_value), it counts as that.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    /// use zokio::time::Duration;
    ///
    /// let fewer = LogHistogram::builder().min_value(Duration::from_micros(10)).max_buckets(100);
    /// assert!(fewer.is_ok());
    /// ```
    pub fn min_value(mut self, duration: Duration) -> LogHistogramBuilder {
        self.min = Some(duration);
        self
    }

    /// Sets the largest time that is told apart from longer ones, rounded up to the beginning of a
    /// bucket.
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    /// use zokio::time::Duration;
    ///
    /// let fewer = LogHistogram::builder().max_value(Duration::from_secs(1)).max_buckets(100);
    /// assert!(fewer.is_ok());
    /// ```
    #[track_caller]
    pub fn max_value(mut self, duration: Duration) -> LogHistogramBuilder {
        assert!(!duration.is_zero(), "max value must be greater than 0");
        self.max = Some(duration);
        self
    }

    /// Builds the histogram if it has no more than `max_buckets` buckets.
    ///
    /// # Errors
    ///
    /// Returns an error that contains the number of buckets if there are more.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{InvalidHistogramConfiguration, LogHistogram};
    ///
    /// assert!(LogHistogram::builder().max_buckets(119).is_ok());
    /// let error = LogHistogram::builder().max_error(0.1).max_buckets(119).unwrap_err();
    /// let InvalidHistogramConfiguration::TooManyBuckets { required_bucket_count } = error;
    /// assert_eq!(required_bucket_count, 469);
    /// ```
    pub fn max_buckets(
        &mut self,
        max_buckets: usize,
    ) -> Result<LogHistogram, InvalidHistogramConfiguration> {
        let histogram = self.build();
        let required_bucket_count = histogram.buckets();
        if required_bucket_count > max_buckets {
            return Err(InvalidHistogramConfiguration::TooManyBuckets {
                required_bucket_count,
            });
        }
        Ok(histogram)
    }

    /// Builds the histogram.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LogHistogram;
    ///
    /// let histogram = LogHistogram::builder().build();
    /// assert_eq!(histogram.max_value(), 60_129_542_144);
    /// ```
    pub fn build(&self) -> LogHistogram {
        let precision = self.precision.unwrap_or(PRECISION);
        let min = nanos(self.min.unwrap_or(MIN));
        let max = nanos(self.max.unwrap_or(MAX));
        // The last bucket begins where the step of the longest time below `max` ends, if there is
        // anything behind that.
        let last = (step_of(precision, max - 1) + 1).min(step_of(precision, u64::MAX));
        let first = step_of(precision, min).min(last - 1).max(1);
        LogHistogram {
            precision,
            first,
            last,
        }
    }
}

/// Why a histogram cannot be built.
///
/// # Examples
///
/// ```
/// let error = zokio::runtime::LogHistogram::builder().max_buckets(10).unwrap_err();
/// assert_eq!(error.to_string(), "the histogram needs 119 buckets, which is above the limit");
/// ```
#[derive(Debug)]
pub enum InvalidHistogramConfiguration {
    /// The histogram needs more buckets than [`LogHistogramBuilder::max_buckets`] allows.
    TooManyBuckets {
        /// How many buckets it needs.
        required_bucket_count: usize,
    },
}

impl fmt::Display for InvalidHistogramConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidHistogramConfiguration::TooManyBuckets {
                required_bucket_count,
            } => write!(
                f,
                "the histogram needs {required_bucket_count} buckets, which is above the limit"
            ),
        }
    }
}

impl std::error::Error for InvalidHistogramConfiguration {}

/// Returns a duration in nanoseconds, at most `u64::MAX`.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns the step of a value.
#[inline]
fn step_of(precision: u32, value: u64) -> usize {
    // How often the width of a step has doubled.
    let doublings = (value | 1).ilog2().saturating_sub(precision);
    // The most precise histogram has less than 2^16 steps.
    (u64::from(doublings << precision) + (value >> doublings)) as usize
}

/// Returns the smallest value of a step; `u64::MAX` beyond the last step.
fn step_start(precision: u32, step: usize) -> u64 {
    let doublings = (step >> precision).saturating_sub(1);
    let start = (step as u128 - ((doublings << precision) as u128)) << doublings;
    u64::try_from(start).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{LogHistogram, MAX_PRECISION, step_of, step_start};
    use std::time::Duration;

    /// Returns where the steps begin, made by their definition, up to the first one beyond `max`.
    fn steps(precision: u32, max: u64) -> Vec<u64> {
        let mut starts = vec![0];
        while let Some(start) = starts.last().copied().filter(|start| *start <= max) {
            let power = 1_u64 << (start | 1).ilog2();
            let width = (power >> precision).max(1);
            starts.push(start + width);
        }
        starts
    }

    /// Returns what the histogram has to be: where its buckets begin.
    fn buckets(precision: u32, min: u64, max: u64) -> Vec<u64> {
        let steps = steps(precision, max.max(min));
        let last = steps.iter().copied().find(|start| *start >= max).unwrap();
        let begins = |start: &u64| *start <= min && *start < last;
        let first = steps.iter().copied().rev().find(begins).unwrap();
        // The first bucket has a width.
        let first = first.max(1);
        let inner = steps.into_iter().filter(|it| (first..=last).contains(it));
        std::iter::once(0).chain(inner).collect()
    }

    fn histogram(precision: u32, min: u64, max: u64) -> LogHistogram {
        LogHistogram::builder()
            .precision_exact(precision)
            .min_value(Duration::from_nanos(min))
            .max_value(Duration::from_nanos(max))
            .build()
    }

    const VALUES: [u64; 19] = [
        0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 31, 33, 100, 127, 128, 129, 1000, 4095, 70_000,
    ];

    #[test]
    fn every_bucket_is_where_its_definition_puts_it() {
        for precision in 0..=MAX_PRECISION {
            for min in VALUES {
                for max in VALUES.into_iter().filter(|max| *max > 0) {
                    let histogram = histogram(precision, min, max);
                    let starts = buckets(precision, min, max);
                    let what = format!("2^-{precision} from {min} to {max}: {starts:?}");
                    assert_eq!(histogram.buckets(), starts.len(), "{what}");
                    assert_eq!(histogram.max_value(), *starts.last().unwrap(), "{what}");
                    for (bucket, start) in starts.iter().enumerate() {
                        let end = starts.get(bucket + 1).copied().unwrap_or(u64::MAX);
                        assert_eq!(histogram.range(bucket), *start..end, "{what}, {bucket}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_value_is_in_the_range_of_its_bucket() {
        let powers = (0..64).map(|power| 1_u64 << power);
        let around = powers.flat_map(|value| [value - 1, value, value | 1, value | value >> 1]);
        let values: Vec<u64> = around.chain(0..5_000).chain([u64::MAX - 1]).collect();
        for precision in 0..=MAX_PRECISION {
            for (min, max) in [(0, 1), (0, 3_000), (17, 1 << 40), (100, u64::MAX)] {
                let histogram = histogram(precision, min, max);
                for value in &values {
                    let range = histogram.range(histogram.bucket_of(*value));
                    assert!(
                        range.contains(value),
                        "2^-{precision}: {value} in {range:?}"
                    );
                }
                let last = histogram.bucket_of(u64::MAX);
                assert_eq!(last, histogram.buckets() - 1);
            }
        }
    }

    #[test]
    fn no_inner_bucket_is_wider_than_its_precision() {
        for precision in 0..=MAX_PRECISION {
            let histogram = histogram(precision, 50, u64::MAX);
            for bucket in 1..histogram.buckets() - 1 {
                let range = histogram.range(bucket);
                let width = u128::from(range.end - range.start);
                let allowed = u128::from(range.start) >> precision;
                assert!(width <= allowed.max(1), "2^-{precision}: {range:?}");
            }
        }
    }

    #[test]
    fn a_step_begins_with_its_smallest_value() {
        for precision in 0..=MAX_PRECISION {
            for step in 0..=step_of(precision, u64::MAX) {
                let start = step_start(precision, step);
                assert_eq!(step_of(precision, start), step);
                assert!(start == 0 || step_of(precision, start - 1) == step - 1);
            }
            assert_eq!(
                step_start(precision, step_of(precision, u64::MAX) + 1),
                u64::MAX
            );
        }
    }

    #[test]
    fn ranges_beyond_the_last_bucket_are_empty_or_the_last_one() {
        let histogram = histogram(2, 100, 1_000);
        assert_eq!(histogram.range(histogram.buckets()), 1024..u64::MAX);
        assert_eq!(histogram.range(usize::MAX), 1024..u64::MAX);
    }

    #[test]
    fn durations_beyond_the_clock_are_allowed() {
        let histogram = LogHistogram::builder()
            .max_value(Duration::MAX)
            .min_value(Duration::MAX)
            .build();
        assert_eq!(histogram.max_value(), 7 << 61);
        assert_eq!(histogram.buckets(), 3);
    }
}

//! Histograms.
#![forbid(unsafe_code)]

use std::ops::Range;
use std::time::Duration;

use super::RuntimeMetrics;
use crate::runtime::HistogramConfiguration;

impl RuntimeMetrics {
    /// Returns whether the runtime keeps a histogram of how long polls take:
    /// [`enable_metrics_poll_time_histogram`].
    ///
    /// [`enable_metrics_poll_time_histogram`]: crate::runtime::Builder::enable_metrics_poll_time_histogram
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// assert!(!rt.metrics().poll_time_histogram_enabled());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_time_histogram_enabled(&self) -> bool {
        self.poll_times().is_some()
    }

    /// Returns how many buckets the histogram of how long polls take has; zero if it is off.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_poll_time_histogram().build()?;
    /// assert_eq!(rt.metrics().poll_time_histogram_num_buckets(), 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_time_histogram_num_buckets(&self) -> usize {
        self.poll_times().map_or(0, |times| times.buckets())
    }

    /// Returns the times that belong to a bucket of the histogram of how long polls take. The last
    /// bucket has no end: it ends at `u64::MAX` nanoseconds.
    ///
    /// The range is empty, and begins at zero, if the histogram is off.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_poll_time_histogram().build()?;
    /// let first = rt.metrics().poll_time_histogram_bucket_range(0);
    /// assert_eq!(first, Duration::ZERO..Duration::from_micros(100));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        let range = self.poll_times().map(|times| times.range(bucket));
        range.unwrap_or_default()
    }

    /// Returns how many polls of a worker took a time in the range of a bucket; zero if the histogram
    /// is off.
    ///
    /// The time of a poll is that of all that [`worker_poll_count`] counts as one. A poll that calls
    /// [`block_in_place`](crate::task::block_in_place) ends there, and the last poll of a multi-thread
    /// runtime's worker is counted before the next one begins or the worker sleeps.
    ///
    /// [`worker_poll_count`]: RuntimeMetrics::worker_poll_count
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers), or if the
    /// histogram is on and has no such bucket.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use zokio::runtime::Builder;
    /// use zokio::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_poll_time_histogram().build()?;
    /// let slow = Duration::from_millis(2);
    /// rt.block_on(async move { zokio::spawn(async move { thread::sleep(slow) }).await })?;
    /// // The last bucket begins at 0.9 ms.
    /// assert_eq!(rt.metrics().poll_time_histogram_bucket_count(0, 9), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn poll_time_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        match self.handle.worker_metrics(worker).poll_times() {
            Some(times) => times.count(bucket),
            None => 0,
        }
    }

    /// Returns whether the runtime keeps a histogram of how long tasks wait in queues:
    /// [`enable_metrics_schedule_latency_histogram`].
    ///
    /// [`enable_metrics_schedule_latency_histogram`]: crate::runtime::Builder::enable_metrics_schedule_latency_histogram
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// assert!(!rt.metrics().schedule_latency_histogram_enabled());
    /// # Ok(())
    /// # }
    /// ```
    pub fn schedule_latency_histogram_enabled(&self) -> bool {
        self.schedule_latencies().is_some()
    }

    /// Returns how many buckets the histogram of how long tasks wait in queues has; zero if it is off.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_schedule_latency_histogram().build()?;
    /// assert_eq!(rt.metrics().schedule_latency_histogram_num_buckets(), 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn schedule_latency_histogram_num_buckets(&self) -> usize {
        let latencies = self.schedule_latencies();
        latencies.map_or(0, HistogramConfiguration::buckets)
    }

    /// Returns the times that belong to a bucket of the histogram of how long tasks wait in queues. The
    /// last bucket has no end: it ends at `u64::MAX` nanoseconds.
    ///
    /// The range is empty, and begins at zero, if the histogram is off.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_schedule_latency_histogram().build()?;
    /// let first = rt.metrics().schedule_latency_histogram_bucket_range(0);
    /// assert_eq!(first, Duration::ZERO..Duration::from_micros(100));
    /// # Ok(())
    /// # }
    /// ```
    pub fn schedule_latency_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        let range = self.schedule_latencies().map(|it| it.range(bucket));
        range.unwrap_or_default()
    }

    /// Returns how many of the tasks that a worker polled had waited for a time in the range of a
    /// bucket; zero if the histogram is off.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers), or if the
    /// histogram is on and has no such bucket.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_schedule_latency_histogram().build()?;
    /// assert_eq!(rt.metrics().schedule_latency_histogram_bucket_count(0, 0), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn schedule_latency_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        let metrics = self.handle.worker_metrics(worker);
        match metrics.schedule_latencies() {
            Some(latencies) => latencies.count(bucket),
            None => 0,
        }
    }

    /// Renamed to [`poll_time_histogram_enabled`](RuntimeMetrics::poll_time_histogram_enabled).
    #[deprecated(note = "renamed to `poll_time_histogram_enabled`")]
    #[doc(hidden)]
    pub fn poll_count_histogram_enabled(&self) -> bool {
        self.poll_time_histogram_enabled()
    }

    /// Renamed to
    /// [`poll_time_histogram_num_buckets`](RuntimeMetrics::poll_time_histogram_num_buckets).
    #[deprecated(note = "renamed to `poll_time_histogram_num_buckets`")]
    #[doc(hidden)]
    pub fn poll_count_histogram_num_buckets(&self) -> usize {
        self.poll_time_histogram_num_buckets()
    }

    /// Renamed to
    /// [`poll_time_histogram_bucket_range`](RuntimeMetrics::poll_time_histogram_bucket_range).
    #[deprecated(note = "renamed to `poll_time_histogram_bucket_range`")]
    #[doc(hidden)]
    pub fn poll_count_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        self.poll_time_histogram_bucket_range(bucket)
    }

    /// Renamed to
    /// [`poll_time_histogram_bucket_count`](RuntimeMetrics::poll_time_histogram_bucket_count).
    #[deprecated(note = "renamed to `poll_time_histogram_bucket_count`")]
    #[doc(hidden)]
    #[track_caller]
    pub fn poll_count_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.poll_time_histogram_bucket_count(worker, bucket)
    }

    fn poll_times(&self) -> Option<&HistogramConfiguration> {
        self.handle.services().options.poll_times.as_ref()
    }

    fn schedule_latencies(&self) -> Option<&HistogramConfiguration> {
        self.handle.services().options.schedule_latencies.as_ref()
    }
}

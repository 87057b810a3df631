//! The options of what a runtime measures of its tasks.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::Builder;
use crate::runtime::{HistogramConfiguration, HistogramScale};

/// Whether there is a histogram, and its buckets.
#[derive(Clone, Debug, Default)]
pub(super) struct HistogramOptions {
    enabled: bool,
    configuration: Option<HistogramConfiguration>,
    /// Takes the place of `configuration`.
    deprecated: Option<DeprecatedOptions>,
}

/// What the deprecated options say about the buckets.
#[derive(Clone, Debug)]
struct DeprecatedOptions {
    scale: HistogramScale,
    resolution: Duration,
    buckets: usize,
}

impl Default for DeprecatedOptions {
    fn default() -> DeprecatedOptions {
        DeprecatedOptions {
            scale: HistogramScale::Linear,
            resolution: Duration::from_micros(100),
            buckets: 10,
        }
    }
}

impl DeprecatedOptions {
    fn configuration(&self) -> HistogramConfiguration {
        match self.scale {
            HistogramScale::Linear => HistogramConfiguration::linear(self.resolution, self.buckets),
            HistogramScale::Log => HistogramConfiguration::doubling(self.resolution, self.buckets),
        }
    }
}

impl HistogramOptions {
    /// Returns the buckets if there is to be a histogram.
    pub(super) fn configuration(&self) -> Option<HistogramConfiguration> {
        if !self.enabled {
            return None;
        }
        let configuration = match (&self.deprecated, &self.configuration) {
            (Some(deprecated), _) => deprecated.configuration(),
            (None, Some(configuration)) => configuration.clone(),
            (None, None) => DeprecatedOptions::default().configuration(),
        };
        Some(configuration)
    }

    fn deprecated(&mut self) -> &mut DeprecatedOptions {
        self.deprecated.get_or_insert_default()
    }
}

impl Builder {
    /// Keeps a histogram of how long polls take, for each worker.
    ///
    /// Each poll then reads the clock twice, which is some 50 ns, so there is none by default. Read it
    /// with [`poll_time_histogram_bucket_count`], and say what its buckets are with
    /// [`metrics_poll_time_histogram_configuration`]; by default these are ten, of which nine are
    /// 100 µs wide each.
    ///
    /// [`poll_time_histogram_bucket_count`]: crate::runtime::RuntimeMetrics::poll_time_histogram_bucket_count
    /// [`metrics_poll_time_histogram_configuration`]: Builder::metrics_poll_time_histogram_configuration
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_poll_time_histogram().build()?;
    /// rt.block_on(async { zokio::spawn(async {}).await })?;
    /// let metrics = rt.metrics();
    /// let buckets = 0..metrics.poll_time_histogram_num_buckets();
    /// let count = |bucket| metrics.poll_time_histogram_bucket_count(0, bucket);
    /// assert_eq!(buckets.map(count).sum::<u64>(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_metrics_poll_time_histogram(&mut self) -> &mut Self {
        self.poll_times.enabled = true;
        self
    }

    /// Keeps a histogram of how long tasks wait between the moment in which they are queued and the
    /// poll, for each worker.
    ///
    /// Read it with [`schedule_latency_histogram_bucket_count`], and say what its buckets are with
    /// [`metrics_schedule_latency_histogram_configuration`]; by default these are ten, of which nine
    /// are 100 µs wide each.
    ///
    /// [`schedule_latency_histogram_bucket_count`]: crate::runtime::RuntimeMetrics::schedule_latency_histogram_bucket_count
    /// [`metrics_schedule_latency_histogram_configuration`]: Builder::metrics_schedule_latency_histogram_configuration
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_metrics_schedule_latency_histogram().build()?;
    /// assert!(rt.metrics().schedule_latency_histogram_enabled());
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_metrics_schedule_latency_histogram(&mut self) -> &mut Self {
        self.schedule_latencies.enabled = true;
        self.task_hooks.schedule_latency = true;
        self
    }

    /// Sets the buckets of the histogram of how long tasks wait in queues.
    ///
    /// This does not enable the histogram: see [`enable_metrics_schedule_latency_histogram`].
    ///
    /// [`enable_metrics_schedule_latency_histogram`]: Builder::enable_metrics_schedule_latency_histogram
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, HistogramConfiguration};
    /// use zokio::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let buckets = HistogramConfiguration::linear(Duration::from_millis(1), 20);
    /// let rt = Builder::new_multi_thread()
    ///     .enable_metrics_schedule_latency_histogram()
    ///     .metrics_schedule_latency_histogram_configuration(buckets)
    ///     .build()?;
    /// assert_eq!(rt.metrics().schedule_latency_histogram_num_buckets(), 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics_schedule_latency_histogram_configuration(
        &mut self,
        configuration: HistogramConfiguration,
    ) -> &mut Self {
        self.schedule_latencies.configuration = Some(configuration);
        self
    }

    /// Renamed to [`enable_metrics_poll_time_histogram`].
    ///
    /// [`enable_metrics_poll_time_histogram`]: Builder::enable_metrics_poll_time_histogram
    #[deprecated(note = "renamed to `enable_metrics_poll_time_histogram`")]
    #[doc(hidden)]
    pub fn enable_metrics_poll_count_histogram(&mut self) -> &mut Self {
        self.enable_metrics_poll_time_histogram()
    }

    /// Sets the buckets of the histogram of how long polls take.
    ///
    /// This does not enable the histogram: see [`enable_metrics_poll_time_histogram`].
    ///
    /// [`enable_metrics_poll_time_histogram`]: Builder::enable_metrics_poll_time_histogram
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, HistogramConfiguration, LogHistogram};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(HistogramConfiguration::log(
    ///         LogHistogram::default(),
    ///     ))
    ///     .build()?;
    /// assert_eq!(rt.metrics().poll_time_histogram_num_buckets(), 119);
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics_poll_time_histogram_configuration(
        &mut self,
        configuration: HistogramConfiguration,
    ) -> &mut Self {
        self.poll_times.configuration = Some(configuration);
        self
    }

    /// Sets whether the buckets of the histogram of how long polls take double their width. The
    /// default is [`HistogramScale::Linear`].
    ///
    /// As soon as this, the resolution or the number of buckets is set by a deprecated method, a
    /// [`HistogramConfiguration`] is ignored.
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
    /// let second = rt.metrics().poll_time_histogram_bucket_range(1);
    /// assert_eq!(second.end, 2 * second.start);
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(note = "use `metrics_poll_time_histogram_configuration`")]
    pub fn metrics_poll_count_histogram_scale(
        &mut self,
        histogram_scale: HistogramScale,
    ) -> &mut Self {
        self.poll_times.deprecated().scale = histogram_scale;
        self
    }

    /// Sets the width of the first bucket of the histogram of how long polls take. The default is
    /// 100 µs. With [`HistogramScale::Log`] it is rounded up to a power of two in nanoseconds.
    ///
    /// # Panics
    ///
    /// Panics if the resolution is zero or above one second.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::Duration;
    ///
    /// # #[expect(deprecated)]
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_count_histogram_resolution(Duration::from_micros(50))
    ///     .build()?;
    /// let first = rt.metrics().poll_time_histogram_bucket_range(0);
    /// assert_eq!(first.end, Duration::from_micros(50));
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(note = "use `metrics_poll_time_histogram_configuration`")]
    #[track_caller]
    pub fn metrics_poll_count_histogram_resolution(&mut self, resolution: Duration) -> &mut Self {
        let allowed = Duration::from_nanos(1)..=Duration::from_secs(1);
        assert!(
            allowed.contains(&resolution),
            "the resolution of a histogram must be above zero and at most one second, and is \
             {resolution:?}"
        );
        self.poll_times.deprecated().resolution = resolution;
        self
    }

    /// Sets the number of buckets of the histogram of how long polls take. The default is 10.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # #[expect(deprecated)]
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_count_histogram_buckets(15)
    ///     .build()?;
    /// assert_eq!(rt.metrics().poll_time_histogram_num_buckets(), 15);
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(note = "use `metrics_poll_time_histogram_configuration`")]
    pub fn metrics_poll_count_histogram_buckets(&mut self, buckets: usize) -> &mut Self {
        self.poll_times.deprecated().buckets = buckets;
        self
    }

    /// Has each task note when it is queued, so that hooks learn how long it waited for a poll.
    ///
    /// See [`TaskMeta::schedule_latency`](crate::runtime::TaskMeta::schedule_latency). The clock is
    /// read when a task becomes runnable and before it is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .track_task_schedule_latency()
    ///     .on_before_task_poll(|task| assert!(task.schedule_latency().is_some()))
    ///     .build()?;
    /// rt.block_on(rt.spawn(async {}))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn track_task_schedule_latency(&mut self) -> &mut Self {
        self.task_hooks.schedule_latency = true;
        self
    }
}

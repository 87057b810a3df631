//! How long requests took.

#![forbid(unsafe_code)]

use std::time::Duration;

use hdrhistogram::Histogram;

/// A record of latencies, in constant space.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Returns an empty record.
    pub fn new() -> Latencies {
        let bounds = Histogram::new_with_bounds(1, 60_000_000_000, 3);
        Latencies(bounds.expect("the bounds are in order"))
    }

    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds);
    }

    /// Returns how many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Forgets all of them.
    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// Returns the 50th, 99th and 99.9th percentile in microseconds, if there is one.
    pub fn percentiles_us(&self) -> Option<[f64; 3]> {
        let percentile = |part| self.0.value_at_quantile(part) as f64 / 1e3;
        (!self.0.is_empty()).then(|| [0.5, 0.99, 0.999].map(percentile))
    }
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies::new()
    }
}

//! Histograms in the form that tokio-console reads.
#![forbid(unsafe_code)]

use console_api::tasks::DurationHistogram;
use hdrhistogram::serialization::{Serializer, V2Serializer};

use crate::protocol::Histogram;

/// Converts a histogram. Each bucket counts at its bound, which is the longest that it may stand for.
///
/// # Errors
///
/// Returns an error if the bounds are no histogram's.
pub fn convert(histogram: &Histogram) -> anyhow::Result<DurationHistogram> {
    let max_value = histogram.bounds_ns.last().copied().unwrap_or(0).max(2);
    let mut converted = hdrhistogram::Histogram::<u64>::new_with_max(max_value, 2)?;
    for (bound, count) in histogram.bounds_ns.iter().zip(&histogram.counts) {
        converted.record_n((*bound).max(1), *count)?;
    }
    let mut raw_histogram = Vec::new();
    V2Serializer::new().serialize(&converted, &mut raw_histogram)?;
    let above = histogram.counts.get(histogram.bounds_ns.len()).copied();
    let high_outliers = above.unwrap_or(0);
    Ok(DurationHistogram {
        raw_histogram,
        max_value,
        high_outliers,
        // How long the longest was is not counted; it was at least this long.
        highest_outlier: (high_outliers > 0).then_some(max_value),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use hdrhistogram::serialization::Deserializer;

    use super::{Histogram, convert};

    #[test]
    fn it_reads_back_with_all_counts() {
        let histogram = Histogram {
            bounds_ns: vec![1_000, 1_000_000],
            counts: vec![5, 2, 1],
            sum_ns: 0,
        };
        let converted = convert(&histogram).unwrap();
        let mut raw = Cursor::new(&converted.raw_histogram);
        let read: hdrhistogram::Histogram<u64> = Deserializer::new().deserialize(&mut raw).unwrap();
        assert_eq!(read.len(), 7);
        assert_eq!(read.count_between(900, 1_100), 5);
        assert_eq!(converted.high_outliers, 1);
    }

    #[test]
    fn an_empty_one_is_no_error() {
        assert!(convert(&Histogram::default()).is_ok());
    }
}

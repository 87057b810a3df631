//! Histograms of durations, as they are written.
#![forbid(unsafe_code)]

use super::json::Json;

/// The bound of the first bucket: 2^10 ns, about a microsecond.
const FIRST_BIT: u32 = 10;

/// Each bucket ends at twice the bound of the one before; the last one has no end. The bound before
/// it is 2^34 ns, about 17 s.
const BUCKETS: usize = 26;

/// Durations by bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    counts: [u64; BUCKETS],
    sum_ns: u64,
}

impl Durations {
    /// Counts a duration.
    pub(super) fn add(&mut self, ns: u64) {
        // One of 2^n ns is the shortest that takes n + 1 bits.
        let bits = u64::BITS - ns.leading_zeros();
        let bucket = bits.saturating_sub(FIRST_BIT) as usize;
        self.counts[bucket.min(BUCKETS - 1)] += 1;
        self.sum_ns += ns;
    }

    /// Writes the field `name`.
    pub(super) fn write(&self, json: &mut Json, name: &str) {
        write(json, name, FIRST_BIT, &self.counts, self.sum_ns);
    }
}

/// Writes the field `name`: the counts of buckets of which the first ends at 2^`first_bit` ns, and
/// each other one at twice the bound of the one before, but for the last, which has no end.
#[inline(never)]
pub(super) fn write(json: &mut Json, name: &str, first_bit: u32, counts: &[u64], sum_ns: u64) {
    json.object_field(name, |json| {
        json.array_field("bounds_ns", |json| {
            for bucket in 0..counts.len() as u32 - 1 {
                json.value(1_u64 << (first_bit + bucket));
            }
        });
        json.array_field("counts", |json| {
            counts.iter().for_each(|count| json.value(*count))
        });
        json.field("sum_ns", sum_ns);
    });
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Durations};
    use crate::view::json::Json;

    #[test]
    fn a_duration_is_in_the_first_bucket_that_ends_above_it() {
        let mut durations = Durations::default();
        for ns in [0, 1023, 1024, 2047, 2048, (1 << 34) - 1, 1 << 34, 1 << 50] {
            durations.add(ns);
        }
        assert_eq!(durations.counts[..3], [2, 2, 1]);
        assert_eq!(durations.counts[BUCKETS - 2..], [1, 2]);
        let line = Json::object_line(|json| durations.write(json, "h"));
        let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let bounds = line["h"]["bounds_ns"].as_array().unwrap();
        assert_eq!(bounds.len() + 1, BUCKETS);
        assert_eq!(
            (bounds[0].as_u64(), bounds[24].as_u64()),
            (Some(1024), Some(1 << 34))
        );
    }
}

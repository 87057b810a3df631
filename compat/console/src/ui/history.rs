//! What was a moment ago, for the small charts.
#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};

use crate::model::Seen;

/// As many as a wide terminal has columns.
const KEPT: usize = 240;

/// Polls a second and the busy part of all workers, by runtime, the newest last.
#[derive(Debug, Default)]
pub struct History {
    runtimes: HashMap<u64, Series>,
}

/// Of one runtime.
#[derive(Debug, Default)]
pub struct Series {
    /// Polls a second.
    pub polls: VecDeque<u64>,
    /// Percent of the time of all workers.
    pub busy: VecDeque<u64>,
}

impl History {
    /// Takes the rates of the last sample.
    pub fn add(&mut self, seen: &Seen) {
        let runtimes = &seen.current.snapshot.runtimes;
        self.runtimes
            .retain(|id, _| runtimes.iter().any(|runtime| runtime.id == *id));
        for runtime in runtimes {
            let rates = seen.runtime_rates(runtime);
            let series = self.runtimes.entry(runtime.id).or_default();
            let workers = runtime.workers.len().max(1) as f64;
            push(&mut series.polls, rates.polls as u64);
            push(&mut series.busy, (rates.busy / workers * 100.0) as u64);
        }
    }

    /// Returns that of a runtime.
    pub fn of(&self, runtime: u64) -> Option<&Series> {
        self.runtimes.get(&runtime)
    }
}

impl Series {
    /// Returns the newest values of `series` that fit into `width`.
    pub fn newest(series: &VecDeque<u64>, width: u16) -> Vec<u64> {
        let skipped = series.len().saturating_sub(width.into());
        series.iter().skip(skipped).copied().collect()
    }
}

fn push(series: &mut VecDeque<u64>, value: u64) {
    if series.len() == KEPT {
        series.pop_front();
    }
    series.push_back(value);
}

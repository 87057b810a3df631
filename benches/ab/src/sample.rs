//! One run of one side, and what of it is shown.

#![forbid(unsafe_code)]

use crate::load::Tally;
use crate::scenario::Scenario;
use crate::window::Used;

/// What one run has shown. Times are in microseconds, memory is in MiB, a part of something is a
/// percentage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Units a second.
    pub units_per_s: f64,
    /// CPU time of a unit.
    pub cpu_us: f64,
    /// The 50th, 99th and 99.9th percentile of the latency.
    pub latency_us: Option<[f64; 3]>,
    /// Context switches of a unit.
    pub switches: f64,
    /// System calls of a unit.
    pub calls: Option<f64>,
    /// Use of the program's cores.
    pub busy: f64,
    /// Use of the load's core.
    pub load: Option<f64>,
    /// Use of the machine by others.
    pub others: f64,
    /// Memory before the load.
    pub idle_mib: f64,
    /// Memory at its peak.
    pub peak_mib: f64,
    /// In an open loop, what was sent late.
    pub late: Option<f64>,
    /// The connections that a client has opened.
    pub connections: Option<f64>,
}

impl Sample {
    /// Puts together what was counted: `calls` is a number for each unit, memory is in KiB when idle
    /// and at its peak, and the program could use so many cores.
    pub fn new(
        tally: Tally,
        used: Used,
        calls: Option<f64>,
        (idle_kib, peak_kib): (u64, u64),
        cores: usize,
    ) -> Sample {
        let wall = used.wall.as_secs_f64();
        let cpu = used.cpu.as_secs_f64();
        let own = used.cpu + tally.load.unwrap_or_default();
        let others = used.machine.saturating_sub(own).as_secs_f64();
        Sample {
            units_per_s: tally.units / wall,
            cpu_us: cpu * 1e6 / tally.units,
            latency_us: tally.latency_us,
            switches: used.switches as f64 / tally.units,
            calls,
            busy: 100.0 * cpu / (wall * cores as f64),
            load: tally.load.map(|load| 100.0 * load.as_secs_f64() / wall),
            others: 100.0 * others / (wall * used.machine_cores as f64),
            idle_mib: idle_kib as f64 / 1024.0,
            peak_mib: peak_kib as f64 / 1024.0,
            late: tally.late.map(|part| 100.0 * part),
            connections: tally.connections,
        }
    }
}

/// A figure of a sample.
pub(crate) struct Measure {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    /// Its name in the table. `{}` stands for the unit, `{s}` for the plural.
    label: &'static str,
    pub(crate) of: fn(&Sample) -> Option<f64>,
}

impl Measure {
    /// Returns the name in the table of a scenario.
    pub(crate) fn label(&self, scenario: &Scenario) -> String {
        let [unit, units] = scenario.unit;
        self.label.replace("{}", unit).replace("{s}", units)
    }
}

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        key: "cpu_us",
        label: "CPU, us a {}",
        of: |sample| Some(sample.cpu_us),
    },
    Measure {
        key: "units_per_s",
        label: "{s} a second",
        of: |sample| Some(sample.units_per_s),
    },
    Measure {
        key: "p50_us",
        label: "latency, us: p50",
        of: |sample| sample.latency_us.map(|[half, _, _]| half),
    },
    Measure {
        key: "p99_us",
        label: "p99",
        of: |sample| sample.latency_us.map(|[_, slow, _]| slow),
    },
    Measure {
        key: "p999_us",
        label: "p99.9",
        of: |sample| sample.latency_us.map(|[_, _, slowest]| slowest),
    },
    Measure {
        key: "switches",
        label: "context switches a {}",
        of: |sample| Some(sample.switches),
    },
    Measure {
        key: "system_calls",
        label: "system calls a {}",
        of: |sample| sample.calls,
    },
    Measure {
        key: "idle_mib",
        label: "memory, MiB: idle",
        of: |sample| Some(sample.idle_mib),
    },
    Measure {
        key: "peak_mib",
        label: "peak",
        of: |sample| Some(sample.peak_mib),
    },
    Measure {
        key: "busy_percent",
        label: "use of its cores, %",
        of: |sample| Some(sample.busy),
    },
    Measure {
        key: "load_percent",
        label: "use of the load's core, %",
        of: |sample| sample.load,
    },
    Measure {
        key: "others_percent",
        label: "use by others, %",
        of: |sample| Some(sample.others),
    },
    Measure {
        key: "late_percent",
        label: "sent late, %",
        of: |sample| sample.late,
    },
    Measure {
        key: "connections",
        label: "connections opened",
        of: |sample| sample.connections,
    },
];

/// Returns a figure of each sample.
pub(crate) fn column(samples: &[Sample], measure: &Measure) -> Vec<Option<f64>> {
    samples.iter().map(measure.of).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MEASURES, Sample, column};
    use crate::load::Tally;
    use crate::scenario::named;
    use crate::window::Used;

    #[test]
    fn counts_become_figures_of_a_unit() {
        let tally = Tally {
            units: 1000.0,
            late: Some(0.25),
            load: Some(Duration::from_millis(400)),
            ..Tally::default()
        };
        let used = Used {
            wall: Duration::from_millis(500),
            cpu: Duration::from_millis(250),
            switches: 100,
            machine: Duration::from_millis(850),
            machine_cores: 4,
        };
        let sample = Sample::new(tally, used, None, (1024, 2048), 2);
        let value = |key: &str| {
            let measure = MEASURES.iter().find(|measure| measure.key == key).unwrap();
            column(&[sample], measure)[0]
        };
        assert_eq!(value("cpu_us"), Some(250.0));
        assert_eq!(value("units_per_s"), Some(2000.0));
        assert_eq!(value("switches"), Some(0.1));
        assert_eq!(value("busy_percent"), Some(25.0));
        assert_eq!(value("load_percent"), Some(80.0));
        assert_eq!(value("others_percent"), Some(10.0));
        assert_eq!(value("peak_mib"), Some(2.0));
        assert_eq!(value("late_percent"), Some(25.0));
        assert_eq!((value("p50_us"), value("system_calls")), (None, None));
    }

    #[test]
    fn labels_have_the_unit() {
        let files = named("small-files").unwrap();
        let labels: Vec<_> = MEASURES
            .iter()
            .map(|measure| measure.label(files))
            .collect();
        assert_eq!(labels[..2], ["CPU, us a file", "files a second"]);
    }
}

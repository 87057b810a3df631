//! What a repetition of a path takes.

#![forbid(unsafe_code)]

use std::fmt;

use super::valgrind::Run;

/// Runs of N and of 2N repetitions. The figure is the difference between the two, by N: what the start
/// and the end of the program take is in both.
///
/// On a current-thread runtime most paths take the same in every run. Where other threads take part,
/// their order and the time decide, and almost always add something: so the figure is that of the
/// shortest runs, and that of the runs in the middle says how far it is to be believed.
#[derive(Debug)]
pub(super) struct Count {
    times: usize,
    once: Vec<u64>,
    twice: Vec<u64>,
    unknown_call: Option<u32>,
}

impl Count {
    /// Returns an empty count for so many repetitions.
    pub(super) fn new(times: usize) -> Count {
        Count {
            times,
            once: Vec::new(),
            twice: Vec::new(),
            unknown_call: None,
        }
    }

    /// Adds a run of N and one of 2N repetitions.
    pub(super) fn add(&mut self, once: Run, twice: Run) {
        for (run, runs) in [(once, &mut self.once), (twice, &mut self.twice)] {
            match run {
                Run::Instructions(count) => runs.push(count),
                Run::UnknownCall(call) => self.unknown_call = Some(call),
            }
        }
        self.once.sort_unstable();
        self.twice.sort_unstable();
    }

    /// Returns the system call that Valgrind does not know, without which the path is another one.
    pub(super) fn unknown_call(&self) -> Option<u32> {
        self.unknown_call
    }

    /// Returns the instructions of a repetition, or `None` if the path could not be taken.
    pub(super) fn figure(&self) -> Option<f64> {
        self.by(|_| 0)
    }

    /// Returns how far the figure is from that of the runs in the middle, as a part of it.
    pub(super) fn doubt(&self) -> Option<f64> {
        let figure = self.figure()?;
        let middle = self.by(|length| length / 2)?;
        Some((middle - figure).abs() / figure.max(1.0))
    }

    fn by(&self, place: impl Fn(usize) -> usize) -> Option<f64> {
        if self.unknown_call.is_some() {
            return None;
        }
        let of = |runs: &[u64]| runs.get(place(runs.len())).map(|count| *count as f64);
        Some((of(&self.twice)? - of(&self.once)?) / self.times as f64)
    }
}

/// The figure, and the doubt if it is half a percent or more.
impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.figure(), self.doubt()) {
            (Some(figure), Some(doubt)) if doubt >= 0.005 => {
                write!(formatter, "{figure:.0} (±{:.0}%)", 100.0 * doubt)
            }
            (Some(figure), _) => write!(formatter, "{figure:.0}"),
            (None, _) => formatter.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::valgrind::Run;
    use super::Count;

    fn count(runs: &[(u64, u64)]) -> Count {
        let mut count = Count::new(100);
        for (once, twice) in runs {
            count.add(Run::Instructions(*once), Run::Instructions(*twice));
        }
        count
    }

    #[test]
    fn the_shortest_runs_count() {
        let same = count(&[(5000, 6000), (5000, 6000), (5000, 6000)]);
        assert_eq!((same.figure(), same.doubt()), (Some(10.0), Some(0.0)));
        assert_eq!(same.to_string(), "10");
        // One run that took longer changes nothing, two show.
        let one = count(&[(5900, 6000), (5000, 6000), (5000, 6800)]);
        assert_eq!((one.figure(), one.doubt()), (Some(10.0), Some(0.0)));
        let two = count(&[(5000, 6200), (5000, 6000), (5000, 6200)]);
        assert_eq!(two.to_string(), "10 (±20%)");
    }

    #[test]
    fn a_path_that_is_another_one_has_no_figure() {
        let mut count = count(&[(5000, 6000)]);
        count.add(Run::Instructions(5000), Run::UnknownCall(437));
        assert_eq!((count.figure(), count.doubt()), (None, None));
        assert_eq!(count.unknown_call(), Some(437));
        assert_eq!(count.to_string(), "-");
    }
}

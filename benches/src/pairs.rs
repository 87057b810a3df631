//! Two sides that take turns, and the ratio of their times turn by turn.

use std::fmt;
use std::time::Duration;

/// How many turns each side has.
const PAIRS: usize = 101;

/// About how long a turn takes.
const TURN: Duration = Duration::from_millis(3);

/// What the columns of a [`Comparison`] are.
pub const HEADING: &str = "microseconds a round, medians; zokio / tokio, median and quartiles";

/// How two sides compare.
pub struct Comparison {
    ours_us: f64,
    theirs_us: f64,
    /// First quartile, median, third quartile of our time divided by theirs.
    ratio: [f64; 3],
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, median, high] = self.ratio;
        write!(
            f,
            "zokio {:10.4}  tokio {:10.4}  ratio {median:.3} [{low:.3}..{high:.3}]",
            self.ours_us, self.theirs_us
        )
    }
}

/// Lets the two sides take turns; who goes first changes from pair to pair.
pub fn compare(
    ours: &mut dyn FnMut(u64) -> Duration,
    theirs: &mut dyn FnMut(u64) -> Duration,
) -> Comparison {
    let mut rounds = 1;
    while theirs(rounds) < TURN {
        rounds *= 2;
    }
    ours(rounds);
    let (mut our_times, mut their_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let (our, their) = if pair % 2 == 0 {
            let our = ours(rounds);
            (our, theirs(rounds))
        } else {
            let their = theirs(rounds);
            (ours(rounds), their)
        };
        let us = |time: Duration| time.as_secs_f64() * 1e6 / rounds as f64;
        our_times.push(us(our));
        their_times.push(us(their));
        ratios.push(our.as_secs_f64() / their.as_secs_f64());
    }
    Comparison {
        ours_us: quantile(&mut our_times, 0.5),
        theirs_us: quantile(&mut their_times, 0.5),
        ratio: [0.25, 0.5, 0.75].map(|part| quantile(&mut ratios, part)),
    }
}

/// The value that a `part` of all values do not exceed.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}

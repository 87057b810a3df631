//! Medians, quartiles, and the ratios of pairs.

#![forbid(unsafe_code)]

/// The first quartile, the median and the third quartile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The first quartile.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The third quartile.
    pub high: f64,
}

impl Spread {
    /// Returns the spread of the numbers that are there, or `None` if none is.
    pub fn of(numbers: &[Option<f64>]) -> Option<Spread> {
        let mut numbers: Vec<f64> = numbers.iter().flatten().copied().collect();
        if numbers.is_empty() {
            return None;
        }
        numbers.sort_by(f64::total_cmp);
        let [low, median, high] = [0.25, 0.5, 0.75].map(|part| quantile(&numbers, part));
        Some(Spread { low, median, high })
    }

    /// Returns the spread of the ratios, pair by pair, of `right` by `left`. A pair whose left number
    /// is zero, or one of whose numbers is missing, has no ratio.
    pub fn of_ratios(left: &[Option<f64>], right: &[Option<f64>]) -> Option<Spread> {
        let pairs = left.iter().zip(right);
        let ratios = pairs.map(|(left, right)| {
            let left = left.filter(|left| *left > 0.0)?;
            right.map(|right| right / left)
        });
        Spread::of(&ratios.collect::<Vec<_>>())
    }
}

/// Interpolates linearly between the two nearest of the sorted numbers, of which there is one at least.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * part;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn quartiles_are_interpolated() {
        let spread = |numbers: &[f64]| {
            let numbers: Vec<_> = numbers.iter().copied().map(Some).collect();
            Spread::of(&numbers)
        };
        let expected = |low, median, high| Some(Spread { low, median, high });
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0]), expected(3.0, 3.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), expected(1.75, 2.5, 3.25));
        assert_eq!(spread(&[5.0, 1.0, 3.0]), expected(2.0, 3.0, 4.0));
    }

    #[test]
    fn ratios_are_those_of_the_pairs() {
        // The ratio of the medians is 1.
        let [left, right] = [[1.0, 2.0, 4.0], [2.0, 4.0, 2.0]].map(|side| side.map(Some));
        assert_eq!(Spread::of_ratios(&left, &right).unwrap().median, 2.0);
        assert_eq!(Spread::of_ratios(&[Some(0.0)], &[Some(1.0)]), None);
        // What is missing in one pair moves no other pair.
        let [left, right] = [[None, Some(2.0)], [Some(3.0), Some(4.0)]];
        assert_eq!(Spread::of_ratios(&left, &right).unwrap().median, 2.0);
        assert_eq!(Spread::of(&left).unwrap().median, 2.0);
    }
}

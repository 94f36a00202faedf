//! Mean and standard deviation, gathered in parts and merged.
//!
//! Welford's recurrence for one value, Chan, Golub and LeVeque's for two parts
//! ("Updating formulae and a pairwise algorithm for computing sample variances",
//! 1979): no large sums are subtracted from each other. How the parts are cut
//! moves the last bits; they are cut by the bytes of the file, never by the number
//! of workers, and what is shown has ten digits.

/// Count, mean and sum of squared deviations of some numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes a finite number in.
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    /// Takes in all that another has seen.
    pub(crate) fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        if other.count == 0.0 {
            return;
        }
        let delta = other.mean - self.mean;
        self.mean += delta * other.count / count;
        self.squares += other.squares + delta * delta * self.count * other.count / count;
        self.count = count;
    }

    /// The mean, if there is one that can be written.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then_some(self.mean).and_then(rounded)
    }

    /// The standard deviation of a sample (n − 1).
    pub(crate) fn standard_deviation(&self) -> Option<f64> {
        let variance = self.squares / (self.count - 1.0);
        (self.count > 1.0)
            .then_some(variance.max(0.0).sqrt())
            .and_then(rounded)
    }
}

/// A number to ten significant digits.
pub(crate) fn rounded(value: f64) -> Option<f64> {
    let rounded: f64 = format!("{value:.9e}").parse().ok()?;
    rounded.is_finite().then_some(rounded + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_merge_to_the_whole() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 17)).collect();
        let of = |values: &[f64]| {
            let mut moments = Moments::default();
            values.iter().for_each(|&value| moments.add(value));
            moments
        };
        let whole = of(&values);
        for cut in [0, 1, 500, 999, 1000] {
            let mut merged = of(&values[..cut]);
            merged.merge(of(&values[cut..]));
            let close = |of: fn(&Moments) -> Option<f64>| {
                let (merged, whole) = (of(&merged).unwrap(), of(&whole).unwrap());
                assert!((merged / whole - 1.0).abs() < 1e-7, "{merged} {whole}");
            };
            close(Moments::mean);
            close(Moments::standard_deviation);
        }
        let mean = values.iter().sum::<f64>() / 1000.0;
        assert!((whole.mean().unwrap() - mean).abs() < 1.0);
        assert_eq!(of(&[2.0, 4.0, 6.0]).standard_deviation(), Some(2.0));
        assert_eq!(of(&[2.0]).standard_deviation(), None);
        assert_eq!(of(&[]).mean(), None);
    }
}

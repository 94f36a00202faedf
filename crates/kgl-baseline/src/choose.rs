//! Which column to group by: the one that errs least on rows held out.

use crate::statistic::{Said, Statistic};
use crate::tables::Column;

/// A fifth of the rows is held out.
const PARTS: u64 = 5;
/// A column must lower the error by this much to be worth more than none.
const WORTH: f64 = 0.99;

/// The rows of a table, parted: those to learn from and those to judge by.
#[derive(Debug)]
pub(crate) struct Parted {
    pub(crate) learn: Vec<u32>,
    pub(crate) judge: Vec<u32>,
}

/// Parts the rows by a number that each has (its group's, or its own): rows of one group stay
/// together, and the same rows are held out every time.
pub(crate) fn part(count: usize, group: Option<&Column>) -> Parted {
    let mut parted = Parted {
        learn: Vec::new(),
        judge: Vec::new(),
    };
    for row in 0..count as u32 {
        let of = group.map_or(row, |group| group.codes[row as usize]);
        // Spread: neighbours must not go together.
        let spread = (u64::from(of) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        if spread.is_multiple_of(PARTS) {
            parted.judge.push(row);
        } else {
            parted.learn.push(row);
        }
    }
    parted
}

/// The statistic of all these rows, and within each value of `by`.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) all: Option<Said>,
    /// By the code of the value of `by`.
    pub(crate) groups: Vec<Option<Said>>,
}

impl Fitted {
    pub(crate) fn of(statistic: &Statistic<'_>, rows: &[u32], by: Option<&Column>) -> Self {
        let all = statistic.of(rows, None);
        let Some(by) = by else {
            return Self {
                all,
                groups: Vec::new(),
            };
        };
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); by.values.len()];
        for &row in rows {
            members[by.codes[row as usize] as usize].push(row);
        }
        let groups = members
            .iter()
            .map(|rows| {
                (!rows.is_empty())
                    .then(|| statistic.of(rows, all.as_ref()))
                    .flatten()
            })
            .collect();
        Self { all, groups }
    }

    fn said(&self, row: u32, by: Option<&Column>) -> Option<&Said> {
        let group = by.and_then(|by| self.groups.get(by.codes[row as usize] as usize)?.as_ref());
        group.or(self.all.as_ref())
    }

    /// The mean error over rows that were not learned from.
    fn error(&self, statistic: &Statistic<'_>, rows: &[u32], by: Option<&Column>) -> f64 {
        let errors = rows
            .iter()
            .filter_map(|&row| Some(statistic.error(self.said(row, by)?, row)));
        errors.sum::<f64>() / rows.len().max(1) as f64
    }
}

/// The errors on the rows held out: without a group first, then by each candidate.
pub(crate) fn errors(
    statistics: &[&Statistic<'_>],
    parted: &Parted,
    candidates: &[&Column],
) -> Vec<f64> {
    let by = std::iter::once(None).chain(candidates.iter().map(|by| Some(*by)));
    let error = |by: Option<&Column>| {
        let each = statistics.iter().map(|statistic| {
            let fitted = Fitted::of(statistic, &parted.learn, by);
            fitted.error(statistic, &parted.judge, by)
        });
        each.sum::<f64>() / statistics.len().max(1) as f64
    };
    by.map(error).collect()
}

/// Which of [`errors`] to take: 0 is no group.
pub(crate) fn best(errors: &[f64]) -> usize {
    let mut best = 0;
    for (i, error) in errors.iter().enumerate() {
        let bar = if best == 0 {
            errors[0] * WORTH
        } else {
            errors[best]
        };
        if *error < bar {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_must_be_worth_it() {
        assert_eq!(best(&[1.0]), 0);
        assert_eq!(best(&[1.0, 0.995, 0.999]), 0);
        assert_eq!(best(&[1.0, 0.9, 0.8, 0.85]), 2);
        assert_eq!(best(&[0.0, 0.0]), 0);
    }

    #[test]
    fn about_a_fifth_is_held_out_and_groups_stay_together() {
        let parted = part(10_000, None);
        assert!(
            (1_800..2_200).contains(&parted.judge.len()),
            "{}",
            parted.judge.len()
        );
        let mut group = Column::default();
        (0..1_000).for_each(|row| group.add((row / 10).to_string().as_bytes()));
        let parted = part(1_000, Some(&group));
        assert!(parted.judge.len().is_multiple_of(10) && !parted.judge.is_empty());
    }
}

//! How a table's rows are ordered, told from a sample of them: whether a column
//! follows the order of the rows or the column that names them, and whether its
//! equal values stand together. Of answers that is worth a look: what a row's
//! place tells, a model must not learn.

use crate::person::names_rows;
use crate::sample::RowSample;

/// How a column stands to the order of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Order {
    /// Rank correlation with the place of the row, from -1 to 1.
    pub(crate) with_place: Option<f64>,
    /// Rank correlation with the column that names rows.
    pub(crate) with_id: Option<f64>,
    /// How often neighbours differ, as a share of how often they would in chance order.
    pub(crate) changes: Option<f64>,
}

/// Fewer rows tell nothing.
const FEWEST: usize = 100;
/// Fewer changes are expected of a column that hardly ever changes: they tell nothing.
const FEWEST_CHANGES: f64 = 20.0;

/// Tells it of each column.
pub(crate) fn tell(sample: &RowSample, names: &[String]) -> Vec<Order> {
    let columns: Vec<Vec<f32>> = (0..names.len()).map(|place| sample.column(place)).collect();
    let places: Vec<f32> = (0..sample.rows()).map(|row| row as f32).collect();
    let id = names.iter().position(|name| names_rows(name));
    let order = |(place, column): (usize, &Vec<f32>)| Order {
        with_place: rank_correlation(column, &places),
        with_id: id
            .filter(|id| *id != place)
            .and_then(|id| rank_correlation(column, &columns[id])),
        changes: changes(column),
    };
    columns.iter().enumerate().map(order).collect()
}

/// Spearman's: Pearson's of the ranks, those of equal values their mean.
fn rank_correlation(left: &[f32], right: &[f32]) -> Option<f64> {
    let pairs = left.iter().zip(right);
    let (left, right): (Vec<f32>, Vec<f32>) = pairs
        .filter(|(left, right)| !left.is_nan() && !right.is_nan())
        .map(|(left, right)| (*left, *right))
        .unzip();
    if left.len() < FEWEST {
        return None;
    }
    let (left, right) = (ranks(&left), ranks(&right));
    let mean = (left.len() - 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        let terms = a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean));
        terms.sum()
    };
    let spread = (product(&left, &left) * product(&right, &right)).sqrt();
    (spread > 0.0).then(|| product(&left, &right) / spread)
}

fn ranks(values: &[f32]) -> Vec<f64> {
    let mut sorted: Vec<usize> = (0..values.len()).collect();
    sorted.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in sorted.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let mean = before as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|row| ranks[*row] = mean);
        before += equal.len();
    }
    ranks
}

fn changes(column: &[f32]) -> Option<f64> {
    let present: Vec<f32> = column.iter().copied().filter(|c| !c.is_nan()).collect();
    if present.len() < FEWEST {
        return None;
    }
    let mut sorted = present.clone();
    sorted.sort_by(f32::total_cmp);
    let differ = |pair: &[f32]| pair[0].total_cmp(&pair[1]).is_ne();
    let seen = present.windows(2).filter(|pair| differ(pair)).count() as f64;
    let rows = present.len() as f64;
    let same = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq());
    let equal: f64 = same.map(|equal| (equal.len() as f64).powi(2)).sum();
    // Of all ordered pairs of different rows, those that differ.
    let expected = (rows * rows - equal) / rows;
    (expected >= FEWEST_CHANGES).then_some(seen / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(rows: impl Iterator<Item = [f32; 3]>) -> Vec<Order> {
        let mut sample = RowSample::new(0);
        for (place, row) in rows.enumerate() {
            sample.add(place as u64, row.to_vec());
        }
        tell(&sample, &["x_id", "a", "b"].map(str::to_owned))
    }

    /// A number below 1 that looks like chance.
    fn chance(i: u16) -> f32 {
        (f32::from(i) * 0.618_034) % 1.0
    }

    #[test]
    fn what_follows_the_rows_is_told_from_chance() {
        let orders = orders((0..1000).map(|i| [f32::from(i), f32::from(i / 10), chance(i)]));
        assert!(orders[1].with_place.unwrap() > 0.99 && orders[1].with_id.unwrap() > 0.99);
        assert!(orders[2].with_place.unwrap().abs() < 0.1);
        assert!(orders[0].with_id.is_none());
    }

    #[test]
    fn an_id_may_tell_what_the_place_does_not() {
        let orders = orders((0..1000).map(|i| [chance(i), chance(i) * 2.0, 1.0]));
        assert!(orders[1].with_place.unwrap().abs() < 0.1 && orders[1].with_id.unwrap() > 0.99);
        assert_eq!(orders[2], Order::default());
    }

    #[test]
    fn values_that_stand_together_change_seldom() {
        let row = |i: u16| [f32::from(i), f32::from(i / 500), (chance(i) * 4.0).floor()];
        let orders = orders((0..1000).map(row));
        assert!(orders[1].changes.unwrap() < 0.01);
        assert!(orders[2].changes.unwrap() > 0.8);
    }

    #[test]
    fn a_few_rows_tell_nothing() {
        let orders = orders((0..20_u16).map(|i| [f32::from(i); 3]));
        assert_eq!(orders, [Order::default(); 3]);
    }
}

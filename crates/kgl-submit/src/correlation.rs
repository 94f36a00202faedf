//! Spearman's rank correlation, and how far it can be trusted.

/// The rank correlation of pairs; nothing for fewer than two, or where one side
/// has one value only. Ties share their mean rank.
#[must_use]
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let left = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let right = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let middle = (pairs.len() as f64 + 1.0) / 2.0;
    let (mut both, mut of_left, mut of_right) = (0.0, 0.0, 0.0);
    for (a, b) in left.iter().zip(&right) {
        let (a, b) = (a - middle, b - middle);
        both += a * b;
        of_left += a * a;
        of_right += b * b;
    }
    let scale = (of_left * of_right).sqrt();
    (pairs.len() > 1 && scale > 0.0).then(|| (both / scale).clamp(-1.0, 1.0))
}

/// Ranks from 1, ties with their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let mut to = from + 1;
        while to < order.len() && values[order[to]].total_cmp(&values[order[from]]).is_eq() {
            to += 1;
        }
        let mean = (from + to + 1) as f64 / 2.0;
        order[from..to].iter().for_each(|&at| ranks[at] = mean);
        from = to;
    }
    ranks
}

/// The 95 % interval of the rank correlation: 2000 resamplings of the pairs, the
/// same ones every time. Nothing for fewer than four pairs, which say nothing.
#[must_use]
pub fn interval(pairs: &[(f64, f64)]) -> Option<[f64; 2]> {
    if pairs.len() < 4 {
        return None;
    }
    // Splitmix64 (Steele, Lea and Flood 2014), from a fixed seed.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let count = pairs.len() as u64;
    let mut found: Vec<f64> = (0..2000)
        .filter_map(|_| {
            let again: Vec<_> = pairs
                .iter()
                .map(|_| pairs[usize::try_from(next() % count).unwrap_or(0)])
                .collect();
            spearman(&again)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    // 2.5 % of them lie beyond each end.
    let beyond = found.len() / 40;
    let low = found.get(beyond)?;
    let high = found.get(found.len().checked_sub(beyond + 1)?)?;
    Some([*low, *high])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-12)
    }

    #[test]
    fn order_alone_counts_and_ties_share_a_rank() {
        assert!(near(
            spearman(&[(1.0, 10.0), (2.0, 11.0), (3.0, 900.0)]),
            1.0
        ));
        assert!(near(spearman(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), -1.0));
        // scipy.stats.spearmanr([1, 2, 2, 4], [1, 3, 2, 4]) = 0.9486832980505138
        let tied = [(1.0, 1.0), (2.0, 3.0), (2.0, 2.0), (4.0, 4.0)];
        assert!(near(spearman(&tied), 0.948_683_298_050_513_8));
        assert_eq!(spearman(&[(1.0, 1.0)]), None);
        assert_eq!(spearman(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }

    #[test]
    fn the_interval_holds_the_value_and_narrows() {
        let pairs = |count: u32| -> Vec<(f64, f64)> {
            let noisy = |i: u32| f64::from(i + (i * 7919 % 5));
            (0..count).map(|i| (f64::from(i), noisy(i))).collect()
        };
        let width = |count| {
            let [low, high] = interval(&pairs(count)).unwrap();
            let value = spearman(&pairs(count)).unwrap();
            assert!(
                low <= value + 0.05 && value <= high + 0.05,
                "{low} {value} {high}"
            );
            high - low
        };
        assert!(width(6) > width(40));
        assert_eq!(interval(&pairs(3)), None);
        assert_eq!(interval(&pairs(9)), interval(&pairs(9)));
    }
}

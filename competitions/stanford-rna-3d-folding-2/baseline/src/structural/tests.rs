use super::*;
use crate::complete::helix;
use crate::geometry::add;
use crate::random::Random;
use crate::tm_score::tm_score;

fn some(points: &[Point]) -> Vec<Option<Point>> {
    points.iter().copied().map(Some).collect()
}

/// A chain that turns at random: no stretch of it resembles another.
fn wandering(length: usize, random: &mut Random) -> Vec<Point> {
    let mut at = [0.0; 3];
    (0..length)
        .map(|_| {
            at = add(at, random.motion().rotate([5.6, 0.0, 0.0]));
            at
        })
        .collect()
}

/// The best of every alignment there is, by going through all of them.
fn exhaustive(model: &[Point], reference: &[Point], d0: f64) -> f64 {
    fn all(
        i: usize,
        j: usize,
        n: usize,
        m: usize,
        columns: &mut Vec<Column>,
        found: &mut Vec<Vec<Column>>,
    ) {
        if i == n || j == m {
            found.push(columns.clone());
            return;
        }
        columns.push((i, j));
        all(i + 1, j + 1, n, m, columns, found);
        columns.pop();
        all(i + 1, j, n, m, columns, found);
        all(i, j + 1, n, m, columns, found);
    }
    let mut alignments = Vec::new();
    all(
        0,
        0,
        model.len(),
        reference.len(),
        &mut Vec::new(),
        &mut alignments,
    );
    let mut best = 0.0_f64;
    for columns in alignments {
        let mut copied = vec![None; reference.len()];
        for &(i, j) in &columns {
            copied[j] = Some(model[i]);
        }
        let found = tm_score_with_d0(&copied, &some(reference), d0);
        best = best.max(found.map_or(0.0, |found| found.score));
    }
    best
}

#[test]
fn no_alignment_of_short_chains_is_better() {
    let mut random = Random::new(11);
    for (n, m) in [(4, 4), (5, 6), (6, 5), (6, 6), (7, 6)] {
        let (model, reference) = (wandering(n, &mut random), wandering(m, &mut random));
        // The scale of a long chain: at that of a short one any two pairs of equal
        // distance are worth more than the rest together.
        let found = structural_with_d0(&some(&model), &some(&reference), 5.0).unwrap();
        let best = exhaustive(&model, &reference, 5.0);
        let found = found.score;
        assert!(found <= best + 1e-9, "{n} × {m}: {found} over {best}");
        assert!(found > 0.9 * best, "{n} × {m}: {found} of {best}");
    }
}

#[test]
fn shifted_cut_and_pieced_chains_are_found_again() {
    let mut random = Random::new(5);
    let truth = wandering(60, &mut random);
    let turn = random.motion();
    let turned: Vec<Point> = truth.iter().map(|&p| turn.apply(p)).collect();
    // What the numbers say is wrong everywhere; what is left of the chain is exact.
    let shifted = [&wandering(7, &mut random), &turned[..]].concat();
    let cut = [&turned[..20], &turned[29..]].concat();
    let longer = [&turned[..30], &wandering(5, &mut random), &turned[30..]].concat();
    for (name, model, exact) in [
        ("shifted", shifted, 60.0),
        ("cut", cut, 51.0),
        ("longer", longer, 60.0),
        ("a part", turned[33..].to_vec(), 27.0),
    ] {
        let found = structural(&some(&model), &some(&truth)).unwrap();
        assert!(
            found.score >= exact / 60.0 - 1e-6,
            "{name}: {}",
            found.score
        );
        assert!(found.score < exact / 60.0 + 0.05, "{name}: {}", found.score);
        let numbered = tm_score(&some(&model), &some(&truth)).unwrap().score;
        assert!(numbered < 0.7, "{name}: {numbered}");
        assert!(
            found
                .columns
                .windows(2)
                .all(|c| c[0].0 < c[1].0 && c[0].1 < c[1].1)
        );
        let quick = quick_structural(&some(&model), &some(&truth));
        assert!(
            quick <= found.score + 1e-9 && quick > 0.3,
            "{name}: {quick}"
        );
    }
}

#[test]
fn columns_are_numbers_of_residues_with_holes_or_without() {
    let mut random = Random::new(8);
    let truth = wandering(40, &mut random);
    let mut model = some(&[&wandering(4, &mut random), &truth[..]].concat());
    model[10] = None;
    let mut reference = some(&truth);
    reference[20] = None;
    let found = structural(&model, &reference).unwrap();
    // Residue 6 has no place in the model, residue 20 none in the truth.
    let expected: Vec<Column> = (0..40)
        .filter(|j| ![6, 20].contains(j))
        .map(|j| (j + 4, j))
        .collect();
    assert_eq!(found.columns, expected);
    assert!((found.score - 38.0 / 39.0).abs() < 1e-9, "{}", found.score);
}

#[test]
fn it_is_never_below_the_score_by_number() {
    let mut random = Random::new(3);
    for length in [1, 2, 5, 13, 40] {
        let (a, b) = (
            wandering(length, &mut random),
            wandering(length, &mut random),
        );
        let numbered = tm_score(&some(&a), &some(&b)).unwrap().score;
        assert!(structural(&some(&a), &some(&b)).unwrap().score >= numbered);
        // Points that fall together fix no superposition.
        let zeros = vec![Some([0.0; 3]); length];
        assert!(structural(&zeros, &some(&b)).unwrap().score > 0.0);
    }
    let trace = some(&helix(9));
    assert_eq!(structural(&trace, &[None, None]), None);
    let nothing = structural(&[None, None], &trace).unwrap();
    assert!(nothing.score.abs() < 1e-12 && nothing.columns.is_empty());
}

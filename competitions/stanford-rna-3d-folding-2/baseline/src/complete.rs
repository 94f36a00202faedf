//! A whole trace from a partial one: what a template gives stays, and the rest
//! is built the way RNA is built.
//!
//! 1. A long stretch without a place is folded by itself ([`crate::fold`]), and
//!    its stems are set up as helices beside the rest, pointing outward.
//! 2. What is still missing between two places becomes an arc; ends go on as the
//!    A-form helix they end in.
//! 3. What was built is relaxed: steps of the chain, no clashes.

use std::ops::Range;

use crate::arms::{place_stems, standing_at};
use crate::bridge::{bridge, continue_after, continue_before};
use crate::chains::{begins, chains};
use crate::fold::{Pairs, fold};
use crate::geometry::{ORIGIN, Point, add, centroid, distance, perpendicular, scale, sub, unit_or};
use crate::helix::{STEP, strand_point};
use crate::relax::{FIXED, LOOSE, STIFF, relax};
use crate::tm_score::to_f64;

/// Shorter stretches are not folded: no stem fits.
const SHORTEST_FOLD: usize = 9;
/// What lies within this many ångström says where outward is.
const SURROUNDINGS: f64 = 30.0;
/// From one chain to another set up beside it, in ångström.
const CHAINS_APART: f64 = 14.0;

/// Places for all residues of `sequence`: those of `known` exactly, the others
/// built around them. Without any known residue the whole is a guess. Nothing is
/// bridged across `cuts`, where chains begin.
///
/// `known` is as long as `sequence`; the result is too, and finite where the
/// input is.
#[must_use]
pub fn complete(sequence: &[u8], cuts: &[usize], known: &[Option<Point>]) -> Vec<Point> {
    if known.iter().all(Option::is_none) {
        return build(&fold(sequence), cuts);
    }
    let mut points = known.to_vec();
    let mut mobility: Vec<f64> = known
        .iter()
        .map(|point| if point.is_some() { FIXED } else { LOOSE })
        .collect();
    set_up_chains(&mut points, &mut mobility, cuts, |chain| {
        build(&fold(&sequence[chain]), &[])
    });
    for stretch in missing_stretches(&points, cuts) {
        if stretch.len() >= SHORTEST_FOLD {
            set_up_stems(sequence, cuts, stretch, &mut points, &mut mobility);
        }
    }
    let mut whole = fill(&points, cuts);
    relax(&mut whole, &mobility, cuts);
    whole
}

/// A trace for the pairs alone, without a template. Nothing paired: one helix.
#[must_use]
pub fn build(pairs: &Pairs, cuts: &[usize]) -> Vec<Point> {
    let mut points = place_stems(pairs);
    if cuts.is_empty() && points.iter().all(Option::is_none) {
        return helix(pairs.len());
    }
    let mut mobility: Vec<f64> = points
        .iter()
        .map(|point| if point.is_some() { STIFF } else { LOOSE })
        .collect();
    set_up_chains(&mut points, &mut mobility, cuts, |chain| helix(chain.len()));
    let mut whole = fill(&points, cuts);
    relax(&mut whole, &mobility, cuts);
    whole
}

/// One A-form strand of `count` residues.
#[must_use]
pub fn helix(count: usize) -> Vec<Point> {
    (0..count).map(|k| strand_point(to_f64(k))).collect()
}

/// Sets the chains of which no residue has a place up beside the others, as
/// `shape` makes them.
fn set_up_chains(
    points: &mut [Option<Point>],
    mobility: &mut [f64],
    cuts: &[usize],
    shape: impl Fn(Range<usize>) -> Vec<Point>,
) {
    for chain in chains(cuts, points.len()) {
        if points[chain.clone()].iter().all(Option::is_none) {
            let trace = shape(chain.clone());
            let shift = beside(points, &trace);
            for (i, place) in chain.zip(trace) {
                points[i] = Some(add(place, shift));
                mobility[i] = STIFF;
            }
        }
    }
}

/// How far to move `trace` so that it stands next to what is placed, on the side
/// where that is thinnest.
fn beside(points: &[Option<Point>], trace: &[Point]) -> Point {
    let placed: Vec<Point> = points.iter().copied().flatten().collect();
    if placed.is_empty() {
        return ORIGIN;
    }
    let bounds = |points: &[Point], axis: usize| {
        let along = points.iter().map(|point| point[axis]);
        along.fold((f64::MAX, f64::MIN), |(low, high), x| {
            (low.min(x), high.max(x))
        })
    };
    let extent = |axis: usize| {
        let (low, high) = bounds(&placed, axis);
        high - low
    };
    let thinnest = (1..3).fold(0, |a, b| if extent(b) < extent(a) { b } else { a });
    let mut shift = sub(
        centroid(placed.iter().copied()),
        centroid(trace.iter().copied()),
    );
    shift[thinnest] = bounds(&placed, thinnest).1 + CHAINS_APART - bounds(trace, thinnest).0;
    shift
}

/// Folds `sequence[stretch]` and sets its stems up where the chain leaves the
/// known residues.
fn set_up_stems(
    sequence: &[u8],
    cuts: &[usize],
    stretch: Range<usize>,
    points: &mut [Option<Point>],
    mobility: &mut [f64],
) {
    let pairs = fold(&sequence[stretch.clone()]);
    let stems = place_stems(&pairs);
    let (Some(first), Some(last)) = (
        stems.iter().position(Option::is_some),
        stems.iter().rposition(Option::is_some),
    ) else {
        return;
    };
    let (before, after) = ends(points, cuts, &stretch);
    let middle = centroid(before.into_iter().chain(after));
    let outward = outward_from(points, middle);
    // The linkers reach out to where the stems begin.
    let linker = first.min(stems.len() - 1 - last) + 1;
    let origin = add(middle, scale(outward, 0.6 * STEP * to_f64(linker.min(4))));
    let chord = before
        .zip(after)
        .map_or([0.0; 3], |(before, after)| sub(after, before));
    let frame = standing_at(origin, perpendicular(outward, chord), outward);
    // A tail's stems begin at the tail, not astride of it.
    for (i, stem) in stretch.zip(stems) {
        if let Some(point) = stem {
            points[i] = Some(frame.apply(point));
            mobility[i] = STIFF;
        }
    }
}

/// The places next to `stretch` in its chain.
fn ends(
    points: &[Option<Point>],
    cuts: &[usize],
    stretch: &Range<usize>,
) -> (Option<Point>, Option<Point>) {
    let place = |i: usize| points.get(i).copied().flatten();
    let before = stretch.start.checked_sub(1).and_then(place);
    (
        before.filter(|_| !begins(cuts, stretch.start)),
        place(stretch.end).filter(|_| !begins(cuts, stretch.end)),
    )
}

/// Fills every gap of `points`; in each chain at least one is there.
fn fill(points: &[Option<Point>], cuts: &[usize]) -> Vec<Point> {
    let mut whole: Vec<Point> = Vec::with_capacity(points.len());
    for stretch in missing_stretches(points, cuts) {
        whole.extend(points[whole.len()..stretch.start].iter().copied().flatten());
        let count = stretch.len();
        match ends(points, cuts, &stretch) {
            (Some(from), Some(to)) => {
                let outward = outward_from(points, scale(add(from, to), 0.5));
                whole.extend(bridge(from, to, count, outward));
            }
            (Some(_), None) => {
                let chain = cuts.iter().rfind(|&&cut| cut < stretch.start);
                let chain = &points[chain.copied().unwrap_or(0)..stretch.start];
                let run = run_length(chain.iter().rev());
                let tail = continue_after(&whole[stretch.start - run..], count);
                whole.extend(tail);
            }
            (None, _) => {
                let after = points[stretch.end..].iter();
                let run: Vec<Point> = after.map_while(|point| *point).take(8).collect();
                whole.extend(continue_before(&run, count));
            }
        }
    }
    whole.extend(points[whole.len()..].iter().copied().flatten());
    whole
}

/// How many of `points` are there before the first that is not.
fn run_length<'a>(points: impl Iterator<Item = &'a Option<Point>>) -> usize {
    points.take_while(|point| point.is_some()).count()
}

/// The stretches of `points` that are missing, in order, none across a cut.
fn missing_stretches(points: &[Option<Point>], cuts: &[usize]) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for i in (0..points.len()).filter(|&i| points[i].is_none()) {
        match stretches.last_mut() {
            Some(last) if last.end == i && !begins(cuts, i) => last.end += 1,
            _ => stretches.push(i..i + 1),
        }
    }
    stretches
}

/// The direction at `place` that leads away from what surrounds it.
fn outward_from(points: &[Option<Point>], place: Point) -> Point {
    let near = points
        .iter()
        .copied()
        .flatten()
        .filter(|&p| distance(p, place) < SURROUNDINGS);
    let inner = centroid(near);
    let all = centroid(points.iter().copied().flatten());
    let local = sub(place, inner);
    let wide = unit_or(sub(place, all), [0.0, 0.0, 1.0]);
    unit_or(add(local, wide), wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::norm;
    use proptest::prelude::*;

    const SEQUENCE: &[u8] = b"GGGGAAAACCCCUUGGCGCUUUUGCGCCAAGGACGAAAGUCC";

    #[test]
    fn known_residues_stay_where_they_are() {
        let whole = complete(SEQUENCE, &[], &vec![None; SEQUENCE.len()]);
        let mut known: Vec<Option<Point>> = whole.iter().copied().map(Some).collect();
        known[4..7].fill(None);
        known[14..28].fill(None);
        known[38..].fill(None);
        known[..2].fill(None);
        let again = complete(SEQUENCE, &[], &known);
        for (given, made) in known.iter().zip(&again) {
            assert!(given.is_none_or(|given| distance(given, *made) < 1e-12));
        }
        for pair in again.windows(2) {
            let step = distance(pair[0], pair[1]);
            assert!((2.5..10.0).contains(&step), "{step}");
        }
    }

    #[test]
    fn a_chain_without_a_template_is_compact_and_does_not_cross_itself() {
        let whole = complete(SEQUENCE, &[], &vec![None; SEQUENCE.len()]);
        let middle = centroid(whole.iter().copied());
        let widest = whole
            .iter()
            .map(|&p| distance(p, middle))
            .fold(0.0, f64::max);
        assert!(widest < 60.0, "{widest}");
        for i in 0..whole.len() {
            for j in 0..i.saturating_sub(2) {
                assert!(distance(whole[i], whole[j]) > 3.5, "{i} {j}");
            }
        }
    }

    #[test]
    fn an_insertion_that_folds_becomes_a_stem() {
        let sequence = [&[b'A'; 6][..], b"GGGCGAAAGCCC", &[b'A'; 6]].concat();
        let mut known: Vec<Option<Point>> = helix(12).into_iter().map(Some).collect();
        known.splice(6..6, [None; 12]);
        let whole = complete(&sequence, &[], &known);
        for k in 0..4 {
            let apart = distance(whole[6 + k], whole[17 - k]);
            assert!((apart - crate::helix::PAIR).abs() < 0.7, "{k}: {apart}");
        }
    }

    #[test]
    fn nothing_is_bridged_across_the_end_of_a_chain() {
        // Two strands 60 Å apart, both ragged where one ends and the next begins.
        let mut known: Vec<Option<Point>> = helix(20).into_iter().map(Some).collect();
        for point in known[10..].iter_mut().flatten() {
            point[0] += 60.0;
        }
        let whole = known.clone();
        known[7..12].fill(None);
        let sequence = [b'A'; 20];
        let step = |whole: &[Point], i: usize| distance(whole[i - 1], whole[i]);
        let apart = complete(&sequence, &[10], &known);
        let bridged = complete(&sequence, &[], &known);
        for i in (1..20).filter(|&i| i != 10) {
            assert!((step(&apart, i) - STEP).abs() < 0.5, "{i}");
        }
        assert!(step(&apart, 10) > 40.0 && step(&bridged, 10) < 25.0);
        // Both ends go on as the helices that they are, not towards each other.
        for (i, (made, helix)) in apart.iter().zip(&whole).enumerate() {
            let off = helix.map_or(f64::MAX, |helix| distance(*made, helix));
            assert!(off < 0.5, "{i}: {off}");
        }
        // A chain without any template stands beside the others and is whole.
        known[10..].fill(None);
        let beside = complete(&sequence, &[10], &known);
        for i in 11..20 {
            assert!((step(&beside, i) - STEP).abs() < 0.5, "{i}");
        }
        for &near in &beside[..10] {
            assert!(beside[10..].iter().all(|&p| distance(p, near) > 6.0));
        }
    }

    #[test]
    fn a_chain_that_cannot_pair_is_a_helix() {
        assert_eq!(complete(b"AAAAA", &[], &[None; 5]), helix(5));
        assert!(complete(b"", &[], &[]).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn anything_known_gives_a_finite_whole(
            residues in prop::collection::vec(
                ("[ACGUN]", prop::option::weighted(0.4, prop::array::uniform3(-80.0..80.0f64))),
                1..70,
            )
        ) {
            let sequence: Vec<u8> = residues.iter().map(|(letter, _)| letter.as_bytes()[0]).collect();
            let known: Vec<Option<Point>> = residues.iter().map(|(_, point)| *point).collect();
            let whole = complete(&sequence, &[], &known);
            prop_assert_eq!(whole.len(), known.len());
            for (given, made) in known.iter().zip(&whole) {
                prop_assert!(norm(*made).is_finite());
                prop_assert!(given.is_none_or(|given| distance(given, *made) < 1e-9));
            }
        }
    }
}

//! What others would have reached on the same targets with the same library:
//! the figures without which a score says little.
//!
//! All of them use the alignments of one search, every template that the
//! search allows, and the transfer that is commonly published: aligned residues
//! copied, gaps interpolated, ends continued straight.
//!
//! * *random*: five templates drawn by lot, averaged over [`DRAWS`] draws;
//! * *identity*: the one template with the greatest part of equal columns;
//! * *recipe*: the five with the greatest score / (2 · shorter length) among
//!   those whose lengths differ by at most 30 % (part 2's published first place);
//! * *oracle*: the best that any choice of templates could have reached, chosen
//!   by looking at the truth;
//! * *structural*: what any choice of templates and any alignment could have: each
//!   template is aligned with the truth itself. What remains to 1 is not in the
//!   library.
//!
//! All but the last are read both ways: by residue number, and sequence-independent
//! ([`crate::structural`]).

use std::collections::BTreeMap;

use kgl_contract::{Hit, SearchMerged};
use rayon::prelude::*;

use crate::geometry::{Point, add, scale, sub, unit_or};
use crate::helix::STEP;
use crate::labels::Structure;
use crate::random::Random;
use crate::structural::{quick_structural, structural};
use crate::tm_score::{best_over_references, quick_tm_score, to_f64};
use crate::transfer::{HitError, copy_hit};

/// How many times five templates are drawn by lot.
const DRAWS: usize = 4;
/// The same where each is aligned by its shape, which costs a hundred times as much.
const DRAWS_BY_SHAPE: usize = 1;
/// Structures a target may have.
const SLOTS: usize = 5;
/// So many templates, the best by a quick score, are scored in full to find
/// the oracle's.
const FULLY_SCORED: usize = 12;

/// The same where each is aligned by its shape.
const FULLY_SCORED_BY_SHAPE: usize = 6;

/// The score of the best of five and of the first.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Slots {
    /// The best of the five.
    pub best: f64,
    /// The first of them.
    pub first: f64,
}

/// What others would have reached on one target, by one reading of the metric.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// Templates drawn by lot.
    pub random: Slots,
    /// The single best template by identity.
    pub identity: f64,
    /// The published recipe.
    pub recipe: Slots,
    /// The best choice in hindsight.
    pub oracle: f64,
}

/// The references of one target. Where no template is allowed, all are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct References {
    /// Templates that were allowed.
    pub templates: usize,
    /// The part of equal columns of the best template by identity.
    pub nearest_identity: f64,
    /// By residue number.
    pub by_number: Reading,
    /// Sequence-independent.
    pub independent: Reading,
    /// The best template in hindsight with the best alignment in hindsight, by
    /// residue number.
    pub structural: f64,
}

/// The references of every target of `truths` that `merged` searched, by
/// target. `structures` holds the library.
///
/// # Errors
/// A hit that contradicts its structure.
pub fn references(
    merged: &SearchMerged,
    structures: &BTreeMap<String, Structure>,
    truths: &BTreeMap<String, Structure>,
) -> Result<BTreeMap<String, References>, HitError> {
    merged
        .results
        .par_iter()
        .filter_map(|row| Some((row, truths.get(&row.query)?)))
        .map(|(row, truth)| {
            let templates = usable(&row.hits, structures);
            let found = of_target(&row.query, &templates, truth)?;
            Ok((row.query.clone(), found))
        })
        .collect()
}

type Template<'a> = (&'a Hit, &'a Structure);

fn usable<'a>(hits: &'a [Hit], structures: &'a BTreeMap<String, Structure>) -> Vec<Template<'a>> {
    hits.iter()
        .filter_map(|hit| Some((hit, structures.get(&hit.target)?)))
        .filter(|(_, template)| !template.copies.is_empty())
        .collect()
}

fn of_target(
    query: &str,
    templates: &[Template<'_>],
    truth: &Structure,
) -> Result<References, HitError> {
    let length = truth.len();
    let traces: Vec<Vec<Option<Point>>> = templates
        .iter()
        .map(|(hit, template)| Ok(plain(&copy_hit(query, hit, template, length)?)))
        .collect::<Result<_, _>>()?;
    let equal = |k: usize| {
        let found = templates[k].0.alignment.as_ref();
        found.map_or(0.0, |found| {
            f64::from(found.matches) / f64::from(found.columns.max(1))
        })
    };
    let identity = (0..templates.len()).reduce(|a, b| if equal(b) > equal(a) { b } else { a });
    let recipe = by_recipe(length, templates);
    let reading = |draws: usize, nearest: &[usize], score: &dyn Fn(usize) -> f64| {
        let of_slots = |chosen: &[usize]| {
            let scores: Vec<f64> = chosen.iter().map(|&k| score(k)).collect();
            Slots {
                best: scores.iter().copied().fold(0.0, f64::max),
                first: scores.first().copied().unwrap_or(0.0),
            }
        };
        let (identity, recipe) = (identity.map_or(0.0, score), of_slots(&recipe));
        let known = identity.max(recipe.best);
        Reading {
            random: by_lot(query, templates.len(), draws, of_slots),
            identity,
            recipe,
            oracle: nearest.iter().map(|&k| score(k)).fold(known, f64::max),
        }
    };
    let nearest = best_by(traces.len(), FULLY_SCORED, |k| {
        best_copy(truth, |copy| {
            quick_tm_score(&traces[k], copy).map_or(0.0, |found| found.score)
        })
    });
    let by_number = reading(DRAWS, &nearest, &|k| {
        best_over_references(&traces[k], &truth.copies).map_or(0.0, |found| found.score)
    });
    // What is near in shape holds for the template and for the trace made of it.
    let alike = best_by(templates.len(), FULLY_SCORED_BY_SHAPE, |k| {
        best_copy(truth, |copy| {
            quick_structural(&templates[k].1.copies[0], copy)
        })
    });
    let by_shape = |trace: &[Option<Point>]| {
        best_copy(truth, |copy| {
            structural(trace, copy).map_or(0.0, |found| found.score)
        })
    };
    let mut both: Vec<usize> = alike
        .iter()
        .chain(nearest.iter().take(FULLY_SCORED_BY_SHAPE))
        .copied()
        .collect();
    both.sort_unstable();
    both.dedup();
    let independent = reading(DRAWS_BY_SHAPE, &both, &|k| by_shape(&traces[k]));
    let structural = alike
        .par_iter()
        .map(|&k| by_shape(&templates[k].1.copies[0]))
        .reduce(|| by_number.oracle, f64::max);
    Ok(References {
        templates: templates.len(),
        nearest_identity: identity.map_or(0.0, equal),
        by_number,
        independent,
        structural,
    })
}

/// The recipe's five, best first.
fn by_recipe(length: usize, templates: &[Template<'_>]) -> Vec<usize> {
    let alike = |template: &Structure| {
        10 * length.abs_diff(template.len()) <= 3 * length.max(template.len())
    };
    let mut chosen: Vec<usize> = (0..templates.len())
        .filter(|&k| alike(templates[k].1))
        .collect();
    // a/b > c/d as a·d > c·b: exact, so that ties are ties everywhere.
    let shorter = |k: usize| length.min(templates[k].1.len()) as i128;
    let score = |k: usize| i128::from(templates[k].0.score);
    chosen.sort_by(|&a, &b| (score(b) * shorter(a)).cmp(&(score(a) * shorter(b))));
    chosen.truncate(SLOTS);
    chosen
}

fn by_lot(query: &str, count: usize, draws: usize, of_slots: impl Fn(&[usize]) -> Slots) -> Slots {
    let seed = query.bytes().fold(0, |seed: u64, byte| {
        seed.wrapping_mul(257).wrapping_add(u64::from(byte))
    });
    let mut random = Random::new(seed);
    let mut mean = Slots::default();
    for _ in 0..draws {
        let mut left: Vec<usize> = (0..count).collect();
        let drawn: Vec<usize> = (0..SLOTS.min(count))
            .map(|_| left.swap_remove(random.below(left.len())))
            .collect();
        let slots = of_slots(&drawn);
        mean.best += slots.best / to_f64(draws);
        mean.first += slots.first / to_f64(draws);
    }
    mean
}

/// The greatest `score` over the truth's structures.
fn best_copy(truth: &Structure, score: impl Fn(&[Option<Point>]) -> f64) -> f64 {
    let scores = truth.copies.iter().map(|copy| score(copy));
    scores.fold(0.0, f64::max)
}

/// The `most` of `count` templates that a quick score puts first.
fn best_by(count: usize, most: usize, quick: impl Fn(usize) -> f64 + Sync) -> Vec<usize> {
    // In parallel once more: one long target has more work than many short ones.
    let mut scored: Vec<(f64, usize)> = (0..count).into_par_iter().map(|k| (quick(k), k)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.truncate(most);
    scored.into_iter().map(|(_, k)| k).collect()
}

/// The commonly published way to fill what a template leaves open: straight
/// lines. Nothing copied stays nothing.
fn plain(copied: &[Option<Point>]) -> Vec<Option<Point>> {
    let known: Vec<usize> = (0..copied.len()).filter(|&i| copied[i].is_some()).collect();
    let at = |i: usize| copied[i].unwrap_or_default();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else {
        return copied.to_vec();
    };
    let direction =
        |from: usize, to: usize| scale(unit_or(sub(at(to), at(from)), [1.0, 0.0, 0.0]), STEP);
    let before = known
        .get(1)
        .map_or([STEP, 0.0, 0.0], |&next| direction(next, first));
    let after = known
        .len()
        .checked_sub(2)
        .map_or([STEP, 0.0, 0.0], |k| direction(known[k], last));
    let mut whole: Vec<Option<Point>> = (0..copied.len())
        .map(|i| {
            if i < first {
                Some(add(at(first), scale(before, to_f64(first - i))))
            } else if i > last {
                Some(add(at(last), scale(after, to_f64(i - last))))
            } else {
                copied[i]
            }
        })
        .collect();
    for pair in known.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        for (i, place) in whole.iter_mut().enumerate().take(to).skip(from + 1) {
            let part = to_f64(i - from) / to_f64(to - from);
            *place = Some(add(at(from), scale(sub(at(to), at(from)), part)));
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::helix;
    use kgl_contract::HitAlignment;

    fn structure(trace: Vec<Point>) -> Structure {
        Structure {
            residues: vec![b'G'; trace.len()],
            copies: vec![trace.into_iter().map(Some).collect()],
        }
    }

    fn hit(target: &str, score: i64, matches: u32, length: u32) -> Hit {
        Hit {
            target: target.into(),
            target_index: 0,
            score,
            alignment: Some(HitAlignment {
                matches,
                columns: length,
                query_span: [0, length],
                target_span: [0, length],
                cigar: format!("{length}="),
            }),
        }
    }

    #[test]
    fn gaps_are_straight_and_ends_go_on() {
        let mut copied = vec![None; 6];
        copied[1] = Some([0.0; 3]);
        copied[3] = Some([4.0, 0.0, 0.0]);
        let xs: Vec<f64> = plain(&copied).iter().map(|p| p.unwrap()[0]).collect();
        let expected = [-STEP, 0.0, 2.0, 4.0, 4.0 + STEP, 4.0 + 2.0 * STEP];
        for (x, expected) in xs.iter().zip(expected) {
            assert!((x - expected).abs() < 1e-9, "{x} {expected}");
        }
        assert_eq!(plain(&[None, None]), [None, None]);
    }

    #[test]
    fn each_reference_takes_its_own_template() {
        let truth = helix(32);
        let squeezed = |by: f64| truth.iter().map(|p| [p[0], p[1], p[2] * by]).collect();
        // By score per residue a bad one wins, by identity a worse one; the
        // truth itself is among the hits but the recipe's length filter drops it.
        let mut whole: Vec<Point> = truth.clone();
        whole.extend(helix(32).iter().map(|p| add(*p, [200.0, 0.0, 0.0])));
        let library: BTreeMap<String, Structure> = [
            ("recipe".to_owned(), structure(squeezed(0.7))),
            ("identity".to_owned(), structure(squeezed(0.3))),
            ("oracle".to_owned(), structure(whole)),
        ]
        .into();
        let hits = vec![
            hit("recipe", 90, 10, 32),
            hit("identity", 50, 30, 32),
            hit("oracle", 95, 9, 32),
            hit("unlabelled", 99, 32, 32),
        ];
        let templates = usable(&hits, &library);
        let found = of_target("q", &templates, &structure(truth)).unwrap();
        assert_eq!(found.templates, 3);
        let number = found.by_number;
        assert!((number.oracle - 1.0).abs() < 1e-9);
        assert!(number.recipe.first > number.identity && number.recipe.first < 0.9);
        assert!((number.recipe.best - number.recipe.first).abs() < 1e-12);
        assert!(
            (number.random.best - 1.0).abs() < 1e-9,
            "all three are drawn"
        );
        assert!(number.random.first < 1.0);
        // A helix lies on itself a few residues on, so other numbers can only help.
        let free = found.independent;
        assert!(free.recipe.first >= number.recipe.first && free.identity >= number.identity);
        assert!((free.oracle - 1.0).abs() < 1e-9 && found.structural >= number.oracle);
        let none = of_target("q", &[], &structure(helix(5))).unwrap();
        assert_eq!(none, References::default());
    }

    #[test]
    fn what_a_wrong_alignment_hides_the_structural_one_finds() {
        let mut random = Random::new(9);
        let mut at = [0.0; 3];
        let mut chain: Vec<Point> = Vec::new();
        for _ in 0..46 {
            at = add(at, random.motion().rotate([STEP, 0.0, 0.0]));
            chain.push(at);
        }
        // The template is the truth after six residues more; its hit ignores them.
        let library = [("late".to_owned(), structure(chain.clone()))].into();
        let truth = structure(chain[6..].to_vec());
        let hits = [hit("late", 80, 30, 40)];
        let found = of_target("q", &usable(&hits, &library), &truth).unwrap();
        assert!(found.by_number.oracle < 0.5 && found.structural > 0.999);
        assert!(found.independent.recipe.best > 0.8, "{found:?}");
    }
}

//! What can be said of a candidate before the truth is known.

use crate::ensemble::Foldings;
use crate::fold::{Pairs, can_pair};
use crate::realign::Column;
use crate::tm_score::to_f64;

/// How many figures there are of a candidate.
pub const FIGURES: usize = 17;
/// What the figures are called. Those of kinds a candidate is not of are 0; all
/// have an agreement: how much they resemble the templates, high scores first.
pub const NAMES: [&str; FIGURES] = [
    "template",
    "template_log_length",
    "alignment_score",
    "identity",
    "covered",
    "pairs_kept",
    "pairs_broken",
    "pairs_lost",
    "pairs_likely",
    "agreement",
    "agreement_log_length",
    "folding",
    "folding_log_length",
    "folding_paired",
    "folding_likely",
    "helix",
    "helix_log_length",
];

/// Places of the agreement's two figures.
pub(super) const AGREEMENT: [usize; 2] = [9, 10];

/// Natural logarithm of a chain's length.
pub(super) fn log_length(length: usize) -> f64 {
    libm::log(to_f64(length.max(1)))
}

/// The figures of a template that gives places to `covered` residues.
pub(super) fn of_template(
    (query, template): (&[u8], &[u8]),
    (columns, pairs): (&[Column], &Pairs),
    foldings: &Foldings,
    score: f64,
    covered: usize,
) -> [f64; FIGURES] {
    let length = query.len();
    let mut place = vec![None; template.len()];
    let mut same = 0;
    for &(i, j) in columns {
        place[j] = Some(i);
        same += usize::from(query[i].eq_ignore_ascii_case(&template[j]));
    }
    let (mut kept, mut broken, mut lost, mut likely) = (0, 0, 0, 0.0);
    for &(i, j) in columns {
        let Some(partner) = pairs.get(j).copied().flatten() else {
            continue;
        };
        match place[partner] {
            Some(other) if can_pair(query[i], query[other]) => {
                kept += 1;
                likely += foldings.probability(i, other);
            }
            Some(_) => broken += 1,
            None => lost += 1,
        }
    }
    let part = |count: usize| to_f64(count) / to_f64(length);
    let mut figures = [0.0; FIGURES];
    figures[..9].copy_from_slice(&[
        1.0,
        log_length(length),
        score,
        part(same),
        part(covered),
        part(kept),
        part(broken),
        part(lost),
        likely / to_f64(length),
    ]);
    figures
}

/// The figures of a folding of the chain itself.
pub(super) fn of_folding(pairs: &Pairs, foldings: &Foldings) -> [f64; FIGURES] {
    let length = to_f64(pairs.len().max(1));
    let paired = to_f64(pairs.iter().flatten().count());
    let each = pairs.iter().enumerate();
    let likely: f64 = each
        .filter_map(|(i, partner)| Some(foldings.probability(i, (*partner)?)))
        .sum();
    let mut figures = [0.0; FIGURES];
    figures[11..15].copy_from_slice(&[
        1.0,
        log_length(pairs.len()),
        paired / length,
        likely / length,
    ]);
    figures
}

/// The figures of one helix.
pub(super) fn of_helix(length: usize) -> [f64; FIGURES] {
    let mut figures = [0.0; FIGURES];
    figures[15..].copy_from_slice(&[1.0, log_length(length)]);
    figures
}

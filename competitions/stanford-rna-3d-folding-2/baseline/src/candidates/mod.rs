//! All structures that a target might be given, and what can be said of each
//! before the truth is known.
//!
//! Templates come twice ([`templates`]): as the search aligned them, and realigned
//! with an eye on structure ([`crate::realign`]). Beside them stand the chain's own
//! foldings ([`crate::ensemble`]) and one helix.

mod alike;
mod figures;
mod templates;

use std::collections::BTreeMap;

use kgl_contract::Hit;
use rayon::prelude::*;

pub use figures::{FIGURES, NAMES};

use crate::complete::build;
use crate::contacts::pairs_of;
use crate::ensemble::foldings;
use crate::fold::Pairs;
use crate::geometry::Point;
use crate::labels::Structure;
use crate::submission::SampleTarget;
use crate::transfer::HitError;

/// The library as the candidates need it: structures with their pairs.
pub type Library = BTreeMap<String, (Structure, Pairs)>;

/// The structures of templates with the pairs they show.
#[must_use]
pub fn with_pairs(structures: BTreeMap<String, Structure>) -> Library {
    structures
        .into_par_iter()
        .map(|(id, structure)| {
            let trace = structure.copies.first().map_or(&[][..], Vec::as_slice);
            let pairs = pairs_of(&structure.residues, trace);
            (id, (structure, pairs))
        })
        .collect()
}

/// One structure that a target might be given.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The template; `None` where there is none.
    pub template: Option<String>,
    /// The coordinates of all residues.
    pub trace: Vec<Point>,
    /// What is known of it, by [`NAMES`].
    pub figures: [f64; FIGURES],
}

/// A target's candidates, and how much they resemble each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pool {
    /// The candidates.
    pub candidates: Vec<Candidate>,
    /// Quick TM-scores, `[i][j]` of candidate i against candidate j.
    pub alike: Vec<Vec<f64>>,
}

/// The pool of `target`.
///
/// # Errors
/// A hit that contradicts the query or the template's structure.
pub fn pool(
    target: &SampleTarget,
    hits: &[Hit],
    score_scale: u32,
    library: &Library,
) -> Result<Pool, HitError> {
    let length = target.sequence.len();
    let foldings = foldings(&target.sequence);
    let (scores, mut candidates): (Vec<f64>, Vec<Candidate>) =
        templates::candidates(target, hits, score_scale, library, &foldings)?
            .into_iter()
            .unzip();
    candidates.extend(foldings.folds.iter().map(|pairs| Candidate {
        template: None,
        trace: build(pairs, &target.cuts),
        figures: figures::of_folding(pairs, &foldings),
    }));
    candidates.push(Candidate {
        template: None,
        trace: build(&vec![None; length], &target.cuts),
        figures: figures::of_helix(length),
    });
    let alike = alike::resemblance(&candidates);
    alike::agree(&mut candidates, &scores, &alike, length);
    Ok(Pool { candidates, alike })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    const SEQUENCE: &[u8] = b"GGCGCUUUUGCGCC";

    fn hit(target: &str) -> Hit {
        Hit {
            target: target.into(),
            target_index: 0,
            score: 280,
            alignment: Some(kgl_contract::HitAlignment {
                matches: 14,
                columns: 14,
                query_span: [0, 14],
                target_span: [0, 14],
                cigar: "14=".into(),
            }),
        }
    }

    fn target(sequence: &[u8]) -> SampleTarget {
        SampleTarget {
            id: "q".into(),
            sequence: sequence.to_vec(),
            cuts: Vec::new(),
        }
    }

    fn library() -> Library {
        let trace = build(&fold(SEQUENCE), &[]).into_iter().map(Some).collect();
        let structure = Structure {
            residues: SEQUENCE.to_vec(),
            copies: vec![trace],
        };
        with_pairs([("same".to_owned(), structure)].into())
    }

    #[test]
    fn a_template_is_described_and_alike_ones_stand_once() {
        let hits = [hit("same"), hit("unlabelled")];
        let pool = pool(&target(SEQUENCE), &hits, 10, &library()).unwrap();
        // Both alignments are the same; then the foldings and the helix.
        let templates: Vec<bool> = pool
            .candidates
            .iter()
            .map(|c| c.template.is_some())
            .collect();
        assert!(templates[0] && !templates[1] && templates.len() >= 3);
        let figures = pool.candidates[0].figures;
        let named = |name: &str| figures[NAMES.iter().position(|n| *n == name).unwrap()];
        for (name, expected) in [
            ("identity", 1.0),
            ("covered", 1.0),
            ("pairs_kept", 10.0 / 14.0),
            ("pairs_broken", 0.0),
            ("agreement", 1.0),
            ("folding", 0.0),
        ] {
            assert!(
                (named(name) - expected).abs() < 1e-9,
                "{name}: {}",
                named(name)
            );
        }
        assert!(named("pairs_likely") > 0.6, "{}", named("pairs_likely"));
        for (i, row) in pool.alike.iter().enumerate() {
            for (j, tm) in row.iter().enumerate() {
                assert!(tm.total_cmp(&pool.alike[j][i]).is_eq() && *tm > 0.0);
            }
        }
        let last = pool.candidates.last().unwrap();
        assert!(last.figures[9] < 0.9 && last.figures[15] > 0.5);
    }

    #[test]
    fn without_hits_the_chain_itself_remains() {
        let pool = pool(&target(b"AAAA"), &[], 10, &Library::new()).unwrap();
        assert_eq!(pool.candidates.len(), 1);
        assert_eq!(pool.alike, [[1.0]]);
    }

    #[test]
    fn a_pair_that_the_query_cannot_make_is_broken() {
        let mut sequence = SEQUENCE.to_vec();
        sequence[1] = b'A';
        let pool = pool(&target(&sequence), &[hit("same")], 10, &library()).unwrap();
        assert!((pool.candidates[0].figures[6] - 2.0 / 14.0).abs() < 1e-9);
    }
}

//! What the right answers are, and whether everybody gives them.
//!
//! Scores are compared with the kernels of kgl-align, which its own tests hold
//! equal to the scalar oracle. A program that computes anything else is not
//! timed against them: it would not be the same work.

use crate::files::{Named, Set};
use crate::peers::Scores;
use kgl_align::{Engine, KernelChoice, Mode, Scoring};
use kgl_cli::{Failure, OrFail as _};
use std::collections::HashMap;

/// Match 2, mismatch −3, 5 + 2k for a gap of k.
pub(crate) fn engine(mode: Mode) -> Result<Engine, Failure> {
    let scoring = Scoring::new(mode, 2, -3, -3, -7, -2).or_outside("the benchmark's scoring")?;
    Engine::new(scoring, KernelChoice::Auto).or_outside("the fastest kernel")
}

/// Asserts that `found` holds the score of every pair of the two sets.
pub(crate) fn assert_scores(
    who: &str,
    mode: Mode,
    found: &Scores,
    queries: &Set,
    targets: &Set,
) -> Result<(), Failure> {
    let engine = engine(mode)?;
    let targets = targets.read()?;
    let codes: Vec<&[u8]> = targets.iter().map(|(_, codes)| codes.as_slice()).collect();
    for (query, residues) in queries.read()? {
        for ((target, _), score) in targets.iter().zip(engine.scores(&residues, &codes)) {
            let said = found.get(&(query.clone(), target.clone()));
            if said != Some(&score) {
                return Err(Failure::outside(format_args!(
                    "{who} ({mode}): query {query} and target {target} score {score}, not {said:?}"
                ))
                .hint("it does not compute the same, so it cannot be compared"));
            }
        }
    }
    Ok(())
}

/// How well a heuristic's hits agree with the exact ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Recall {
    pub(crate) first: f64,
    pub(crate) ten: f64,
}

/// Hits of a search, best first, by query.
pub(crate) type Ranking = HashMap<String, Vec<String>>;

/// Collects rows into rankings: a query itself is no hit, and a target counts once.
pub(crate) fn ranking(rows: impl IntoIterator<Item = (String, String)>) -> Ranking {
    let mut ranking = Ranking::new();
    for (query, target) in rows {
        if query != target {
            let hits = ranking.entry(query).or_default();
            if !hits.contains(&target) {
                hits.push(target);
            }
        }
    }
    ranking
}

/// The scores of each query's ten best hits, best first.
pub(crate) type Best = HashMap<String, Vec<i64>>;

/// The share of queries whose first hit is as good as the best one, and the
/// share of the ten best that are among the first ten: a hit that scores no
/// less than the tenth best is one of them, whichever of equals it is.
pub(crate) fn recall(
    found: &Ranking,
    best: &Best,
    mode: Mode,
    queries: &[Named],
    targets: &HashMap<String, Vec<u8>>,
) -> Result<Recall, Failure> {
    let engine = engine(mode)?;
    let (mut first, mut ten, mut of) = (0, 0, 0);
    for (query, residues) in queries {
        let best = best.get(query).map(Vec::as_slice).unwrap_or_default();
        let (Some(highest), Some(lowest)) = (best.first(), best.last()) else {
            continue;
        };
        of += best.len();
        let hits = found.get(query).map(Vec::as_slice).unwrap_or_default();
        let codes: Vec<&[u8]> = hits
            .iter()
            .take(10)
            .filter_map(|id| targets.get(id).map(Vec::as_slice))
            .collect();
        let scores = engine.scores(residues, &codes);
        first += usize::from(scores.first() == Some(highest));
        ten += scores.iter().filter(|&score| score >= lowest).count();
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Ok(Recall {
        first: share(first, queries.len()),
        ten: share(ten, of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, text: &str) -> Named {
        (id.to_owned(), kgl_seq::alphabet::encode(text).unwrap())
    }

    #[test]
    fn a_wrong_or_missing_score_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (queries, targets) = (Set::new(dir.path(), "q"), Set::new(dir.path(), "t"));
        queries.write(&[named("q", "GGACU")]).unwrap();
        targets
            .write(&[named("t", "GGACU"), named("u", "GGAC")])
            .unwrap();
        let key = |target: &str| ("q".to_owned(), target.to_owned());
        let mut scores = Scores::from([(key("t"), 10), (key("u"), 8)]);
        let check = |scores: &Scores| assert_scores("it", Mode::Local, scores, &queries, &targets);
        assert!(check(&scores).is_ok());
        scores.insert(key("u"), 9);
        let text = check(&scores).unwrap_err().to_string();
        assert!(
            text.contains("query q and target u score 8, not Some(9)"),
            "{text}"
        );
        scores.remove(&key("u"));
        assert!(check(&scores).is_err());
    }

    #[test]
    fn recall_counts_equals_as_equal_and_itself_not_at_all() {
        let query = named("q", "GGACUGGACU");
        let mut targets: HashMap<String, Vec<u8>> = HashMap::from([query.clone()]);
        // Ten exact copies, two worse ones.
        for at in 0..10 {
            targets.insert(format!("copy{at}"), query.1.clone());
        }
        targets.insert("worse".to_owned(), query.1[..9].to_vec());
        targets.insert("worst".to_owned(), query.1[..8].to_vec());
        let rank = |ids: &[&str]| {
            let found = ranking(ids.iter().map(|id| ("q".to_owned(), (*id).to_owned())));
            let queries = [query.clone()];
            let best = Best::from([("q".to_owned(), vec![20; 10])]);
            super::recall(&found, &best, Mode::Local, &queries, &targets).unwrap()
        };
        assert_eq!(
            rank(&["q", "copy3", "copy3", "copy1"]),
            Recall {
                first: 1.0,
                ten: 0.2
            }
        );
        assert_eq!(
            rank(&["worse", "copy1"]),
            Recall {
                first: 0.0,
                ten: 0.1
            }
        );
        assert_eq!(rank(&[]), Recall::default());
    }
}

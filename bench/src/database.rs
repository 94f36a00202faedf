//! The sequences that are searched: seeded, and shaped like the library of the
//! RNA competition's second part.
//!
//! 5,716 targets, half of them below 120 residues, 1,619 above a thousand,
//! 4.21 million residues in all; most of them in families, with copies and with
//! distant relatives. The long ones are ribosomes: a few families of hundreds. Of
//! the short ones some are such families too (transfer RNA), most are small, and
//! some have no relative. A family's members are neighbours in length.

use crate::files::{Named, Set};
use kgl_cli::{Exit, Failure, Io};
use kgl_testkit::Rng;
use kgl_testkit::families::{Evolution, evolve};
use std::path::Path;

/// Targets of the database.
pub(crate) const TARGETS: usize = 5_716;
/// Residues of the database.
const RESIDUES: usize = 4_210_000;
/// Queries that have no relative in the database, and their residues (28 real
/// ones had 9,762).
const UNRELATED: usize = 28;
/// Queries out of the database, each to be searched without itself.
const RELATIVES: usize = 200;
/// Parts of the database, and which targets they hold: each so manieth.
const PARTS: [(&str, usize); 5] = [
    ("targets", 1),
    ("half", 2),
    ("quarter", 4),
    ("eighth", 8),
    ("fortieth", 40),
];
/// Sizes of the sets of short sequences with which growth is measured.
pub(crate) const GROWTH: [usize; 4] = [12_500, 25_000, 50_000, 100_000];
/// Everything here comes from this seed.
const SEED: u64 = 5_716;

/// Lengths of targets: a share of them is at most so long, and the logarithm
/// is linear in between.
const QUANTILES: [(f64, f64); 8] = [
    (0.0, 12.0),
    (0.25, 50.0),
    (0.5, 119.0),
    (0.717, 1000.0),
    (0.8, 1500.0),
    (0.9, 2900.0),
    (0.985, 3800.0),
    (1.0, 5000.0),
];
/// From here on lengths are squeezed until the total is right.
const LONG: usize = 1000;

/// Writes all sets below `dir`.
pub(crate) fn generate(dir: &Path, chains: Option<&Path>, io: &Io) -> Result<Exit, Failure> {
    std::fs::create_dir_all(dir)
        .map_err(|error| Failure::outside(format_args!("{}: {error}", dir.display())))?;
    let real = match chains {
        None => Vec::new(),
        Some(path) => read_chains(path)?,
    };
    let targets = targets(&real);
    let residues: usize = targets.iter().map(|(_, codes)| codes.len()).sum();
    io.note(format_args!(
        "{} targets, {residues} residues, {} of them real chains: {}",
        targets.len(),
        real.len().min(targets.len()),
        dir.display()
    ));
    let set = |name: &str| Set::new(dir, name);
    for (name, step) in PARTS {
        set(name).write(targets.iter().step_by(step))?;
    }
    // Out of the quarter, so that they serve for it as well.
    let mut pool: Vec<&Named> = targets.iter().step_by(4).collect();
    pool.sort_by_key(|(id, codes)| (codes.len(), id.clone()));
    let relatives: Vec<&Named> = (0..RELATIVES)
        .map(|at| pool[at * pool.len() / RELATIVES])
        .collect();
    set("relatives").write(relatives.iter().copied())?;
    set("relatives-quarter").write(relatives.iter().copied().step_by(4))?;

    let unrelated = unrelated();
    set("unrelated").write(&unrelated)?;
    set("sample").write(unrelated.iter().step_by(10))?;
    let tiny: Vec<Named> = unrelated
        .iter()
        .map(|(id, codes)| (id.clone(), codes[..3].to_vec()))
        .collect();
    set("tiny").write(&tiny)?;

    let short = short_sequences();
    for size in GROWTH {
        set(&format!("short-{size}")).write(&short[..size])?;
    }
    set("few").write(short.iter().step_by(GROWTH[3] / 40))?;
    Ok(Exit::Done)
}

/// The database, in random order.
fn targets(real: &[Named]) -> Vec<Named> {
    let mut lengths = lengths(TARGETS, RESIDUES);
    // A real chain takes the place of the generated one nearest in length.
    let kept = &real[..real.len().min(TARGETS)];
    for (_, codes) in kept {
        let at = lengths.partition_point(|&length| length < codes.len());
        let nearest = [at.checked_sub(1), Some(at)]
            .into_iter()
            .flatten()
            .filter(|&at| at < lengths.len())
            .min_by_key(|&at| lengths[at].abs_diff(codes.len()));
        if let Some(at) = nearest {
            lengths.remove(at);
        }
    }
    let mut sequences: Vec<Named> = kept.to_vec();
    let generated = family_members(&lengths);
    let ids = (1..).map(|number: usize| format!("t{number:05}"));
    sequences.extend(ids.zip(generated));
    Rng::new(SEED, 1).shuffle(&mut sequences);
    sequences
}

/// Ascending lengths of `count` targets with `residues` in all.
fn lengths(count: usize, residues: usize) -> Vec<usize> {
    let drawn: Vec<f64> = (0..count)
        .map(|at| quantile((at as f64 + 0.5) / count as f64))
        .collect();
    let long = LONG as f64;
    let short: f64 = drawn.iter().map(|length| length.min(long)).sum();
    let above: f64 = drawn.iter().map(|length| (length - long).max(0.0)).sum();
    let squeeze = ((residues as f64 - short) / above).max(0.0);
    drawn
        .into_iter()
        .map(|length| {
            let squeezed = length.min(long) + (length - long).max(0.0) * squeeze;
            // Positive and small.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let whole = squeezed.round() as usize;
            whole
        })
        .collect()
}

fn quantile(share: f64) -> f64 {
    let above = QUANTILES
        .iter()
        .position(|&(at, _)| share < at)
        .unwrap_or(QUANTILES.len() - 1);
    let [(x0, y0), (x1, y1)] = [QUANTILES[above - 1], QUANTILES[above]];
    y0 * (y1 / y0).powf((share - x0) / (x1 - x0))
}

/// Sequences of exactly these (ascending) lengths: families of neighbours,
/// and some without relatives among the short ones.
fn family_members(lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(SEED, 0);
    let mut sequences = Vec::with_capacity(lengths.len());
    while let Some(&first) = lengths.get(sequences.len()) {
        let size = if first >= LONG {
            rng.between(150, 450)
        } else if rng.chance(0.35) {
            1
        } else if rng.chance(0.02) {
            rng.between(80, 250)
        } else {
            rng.between(2, 12)
        };
        let rest = &lengths[sequences.len()..];
        let members = &rest[..size.min(rest.len())];
        let longest = members.last().copied().unwrap_or(first);
        let ancestor = rng.residues(longest + longest / 10);
        for &length in members {
            sequences.push(member(&mut rng, &ancestor, length));
        }
    }
    sequences
}

/// A stretch of a descendant, from a copy to a distant relative.
fn member(rng: &mut Rng, ancestor: &[u8], length: usize) -> Vec<u8> {
    let substitution = [0.0, 0.0, 0.02, 0.08, 0.2, 0.3][rng.below(6)];
    let evolution = Evolution {
        substitution,
        insertion: substitution / 6.0,
        deletion: substitution / 6.0,
        run: 0.5,
    };
    let mut sequence = evolve(rng, ancestor, &evolution).sequence;
    sequence.truncate(length);
    let missing = length - sequence.len();
    sequence.extend(rng.residues(missing));
    sequence
}

/// Queries from 19 residues on, one of them long, without relatives.
fn unrelated() -> Vec<Named> {
    let mut rng = Rng::new(SEED, 2);
    let mut length = 19.0;
    let mut queries: Vec<Named> = (1..UNRELATED)
        .map(|number| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let whole = length as usize;
            length *= 1.1465;
            (format!("q{number:02}"), rng.residues(whole))
        })
        .collect();
    queries.push((format!("q{UNRELATED}"), rng.residues(4_640)));
    queries
}

/// 80 residues on average.
fn short_sequences() -> Vec<Named> {
    let mut rng = Rng::new(SEED, 3);
    (1..=GROWTH[3])
        .map(|number| {
            let length = rng.between(20, 140);
            (format!("s{number:06}"), rng.residues(length))
        })
        .collect()
}

/// Real chains without unknown residues, which not all programs score alike.
fn read_chains(path: &Path) -> Result<Vec<Named>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| kgl_cli::read_failure(path, error))?;
    let columns = kgl_seq::Columns {
        id: "target_id".to_owned(),
        sequence: "sequence".to_owned(),
        date: None,
        group: None,
    };
    let records = kgl_seq::read_bytes(&bytes, &path.display().to_string(), &columns)
        .map_err(Failure::usage)?;
    Ok(records
        .into_iter()
        .filter(|record| record.sequence.iter().all(|&code| code < 4))
        .map(|record| (record.id, record.sequence))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_cli::Common;

    #[test]
    fn the_database_has_the_shape_it_claims() {
        let targets = targets(&[]);
        let mut lengths: Vec<usize> = targets.iter().map(|(_, codes)| codes.len()).collect();
        lengths.sort_unstable();
        let total: usize = lengths.iter().sum();
        assert_eq!(lengths.len(), TARGETS);
        assert!(total.abs_diff(RESIDUES) < 5_000, "{total}");
        assert!((115..=122).contains(&lengths[TARGETS / 2]));
        let long = lengths.iter().filter(|&&length| length > 1000).count();
        assert!(long.abs_diff(1_619) < 12, "{long}");
        let queries: usize = unrelated().iter().map(|(_, codes)| codes.len()).sum();
        assert!(queries.abs_diff(9_762) < 300, "{queries}");
    }

    #[test]
    fn real_chains_take_places_of_like_length() {
        let real: Vec<Named> = (0..40)
            .map(|at| (format!("R{at}"), vec![1; 30 + 90 * at]))
            .collect();
        let targets = targets(&real);
        let total: usize = targets.iter().map(|(_, codes)| codes.len()).sum();
        assert_eq!(targets.len(), TARGETS);
        assert!(total.abs_diff(RESIDUES) < 6_000, "{total}");
        assert_eq!(
            targets.iter().filter(|(id, _)| id.starts_with('R')).count(),
            40
        );
    }

    #[test]
    fn the_same_files_every_time_in_both_formats() {
        let dir = tempfile::tempdir().unwrap();
        let io = Io::new(&Common {
            quiet: true,
            ..Common::default()
        });
        generate(dir.path(), None, &io).unwrap();
        let quarter = Set::new(dir.path(), "quarter");
        let read = quarter.read().unwrap();
        assert_eq!(read.len(), TARGETS.div_ceil(4));
        let fasta = std::fs::read_to_string(quarter.fasta()).unwrap();
        assert_eq!(fasta.lines().count(), 2 * read.len());
        assert!(!fasta.contains('U'));
        let again = targets(&[]);
        assert_eq!(again.iter().step_by(4).cloned().collect::<Vec<_>>(), read);
        // Every query out of the database is in the part it is searched in.
        for (queries, targets) in [("relatives", "targets"), ("relatives-quarter", "quarter")] {
            let targets = Set::new(dir.path(), targets).read().unwrap();
            for query in Set::new(dir.path(), queries).read().unwrap() {
                assert!(targets.contains(&query));
            }
        }
    }
}

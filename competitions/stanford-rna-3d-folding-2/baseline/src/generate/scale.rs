//! A competition of part 2's size and shape, to see whether the pipeline holds:
//! as many targets, residues and bytes as there, the same quantiles of length, every
//! third of the longer ones several chains after each other. Three quarters of the
//! structures have missing residues, half of all residues are missing. Sequences are
//! random but for a few relatives of each query; structures are chains that only look
//! like RNA from afar. Everything is written as it is made: the labels would fill a
//! third of a gigabyte.

use std::io::{self, Write};

use crate::geometry::{Point, add};
use crate::helix::{RISE, strand_point};
use crate::random::Random;
use crate::tm_score::to_f64;

/// Training targets of part 2, and their residues.
const TRAIN: (usize, usize) = (5_716, 7_794_971);
/// Test targets of part 2, and their residues.
const TEST: (usize, usize) = (28, 9_762);
/// Quantiles of the training lengths: part and residues; the upper part follows
/// from the sum. The longest stands alone.
const TRAIN_QUANTILES: [(f64, f64); 4] = [(0.0, 10.0), (0.25, 43.0), (0.5, 94.5), (0.75, 2_584.0)];
/// The longest training target.
const TRAIN_LONGEST: usize = 125_580;
/// The shortest test target.
const TEST_QUANTILES: [(f64, f64); 1] = [(0.0, 19.0)];
/// The longest test target.
const TEST_LONGEST: usize = 4_640;
/// Training targets that are made from each test target.
const RELATIVES: usize = 12;
/// Chains shorter than this stand alone.
const SHORTEST_COMPLEX: usize = 60;
/// At most so many residues from one missing stretch to the next.
const LONGEST_PERIOD: usize = 60;
/// Where the made-up structures stand: real ones are as far from the origin, and
/// their coordinates have as many digits.
const ORIGIN: Point = [100.0; 3];
/// Residues of one straight stretch of a made-up structure.
const STRETCH: usize = 50;
/// Distance in ångström of neighbouring stretches.
const SPACING: f64 = 23.0;

/// A target to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    id: String,
    sequence: Vec<u8>,
    date: String,
}

/// The training and the test targets.
#[must_use]
pub fn outlines(seed: u64) -> (Vec<Outline>, Vec<Outline>) {
    let mut random = Random::new(seed);
    let mut test: Vec<Outline> = lengths(TEST.0, TEST.1, &TEST_QUANTILES, TEST_LONGEST)
        .into_iter()
        .enumerate()
        .map(|(k, length)| Outline {
            id: pdb_id(TRAIN.0 + k),
            sequence: letters(length, &mut random),
            date: format!("2025-{:02}-01", 5 + k % 4),
        })
        .collect();
    let mut train: Vec<Outline> = lengths(TRAIN.0, TRAIN.1, &TRAIN_QUANTILES, TRAIN_LONGEST)
        .into_iter()
        .map(|length| Outline {
            id: String::new(),
            sequence: letters(length, &mut random),
            date: String::new(),
        })
        .collect();
    // The relatives take the places of targets of about their length, so that
    // the sum of all lengths stays what it is.
    let mut free = vec![true; train.len()];
    for query in &test {
        for _ in 0..RELATIVES {
            let nearest = (0..train.len())
                .filter(|&k| free[k])
                .min_by_key(|&k| train[k].sequence.len().abs_diff(query.sequence.len()));
            let Some(place) = nearest else { break };
            free[place] = false;
            let change = 0.05 + 0.4 * random.unit();
            for (letter, ancestor) in train[place].sequence.iter_mut().zip(&query.sequence) {
                if !random.chance(change) {
                    *letter = *ancestor;
                }
            }
        }
    }
    for target in train.iter_mut().chain(&mut test) {
        repeat_first_chain(&mut target.sequence);
    }
    // A shuffle, so that file order is not length order.
    for k in (1..train.len()).rev() {
        let other = random.below(k + 1);
        train.swap(k, other);
    }
    for (k, target) in train.iter_mut().enumerate() {
        target.id = pdb_id(k);
        let day = k * 10_000 / TRAIN.0;
        target.date = format!(
            "{}-{:02}-{:02}",
            1996 + day / 360,
            1 + day / 30 % 12,
            1 + day % 28
        );
    }
    (train, test)
}

/// `count` lengths in ascending order whose sum is `total` and whose quantiles
/// are `quantiles`; the last is `longest`.
fn lengths(count: usize, total: usize, quantiles: &[(f64, f64)], longest: usize) -> Vec<usize> {
    let with_end = |end: f64| -> Vec<usize> {
        let mut knots = quantiles.to_vec();
        knots.push((1.0, end));
        let mut found: Vec<usize> = (0..count - 1)
            .map(|k| {
                let part = to_f64(k) / to_f64(count - 1);
                let after = knots
                    .iter()
                    .position(|knot| knot.0 > part)
                    .unwrap_or(knots.len() - 1);
                let (a, b) = (knots[after - 1], knots[after]);
                let along = (part - a.0) / (b.0 - a.0);
                let log = libm::log(a.1) + along * (libm::log(b.1) - libm::log(a.1));
                whole(libm::exp(log))
            })
            .collect();
        found.push(longest);
        found
    };
    let (mut low, mut high) = (quantiles.last().map_or(1.0, |q| q.1), to_f64(longest));
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if with_end(middle).iter().sum::<usize>() > total {
            high = middle;
        } else {
            low = middle;
        }
    }
    let mut found = with_end(low);
    // What rounding left over goes to the longer ones, one residue each.
    let left = total.saturating_sub(found.iter().sum());
    for k in 0..left {
        let place = count - 2 - k % (count - 1);
        found[place] += 1;
    }
    found
}

/// Residues of the first chain, which is there twice before another chain follows;
/// `None` where a target of this length is one chain.
fn first_chain(length: usize) -> Option<usize> {
    (length >= SHORTEST_COMPLEX && length.is_multiple_of(3)).then_some(2 * length / 5)
}

/// Makes the second chain of a target that has several the same as the first.
fn repeat_first_chain(sequence: &mut [u8]) {
    if let Some(residues) = first_chain(sequence.len()) {
        sequence.copy_within(..residues, residues);
    }
}

/// Whether residue `i` (from 0) of the `k`th structure of `length` residues is missing.
fn is_missing(k: usize, length: usize, i: usize) -> bool {
    let period = (length / 2).clamp(6, LONGEST_PERIOD);
    !k.is_multiple_of(4) && (i + k) % period < 2 * period / 3
}

/// The numbers 0, 1, 2 … as ids of four characters.
fn pdb_id(number: usize) -> String {
    const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let letter = |k: usize| char::from(LETTERS[k % 26]);
    format!(
        "{}{}{}{}",
        1 + number / 17_576 % 9,
        letter(number / 676),
        letter(number / 26),
        letter(number)
    )
}

fn letters(count: usize, random: &mut Random) -> Vec<u8> {
    (0..count).map(|_| random.pick(b"ACGU")).collect()
}

/// The nearest whole number of a length.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths are positive and small"
)]
fn whole(length: f64) -> usize {
    length.round() as usize
}

/// Writes a file of sequences with part 2's columns.
///
/// # Errors
/// `out` cannot be written.
pub fn write_sequences(targets: &[Outline], out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "target_id,sequence,temporal_cutoff,description,stoichiometry,all_sequences,ligand_ids,ligand_SMILES"
    )?;
    for Outline { id, sequence, date } in targets {
        let text = String::from_utf8_lossy(sequence);
        let (copies, all) = match first_chain(sequence.len()) {
            None => ("A:1", format!(">{id}_1|Chain A|RNA (synthetic)\n{text}\n")),
            Some(first) => (
                "A:2;B:1",
                format!(
                    ">{id}_1|Chains A, C|RNA (synthetic)\n{}\n>{id}_2|Chain B|RNA (synthetic)\n{}\n",
                    &text[..first],
                    &text[2 * first..]
                ),
            ),
        };
        writeln!(out, "{id},{text},{date},made-up RNA,{copies},\"{all}\",,")?;
    }
    Ok(())
}

/// Writes labels with part 2's columns. A missing residue is -1e18 in most targets
/// and empty in some: the competition's files have both.
///
/// # Errors
/// `out` cannot be written.
pub fn write_labels(targets: &[Outline], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "ID,resname,resid,x_1,y_1,z_1,chain,copy")?;
    for (k, Outline { id, sequence, .. }) in targets.iter().enumerate() {
        let missing = if k % 5 == 4 {
            ",,"
        } else {
            "-1e+18,-1e+18,-1e+18"
        };
        let first = first_chain(sequence.len()).unwrap_or(sequence.len());
        for (i, letter) in sequence.iter().enumerate() {
            let (letter, n) = (char::from(*letter), i + 1);
            let chain = match i / first {
                0 => "A,1",
                1 => "A,2",
                _ => "B,1",
            };
            if is_missing(k, sequence.len(), i) {
                writeln!(out, "{id}_{n},{letter},{n},{missing},{chain}")?;
            } else {
                let [x, y, z] = place(i);
                writeln!(out, "{id}_{n},{letter},{n},{x:.3},{y:.3},{z:.3},{chain}")?;
            }
        }
    }
    Ok(())
}

/// Writes the sample submission of `targets`.
///
/// # Errors
/// `out` cannot be written.
pub fn write_sample(targets: &[Outline], out: &mut impl Write) -> io::Result<()> {
    write!(out, "ID,resname,resid")?;
    for k in 1..=5 {
        write!(out, ",x_{k},y_{k},z_{k}")?;
    }
    writeln!(out)?;
    let zeros = ",0.0".repeat(15);
    for Outline { id, sequence, .. } in targets {
        for (i, letter) in sequence.iter().enumerate() {
            writeln!(
                out,
                "{id}_{},{},{}{zeros}",
                i + 1,
                char::from(*letter),
                i + 1
            )?;
        }
    }
    Ok(())
}

/// The place of residue `i`: helical stretches that stand side by side like a
/// box of pencils, up and down in turn.
fn place(i: usize) -> Point {
    let (stretch, along) = (i / STRETCH, to_f64(i % STRETCH));
    let (row, column) = (stretch / STRETCH, stretch % STRETCH);
    let foot = add(
        ORIGIN,
        [SPACING * to_f64(column), SPACING * to_f64(row), 0.0],
    );
    let [x, y, z] = strand_point(along);
    let upright = if stretch.is_multiple_of(2) {
        [x, y, z]
    } else {
        [x, -y, RISE * to_f64(STRETCH) - z]
    };
    add(foot, upright)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_quantiles_are_part_twos() {
        let (train, test) = outlines(1);
        let sorted = |targets: &[Outline]| {
            let mut lengths: Vec<usize> = targets.iter().map(|t| t.sequence.len()).collect();
            lengths.sort_unstable();
            lengths
        };
        let lengths = sorted(&train);
        assert_eq!((lengths.len(), lengths.iter().sum::<usize>()), TRAIN);
        assert_eq!((lengths[0], lengths[5_715]), (10, TRAIN_LONGEST));
        assert!(lengths[1_429].abs_diff(43) < 2 && lengths[4_287].abs_diff(2_584) < 20);
        assert!((94..=95).contains(&lengths[2_858]), "{}", lengths[2_858]);
        assert!(lengths[5_714] < 10_000, "{}", lengths[5_714]);
        let lengths = sorted(&test);
        assert_eq!((lengths.len(), lengths.iter().sum::<usize>()), TEST);
        assert_eq!((lengths[0], lengths[27]), (19, TEST_LONGEST));
        let ids: std::collections::BTreeSet<&str> =
            train.iter().chain(&test).map(|t| t.id.as_str()).collect();
        assert_eq!(ids.len(), TRAIN.0 + TEST.0);
        assert!(train.iter().all(|t| t.date < test[0].date));
    }

    #[test]
    fn half_of_the_residues_are_missing_and_no_structure_is_empty() {
        let (train, _) = outlines(1);
        let (mut missing, mut incomplete) = (0, 0);
        for (k, target) in train.iter().enumerate() {
            let length = target.sequence.len();
            let holes = (0..length).filter(|&i| is_missing(k, length, i)).count();
            assert!(holes < length, "{k}: {holes} of {length}");
            missing += holes;
            incomplete += usize::from(holes > 0);
        }
        let part = to_f64(missing) / to_f64(TRAIN.1);
        assert!((0.49..0.51).contains(&part), "{part}");
        assert!(incomplete > TRAIN.0 / 2);
    }

    #[test]
    fn chains_stand_after_each_other_and_add_up() {
        let (train, test) = outlines(1);
        for targets in [train, test] {
            let several = targets
                .iter()
                .filter_map(|t| Some((t, first_chain(t.sequence.len())?)));
            let several: Vec<_> = several.take(9).collect();
            assert!(several.len() > 2);
            for (target, first) in several {
                assert_eq!(target.sequence[..first], target.sequence[first..2 * first]);
                let mut out = Vec::new();
                write_sequences(std::slice::from_ref(target), &mut out).unwrap();
                let text = String::from_utf8(out).unwrap();
                let (_, quoted) = text.split_once("A:2;B:1,\"").unwrap();
                let fasta = quoted.split('"').next().unwrap();
                let found = crate::chains::cuts("A:2;B:1", fasta, target.sequence.len());
                assert_eq!(found, Some(vec![first, 2 * first]));
            }
        }
    }

    #[test]
    fn labels_have_part_twos_columns_and_holes() {
        let outline = |id: &str| Outline {
            id: id.into(),
            sequence: b"GACUGACU".to_vec(),
            date: String::new(),
        };
        let ids = [
            "1AAA", "1AAB", "1AAC", "1AAD", "1AAE", "1AAF", "1AAG", "1AAH", "1AAI", "1AAJ",
        ];
        let mut out = Vec::new();
        write_labels(&ids.map(outline), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ID,resname,resid,x_1,y_1,z_1,chain,copy");
        let rows = |id: &str, holes: &str| {
            let own = lines.iter().filter(|line| line.starts_with(id));
            own.filter(|line| line.ends_with(holes)).count()
        };
        assert_eq!(rows("1AAA", ",A,1"), 8);
        assert_eq!(rows("1AAA", ",-1e+18,-1e+18,-1e+18,A,1"), 0);
        assert_eq!(rows("1AAB", ",-1e+18,-1e+18,-1e+18,A,1"), 6);
        assert_eq!(rows("1AAJ", ",,,,A,1"), 5);
    }
}

//! The files of a competition, in the real one's formats.

use std::fmt::Write as _;

use crate::generate::entries::Entry;
use crate::geometry::Point;

/// What a label says of a residue that was not seen, in the hidden labels.
const NOT_SEEN: &str = "-1e+18";
/// Structures a target of a submission has.
const SLOTS: usize = 5;

/// The files of the competition as relative paths and contents:
/// train_sequences.csv, train_labels.csv, test_sequences.csv,
/// sample_submission.csv, and beside them hidden/test_labels.csv and
/// hidden/families.csv, which no competitor would have.
#[must_use]
pub fn render(train: &[Entry], test: &[Entry]) -> Vec<(&'static str, String)> {
    vec![
        ("train_sequences.csv", sequences(train)),
        ("train_labels.csv", labels(train, "")),
        ("test_sequences.csv", sequences(test)),
        ("sample_submission.csv", sample_submission(test)),
        ("hidden/test_labels.csv", labels(test, NOT_SEEN)),
        ("hidden/families.csv", families(train, test)),
    ]
}

fn sequences(entries: &[Entry]) -> String {
    let mut out = String::from("target_id,sequence,temporal_cutoff,description,all_sequences\n");
    for Entry {
        id,
        sequence,
        date,
        family,
        ..
    } in entries
    {
        let (entry, chain) = id.split_once('_').unwrap_or((id, "A"));
        let description = match family % 3 {
            0 => format!("made-up RNA of family {family}"),
            1 => format!("\"made-up RNA, family {family}\""),
            _ => format!("\"made-up RNA\nof \"\"family {family}\"\"\""),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{id},{sequence},{date},{description},\">{entry}_1|Chain {chain}|RNA (synthetic)\n{sequence}\n\""
        );
    }
    out
}

/// Rows of labels with as many structures as the richest entry; `missing` is
/// written for a residue that was not seen.
fn labels(entries: &[Entry], missing: &str) -> String {
    let copies = entries
        .iter()
        .map(|entry| entry.copies.len())
        .max()
        .unwrap_or(1);
    let mut out = header(copies);
    for entry in entries {
        for (i, letter) in entry.sequence.chars().enumerate() {
            let _ = write!(out, "{}_{},{letter},{}", entry.id, i + 1, i + 1);
            for copy in 0..copies {
                match entry.copies.get(copy).and_then(|trace| trace[i]) {
                    Some(point) => write_point(&mut out, point),
                    None => {
                        let _ = write!(out, ",{missing},{missing},{missing}");
                    }
                }
            }
            out.push('\n');
        }
    }
    out
}

fn sample_submission(entries: &[Entry]) -> String {
    let mut out = header(SLOTS);
    let zeros = ",0.0".repeat(3 * SLOTS);
    for entry in entries {
        for (i, letter) in entry.sequence.chars().enumerate() {
            let _ = writeln!(out, "{}_{},{letter},{}{zeros}", entry.id, i + 1, i + 1);
        }
    }
    out
}

fn families(train: &[Entry], test: &[Entry]) -> String {
    let mut out = String::from("target_id,group\n");
    for entry in train.iter().chain(test) {
        let _ = writeln!(out, "{},family-{}", entry.id, entry.family);
    }
    out
}

fn header(copies: usize) -> String {
    let mut out = String::from("ID,resname,resid");
    for k in 1..=copies {
        let _ = write!(out, ",x_{k},y_{k},z_{k}");
    }
    out.push('\n');
    out
}

fn write_point(out: &mut String, [x, y, z]: Point) {
    let _ = write!(out, ",{x:.3},{y:.3},{z:.3}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_real_formats() {
        let entry = |id: &str, family, copies| Entry {
            id: id.into(),
            sequence: "GX".into(),
            date: "2001-02-03".into(),
            family,
            copies,
        };
        let train = [entry(
            "1ABC_A",
            2,
            vec![vec![Some([1.0, -2.5, 3.25]), None]],
        )];
        let test = [entry(
            "2DEF",
            0,
            vec![vec![None, Some([0.0; 3])], vec![None, None]],
        )];
        let files = render(&train, &test);
        let file = |name: &str| files.iter().find(|f| f.0 == name).unwrap().1.as_str();
        assert_eq!(
            file("train_sequences.csv"),
            "target_id,sequence,temporal_cutoff,description,all_sequences\n\
             1ABC_A,GX,2001-02-03,\"made-up RNA\nof \"\"family 2\"\"\",\
             \">1ABC_1|Chain A|RNA (synthetic)\nGX\n\"\n"
        );
        assert_eq!(
            file("train_labels.csv"),
            "ID,resname,resid,x_1,y_1,z_1\n1ABC_A_1,G,1,1.000,-2.500,3.250\n1ABC_A_2,X,2,,,\n"
        );
        assert_eq!(
            file("hidden/test_labels.csv").lines().nth(1).unwrap(),
            "2DEF_1,G,1,-1e+18,-1e+18,-1e+18,-1e+18,-1e+18,-1e+18"
        );
        assert_eq!(file("sample_submission.csv").lines().count(), 3);
        assert!(
            file("sample_submission.csv")
                .lines()
                .all(|l| l.split(',').count() == 18)
        );
        assert_eq!(
            file("hidden/families.csv").lines().nth(2),
            Some("2DEF,family-0")
        );
    }
}

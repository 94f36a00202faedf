//! A competition within a competition: targets of a stretch of time are held
//! out, and everything that is labelled is the library they may be predicted
//! from. Which of it each may use (strictly older, another entry) is the
//! search's to decide, by the dates that stand in these files.

use std::fmt::Write as _;
use std::path::Path;

use kgl_align::ScoringError;

use crate::families::families;
use crate::labels::labelled_targets;
use crate::table::{Table, TableError};

/// Structures a target of a submission has.
const SLOTS: usize = 5;

/// A target with a known structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its sequence, as the file has it.
    pub sequence: String,
    /// Its date, `yyyy-mm-dd`.
    pub date: String,
}

/// The dates of the targets to hold out, `yyyy-mm-dd`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Period {
    /// On this day or later.
    pub since: Option<String>,
    /// Before this day.
    pub before: Option<String>,
}

impl Period {
    /// Whether `date` is within the period.
    #[must_use]
    pub fn holds(&self, date: &str) -> bool {
        self.since.as_deref().is_none_or(|since| date >= since)
            && self.before.as_deref().is_none_or(|before| date < before)
    }
}

/// The targets of `sequences` that have a resolved residue in `labels`, in the
/// order of `sequences`.
///
/// # Errors
/// A file that is unreadable or not of the competition's shape.
pub fn read_known(sequences: &Path, labels: &Path) -> Result<Vec<Known>, TableError> {
    let labelled = labelled_targets(labels)?;
    let mut table = Table::open(sequences)?;
    let columns = [
        table.column("target_id")?,
        table.column("sequence")?,
        table.column("temporal_cutoff")?,
    ];
    let mut known = Vec::new();
    while table.next_row()? {
        let [id, sequence, date] = columns.map(|column| table.text(column).map(str::to_owned));
        let id = id?;
        if labelled.contains(&id) {
            let (sequence, date) = (sequence?, date?);
            known.push(Known { id, sequence, date });
        }
    }
    Ok(known)
}

/// The files of the inner competition as names and contents:
/// train_sequences.csv, test_sequences.csv, sample_submission.csv and, of the
/// targets held out, families.csv.
///
/// # Errors
/// See [`families`].
pub fn render(
    known: &[Known],
    period: &Period,
) -> Result<Vec<(&'static str, String)>, ScoringError> {
    let held_out: Vec<&Known> = known.iter().filter(|k| period.holds(&k.date)).collect();
    let texts: Vec<Vec<u8>> = held_out
        .iter()
        .map(|target| target.sequence.clone().into_bytes())
        .collect();
    let mut groups = String::from("target_id,group\n");
    for (target, family) in held_out.iter().zip(families(&texts)?) {
        // Writing to a string cannot fail.
        let _ = writeln!(groups, "{},like-{}", target.id, held_out[family].id);
    }
    Ok(vec![
        ("train_sequences.csv", sequences(known)),
        ("test_sequences.csv", sequences(held_out.iter().copied())),
        ("sample_submission.csv", sample(&held_out)),
        ("families.csv", groups),
    ])
}

fn sequences<'a>(targets: impl IntoIterator<Item = &'a Known>) -> String {
    let mut out = String::from("target_id,sequence,temporal_cutoff\n");
    for Known { id, sequence, date } in targets {
        let _ = writeln!(out, "{id},{sequence},{date}");
    }
    out
}

fn sample(targets: &[&Known]) -> String {
    let mut out = String::from("ID,resname,resid");
    for k in 1..=SLOTS {
        let _ = write!(out, ",x_{k},y_{k},z_{k}");
    }
    out.push('\n');
    let zeros = ",0.0".repeat(3 * SLOTS);
    for target in targets {
        for (i, letter) in target.sequence.chars().enumerate() {
            let _ = writeln!(out, "{}_{},{letter},{}{zeros}", target.id, i + 1, i + 1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_with_its_first_day_and_ends_before_its_last() {
        let period = Period {
            since: Some("2004-01-01".into()),
            before: Some("2020-01-01".into()),
        };
        let held = ["2003-12-31", "2004-01-01", "2019-12-31", "2020-01-01"];
        assert_eq!(
            held.map(|day| period.holds(day)),
            [false, true, true, false]
        );
        assert!(Period::default().holds("1990-01-01"));
    }
}

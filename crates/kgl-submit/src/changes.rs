//! What changed from the submission that was sent last to the one that is to be.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::Path;

use kgl_csv::{Records, Separator, Unpacked};

use crate::correlation::spearman;
use crate::faults::show;
use crate::values::{self, Value};

/// Larger files are not compared: both would have to be held in memory.
const LARGEST_BYTES: u64 = 1 << 29;

/// What differs between two submissions.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Rows that both have.
    pub rows: u64,
    /// Of those, rows in which some value differs.
    pub differing: u64,
    /// Rows that only the new one has.
    pub added: u64,
    /// Rows that only the old one has.
    pub removed: u64,
    /// For each column of numbers in both, its name and the rank correlation, where there is one.
    pub columns: Vec<(String, Option<f64>)>,
}

/// A submission in memory: the header, and the rows by id in their order.
struct Table {
    names: Vec<Vec<u8>>,
    rows: Vec<Vec<Vec<u8>>>,
}

fn read(path: &Path) -> io::Result<Table> {
    let file = File::open(path)?;
    if file.metadata()?.len() > LARGEST_BYTES {
        return Err(io::Error::other("it is too large to be compared"));
    }
    let mut records = Records::new(Unpacked::new(file)?, Separator::Comma);
    let mut rows = Vec::new();
    while records.advance().map_err(io::Error::other)? {
        rows.push(
            (0..records.width())
                .map(|at| records.field(at).to_vec())
                .collect(),
        );
    }
    let names = if rows.is_empty() {
        Vec::new()
    } else {
        rows.remove(0)
    };
    Ok(Table { names, rows })
}

/// Compares two submissions row by row, by the id in the first column.
///
/// # Errors
/// One of them cannot be read, or is too large to be held in memory.
pub fn compare(old: &Path, new: &Path) -> io::Result<Changes> {
    let (old, new) = (read(old)?, read(new)?);
    let mut there: HashMap<&[u8], Vec<&Vec<Vec<u8>>>> = HashMap::new();
    for row in old.rows.iter().rev() {
        there.entry(id(row)).or_default().push(row);
    }
    let mut pairs = Vec::new();
    let mut added = 0;
    for row in &new.rows {
        match there.get_mut(id(row)).and_then(Vec::pop) {
            Some(before) => pairs.push((before, row)),
            None => added += 1,
        }
    }
    let removed = there.values().map(|left| left.len() as u64).sum();
    let columns: Vec<(usize, usize)> = (1..new.names.len())
        .filter_map(|here| {
            let before = old.names.iter().position(|name| *name == new.names[here])?;
            Some((before, here))
        })
        .collect();
    let same = |(before, after): &(&Vec<Vec<u8>>, &Vec<Vec<u8>>)| {
        columns
            .iter()
            .all(|&(then, now)| match (before.get(then), after.get(now)) {
                (Some(a), Some(b)) => values::same(a, b),
                (a, b) => a == b,
            })
    };
    let differing = pairs.iter().filter(|pair| !same(pair)).count() as u64;
    let number = |row: &[Vec<u8>], at: usize| match row.get(at).map(|field| values::read(field)) {
        Some(Value::Number { value, .. }) => Some(value),
        _ => None,
    };
    let mut of_columns = Vec::new();
    for &(then, now) in &columns {
        let numbers: Option<Vec<_>> = pairs
            .iter()
            .map(|(before, after)| Some((number(before, then)?, number(after, now)?)))
            .collect();
        if let Some(numbers) = numbers {
            of_columns.push((show(&new.names[now]), spearman(&numbers)));
        }
    }
    Ok(Changes {
        rows: pairs.len() as u64,
        differing,
        added,
        removed,
        columns: of_columns,
    })
}

fn id(row: &[Vec<u8>]) -> &[u8] {
    row.first().map_or(b"", Vec::as_slice)
}

impl Changes {
    /// In words, one line.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = format!("{} of {} rows differ", self.differing, self.rows);
        for (count, what) in [(self.added, "new"), (self.removed, "gone")] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        let known: Vec<_> = self
            .columns
            .iter()
            .filter_map(|(name, correlation)| Some((name, (*correlation)?)))
            .collect();
        let least = known.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((name, correlation)) = least {
            let _ = match known.len() {
                1 => write!(text, "; rank correlation of `{name}` {correlation:.4}"),
                many => {
                    let mean = known.iter().map(|one| one.1).sum::<f64>() / many as f64;
                    write!(
                        text,
                        "; rank correlation {mean:.4} (mean of {many} columns), least in `{name}`, {correlation:.4}"
                    )
                }
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(old: &str, new: &str) -> Changes {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["old", "new"].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], old).unwrap();
        std::fs::write(&paths[1], new).unwrap();
        compare(&paths[0], &paths[1]).unwrap()
    }

    #[test]
    fn rows_are_matched_by_id_whatever_their_order() {
        let old = "id,p,c\na,1,x\nb,2,x\nc,3,y\nd,4,z\n";
        let same = of(old, "id,c,p\nd,z,4\nc,y,3.0\nb,x,2\na,x,1\n");
        assert_eq!(
            (same.rows, same.differing, same.added, same.removed),
            (4, 0, 0, 0)
        );
        let changed = of(old, "id,p,c\na,4,x\nb,3,x\nc,2,y\ne,1,z\n");
        assert_eq!(
            (
                changed.rows,
                changed.differing,
                changed.added,
                changed.removed
            ),
            (3, 3, 1, 1)
        );
        assert_eq!(changed.columns, [("p".to_owned(), Some(-1.0))]);
        assert_eq!(
            changed.describe(),
            "3 of 3 rows differ, 1 new, 1 gone; rank correlation of `p` -1.0000"
        );
    }

    #[test]
    fn several_columns_are_told_by_their_mean_and_their_least() {
        let text = of(
            "id,p,q\na,1,1\nb,2,2\nc,3,3\n",
            "id,p,q\na,1,3\nb,2,2\nc,9,1\n",
        )
        .describe();
        assert_eq!(
            text,
            "2 of 3 rows differ; rank correlation 0.0000 (mean of 2 columns), least in `q`, -1.0000"
        );
    }
}

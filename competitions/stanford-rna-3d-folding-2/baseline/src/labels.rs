//! Label files: the experimental C1' coordinates of targets.
//!
//! A row is one residue: `ID` (`target_resid`), `resname`, `resid` and
//! `x_1,y_1,z_1`, with further structures of the same target as `_2` … `_40`.
//! Other columns (`chain`, `copy`) are left alone. A residue that the
//! experiment did not see is empty or -1e18. Files may be hundreds of megabytes
//! of which a few targets are wanted, so rows are read one at a time and only
//! wanted ones are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::geometry::Point;
use crate::table::{Table, TableError, split_id};

/// At or below this a coordinate means "not seen".
const MISSING: f64 = -1e17;
/// Residue numbers above this are refused: memory is set aside up to the
/// highest, and the longest structure known has 125,580.
const MAX_RESIDUES: usize = 5_000_000;

/// How many structures of a target to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The first one that has a resolved residue: enough for a template.
    First,
    /// All that have a resolved residue: a reference is any of them.
    All,
    /// Every one, resolved or not: a submission's slots keep their numbers.
    Slots,
}

/// The labels of one target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Structure {
    /// One letter a residue, as in `resname`; `-` where the file has no row.
    pub residues: Vec<u8>,
    /// The experimental structures, each as long as `residues`; `None` where a
    /// residue is not resolved.
    pub copies: Vec<Vec<Option<Point>>>,
}

impl Structure {
    /// The number of residues, resolved or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.residues.len()
    }

    /// Whether there is no residue.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.residues.is_empty()
    }
}

/// Reads the labels of the targets that `wanted` accepts from the CSV file
/// `path`, sorted by target.
///
/// # Errors
/// [`TableError`] with file and line: unreadable, a column missing, an id
/// without a residue number, a residue twice, a coordinate that is no number.
pub fn read_labels(
    path: &Path,
    keep: Keep,
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Structure>, TableError> {
    let mut labels = BTreeMap::new();
    read_labels_into(path, keep, wanted, &mut labels)?;
    Ok(labels)
}

/// [`read_labels`] into a map that may hold targets of earlier files; those are
/// left as they are.
///
/// # Errors
/// As [`read_labels`].
pub fn read_labels_into(
    path: &Path,
    keep: Keep,
    wanted: impl Fn(&str) -> bool,
    labels: &mut BTreeMap<String, Structure>,
) -> Result<(), TableError> {
    read_table(Table::open(path)?, keep, |target| wanted(target), labels)
}

/// The targets of `path` that have at least one resolved residue; reads the file
/// once and keeps names only.
///
/// # Errors
/// As [`read_labels`].
pub fn labelled_targets(path: &Path) -> Result<BTreeSet<String>, TableError> {
    let mut table = Table::open(path)?;
    let id = table.column("ID")?;
    let axes = coordinate_columns(&table)?;
    let mut targets = BTreeSet::new();
    let mut newest = Vec::new();
    while table.next_row()? {
        let Some((name, _)) = split_id(table.bytes(id)) else {
            return Err(not_an_id(&table, id));
        };
        if name == newest.as_slice() {
            continue;
        }
        let resolved = axes.iter().any(|columns| {
            columns
                .iter()
                .all(|&column| matches!(table.number(column), Ok(Some(value)) if value > MISSING))
        });
        if resolved {
            newest = name.to_vec();
            targets.insert(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(targets)
}

fn not_an_id(table: &Table, column: usize) -> TableError {
    let shown = String::from_utf8_lossy(table.bytes(column)).into_owned();
    table.wrong(format!(
        "the id `{shown}` does not end in `_` and a residue number counted from 1"
    ))
}

fn read_table(
    mut table: Table,
    keep: Keep,
    wanted: impl Fn(&str) -> bool,
    labels: &mut BTreeMap<String, Structure>,
) -> Result<(), TableError> {
    let id = table.column("ID")?;
    let resname = table.column("resname")?;
    let axes = coordinate_columns(&table)?;
    // Rows of one target stand together, so the decision is made once for each.
    let mut target = Vec::new();
    let mut known: Option<String> = None;
    let mut found: BTreeMap<String, Structure> = BTreeMap::new();
    while table.next_row()? {
        let Some((name, residue)) = split_id(table.bytes(id)) else {
            return Err(not_an_id(&table, id));
        };
        if name != target.as_slice() {
            target = name.to_vec();
            let text = std::str::from_utf8(name).map_err(|_| table.wrong("the id is not UTF-8"))?;
            known = (wanted(text) && !labels.contains_key(text)).then(|| text.to_owned());
        }
        let Some(name) = &known else { continue };
        if residue > MAX_RESIDUES {
            return Err(table.wrong(format!(
                "residue number {residue} of `{name}` is beyond {MAX_RESIDUES}; is the id right?"
            )));
        }
        if !found.contains_key(name) {
            let copies = vec![Vec::new(); axes.len()];
            found.insert(
                name.clone(),
                Structure {
                    residues: Vec::new(),
                    copies,
                },
            );
        }
        if let Some(structure) = found.get_mut(name) {
            put_row(&table, structure, residue - 1, resname, &axes)?;
        }
    }
    for (name, mut structure) in found {
        if keep != Keep::Slots {
            structure
                .copies
                .retain(|copy| copy.iter().any(Option::is_some));
        }
        if keep == Keep::First {
            structure.copies.truncate(1);
        }
        labels.insert(name, structure);
    }
    Ok(())
}

/// Puts the table's current row into residue `index` (from 0) of `structure`.
fn put_row(
    table: &Table,
    structure: &mut Structure,
    index: usize,
    resname: usize,
    axes: &[[usize; 3]],
) -> Result<(), TableError> {
    /// Residues that no row has spoken of yet.
    const UNSEEN: u8 = b'-';
    /// What a row that names its residue `-` is kept as.
    const GAP: u8 = b'?';
    if index >= structure.residues.len() {
        structure.residues.resize(index + 1, UNSEEN);
        for copy in &mut structure.copies {
            copy.resize(index + 1, None);
        }
    }
    if structure.residues[index] != UNSEEN {
        return Err(table.wrong(format!("residue {} was there before", index + 1)));
    }
    structure.residues[index] = match table.bytes(resname).first() {
        None | Some(&UNSEEN) => GAP,
        Some(&letter) => letter,
    };
    for (copy, columns) in structure.copies.iter_mut().zip(axes) {
        let mut point = [0.0; 3];
        let mut resolved = true;
        for (part, &column) in point.iter_mut().zip(columns) {
            match table.number(column)? {
                Some(value) if value > MISSING => *part = value,
                _ => resolved = false,
            }
        }
        copy[index] = resolved.then_some(point);
    }
    Ok(())
}

/// The places of `x_k, y_k, z_k` for k = 1, 2, … as long as they are there.
///
/// # Errors
/// The first triple is not there, or a later one is incomplete.
pub(crate) fn coordinate_columns(table: &Table) -> Result<Vec<[usize; 3]>, TableError> {
    let mut axes = Vec::new();
    for k in 1.. {
        if k > 1 && table.find(&format!("x_{k}")).is_none() {
            break;
        }
        axes.push([
            table.column(&format!("x_{k}"))?,
            table.column(&format!("y_{k}"))?,
            table.column(&format!("z_{k}"))?,
        ]);
    }
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, keep: Keep, wanted: &str) -> Result<BTreeMap<String, Structure>, String> {
        let source = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
        let mut labels = BTreeMap::new();
        Table::from_reader(Path::new("l.csv"), source)
            .and_then(|table| {
                read_table(
                    table,
                    keep,
                    |t| wanted.split(' ').any(|w| w == t),
                    &mut labels,
                )
            })
            .map(|()| labels)
            .map_err(|error| error.to_string())
    }

    const TWO: &str = "ID,resname,resid,x_1,y_1,z_1,x_2,y_2,z_2,chain,copy\n\
        1ABC_A_1,G,1,-1e18,-1e18,-1e18,1,2,3,A,1\n\
        1ABC_A_2,C,2,-1e18,-1e18,-1e18,,,,A,1\n\
        1ABC_A_4,-,4,-1e18,-1e18,-1e18,4,5,6.5,A,1\n\
        2DEF_B_1,A,1,7,8,9,1,1,1,B,1\n";

    #[test]
    fn only_wanted_targets_and_resolved_structures_are_kept() {
        let labels = read(TWO, Keep::All, "1ABC_A").unwrap();
        assert_eq!(labels.keys().collect::<Vec<_>>(), ["1ABC_A"]);
        let structure = &labels["1ABC_A"];
        assert_eq!(structure.residues, b"GC-?");
        assert_eq!(
            structure.copies,
            [vec![
                Some([1.0, 2.0, 3.0]),
                None,
                None,
                Some([4.0, 5.0, 6.5])
            ]]
        );
        let first = read(TWO, Keep::First, "1ABC_A 2DEF_B").unwrap();
        assert_eq!(first["2DEF_B"].copies, [[Some([7.0, 8.0, 9.0])]]);
        assert!(read(TWO, Keep::All, "nothing").unwrap().is_empty());
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let with = |row: &str| {
            read(
                &format!("ID,resname,resid,x_1,y_1,z_1\n{row}\n"),
                Keep::All,
                "A",
            )
            .unwrap_err()
        };
        assert!(with("A1,G,1,1,2,3").starts_with("l.csv, line 2: the id `A1` does not end in"));
        assert!(
            with("A_1,G,1,1,2,3\nA_1,G,1,1,2,3").contains("line 3: residue 1 was there before")
        );
        assert!(with("A_1,G,1,1,inf,3").contains("column `y_1` holds `inf`"));
        assert!(with("A_99999999,G,1,1,2,3").contains("beyond"));
        assert!(with("A_1,G,1,1,2").contains("line 2: 5 fields"));
        let cut = read("ID,resname,resid,x_1,y_1\nA_1,G,1,1,2\n", Keep::All, "A").unwrap_err();
        assert_eq!(
            cut,
            "l.csv, line 1: no column `z_1`; the header has: ID, resname, resid, x_1, y_1"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_labels_or_a_sentence(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut text = b"ID,resname,resid,x_1,y_1,z_1\n".to_vec();
            text.extend(bytes);
            let mut labels = BTreeMap::new();
            let table = Table::from_reader(Path::new("l.csv"), Box::new(std::io::Cursor::new(text)));
            if let Ok(table) = table {
                let _ = read_table(table, Keep::All, |_| true, &mut labels);
            }
        }
    }
}

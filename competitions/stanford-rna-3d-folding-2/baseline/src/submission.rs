//! sample_submission.csv, and submissions of its shape.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::geometry::Point;
use crate::labels::coordinate_columns;
use crate::table::{Table, TableError, split_id};

/// What sample_submission.csv asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How many structures a target has (x_1 … x_5: five).
    pub structures: usize,
    /// The targets, in order of their first row.
    pub targets: Vec<SampleTarget>,
    /// One entry a row, in the file's order.
    pub rows: Vec<SampleRow>,
}

/// A target of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleTarget {
    /// Its id.
    pub id: String,
    /// One letter a residue; `N` where the sample has no row.
    pub sequence: Vec<u8>,
    /// Residues that begin a chain, the first chain aside. A sample does not say:
    /// see [`crate::chains::read_chains`].
    pub cuts: Vec<usize>,
}

/// A row of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// Which target, by its place in [`Sample::targets`].
    pub target: usize,
    /// Which residue, from 0.
    pub residue: usize,
    /// The fields `ID`, `resname` and `resid` as the sample has them.
    pub fields: [String; 3],
}

/// Residue numbers above this are refused, as in label files.
const MAX_RESIDUES: usize = 5_000_000;

impl Sample {
    /// Reads the CSV file `path`.
    ///
    /// # Errors
    /// [`TableError`] with file and line: not of this shape, an id without a
    /// residue number, a row twice, no rows.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        Self::from_table(Table::open(path)?)
    }

    fn from_table(mut table: Table) -> Result<Self, TableError> {
        let structures = coordinate_columns(&table)?.len();
        let columns = [
            table.column("ID")?,
            table.column("resname")?,
            table.column("resid")?,
        ];
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut targets: Vec<SampleTarget> = Vec::new();
        let mut seen: Vec<Vec<bool>> = Vec::new();
        let mut rows = Vec::new();
        while table.next_row()? {
            let id = table.text(columns[0])?;
            let Some((name, residue)) = split_id(id.as_bytes()) else {
                return Err(table.wrong(format!(
                    "the id `{id}` does not end in `_` and a residue number counted from 1"
                )));
            };
            if residue > MAX_RESIDUES {
                return Err(table.wrong(format!("the residue number of `{id}` is not possible")));
            }
            let name = String::from_utf8_lossy(name).into_owned();
            let target = *places.entry(name).or_insert_with_key(|name| {
                targets.push(SampleTarget {
                    id: name.clone(),
                    sequence: Vec::new(),
                    cuts: Vec::new(),
                });
                seen.push(Vec::new());
                targets.len() - 1
            });
            let (sequence, seen) = (&mut targets[target].sequence, &mut seen[target]);
            if residue > sequence.len() {
                sequence.resize(residue, b'N');
                seen.resize(residue, false);
            }
            if std::mem::replace(&mut seen[residue - 1], true) {
                return Err(table.wrong(format!("the id `{id}` was there before")));
            }
            sequence[residue - 1] = table.bytes(columns[1]).first().copied().unwrap_or(b'N');
            let fields = [
                id.to_owned(),
                table.text(columns[1])?.into(),
                table.text(columns[2])?.into(),
            ];
            rows.push(SampleRow {
                target,
                residue: residue - 1,
                fields,
            });
        }
        if rows.is_empty() {
            return Err(table.wrong("there is no row after the header"));
        }
        Ok(Self {
            structures,
            targets,
            rows,
        })
    }

    /// Writes a submission: for each row of the sample, the coordinates of its
    /// residue in `predictions[target][structure][residue]`.
    ///
    /// # Errors
    /// `output` cannot be written.
    pub fn write(
        &self,
        predictions: &[Vec<Vec<Point>>],
        output: impl Write,
    ) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(output);
        let axes = (1..=self.structures).flat_map(|k| ["x", "y", "z"].map(|a| format!("{a}_{k}")));
        let header: Vec<String> = ["ID", "resname", "resid"]
            .map(str::to_owned)
            .into_iter()
            .chain(axes)
            .collect();
        writer.write_record(&header)?;
        for row in &self.rows {
            for field in &row.fields {
                writer.write_field(field)?;
            }
            for structure in &predictions[row.target] {
                for coordinate in structure[row.residue] {
                    writer.write_field(format!("{coordinate:.3}"))?;
                }
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &'static str) -> Result<Sample, String> {
        Table::from_reader(Path::new("s.csv"), Box::new(text.as_bytes()))
            .and_then(Sample::from_table)
            .map_err(|error| error.to_string())
    }

    const TEXT: &str = "ID,resname,resid,x_1,y_1,z_1,x_2,y_2,z_2\n\
        A_1_1,G,1,0.0,0.0,0.0,0.0,0.0,0.0\nB_1,U,1,0.0,0.0,0.0,0.0,0.0,0.0\n\
        A_1_3,C,3,0.0,0.0,0.0,0.0,0.0,0.0\n";

    #[test]
    fn rows_keep_their_order_and_fields() {
        let sample = sample(TEXT).unwrap();
        assert_eq!(sample.structures, 2);
        let targets: Vec<(&str, &[u8])> = sample
            .targets
            .iter()
            .map(|t| (t.id.as_str(), t.sequence.as_slice()))
            .collect();
        assert_eq!(targets, [("A_1", &b"GNC"[..]), ("B", &b"U"[..])]);
        let a = vec![
            vec![[1.0, 2.0, 3.0], [0.0; 3], [4.5, 5.0, -6.0]],
            vec![[7.0; 3]; 3],
        ];
        let b = vec![vec![[8.0; 3]], vec![[9.0, 9.0, 0.25]]];
        let mut written = Vec::new();
        sample.write(&[a, b], &mut written).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "ID,resname,resid,x_1,y_1,z_1,x_2,y_2,z_2\n\
             A_1_1,G,1,1.000,2.000,3.000,7.000,7.000,7.000\n\
             B_1,U,1,8.000,8.000,8.000,9.000,9.000,0.250\n\
             A_1_3,C,3,4.500,5.000,-6.000,7.000,7.000,7.000\n"
        );
    }

    #[test]
    fn faults_are_named_with_their_line() {
        assert_eq!(
            sample("ID,resname,resid,x_1,y_1,z_1\n").unwrap_err(),
            "s.csv, line 2: there is no row after the header"
        );
        let twice = "ID,resname,resid,x_1,y_1,z_1\nA_1,G,1,0,0,0\nA_1,G,1,0,0,0\n";
        assert_eq!(
            sample(twice).unwrap_err(),
            "s.csv, line 3: the id `A_1` was there before"
        );
    }
}

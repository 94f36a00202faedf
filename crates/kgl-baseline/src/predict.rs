//! The submission: the sample's rows in the sample's order, its columns to predict
//! filled from the model.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::Write as _;
use std::path::Path;

use kgl_cli::{AtomicFile, Failure, Io, OrFail as _};
use kgl_contract::Baseline;

use crate::model::{Model, ModelColumn};
use crate::tables::Table;

/// Writes the submission for the rows of `sample`.
pub(crate) fn predict(
    baseline: &Baseline,
    model: &Model,
    base: &Path,
    sample: &Path,
    most_rows: Option<u64>,
    out: Option<&Path>,
    io: &Io,
) -> Result<(), Failure> {
    let mut sample = Table::open(sample)?;
    let filled: Vec<Option<&ModelColumn>> = sample
        .names
        .iter()
        .map(|name| model.columns.iter().find(|column| &column.name == name))
        .collect();
    let groups = Groups::read(baseline, model, base, &sample)?;
    let separator = sample.separator.byte();
    let mut writer = match out {
        Some(out) => Some(AtomicFile::create(out)?),
        None => None,
    };
    let mut buffer = Vec::new();
    put_row(
        &mut buffer,
        separator,
        sample
            .names
            .iter()
            .map(|name| Cow::Borrowed(name.as_bytes())),
    );
    let mut rows = 0_u64;
    while most_rows.is_none_or(|most| rows < most) && sample.advance()? {
        rows += 1;
        let record = &sample.records;
        let group = groups.of(record.field(groups.id));
        let fields = filled.iter().enumerate().map(|(place, column)| {
            let given = record.field(place);
            let Some(column) = column else {
                return Cow::Borrowed(given);
            };
            if let Some([left, right]) = &column.alike {
                let of = |name: &String| group.and_then(|group| group.get(name));
                let alike = of(left)
                    .zip(of(right))
                    .map(|(left, right)| likeness(left, right));
                return alike.map_or(Cow::Borrowed(given), |alike| {
                    format!("{alike:.4}").into_bytes().into()
                });
            }
            let by = column.by.as_deref().and_then(|by| group?.get(by));
            let within = by.and_then(|value| column.groups.get(value));
            within
                .or(column.value.as_ref())
                .map_or(Cow::Borrowed(given), |value| value.as_bytes().into())
        });
        put_row(&mut buffer, separator, fields);
        if buffer.len() > 1 << 16 {
            flush(&mut writer, &mut buffer, io)?;
        }
    }
    flush(&mut writer, &mut buffer, io)?;
    if let Some(writer) = writer {
        writer.commit()?;
    }
    io.note(format_args!(
        "predict: {rows} rows, {} columns filled",
        model.columns.len()
    ));
    Ok(())
}

fn flush(writer: &mut Option<AtomicFile>, buffer: &mut Vec<u8>, io: &Io) -> Result<(), Failure> {
    match writer {
        Some(writer) => writer
            .write_all(buffer)
            .or_outside("cannot write the submission")?,
        None => io.write_stdout(buffer)?,
    }
    buffer.clear();
    Ok(())
}

/// What the test table says of each of the sample's rows.
struct Groups {
    /// The place of the id in the sample.
    id: usize,
    /// By id: the values of the columns that are grouped by or compared.
    rows: HashMap<Vec<u8>, HashMap<String, String>>,
}

impl Groups {
    fn read(
        baseline: &Baseline,
        model: &Model,
        base: &Path,
        sample: &Table,
    ) -> Result<Self, Failure> {
        let asked = model.columns.iter().flat_map(|column| {
            let by = column.by.as_slice().iter();
            by.chain(column.alike.iter().flatten())
        });
        let asked: BTreeSet<&str> = asked.map(String::as_str).collect();
        let mut groups = Self {
            id: 0,
            rows: HashMap::new(),
        };
        let Some(test) = baseline.test.as_ref().filter(|_| !asked.is_empty()) else {
            return Ok(groups);
        };
        groups.id = sample
            .names
            .iter()
            .position(|name| *name == test.id_column)
            .unwrap_or(0);
        let mut table = Table::open(&base.join(&test.path))?;
        let id = table.column(&test.id_column)?;
        let places: Vec<(usize, &str)> = asked
            .into_iter()
            .map(|name| Ok((table.column(name)?, name)))
            .collect::<Result<_, Failure>>()?;
        while table.advance()? {
            let record = &table.records;
            let values = places.iter().map(|&(place, name)| {
                let value = String::from_utf8_lossy(record.field(place)).into_owned();
                (name.to_owned(), value)
            });
            groups
                .rows
                .insert(record.field(id).to_vec(), values.collect());
        }
        Ok(groups)
    }

    fn of(&self, id: &[u8]) -> Option<&HashMap<String, String>> {
        self.rows.get(id)
    }
}

/// How many of the parts of two texts they share (Jaccard's index): of each word its runs of three
/// letters, or the word itself where it is shorter.
fn likeness(left: &str, right: &str) -> f64 {
    let parts = |text: &str| -> BTreeSet<String> {
        let text = text.to_lowercase();
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        words
            .flat_map(|word| {
                let letters: Vec<char> = word.chars().collect();
                let runs = letters.windows(letters.len().min(3));
                runs.map(|run| run.iter().collect())
                    .collect::<Vec<String>>()
            })
            .collect()
    };
    let (left, right) = (parts(left), parts(right));
    let shared = left.intersection(&right).count();
    shared as f64 / left.union(&right).count().max(1) as f64
}

/// A row as CSV: quotes only where they are needed.
fn put_row<'a>(out: &mut Vec<u8>, separator: u8, fields: impl Iterator<Item = Cow<'a, [u8]>>) {
    for (place, field) in fields.enumerate() {
        let field = field.as_ref();
        if place > 0 {
            out.push(separator);
        }
        let quoted = |byte: &u8| *byte == separator || matches!(byte, b'"' | b'\n' | b'\r');
        if field.iter().any(quoted) {
            out.push(b'"');
            for &byte in field {
                if byte == b'"' {
                    out.push(b'"');
                }
                out.push(byte);
            }
            out.push(b'"');
        } else {
            out.extend(field);
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_alike_as_far_as_their_parts_are() {
        assert!((likeness("What is love?", "what is love") - 1.0).abs() < 1e-12);
        assert!(likeness("abc", "xyz").abs() < 1e-12 && likeness("", "").abs() < 1e-12);
        let some = likeness("a cat sat", "a cat ran");
        assert!(0.3 < some && some < 0.7, "{some}");
    }

    #[test]
    fn fields_are_quoted_only_where_they_must() {
        let mut row = Vec::new();
        let fields = ["a", "b,c", "d\"e", "f\ng", ""];
        put_row(
            &mut row,
            b',',
            fields.iter().map(|field| Cow::Borrowed(field.as_bytes())),
        );
        assert_eq!(row, b"a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
    }
}

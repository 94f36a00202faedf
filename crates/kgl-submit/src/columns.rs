//! What the sample says of each column, and which column of the submission is which.
//!
//! The first column is the id. Of the others, some are to be predicted and some
//! may be given (`resname` and `resid` of an RNA). The sample does not say which,
//! so it is inferred where it can be: when at least one column holds one and the
//! same value in every row (a placeholder for predictions), a column whose values
//! vary and are texts or integers is *given*, and must be equal to the sample's in
//! every row. Where no column holds a placeholder, the sample was filled with
//! made-up predictions, and nothing is taken as given. A varying column of
//! decimals is never given: programs write one number in several ways.

use std::collections::HashMap;
use std::io::Read;

use kgl_contract::{ColumnRange, Sha256};
use kgl_csv::Records;

use crate::check::CheckError;
use crate::digested::Digested;
use crate::faults::{Found, Place, Rule, show};
use crate::forms::Form;
use crate::values::{self, Plain, Sameness, Value};

/// The sample, without its rows.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its columns; the first is the id.
    pub columns: Vec<Column>,
    /// How many rows it has.
    pub rows: u64,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
    /// Whether its lines end in CR LF or CR.
    pub crlf: bool,
    /// Whether it begins with a byte-order mark.
    pub byte_order_mark: bool,
}

/// A column of the sample.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether all its values are numbers, or a range covers it.
    pub numeric: bool,
    /// Which of the forms its values have.
    pub form: Option<usize>,
    /// Whether the sample has decimals in it.
    pub decimals: bool,
    /// Whether the sample has different whole numbers in it, and no decimals.
    pub integers_vary: bool,
    /// Whether a value may be missing: the sample has one that is.
    pub may_miss: bool,
    /// Its one value, when the sample has several rows and they agree in it.
    pub constant: Option<Vec<u8>>,
    /// Whether its values are given rather than to be predicted.
    pub given: bool,
    /// Smallest number allowed.
    pub min: f64,
    /// Largest number allowed.
    pub max: f64,
}

impl Column {
    /// Whether a number known to a relative error of 1e-15 is surely in the range.
    #[must_use]
    #[inline]
    pub fn surely_holds(&self, estimate: f64) -> bool {
        // An infinite end stays infinite: zero times it would not.
        let margin = |end: f64| {
            if end.is_finite() {
                end.abs() * 1e-12
            } else {
                0.0
            }
        };
        estimate > self.min + margin(self.min) && estimate < self.max - margin(self.max)
    }
}

impl Sample {
    /// Reads the whole sample.
    ///
    /// # Errors
    /// It cannot be read, or is no sample that anything could be checked against.
    pub fn learn<R: Read>(
        records: &mut Records<Digested<R>>,
        ranges: &[ColumnRange],
        forms: &[Form],
    ) -> Result<Self, CheckError> {
        let names = read_names(records)?;
        let mut seen = vec![Seen::default(); names.len()];
        let mut rows = 0u64;
        while take_sample_row(records, names.len())? {
            rows += 1;
            for (column, seen) in seen.iter_mut().enumerate().skip(1) {
                seen.see(records.field(column));
            }
        }
        if rows == 0 {
            return Err(CheckError::sample(
                1,
                "a header and no rows: is the download complete?",
            ));
        }
        let (sha256, size_bytes) = records.source().digest();
        let constant = |seen: &Seen| seen.values.only().filter(|_| rows > 1).map(<[u8]>::to_vec);
        let placeholder = seen.iter().skip(1).any(|seen| constant(seen).is_some());
        let columns = names.into_iter().zip(&seen).enumerate();
        let columns = columns.map(|(index, (name, seen))| {
            let ranges: Vec<_> = ranges.iter().filter(|range| range.covers(&name)).collect();
            let limit = |of: fn(&ColumnRange) -> Option<f64>| {
                ranges.iter().copied().filter_map(of).collect::<Vec<_>>()
            };
            let form = forms.iter().position(|form| form.rule.covers(&name));
            let form = form.filter(|&form| forms[form].pair_separator().is_none());
            let numeric = match form {
                Some(form) => forms[form].is_numeric(),
                None => seen.is_numeric() || !ranges.is_empty(),
            };
            Column {
                numeric: index > 0 && numeric,
                form,
                decimals: seen.is_numeric() && seen.decimal,
                integers_vary: seen.is_numeric() && !seen.decimal && seen.values.varies(),
                may_miss: seen.missing,
                constant: constant(seen),
                given: index > 0
                    && placeholder
                    && form.is_none()
                    && seen.values.varies()
                    && !seen.decimal,
                min: limit(|range| range.min)
                    .into_iter()
                    .fold(f64::NEG_INFINITY, f64::max),
                max: limit(|range| range.max)
                    .into_iter()
                    .fold(f64::INFINITY, f64::min),
                name,
            }
        });
        Ok(Self {
            columns: columns.collect(),
            rows,
            sha256,
            size_bytes,
            crlf: records.crlf().is_some(),
            byte_order_mark: records.byte_order_mark(),
        })
    }

    /// The columns whose values are given, as indexes.
    #[must_use]
    pub fn given(&self) -> Vec<usize> {
        (0..self.columns.len())
            .filter(|&column| self.columns[column].given)
            .collect()
    }
}

/// What was seen of a column of the sample.
#[derive(Debug, Clone, Default)]
struct Seen {
    values: Sameness,
    number: bool,
    decimal: bool,
    text: bool,
    missing: bool,
    last: Vec<u8>,
}

impl Seen {
    fn see(&mut self, field: &[u8]) {
        if (self.number || self.text || self.missing) && field == self.last {
            return;
        }
        self.last.clear();
        self.last.extend_from_slice(field);
        self.values.see(field);
        if self.text && !field.is_empty() {
            return;
        }
        // Only its kind matters here, so an estimate will do.
        if let Some(plain) = Plain::read(field) {
            self.number = true;
            self.decimal |= !plain.integer;
            return;
        }
        match values::read(field) {
            Value::Number { integer, .. } => {
                self.number = true;
                self.decimal |= !integer;
            }
            Value::Infinite => self.text = true,
            Value::NotANumber | Value::Missing => self.missing = true,
            Value::Text => self.text = true,
        }
    }

    fn is_numeric(&self) -> bool {
        self.number && !self.text
    }
}

fn read_names<R: Read>(records: &mut Records<R>) -> Result<Vec<String>, CheckError> {
    if !take_sample_row(records, usize::MAX)? {
        return Err(CheckError::sample(1, "empty: is the download complete?"));
    }
    let mut names: Vec<String> = Vec::with_capacity(records.width());
    let mut places = HashMap::new();
    for index in 0..records.width() {
        let name = String::from_utf8_lossy(records.field(index)).into_owned();
        if places.insert(name.clone(), index).is_some() {
            let what = format!("column `{}` is there twice", show(name.as_bytes()));
            return Err(CheckError::sample(records.line(), what));
        }
        names.push(name);
    }
    Ok(names)
}

/// Goes to the sample's next row; `false` at its end. A sample is taken as it
/// is or not at all.
pub(crate) fn take_sample_row<R: Read>(
    records: &mut Records<R>,
    columns: usize,
) -> Result<bool, CheckError> {
    if !records.advance().map_err(CheckError::of_sample)? {
        return Ok(false);
    }
    let line = records.line();
    if let Some(byte) = records.not_utf8() {
        return Err(CheckError::sample(
            line,
            format!("byte {byte} of the file is no UTF-8"),
        ));
    }
    if columns != usize::MAX && records.width() != columns {
        let what = format!("{} fields, and the header has {columns}", records.width());
        return Err(CheckError::sample(line, what));
    }
    Ok(true)
}

/// Which column of the sample each column of the submission is.
#[derive(Debug, Clone)]
pub struct Layout {
    /// For each column of the submission, the sample's.
    pub columns: Vec<Option<usize>>,
    /// The submission's id column.
    pub id: Option<usize>,
}

impl Layout {
    /// Compares the submission's header, which `records` stands on, with the sample's.
    pub fn compare<R>(records: &Records<R>, sample: &Sample, found: &mut Found) -> Self
    where
        R: Read,
    {
        let line = records.line();
        let width = records.width();
        let exact: HashMap<&[u8], usize> = (sample.columns.iter().enumerate())
            .map(|(index, column)| (column.name.as_bytes(), index))
            .collect();
        let mut columns: Vec<Option<usize>> = vec![None; width];
        let mut home: Vec<Option<usize>> = vec![None; sample.columns.len()];
        let mut repeated = vec![false; width];
        for here in 0..width {
            if let Some(&index) = exact.get(records.field(here)) {
                if home[index].is_some() {
                    repeated[here] = true;
                } else {
                    home[index] = Some(here);
                    columns[here] = Some(index);
                }
            }
        }
        // Then what differs only in spelling, among the columns still without a home.
        let loose: HashMap<Vec<u8>, usize> = (sample.columns.iter().enumerate())
            .filter(|(index, _)| home[*index].is_none())
            .map(|(index, column)| (fold(column.name.as_bytes()), index))
            .collect();
        for here in 0..width {
            let name = records.field(here);
            let place = |column| Place {
                line: Some(line),
                column: Some(column),
                ..Place::default()
            };
            let shown = show(name);
            if repeated[here] {
                found.add(Rule::RepeatedColumn, place(&shown), || {
                    format!(
                        "column {} has a name that an earlier one has: drop one",
                        here + 1
                    )
                });
            } else if columns[here].is_none() {
                match loose
                    .get(&fold(name))
                    .copied()
                    .filter(|&index| home[index].is_none())
                {
                    Some(index) => {
                        home[index] = Some(here);
                        columns[here] = Some(index);
                        let right = show(sample.columns[index].name.as_bytes());
                        found.add(Rule::RenamedColumn, place(&shown), || {
                            format!("the sample writes it `{right}`: rename it")
                        });
                    }
                    None => found.add(
                        Rule::ExtraColumn,
                        place(&shown),
                        || "the sample has no such column: drop it",
                    ),
                }
            }
        }
        for (index, column) in sample.columns.iter().enumerate() {
            if home[index].is_none() {
                let place = Place {
                    line: Some(line),
                    column: Some(&column.name),
                    ..Place::default()
                };
                found.add(Rule::MissingColumn, place, || {
                    format!("column {} of the sample is not there: add it", index + 1)
                });
            }
        }
        if !columns.iter().flatten().is_sorted() {
            found.add(Rule::ReorderedColumns, Place::line(line), || {
                let names: Vec<_> = sample.columns.iter().map(|column| &*column.name).collect();
                format!(
                    "write the columns in the sample's order: {}",
                    show(names.join(",").as_bytes())
                )
            });
        }
        Self {
            id: home[0],
            columns,
        }
    }
}

/// A name or an id without white space around it and without case.
#[must_use]
pub fn fold(name: &[u8]) -> Vec<u8> {
    name.trim_ascii().to_ascii_lowercase()
}

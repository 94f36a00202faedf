//! The known labels of a rule: listed in the challenge, or read from a table.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use kgl_cli::{Failure, read_failure};
use kgl_contract::{LabelColumn, Labels, ValueForm, ValueRule};
use kgl_csv::{Fault, Records, Separator, Unpacked};

use crate::forms::{Form, Known};

/// The rules with their labels at hand; tables are relative to `base`.
///
/// # Errors
/// A table cannot be read, or has no such column (exit 2).
pub fn read(rules: Vec<ValueRule>, base: &Path) -> Result<Vec<Form>, Failure> {
    let with_labels = |rule: ValueRule| {
        let labels = match &rule.form {
            ValueForm::Label { labels } => Some(labels),
            ValueForm::LabelSet { labels, .. } | ValueForm::Ranking { labels, .. } => {
                labels.as_ref()
            }
            _ => None,
        };
        let known = match labels {
            None => None,
            Some(Labels::Listed(all)) => {
                Some(all.iter().map(|one| one.as_bytes().to_vec()).collect())
            }
            Some(Labels::Of(column)) => Some(of_column(column, base)?),
        };
        Ok(Form { rule, known })
    };
    rules.into_iter().map(with_labels).collect()
}

fn of_column(wanted: &LabelColumn, base: &Path) -> Result<Known, Failure> {
    let path = base.join(&wanted.table);
    let file = File::open(&path)
        .and_then(Unpacked::new)
        .map_err(|error| read_failure(&path, error))?;
    let mut records = Records::new(file, Separator::Comma);
    let broken = |fault: Fault| match fault {
        Fault::Unreadable(error) => read_failure(&path, error),
        fault => Failure::usage(format_args!("{}, {fault}", path.display())),
    };
    records.advance().map_err(broken)?;
    let place = (0..records.width()).find(|&at| records.field(at) == wanted.column.as_bytes());
    let Some(place) = place else {
        return Err(Failure::usage(format_args!(
            "{}: there is no column `{}` to take labels from",
            path.display(),
            wanted.column
        ))
        .hint("mend `labels` in challenge.json"));
    };
    let mut known = HashSet::new();
    while records.advance_to(place + 1).map_err(broken)? {
        let field = records.field(place);
        match &wanted.separator {
            None if !known.contains(field) => {
                known.insert(field.to_vec());
            }
            None => {}
            Some(separator) => {
                let text = String::from_utf8_lossy(field);
                let parts = text
                    .split(separator.as_str())
                    .filter(|part| !part.is_empty());
                known.extend(parts.map(|part| part.as_bytes().to_vec()));
            }
        }
    }
    Ok(known)
}

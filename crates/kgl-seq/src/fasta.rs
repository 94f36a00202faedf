//! Sequences as FASTA has them: a line with the name, lines with the residues.

use crate::alphabet;
use crate::error::ReadError;
use crate::reader::Columns;
use crate::record::Record;

/// The records of a FASTA file; messages call it `name`.
pub(crate) fn read_fasta(
    text: &str,
    name: &str,
    columns: &Columns,
) -> Result<Vec<Record>, ReadError> {
    let file = || name.to_owned();
    let lacks = |column: &str, role| {
        Err(ReadError::FastaColumn {
            file: file(),
            column: column.to_owned(),
            role,
        })
    };
    if let Some(column) = &columns.date {
        return lacks(column, "date");
    }
    if let Some(group) = columns
        .group
        .as_ref()
        .filter(|group| group.column != columns.id)
    {
        return lacks(&group.column, "group");
    }
    let mut records: Vec<Record> = Vec::new();
    for (line, content) in (1u64..).zip(text.lines()) {
        let content = content.trim_end();
        if let Some(header) = content.strip_prefix('>') {
            let id = header
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            let group = columns.group.as_ref().map(|group| group.of(&id));
            records.push(Record {
                id,
                sequence: Vec::new(),
                date: None,
                group,
                line,
            });
        } else if let Some(record) = records.last_mut() {
            let residues = alphabet::encode(content).map_err(|mut source| {
                source.position += record.sequence.len();
                ReadError::Sequence {
                    file: file(),
                    line,
                    id: record.id.clone(),
                    source,
                }
            })?;
            record.sequence.extend(residues);
        }
    }
    Ok(records)
}

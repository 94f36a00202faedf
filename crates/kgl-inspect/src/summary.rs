//! An inspection in a few lines for people.

use std::fmt::Write as _;

use kgl_cli::Table;
use kgl_contract::{ColumnKind, ColumnProfile, FileKind, FilesOfKind, Inspection, Task};

/// How many tables, and how many things that could not be learned, are told.
const SHOWN: usize = 20;

/// What people want to know first: the tables, the other files, the shape of a
/// submission, and what could not be learned. `every_column` tells of those too.
pub(crate) fn summarize(inspection: &Inspection, every_column: bool) -> String {
    let mut text = String::new();
    // Writing to memory cannot fail.
    let _ = write_summary(&mut text, inspection, every_column);
    text.truncate(text.trim_end().len());
    text
}

fn write_summary(
    text: &mut String,
    inspection: &Inspection,
    every_column: bool,
) -> std::fmt::Result {
    let tables = &inspection.tables;
    if !tables.is_empty() {
        let mut overview = Table::new(["table", "rows", "columns", "size"]);
        for table in tables.iter().take(SHOWN) {
            let file = inspection.files.iter().find(|file| file.path == table.path);
            overview.row([
                one_line(&table.path),
                grouped(table.rows),
                grouped(table.columns.len() as u64),
                kgl_cli::size(file.map_or(0, |file| file.size_bytes)),
            ]);
        }
        writeln!(text, "{overview}")?;
        write_rest(text, tables.len(), "tables")?;
        writeln!(text)?;
    }
    if every_column {
        for table in tables {
            let mut columns = Table::new(["column", "kind", "missing", "distinct", "range"]);
            for column in &table.columns {
                columns.row(column_cells(column));
            }
            writeln!(text, "{}\n{columns}\n", one_line(&table.path))?;
        }
    }
    let kinds: Vec<String> = inspection.kinds.iter().map(kind).collect();
    if kinds.is_empty() {
        writeln!(text, "files: none")?;
    } else {
        writeln!(text, "files: {}", kinds.join(", "))?;
    }
    for folder in inspection.folders.iter().take(SHOWN) {
        let kinds: Vec<String> = folder.kinds.iter().map(kind).collect();
        writeln!(
            text,
            "  in {}: {}",
            one_line(&folder.path),
            kinds.join(", ")
        )?;
    }
    write_rest(text, inspection.folders.len(), "folders")?;
    if let Some(shape) = &inspection.submission {
        write!(
            text,
            "submission: {} rows as in {}; id {}; predict {}",
            grouped(shape.rows),
            one_line(&shape.sample),
            one_line(&shape.id_column),
            names(&shape.target_columns)
        )?;
        if !shape.copied_columns.is_empty() {
            write!(text, "; copy {}", names(&shape.copied_columns))?;
        }
        writeln!(text)?;
    }
    if let Some(task) = &inspection.task {
        writeln!(text, "task: {}", task_line(task))?;
    }
    for notice in inspection.notices.iter().take(SHOWN) {
        let what = one_line(&notice.what);
        writeln!(text, "worth a look: {what}: {}", notice.seen)?;
        writeln!(text, "  {}", notice.meaning)?;
    }
    for unlearned in inspection.unlearned.iter().take(SHOWN) {
        writeln!(
            text,
            "not learned: {}: {}",
            one_line(&unlearned.what),
            unlearned.reason
        )?;
        writeln!(text, "  next: {}", unlearned.next)?;
    }
    write_rest(text, inspection.unlearned.len(), "things not learned")
}

fn write_rest(text: &mut String, count: usize, what: &str) -> std::fmt::Result {
    match count.checked_sub(SHOWN) {
        Some(rest @ 1..) => writeln!(text, "… and {} more {what}", grouped(rest as u64)),
        _ => Ok(()),
    }
}

fn column_cells(column: &ColumnProfile) -> [String; 5] {
    let kind = kind_of_column(column);
    let distinct = grouped(column.distinct_estimate);
    let characters = |count: u64| {
        let ending = if count == 1 { "" } else { "s" };
        format!("{} character{ending}", grouped(count))
    };
    let range = match (&column.range, column.length_chars) {
        (_, Some([short, long])) if short == long => format!("always {}", characters(long)),
        (_, Some([short, long])) => format!("from {} to {}", grouped(short), characters(long)),
        (Some(range), None) if range.min == range.max => format!("always {}", value(&range.min)),
        (Some(range), None) => format!("from {} to {}", value(&range.min), value(&range.max)),
        (None, None) => String::new(),
    };
    [
        one_line(&column.name),
        kind.to_owned(),
        grouped(column.missing),
        if column.distinct_exact {
            distinct
        } else if column.distinct_estimate == 0 {
            "unread".to_owned()
        } else {
            format!("{distinct} or so")
        },
        range,
    ]
}

/// What a person would call a column.
fn kind_of_column(column: &ColumnProfile) -> &'static str {
    match column.kind {
        Some(ColumnKind::Empty) => "empty",
        Some(ColumnKind::Constant) => "constant",
        Some(ColumnKind::Identifier) => "identifier",
        Some(ColumnKind::Integer) => "integer",
        Some(ColumnKind::Real) => "real",
        Some(ColumnKind::Boolean) => "boolean",
        Some(ColumnKind::Category) => "category",
        Some(ColumnKind::Date) => "date",
        Some(ColumnKind::Path) => "path",
        Some(ColumnKind::List) => "list",
        Some(ColumnKind::Text) => "text",
        None => "",
    }
}

/// What is to be predicted, from what.
fn task_line(task: &Task) -> String {
    let mut line = task.kind.words().to_owned();
    if let Some(train) = &task.train {
        let _ = write!(line, "; learn from {}", one_line(train));
    }
    if !task.answers.is_empty() {
        let _ = write!(line, ", answers in {}", names(&task.answers));
    }
    if !task.group_columns.is_empty() {
        let _ = write!(
            line,
            "; rows belong together by {}",
            names(&task.group_columns)
        );
    }
    line
}

/// A value of a range; of long decimals the first digits.
fn value(value: &serde_json::Value) -> String {
    let text = match value.as_str() {
        Some(text) => one_line(text),
        None => value.to_string(),
    };
    match value.as_f64() {
        Some(number) if text.len() > 10 && (0.001..1e6).contains(&number.abs()) => {
            format!("{number:.6}")
        }
        Some(number) if text.len() > 10 => format!("{number:.3e}"),
        _ => text,
    }
}

fn kind(of: &FilesOfKind) -> String {
    let (one, many) = match of.kind {
        FileKind::Table => ("table", "tables"),
        FileKind::Fasta => ("FASTA file", "FASTA files"),
        FileKind::Json => ("JSON file", "JSON files"),
        FileKind::Image => ("image", "images"),
        FileKind::Archive => ("archive", "archives"),
        FileKind::Columnar => ("columnar file", "columnar files"),
        FileKind::Text => ("text file", "text files"),
        FileKind::Binary => ("other file", "other files"),
        FileKind::Empty => ("empty file", "empty files"),
    };
    let count = format!(
        "{} {}",
        grouped(of.files),
        if of.files == 1 { one } else { many }
    );
    match of.kind {
        FileKind::Empty => count,
        _ => format!("{count} ({})", kgl_cli::size(of.size_bytes)),
    }
}

/// Some names; of many the first, the last and their number.
fn names(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [first, .., last] if names.len() > 4 => {
            let count = grouped(names.len() as u64);
            format!("{} … {} ({count} columns)", one_line(first), one_line(last))
        }
        _ => names
            .iter()
            .map(|name| one_line(name))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// A name without what would break the line or colour the terminal.
fn one_line(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(137_270), "137,270");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }

    #[test]
    fn long_decimals_are_shortened() {
        let shown = |number: f64| value(&serde_json::Value::from(number));
        assert_eq!(shown(0.5), "0.5");
        assert_eq!(shown(-632.494_995_117_187_5), "-632.494995");
        assert_eq!(shown(5.536_675_737_993_768e-6), "5.537e-6");
        assert_eq!(value(&serde_json::Value::from(137_269)), "137269");
        assert_eq!(
            value(&serde_json::Value::from("2022-05-27T00:00")),
            "2022-05-27T00:00"
        );
    }

    #[test]
    fn many_names_are_not_all_told() {
        let all: Vec<String> = (1..=15).map(|i| format!("x_{i}")).collect();
        assert_eq!(names(&all), "x_1 … x_15 (15 columns)");
        assert_eq!(names(&all[..2]), "x_1, x_2");
    }
}

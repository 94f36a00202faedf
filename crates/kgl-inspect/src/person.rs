//! What a person would call a column.

use std::path::Path;

use kgl_contract::{ColumnKind, ColumnProfile, ColumnType};

use crate::kind::kind_of_name;
use crate::task::list_separator;

/// Up to so many different whole numbers are categories rather than counts.
const FEW_NUMBERS: u64 = 20;
/// Up to so many different texts are categories, however few rows there are.
const FEW_TEXTS: u64 = 50;

/// Tells it from what is known of the column.
pub(crate) fn tell_kind(column: &ColumnProfile, rows: u64) -> ColumnKind {
    let present = rows - column.missing.min(rows);
    let distinct = column.distinct_estimate;
    // An estimate is off by 0.8 %; two columns of three are closer.
    let all_differ = if column.distinct_exact {
        distinct == present
    } else {
        distinct as f64 > 0.97 * present as f64
    };
    match column.type_ {
        ColumnType::Empty => ColumnKind::Empty,
        _ if distinct == 1 && present > 1 => ColumnKind::Constant,
        ColumnType::Boolean => ColumnKind::Boolean,
        ColumnType::Date => ColumnKind::Date,
        ColumnType::Real => ColumnKind::Real,
        ColumnType::Integer if is_zero_or_one(column) => ColumnKind::Boolean,
        ColumnType::Integer if all_differ && present > 9 && names_rows(&column.name) => {
            ColumnKind::Identifier
        }
        ColumnType::Integer if distinct <= FEW_NUMBERS && distinct * 5 <= present => {
            ColumnKind::Category
        }
        ColumnType::Integer => ColumnKind::Integer,
        ColumnType::Text => {
            let spaced = column.examples.iter().any(|text| text.trim().contains(' '));
            if is_path(&column.examples) {
                ColumnKind::Path
            } else if is_list(&column.examples) {
                ColumnKind::List
            } else if all_differ && present > 9 && !spaced {
                ColumnKind::Identifier
            } else if column.distinct_exact
                && (distinct <= FEW_TEXTS || distinct * 20 <= present)
                && distinct < present.max(2)
            {
                ColumnKind::Category
            } else {
                ColumnKind::Text
            }
        }
    }
}

fn is_zero_or_one(column: &ColumnProfile) -> bool {
    let ends = column
        .range
        .as_ref()
        .map(|range| (range.min.as_i64(), range.max.as_i64()));
    ends == Some((Some(0), Some(1)))
}

/// Whether a column's name says that it names rows.
pub(crate) fn names_rows(column: &str) -> bool {
    column.eq_ignore_ascii_case("id")
        || ["_id", "_ID", "_Id", "Id", "ID"]
            .iter()
            .any(|end| column.ends_with(end))
        || column.to_ascii_lowercase().starts_with("id_")
        || ["index", "row", "key", "uuid"].contains(&column.to_ascii_lowercase().as_str())
}

/// Every example is a name with an end that files have, or several names joined by slashes.
fn is_path(examples: &[String]) -> bool {
    let path = |text: &String| {
        let known = kind_of_name(text).is_some()
            || Path::new(text).extension().is_some_and(|end| {
                [
                    "txt", "wav", "mp3", "ogg", "flac", "mp4", "avi", "nii", "mat", "pkl", "xml",
                ]
                .iter()
                .any(|known| end.eq_ignore_ascii_case(known))
            });
        let parts = text.split('/').filter(|part| !part.is_empty()).count();
        !text.contains(' ') && (known || (parts > 1 && !text.contains("://")))
    };
    !examples.is_empty() && examples.iter().all(path)
}

/// Every example is in brackets, or is several short items.
fn is_list(examples: &[String]) -> bool {
    let bracketed = |text: &String| {
        let text = text.trim();
        [('[', ']'), ('{', '}'), ('(', ')')]
            .iter()
            .any(|&(open, close)| {
                text.starts_with(open) && (text.ends_with(close) || text.chars().count() >= 80)
            })
    };
    if !examples.is_empty() && examples.iter().all(bracketed) {
        return true;
    }
    // Words with spaces between are a sentence as soon as they are written as one.
    let sentence = |text: &String| text.chars().any(char::is_uppercase) || text.ends_with('.');
    match list_separator(examples) {
        Some(" ") => examples.len() > 1 && !examples.iter().any(sentence),
        Some(_) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(kind: ColumnKind, type_: ColumnType, name: &str, distinct: u64, examples: &[&str]) {
        let json = serde_json::json!({
            "name": name, "type": type_, "missing": 0, "distinct_estimate": distinct,
            "distinct_exact": true, "examples": examples,
        });
        let column: ColumnProfile = serde_json::from_value(json).unwrap();
        assert_eq!(tell_kind(&column, 1000), kind, "{name}");
    }

    #[test]
    fn columns_are_called_as_a_person_would() {
        use ColumnKind as K;
        use ColumnType::{Integer, Real, Text};
        is(K::Constant, Integer, "version", 1, &["1"]);
        is(K::Identifier, Integer, "PassengerId", 1000, &["1", "2"]);
        is(K::Integer, Integer, "price", 1000, &["10", "20"]);
        is(K::Category, Integer, "class", 3, &["1", "2", "3"]);
        is(K::Real, Real, "weight", 3, &["0.5"]);
        is(K::Category, Text, "sex", 2, &["male", "female"]);
        is(K::Category, Text, "city", 45, &["New York", "Rome"]);
        is(K::Identifier, Text, "code", 1000, &["7QDU_A", "8ZNQ_B"]);
        is(K::Path, Text, "image", 1000, &["a.png", "b.png"]);
        is(K::Path, Text, "file", 1000, &["x/a", "x/b"]);
        is(K::List, Text, "tags", 900, &["a b", "c d e"]);
        is(K::List, Text, "labels", 900, &["a;b", "c;d"]);
        is(K::List, Text, "box", 1000, &["[1, 2]", "[3, 4]"]);
        is(
            K::Text,
            Text,
            "name",
            990,
            &["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina"],
        );
        is(K::Text, Text, "review", 1000, &["It was good.", "So so."]);
    }
}

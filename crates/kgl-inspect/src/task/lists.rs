//! Several things in one field, and what stands between them.

use kgl_contract::ColumnProfile;

/// What stands between the items, where every example has several short ones.
pub(crate) fn list_separator(examples: &[String]) -> Option<&'static str> {
    let several = |separator: &str| {
        examples.iter().all(|example| {
            let items: Vec<&str> = example.split(separator).map(str::trim).collect();
            let short = |item: &&str| !item.is_empty() && item.len() <= 24 && !item.contains(' ');
            items.len() > 1 && items.iter().all(short)
        })
    };
    let separators = [";", "|", ",", " "];
    let found = separators.into_iter().find(|separator| several(separator));
    found.filter(|_| !examples.is_empty())
}

/// What stands between labels, where some values are lists of them (`scab;rust` beside `healthy`)
/// and none has blanks.
pub(super) fn label_separator(column: &ColumnProfile) -> Option<&'static str> {
    let values = || {
        column
            .top
            .iter()
            .map(|top| &top.value)
            .chain(&column.examples)
    };
    let separators = [";", "|", ","];
    separators.into_iter().find(|separator| {
        values().any(|value| value.contains(separator))
            && values().all(|value| !value.contains(' '))
    })
}

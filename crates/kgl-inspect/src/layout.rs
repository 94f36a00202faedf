//! How the rows of a table are written, and whether they are packed.

use std::fs::File;
use std::path::Path;

use kgl_contract::FileKind;
use kgl_csv::Unpacked;

use crate::kind::kind_of_name;

/// How the rows of a table are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// With a separator between fields; packed or not.
    Separated,
    /// An object a line; packed or not.
    JsonLines,
    /// In columns, with the schema at the end of the file.
    Parquet,
}

/// Why a file that looks like a table is none, and what to do about it.
type Why = Option<(String, &'static str)>;

/// Tells the layout of a table from its name, its kind and its first bytes; and where a packed
/// file seems to hold a table that cannot be got at, why.
pub(crate) fn tell_layout(
    path: &str,
    place: &Path,
    kind: FileKind,
    head: &[u8],
) -> (Option<Layout>, Why) {
    match kind {
        FileKind::Table => (Some(Layout::Separated), None),
        FileKind::Json if has_lines(path, head) => (Some(Layout::JsonLines), None),
        FileKind::Columnar if crate::parquet::is_parquet(head) => (Some(Layout::Parquet), None),
        FileKind::Archive => packed(path, place),
        _ => (None, None),
    }
}

/// Named so, or an object in its first line and another in the second.
fn has_lines(path: &str, head: &[u8]) -> bool {
    let named = [".jsonl", ".ndjson"];
    let lower = path.to_ascii_lowercase();
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let object = |line: Option<&[u8]>| line.is_some_and(|line| line.starts_with(b"{"));
    named.iter().any(|end| lower.ends_with(end))
        || lines
            .next()
            .is_some_and(|line| line.starts_with(b"{") && line.ends_with(b"}"))
            && object(lines.next())
}

/// The table in a file packed by gzip, or in a zip file that holds nothing else.
fn packed(path: &str, place: &Path) -> (Option<Layout>, Why) {
    let (outer, end) = path.rsplit_once('.').unwrap_or((path, ""));
    let by_name = |name: &str| match kind_of_name(name) {
        Some(FileKind::Table) => Some(Layout::Separated),
        Some(FileKind::Json) if has_lines(name, b"") => Some(Layout::JsonLines),
        _ => None,
    };
    let own = by_name(outer).or_else(|| by_name(path));
    if own.is_none() && !end.eq_ignore_ascii_case("zip") {
        return (None, None);
    }
    match File::open(place).and_then(Unpacked::new) {
        Ok(unpacked) => (unpacked.member().map_or(own, by_name), None),
        Err(error) => {
            let next = "unpack it (unzip, gunzip -k), then inspect again";
            (
                None,
                Some((format!("packed, and not profiled: {error}"), next)),
            )
        }
    }
}

/// The name of a table without what says how it is packed.
pub(crate) fn unpacked_name(path: &str) -> &str {
    let packed = [".gz", ".zip"];
    let name = packed.iter().find_map(|end| path.strip_suffix(end));
    name.unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_json_are_told_from_one_object() {
        assert!(has_lines("a.jsonl", b"") && has_lines("A.NDJSON", b""));
        assert!(has_lines("a.json", b"{\"a\": 1}\n{\"a\": 2}\n"));
        for one in [
            "{\n \"a\": 1}\n",
            "{\"a\": 1}\n",
            "[{\"a\": 1},\n{\"a\": 2}]\n",
        ] {
            assert!(!has_lines("a.json", one.as_bytes()), "{one}");
        }
    }

    #[test]
    fn a_packed_name_ends_where_its_packing_begins() {
        assert_eq!(unpacked_name("a/train.tsv.gz"), "a/train.tsv");
        assert_eq!(unpacked_name("train.csv"), "train.csv");
    }
}

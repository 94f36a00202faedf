//! What a file holds, told from its name and its first bytes.

use std::path::Path;

use kgl_contract::FileKind;

/// How many first bytes are looked at.
pub(crate) const HEAD_BYTES: u64 = 4096;

/// What bytes at the beginning of a file say, whatever its name.
const SIGNATURES: &[(usize, &[u8], FileKind)] = &[
    (0, b"\x89PNG\r\n", FileKind::Image),
    (0, b"\xff\xd8\xff", FileKind::Image),
    (0, b"GIF8", FileKind::Image),
    (0, b"II*\0", FileKind::Image),
    (0, b"MM\0*", FileKind::Image),
    (8, b"WEBP", FileKind::Image),
    (128, b"DICM", FileKind::Image),
    (0, b"PAR1", FileKind::Columnar),
    (0, b"ARROW1", FileKind::Columnar),
    (0, b"\x89HDF", FileKind::Columnar),
    (0, b"\x93NUMPY", FileKind::Columnar),
    (0, b"PK\x03\x04", FileKind::Archive),
    (0, b"\x1f\x8b", FileKind::Archive),
    (0, b"BZh", FileKind::Archive),
    (0, b"\xfd7zXZ", FileKind::Archive),
    (0, b"\x28\xb5\x2f\xfd", FileKind::Archive),
    (0, b"7z\xbc\xaf", FileKind::Archive),
    (257, b"ustar", FileKind::Archive),
];

/// What the end of a name says, in lower case.
const EXTENSIONS: &[(&[&str], FileKind)] = &[
    (&["csv", "tsv", "tab", "psv"], FileKind::Table),
    (&["fasta", "fa", "fna", "faa", "ffn"], FileKind::Fasta),
    (
        &["json", "jsonl", "ndjson", "geojson", "ipynb"],
        FileKind::Json,
    ),
    (
        &[
            "png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "dcm", "dicom", "svg",
        ],
        FileKind::Image,
    ),
    (
        &["zip", "gz", "tgz", "bz2", "xz", "zst", "tar", "7z", "rar"],
        FileKind::Archive,
    ),
    (
        &["parquet", "feather", "arrow", "h5", "hdf5", "npy", "npz"],
        FileKind::Columnar,
    ),
];

/// Formats that are zip files inside, but not for unpacking.
const ZIP_INSIDE: &[&str] = &[
    "xlsx", "docx", "pptx", "ods", "odt", "jar", "whl", "pt", "pth",
];

/// Tells the kind of a file from its name and its first [`HEAD_BYTES`].
///
/// Bytes that only one format begins with win over the name; a table's name wins
/// over text; what has no known name is text when it is UTF-8 without NUL bytes.
pub(crate) fn tell_kind(name: &str, size_bytes: u64, head: &[u8]) -> FileKind {
    if size_bytes == 0 {
        return FileKind::Empty;
    }
    let extension = extension(name);
    let signed = SIGNATURES
        .iter()
        .find(|(at, bytes, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    let by_name = kind_of_name(name);
    match signed {
        Some((.., FileKind::Archive)) if by_name == Some(FileKind::Columnar) => FileKind::Columnar,
        Some((.., FileKind::Archive)) if ZIP_INSIDE.contains(&extension.as_str()) => {
            FileKind::Binary
        }
        Some((.., kind)) => *kind,
        None => match by_name {
            Some(FileKind::Table) if holds_nul(head) => FileKind::Binary,
            Some(kind) => kind,
            None if is_text(head) => FileKind::Text,
            None => FileKind::Binary,
        },
    }
}

/// What the name alone says.
pub(crate) fn kind_of_name(name: &str) -> Option<FileKind> {
    let extension = extension(name);
    EXTENSIONS
        .iter()
        .find(|(names, _)| names.contains(&extension.as_str()))
        .map(|(_, kind)| *kind)
}

fn extension(name: &str) -> String {
    let extension = Path::new(name).extension().and_then(|end| end.to_str());
    extension.unwrap_or_default().to_ascii_lowercase()
}

/// NUL bytes are in no text but UTF-16, which starts with a mark.
fn holds_nul(head: &[u8]) -> bool {
    head.contains(&0) && !head.starts_with(b"\xff\xfe") && !head.starts_with(b"\xfe\xff")
}

/// UTF-8 without NUL bytes; the end of the piece may cut a character.
fn is_text(head: &[u8]) -> bool {
    !head.contains(&0)
        && match std::str::from_utf8(head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > head.len(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(name: &str, head: &[u8], kind: FileKind) {
        assert_eq!(tell_kind(name, head.len() as u64, head), kind, "{name}");
    }

    #[test]
    fn names_and_bytes_tell_the_kind() {
        is("a.csv", b"", FileKind::Empty);
        is("a.CSV", b"x,y\n", FileKind::Table);
        is("a.tsv", b"x\ty\n", FileKind::Table);
        is("seq.fasta", b">a\nACGU\n", FileKind::Fasta);
        is("a.jsonl", b"{}\n", FileKind::Json);
        is("a.jpg", b"??", FileKind::Image);
        is("a.csv.gz", b"\x1f\x8b\x08", FileKind::Archive);
        is("a.parquet", b"PAR1", FileKind::Columnar);
        is("README", b"caf\xc3\xa9", FileKind::Text);
        is("README", b"caf\xc3", FileKind::Text);
        is("notes.txt", b"caf\xe9 au lait", FileKind::Binary);
        is("a.bin", b"a\0b", FileKind::Binary);
    }

    #[test]
    fn bytes_win_over_a_wrong_name() {
        is("a.csv", b"PK\x03\x04....", FileKind::Archive);
        is("a.csv", b"a\0b", FileKind::Binary);
        is("a.csv", b"\xff\xfea\0,\0", FileKind::Table);
        is("picture", b"\x89PNG\r\n\x1a\n", FileKind::Image);
        is("a.npz", b"PK\x03\x04....", FileKind::Columnar);
        is("a.xlsx", b"PK\x03\x04....", FileKind::Binary);
    }
}

//! What rsync says it would do, or did, line by line.

use std::collections::BTreeSet;

use kgl_contract::{Changes, Sha256};

/// What rsync is told to print for each change: what, size, time, name.
pub(crate) const FORMAT: &str = "--out-format=%i %l %M %n";

/// How many changes a document names.
const SHOWN: usize = 50;
/// The width of rsync's `%i`.
const ITEM: usize = 11;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub kind: Kind,
    /// The path relative to the source, to the byte; a folder's ends with `/`.
    pub path: Vec<u8>,
    /// The size of a file; what rsync tells for anything else means nothing.
    pub size_bytes: u64,
}

/// What happens to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file's content is sent.
    Send,
    /// A folder or link is made, or only rights and times change.
    Touch,
    /// It is deleted.
    Delete,
}

/// What rsync says of a folder that it would delete if nothing protected lay in it.
const NOT_EMPTY: &[u8] = b"cannot delete non-empty directory: ";

/// Reads rsync's output with [`FORMAT`], and the digest of the lines that tell of changes, with
/// their sizes and times; lines of another form are its other words. A dry run lists folders for
/// deletion that cannot be deleted, and says so elsewhere.
#[must_use]
pub fn read_list(output: &[u8]) -> (Vec<Change>, Sha256) {
    let all = || output.split(|byte| *byte == b'\n');
    let staying: BTreeSet<Vec<u8>> = all()
        .filter_map(|line| line.strip_prefix(NOT_EMPTY))
        .map(unescape)
        .collect();
    let stays = |change: &Change| {
        let name = change.path.strip_suffix(b"/").unwrap_or(&change.path);
        change.kind == Kind::Delete && staying.contains(name)
    };
    let mut changes = Vec::new();
    let mut told = Vec::with_capacity(output.len());
    for line in all() {
        if let Some(change) = read_line(line).filter(|change| !stays(change)) {
            told.extend_from_slice(line);
            told.push(b'\n');
            changes.push(change);
        }
    }
    (changes, Sha256::of(&told))
}

fn read_line(line: &[u8]) -> Option<Change> {
    let (item, rest) = line.split_at_checked(ITEM)?;
    let rest = rest.strip_prefix(b" ")?;
    let mut fields = rest.splitn(3, |byte| *byte == b' ');
    let size: u64 = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    // A time has a fixed form; anything else is a sentence.
    let time = fields.next()?;
    if time.len() != "2026/11/25-04:07:11".len() || time[4] != b'/' {
        return None;
    }
    let kind = match item {
        [b'*', b'd', b'e', b'l', ..] => Kind::Delete,
        [b'<' | b'>', b'f', ..] => Kind::Send,
        [b'<' | b'>' | b'c' | b'h' | b'.', ..] => Kind::Touch,
        _ => return None,
    };
    Some(Change {
        kind,
        path: unescape(fields.next()?),
        size_bytes: if kind == Kind::Send { size } else { 0 },
    })
}

/// rsync writes a byte that is not printable as `\#` and three octal digits, and a backslash that
/// would look like the beginning of that as `\#134`.
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        if let [
            b'\\',
            b'#',
            a @ b'0'..=b'3',
            b @ b'0'..=b'7',
            c @ b'0'..=b'7',
            after @ ..,
        ] = rest
        {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

/// The changes for which `wanted` holds, counted, and the first of them named.
pub(crate) fn count(changes: &[Change], wanted: impl Fn(Kind) -> bool) -> Changes {
    let mut counted = Changes::default();
    for change in changes.iter().filter(|change| wanted(change.kind)) {
        counted.count += 1;
        counted.size_bytes += change.size_bytes;
        if counted.first.len() < SHOWN {
            counted
                .first
                .push(String::from_utf8_lossy(&change.path).into_owned());
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_to_the_byte() {
        let output = b"created directory /x/y\n\
            <f+++++++++ 12 2026/11/25-04:07:11  lead\n\
            >f.st...... 3 2026/11/25-04:07:11 a/new\\#012line\n\
            <f+++++++++ 1 2026/11/25-04:07:11 back\\#134#012slash\n\
            cd+++++++++ 4096 2026/11/25-04:07:11 a/\n\
            *deleting   0 1970/01/01-00:00:00 gone\n\
            .f...p..... 9 2026/11/25-04:07:11 rights\n\nsent 5 bytes\n";
        let (found, _) = read_list(output);
        let names: Vec<_> = found
            .iter()
            .map(|change| (change.kind, change.path.as_slice(), change.size_bytes))
            .collect();
        assert_eq!(
            names,
            [
                (Kind::Send, &b" lead"[..], 12),
                (Kind::Send, b"a/new\nline", 3),
                (Kind::Send, b"back\\#012slash", 1),
                (Kind::Touch, b"a/", 0),
                (Kind::Delete, b"gone", 0),
                (Kind::Touch, b"rights", 0),
            ]
        );
        let counted = count(&found, |kind| kind == Kind::Send);
        assert_eq!((counted.count, counted.size_bytes), (3, 16));
    }

    #[test]
    fn a_folder_with_something_protected_in_it_is_not_deleted() {
        // As rsync 3.5.0 says it in a dry run.
        let output = b"cannot delete non-empty directory: a b/c\n\
            *deleting   0 1970/01/01-00:00:00 a b/c/\n\
            *deleting   0 1970/01/01-00:00:00 a b/d/\n";
        let paths: Vec<_> = read_list(output)
            .0
            .into_iter()
            .map(|change| change.path)
            .collect();
        assert_eq!(paths, [b"a b/d/"]);
    }

    #[test]
    fn a_digest_is_of_the_changes_and_nothing_else() {
        let line = b"<f+++++++++ 12 2026/11/25-04:07:11 a\n";
        let chatty = [b"created directory /x\n".as_slice(), line].concat();
        assert_eq!(read_list(line).1, read_list(&chatty).1);
        assert_ne!(
            read_list(line).1,
            read_list(b"<f+++++++++ 13 2026/11/25-04:07:11 a\n").1
        );
    }
}

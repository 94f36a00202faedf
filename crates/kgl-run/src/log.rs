//! A run's log: its last lines for people, and its growth for followers.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// How kgl-run's own lines in a log begin.
pub(crate) const NOTE: &str = "[kgl-run] ";

const TAIL_LINES: usize = 3;
const TAIL_BYTES: u64 = 8192;
const LINE_CHARS: usize = 160;
/// How much is handed on at once, so that a log that grows faster than it can be shown never
/// keeps its follower from anything else.
const CHUNKS: usize = 16;

/// The last lines of a log that say something, oldest first; none if it cannot be read.
pub(crate) fn tail(path: &Path) -> Vec<String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    last_lines(&read().unwrap_or_default())
}

/// The last lines of `bytes` as a terminal would have left them: a line that was drawn over
/// with carriage returns counts as it was last, colours and blank lines are dropped.
fn last_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines: Vec<String> = text
        .rsplit('\n')
        .filter_map(|line| line.rsplit('\r').map(plain).find(|drawn| !drawn.is_empty()))
        .filter(|line| !line.starts_with(NOTE.trim_end()))
        .take(TAIL_LINES)
        .collect();
    lines.reverse();
    lines
}

/// `text` without escape sequences and control characters, trimmed and clipped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                // A sequence ends with its first byte from @ to ~ (ECMA-48, 5.4).
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    let out = out.trim();
    match out.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}…", &out[..end]),
        None => out.to_owned(),
    }
}

/// Reads a log as it grows: every byte once, whatever its writer does.
#[derive(Debug)]
pub(crate) struct Follower {
    file: File,
    read: u64,
}

impl Follower {
    /// Follows the log at `path` from its beginning.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            read: 0,
        })
    }

    /// Follows the log at `path` from the byte `from` on; from its beginning, if it is shorter.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open_at(path: &Path, from: u64) -> io::Result<Self> {
        let mut follower = Self::open(path)?;
        follower.file.seek(SeekFrom::Start(from))?;
        follower.read = from;
        Ok(follower)
    }

    /// Hands on what is new to `sink`, 256 KiB at most; gives whether there is more.
    ///
    /// # Errors
    /// The log cannot be read, or whatever `sink` fails with.
    pub(crate) fn drain<E: From<io::Error>>(
        &mut self,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<bool, E> {
        // A program that opens /dev/stderr to write truncates the log; what it writes then is new.
        if self.file.metadata()?.len() < self.read {
            self.file.seek(SeekFrom::Start(0))?;
            self.read = 0;
        }
        let mut buffer = [0; 1 << 14];
        for _ in 0..CHUNKS {
            let n = self.file.read(&mut buffer)?;
            if n == 0 {
                return Ok(false);
            }
            self.read += n as u64;
            sink(&buffer[..n])?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_last_lines_are_those_a_terminal_shows() {
        let log = b"first\nsecond\n\n 10%\r 50%\r\x1b[32m100%\x1b[0m\r\n\x1b[1mfail:\x1b[0m\tno GPU \n[kgl-run] a note\n\n";
        assert_eq!(last_lines(log), ["second", "100%", "fail: no GPU"]);
        assert!(last_lines(b"\n\r\n").is_empty() && last_lines(b"").is_empty());
        assert_eq!(last_lines(b"no newline"), ["no newline"]);
    }

    #[test]
    fn a_long_line_is_clipped_between_characters() {
        let line = "é".repeat(LINE_CHARS + 1);
        assert_eq!(
            last_lines(line.as_bytes()),
            [format!("{}…", "é".repeat(LINE_CHARS))]
        );
    }

    #[test]
    fn a_follower_reads_every_byte_once_and_survives_truncation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        fs::write(&path, "one\n").unwrap();
        let mut follower = Follower::open(&path).unwrap();
        let mut read = Vec::new();
        let mut drain = |follower: &mut Follower| {
            let mut got = Vec::new();
            let mut sink = |bytes: &[u8]| -> io::Result<()> {
                got.extend_from_slice(bytes);
                Ok(())
            };
            while follower.drain(&mut sink).unwrap() {}
            read.push(String::from_utf8(got).unwrap());
        };
        drain(&mut follower);
        drain(&mut follower);
        fs::write(&path, "one\ntwo\n").unwrap();
        drain(&mut follower);
        fs::write(&path, "new").unwrap();
        drain(&mut follower);
        let long = "x".repeat(1 << 20);
        fs::write(&path, format!("new{long}")).unwrap();
        drain(&mut follower);
        let mut follower = Follower::open(&path).unwrap();
        let mut shown = 0;
        let mut sink = |bytes: &[u8]| -> io::Result<()> {
            shown += bytes.len();
            Ok(())
        };
        assert!(follower.drain(&mut sink).unwrap(), "there is more");
        assert!(shown < 1 << 20);
        assert_eq!(read, ["one\n", "", "two\n", "new", &long]);
    }
}

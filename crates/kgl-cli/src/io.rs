//! Documents in, documents out, and words for people.

use std::fmt::Display;
use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use kgl_contract::{Document, canonical_bytes, parse_document, unknown_fields};

use crate::Common;
use crate::atomic_file::write_atomically;
use crate::failure::{Failure, OrFail as _, read_failure};
use crate::output;
use crate::progress::Progress;

/// A tool's way to stdin, stdout and stderr.
#[derive(Debug, Clone)]
pub struct Io {
    verbose: bool,
    quiet: bool,
}

/// Where a document was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How messages call it: a path, or `stdin`.
    pub name: String,
    /// The folder that relative paths within it start from; the current one for stdin.
    pub base: PathBuf,
}

impl Io {
    /// An `Io` that says as much as `common` asks for.
    #[must_use]
    pub fn new(common: &Common) -> Self {
        Self {
            verbose: common.verbose,
            quiet: common.quiet,
        }
    }

    /// Reads all bytes of `path`, or of stdin when it is `None` or `-`.
    ///
    /// # Errors
    /// An unreadable file (exit 2, or 3 when the disk fails). With a terminal on
    /// stdin and nothing to read, the tool's help is shown instead of a hang.
    pub fn read_bytes(&self, path: Option<&Path>) -> Result<(Vec<u8>, Source), Failure> {
        match path {
            Some(path) if path != Path::new("-") => {
                let bytes = fs::read(path).map_err(|error| read_failure(path, error))?;
                let base = path.parent().unwrap_or(Path::new("")).to_owned();
                Ok((
                    bytes,
                    Source {
                        name: path.display().to_string(),
                        base,
                    },
                ))
            }
            given => {
                let stdin = io::stdin();
                if given.is_none() && stdin.is_terminal() {
                    return Err(Failure::help_wanted());
                }
                let mut bytes = Vec::new();
                stdin
                    .lock()
                    .read_to_end(&mut bytes)
                    .or_outside("cannot read stdin")?;
                Ok((
                    bytes,
                    Source {
                        name: "stdin".to_owned(),
                        base: PathBuf::new(),
                    },
                ))
            }
        }
    }

    /// Reads a document from `path`, or from stdin when it is `None` or `-`, and
    /// warns of fields that nobody knows.
    ///
    /// # Errors
    /// As [`Io::read_bytes`]; and exit 2 with the byte where it breaks when it is
    /// not a whole document of this kind.
    pub fn read_document<D: Document>(&self, path: Option<&Path>) -> Result<(D, Source), Failure> {
        let (bytes, source) = self.read_bytes(path)?;
        let document: D = parse_document(&bytes).or_usage(&source.name)?;
        for field in unknown_fields(&bytes, &document) {
            self.warn(format_args!(
                "{}: unknown field `{field}` is ignored",
                source.name
            ));
        }
        Ok((document, source))
    }

    /// Writes a document in canonical bytes to `path` (by rename), or to stdout
    /// when it is `None` or `-`. On a terminal it is indented for people.
    ///
    /// # Errors
    /// A full disk or a folder that cannot be written (exit 3).
    pub fn write_document<D: Document>(
        &self,
        document: &D,
        path: Option<&Path>,
    ) -> Result<(), Failure> {
        let bytes = canonical_bytes(document).or_outside("cannot write the document as JSON")?;
        match path {
            Some(path) if path != Path::new("-") => write_atomically(path, &bytes),
            _ if io::stdout().is_terminal() => {
                let mut text = serde_json::to_string_pretty(document)
                    .or_outside("cannot write the document as JSON")?;
                text.push('\n');
                self.write_stdout(text.as_bytes())
            }
            _ => self.write_stdout(&bytes),
        }
    }

    /// Writes `bytes` to stdout. Where the reader has gone (a closed pipe) that is
    /// all there is to do: the tool goes on to its end and its exit code.
    ///
    /// # Errors
    /// A full disk (exit 3).
    pub fn write_stdout(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream_stdout(bytes).map(|_| ())
    }

    /// As [`Io::write_stdout`], for output without an end: says whether somebody
    /// still reads it.
    ///
    /// # Errors
    /// A full disk (exit 3).
    pub fn stream_stdout(&self, bytes: &[u8]) -> Result<bool, Failure> {
        if output::stdout_is_discarded() {
            self.warn("stdout is closed, so the result is lost (redirect it, or name a file)");
            return Ok(true);
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error).or_outside("cannot write to stdout"),
        }
    }

    /// Writes `text` and a newline to stdout.
    ///
    /// # Errors
    /// As [`Io::write_document`].
    pub fn print(&self, text: impl Display) -> Result<(), Failure> {
        self.write_stdout(format!("{text}\n").as_bytes())
    }

    /// Tells people something, unless they asked for quiet.
    pub fn note(&self, text: impl Display) {
        if !self.quiet {
            say(&text);
        }
    }

    /// Tells people who asked for more.
    pub fn detail(&self, text: impl Display) {
        if self.verbose {
            say(&text);
        }
    }

    /// Warns people, unless they asked for quiet.
    pub fn warn(&self, text: impl Display) {
        if !self.quiet {
            say(&format_args!("warning: {text}"));
        }
    }

    /// Whether `--verbose` was given.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// A progress bar over `total` steps, drawn only when stderr is a terminal.
    #[must_use]
    pub fn progress(&self, total: u64, what: &'static str) -> Progress {
        Progress::new(total, what, !self.quiet && io::stderr().is_terminal())
    }
}

/// One write, so that lines of parallel tools do not mix; nobody can be told
/// that stderr is gone.
fn say(text: &dyn Display) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

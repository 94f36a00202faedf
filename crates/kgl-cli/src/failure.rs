//! The one error type of the tools: what went wrong, what to do about it, and
//! the exit code.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

use kgl_contract::Exit;

/// Why a tool did not do what it was asked to: a sentence, a hint and an exit code.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    error: anyhow::Error,
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exit(Exit),
    /// Nothing was given to read: show the help.
    HelpWanted,
}

impl Failure {
    fn new(exit: Exit, error: anyhow::Error) -> Self {
        Self {
            kind: Kind::Exit(exit),
            error,
            hint: None,
        }
    }

    /// A proper "no" (exit 1).
    pub fn no(message: impl fmt::Display) -> Self {
        Self::new(Exit::No, anyhow::anyhow!("{message}"))
    }

    /// Bad usage or bad input (exit 2).
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, anyhow::anyhow!("{message}"))
    }

    /// The outside world failed (exit 3).
    pub fn outside(message: impl fmt::Display) -> Self {
        Self::new(Exit::Outside, anyhow::anyhow!("{message}"))
    }

    /// A terminal is on stdin and nothing was given to read: show the help.
    pub(crate) fn help_wanted() -> Self {
        Self {
            kind: Kind::HelpWanted,
            error: anyhow::anyhow!("nothing to read"),
            hint: None,
        }
    }

    /// Adds the next step to take, as a fragment: ``run `kgl-inspect --data DIR` ``.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The exit code this failure ends with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Exit(exit) => exit,
            Kind::HelpWanted => Exit::Usage,
        }
    }

    /// Tells people on stderr, and gives the exit code.
    pub(crate) fn report(self, mut command: clap::Command) -> Exit {
        let mut stderr = io::stderr().lock();
        // Nobody can be told that stderr is gone.
        let _ = match self.kind {
            Kind::HelpWanted => {
                let help = command.render_help();
                writeln!(
                    stderr,
                    "{help}\nnothing to read: stdin is a terminal (give a path, or pipe a document in)"
                )
            }
            Kind::Exit(_) => writeln!(stderr, "{}: {self}", command.get_name()),
        };
        self.exit()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Turns a library's error into a [`Failure`], with the thing it happened to.
pub trait OrFail<T> {
    /// Bad usage or input (exit 2), `context: cause`.
    ///
    /// # Errors
    /// The failure, when there was an error.
    fn or_usage(self, context: impl fmt::Display) -> Result<T, Failure>;

    /// The outside world failed (exit 3), `context: cause`.
    ///
    /// # Errors
    /// The failure, when there was an error.
    fn or_outside(self, context: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_usage(self, context: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(Exit::Usage, error.into().context(context.to_string())))
    }

    fn or_outside(self, context: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(Exit::Outside, error.into().context(context.to_string())))
    }
}

/// The failure for a file that could not be read: a wrong path or a missing
/// right is the caller's to mend (exit 2), a failing disk is not (exit 3).
#[must_use]
pub fn read_failure(path: &Path, error: io::Error) -> Failure {
    use io::ErrorKind as K;
    let context = format!("cannot read {}", path.display());
    let exit = match error.kind() {
        K::NotFound
        | K::PermissionDenied
        | K::IsADirectory
        | K::NotADirectory
        | K::InvalidInput => Exit::Usage,
        _ => Exit::Outside,
    };
    Failure::new(exit, anyhow::Error::new(error).context(context))
}

//! From arguments to what is to be checked.

use std::path::{Path, PathBuf};

use kgl_cli::{Failure, Io};
use kgl_contract::{Challenge, SubmissionRequest};

use crate::check::Rules;
use crate::cli::Arguments;
use crate::labels;
use crate::room::Room;

/// A submission, its sample, and what it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The competition's slug.
    pub competition: String,
    /// The file to check.
    pub submission: Named,
    /// The file to check it against.
    pub sample: Named,
    /// Order and ranges.
    pub rules: Rules,
    /// What the check may take.
    pub room: Room,
    /// The competition's folder: where the ledger lies.
    pub home: PathBuf,
}

/// A file: as it was given, and as it is opened from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As it was given.
    pub given: String,
    /// As it is opened.
    pub path: PathBuf,
}

impl Named {
    fn beneath(base: &Path, given: String) -> Self {
        Self {
            path: base.join(&given),
            given,
        }
    }

    fn as_is(path: PathBuf) -> Self {
        Self {
            given: path.display().to_string(),
            path,
        }
    }
}

/// Reads what the arguments name.
///
/// # Errors
/// A document that cannot be read, or a challenge that says nothing of submissions.
pub fn read(arguments: &Arguments, io: &Io) -> Result<Request, Failure> {
    let mut request = match (&arguments.challenge, &arguments.submission) {
        (Some(challenge), Some(submission)) => {
            from_challenge(challenge, submission, arguments.sample.clone(), io)?
        }
        _ => from_request(arguments.request.as_deref(), arguments.base.clone(), io)?,
    };
    request.room = Room::of_mib(arguments.memory);
    Ok(request)
}

fn from_request(path: Option<&Path>, base: Option<PathBuf>, io: &Io) -> Result<Request, Failure> {
    let (request, source) = io.read_document::<SubmissionRequest>(path)?;
    let base = base.unwrap_or(source.base);
    let forms = labels::read(request.values, &base)?;
    Ok(Request {
        competition: request.competition,
        submission: Named::beneath(&base, request.submission),
        sample: Named::beneath(&base, request.sample),
        rules: Rules {
            order: request.order,
            ranges: request.ranges,
            forms,
        },
        room: Room::default(),
        home: base,
    })
}

fn from_challenge(
    path: &Path,
    submission: &Path,
    sample: Option<PathBuf>,
    io: &Io,
) -> Result<Request, Failure> {
    let (challenge, source) = io.read_document::<Challenge>(Some(path))?;
    let (ours, rules) = match challenge.submission {
        Some(section) => (
            Some(Named::beneath(&source.base, section.sample)),
            Rules {
                order: section.order,
                ranges: section.ranges,
                forms: labels::read(section.values, &source.base)?,
            },
        ),
        None => (None, Rules::default()),
    };
    let Some(sample) = sample.map(Named::as_is).or(ours) else {
        return Err(Failure::usage(format_args!(
            "{}: no `submission` section, so there is no sample to check against",
            source.name
        ))
        .hint("name one with --sample FILE"));
    };
    Ok(Request {
        competition: challenge.slug,
        submission: Named::as_is(submission.to_owned()),
        sample,
        rules,
        room: Room::default(),
        home: source.base,
    })
}

//! Where a competition lies: the project's folder and the slug.

use std::fs;
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::Challenge;

use crate::cli::Source;

/// A competition's place. A project is a folder that holds `competitions/`.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The project's folder; absolute.
    pub(crate) project: PathBuf,
    /// The competition's slug.
    pub(crate) slug: String,
}

impl Place {
    /// The place of `slug` below `project`.
    ///
    /// # Errors
    /// A slug that could lead out of `competitions/` (exit 2).
    pub(crate) fn new(project: PathBuf, slug: &str) -> Result<Self, Failure> {
        if !is_name(slug) {
            return Err(Failure::usage(format_args!(
                "competition `{slug}`: a slug is lower-case letters, digits and `-`"
            )));
        }
        Ok(Self {
            project,
            slug: slug.to_owned(),
        })
    }

    /// The competition's folder, relative to the project.
    pub(crate) fn work(&self) -> String {
        format!("competitions/{}", self.slug)
    }

    /// The folder of what it has made; absolute.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.project.join(self.work()).join("outputs")
    }

    /// The folder of all its runs; absolute.
    pub(crate) fn runs(&self) -> PathBuf {
        self.outputs().join("runs")
    }
}

/// Whether `text` can be a slug or a verb: it becomes part of paths, and later of tmux names.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain) && !text.starts_with('-')
}

/// Finds the competition and reads its challenge.
///
/// # Errors
/// No such competition, no challenge document, or one that lies where its slug does not belong
/// (exit 2).
pub(crate) fn read_challenge(source: &Source, io: &Io) -> Result<(Place, Challenge), Failure> {
    let (place, file) = match (&source.competition, &source.challenge) {
        (Some(slug), _) => {
            let place = existing(slug)?;
            let file = PathBuf::from(place.work()).join("challenge.json");
            (Some(place), Some(file))
        }
        (None, Some(file)) if file != Path::new("-") => (Some(around(file)?), Some(file.clone())),
        (None, given) => (None, given.clone()),
    };
    let read = io.read_document::<Challenge>(file.as_deref());
    let (challenge, read_from) = read.map_err(|failure| match &file {
        Some(_) => failure,
        None => failure.hint("--competition SLUG reads competitions/SLUG/challenge.json instead"),
    })?;
    let place = match place {
        Some(place) => place,
        None => existing(&challenge.slug)?,
    };
    if place.slug != challenge.slug {
        return Err(Failure::usage(format_args!(
            "{}: `slug` is {}, but the folder is {}",
            read_from.name,
            challenge.slug,
            place.work()
        ))
        .hint("give both the same name"));
    }
    Ok((place, challenge))
}

/// The challenge that lies in its place.
///
/// # Errors
/// It is not there, or cannot be read (exit 2).
pub(crate) fn challenge_at(place: &Place) -> Result<Challenge, Failure> {
    let file = place.project.join(place.work()).join("challenge.json");
    let bytes = fs::read(&file).map_err(|error| kgl_cli::read_failure(&file, error))?;
    kgl_contract::parse_document(&bytes).or_usage(file.display())
}

/// Finds the competition. Its challenge is read only where nothing else names it, so that a
/// challenge that somebody is editing never keeps a run from being stopped.
///
/// # Errors
/// As [`read_challenge`].
pub(crate) fn find(source: &Source, io: &Io) -> Result<Place, Failure> {
    match (&source.competition, &source.challenge) {
        (Some(slug), _) => existing(slug),
        (None, Some(file)) if file != Path::new("-") => around(file),
        _ => Ok(read_challenge(source, io)?.0),
    }
}

/// The place of `slug` below the current folder.
fn existing(slug: &str) -> Result<Place, Failure> {
    let project = std::env::current_dir().or_outside("cannot tell the current folder")?;
    let place = Place::new(project, slug)?;
    if place.project.join(place.work()).is_dir() {
        return Ok(place);
    }
    let mut others: Vec<String> = fs::read_dir(place.project.join("competitions"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("challenge.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    others.sort();
    let failure = Failure::usage(format_args!(
        "no folder {} in {}",
        place.work(),
        place.project.display()
    ));
    Err(if others.is_empty() {
        failure.hint("run this in the project's folder, the one that holds competitions/")
    } else {
        failure.hint(format_args!("there are: {}", others.join(", ")))
    })
}

/// The place of a challenge that lies at `file`.
fn around(file: &Path) -> Result<Place, Failure> {
    let folder = file
        .canonicalize()
        .map_err(|error| kgl_cli::read_failure(file, error))?
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default();
    let slug = folder.file_name().and_then(|name| name.to_str());
    let parent = folder.parent();
    match (slug, parent, parent.and_then(Path::parent)) {
        (Some(slug), Some(parent), Some(project)) if parent.ends_with("competitions") => {
            Place::new(project.to_owned(), slug)
        }
        _ => Err(Failure::usage(format_args!(
            "{}: a challenge lies at competitions/SLUG/challenge.json in its project",
            file.display()
        ))
        .hint("from the project's folder, `kgl-run VERB < FILE` takes one from anywhere")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_cannot_lead_out_of_its_folder() {
        for slug in ["", "..", "a/b", "../x", "A", "-a", "a b", "é"] {
            assert!(Place::new(PathBuf::from("/p"), slug).is_err(), "{slug}");
        }
        let place = Place::new(PathBuf::from("/p"), "jaguar-re-id").unwrap();
        assert_eq!(
            place.runs(),
            Path::new("/p/competitions/jaguar-re-id/outputs/runs")
        );
    }
}

//! What to do with each file, and doing it. A file that somebody edited stays.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kgl_cli::{Failure, OrFail as _, read_failure, write_atomically};
use kgl_contract::{
    ScaffoldAction as Action, ScaffoldReport, ScaffoldedFile, Sha256, canonical_bytes,
    parse_document,
};

use crate::render::Rendered;

/// What an earlier scaffold wrote, hidden in the competition's folder.
const RECORD: &str = ".scaffold.json";

/// A file and what is to be done with it.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) report: ScaffoldedFile,
    rendered: Rendered,
}

/// What an earlier scaffold wrote: name and digest.
pub(crate) fn recorded(folder: &Path) -> Vec<ScaffoldedFile> {
    let bytes = fs::read(folder.join(RECORD)).unwrap_or_default();
    // A record that cannot be read is none: then every file counts as edited, and none is lost.
    parse_document::<ScaffoldReport>(&bytes).map_or(Vec::new(), |report| report.files)
}

/// Decides for each file, from what is there and what was written before.
pub(crate) fn decide(
    folder: &Path,
    rendered: Vec<Rendered>,
    before: &[ScaffoldedFile],
    force: &[String],
) -> Result<Vec<Decided>, Failure> {
    if let Some(unknown) = force
        .iter()
        .find(|name| rendered.iter().all(|file| file.name != **name))
    {
        let names: Vec<&str> = rendered.iter().map(|file| file.name.as_str()).collect();
        return Err(Failure::usage(format_args!(
            "--force {unknown}: the scaffold has no such file"
        ))
        .hint(format_args!("it has: {}", names.join(", "))));
    }
    let mut decided = Vec::new();
    for rendered in rendered {
        let path = folder.join(&rendered.name);
        let there = match fs::read(&path) {
            Ok(bytes) => Some(Sha256::of(&bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(read_failure(&path, error)),
        };
        let ours = Sha256::of(&rendered.bytes);
        let written = before
            .iter()
            .find(|file| file.path == rendered.name)
            .map(|file| file.sha256);
        let action = action(there, ours, written, force.contains(&rendered.name));
        let report = ScaffoldedFile {
            path: rendered.name.clone(),
            action,
            sha256: ours,
        };
        decided.push(Decided { report, rendered });
    }
    Ok(decided)
}

fn action(there: Option<Sha256>, ours: Sha256, written: Option<Sha256>, force: bool) -> Action {
    match there {
        None => Action::Created,
        Some(there) if there == ours => Action::Unchanged,
        Some(there) if written == Some(there) => Action::Updated,
        Some(_) if force => Action::Replaced,
        Some(_) => Action::Kept,
    }
}

/// Writes what is to be written, each file by rename.
pub(crate) fn apply(folder: &Path, decided: &[Decided]) -> Result<(), Failure> {
    for Decided { report, rendered } in decided {
        let path = folder.join(&report.path);
        match report.action {
            Action::Unchanged | Action::Kept => continue,
            Action::Replaced => keep_old(&path)?,
            Action::Created | Action::Updated => {}
        }
        write_atomically(&path, &rendered.bytes)?;
        if rendered.executable {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
                .or_outside(format_args!("cannot make {} executable", path.display()))?;
        }
    }
    Ok(())
}

/// Renames a file to the first free of `.orig`, `.orig1` and so on.
fn keep_old(path: &Path) -> Result<(), Failure> {
    let name = |i: u32| match i {
        0 => format!("{}.orig", path.display()),
        i => format!("{}.orig{i}", path.display()),
    };
    let free = (0..)
        .map(name)
        .find(|name| !Path::new(name).exists())
        .unwrap_or_default();
    fs::rename(path, &free).or_outside(format_args!("cannot keep {} as {free}", path.display()))
}

/// Remembers what was written. A file that was kept stays recorded as it was written before.
pub(crate) fn record(
    folder: &Path,
    report: &ScaffoldReport,
    before: &[ScaffoldedFile],
) -> Result<(), Failure> {
    let mut record = report.clone();
    record.files.retain_mut(|file| {
        if file.action != Action::Kept {
            // What is remembered is the digest alone: the same run again changes nothing.
            file.action = Action::Unchanged;
            return true;
        }
        match before.iter().find(|earlier| earlier.path == file.path) {
            Some(earlier) => {
                *file = earlier.clone();
                true
            }
            None => false,
        }
    });
    let bytes = canonical_bytes(&record).or_outside("cannot write the record")?;
    write_atomically(&folder.join(RECORD), &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_file_is_left_alone() {
        let [old, new, edited] = ["old", "new", "edited"].map(|text| Sha256::of(text.as_bytes()));
        for (there, written, force, expected) in [
            (None, None, false, Action::Created),
            (None, Some(old), false, Action::Created),
            (Some(new), None, false, Action::Unchanged),
            (Some(old), Some(old), false, Action::Updated),
            (Some(edited), Some(old), false, Action::Kept),
            (Some(edited), None, false, Action::Kept),
            (Some(edited), Some(old), true, Action::Replaced),
        ] {
            assert_eq!(action(there, new, written, force), expected, "{there:?}");
        }
    }
}

//! The folder of a competition's runs: `outputs/runs/<id>/` with `run.json`, `run.log` and
//! `run.rc`. A run's folder appears by rename, whole; names that begin with a dot are no runs.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, OrFail as _, write_atomically};
use kgl_contract::{Ending, Run, RunState, canonical_bytes, parse_document};

use crate::log;
use crate::place::Place;
use crate::process::{self, Process};
use crate::remote;
use crate::state::{Evidence, Rc, derive};

const RESERVE: &str = ".run.rc.reserve";
const RESERVE_BYTES: usize = 512;

/// The runs of one competition.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    place: Place,
    /// What this machine is called by whoever asks.
    here: String,
}

/// A run as it stands now.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The run.
    pub(crate) run: Run,
    /// Its processes, where its wrapper is gone.
    pub(crate) survivors: Vec<Process>,
    /// Whether it is on another machine, and what is here is a record of it.
    pub(crate) is_elsewhere: bool,
}

impl Seen {
    /// A run on another machine, of which nothing else is known here.
    pub(crate) fn elsewhere(run: Run) -> Self {
        Self {
            run,
            survivors: Vec::new(),
            is_elsewhere: true,
        }
    }

    /// Whether any process of it is there.
    pub(crate) fn is_live(&self) -> bool {
        self.run.state == RunState::Running || !self.survivors.is_empty()
    }
}

impl Runs {
    /// The runs of the competition at `place`, on the machine that is called `here`.
    pub(crate) fn new(place: Place, here: String) -> Self {
        Self { place, here }
    }

    /// The competition's place.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The folder of the run `id`; absolute.
    pub(crate) fn folder(&self, id: &str) -> PathBuf {
        self.place.runs().join(id)
    }

    /// The log of `run`; absolute.
    pub(crate) fn log(&self, run: &Run) -> PathBuf {
        self.folder(&run.id).join(&run.paths.log)
    }

    /// All runs as they stand, newest first, and a sentence for each folder that is none.
    ///
    /// # Errors
    /// The folder cannot be listed (exit 3). No folder means no runs.
    pub(crate) fn list(&self) -> Result<(Vec<Seen>, Vec<String>), Failure> {
        let folder = self.place.runs();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
            Err(error) => {
                return Err(error).or_outside(format_args!("cannot read {}", folder.display()));
            }
        };
        let (mut seen, mut complaints) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.or_outside(format_args!("cannot read {}", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || !entry.path().is_dir() {
                continue;
            }
            match self.see(&name) {
                Ok(run) => seen.push(run),
                Err(why) => complaints.push(why),
            }
        }
        // An id begins with the second and ends with the fraction of it.
        let key = |seen: &Seen| {
            let id = &seen.run.id;
            let second: String = id.chars().take(15).collect();
            let fraction = id.rsplit('-').next().unwrap_or_default().to_owned();
            (second, fraction, id.clone())
        };
        seen.sort_by_key(key);
        seen.reverse();
        complaints.sort();
        Ok((seen, complaints))
    }

    /// The run in the folder `id`, as it stands.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub(crate) fn see(&self, id: &str) -> Result<Seen, String> {
        let folder = self.folder(id);
        let shown = format!("{}/outputs/runs/{id}/run.json", self.place.work());
        let bytes = fs::read(folder.join("run.json"))
            .map_err(|error| format!("cannot read {shown}: {error}"))?;
        let run: Run = parse_document(&bytes).map_err(|error| format!("{shown}: {error}"))?;
        if run.id != id {
            return Err(format!("{shown}: is the run {}, moved or copied", run.id));
        }
        Ok(self.look(run, &folder))
    }

    /// Makes the folder of `run` appear, with its `run.json` in it. The caller holds the lock.
    ///
    /// # Errors
    /// No right, no space (exit 3); then nothing appears.
    pub(crate) fn create(&self, run: &Run) -> Result<(), Failure> {
        let runs = self.place.runs();
        let context = || format!("cannot write {}", run.paths.folder);
        self.sweep();
        let folder = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .tempdir_in(&runs)
            .or_outside(context())?;
        write_run(folder.path(), run)?;
        reserve(folder.path()).or_outside(context())?;
        fs::rename(folder.path(), self.folder(&run.id)).or_outside(context())?;
        // It has another name now, so there is nothing to clean up.
        let _ = folder.keep();
        Ok(())
    }

    /// Removes what a starter that was killed left half-made. The caller holds the lock, so
    /// nobody is making a folder now.
    fn sweep(&self) {
        for entry in fs::read_dir(self.place.runs())
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with(".new-") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Notes what the host of a run said of it. The record may have gone meanwhile; then it is
    /// made anew.
    ///
    /// # Errors
    /// The disk failed (exit 3).
    pub(crate) fn record(&self, run: &Run) -> Result<(), Failure> {
        write_run(&self.folder(&run.id), run)
    }

    /// Removes a run that never started.
    pub(crate) fn forget(&self, run: &Run) {
        let _ = fs::remove_dir_all(self.folder(&run.id));
    }

    /// Records that the run ended, and gives it as it stands then.
    ///
    /// # Errors
    /// The end cannot be written (exit 3).
    pub(crate) fn finish(&self, run: &Run, ending: &Ending) -> Result<Run, Failure> {
        let folder = self.folder(&run.id);
        write_ending(&folder, ending)?;
        let ended = self.look(run.clone(), &folder).run;
        // Its state is derived whenever it is read, so a full disk loses nothing here.
        let _ = write_run(&folder, &ended);
        Ok(ended)
    }

    /// `run` as it stands by what `folder` holds and by the processes that are there.
    fn look(&self, run: Run, folder: &Path) -> Seen {
        let boot_id = process::boot_id();
        let mut evidence = Evidence {
            rc: read_ending(folder),
            is_elsewhere: remote::is_elsewhere(&run, &self.here, boot_id.as_deref()),
            host: self.here.clone(),
            boot_id,
            wrapper_start_ticks: run
                .pid
                .and_then(process::find)
                .map(|process| process.start_ticks),
            survivors: Vec::new(),
            log_tail: Vec::new(),
        };
        let mut state = derive(run.clone(), &evidence).state;
        if state == RunState::Died {
            // It may have written its end and left between the two looks. Now that it is gone, what
            // is there is the last word.
            evidence.rc = read_ending(folder);
            state = derive(run.clone(), &evidence).state;
        }
        // The costly looks, only where they are needed.
        if state == RunState::Died {
            evidence.survivors = process::of_run(&run.id);
        }
        if !matches!(state, RunState::Running | RunState::Done) {
            evidence.log_tail = log::tail(&folder.join(&run.paths.log));
        }
        Seen {
            run: derive(run, &evidence),
            survivors: evidence.survivors,
            is_elsewhere: evidence.is_elsewhere,
        }
    }

    /// Waits until nobody else starts a run of this competition, and keeps others waiting until
    /// the file is dropped. Makes the folder of all runs.
    ///
    /// # Errors
    /// The folder cannot be written (exit 3).
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        self.lock_as(".lock")
    }

    /// As [`Runs::lock`], for something else that one does at a time.
    ///
    /// # Errors
    /// As [`Runs::lock`].
    pub(crate) fn lock_as(&self, name: &str) -> Result<File, Failure> {
        let folder = self.place.runs();
        let context = || format!("cannot write {}", folder.display());
        fs::create_dir_all(&folder).or_outside(context())?;
        let file = File::create(folder.join(name)).or_outside(context())?;
        file.lock().or_outside(context())?;
        Ok(file)
    }
}

/// Writes `run.json` by rename.
///
/// # Errors
/// No right, no space (exit 3).
pub(crate) fn write_run(folder: &Path, run: &Run) -> Result<(), Failure> {
    let bytes = canonical_bytes(run).or_outside("cannot write the run as JSON")?;
    write_atomically(&folder.join("run.json"), &bytes)
}

fn read_ending(folder: &Path) -> Rc {
    match fs::read(folder.join("run.rc")) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(ending) => Rc::Ended(ending),
            Err(error) => Rc::Unreadable(error.to_string()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Rc::Absent,
        Err(error) => Rc::Unreadable(error.to_string()),
    }
}

/// Sets aside a block for `run.rc`, so that a run that fills the disk can still say how it ended.
fn reserve(folder: &Path) -> io::Result<()> {
    let mut file = File::create(folder.join(RESERVE))?;
    file.write_all(&[b' '; RESERVE_BYTES])?;
    file.sync_all()
}

/// Writes `run.rc` by rename; into the block set aside if there is no other.
fn write_ending(folder: &Path, ending: &Ending) -> Result<(), Failure> {
    let bytes = canonical_bytes(ending).or_outside("cannot write the end as JSON")?;
    let path = folder.join("run.rc");
    let reserve = folder.join(RESERVE);
    let written = write_atomically(&path, &bytes);
    if written.is_err() {
        let overwrite = || -> io::Result<()> {
            let mut file = File::options().write(true).open(&reserve)?;
            file.seek(io::SeekFrom::Start(0))?;
            // The blanks that follow are blanks in JSON, too.
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&reserve, &path)
        };
        return overwrite().or(written);
    }
    let _ = fs::remove_file(reserve);
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::RunEnd;

    fn ending() -> Ending {
        Ending {
            end: RunEnd {
                code: Some(7),
                signal: None,
                stopped: false,
            },
            ended_at: "2026-11-23T14:06:00Z".into(),
        }
    }

    #[test]
    fn an_end_is_read_back_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        reserve(folder.path()).unwrap();
        assert_eq!(read_ending(folder.path()), Rc::Absent);
        write_ending(folder.path(), &ending()).unwrap();
        assert_eq!(read_ending(folder.path()), Rc::Ended(ending()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_half_written_end_is_no_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("run.rc"), "{\"code\":").unwrap();
        assert!(matches!(read_ending(folder.path()), Rc::Unreadable(_)));
    }
}

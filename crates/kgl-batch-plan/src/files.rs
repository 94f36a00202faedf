//! What the tasks find: their files by path and digest, and what they execute.

use std::fs::File;
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, OrFail as _, read_failure};
use kgl_contract::{ArrayEngine, ArrayJob, JobFile, Sha256, canonical_bytes};

use crate::cli::PlanArguments;

/// What the tasks find: what was asked for, and the search with its files and the map.
pub(crate) fn files(
    arguments: &PlanArguments,
    job: &ArrayJob,
    inputs: [&PathBuf; 2],
) -> Result<Vec<JobFile>, Failure> {
    let mut files = Vec::new();
    for asked in &arguments.file {
        let (path, from) = match asked.split_once('=') {
            Some((path, from)) => (path, from.into()),
            None => (asked.as_str(), arguments.root.join(asked)),
        };
        files.push(file_at(path, &from)?);
    }
    for (path, from) in ["job/queries", "job/targets"].into_iter().zip(inputs) {
        files.push(file_at(path, from)?);
    }
    for (path, bytes) in written(job)? {
        files.push(JobFile {
            path: path.to_owned(),
            source: None,
            sha256: Sha256::of(&bytes),
            size_bytes: bytes.len() as u64,
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if let Some(pair) = files.windows(2).find(|pair| pair[0].path == pair[1].path) {
        return Err(Failure::usage(format_args!(
            "--file {} is given twice",
            pair[0].path
        )));
    }
    Ok(files)
}

/// The files that are written from the plan itself, by path.
///
/// # Errors
/// The search cannot be written as JSON.
pub(crate) fn written(job: &ArrayJob) -> Result<[(&'static str, Vec<u8>); 2], Failure> {
    let search = canonical_bytes(&job.search).or_outside("cannot write the search")?;
    let map: String = job
        .indexes
        .iter()
        .map(|index| format!("{index}\n"))
        .collect();
    Ok([("job/search.json", search), ("job/map", map.into_bytes())])
}

/// A file that is at `from`, as tasks find it at `path`.
fn file_at(path: &str, from: &Path) -> Result<JobFile, Failure> {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
    };
    if !path.split('/').all(plain) {
        return Err(Failure::usage(format_args!(
            "{path}: a task's file has a relative path of letters, digits and -_.+ alone"
        )));
    }
    let opened = File::open(from).map_err(|error| read_failure(from, error))?;
    let (sha256, size_bytes) =
        Sha256::of_reader(opened).map_err(|error| read_failure(from, error))?;
    Ok(JobFile {
        path: path.to_owned(),
        source: Some(absolute(from)?),
        sha256,
        size_bytes,
    })
}

/// The path as it is wherever one stands.
pub(crate) fn absolute(path: &Path) -> Result<String, Failure> {
    let path = path
        .canonicalize()
        .map_err(|error| read_failure(path, error))?;
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::usage(format_args!("{}: not text", path.display())))
}

/// What the tasks execute must be among what they find.
pub(crate) fn check_entry(job: &ArrayJob, root: &Path) -> Result<(), Failure> {
    let there = match &job.engine {
        ArrayEngine::GcpBatch(_) => job.files.iter().any(|file| file.path == job.entry),
        ArrayEngine::Slurm(_) => root.join(&job.entry).is_file(),
    };
    if there {
        return Ok(());
    }
    let failure = Failure::usage(format_args!("the tasks would not find {}", job.entry));
    Err(failure.hint("name it with --entry, and for Batch with --file"))
}

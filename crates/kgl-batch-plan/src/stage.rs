//! What the tasks fetch, gathered in one folder: each file under its digest.

use std::path::Path;

use kgl_cli::{Failure, read_failure, write_atomically};
use kgl_contract::{ArrayJob, Sha256};

use crate::files;

/// Fills `folder`. A file that is no longer what was planned is refused before anything of it
/// travels: tasks would refuse it one after the other.
///
/// # Errors
/// A file that is gone or another one (exit 2), a folder that cannot be written (exit 3).
pub(crate) fn stage(job: &ArrayJob, folder: &Path) -> Result<(), Failure> {
    let written = files::written(job)?;
    for file in &job.files {
        let (bytes, name) = if let Some(source) = &file.source {
            let path = Path::new(source);
            let bytes = std::fs::read(path).map_err(|error| read_failure(path, error))?;
            (bytes, source.as_str())
        } else {
            let found = written.iter().find(|(path, _)| *path == file.path);
            let bytes = found.map(|(_, bytes)| bytes.clone()).unwrap_or_default();
            (bytes, file.path.as_str())
        };
        if Sha256::of(&bytes) != file.sha256 {
            return Err(
                Failure::usage(format_args!("{name} is no longer what was planned with"))
                    .hint("plan again"),
            );
        }
        write_atomically(&folder.join(file.sha256.to_string()), &bytes)?;
    }
    Ok(())
}

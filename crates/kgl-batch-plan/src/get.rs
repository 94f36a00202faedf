//! One thing that a plan says, as a script asks for it: a word, a path, or a file of the tasks.

use kgl_cli::Failure;
use kgl_contract::{ArrayEngine, ArrayJob, GcpBatch};

use crate::cli::Field;
use crate::{files, gcp, slurm};

/// The bytes to print; words end with a newline.
///
/// # Errors
/// Something of Batch is asked of a plan for another engine (exit 2).
pub(crate) fn field(job: &ArrayJob, what: Field) -> Result<Vec<u8>, Failure> {
    let [(_, search), (_, map)] = files::written(job)?;
    let text = match what {
        Field::Search => return Ok(search),
        Field::Map => return Ok(map),
        Field::Id => job.id.clone(),
        Field::Folder => slurm::job_folder(job),
        Field::Shards => slurm::shards_folder(job),
        Field::FilesUri => gcp::files_uri(batch(job)?),
        Field::ShardsUri => gcp::shards_uri(job, batch(job)?),
        Field::Project => batch(job)?.project.clone(),
        Field::Region => batch(job)?.region.clone(),
    };
    Ok(format!("{text}\n").into_bytes())
}

/// Where Batch runs it.
///
/// # Errors
/// It is a job for another engine (exit 2).
pub(crate) fn batch(job: &ArrayJob) -> Result<&GcpBatch, Failure> {
    match &job.engine {
        ArrayEngine::GcpBatch(batch) => Ok(batch),
        ArrayEngine::Slurm(_) => Err(
            Failure::usage(format_args!("{} is a job for Slurm", job.id))
                .hint("squeue and sacct tell of it"),
        ),
    }
}

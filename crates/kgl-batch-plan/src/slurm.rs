//! A job as Slurm's sbatch takes it.

use kgl_cli::quote;
use kgl_contract::{ArrayJob, Slurm};

/// Tasks in one array, at most: MaxArraySize of Slurm as it comes.
pub const MAX_TASKS: u32 = 1000;
/// Tasks at once, at most; the cluster decides.
pub const MAX_PARALLEL: u32 = 1000;

/// The folder of a job of the competition, below the project's: documents, logs.
#[must_use]
pub fn job_folder(job: &ArrayJob) -> String {
    format!("competitions/{}/outputs/arrays/{}", job.competition, job.id)
}

/// The folder of the shards of this search, cut this way, below the project's.
#[must_use]
pub fn shards_folder(job: &ArrayJob) -> String {
    format!(
        "competitions/{}/outputs/arrays/{}-{}",
        job.competition,
        job.search_sha256.short(),
        job.search.shards
    )
}

/// The script for `sbatch`. A task that is requeued (its node went away) runs the same once more;
/// a shard that is there is kept.
#[must_use]
pub fn render(job: &ArrayJob, slurm: &Slurm) -> String {
    let at = |path: &str| format!("{}/{path}", slurm.project);
    let folder = at(&job_folder(job));
    let mut options = vec![
        format!("--job-name={}", job.id),
        format!(
            "--array=0-{}%{}",
            job.tasks().saturating_sub(1),
            job.parallelism
        ),
        format!("--cpus-per-task={}", job.workers),
        format!("--mem={}M", slurm.memory_mib),
        format!("--time={}", job.max_run_s.div_ceil(60)),
        "--requeue".to_owned(),
        "--open-mode=append".to_owned(),
        format!("--chdir={}", slurm.project),
        format!("--output={folder}/task-%a.log"),
    ];
    options.extend(
        slurm
            .partition
            .iter()
            .map(|name| format!("--partition={name}")),
    );
    options.extend(slurm.account.iter().map(|name| format!("--account={name}")));
    let mut text = "#!/usr/bin/env bash\n".to_owned();
    for option in options {
        // sbatch takes quotes in these lines as a shell would.
        text += &format!("#SBATCH {}\n", quote_option(&option));
    }
    let variables = [
        ("KGL_RUN", job.id.clone()),
        ("KGL_JOB", folder),
        ("KGL_PUBLISH", at(&shards_folder(job))),
        ("KGL_WORKERS", job.workers.to_string()),
    ];
    for (name, value) in variables {
        text += &format!("export {name}={}\n", quote([value]));
    }
    text +=
        "export BATCH_TASK_INDEX=$SLURM_ARRAY_TASK_ID BATCH_TASK_COUNT=$SLURM_ARRAY_TASK_COUNT\n";
    text += &format!("exec {}\n", quote([at(&job.entry)]));
    text
}

/// `--name=value` with the value in quotes where it must be.
fn quote_option(option: &str) -> String {
    match option.split_once('=') {
        Some((name, value)) if value.contains([' ', '\'', '"', '#']) => {
            format!("{name}=\"{}\"", value.replace('"', "\\\""))
        }
        _ => option.to_owned(),
    }
}

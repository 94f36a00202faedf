//! `kgl-batch-plan`: a search as an array job, on GCP Batch or Slurm.
//!
//! ```text
//! search.json, prices ─► kgl-batch-plan ─► array job ─► kgl-batch-plan job ─► gcloud | sbatch
//! ```
//!
//! **Input**: a `kgl.search/1` document, with the shards that are there already; a dated
//! `kgl.machine-prices/1`. **Output**: a `kgl.array-job/1` document that holds every decision;
//! `job` prints it as its engine takes it.
//!
//! [`plan`] reads what is needed, [`decide`] decides without asking anybody, [`gcp`] and
//! [`slurm`] know what their engine allows and how it wants to be told.
//!
//! **Exit codes**: 0 done, 1 nothing is missing, 2 bad usage or input, 3 the outside world failed.

pub mod cli;
pub mod decide;
pub mod gcp;
mod plan;
mod prices;
pub mod slurm;
mod summary;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::{ArrayEngine, ArrayJob};

use cli::{Arguments, Command};

/// Runs the tool.
///
/// # Errors
/// As the manual says.
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    match &arguments.command {
        None => {
            let job = plan::plan(&arguments.plan, io)?;
            // What its engine would not take is no plan.
            render(&job)?;
            io.note(summary::of(&job));
            io.write_document(&job, arguments.plan.out.as_deref())?;
        }
        Some(Command::Job { plan }) => {
            let (job, _) = io.read_document::<ArrayJob>(plan.as_deref())?;
            io.write_stdout(&render(&job)?)?;
        }
    }
    Ok(Exit::Done)
}

/// The job as its engine takes it.
///
/// # Errors
/// It is larger than the engine takes (exit 2).
fn render(job: &ArrayJob) -> Result<Vec<u8>, Failure> {
    match &job.engine {
        ArrayEngine::GcpBatch(batch) => gcp::render(job, batch),
        ArrayEngine::Slurm(cluster) => Ok(slurm::render(job, cluster).into_bytes()),
    }
}

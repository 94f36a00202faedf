//! `kgl-batch-plan`: a search as an array job, on GCP Batch or Slurm.
//!
//! ```text
//! search.json, prices ─► kgl-batch-plan ─► array job ─► kgl-batch-plan job ─► gcloud | sbatch
//! ```
//!
//! **Input**: a `kgl.search/1` document, with the shards that are there already; a dated
//! `kgl.machine-prices/1`. **Output**: a `kgl.array-job/1` document that holds every decision;
//! `job` prints it as its engine takes it, `get` prints one thing of it, `files` gathers what its
//! tasks fetch.
//!
//! ```text
//! gcloud batch jobs describe, tasks list ─► kgl-batch-plan status PLAN ─► array status
//! gcloud's stderr                        ─► kgl-batch-plan refusal     ─► a sentence, exit 1, 2 or 3
//! ```
//!
//! [`plan`] reads what is needed ([`here`], [`prices`], [`files`]), [`decide`] decides without
//! asking anybody, [`gcp`] and [`slurm`] know what their engine allows and how it wants to be told.
//! [`answer`] is what gcloud says of a job, [`listing`] which of its tasks it is asked about,
//! [`tally`] what they say together, [`status`] what all that means, [`words`] how it is told;
//! [`refusal`] knows how gcloud says no. Nothing here runs gcloud: scripts do.
//!
//! **Exit codes**: 0 done, 1 a proper no (nothing is missing), 2 bad usage or input, 3 the outside world failed.

mod answer;
pub mod cli;
pub mod decide;
mod files;
pub mod gcp;
mod get;
mod here;
mod listing;
mod plan;
mod prices;
mod refusal;
pub mod slurm;
mod stage;
mod status;
mod summary;
mod tally;
mod words;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::{ArrayEngine, ArrayJob, ArrayStatus};

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
        Some(Command::Get { what, plan }) => {
            let (job, _) = io.read_document::<ArrayJob>(plan.as_deref())?;
            io.write_stdout(&get::field(&job, *what)?)?;
        }
        Some(Command::Files { plan, out_dir }) => {
            let (job, _) = io.read_document::<ArrayJob>(plan.as_deref())?;
            stage::stage(&job, out_dir)?;
        }
        Some(Command::Status(arguments)) => status::run(arguments, io)?,
        Some(Command::Listing(arguments)) => {
            if !status::listing(arguments, io)? {
                return Ok(Exit::No);
            }
        }
        Some(Command::Ended { status }) => {
            let (status, _) = io.read_document::<ArrayStatus>(status.as_deref())?;
            if !status.ended {
                return Ok(Exit::No);
            }
        }
        Some(Command::Same { plan, job }) => {
            let (plan, _) = io.read_document::<ArrayJob>(Some(plan))?;
            let (bytes, source) = io.read_bytes(job.as_deref())?;
            if !answer::Job::parse(&bytes, &source.name)?.is_of(&plan, &render(&plan)?) {
                return Ok(Exit::No);
            }
        }
        Some(Command::Refusal { said, what }) => {
            let (bytes, _) = io.read_bytes(said.as_deref())?;
            return Err(refusal::of(what, &String::from_utf8_lossy(&bytes)));
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

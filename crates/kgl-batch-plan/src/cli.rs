//! The command line. The doc comments here are the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kgl_contract::{ArrayJob, Provisioning};

use crate::answer::Job;
use crate::listing::Listing;

const AFTER: &str = "\
Input:
  A kgl.search/1 document and the files it names; with --shards the shards that are here already:
  they are not searched again, and their attempts tell how fast a core here is. --prices is a
  kgl.machine-prices/1 document with a date, for people to edit.

Output:
  stdout  a kgl.array-job/1 document: shards, tasks, machines, limits, estimate
  stderr  the same for people, and whether it is worth leaving this machine

Exit codes:
  0  done
  1  a proper no: nothing is missing
  2  bad usage or input; prices that are too old
  3  the outside world failed

Examples:
  kgl-batch-plan --competition rna --gcp-project p --prices gcp-prices.json search.json > plan.json
  kgl-batch-plan job plan.json > job.json && gcloud batch jobs submit NAME --config job.json
  kgl-batch-plan --engine slurm --competition rna search.json | kgl-batch-plan job | sbatch
  gcloud batch jobs describe NAME --format=json > job.json &&
    gcloud batch tasks list --job NAME --format=json > tasks.json &&
    kgl-batch-plan status plan.json --job job.json --tasks tasks.json
  kgl-merge --missing shards | kgl-batch-plan --missing - --count 64 … search.json
";

/// Plan a search as an array job, on GCP Batch or Slurm
///
/// From the cells of the search and the time that a task should take it decides how many tasks
/// there are, how many run at once, on which machines and for how long at most, and estimates
/// time and cost. Nothing is asked and nothing is started.
#[derive(Debug, Parser)]
#[command(name = "kgl-batch-plan", version, after_long_help = AFTER, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Arguments {
    /// What else there is to do
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to plan
    #[command(flatten)]
    pub plan: PlanArguments,
    /// The manners of all tools
    #[command(flatten)]
    pub common: kgl_cli::Common,
}

/// What is done with a plan.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the job as its engine takes it: JSON for gcloud, a script for sbatch
    Job {
        /// The plan; stdin where it is left out
        #[arg(value_name = "PLAN")]
        plan: Option<PathBuf>,
    },
    /// Print one thing that the plan says, for scripts
    Get {
        /// What
        #[arg(value_name = "WHAT")]
        what: Field,
        /// The plan; stdin where it is left out
        #[arg(value_name = "PLAN")]
        plan: Option<PathBuf>,
    },
    /// Gather what the tasks fetch in a folder, each file under its digest
    Files {
        /// The plan; stdin where it is left out
        #[arg(value_name = "PLAN")]
        plan: Option<PathBuf>,
        /// The folder
        #[arg(long, value_name = "DIR")]
        out_dir: PathBuf,
    },
    /// Tell how a job of Batch stands, from what gcloud says of it (a kgl.array-status/1)
    Status(StatusArguments),
    /// Print how `gcloud batch tasks list` is to be asked for what a status needs, an argument a
    /// line: exit 0, or 1 where what it says of the job is enough
    Listing(WhichTasks),
    /// Whether a status says that its job has ended: exit 0, else 1
    Ended {
        /// The kgl.array-status/1; stdin where it is left out
        #[arg(value_name = "STATUS")]
        status: Option<PathBuf>,
    },
    /// Whether a job that gcloud describes is the one that was planned: exit 0, else 1
    Same {
        /// The plan
        #[arg(value_name = "PLAN")]
        plan: PathBuf,
        /// What `gcloud batch jobs describe --format=json` says; stdin where it is left out
        #[arg(value_name = "JOB")]
        job: Option<PathBuf>,
    },
    /// Tell in a sentence what a refusal of gcloud means: exit 1 where there is no such thing, 2
    /// where something here is to be changed, 3 where it may work later
    Refusal {
        /// What gcloud said on stderr; stdin where it is left out
        #[arg(value_name = "FILE")]
        said: Option<PathBuf>,
        /// What was attempted, as in `cannot WHAT`
        #[arg(long, value_name = "TEXT")]
        what: String,
    },
}

/// Which tasks are asked about one by one.
#[derive(Debug, Args)]
pub struct WhichTasks {
    /// The plan of the job
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// What `gcloud batch jobs describe --format=json` says; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub job: PathBuf,
    /// Ask about all tasks, however many: of more than 1,000 only those that failed are asked
    /// about otherwise
    #[arg(long)]
    pub all: bool,
}

impl WhichTasks {
    /// What that means for a job.
    pub(crate) fn listing(&self, plan: &ArrayJob, job: &Job) -> Listing {
        Listing::of(plan, job, self.all)
    }
}

/// How to tell a status.
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// Which tasks were asked about
    #[command(flatten)]
    pub which: WhichTasks,
    /// What `gcloud batch tasks list --format=json` says; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub tasks: Option<PathBuf>,
    /// `true` follows the tasks where gcloud listed them all: it closes a list that it cannot
    /// finish, too
    #[arg(long, requires = "tasks")]
    pub marked: bool,
    /// An earlier status: say nothing to people where nothing but the time is different
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Write the status here, by rename, instead of to stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What a plan can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Field {
    /// The job's name
    Id,
    /// The search as the tasks read it
    Search,
    /// Which shard each task takes, one a line
    Map,
    /// The folder for what is kept of the job, below the project's
    Folder,
    /// The folder of shards that are here, below the project's
    Shards,
    /// Where Batch's tasks find their files
    FilesUri,
    /// Where Batch's tasks publish their shards
    ShardsUri,
    /// The project that is billed
    Project,
    /// The region of Batch
    Region,
}

/// How to plan.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The search; stdin where it is left out
    #[arg(value_name = "SEARCH")]
    pub search: Option<PathBuf>,
    /// The competition's slug
    #[arg(long, value_name = "SLUG", required = true)]
    pub competition: Option<String>,
    /// The engine that runs the tasks
    #[arg(long, value_name = "NAME", default_value = "gcp-batch")]
    pub engine: EngineName,
    /// The project's folder; for Slurm as all nodes see it
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,
    /// What a task executes, below the project's folder
    /// [default: the competition's run_gcp_batch_task.sh]
    #[arg(long, value_name = "PATH")]
    pub entry: Option<String>,
    /// A file of the project that tasks need; PATH=FILE where it lies elsewhere here; may be
    /// given more than once
    #[arg(long, value_name = "PATH[=FILE]")]
    pub file: Vec<String>,
    /// Write the plan here, by rename, instead of to stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Cut the search into as many shards, instead of as the time of a task asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub count: Option<u32>,
    /// A folder of shards that are here: only the others are searched
    #[arg(long, value_name = "DIR")]
    pub shards: Option<PathBuf>,
    /// Indexes to search, one a line, as `kgl-merge --missing` prints them; `-` for stdin
    #[arg(long, value_name = "FILE", requires = "count")]
    pub missing: Option<PathBuf>,
    /// How long a task should take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub task_s: u64,
    /// Tasks at once, at most
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: u32,
    /// Tasks in the job, at most [default: what the engine allows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_tasks: Option<u32>,
    /// Threads of a task [default: the machine's cores; 8 for Slurm]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub workers: Option<u32>,
    /// How often a task is started again whose machine was lost
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub retries: u32,
    /// Milliards of cells a second of a core here [default: as the shards tell, else 10]
    #[arg(long, value_name = "N")]
    pub gcells_per_s: Option<f64>,

    /// Where Batch runs it
    #[command(flatten)]
    pub gcp: GcpArguments,

    /// Memory of a task under Slurm
    #[arg(
        long,
        value_name = "MIB",
        default_value_t = 2048,
        help_heading = "Slurm"
    )]
    pub memory: u64,
    /// The partition [default: the cluster's]
    #[arg(long, value_name = "NAME", help_heading = "Slurm")]
    pub partition: Option<String>,
    /// The account [default: the user's]
    #[arg(long, value_name = "NAME", help_heading = "Slurm")]
    pub account: Option<String>,
}

/// Where Batch runs it.
#[derive(Debug, Args)]
#[command(next_help_heading = "GCP Batch")]
pub struct GcpArguments {
    /// The project that is billed
    #[arg(long, value_name = "ID", env = "CLOUDSDK_CORE_PROJECT")]
    pub gcp_project: Option<String>,
    /// The region
    #[arg(
        long,
        value_name = "NAME",
        env = "CLOUDSDK_BATCH_LOCATION",
        default_value = "us-central1"
    )]
    pub region: String,
    /// The bucket for inputs and shards [default: PROJECT-kgl]
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// Whom the machines act as [default: kgl-batch of the project]
    #[arg(long, value_name = "EMAIL")]
    pub service_account: Option<String>,
    /// The kind of machine [default: the first of the prices]
    #[arg(long, value_name = "NAME")]
    pub machine: Option<String>,
    /// How machines are had: spot ones are cheap, and taken away now and then
    #[arg(long, value_name = "KIND", default_value = "spot")]
    pub provisioning: ProvisioningName,
    /// The machine's disk
    #[arg(long, value_name = "GIB", default_value_t = 30)]
    pub boot_disk: u64,
    /// A label of the job and its machines; may be given more than once
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// What machines cost and how fast they are
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Refuse prices that are older
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    pub max_price_age: u32,
}

/// The engines by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Google Cloud's Batch
    GcpBatch,
    /// A cluster under Slurm
    Slurm,
}

/// How machines are had, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProvisioningName {
    /// Cheap, and taken away when somebody else wants them
    Spot,
    /// Kept until the task has ended
    Standard,
}

impl From<ProvisioningName> for Provisioning {
    fn from(name: ProvisioningName) -> Self {
        match name {
            ProvisioningName::Spot => Provisioning::Spot,
            ProvisioningName::Standard => Provisioning::Standard,
        }
    }
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

//! From arguments and files to a plan.

use std::collections::BTreeMap;
use std::path::Path;

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{
    ArrayEngine, ArrayJob, GcpBatch, IndexSet, MachinePrice, Provisioning, Search, Sha256, Slurm,
    Tag, canonical_bytes,
};
use kgl_search::{Partition, below, read_sequences};

use crate::cli::{EngineName, PlanArguments};
use crate::decide::{Here, Terms, decide, shards_for};
use crate::files::{absolute, check_entry, files};
use crate::here::ShardsHere;
use crate::{gcp, prices, slurm};

/// Plans the job.
///
/// # Errors
/// As the manual says.
pub(crate) fn plan(arguments: &PlanArguments, io: &Io) -> Result<ArrayJob, Failure> {
    let (mut search, source) = io.read_document::<Search>(arguments.search.as_deref())?;
    search.check().or_usage(&source.name)?;
    let here_is = |file: &str| below(&source.base, file);
    let (queries_path, targets_path) =
        (here_is(&search.queries.path), here_is(&search.targets.path));
    let queries = read_sequences(&mut search.queries, &queries_path, &source)?;
    let targets = read_sequences(&mut search.targets, &targets_path, &source)?;
    let identity = search.identity().or_usage(&source.name)?;

    let there = match &arguments.shards {
        Some(folder) => ShardsHere::read(folder, identity)?,
        None => ShardsHere::default(),
    };
    let here = Here {
        cores: std::thread::available_parallelism()
            .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        cells_per_core_s: there.rate(arguments.gcells_per_s)?,
    };
    let (engine, terms, prices_of) = engine(arguments, here, io)?;

    let partition = |count| Partition::deal(&queries, &targets, &search.filters, count);
    let partition = match arguments.count.or(there.count) {
        Some(count) => partition(count),
        None => {
            let cells = partition(1).cells_of(0);
            partition(shards_for(cells, targets.len(), arguments.task_s, &terms))
        }
    };
    let count = u32::try_from(partition.shards().len()).unwrap_or(u32::MAX);
    let folder = arguments.shards.as_deref().unwrap_or(Path::new("FOLDER"));
    if let Some(found) = there.count.filter(|&found| found != count) {
        return Err(Failure::usage(format_args!(
            "the shards that are here are of {found}, not of {count}"
        ))
        .hint(format_args!(
            "leave --count out, or move {} away to cut the search anew",
            folder.display()
        )));
    }
    let missing = match &arguments.missing {
        Some(path) => read_indexes(path, io)?,
        None => (0..count).collect(),
    };
    let missing: IndexSet = missing
        .iter()
        .filter(|index| !there.indexes.contains(index))
        .collect();
    if missing.is_empty() {
        return Err(Failure::no(format_args!("all {count} shards are there"))
            .hint(format_args!("merge them: kgl-merge {}", folder.display())));
    }
    let decision = decide(&partition, &missing, &terms, here)?;

    search.shards = decision.shards;
    search.queries.path = "queries".to_owned();
    search.targets.path = "targets".to_owned();
    let competition = arguments.competition.clone().unwrap_or_default();
    let mut job = ArrayJob {
        schema: Tag::default(),
        id: String::new(),
        planned_at: kgl_cli::now(),
        search,
        search_sha256: identity,
        indexes: decision.indexes,
        parallelism: decision.parallelism,
        workers: terms.workers,
        max_run_s: decision.max_run_s,
        max_retries: arguments.retries,
        entry: arguments
            .entry
            .clone()
            .unwrap_or_else(|| format!("competitions/{competition}/run_gcp_batch_task.sh")),
        competition,
        files: Vec::new(),
        engine,
        estimate: decision.estimate,
    };
    job.estimate.prices_of = prices_of;
    job.files = files(arguments, &job, [&queries_path, &targets_path])?;
    job.id = job_id(&job)?;
    check_entry(&job, &arguments.root)?;
    Ok(job)
}

/// The engine, and what it allows.
fn engine(
    arguments: &PlanArguments,
    here: Here,
    io: &Io,
) -> Result<(ArrayEngine, Terms, Option<String>), Failure> {
    let limited = |most: u32| arguments.max_tasks.map_or(most, |asked| asked.min(most));
    if arguments.engine == EngineName::Slurm {
        let project = absolute(&arguments.root)?;
        let terms = Terms {
            // A cluster may allow more than Slurm does as it comes, and its user knows.
            max_tasks: arguments.max_tasks.unwrap_or(slurm::MAX_TASKS),
            max_parallel: arguments.parallel.min(slurm::MAX_PARALLEL),
            workers: arguments.workers.unwrap_or(8),
            cells_per_core_s: here.cells_per_core_s,
            startup_s: 0,
            micro_usd_per_hour: None,
        };
        let engine = ArrayEngine::Slurm(Slurm {
            project,
            partition: arguments.partition.clone(),
            account: arguments.account.clone(),
            memory_mib: arguments.memory,
        });
        return Ok((engine, terms, None));
    }
    let (prices, machine) = prices::read(&arguments.gcp, io)?;
    if arguments.retries > gcp::MAX_RETRIES {
        return Err(Failure::usage(format_args!(
            "--retries {}: Batch starts a task again {} times at most",
            arguments.retries,
            gcp::MAX_RETRIES
        )));
    }
    let batch = batch(arguments, &machine)?;
    let (speed, scale) = machine.speed.ratio();
    let scaled = u128::from(here.cells_per_core_s) * u128::from(speed.unsigned_abs())
        / u128::from(scale.unsigned_abs());
    let terms = Terms {
        max_tasks: limited(gcp::MAX_TASKS),
        max_parallel: arguments.parallel.min(gcp::MAX_PARALLEL),
        workers: arguments.workers.unwrap_or(machine.vcpus),
        cells_per_core_s: u64::try_from(scaled).unwrap_or(u64::MAX).max(1),
        startup_s: prices.startup_s,
        micro_usd_per_hour: Some(batch.micro_usd_per_hour),
    };
    Ok((ArrayEngine::GcpBatch(batch), terms, Some(prices.as_of)))
}

/// Where Batch runs it.
fn batch(arguments: &PlanArguments, machine: &MachinePrice) -> Result<GcpBatch, Failure> {
    let asked = &arguments.gcp;
    let Some(project) = asked.gcp_project.clone().filter(|id| !id.is_empty()) else {
        return Err(Failure::usage("no project of Google Cloud is set")
            .hint("gcloud config set project ID, or --gcp-project ID"));
    };
    let mut labels = BTreeMap::new();
    for label in &asked.label {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        if let Some(fault) = gcp::label_fault(key, value) {
            return Err(Failure::usage(fault));
        }
        labels.insert(key.to_owned(), value.to_owned());
    }
    let provisioning = Provisioning::from(asked.provisioning);
    let price = match provisioning {
        Provisioning::Spot => machine.spot_usd_per_hour,
        Provisioning::Standard => machine.usd_per_hour,
    };
    let email = || format!("kgl-batch@{project}.iam.gserviceaccount.com");
    Ok(GcpBatch {
        region: asked.region.clone(),
        bucket: asked
            .bucket
            .clone()
            .unwrap_or_else(|| format!("{project}-kgl")),
        service_account: asked.service_account.clone().unwrap_or_else(email),
        machine_type: machine.type_.clone(),
        vcpus: machine.vcpus,
        memory_mib: machine.memory_mib,
        boot_disk_gib: asked.boot_disk,
        provisioning,
        micro_usd_per_hour: u64::try_from(price.times_rounded_up(1_000_000)).unwrap_or(0),
        labels,
        project,
    })
}

/// The indexes that a file names, one a line.
fn read_indexes(path: &Path, io: &Io) -> Result<IndexSet, Failure> {
    let (bytes, source) = io.read_bytes(Some(path))?;
    let text = String::from_utf8(bytes).or_usage(&source.name)?;
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let index = |(number, line): (u32, &str)| -> Result<u32, Failure> {
        line.trim().parse().or_usage(format_args!(
            "{}, line {number}: `{line}` is no index",
            source.name
        ))
    };
    lines.map(index).collect()
}

/// `kgl-20261123-140501-7f3a`: when it was planned, and a trace of what.
fn job_id(job: &ArrayJob) -> Result<String, Failure> {
    let digits: String = job
        .planned_at
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let (day, time) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    let trace = Sha256::of(&canonical_bytes(job).or_outside("cannot write the plan")?).short();
    let trace = trace.get(..4).unwrap_or("0");
    Ok(format!("kgl-{day}-{time}-{trace}"))
}

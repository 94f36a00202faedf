//! From arguments and files to a plan.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use kgl_cli::{Failure, Io, OrFail as _, read_failure};
use kgl_contract::{
    ArrayEngine, ArrayJob, GcpBatch, IndexSet, JobFile, MachinePrice, Provisioning, Search,
    SearchShard, Sha256, ShardOf, Slurm, Tag, canonical_bytes, parse_document,
};
use kgl_search::{Partition, below, read_sequences};

use crate::cli::{EngineName, PlanArguments};
use crate::decide::{Here, Terms, decide, shards_for};
use crate::{gcp, prices, slurm};

/// Cells a second of a core, where no shard tells: about what an AVX-512 core does, those that it
/// proves unnecessary counted with those that it computes.
const CELLS_PER_CORE_S: u64 = 10_000_000_000;

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
        Some(folder) => shards_in(folder, identity)?,
        None => ShardsHere::default(),
    };
    let here = Here {
        cores: std::thread::available_parallelism()
            .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        cells_per_core_s: rate_here(arguments, &there)?,
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
    if let Some(found) = there.count.filter(|&found| found != count) {
        return Err(Failure::usage(format_args!(
            "the shards that are here are of {found}, not of {count}"
        ))
        .hint("leave --count out, or name another folder with --shards"));
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
        return Err(
            Failure::no(format_args!("all {count} shards are there")).hint("merge them: kgl-merge")
        );
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

/// The shards that are here already.
#[derive(Debug, Default)]
struct ShardsHere {
    count: Option<u32>,
    indexes: std::collections::BTreeSet<u32>,
    /// Cells a second of a core, over all of them.
    cells_per_core_s: Option<u64>,
}

/// Reads the shards of the search in `folder`, which need not exist.
fn shards_in(folder: &Path, identity: Sha256) -> Result<ShardsHere, Failure> {
    let mut here = ShardsHere::default();
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(here),
        Err(error) => return Err(read_failure(folder, error)),
    };
    let (mut cells, mut core_ms) = (0u128, 0u128);
    for entry in entries {
        let path = entry.map_err(|error| read_failure(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(index) = name.and_then(ShardOf::index_of) else {
            continue;
        };
        let bytes = std::fs::read(&path).map_err(|error| read_failure(&path, error))?;
        let shard: SearchShard = parse_document(&bytes).or_usage(path.display())?;
        let count = *here.count.get_or_insert(shard.shard.count);
        if shard.search_sha256 != identity
            || shard.shard.count != count
            || shard.shard.index != index
        {
            return Err(Failure::usage(format_args!(
                "{}: not shard {index} of {count} of this search",
                path.display()
            ))
            .hint("keep the shards of each search, cut one way, in a folder of their own"));
        }
        here.indexes.insert(index);
        let attempt = &shard.attempt;
        cells += u128::from(attempt.cells_computed) + u128::from(attempt.cells_pruned);
        core_ms += u128::from(attempt.elapsed_ms) * u128::from(attempt.workers);
    }
    let rate = (cells * 1000).checked_div(core_ms);
    here.cells_per_core_s = rate
        .and_then(|rate| u64::try_from(rate).ok())
        .filter(|&rate| rate > 0);
    Ok(here)
}

/// How fast a core here is.
fn rate_here(arguments: &PlanArguments, there: &ShardsHere) -> Result<u64, Failure> {
    let Some(given) = arguments.gcells_per_s else {
        return Ok(there.cells_per_core_s.unwrap_or(CELLS_PER_CORE_S));
    };
    if !(given > 0.0 && given < 1e6) {
        return Err(Failure::usage(format_args!(
            "--gcells-per-s {given}: give a number above 0"
        )));
    }
    // In whole thousands of cells, which the range above makes exact enough.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(((given * 1e6).ceil() as u64).saturating_mul(1000))
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

/// What the tasks find: what was asked for, and the search with its files and the map.
fn files(
    arguments: &PlanArguments,
    job: &ArrayJob,
    inputs: [&std::path::PathBuf; 2],
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

fn absolute(path: &Path) -> Result<String, Failure> {
    let path = path
        .canonicalize()
        .map_err(|error| read_failure(path, error))?;
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::usage(format_args!("{}: not text", path.display())))
}

/// What the tasks execute must be among what they find.
fn check_entry(job: &ArrayJob, root: &Path) -> Result<(), Failure> {
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

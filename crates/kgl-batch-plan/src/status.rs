//! How a job of Batch stands: from what gcloud says to a document, and a page for people.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use kgl_cli::{Failure, Io, duration, read_failure};
use kgl_contract::{ArrayEvent, ArrayJob, ArrayStatus, Tag};

use crate::answer::{FAILED, Job, SUCCEEDED, Task};
use crate::cli::{StatusArguments, WhichTasks};
use crate::get::batch;
use crate::summary::money;
use crate::tally::Tally;
use crate::words;

/// States that nothing comes after.
const ENDED: [&str; 4] = ["SUCCEEDED", "FAILED", "CANCELLED", "DELETION_IN_PROGRESS"];

/// Reads, derives, writes and tells.
///
/// # Errors
/// As the manual says.
pub(crate) fn run(arguments: &StatusArguments, io: &Io) -> Result<(), Failure> {
    let asked_at = kgl_cli::now();
    let (plan, job) = job_of(&arguments.which, io)?;
    let mut tally = Tally::of(&plan, &asked_at);
    if let Some(path) = &arguments.tasks {
        let expected = arguments.which.listing(&plan, &job).expected(&plan, &job);
        let progress = io.progress(expected, "listing the tasks");
        let (source, name) = open(path)?;
        Task::read_list(source, &name, arguments.marked, |task| {
            tally.add(task);
            progress.advance(1);
        })?;
    }
    let status = derive(&plan, &job, tally, &asked_at)?;
    let before = match &arguments.since {
        Some(path) if path.exists() => Some(io.read_document::<ArrayStatus>(Some(path))?.0),
        _ => None,
    };
    if before.is_none_or(|before| differs(&before, &status)) {
        io.note(page(&plan, &job, &status));
    }
    io.write_document(&status, arguments.out.as_deref())
}

/// Prints how gcloud is to be asked for tasks one by one; gives whether it is to be asked at all.
///
/// # Errors
/// As the manual says.
pub(crate) fn listing(arguments: &WhichTasks, io: &Io) -> Result<bool, Failure> {
    let (plan, job) = job_of(arguments, io)?;
    match arguments.listing(&plan, &job).arguments() {
        Some(words) => io.print(words.join("\n")).map(|()| true),
        None => Ok(false),
    }
}

/// The plan, and what gcloud says of its job.
fn job_of(arguments: &WhichTasks, io: &Io) -> Result<(ArrayJob, Job), Failure> {
    let (plan, _) = io.read_document::<ArrayJob>(Some(&arguments.plan))?;
    let (bytes, source) = io.read_bytes(Some(&arguments.job))?;
    let job = Job::parse(&bytes, &source.name)?;
    if job.id() != plan.id {
        return Err(Failure::usage(format_args!(
            "gcloud tells of {}, and the plan is of {}",
            job.id(),
            plan.id
        )));
    }
    Ok((plan, job))
}

/// What is read as it comes, and its name.
fn open(path: &Path) -> Result<(Box<dyn Read>, String), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin()), "stdin".to_owned()));
    }
    let file = File::open(path).map_err(|error| read_failure(path, error))?;
    Ok((Box::new(file), path.display().to_string()))
}

/// Whether something besides time and money is different.
fn differs(before: &ArrayStatus, now: &ArrayStatus) -> bool {
    let still = |status: &ArrayStatus| ArrayStatus {
        asked_at: String::new(),
        ran_s: 0,
        cost_micro_usd: None,
        ..status.clone()
    };
    still(before) != still(now)
}

/// The status at `asked_at`.
///
/// # Errors
/// The plan is for another engine (exit 2).
fn derive(
    plan: &ArrayJob,
    job: &Job,
    tally: Tally<'_>,
    asked_at: &str,
) -> Result<ArrayStatus, Failure> {
    let price = batch(plan)?.micro_usd_per_hour;
    let all = u64::from(plan.tasks());
    let whole = tally.listed == all;
    // The job was asked before its tasks were.
    let tasks = if whole { tally.counts } else { job.counts() };
    let done = if tasks.get(SUCCEEDED) == Some(&all) {
        plan.indexes.clone()
    } else {
        tally.done.into_iter().collect()
    };
    let mut failed = tally.failed;
    failed.sort_by_key(|task| task.task);
    let ran_s = tally.ran_ms.div_ceil(1000);
    let cost = (u128::from(ran_s) * u128::from(price)).div_ceil(3600);
    Ok(ArrayStatus {
        schema: Tag::default(),
        id: plan.id.clone(),
        asked_at: asked_at.to_owned(),
        state: job.status.state.clone(),
        ended: ENDED.contains(&job.status.state.as_str()),
        tasks,
        listed: (!whole).then_some(tally.listed),
        done,
        failed,
        lost: tally.lost,
        events: events(job),
        ran_s,
        cost_micro_usd: u64::try_from(cost).ok().filter(|_| whole),
    })
}

/// What happened to the job, oldest first, in words, each once.
fn events(job: &Job) -> Vec<ArrayEvent> {
    let mut events: Vec<ArrayEvent> = Vec::new();
    let mut told: Vec<_> = job.status.status_events.iter().collect();
    told.sort_by_key(|event| event.event_time.parse::<Timestamp>().ok());
    for event in told {
        let what = words::of_event(&event.description);
        if events.iter().all(|earlier| earlier.what != what) {
            events.push(ArrayEvent {
                at: event.event_time.clone(),
                what,
            });
        }
    }
    events
}

/// A page for people.
fn page(plan: &ArrayJob, job: &Job, status: &ArrayStatus) -> String {
    let all = u64::from(plan.tasks());
    let count = |state| status.tasks.get(state).copied().unwrap_or(0);
    let done = count(SUCCEEDED);
    let mut lines = vec![format!(
        "{}: {}, {done} of {all} shards done  [{}]",
        status.id,
        status.state,
        bar(done, all)
    )];
    let counts: Vec<String> = status
        .tasks
        .iter()
        .map(|(state, count)| format!("{count} {}", state.to_lowercase()))
        .collect();
    if !counts.is_empty() {
        lines.push(format!("  tasks   {}", counts.join(", ")));
    }
    if !status.lost.is_empty() {
        let lost: Vec<String> = status
            .lost
            .iter()
            .map(|(why, times)| format!("{times} × {why}"))
            .collect();
        lines.push(format!("  lost    {}", lost.join(", ")));
    }
    for task in status.failed.iter().take(5) {
        lines.push(format!("  failed  shard {}: {}", task.shard, task.why));
    }
    let told = status.failed.len().min(5) as u64;
    if count(FAILED) > told {
        lines.push(format!("  failed  … and {} more", count(FAILED) - told));
    }
    for event in &status.events {
        let clock = event.at.get(11..19).unwrap_or(&event.at);
        lines.push(format!("  {clock} {}", event.what));
    }
    if let Some(cost) = status.cost_micro_usd {
        let ran = duration(status.ran_s);
        lines.push(format!("  ran     {ran} in all, {}", money(cost)));
    } else if done > 0 {
        lines.push(
            "  ran     is not added up, for so many tasks: --all does, and gcp-pull".to_owned(),
        );
    }
    if !status.failed.is_empty() {
        lines.push(format!(
            "  logs    gcloud logging read 'labels.job_uid=\"{}\"'",
            job.uid
        ));
    }
    lines.join("\n")
}

/// A bar of twenty places.
fn bar(done: u64, all: u64) -> String {
    let full = usize::try_from(done * 20 / all.max(1)).unwrap_or(0).min(20);
    format!("{}{}", "#".repeat(full), "-".repeat(20 - full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::parse_document;
    use serde_json::{Value, json};

    const PLAN: &[u8] = include_bytes!("../../kgl-contract/fixtures/array-job-1.json");
    const JOB: &[u8] = include_bytes!("../tests/gcloud/job.json");
    const TASKS: &[u8] = include_bytes!("../tests/gcloud/tasks.json");
    const NOW: &str = "2026-11-25T09:40:00Z";

    fn status() -> (ArrayJob, Job, ArrayStatus) {
        let plan: ArrayJob = parse_document(PLAN).unwrap();
        let job = Job::parse(JOB, "job").unwrap();
        let status = derive(&plan, &job, tally(&plan, TASKS), NOW).unwrap();
        (plan, job, status)
    }

    fn tally(plan: &ArrayJob, tasks: &[u8]) -> Tally<'static> {
        let mut tally = Tally::of(plan, NOW);
        Task::read_list(tasks, "tasks", false, |task| tally.add(task)).unwrap();
        tally
    }

    #[test]
    fn a_status_says_what_gcloud_says() {
        let (_, _, status) = status();
        assert_eq!((status.state.as_str(), status.ended), ("RUNNING", false));
        // Task 0 searched shard 0, task 1 was to search shard 3, of 0, 3 and 9.
        assert_eq!(status.done.to_string(), "0");
        let failed: Vec<_> = status
            .failed
            .iter()
            .map(|f| (f.task, f.shard, f.code))
            .collect();
        assert_eq!(failed, [(1, 3, Some(7))]);
        assert_eq!(status.lost, [("preempted".to_owned(), 1)].into());
        let counts = ["FAILED", "RUNNING", "SUCCEEDED"].map(|state| (state.to_owned(), 1));
        assert_eq!(status.tasks, counts.into());
    }

    #[test]
    fn attempts_are_paid_for_lost_ones_too_and_what_runs_until_now() {
        let (_, _, status) = status();
        // 30 + 60 s, then 40 s, then 59.5 s so far; at 11.5 cents an hour.
        assert_eq!(status.ran_s, 190);
        assert_eq!(status.cost_micro_usd, Some(6070));
    }

    #[test]
    fn events_are_told_oldest_first_each_once() {
        let (_, _, status) = status();
        let told: Vec<&str> = status
            .events
            .iter()
            .map(|event| &event.what[..15])
            .collect();
        assert_eq!(
            told,
            ["machines are as", "waits for quota", "the first task "]
        );
    }

    #[test]
    fn people_read_a_page() {
        let (plan, job, status) = status();
        let page = page(&plan, &job, &status);
        for line in [
            "kgl-20261125-093000-7f3a: RUNNING, 1 of 3 shards done  [######--------------]",
            "  tasks   1 failed, 1 running, 1 succeeded",
            "  lost    1 × preempted",
            "  failed  shard 3: it ended with code 7 (see its log)",
            "  ran     3 min 10 s in all, $0.0061",
            "  logs    gcloud logging read 'labels.job_uid=\"kgl-20261125-093000-7f3a-0001\"'",
        ] {
            assert!(page.contains(line), "{line}\n--- in\n{page}");
        }
    }

    #[test]
    fn news_is_more_than_the_time() {
        let (_, _, before) = status();
        let mut later = before.clone();
        later.asked_at = "2026-11-25T09:41:00Z".to_owned();
        later.ran_s += 60;
        later.cost_micro_usd = Some(8000);
        assert!(!differs(&before, &later));
        later.lost.insert("silent".to_owned(), 1);
        assert!(differs(&before, &later));
    }

    #[test]
    fn of_tasks_that_were_not_listed_the_job_says_how_many_there_are() {
        let (mut plan, mut job, _) = status();
        plan.indexes = (0..5000).collect();
        let counts = |done: u64| {
            let status = json!({
                "state": "RUNNING",
                "taskGroups": { "group0": { "counts": { "SUCCEEDED": done.to_string(), "FAILED": "9", "PENDING": "0" } } },
            });
            serde_json::from_value(status).unwrap()
        };
        job.status = counts(4991);
        // Of those that failed one was listed.
        let mut listed: Vec<Value> = serde_json::from_slice(TASKS).unwrap();
        listed.retain(|task| task["status"]["state"] == FAILED);
        let failed = json!(listed).to_string();
        let told = derive(&plan, &job, tally(&plan, failed.as_bytes()), NOW).unwrap();
        assert_eq!(told.listed, Some(1));
        assert_eq!(
            told.tasks,
            [("FAILED".to_owned(), 9), ("SUCCEEDED".to_owned(), 4991)].into()
        );
        assert_eq!(
            (told.done.len(), told.failed.len(), told.cost_micro_usd),
            (0, 1, None)
        );
        let page = page(&plan, &job, &told);
        for line in [
            "RUNNING, 4991 of 5000 shards done  [###################-]",
            "  failed  shard 1: it ended with code 7 (see its log)",
            "  failed  … and 8 more",
            "  ran     is not added up, for so many tasks: --all does, and gcp-pull",
        ] {
            assert!(page.contains(line), "{line}\n--- in\n{page}");
        }
        // Where all succeeded, it is known which.
        job.status = counts(5000);
        let told = derive(&plan, &job, Tally::of(&plan, NOW), NOW).unwrap();
        assert_eq!(told.done, plan.indexes);
    }
}

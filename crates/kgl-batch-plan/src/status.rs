//! How a job of Batch stands: from what gcloud says to a document, and a page for people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kgl_cli::{Failure, Io, duration};
use kgl_contract::{ArrayEvent, ArrayJob, ArrayStatus, FailedTask, Tag};

use crate::answer::{Job, Task};
use crate::cli::StatusArguments;
use crate::get::batch;
use crate::summary::money;
use crate::words;

/// States that nothing comes after.
const ENDED: [&str; 4] = ["SUCCEEDED", "FAILED", "CANCELLED", "DELETION_IN_PROGRESS"];

/// Reads, derives, writes and tells.
///
/// # Errors
/// As the manual says.
pub(crate) fn run(arguments: &StatusArguments, io: &Io) -> Result<(), Failure> {
    let (plan, _) = io.read_document::<ArrayJob>(Some(&arguments.plan))?;
    let (bytes, source) = io.read_bytes(Some(&arguments.job))?;
    let job = Job::parse(&bytes, &source.name)?;
    let (bytes, source) = io.read_bytes(Some(&arguments.tasks))?;
    let tasks = Task::parse_list(&bytes, &source.name)?;
    let status = derive(&plan, &job, &tasks, &kgl_cli::now())?;
    let before = match &arguments.since {
        Some(path) if path.exists() => Some(io.read_document::<ArrayStatus>(Some(path))?.0),
        _ => None,
    };
    if before.is_none_or(|before| differs(&before, &status)) {
        io.note(page(&plan, &job, &status));
    }
    io.write_document(&status, arguments.out.as_deref())
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
/// The job is not the one of the plan, or the plan is for another engine (exit 2).
pub(crate) fn derive(
    plan: &ArrayJob,
    job: &Job,
    tasks: &[Task],
    asked_at: &str,
) -> Result<ArrayStatus, Failure> {
    let price = batch(plan)?.micro_usd_per_hour;
    if job.id() != plan.id {
        return Err(Failure::usage(format_args!(
            "gcloud tells of {}, and the plan is of {}",
            job.id(),
            plan.id
        )));
    }
    let shards: Vec<u32> = plan.indexes.iter().collect();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut lost: BTreeMap<String, u64> = BTreeMap::new();
    let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
    let mut ran_ms = 0;
    for task in tasks {
        *counts.entry(task.status.state.clone()).or_default() += 1;
        let events = &task.status.status_events;
        for code in events.iter().filter_map(crate::answer::Event::exit_code) {
            if let Some(loss) = words::of_loss(code) {
                *lost.entry(loss.to_owned()).or_default() += 1;
            }
        }
        ran_ms += ran(task, asked_at);
        let Some(index) = task.index() else { continue };
        let Some(&shard) = shards.get(index as usize) else {
            continue;
        };
        match task.status.state.as_str() {
            "SUCCEEDED" => {
                done.insert(shard);
            }
            "FAILED" => {
                let code = events
                    .iter()
                    .filter_map(crate::answer::Event::exit_code)
                    .next_back();
                failed.push(FailedTask {
                    task: index,
                    shard,
                    code,
                    why: code.map_or_else(|| "nobody says why".to_owned(), words::of_code),
                });
            }
            _ => {}
        }
    }
    failed.sort_by_key(|task| task.task);
    let ran_s = ran_ms.div_ceil(1000);
    let cost = (u128::from(ran_s) * u128::from(price)).div_ceil(3600);
    Ok(ArrayStatus {
        schema: Tag::default(),
        id: plan.id.clone(),
        asked_at: asked_at.to_owned(),
        state: job.status.state.clone(),
        ended: ENDED.contains(&job.status.state.as_str()),
        tasks: counts,
        done: done.into_iter().collect(),
        failed,
        lost,
        events: events(job),
        ran_s,
        cost_micro_usd: u64::try_from(cost).ok(),
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

/// Milliseconds for which a task had a machine, over all its attempts; until now where it runs.
fn ran(task: &Task, now: &str) -> u64 {
    let at = |time: &str| {
        time.parse::<Timestamp>()
            .map_or(0, Timestamp::as_millisecond)
    };
    let mut events: Vec<_> = task.status.status_events.iter().collect();
    events.sort_by_key(|event| event.event_time.parse::<Timestamp>().ok());
    let (mut sum, mut since) = (0, None);
    for event in events {
        let time = at(&event.event_time);
        // What runs on in the same state goes on running.
        if event.task_state == "RUNNING" {
            since = since.or(Some(time));
        } else if let Some(start) = since.take() {
            sum += time - start;
        }
    }
    if let Some(start) = since {
        sum += at(now) - start;
    }
    u64::try_from(sum).unwrap_or(0)
}

/// A page for people.
fn page(plan: &ArrayJob, job: &Job, status: &ArrayStatus) -> String {
    let all = u64::from(plan.tasks());
    let done = status.done.len() as u64;
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
    if status.failed.len() > 5 {
        lines.push(format!("  failed  … and {} more", status.failed.len() - 5));
    }
    for event in &status.events {
        let clock = event.at.get(11..19).unwrap_or(&event.at);
        lines.push(format!("  {clock} {}", event.what));
    }
    let cost = status
        .cost_micro_usd
        .map_or_else(String::new, |cost| format!(", {}", money(cost)));
    lines.push(format!("  ran     {} in all{cost}", duration(status.ran_s)));
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

    const PLAN: &[u8] = include_bytes!("../../kgl-contract/fixtures/array-job-1.json");
    const JOB: &[u8] = include_bytes!("../tests/gcloud/job.json");
    const TASKS: &[u8] = include_bytes!("../tests/gcloud/tasks.json");
    const NOW: &str = "2026-11-25T09:40:00Z";

    fn status() -> (ArrayJob, Job, ArrayStatus) {
        let plan: ArrayJob = parse_document(PLAN).unwrap();
        let job = Job::parse(JOB, "job").unwrap();
        let tasks = Task::parse_list(TASKS, "tasks").unwrap();
        let status = derive(&plan, &job, &tasks, NOW).unwrap();
        (plan, job, status)
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
    fn another_job_is_refused() {
        let (mut plan, job, _) = status();
        plan.id = "kgl-other".to_owned();
        let why = derive(&plan, &job, &[], NOW).unwrap_err();
        assert!(
            why.to_string().contains("the plan is of kgl-other"),
            "{why}"
        );
    }
}

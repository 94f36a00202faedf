//! The decision: how many shards, which tasks, how many at once, for how long, for how much.
//! Arithmetic on what was given; nobody is asked and nothing is read.

use kgl_cli::{Failure, duration};
use kgl_contract::{ArrayEstimate, IndexSet};
use kgl_search::Partition;

/// Seconds that a task spends on fetching its inputs and publishing its shard.
const FETCH_S: u64 = 10;
/// A task may take this many times as long as expected before it is ended.
const PATIENCE: u64 = 5;
/// And as many seconds more, for what is not computing.
const GRACE_S: u64 = 600;
/// Batch ends every task after 14 days.
const LONGEST_S: u64 = 14 * 24 * 3600;

/// What an engine allows and what its machines are.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Tasks in one job, at most.
    pub max_tasks: u32,
    /// Tasks at once, at most.
    pub max_parallel: u32,
    /// Threads of a task.
    pub workers: u32,
    /// Cells a second of one thread there.
    pub cells_per_core_s: u64,
    /// Until a machine that was asked for works.
    pub startup_s: u64,
    /// What a machine costs an hour, in millionths of a US dollar; none where nobody pays.
    pub micro_usd_per_hour: Option<u64>,
}

/// What this machine can do.
#[derive(Debug, Clone, Copy)]
pub struct Here {
    /// Its cores.
    pub cores: u32,
    /// Cells a second of one of them.
    pub cells_per_core_s: u64,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// How many shards the search is cut into.
    pub shards: u32,
    /// Those to search.
    pub indexes: IndexSet,
    /// Tasks at once.
    pub parallelism: u32,
    /// A task is ended after that.
    pub max_run_s: u64,
    /// What it is expected to take.
    pub estimate: ArrayEstimate,
}

/// How many shards, so that a task takes `target_s`: enough for the time, no more than there are
/// targets or tasks in a job.
#[must_use]
pub fn shards_for(cells: u64, targets: usize, target_s: u64, terms: &Terms) -> u32 {
    let rate = rate(terms.cells_per_core_s, terms.workers);
    let wanted = cells.div_ceil(rate.saturating_mul(target_s).max(1));
    let most = u64::from(terms.max_tasks).min(targets as u64);
    u32::try_from(wanted.clamp(1, most.max(1))).unwrap_or(terms.max_tasks)
}

/// Decides, for the shards of `partition` that are `missing`.
///
/// # Errors
/// A shard that there is not, more tasks than a job may have, or tasks that would not end in time
/// (exit 2).
pub fn decide(
    partition: &Partition,
    missing: &IndexSet,
    terms: &Terms,
    here: Here,
) -> Result<Decision, Failure> {
    let shards = u32::try_from(partition.shards().len()).unwrap_or(u32::MAX);
    if let Some(&(_, last)) = missing.ranges().last().filter(|&&(_, last)| last >= shards) {
        return Err(Failure::usage(format_args!(
            "shard {last} is said to be missing, but there are {shards}, from 0"
        ))
        .hint("--count must be the count that the shards were cut with"));
    }
    let tasks = u64::try_from(missing.len()).unwrap_or(u64::MAX);
    if tasks > u64::from(terms.max_tasks) {
        return Err(Failure::usage(format_args!(
            "{tasks} tasks, but a job has {} at most",
            terms.max_tasks
        ))
        .hint("cut the search into fewer shards (--count), or leave the count out"));
    }
    let cells: Vec<u64> = missing
        .iter()
        .map(|index| partition.cells_of(index))
        .collect();
    let parallelism =
        u32::try_from(tasks.clamp(1, u64::from(terms.max_parallel.max(1)))).unwrap_or(u32::MAX);
    let estimate = estimate(&cells, parallelism, terms, here);
    if estimate.task_s > LONGEST_S {
        return Err(Failure::usage(format_args!(
            "a task would take {}, and is ended after {}",
            duration(estimate.task_s),
            duration(LONGEST_S)
        ))
        .hint("cut the search into more shards (--count), or leave the count out"));
    }
    Ok(Decision {
        shards,
        indexes: missing.clone(),
        parallelism,
        max_run_s: (estimate.task_s * PATIENCE + GRACE_S).min(LONGEST_S),
        estimate,
    })
}

/// What tasks with these cells take, here and there.
#[must_use]
pub fn estimate(cells: &[u64], parallelism: u32, terms: &Terms, here: Here) -> ArrayEstimate {
    let sum: u64 = cells.iter().sum();
    let heaviest = cells.iter().copied().max().unwrap_or(0);
    let rate_there = rate(terms.cells_per_core_s, terms.workers);
    let task_s = heaviest.div_ceil(rate_there) + FETCH_S;
    let rounds = (cells.len() as u64).div_ceil(u64::from(parallelism.max(1)));
    let there_s = if cells.is_empty() {
        0
    } else {
        terms.startup_s + rounds * task_s
    };
    let here_s = sum.div_ceil(rate(here.cells_per_core_s, here.cores));
    // Machines are paid from their start until the last task has ended, and for a minute at least.
    let paid = u128::from(there_s.max(60)) * u128::from(parallelism);
    let cost = |micro: u64| {
        let micros = (paid * u128::from(micro)).div_ceil(3600);
        u64::try_from(micros).unwrap_or(u64::MAX)
    };
    ArrayEstimate {
        cells: sum,
        heaviest_cells: heaviest,
        cells_per_core_s: here.cells_per_core_s,
        here_s,
        task_s,
        there_s,
        cost_micro_usd: terms.micro_usd_per_hour.map(cost),
        prices_of: None,
        worth_leaving: there_s < here_s,
    }
}

/// The advice, for people: `3 s here, 4 min there: stay local`.
#[must_use]
pub fn advice(estimate: &ArrayEstimate) -> String {
    let (here, there) = (duration(estimate.here_s), duration(estimate.there_s));
    let advice = if estimate.worth_leaving {
        "it is worth leaving"
    } else {
        "stay local"
    };
    format!("{here} here, {there} there: {advice}")
}

/// Cells a second of `cores` cores; never 0.
fn rate(cells_per_core_s: u64, cores: u32) -> u64 {
    cells_per_core_s.saturating_mul(cores.into()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::Filters;
    use proptest::prelude::*;

    fn terms() -> Terms {
        Terms {
            max_tasks: 1000,
            max_parallel: 50,
            workers: 8,
            cells_per_core_s: 1_000_000,
            startup_s: 100,
            micro_usd_per_hour: Some(36_000),
        }
    }

    const HERE: Here = Here {
        cores: 2,
        cells_per_core_s: 1_000_000,
    };

    fn dealt(targets: usize, shards: u32) -> Partition {
        Partition::deal_lengths(
            &[1000; 10],
            &vec![100; targets],
            &Filters::default(),
            shards,
        )
    }

    #[test]
    fn the_numbers_of_a_job_by_hand() {
        // 100 targets of 10 · 1000 · 100 cells are 10^8; 25 shards of 4·10^6 each.
        let decision = decide(&dealt(100, 25), &(0..25).collect(), &terms(), HERE).unwrap();
        assert_eq!(decision.parallelism, 25);
        let estimate = &decision.estimate;
        assert_eq!(estimate.cells, 100_000_000);
        assert_eq!(estimate.heaviest_cells, 4_000_000);
        assert_eq!(estimate.here_s, 50);
        assert_eq!(estimate.task_s, 11);
        assert_eq!(estimate.there_s, 111);
        // 25 machines for 111 s at 3.6 cents an hour.
        assert_eq!(estimate.cost_micro_usd, Some(25 * 111 * 10));
        assert_eq!(decision.max_run_s, 655);
        assert_eq!(advice(estimate), "50 s here, 1 min 51 s there: stay local");
    }

    #[test]
    fn what_is_large_is_worth_leaving_for() {
        let terms = Terms {
            max_parallel: 10,
            ..terms()
        };
        let slow = Here {
            cells_per_core_s: 1000,
            ..HERE
        };
        let decision = decide(&dealt(100, 25), &(0..25).collect(), &terms, slow).unwrap();
        assert_eq!(decision.parallelism, 10);
        assert_eq!(decision.estimate.there_s, 100 + 3 * 11);
        assert!(advice(&decision.estimate).ends_with("it is worth leaving"));
    }

    #[test]
    fn limits_are_refusals() {
        let few = Terms {
            max_tasks: 4,
            ..terms()
        };
        let why = |missing: IndexSet| {
            decide(&dealt(9, 5), &missing, &few, HERE)
                .unwrap_err()
                .to_string()
        };
        assert!(why((0..5).collect()).starts_with("5 tasks, but a job has 4 at most"));
        assert!(why([5].into_iter().collect()).starts_with("shard 5 is said to be missing"));
        assert!(decide(&dealt(9, 5), &(1..5).collect(), &few, HERE).is_ok());
    }

    #[test]
    fn tasks_that_would_not_end_in_time_are_no_plan() {
        // One shard of 10^8 cells.
        let at = |cells_per_core_s| {
            let slow = Terms {
                workers: 1,
                cells_per_core_s,
                ..terms()
            };
            decide(&dealt(100, 1), &(0..1).collect(), &slow, HERE)
        };
        // Ten days, of which patience would make fifty.
        assert_eq!(at(116).unwrap().max_run_s, LONGEST_S);
        let why = at(80).unwrap_err().to_string();
        assert!(why.starts_with("a task would take 14 d"), "{why}");
        assert!(why.contains("--count"), "{why}");
    }

    proptest! {
        #[test]
        fn tasks_take_about_the_time_that_was_asked_for(
            cells in 0u64..1 << 50, targets in 1usize..200_000, target_s in 1u64..5000,
        ) {
            let terms = terms();
            let shards = shards_for(cells, targets, target_s, &terms);
            prop_assert!(shards >= 1);
            prop_assert!(shards <= terms.max_tasks && shards as usize <= targets);
            let rate = terms.cells_per_core_s * u64::from(terms.workers);
            // As many as must be for the time, and not one more.
            if u64::from(shards) < u64::from(terms.max_tasks).min(targets as u64) {
                prop_assert!(cells <= u64::from(shards) * target_s * rate);
            }
            if shards > 1 {
                prop_assert!(cells > u64::from(shards - 1) * target_s * rate);
            }
        }

        #[test]
        fn a_decision_covers_what_is_missing_and_keeps_to_the_terms(
            shards in 1u32..60,
            missing in proptest::collection::btree_set(0u32..60, 1..60),
            max_parallel in 1u32..80,
        ) {
            let missing: IndexSet = missing.into_iter().filter(|&index| index < shards).collect();
            let terms = Terms { max_parallel, ..terms() };
            let decision = decide(&dealt(70, shards), &missing, &terms, HERE).unwrap();
            prop_assert_eq!(&decision.indexes, &missing);
            prop_assert_eq!(decision.shards, shards);
            prop_assert!(decision.parallelism >= 1 && decision.parallelism <= max_parallel);
            prop_assert!(missing.is_empty() || decision.parallelism as usize <= missing.len());
            prop_assert!(decision.max_run_s > decision.estimate.task_s);
            prop_assert!(decision.estimate.here_s > 0 || missing.is_empty());
        }
    }
}

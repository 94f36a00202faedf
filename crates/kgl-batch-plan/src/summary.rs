//! A plan for people.

use kgl_cli::{duration, size};
use kgl_contract::{ArrayEngine, ArrayJob, Provisioning};

use crate::decide::advice;

/// Millionths of a US dollar as people read them: `$0.42`, or `$0.0012` below a cent.
pub(crate) fn money(micro_usd: u64) -> String {
    let usd = micro_usd as f64 / 1e6;
    if usd == 0.0 || usd >= 0.01 {
        format!("${usd:.2}")
    } else {
        format!("${usd:.4}")
    }
}

/// A few lines.
pub(crate) fn of(job: &ArrayJob) -> String {
    let estimate = &job.estimate;
    let mut lines = vec![format!(
        "{}: search {}, {} of {} shards, {} at once",
        job.id,
        job.search_sha256.short(),
        job.tasks(),
        job.search.shards,
        job.parallelism
    )];
    lines.push(match &job.engine {
        ArrayEngine::GcpBatch(batch) => {
            let kind = match batch.provisioning {
                Provisioning::Spot => "spot",
                Provisioning::Standard => "standard",
            };
            format!(
                "  where   {} {} in {}, project {}",
                kind, batch.machine_type, batch.region, batch.project
            )
        }
        ArrayEngine::Slurm(slurm) => format!(
            "  where   Slurm, {}, {} threads a task",
            slurm
                .partition
                .as_deref()
                .unwrap_or("the default partition"),
            job.workers
        ),
    });
    // Slurm requeues as often as it must.
    let again = match &job.engine {
        ArrayEngine::GcpBatch(_) => format!(" at most {} times", job.max_retries),
        ArrayEngine::Slurm(_) => String::new(),
    };
    lines.push(format!(
        "  task    about {}, ended after {}, started again{again} if its machine is lost",
        duration(estimate.task_s),
        duration(job.max_run_s),
    ));
    let travels: u64 = job.files.iter().map(|file| file.size_bytes).sum();
    lines.push(format!("  files   {} ({})", job.files.len(), size(travels)));
    if let Some(cost) = estimate.cost_micro_usd {
        let of = estimate.prices_of.as_deref().unwrap_or("an unknown day");
        lines.push(format!(
            "  cost    about {}, at prices of {of}",
            money(cost)
        ));
    }
    lines.push(format!("  {}", advice(estimate)));
    lines.join("\n")
}

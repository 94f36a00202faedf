//! A job as GCP Batch takes it.

use std::collections::BTreeMap;

use kgl_cli::Failure;
use kgl_contract::{ArrayJob, GcpBatch, Provisioning};
use serde_json::{Value, json};

/// Tasks in one job, at most.
pub const MAX_TASKS: u32 = 100_000;
/// Tasks of a job at once, at most.
pub const MAX_PARALLEL: u32 = 5_000;
/// Bytes of a job, at most.
pub const MAX_JOB_BYTES: usize = 1_000_000;
/// How often Batch starts a task again, at most.
pub const MAX_RETRIES: u32 = 10;

/// Exit codes that Batch gives a task whose machine was taken away (50001), went silent (50002),
/// was restarted (50003) or made anew (50006). Only these are retried: whatever else ends a task
/// would end it again. Google's page on reserved exit codes.
pub const LOST: [u32; 4] = [50001, 50002, 50003, 50006];

const TASK: &str = include_str!("task.sh");

/// Where inputs lie in the bucket, each under its digest.
#[must_use]
pub fn files_uri(gcp: &GcpBatch) -> String {
    format!("gs://{}/kgl/files", gcp.bucket)
}

/// Where the shards of this search, cut this way, are published.
#[must_use]
pub fn shards_uri(job: &ArrayJob, gcp: &GcpBatch) -> String {
    format!(
        "gs://{}/kgl/shards/{}-{}",
        gcp.bucket, job.search_sha256, job.search.shards
    )
}

/// The labels of a job: those that were asked for, and what it is.
fn labels(job: &ArrayJob, gcp: &GcpBatch) -> BTreeMap<String, String> {
    let mut labels = gcp.labels.clone();
    labels.insert("kgl-run".to_owned(), job.id.clone());
    labels.insert("kgl-competition".to_owned(), job.competition.clone());
    labels.insert("kgl-search".to_owned(), job.search_sha256.short());
    labels
}

/// The job for `gcloud batch jobs submit --config`.
///
/// # Errors
/// It is larger than Batch takes (exit 2).
pub fn render(job: &ArrayJob, gcp: &GcpBatch) -> Result<Vec<u8>, Failure> {
    let files: Vec<String> = job
        .files
        .iter()
        .map(|file| format!("{}  {}", file.sha256, file.path))
        .collect();
    let script = TASK
        .replace("@FILES@", &files.join("\n"))
        .replace("@ENTRY@", &job.entry);
    let labels = labels(job, gcp);
    // int64s travel as text.
    let text = |number: u64| number.to_string();
    let environment = json!({
        "KGL_RUN": job.id,
        "KGL_FILES": files_uri(gcp),
        "KGL_PUBLISH": shards_uri(job, gcp),
        "KGL_WORKERS": text(job.workers.into()),
    });
    let value: Value = json!({
        "taskGroups": [{
            "taskCount": text(job.tasks().into()),
            "parallelism": text(job.parallelism.into()),
            "taskCountPerNode": "1",
            "taskSpec": {
                "runnables": [{ "script": { "text": script } }],
                "computeResource": {
                    "cpuMilli": text(u64::from(gcp.vcpus) * 1000),
                    // The system wants some of it.
                    "memoryMib": text(gcp.memory_mib * 3 / 4),
                    "bootDiskMib": text(gcp.boot_disk_gib * 1024),
                },
                "maxRetryCount": job.max_retries,
                "maxRunDuration": format!("{}s", job.max_run_s),
                "lifecyclePolicies": [{
                    "action": "RETRY_TASK",
                    "actionCondition": { "exitCodes": LOST },
                }],
                "environment": { "variables": environment },
            },
        }],
        "allocationPolicy": {
            "location": { "allowedLocations": [format!("regions/{}", gcp.region)] },
            "instances": [{ "policy": {
                "machineType": gcp.machine_type,
                "provisioningModel": match gcp.provisioning {
                    Provisioning::Spot => "SPOT",
                    Provisioning::Standard => "STANDARD",
                },
                "bootDisk": { "type": "pd-balanced", "sizeGb": text(gcp.boot_disk_gib) },
            } }],
            "serviceAccount": { "email": gcp.service_account },
            "labels": labels,
        },
        "labels": labels,
        "logsPolicy": { "destination": "CLOUD_LOGGING" },
    });
    let mut bytes = value.to_string().into_bytes();
    bytes.push(b'\n');
    if bytes.len() > MAX_JOB_BYTES {
        return Err(Failure::usage(format_args!(
            "the job is {} bytes, and Batch takes {MAX_JOB_BYTES} at most",
            bytes.len()
        ))
        .hint("let fewer files travel (--file)"));
    }
    Ok(bytes)
}

/// What is wrong with a label, if something is: Google's rule for labels of resources.
#[must_use]
pub fn label_fault(key: &str, value: &str) -> Option<String> {
    let plain = |text: &str| {
        text.len() <= 63
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let begins = key.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || !plain(key) || !plain(value) {
        return Some(format!(
            "label {key}={value}: at most 63 lower case letters, digits, `-` and `_`, the key with a letter first"
        ));
    }
    let taken = ["goog-", "google-", "kgl-"];
    taken
        .iter()
        .find(|prefix| key.starts_with(**prefix))
        .map(|prefix| format!("label {key}: names that begin with {prefix} are taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_to_the_rule() {
        assert_eq!(label_fault("team", "rna_2"), None);
        assert_eq!(label_fault("team", ""), None);
        for (key, value) in [
            ("", "a"),
            ("Team", "a"),
            ("team", "A"),
            ("1a", "a"),
            ("kgl-run", "a"),
            ("goog-x", ""),
        ] {
            assert!(label_fault(key, value).is_some(), "{key}={value}");
        }
        assert!(label_fault("a", &"x".repeat(64)).is_some());
    }
}

//! What Batch's codes and events mean, in words.

/// Why a task has this exit code.
pub(crate) fn of_code(code: i64) -> String {
    let reserved = match code {
        50001 => "its spot machine was taken away",
        50002 => "its machine went silent",
        50003 => "its machine was restarted",
        50004 => "it did not answer any more",
        50005 => "it took longer than the plan allows",
        50006 => "its machine was made anew",
        126 | 127 => "a program that it needs was not found there",
        137 => "it was killed, as a rule for want of memory (--machine with more)",
        1 | 2 => "it refused what it was given (see its log)",
        3 => "the world around it failed (see its log)",
        _ => return format!("it ended with code {code} (see its log)"),
    };
    format!("{reserved} (code {code})")
}

/// How a lost machine is counted.
pub(crate) fn of_loss(code: i64) -> Option<&'static str> {
    match code {
        50001 => Some("preempted"),
        50002 => Some("silent"),
        50003 => Some("restarted"),
        50006 => Some("made anew"),
        _ => None,
    }
}

/// What an event of a job says; Batch's own words where no better ones are known.
pub(crate) fn of_event(description: &str) -> String {
    if description.contains("QUOTA_EXCEEDED") {
        let which = description.split("latest message example: ").nth(1);
        let which = which.unwrap_or(description).trim();
        return format!(
            "waits for quota, and will not fail of it: {which} Ask for more (console.cloud.google.com/iam-admin/quotas), or end it and submit with fewer cores (--machine)"
        );
    }
    if description.contains("RESOURCE_POOL_EXHAUSTED") || description.contains("STOCKOUT") {
        return "no machines of this kind are to be had there now, so it waits; or end it and submit what is missing with --provisioning standard, or in another --region"
            .to_owned();
    }
    let state = description
        .split(" to ")
        .nth(1)
        .filter(|_| description.starts_with("Job state is set from "))
        .and_then(|rest| rest.split(' ').next());
    match state {
        Some("SCHEDULED") => "machines are asked for".to_owned(),
        Some("RUNNING") => "the first task runs".to_owned(),
        Some("SUCCEEDED") => "all tasks are done".to_owned(),
        Some("FAILED") => "ended; tasks failed for good".to_owned(),
        Some("CANCELLATION_IN_PROGRESS") => "is being ended, as was asked".to_owned(),
        Some("CANCELLED") => "ended, as was asked".to_owned(),
        _ => description.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_in_words() {
        let quota = "VM in Managed Instance Group meets error: Batch Error: code - CODE_GCE_QUOTA_EXCEEDED, description - error count is 1, latest message example: Quota 'CPUS' exceeded. Limit: 0.0 in region.";
        let told = of_event(quota);
        assert!(
            told.starts_with("waits for quota, and will not fail of it: Quota 'CPUS' exceeded."),
            "{told}"
        );
        assert!(
            of_event("code - CODE_GCE_ZONE_RESOURCE_POOL_EXHAUSTED, …")
                .contains("--provisioning standard")
        );
        let state = |from: &str, to: &str| {
            of_event(&format!(
                "Job state is set from {from} to {to} for job projects/1/x."
            ))
        };
        assert_eq!(state("QUEUED", "SCHEDULED"), "machines are asked for");
        assert_eq!(state("RUNNING", "FAILED"), "ended; tasks failed for good");
        assert_eq!(of_event("moved to Mars"), "moved to Mars");
    }

    #[test]
    fn codes_are_told_in_words() {
        assert_eq!(
            of_code(50001),
            "its spot machine was taken away (code 50001)"
        );
        assert_eq!(of_code(7), "it ended with code 7 (see its log)");
        assert_eq!(of_loss(50002), Some("silent"));
        assert_eq!(of_loss(50005), None);
    }
}

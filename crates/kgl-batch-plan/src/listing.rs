//! Which tasks of a job are worth asking about one by one.
//!
//! The counts by state come with the job. gcloud needs one to two milliseconds for a task besides,
//! which is two to three minutes for the most that a job has: of so many only those that failed
//! are asked about, unless all are wanted.

use kgl_contract::ArrayJob;

use crate::answer::{FAILED, Job};

/// So many are asked about all the same: it takes a second or two.
const FEW: u32 = 1000;

/// So many of those that failed are enough to see why.
const FAILED_AT_MOST: u64 = 1000;

/// As many as Batch gives at once; it gives fewer where this is too many.
const PAGE: &str = "--page-size=1000";

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    All,
    Failed,
    Nothing,
}

impl Listing {
    /// What is worth it.
    pub(crate) fn of(plan: &ArrayJob, job: &Job, all: bool) -> Self {
        if all || plan.tasks() <= FEW {
            Self::All
        } else if job.counts().contains_key(FAILED) {
            Self::Failed
        } else {
            Self::Nothing
        }
    }

    /// How `gcloud batch tasks list` is to be asked, if at all.
    pub(crate) fn arguments(self) -> Option<Vec<String>> {
        let words = match self {
            Self::All => vec![PAGE.to_owned(), "--format=json".to_owned()],
            // Batch takes this filter, and gcloud sifts by it once more, where a task has its state
            // elsewhere: hence the other name.
            Self::Failed => vec![
                PAGE.to_owned(),
                format!("--limit={FAILED_AT_MOST}"),
                format!("--filter=State={FAILED}"),
                "--format=json[no-undefined](name,status.state:alias=State,status.statusEvents)"
                    .to_owned(),
            ],
            Self::Nothing => return None,
        };
        Some(words)
    }

    /// How many will come, as far as it can be told.
    pub(crate) fn expected(self, plan: &ArrayJob, job: &Job) -> u64 {
        match self {
            Self::All => u64::from(plan.tasks()),
            Self::Failed => {
                let failed = job.counts().get(FAILED).copied().unwrap_or(0);
                failed.min(FAILED_AT_MOST)
            }
            Self::Nothing => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::parse_document;

    const PLAN: &[u8] = include_bytes!("../../kgl-contract/fixtures/array-job-1.json");

    fn of(tasks: u32, counts: &str, all: bool) -> (Listing, u64) {
        let mut plan: ArrayJob = parse_document(PLAN).unwrap();
        plan.indexes = (0..tasks).collect();
        let job = format!(
            r#"{{"name":"a/j","status":{{"taskGroups":{{"group0":{{"counts":{{{counts}}}}}}}}}}}"#
        );
        let job = Job::parse(job.as_bytes(), "job").unwrap();
        let listing = Listing::of(&plan, &job, all);
        (listing, listing.expected(&plan, &job))
    }

    #[test]
    fn of_many_tasks_only_those_that_failed_are_listed() {
        let failed = r#""SUCCEEDED":"2000","FAILED":"7""#;
        assert_eq!(of(1000, "", false), (Listing::All, 1000));
        assert_eq!(of(1001, failed, false), (Listing::Failed, 7));
        assert_eq!(of(9000, r#""FAILED":"9000""#, false).1, FAILED_AT_MOST);
        assert_eq!(of(9000, r#""FAILED":"0""#, false), (Listing::Nothing, 0));
        assert_eq!(of(9000, failed, true), (Listing::All, 9000));
    }

    #[test]
    fn gcloud_is_asked_in_large_pages() {
        let asked = |listing: Listing| listing.arguments().map(|words| words.join(" "));
        let all = asked(Listing::All).unwrap();
        assert_eq!(all, "--page-size=1000 --format=json");
        let failed = asked(Listing::Failed).unwrap();
        assert!(
            failed.contains("--filter=State=FAILED --format="),
            "{failed}"
        );
        assert!(failed.contains("status.state:alias=State"), "{failed}");
        assert_eq!(asked(Listing::Nothing), None);
    }
}

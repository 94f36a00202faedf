//! How it ends.

use std::collections::BTreeSet;

use kgl_cli::{Failure, duration};
use kgl_contract::IndexSet;

use super::Lead;

impl Lead<'_> {
    /// Every shard is here: unless one of them is here in two ways, that is the end.
    pub(super) fn complete(&self) -> Result<(), Failure> {
        if !self.shards.corrupt().is_empty() {
            return Err(Failure::usage(format_args!(
                "corruption: two results of one shard; beside each of these lies the other: {}",
                self.shards.corrupt().join(", ")
            ))
            .hint("search that shard once more elsewhere, see which one it equals, and remove the other"));
        }
        for (h, known) in self.hosts.iter().enumerate() {
            if known.forgotten > 0 {
                self.io.note(format_args!(
                    "{}: the folders of {} runs were removed there, since their shards are here",
                    self.led.name(h),
                    known.forgotten
                ));
            }
            if !known.view.held.is_empty() {
                let held: BTreeSet<u32> = known.view.held.keys().copied().collect();
                self.io.warn(format_args!(
                    "{} may still search shard {} when it is back; launch_cluster_search.sh --stop ends that",
                    self.led.name(h),
                    held.into_iter().collect::<IndexSet>()
                ));
            }
        }
        self.io.note(format_args!(
            "all {} shards are here after {}",
            self.led.fleet.shard_count,
            duration(self.now() / 1000)
        ));
        Ok(())
    }

    /// What is missing, why, and the way on.
    pub(super) fn missing(&self, what: &str) -> Failure {
        let done = self.shards.done();
        let missing: IndexSet = (0..self.led.fleet.shard_count)
            .filter(|shard| !done.contains(shard))
            .collect();
        let mut why: Vec<String> = self
            .hosts
            .iter()
            .filter_map(|known| known.trouble.clone())
            .collect();
        why.extend(
            missing
                .iter()
                .filter_map(|shard| self.reasons.get(&shard))
                .cloned(),
        );
        why.dedup();
        why.truncate(6);
        Failure::outside(format_args!(
            "{what}; shards {missing} of {} are missing\n  {}",
            self.led.fleet.shard_count,
            why.join("\n  ")
        ))
        .hint("the same command goes on with what is missing; launch_cluster_search.sh --here searches it on this machine")
    }
}

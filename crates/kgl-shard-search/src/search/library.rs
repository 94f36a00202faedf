//! A part of the shard's targets, and what is known of them before a search.

use std::ops::Range;

use kgl_align::bound::{Bound, Index, Outline};

use super::Job;
use super::distinct::Distinct;

/// Residues of all queries from which on an index of the library's k-mers is
/// made: it costs a few nanoseconds a residue of the library, and so does
/// computing scores for a hundred residues of queries.
const INDEX_PAYS: usize = 1_000;

/// Some groups of targets, numbered from 0 here.
pub(super) struct Library<'a> {
    targets: &'a Distinct,
    part: Range<usize>,
    /// The sequence of each.
    pub(super) sequences: Vec<&'a [u8]>,
    /// What can be proved of them.
    pub(super) proofs: Proofs,
}

/// What bounds are taken from.
pub(super) struct Proofs {
    pub(super) bound: Bound,
    pub(super) outlines: Vec<Outline>,
    pub(super) index: Option<Index>,
}

impl<'a> Library<'a> {
    /// The groups of `part`.
    pub(super) fn of(job: &Job<'a>, targets: &'a Distinct, part: Range<usize>) -> Self {
        let records = &job.inputs.targets;
        let sequences: Vec<&[u8]> = part
            .clone()
            .map(|group| targets.sequence(group, records))
            .collect();
        let asked: usize = (0..job.queries.len())
            .map(|query| job.queries.sequence(query, &job.inputs.queries).len())
            .sum();
        let proofs = Proofs {
            bound: Bound::new(&job.inputs.scoring),
            outlines: sequences.iter().map(|codes| Outline::of(codes)).collect(),
            index: (asked >= INDEX_PAYS).then(|| Index::of(&sequences)),
        };
        Self {
            targets,
            part,
            sequences,
            proofs,
        }
    }

    /// The records of a group, ascending.
    pub(super) fn members(&self, target: usize) -> &'a [u32] {
        self.targets.members(self.group_of(target))
    }

    /// The number of a group in the shard.
    pub(super) fn group_of(&self, target: usize) -> usize {
        self.part.start + target
    }

    /// The number here of a group of the shard, if it is in this part.
    pub(super) fn number_of(&self, group: usize) -> Option<usize> {
        self.part.contains(&group).then(|| group - self.part.start)
    }
}

/// The bounds of one query on all targets of a library.
pub(super) struct Bounds<'a> {
    proofs: &'a Proofs,
    outline: Outline,
    shared: Vec<u32>,
}

impl<'a> Bounds<'a> {
    /// Asks the index of the library.
    pub(super) fn of(proofs: &'a Proofs, sequence: &[u8]) -> Self {
        let mut shared = Vec::new();
        if let Some(index) = &proofs.index {
            index.share(sequence, &mut shared);
        }
        Self {
            proofs,
            outline: Outline::of(sequence),
            shared,
        }
    }

    /// No alignment with this target scores more.
    pub(super) fn of_target(&self, target: usize) -> i64 {
        let Proofs {
            bound, outlines, ..
        } = self.proofs;
        match self.shared.get(target) {
            Some(&shared) => bound.by_kmers(&self.outline, &outlines[target], shared),
            None => bound.by_residues(&self.outline, &outlines[target]),
        }
    }
}

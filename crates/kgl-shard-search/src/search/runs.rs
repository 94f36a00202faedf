//! The run bound, asked for as long as it pays.

use kgl_align::bound::{KmerSet, Outline, Windows};
use kgl_align::cells;

use super::library::Library;

/// The run bound of one query, with an account of what it costs and saves.
pub(super) struct Runs {
    outline: Outline,
    kmers: KmerSet,
    residues_looked_at: u64,
    cells_saved: u64,
}

impl Runs {
    /// What looking at a residue costs, in cells.
    const COST: u64 = 16;
    /// Cells that may be spent before anything is saved.
    const CREDIT: u64 = 1 << 22;

    /// For a query with these codes.
    pub(super) fn of(query: &[u8]) -> Self {
        Self {
            outline: Outline::of(query),
            kmers: KmerSet::of(query),
            residues_looked_at: 0,
            cells_saved: 0,
        }
    }

    /// Whether the score of the query and a target is proved to be one that is
    /// not `kept`; false as well where asking has not paid so far.
    pub(super) fn forbid(
        &mut self,
        library: &Library<'_>,
        target: u32,
        kept: impl Fn(i64) -> bool,
    ) -> bool {
        let spent = self.residues_looked_at * Self::COST;
        // While everything is kept, no bound can help.
        if spent > self.cells_saved + Self::CREDIT || kept(i64::MIN) {
            return false;
        }
        let proofs = &library.proofs;
        let codes = library.sequences[target as usize];
        let windows = Windows::of(codes, &self.kmers, &proofs.bound);
        let outline = &proofs.outlines[target as usize];
        let forbids = !kept(proofs.bound.by_runs(&self.outline, outline, windows));
        self.residues_looked_at += codes.len() as u64;
        if forbids {
            self.cells_saved += cells(self.outline.length() as usize, codes.len());
        }
        forbids
    }
}

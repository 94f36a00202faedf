//! The search of one shard: for each query the best targets, and an alignment
//! for each of those.
//!
//! - [`every`]: every pair, where nothing is to be proved; all below is for doing less.
//! - [`distinct`]: equal sequences are one, and searched once.
//! - [`order`]: the targets of a query by the bound on their score, best first.
//! - [`best`]: the best hits so far, and what can still enter among them.
//! - [`mod@line`]: a query's targets on their way to the kernel, batch by batch,
//!   while its best hits rule out ever more of them.
//! - [`library`]: the targets of the shard and what is known of them.
//! - [`turns`]: who works on which query, and what is known the other way round;
//!   [`round`]: that work.
//! - [`runs`]: the bound that is asked last, as long as it pays.
//! - [`kept`]: the alignments of the hits that are kept.
//!
//! Which pairs are computed depends on the order of things and on the number of
//! workers; the result does not. A pair is left out only where a proof says
//! that its score is known, or that it cannot be among the best.

mod best;
mod distinct;
mod every;
mod kept;
mod library;
mod line;
mod order;
mod round;
mod runs;
mod turns;
mod workers;

pub use workers::Workers;

use kgl_align::{Engine, Mode};
use kgl_cli::{Failure, Io};
use kgl_contract::QueryHits;
use rayon::prelude::*;

use crate::inputs::Inputs;
use crate::pairs::Pairs;
use best::{Best, Scored};
use distinct::Distinct;
use every::Every;
use library::Library;
use turns::Turns;

/// What a shard's search gives.
#[derive(Debug, Clone)]
pub struct Found {
    /// One row a query, in file order.
    pub results: Vec<QueryHits>,
    /// Cells that were computed for scores.
    pub cells: u64,
    /// Cells of the other pairs that may meet.
    pub cells_pruned: u64,
}

/// What every part of a search looks at.
struct Job<'a> {
    inputs: &'a Inputs,
    pairs: Pairs,
    engine: &'a Engine,
    /// Queries by their sequences.
    queries: Distinct,
}

impl Job<'_> {
    /// No best hits yet, for a query.
    fn best(&self) -> Best {
        let search = &self.inputs.search;
        let least = search.least_score(self.inputs.score_scale);
        // A local score of 0 is the empty alignment: nothing was found.
        let local = self.inputs.scoring.mode() == Mode::Local;
        Best::new(search.top_k, if local { least.max(1) } else { least })
    }
}

/// Searches `targets` (indexes into the targets file, ascending) for every
/// query; with `prune` false, computes every pair that may meet.
///
/// # Errors
/// None that input can cause: an alignment that does not give its score is a bug
/// and is reported as one.
pub fn search_shard(
    inputs: &Inputs,
    targets: &[u32],
    engine: &Engine,
    workers: &Workers,
    prune: bool,
    io: &Io,
) -> Result<Found, Failure> {
    let queries: Vec<u32> = (0..).zip(&inputs.queries).map(|(query, _)| query).collect();
    let job = Job {
        inputs,
        pairs: Pairs::of(inputs),
        engine,
        queries: Distinct::of(&inputs.queries, &queries),
    };
    let progress = |cells: u64| io.progress(cells.max(1), "searching");
    let (best, cells, cells_pruned) = if prune {
        let targets = Distinct::of(&inputs.targets, targets);
        let mut turns = Turns::new(&job, &targets, workers.count());
        let progress = progress(turns.most_cells());
        for part in targets.parts(&inputs.targets) {
            let library = Library::of(&job, &targets, part);
            turns.search(&library, workers, &progress);
        }
        turns.finish()
    } else {
        let every = Every::new(&job, targets, workers.count());
        every.search(workers, &progress(every.most_cells()));
        let (best, cells) = every.finish();
        (best, cells, 0)
    };
    Ok(Found {
        results: rows(&job, &best, workers)?,
        cells,
        cells_pruned,
    })
}

/// The rows of all queries, their scores being final.
fn rows(job: &Job<'_>, best: &[Vec<Scored>], workers: &Workers) -> Result<Vec<QueryHits>, Failure> {
    let queries = &job.inputs.queries;
    let mut heaviest_first: Vec<usize> = (0..best.len()).collect();
    heaviest_first.sort_by_key(|&query| std::cmp::Reverse(queries[query].sequence.len()));
    // The hits of a query fill the lanes best together; they are parted only
    // where there are not enough queries for all to have work.
    let parts = workers.count() as usize / best.len().max(1);
    let mut rows = workers.install(|| {
        let rows = heaviest_first.into_iter().par_bridge();
        rows.map(|query| Ok((query, row(job, query, &best[query], parts)?)))
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    rows.sort_unstable_by_key(|&(query, _)| query);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// The row of one query, its hits aligned in so many `parts`, or in one.
fn row(job: &Job<'_>, query: usize, hits: &[Scored], parts: usize) -> Result<QueryHits, Failure> {
    let hits = if job.inputs.search.alignments {
        kept::align_kept(job, query, hits, parts)?
    } else {
        hits.iter()
            .map(|hit| kept::bare_hit(job.inputs, *hit))
            .collect()
    };
    Ok(QueryHits {
        query: job.inputs.queries[query].id.clone(),
        hits,
    })
}

//! The search of one shard: scores for every pair that may meet, the best of
//! them for each query, and an alignment for each of those.

use kgl_align::{Engine, Mode, align, cells};
use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Hit, QueryHits};
use rayon::prelude::*;

use crate::inputs::Inputs;
use crate::pairs::may_meet;

/// The threads that search.
#[derive(Debug)]
pub struct Workers {
    pool: rayon::ThreadPool,
}

impl Workers {
    /// Starts `count` threads, or one for each core.
    ///
    /// # Errors
    /// The system refuses to start threads (exit 3).
    pub fn start(count: Option<u32>) -> Result<Self, Failure> {
        let threads = count.map_or(0, |count| count as usize);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(Self {
            pool: pool.or_outside("cannot start worker threads")?,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.pool.current_num_threads()).unwrap_or(u32::MAX)
    }
}

/// What a shard's search gives.
#[derive(Debug, Clone)]
pub struct Found {
    /// One row a query, in file order.
    pub results: Vec<QueryHits>,
    /// Cells that were computed for scores.
    pub cells: u64,
}

/// A pair's score; ordered as hits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scored {
    score: i64,
    target: u32,
}

impl Scored {
    fn rank(self) -> (std::cmp::Reverse<i64>, u32) {
        (std::cmp::Reverse(self.score), self.target)
    }
}

/// Searches `targets` (indexes into the targets file, ascending) for every query.
///
/// # Errors
/// None that input can cause: an alignment that does not give its score is a bug
/// and is reported as one.
pub fn search_shard(
    inputs: &Inputs,
    targets: &[u32],
    engine: &Engine,
    workers: &Workers,
    io: &Io,
) -> Result<Found, Failure> {
    let batches = batches(inputs, targets, engine);
    let cells: u64 = batches.iter().map(|batch| batch.cells).sum();
    let progress = io.progress(cells.max(1), "searching");
    // Batches are taken in any order by any worker; what they find is put in
    // order afterwards, so neither can be seen in the result.
    let scored: Vec<(usize, Vec<Scored>)> = workers.pool.install(|| {
        batches
            .par_iter()
            .map(|batch| {
                let best = score_batch(inputs, batch, engine);
                progress.advance(batch.cells);
                (batch.query, best)
            })
            .collect()
    });
    let mut best: Vec<Vec<Scored>> = vec![Vec::new(); inputs.queries.len()];
    for (query, hits) in scored {
        best[query].extend(hits);
    }
    let mut kept: Vec<(usize, Scored)> = Vec::new();
    for (query, mut hits) in best.into_iter().enumerate() {
        keep_best(&mut hits, inputs.search.top_k);
        kept.extend(hits.into_iter().map(|hit| (query, hit)));
    }
    let hits: Vec<(usize, Hit)> = workers.pool.install(|| {
        kept.par_iter()
            .map(|&(query, hit)| Ok((query, align_hit(inputs, query, hit)?)))
            .collect::<Result<_, Failure>>()
    })?;
    let mut results: Vec<QueryHits> = inputs
        .queries
        .iter()
        .map(|query| QueryHits {
            query: query.id.clone(),
            hits: Vec::new(),
        })
        .collect();
    for (query, hit) in hits {
        results[query].hits.push(hit);
    }
    Ok(Found { results, cells })
}

/// One query and some targets it may meet: a unit of work.
struct Batch {
    query: usize,
    targets: Vec<u32>,
    cells: u64,
}

/// Cuts the work so that each batch fills the kernel's lanes with targets of
/// like length; longest work first, so that the workers end together.
fn batches(inputs: &Inputs, targets: &[u32], engine: &Engine) -> Vec<Batch> {
    let length = |target: u32| inputs.targets[target as usize].sequence.len();
    let mut by_length = targets.to_vec();
    by_length.sort_by_key(|&target| (length(target), target));
    let size = engine.lanes().max(1) * 4;
    let mut batches = Vec::new();
    for (number, query) in inputs.queries.iter().enumerate() {
        let meets = |target: &&u32| {
            may_meet(
                &inputs.search.filters,
                query,
                &inputs.targets[**target as usize],
            )
        };
        let eligible: Vec<u32> = by_length.iter().filter(meets).copied().collect();
        for chunk in eligible.chunks(size) {
            let cells = chunk
                .iter()
                .map(|&target| cells(query.sequence.len(), length(target)))
                .sum();
            batches.push(Batch {
                query: number,
                targets: chunk.to_vec(),
                cells,
            });
        }
    }
    batches.sort_by_key(|batch| std::cmp::Reverse(batch.cells));
    batches
}

/// Scores a batch and keeps its best.
fn score_batch(inputs: &Inputs, batch: &Batch, engine: &Engine) -> Vec<Scored> {
    let query = &inputs.queries[batch.query].sequence;
    let sequences: Vec<&[u8]> = batch
        .targets
        .iter()
        .map(|&target| inputs.targets[target as usize].sequence.as_slice())
        .collect();
    let mut scored: Vec<Scored> = engine
        .scores(query, &sequences)
        .into_iter()
        .zip(&batch.targets)
        // A local score of 0 is the empty alignment: nothing was found.
        .filter(|&(score, _)| score > 0 || inputs.scoring.mode() != Mode::Local)
        .map(|(score, &target)| Scored { score, target })
        .collect();
    keep_best(&mut scored, inputs.search.top_k);
    scored
}

/// Sorts hits into their order and keeps the first `top_k`.
fn keep_best(hits: &mut Vec<Scored>, top_k: u32) {
    hits.sort_unstable_by_key(|hit| hit.rank());
    hits.truncate(top_k as usize);
}

/// The hit with its alignment.
fn align_hit(inputs: &Inputs, query: usize, hit: Scored) -> Result<Hit, Failure> {
    let (query, target) = (&inputs.queries[query], &inputs.targets[hit.target as usize]);
    let alignment = align(&query.sequence, &target.sequence, &inputs.scoring);
    if alignment.score != hit.score {
        return Err(Failure::outside(format_args!(
            "internal error: query {} and target {} score {} in the kernel and {} in the traceback",
            query.id, target.id, hit.score, alignment.score
        ))
        .hint("this is a bug, or failing memory: try --kernel scalar, and report both sequences"));
    }
    Ok(Hit {
        target: target.id.clone(),
        target_index: hit.target,
        score: hit.score,
        matches: alignment.matches,
        columns: alignment.columns,
        query_span: [alignment.query_span.start, alignment.query_span.end],
        target_span: [alignment.target_span.start, alignment.target_span.end],
        cigar: alignment.cigar.to_string(),
    })
}

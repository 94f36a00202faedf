//! The alignments of the hits that are kept: made once the scores are final.

use std::collections::HashMap;

use kgl_align::Alignment;
use kgl_cli::Failure;
use kgl_contract::{Hit, HitAlignment};
use rayon::prelude::*;

use super::Job;
use super::best::Scored;
use crate::inputs::Inputs;

/// Bytes of traceback that a worker holds at a time.
const TRACEBACK_BYTES: usize = 8 << 20;

/// The hits of a query with their alignments, in the order given. Equal targets
/// have equal alignments, which are made once; they are aligned in so many `parts`
/// on as many workers, or in one.
///
/// # Errors
/// An alignment that does not give the hit's score: a bug.
pub(super) fn align_kept(
    job: &Job<'_>,
    query: usize,
    hits: &[Scored],
    parts: usize,
) -> Result<Vec<Hit>, Failure> {
    let inputs = job.inputs;
    let sequence = |hit: &Scored| inputs.targets[hit.target as usize].sequence.as_slice();
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let mut distinct: Vec<Scored> = Vec::new();
    for hit in hits {
        numbers.entry(sequence(hit)).or_insert_with(|| {
            distinct.push(*hit);
            distinct.len() - 1
        });
    }
    let part = distinct.len().div_ceil(parts.max(1)).max(1);
    let parts = distinct
        .par_chunks(part)
        .map(|hits| align_hits(job, query, hits))
        .collect::<Result<Vec<Vec<HitAlignment>>, Failure>>()?;
    let alignments = parts.concat();
    let whole = |hit: &Scored| Hit {
        alignment: Some(alignments[numbers[sequence(hit)]].clone()),
        ..bare_hit(inputs, *hit)
    };
    Ok(hits.iter().map(whole).collect())
}

/// A hit without its alignment.
pub(super) fn bare_hit(inputs: &Inputs, hit: Scored) -> Hit {
    Hit {
        target: inputs.targets[hit.target as usize].id.clone(),
        target_index: hit.target,
        score: hit.score,
        alignment: None,
    }
}

/// The alignments of hits of one query.
fn align_hits(job: &Job<'_>, query: usize, hits: &[Scored]) -> Result<Vec<HitAlignment>, Failure> {
    let (query, targets) = (&job.inputs.queries[query], &job.inputs.targets);
    let target = |hit: &Scored| &targets[hit.target as usize];
    let sequences: Vec<&[u8]> = hits
        .iter()
        .map(|hit| target(hit).sequence.as_slice())
        .collect();
    let scores: Vec<i64> = hits.iter().map(|hit| hit.score).collect();
    let aligned = job
        .engine
        .align(&query.sequence, &sequences, &scores, TRACEBACK_BYTES);
    let hit_alignment = |(alignment, hit): (Option<Alignment>, &Scored)| {
        let Some(alignment) = alignment else {
            return Err(Failure::outside(format_args!(
                "internal error: query {} and target {} have no alignment worth their score, {}",
                query.id,
                target(hit).id,
                hit.score
            ))
            .hint(
                "this is a bug, or failing memory: try --kernel scalar, and report both sequences",
            ));
        };
        Ok(HitAlignment {
            matches: alignment.matches,
            columns: alignment.columns,
            query_span: [alignment.query_span.start, alignment.query_span.end],
            target_span: [alignment.target_span.start, alignment.target_span.end],
            cigar: alignment.cigar.to_string(),
        })
    };
    aligned.into_iter().zip(hits).map(hit_alignment).collect()
}

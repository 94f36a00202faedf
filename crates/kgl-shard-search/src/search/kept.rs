//! The alignments of the hits that are kept: made once the scores are final.

use std::collections::HashMap;

use kgl_align::align;
use kgl_cli::Failure;
use kgl_contract::{Hit, HitAlignment};
use rayon::prelude::*;

use super::best::Scored;
use crate::inputs::Inputs;

/// The hits of a query with their alignments, in the order given. Equal targets
/// have equal alignments, which are made once.
///
/// # Errors
/// An alignment that does not give the hit's score: a bug.
pub(super) fn align_kept(
    inputs: &Inputs,
    query: usize,
    hits: &[Scored],
) -> Result<Vec<Hit>, Failure> {
    let sequence = |hit: &Scored| inputs.targets[hit.target as usize].sequence.as_slice();
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let mut distinct: Vec<Scored> = Vec::new();
    for hit in hits {
        numbers.entry(sequence(hit)).or_insert_with(|| {
            distinct.push(*hit);
            distinct.len() - 1
        });
    }
    let alignments = distinct
        .par_iter()
        .map(|&hit| align_hit(inputs, query, hit))
        .collect::<Result<Vec<HitAlignment>, Failure>>()?;
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

/// The alignment of one hit.
fn align_hit(inputs: &Inputs, query: usize, hit: Scored) -> Result<HitAlignment, Failure> {
    let (query, target) = (&inputs.queries[query], &inputs.targets[hit.target as usize]);
    let alignment = align(&query.sequence, &target.sequence, &inputs.scoring);
    if alignment.score != hit.score {
        return Err(Failure::outside(format_args!(
            "internal error: query {} and target {} score {} in the kernel and {} in the traceback",
            query.id, target.id, hit.score, alignment.score
        ))
        .hint("this is a bug, or failing memory: try --kernel scalar, and report both sequences"));
    }
    Ok(HitAlignment {
        matches: alignment.matches,
        columns: alignment.columns,
        query_span: [alignment.query_span.start, alignment.query_span.end],
        target_span: [alignment.target_span.start, alignment.target_span.end],
        cigar: alignment.cigar.to_string(),
    })
}

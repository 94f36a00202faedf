//! From an alignment and a template's structure to coordinates for the query.
//!
//! ```text
//! query     G C - A U G      = X  the template's coordinates are copied
//! template  G C U A - G      I    the query has a residue more: to be built
//! cigar     2= 1D 1= 1I 1=   D    the template has a residue more: left out
//! ```

use kgl_contract::Hit;

use crate::geometry::{Point, centroid, sub};
use crate::labels::Structure;

/// Coordinates that a submission may hold, in ångström.
const SMALLEST: f64 = -999.999;
/// See [`SMALLEST`].
const GREATEST: f64 = 9999.999;

/// What is wrong with an alignment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// The hit comes from a search for scores only.
    #[error("it has no alignment to copy along, so it is of a search with --scores-only")]
    ScoresOnly,
    /// The CIGAR is no sequence of counts and `=`, `X`, `I`, `D`.
    #[error("the cigar `{0}` is not a run of counts followed by =, X, I or D")]
    Cigar(String),
    /// The CIGAR and a span do not agree.
    #[error("the cigar covers {covered} residues of the {whose}, its span {span}")]
    Span {
        /// `query` or `template`.
        whose: &'static str,
        /// Residues the CIGAR covers.
        covered: usize,
        /// Residues the span covers.
        span: usize,
    },
    /// A span reaches beyond its sequence.
    #[error("the span of the {whose} ends at {end}, but it has {length} residues")]
    Beyond {
        /// `query` or `template`.
        whose: &'static str,
        /// Where the span ends, half-open.
        end: usize,
        /// The number of residues.
        length: usize,
    },
}

/// A hit of a search that does not fit its query or its template's structure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("query `{query}`, hit `{target}`: {source}; was the search run on these data?")]
pub struct HitError {
    /// The query.
    pub query: String,
    /// The template.
    pub target: String,
    /// What does not fit.
    pub source: TransferError,
}

/// An alignment of a query with a template; spans are half-open and 0-based.
#[derive(Debug, Clone, Copy)]
pub struct Alignment<'a> {
    /// The stretch of the query that is aligned.
    pub query_span: [usize; 2],
    /// The stretch of the template that is aligned.
    pub template_span: [usize; 2],
    /// Run-length operations `=`, `X`, `I`, `D` in query direction.
    pub cigar: &'a str,
}

/// The columns of two residues of an alignment, residue of the query and of the
/// template, ascending; `length` and `template_length` are those of the whole
/// sequences.
///
/// # Errors
/// The alignment contradicts itself, the query's length or the template's.
pub fn columns(
    alignment: &Alignment<'_>,
    template_length: usize,
    length: usize,
) -> Result<Vec<(usize, usize)>, TransferError> {
    let [query_start, query_end] = alignment.query_span;
    let [template_start, template_end] = alignment.template_span;
    for (whose, end, length) in [
        ("query", query_end, length),
        ("template", template_end, template_length),
    ] {
        if end > length {
            return Err(TransferError::Beyond { whose, end, length });
        }
    }
    let mut columns = Vec::with_capacity(query_end.saturating_sub(query_start));
    let (mut query, mut from) = (query_start, template_start);
    for (count, operation) in operations(alignment.cigar)? {
        let both = matches!(operation, b'=' | b'X');
        if both && query + count <= query_end && from + count <= template_end {
            columns.extend((0..count).map(|k| (query + k, from + k)));
        }
        query += if both || operation == b'I' { count } else { 0 };
        from += if both || operation == b'D' { count } else { 0 };
    }
    for (whose, start, end, reached) in [
        ("query", query_start, query_end, query),
        ("template", template_start, template_end, from),
    ] {
        if reached != end {
            let (covered, span) = (reached - start, end.saturating_sub(start));
            return Err(TransferError::Span {
                whose,
                covered,
                span,
            });
        }
    }
    Ok(columns)
}

/// The columns by which `hit` lays the `length` residues of `query` on `template`.
///
/// # Errors
/// The hit contradicts itself, the query's length or the structure.
pub fn hit_columns(
    query: &str,
    hit: &Hit,
    template: &Structure,
    length: usize,
) -> Result<Vec<(usize, usize)>, HitError> {
    let span = |span: [u32; 2]| span.map(|end| usize::try_from(end).unwrap_or(usize::MAX));
    let columns = match &hit.alignment {
        None => Err(TransferError::ScoresOnly),
        Some(found) => {
            let alignment = Alignment {
                query_span: span(found.query_span),
                template_span: span(found.target_span),
                cigar: &found.cigar,
            };
            columns(&alignment, template.len(), length)
        }
    };
    columns.map_err(|source| HitError {
        query: query.to_owned(),
        target: hit.target.clone(),
        source,
    })
}

/// The coordinates that `template`'s first structure gives to the `length`
/// residues of `query` by the alignment of `hit`.
///
/// # Errors
/// The hit contradicts itself, the query's length or the structure.
pub fn copy_hit(
    query: &str,
    hit: &Hit,
    template: &Structure,
    length: usize,
) -> Result<Vec<Option<Point>>, HitError> {
    let trace = template.copies.first().map_or(&[][..], Vec::as_slice);
    let mut copied = vec![None; length];
    for (i, j) in hit_columns(query, hit, template, length)? {
        copied[i] = trace.get(j).copied().flatten();
    }
    Ok(copied)
}

/// The counts and letters of a CIGAR.
fn operations(cigar: &str) -> Result<Vec<(usize, u8)>, TransferError> {
    let wrong = || TransferError::Cigar(cigar.chars().take(40).collect());
    let mut operations = Vec::new();
    let mut rest = cigar;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letter = *rest.as_bytes().get(digits).ok_or_else(wrong)?;
        // Nine digits are more than any chain and overflow no sum.
        if digits == 0 || digits > 9 || !b"=XID".contains(&letter) {
            return Err(wrong());
        }
        operations.push((rest[..digits].parse().map_err(|_| wrong())?, letter));
        rest = &rest[digits + 1..];
    }
    Ok(operations)
}

/// Brings a trace to where a submission may have it: its middle at the origin,
/// three decimals, within the limits.
#[must_use]
pub fn fit_for_submission(points: &[Point]) -> Vec<Point> {
    let middle = centroid(points.iter().copied());
    points
        .iter()
        .map(|&point| sub(point, middle).map(round_and_clamp))
        .collect()
}

fn round_and_clamp(coordinate: f64) -> f64 {
    let rounded = (coordinate * 1000.0).round() / 1000.0;
    // + 0.0 makes -0.0 a plain zero, which is written the same everywhere.
    if rounded.is_finite() {
        rounded.clamp(SMALLEST, GREATEST) + 0.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn template(count: u32) -> Vec<Option<Point>> {
        (0..count).map(|i| Some([f64::from(i), 0.0, 0.0])).collect()
    }

    fn copied(query: [usize; 2], from: [usize; 2], cigar: &str) -> Result<String, TransferError> {
        let alignment = Alignment {
            query_span: query,
            template_span: from,
            cigar,
        };
        let mut points = vec![None; 8];
        for (i, j) in columns(&alignment, 8, 8)? {
            points[i] = template(8)[j];
        }
        Ok(points
            .iter()
            .map(|p| p.map_or("-".into(), |p| p[0].to_string()))
            .collect())
    }

    #[test]
    fn aligned_residues_are_copied() {
        assert_eq!(copied([0, 6], [1, 7], "2=1D1X1I2=").unwrap(), "124-56--");
        assert_eq!(copied([3, 5], [0, 2], "2=").unwrap(), "---01---");
        assert_eq!(copied([2, 2], [0, 0], "").unwrap(), "--------");
        let hit = Hit {
            target: "T".into(),
            target_index: 0,
            score: 4,
            alignment: Some(kgl_contract::HitAlignment {
                matches: 2,
                columns: 2,
                query_span: [0, 2],
                target_span: [0, 2],
                cigar: "2=".into(),
            }),
        };
        let holed = Structure {
            residues: b"GG".to_vec(),
            copies: vec![vec![None, Some([1.0; 3])]],
        };
        assert_eq!(
            copy_hit("Q", &hit, &holed, 2).unwrap(),
            [None, Some([1.0; 3])]
        );
        let said = copy_hit("Q", &hit, &holed, 1).unwrap_err().to_string();
        assert!(
            said.starts_with("query `Q`, hit `T`: the span of the query ends at 2"),
            "{said}"
        );
    }

    #[test]
    fn contradictions_are_named() {
        let said = |query, from, cigar| copied(query, from, cigar).unwrap_err().to_string();
        assert_eq!(
            said([0, 3], [0, 2], "2="),
            "the cigar covers 2 residues of the query, its span 3"
        );
        assert_eq!(
            said([0, 2], [0, 1], "2="),
            "the cigar covers 2 residues of the template, its span 1"
        );
        assert_eq!(
            said([0, 9], [0, 9], "9="),
            "the span of the query ends at 9, but it has 8 residues"
        );
        for cigar in ["2", "=", "2M", "2=é", "9999999999="] {
            assert!(
                said([0, 2], [0, 2], cigar).contains("is not a run of counts"),
                "{cigar}"
            );
        }
        assert!(said([3, 1], [0, 2], "2=").contains("span 0"));
    }

    #[test]
    fn submissions_are_centred_rounded_and_clamped() {
        let fitted = fit_for_submission(&[[1.0004, 0.0, -5000.0], [-1.0004, 0.0, 5000.0]]);
        assert_eq!(fitted, [[1.0, 0.0, -999.999], [-1.0, 0.0, 5000.0]]);
        assert_eq!(fit_for_submission(&[[f64::NAN; 3]]), [[0.0; 3]]);
        assert!(fit_for_submission(&[[-0.0; 3]])[0][0].is_sign_positive());
    }

    proptest! {
        #[test]
        fn any_cigar_is_read_or_refused(
            cigar in "([0-9]{1,3}[=XIDM])*",
            spans in prop::array::uniform4(0usize..12),
        ) {
            let _ = copied([spans[0], spans[1]], [spans[2], spans[3]], &cigar);
        }
    }
}

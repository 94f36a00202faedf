//! `search`: which queries against which targets, scored how, kept by what rule.

use serde::{Deserialize, Serialize};

use crate::canonical::canonical_digest;
use crate::decimal::{Decimal, common_denominator};
use crate::digest::Sha256;
use crate::document::{Document, Tag};

/// A search: everything that decides its result, and how many shards it is cut into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Search {
    /// `kgl.search/1`.
    pub schema: Tag<Search>,
    /// The sequences to find neighbours for.
    pub queries: SequenceFile,
    /// The library that is searched.
    pub targets: SequenceFile,
    /// How two sequences are aligned and scored.
    pub scoring: ScoringSpec,
    /// How many hits are kept for each query; at least 1.
    pub top_k: u32,
    /// The lowest score worth reporting, in the units of `scoring`; hits below it
    /// are left out, and the search need not look for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<Decimal>,
    /// Whether hits carry their alignments. Without them a search is for scores
    /// only, and its shards merge with their like alone.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub alignments: bool,
    /// Which pairs are looked at.
    #[serde(default)]
    pub filters: Filters,
    /// How many shards the targets are cut into; at least 1. Does not change the result.
    pub shards: u32,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that serde asks for
fn is_yes(value: &bool) -> bool {
    *value
}

impl Document for Search {
    const KIND: &'static str = "search";
    const MAJOR: u32 = 1;
}

/// A file of sequences: CSV or FASTA, either of them gzipped; told from its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SequenceFile {
    /// Where the file is, relative to the document's folder (or to `--base`).
    pub path: String,
    /// Digest of the file's bytes. Left out, it is taken when the file is read; given, it must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// What the columns are called. FASTA files have an id and a sequence only.
    #[serde(default)]
    pub columns: Columns,
}

/// Column names by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Columns {
    /// The unique id.
    #[serde(default = "id_column")]
    pub id: String,
    /// The RNA sequence.
    #[serde(default = "sequence_column")]
    pub sequence: String,
    /// The date, `yyyy-mm-dd`, if the file has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What a group is read from (chains of one structure, say), if the file has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupColumn>,
}

fn id_column() -> String {
    "id".to_owned()
}

fn sequence_column() -> String {
    "sequence".to_owned()
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            id: id_column(),
            sequence: sequence_column(),
            date: None,
            group: None,
        }
    }
}

/// Where a group's name is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GroupColumn {
    /// The column.
    pub column: String,
    /// The group is the text before the first occurrence of this; all of it when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// How a pair is scored. A gap of k residues costs `gap_open + (k − 1)·gap_extend`
/// (the convention of Biopython, parasail and SSW; BLAST and minimap2 write open + k·extend).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScoringSpec {
    /// Which ends are free.
    pub mode: Mode,
    /// Score of two equal residues; positive.
    #[serde(rename = "match")]
    pub match_: Decimal,
    /// Score of two different residues; below `match`.
    pub mismatch: Decimal,
    /// Score of a gap's first residue; not positive, at most `gap_extend`.
    pub gap_open: Decimal,
    /// Score of each further residue of a gap; not positive.
    pub gap_extend: Decimal,
    /// What a residue that is none of A, C, G, U scores against anything.
    #[serde(default)]
    pub wildcards: Wildcards,
}

/// Which ends of the two sequences are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Mode {
    /// Both sequences from end to end.
    Global,
    /// The best pair of stretches.
    Local,
    /// The whole query within the target: both ends of the target are free.
    SemiGlobal,
}

/// What a wildcard scores. It is never counted as a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Wildcards {
    /// As two different residues.
    #[default]
    Mismatch,
    /// Nothing.
    Zero,
}

/// Which pairs are looked at; a pair must pass all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Filters {
    /// Lengths m and n pass when |m − n| ≤ this · max(m, n); between 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length_difference: Option<Decimal>,
    /// Only targets dated strictly before the query.
    #[serde(default)]
    pub dated_before_query: bool,
    /// Only targets of another group than the query's.
    #[serde(default)]
    pub other_group: bool,
}

/// Why a search cannot be run as it is written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field}: {what}")]
pub struct ResolveError {
    /// The field, as a dotted path.
    pub field: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// A scoring in whole numbers: every score times `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaledScoring {
    /// Scores in documents are in units of 1/scale.
    pub scale: u32,
    /// Score of two equal residues.
    pub match_: i32,
    /// Score of two different residues.
    pub mismatch: i32,
    /// Score of any pair with a wildcard in it.
    pub wildcard: i32,
    /// Score of a gap's first residue.
    pub gap_open: i32,
    /// Score of each further residue of a gap.
    pub gap_extend: i32,
}

impl ScoringSpec {
    /// The scoring in the smallest whole numbers that say it exactly.
    ///
    /// # Errors
    /// Names the score that is out of range once scaled.
    pub fn scaled(&self) -> Result<ScaledScoring, ResolveError> {
        let scale =
            common_denominator(&[self.match_, self.mismatch, self.gap_open, self.gap_extend]);
        let whole = |field, number: Decimal| {
            number
                .times(scale)
                .and_then(|score| i32::try_from(score).ok())
                .ok_or_else(|| ResolveError {
                    field,
                    what: format!("{number} is out of range once scaled by {scale}"),
                })
        };
        let mismatch = whole("scoring.mismatch", self.mismatch)?;
        Ok(ScaledScoring {
            scale: u32::try_from(scale).map_err(|_| ResolveError {
                field: "scoring",
                what: format!("the scores have no common denominator below 2^32 ({scale})"),
            })?,
            match_: whole("scoring.match", self.match_)?,
            mismatch,
            wildcard: match self.wildcards {
                Wildcards::Mismatch => mismatch,
                Wildcards::Zero => 0,
            },
            gap_open: whole("scoring.gap_open", self.gap_open)?,
            gap_extend: whole("scoring.gap_extend", self.gap_extend)?,
        })
    }
}

impl Filters {
    /// Whether lengths `m` and `n` pass the length filter; decided in integers.
    #[must_use]
    pub fn lengths_pass(&self, m: usize, n: usize) -> bool {
        match self.max_length_difference {
            None => true,
            Some(limit) => {
                let (numerator, denominator) = limit.ratio();
                let difference = m.abs_diff(n) as i128;
                difference * i128::from(denominator) <= i128::from(numerator) * m.max(n) as i128
            }
        }
    }
}

impl Search {
    /// The lowest score worth reporting in units of 1/scale, rounded up: scores
    /// are whole there. `i64::MIN` when every score is.
    #[must_use]
    pub fn least_score(&self, scale: u32) -> i64 {
        self.min_score
            .map_or(i64::MIN, |least| least.times_rounded_up(scale.into()))
    }

    /// Checks everything that can be checked without the files.
    ///
    /// # Errors
    /// Names the first field that makes no sense.
    pub fn check(&self) -> Result<(), ResolveError> {
        let refuse = |field, what: String| Err(ResolveError { field, what });
        if self.shards == 0 {
            return refuse(
                "shards",
                "0 shards would search nothing: give at least 1".into(),
            );
        }
        if self.top_k == 0 {
            return refuse("top_k", "0 hits would keep nothing: give at least 1".into());
        }
        if let Some(limit) = self.filters.max_length_difference {
            let (numerator, denominator) = limit.ratio();
            if numerator < 0 || numerator > denominator {
                return refuse(
                    "filters.max_length_difference",
                    format!("{limit} is not between 0 and 1"),
                );
            }
        }
        for (file, date, group) in [
            (
                &self.queries,
                "queries.columns.date",
                "queries.columns.group",
            ),
            (
                &self.targets,
                "targets.columns.date",
                "targets.columns.group",
            ),
        ] {
            if self.filters.dated_before_query && file.columns.date.is_none() {
                return refuse(
                    date,
                    "needed by filters.dated_before_query: name the date column".into(),
                );
            }
            if self.filters.other_group && file.columns.group.is_none() {
                return refuse(
                    group,
                    "needed by filters.other_group: name the group column".into(),
                );
            }
        }
        self.scoring.scaled().map(|_| ())
    }

    /// The digest that names this search in its shards: of the canonical document
    /// without paths and shard count, so that it is the same on every machine and
    /// for every count.
    ///
    /// # Errors
    /// Both file digests must have been filled in.
    pub fn identity(&self) -> Result<Sha256, ResolveError> {
        for (file, field) in [
            (&self.queries, "queries.sha256"),
            (&self.targets, "targets.sha256"),
        ] {
            if file.sha256.is_none() {
                return Err(ResolveError {
                    field,
                    what: "not known yet: read the file first".into(),
                });
            }
        }
        let refuse = |error: serde_json::Error| ResolveError {
            field: "search",
            what: error.to_string(),
        };
        let mut value = serde_json::to_value(self).map_err(refuse)?;
        if let Some(search) = value.as_object_mut() {
            search.remove("shards");
            for file in ["queries", "targets"] {
                if let Some(file) = search.get_mut(file).and_then(|file| file.as_object_mut()) {
                    file.remove("path");
                }
            }
        }
        canonical_digest(&value).map_err(refuse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_document;

    pub(crate) const EXAMPLE: &str = include_str!("../fixtures/search-1.json");

    fn example() -> Search {
        parse_document(EXAMPLE.as_bytes()).unwrap()
    }

    #[test]
    fn identity_leaves_out_paths_and_count_and_nothing_else() {
        let search = example();
        let identity = search.identity().unwrap();
        let mut moved = search.clone();
        moved.queries.path = "elsewhere.csv".into();
        moved.shards = 99;
        assert_eq!(moved.identity().unwrap(), identity);

        type Change = fn(&mut Search);
        let changes: [Change; 11] = [
            |s| s.top_k += 1,
            |s| s.min_score = Some(Decimal::from(0)),
            |s| s.min_score = Some(Decimal::from(1)),
            |s| s.alignments = false,
            |s| s.filters.other_group = !s.filters.other_group,
            |s| s.filters.max_length_difference = None,
            |s| s.scoring.mode = Mode::Local,
            |s| s.scoring.wildcards = Wildcards::Zero,
            |s| s.scoring.gap_open = Decimal::from(-9),
            |s| s.targets.sha256 = Some(Sha256::of(b"other")),
            |s| s.queries.columns.date = None,
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut other = example();
            change(&mut other);
            assert_ne!(other.identity().unwrap(), identity, "change {i}");
        }
    }

    /// What shards on somebody's disk carry: fields added since must not change it.
    #[test]
    fn the_identity_of_an_older_search_stays() {
        assert_eq!(
            example().identity().unwrap().to_string(),
            "a2210c4c03baabf0764a3d0acbcbc6d35930cebbd97154a4239913d6f22b50c1"
        );
    }

    #[test]
    fn the_least_score_is_scaled_and_rounded_up() {
        let mut search = example();
        assert_eq!(search.least_score(10), i64::MIN);
        for (least, whole) in [(125, 13), (120, 12), (-125, -12), (0, 0)] {
            search.min_score = Some(Decimal::new(least, 2).unwrap());
            assert_eq!(search.least_score(10), whole, "{least}");
        }
    }

    #[test]
    fn identity_needs_the_files() {
        let mut search = example();
        search.targets.sha256 = None;
        assert_eq!(search.identity().unwrap_err().field, "targets.sha256");
    }

    #[test]
    fn checks_name_the_field() {
        type Change = fn(&mut Search);
        let changes: [(Change, &str); 5] = [
            (|s| s.shards = 0, "shards"),
            (|s| s.top_k = 0, "top_k"),
            (
                |s| s.filters.max_length_difference = Some(Decimal::from(2)),
                "filters.max_length_difference",
            ),
            (|s| s.queries.columns.date = None, "queries.columns.date"),
            (|s| s.targets.columns.group = None, "targets.columns.group"),
        ];
        assert_eq!(example().check(), Ok(()));
        for (change, field) in changes {
            let mut search = example();
            change(&mut search);
            assert_eq!(search.check().unwrap_err().field, field);
        }
    }

    #[test]
    fn length_filter_is_exact_at_its_edge() {
        let filters = example().filters;
        assert!(filters.lengths_pass(70, 100) && filters.lengths_pass(100, 70));
        assert!(!filters.lengths_pass(69, 100) && !filters.lengths_pass(100, 69));
        assert!(filters.lengths_pass(0, 0) && !filters.lengths_pass(0, 1));
    }
}

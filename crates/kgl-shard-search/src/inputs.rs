//! The files of a search: read, checked against their digests, and turned into
//! what the search works with.

use std::path::PathBuf;

use kgl_align::Scoring;
use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Mode, Search, SequenceFile, Sha256};
use kgl_search::{below, read_sequences};
use kgl_seq::Record;

use crate::cli::Arguments;

/// Everything a shard is computed from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The search with its file digests filled in.
    pub search: Search,
    /// What names the search in its shards.
    pub identity: Sha256,
    /// The scoring in whole numbers.
    pub scoring: Scoring,
    /// Scores are in units of 1/score_scale.
    pub score_scale: u32,
    /// Where the queries were read.
    pub queries_path: PathBuf,
    /// Where the targets were read.
    pub targets_path: PathBuf,
    /// The queries in file order.
    pub queries: Vec<Record>,
    /// The targets in file order; at most 2^32 − 1.
    pub targets: Vec<Record>,
}

impl Inputs {
    /// Reads the search document and both sequence files.
    ///
    /// # Errors
    /// Exit 2, naming field, file, line or byte, and remedy.
    pub fn read(arguments: &Arguments, io: &Io) -> Result<Self, Failure> {
        let (mut search, source) = io.read_document::<Search>(arguments.search_path())?;
        search.check().or_usage(&source.name)?;
        search.alignments &= !arguments.scores_only;
        let base = arguments.base.as_deref().unwrap_or(&source.base);
        let place = |file: &SequenceFile, instead: Option<&PathBuf>| match instead {
            Some(path) => path.clone(),
            None => below(base, &file.path),
        };
        let queries_path = place(&search.queries, arguments.queries.as_ref());
        let targets_path = place(&search.targets, arguments.targets.as_ref());
        let queries = read_sequences(&mut search.queries, &queries_path, &source)?;
        let targets = read_sequences(&mut search.targets, &targets_path, &source)?;
        if u32::try_from(targets.len()).is_err() {
            return Err(Failure::usage(format_args!(
                "{}: more than 2^32 - 1 targets",
                search.targets.path
            )));
        }
        let scaled = search.scoring.scaled().or_usage(&source.name)?;
        let mode = match search.scoring.mode {
            Mode::Global => kgl_align::Mode::Global,
            Mode::Local => kgl_align::Mode::Local,
            Mode::SemiGlobal => kgl_align::Mode::SemiGlobal,
        };
        let scoring = Scoring::new(
            mode,
            scaled.match_,
            scaled.mismatch,
            scaled.wildcard,
            scaled.gap_open,
            scaled.gap_extend,
        )
        .or_usage(format_args!(
            "{}: scoring (in units of 1/{})",
            source.name, scaled.scale
        ))?;
        if search.filters.dated_before_query {
            let undated = queries.iter().filter(|query| query.date.is_none()).count();
            if undated > 0 {
                io.warn(format_args!("{undated} queries have no date, so no target is known to be older: they get no hits"));
            }
        }
        let identity = search.identity().or_usage(&source.name)?;
        Ok(Self {
            search,
            identity,
            scoring,
            score_scale: scaled.scale,
            queries_path,
            targets_path,
            queries,
            targets,
        })
    }

    /// How many targets there are.
    #[must_use]
    pub fn target_count(&self) -> u32 {
        u32::try_from(self.targets.len()).unwrap_or(u32::MAX)
    }

    /// Digest of all target ids in file order.
    #[must_use]
    pub fn target_ids_digest(&self) -> Sha256 {
        Sha256::of_lines(self.targets.iter().map(|target| target.id.as_str()))
    }
}

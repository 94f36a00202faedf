//! `rna3d`: template-based RNA 3D structures for stanford-rna-3d-folding-2.
//!
//! ```text
//! rna3d generate data
//! kgl-merge shard?.json | rna3d predict --data data --out submission.csv
//! rna3d score submission.csv --labels data/hidden/test_labels.csv > report.json
//! ```
//!
//! * `predict`: a search-merged document in, a submission out. Reads the rows
//!   of sample_submission.csv and, streaming, the structures of the hits.
//! * `score`: a submission and labels in, a validation-report document out, a
//!   table for people on stderr.
//! * `split`: a small competition of known targets, held out by date.
//! * `table`: a validation report as a table for a README.
//! * `fit`: the weights by which `predict` chooses, from known targets.
//! * `generate`: a small competition of the real formats, from a seed.
//!
//! Exit codes: 0 done, 1 a proper no (nothing to score), 2 bad usage or input,
//! 3 the outside world failed.
//!
//! The way of a prediction: [`candidates`] are templates as the search aligned
//! them and as [`realign`] does, and foldings of the [`ensemble`]; [`transfer`]
//! copies what an alignment allows, [`complete`] builds the rest ([`fold`] → [`arms`] for long
//! stretches, [`bridge`] for short ones, [`relax`] for the seams); [`choose`]
//! fills the slots by weights that [`fit`] found. The score is [`tm_score`] on
//! [`geometry`]'s superposition. Whatever reaches a file is computed with
//! `+ - * / sqrt` and libm, in a fixed order: the bytes are the same on every
//! machine and for any number of workers.

pub mod arms;
pub mod bootstrap;
pub mod bridge;
pub mod candidates;
pub mod chains;
pub mod choose;
pub mod cli;
pub mod complete;
pub mod contacts;
pub mod ensemble;
pub mod families;
pub mod fit;
pub mod fold;
pub mod generate;
pub mod geometry;
pub mod held_out;
pub mod helix;
pub mod labels;
pub mod plot;
pub mod predict;
pub mod random;
pub mod realign;
pub mod references;
pub mod relax;
mod run;
pub mod score;
pub mod split;
pub mod structural;
pub mod submission;
pub mod summary;
pub mod table;
pub mod tm_score;
pub mod transfer;

pub use run::run;

//! Every JSON document that crosses a pipe of kgl: its type, its version, its
//! canonical bytes, its digest; and the exit codes that every tool shares.
//!
//! A document is one JSON object whose `schema` field names its kind and major
//! version (`"kgl.search/1"`). The rules are the same for all of them:
//!
//! * an unknown major version is refused, an unknown field of a known major is
//!   not ([`unknown_fields`] finds them, so that a tool can warn of a typo);
//! * fields carry their unit in the name (`size_bytes`, `elapsed_ms`);
//! * what must be equal from run to run holds no time, host or path and no
//!   float where an integer says it; what varies sits in an `attempt` object;
//! * the bytes on a pipe are [`canonical_bytes`], and digests are taken of those.
//!
//! The types here are the wire shapes. A tool that works with another shape
//! converts at its edge. The JSON Schemas under `schemas/` are generated from
//! these types by this crate's tests (`KGL_BLESS=1 cargo test -p kgl-contract`).

mod array_job;
mod array_status;
mod baseline;
mod canonical;
mod challenge;
mod decimal;
mod deployment;
mod digest;
mod document;
mod exit;
mod file_list;
mod fleet;
mod history;
mod host_status;
mod index_set;
mod inspection;
mod machine_prices;
mod receipt;
mod run;
mod scaffold_report;
#[cfg(test)]
mod schema_files;
mod search;
mod search_result;
mod submission;
mod sync_plan;
mod validation_report;

pub use array_job::{ArrayEngine, ArrayEstimate, ArrayJob, GcpBatch, JobFile, Provisioning, Slurm};
pub use array_status::{ArrayEvent, ArrayStatus, FailedTask};
pub use baseline::{Baseline, BaselineColumn, BaselineSource, TestTable};
pub use canonical::{canonical_bytes, canonical_digest};
pub use challenge::{
    Better, Challenge, ColumnRange, LabelColumn, Labels, Metric, OnDone, Remote, RowOrder,
    SubmissionRules, ValueForm, ValueRule, Where, is_slug,
};
pub use decimal::{Decimal, DecimalError};
pub use deployment::Deployment;
pub use digest::{DigestError, Sha256};
pub use document::{Document, DocumentError, Tag, parse_document, unknown_fields};
pub use exit::Exit;
pub use file_list::{FileList, ListedFile};
pub use fleet::{Fleet, FleetHost, FleetShard};
pub use history::{Agreement, ForeignSubmission, MedalLine, SubmissionHistory};
pub use host_status::{Gpu, HostReport, HostRun, HostStatus, LogFacts, Machine, Room, Unreachable};
pub use index_set::{IndexSet, IndexSetError};
pub use inspection::{
    ColumnKind, ColumnProfile, ColumnType, CompetitionFacts, Extremes, FileEntry, FileKind,
    FilesInFolder, FilesOfKind, Inspection, Notice, Page, PublishedFile, Quantiles,
    SubmissionLimits, SubmissionShape, TableProfile, Task, TaskKind, TopValue, Unlearned,
};
pub use machine_prices::{MachinePrice, MachinePrices};
pub use receipt::{NotebookVersion, SubmissionReceipt, SubmissionState};
pub use run::{Ending, Run, RunEnd, RunPlace, RunState, RunWhere, Why};
pub use scaffold_report::{ScaffoldAction, ScaffoldReport, ScaffoldedFile};
pub use search::{
    Columns, Filters, GroupColumn, Mode, ResolveError, ScaledScoring, ScoringSpec, Search,
    SequenceFile, Wildcards,
};
pub use search_result::{
    Attempt, Coverage, Hit, HitAlignment, PartialHit, QueryHits, SearchMerged, SearchShard,
    ShardOf, TargetList,
};
pub use submission::{CheckedFile, Fault, Faults, SubmissionCheck, SubmissionRequest};
pub use sync_plan::{Changes, HostSync, SyncAction, SyncInput, SyncPlan, SyncRule};
pub use validation_report::{ValidationItem, ValidationReport};

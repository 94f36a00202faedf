//! `inspection`: all that could be learned about a competition and its data,
//! and what could not.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::challenge::Metric;
use crate::document::{Document, Tag};

/// A competition and its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Inspection {
    /// `kgl.inspection/1`.
    pub schema: Tag<Inspection>,
    /// What the competition's own pages say; left out when only a folder was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competition: Option<CompetitionFacts>,
    /// Every file, by path.
    pub files: Vec<FileEntry>,
    /// Files counted by kind, largest number first.
    pub kinds: Vec<FilesOfKind>,
    /// Every table, by path.
    pub tables: Vec<TableProfile>,
    /// What sample_submission says of the shape of a submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionShape>,
    /// What could not be learned.
    pub unlearned: Vec<Unlearned>,
}

impl Document for Inspection {
    const KIND: &'static str = "inspection";
    const MAJOR: u32 = 1;
}

/// What the competition's own pages say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CompetitionFacts {
    /// The name in the competition's address.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// When submissions end; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Featured, research, playground and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// Submissions allowed a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_daily_submissions: Option<u32>,
    /// Whether a notebook is submitted instead of a file.
    #[serde(default)]
    pub code_competition: bool,
    /// Whether the rules were accepted.
    #[serde(default)]
    pub entered: bool,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileEntry {
    /// Path below the folder, parts joined by `/`.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// What it holds, told from its name and first bytes.
    pub kind: FileKind,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FileKind {
    /// A table with separated values.
    Table,
    /// Sequences in FASTA.
    Fasta,
    /// JSON, or lines of it.
    Json,
    /// A picture.
    Image,
    /// A zip, tar or gzip file that holds other files.
    Archive,
    /// Parquet, Arrow, HDF5, NumPy and the like.
    Columnar,
    /// Other text.
    Text,
    /// Anything else.
    Binary,
    /// No bytes at all.
    Empty,
}

/// How many files of a kind there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FilesOfKind {
    /// The kind.
    pub kind: FileKind,
    /// How many.
    pub files: u64,
    /// Their size together.
    pub size_bytes: u64,
}

/// One table and its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TableProfile {
    /// Path below the folder.
    pub path: String,
    /// The separator; one character.
    pub separator: String,
    /// Rows, the header not counted.
    pub rows: u64,
    /// Columns in the order of the header.
    pub columns: Vec<ColumnProfile>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// The narrowest type that all its values have; `empty` when it has none.
    #[serde(rename = "type")]
    pub type_: ColumnType,
    /// Empty fields.
    pub missing: u64,
    /// How many different values there are: exact up to a few thousand, an estimate beyond.
    pub distinct_estimate: u64,
    /// Whether `distinct_estimate` is exact.
    pub distinct_exact: bool,
    /// Smallest and largest value: numbers for numeric columns, text otherwise
    /// (by bytes); of long texts the first 80 characters. Whole numbers beyond
    /// ±2^53 are written as text, since JSON readers round them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Extremes>,
    /// Shortest and longest value in characters, for columns of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_chars: Option<[u64; 2]>,
    /// The first few different values; of long texts the first 80 characters.
    pub examples: Vec<String>,
}

/// Smallest and largest value of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Extremes {
    /// Smallest value: a number or text.
    pub min: Value,
    /// Largest value: a number or text.
    pub max: Value,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ColumnType {
    /// No value at all.
    Empty,
    /// Whole numbers that fit 64 bits.
    Integer,
    /// Other numbers.
    Real,
    /// Two values that say yes and no.
    Boolean,
    /// Dates `yyyy-mm-dd`, with or without a time.
    Date,
    /// Anything else.
    Text,
}

/// The shape of a submission, read from its sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionShape {
    /// Path of the sample below the folder.
    pub sample: String,
    /// Rows, the header not counted.
    pub rows: u64,
    /// The column that names rows.
    pub id_column: String,
    /// Columns that are copied from the sample rather than predicted.
    pub copied_columns: Vec<String>,
    /// Columns to predict.
    pub target_columns: Vec<String>,
}

/// Something that could not be learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unlearned {
    /// What (`competition`, a file's path).
    pub what: String,
    /// Why not.
    pub reason: String,
    /// What to do about it.
    pub next: String,
}

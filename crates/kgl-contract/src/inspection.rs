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
    /// The files that Kaggle lists, by path; sizes are those of the unpacked files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<PublishedFile>,
    /// Every file, by path.
    pub files: Vec<FileEntry>,
    /// Files counted by kind, largest number first.
    pub kinds: Vec<FilesOfKind>,
    /// The same for each folder below the first, two deep (one deep where there are very many), by
    /// path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FilesInFolder>,
    /// Every table, by path.
    pub tables: Vec<TableProfile>,
    /// What sample_submission says of the shape of a submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionShape>,
    /// What is to be predicted, and from what, as far as it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// What is worth a look before a model is trusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// What could not be learned.
    pub unlearned: Vec<Unlearned>,
}

impl Document for Inspection {
    const KIND: &'static str = "inspection";
    const MAJOR: u32 = 1;
}

/// What the competition's own pages say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// One sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What is to be won.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<String>,
    /// The licence of its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// After this nobody can join; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_deadline: Option<String>,
    /// After this teams cannot merge; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merger_deadline: Option<String>,
    /// The metric as the competition calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<String>,
    /// The largest team allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_team_size: Option<u32>,
    /// Teams so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<u64>,
    /// Our rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u64>,
    /// Whether nothing can be submitted.
    #[serde(default)]
    pub submissions_disabled: bool,
    /// What is left of the submissions allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<SubmissionLimits>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its pages: rules, evaluation, data and so on, as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Page>,
}

/// What is left of the submissions allowed, when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionLimits {
    /// Submissions today (UTC).
    pub today: u64,
    /// Submissions ever.
    pub total: u64,
    /// Submissions left for now.
    pub left: u64,
}

/// A page of the competition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Page {
    /// Its name.
    pub name: String,
    /// Markdown or HTML.
    pub content: String,
}

/// A file that Kaggle lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PublishedFile {
    /// Path, parts joined by `/`.
    pub path: String,
    /// Its size, unpacked.
    pub size_bytes: u64,
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

/// The files in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FilesInFolder {
    /// The folder's path.
    pub path: String,
    /// Its files counted by kind, largest number first; those of folders deeper than are told
    /// included.
    pub kinds: Vec<FilesOfKind>,
}

/// One table and its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TableProfile {
    /// Path below the folder.
    pub path: String,
    /// The separator, one character; empty for a table that has none (JSON lines, Parquet).
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
    /// Empty fields; of Parquet what its writer told.
    pub missing: u64,
    /// How many different values there are: exact up to a few thousand, an estimate beyond; 0 and
    /// not exact where values were not read (Parquet).
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
    /// What a person would call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ColumnKind>,
    /// Mean of the finite numbers of a numeric column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Their standard deviation (of a sample: n − 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_deviation: Option<f64>,
    /// Quantiles of a numeric column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
    /// The most frequent values, most frequent first; only where values repeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<TopValue>,
}

impl TableProfile {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl ColumnProfile {
    /// Whether all its values are numbers.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(self.type_, ColumnType::Integer | ColumnType::Real)
    }

    /// The frequent value that another column's name ends in, as `Status_CL` ends in `CL`: that
    /// column is about this class.
    #[must_use]
    pub fn class_of(&self, name: &str) -> Option<&str> {
        let ends = |value: &&str| {
            !value.is_empty()
                && name.strip_suffix(value).is_some_and(|head| {
                    head.is_empty() || head.ends_with(|c: char| !c.is_alphanumeric())
                })
        };
        let values = self.top.iter().map(|top| top.value.as_str());
        values.filter(ends).max_by_key(|value| value.len())
    }
}

/// Quantiles of a column's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Quantiles {
    /// 5 % are no larger.
    pub p05: f64,
    /// A quarter is no larger.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// Three quarters are no larger.
    pub p75: f64,
    /// 95 % are no larger.
    pub p95: f64,
    /// Whether they are of all values; else of a sample of some thousand rows.
    pub exact: bool,
}

/// A frequent value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TopValue {
    /// The value; of long texts the first 80 characters.
    pub value: String,
    /// How often it is there: exact where `distinct_exact` is, an estimate otherwise.
    pub count: u64,
}

/// What a person would call a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ColumnKind {
    /// No value at all.
    Empty,
    /// One value in every row.
    Constant,
    /// Names rows: nearly every value is there once.
    Identifier,
    /// Whole numbers that count or measure.
    Integer,
    /// Numbers that measure.
    Real,
    /// Two values: yes and no, or 0 and 1.
    Boolean,
    /// A few values that repeat.
    Category,
    /// Days, perhaps with a time.
    Date,
    /// Paths or names of files.
    Path,
    /// Several values in one field (`a b c`, `[1, 2]`).
    List,
    /// Words.
    Text,
}

/// What is to be predicted, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Task {
    /// The kind of prediction.
    pub kind: TaskKind,
    /// The table with the answers, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<String>,
    /// The table to predict for, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// The columns of `train` that hold the answers.
    pub answers: Vec<String>,
    /// Columns that both `train` and `test` have.
    pub shared_columns: Vec<String>,
    /// Columns of `train` that name what belongs together: rows of one group must not be parted
    /// by a validation split.
    pub group_columns: Vec<String>,
    /// What stands between the items of a list, where a list is to be predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_separator: Option<String>,
}

/// The kinds of prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TaskKind {
    /// One of several classes, by name.
    Classes,
    /// The probability of one class.
    Probability,
    /// A probability for each class, one column each.
    ClassProbabilities,
    /// Several labels, in a list or one column each.
    Labels,
    /// A list, best first.
    Ranking,
    /// How much two things are alike.
    Pairs,
    /// Pixels of an image, as runs.
    RunLengths,
    /// Positions.
    Coordinates,
    /// Numbers to come.
    Forecast,
    /// A number.
    Number,
    /// Several numbers.
    Numbers,
    /// Words.
    Text,
}

impl TaskKind {
    /// What is predicted, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Classes => "one of several classes a row, by name",
            Self::Probability => "the probability of one class",
            Self::ClassProbabilities => "a probability for each class, one column each",
            Self::Labels => "several labels a row",
            Self::Ranking => "a list a row, best first",
            Self::Pairs => "how much two things are alike",
            Self::RunLengths => "the pixels of an image, as runs",
            Self::Coordinates => "positions",
            Self::Forecast => "numbers to come",
            Self::Number => "a number a row",
            Self::Numbers => "several numbers a row",
            Self::Text => "text",
        }
    }
}

/// Something worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Notice {
    /// Where: a table's path, and a column's name behind a colon.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// What it may mean.
    pub meaning: String,
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

//! What is asked of the competition's site, and how it may answer. Everything
//! that decides ([`crate::send`]) knows only this; [`crate::kaggle`] answers it
//! through the official client, and the tests with a site in memory.

use std::path::Path;
use std::time::Duration;

use kgl_contract::NotebookVersion;

/// A site that takes submissions to one competition.
pub trait Site {
    /// What it says of the competition, and what it has.
    ///
    /// # Errors
    /// [`Trouble`]
    fn survey(&self) -> Result<(Facts, Look), Trouble>;

    /// What it has.
    ///
    /// # Errors
    /// [`Trouble`]
    fn look(&self) -> Result<Look, Trouble>;

    /// Sends once, and looks. That sending fails does not mean that nothing
    /// arrived, unless the trouble says so.
    fn send(&self, what: Parcel<'_>, message: &str) -> Sent;

    /// The scores of the public leaderboard, best first.
    ///
    /// # Errors
    /// [`Trouble`]
    fn leaderboard(&self) -> Result<Vec<f64>, Trouble>;
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub enum Parcel<'a> {
    /// A file.
    File(&'a Path),
    /// A version of a notebook.
    Notebook(&'a NotebookVersion),
}

/// What the site says of a competition, as far as submissions go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether its rules were accepted.
    pub entered: bool,
    /// When submissions end; RFC 3339.
    pub deadline: Option<String>,
    /// Whether submissions are switched off.
    pub closed: bool,
    /// Whether only notebooks are taken.
    pub notebooks_only: bool,
    /// Submissions allowed a day.
    pub a_day: Option<u64>,
}

/// What the site has of the team's submissions at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    /// What it has counted.
    pub limits: Limits,
    /// All of them, newest first. A new one may be missing for a while, although it is counted.
    pub list: Vec<Submitted>,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// What the site said.
    pub answer: Result<Receipt, Trouble>,
    /// What it had right after, where that could be seen in one go.
    pub after: Option<Look>,
}

/// What the site has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Submissions of today (UTC).
    pub today: u64,
    /// All submissions.
    pub total: u64,
    /// How many it takes now.
    pub left: u64,
}

/// A submission as the site shows it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Submitted {
    /// Its number.
    pub reference: u64,
    /// When it came; RFC 3339.
    pub date: String,
    /// The message that went with it.
    pub message: String,
    /// The file's name.
    pub file: String,
    /// How it stands.
    pub status: Status,
    /// Its score on the public leaderboard.
    pub public_score: Option<f64>,
    /// Its score on the private leaderboard.
    pub private_score: Option<f64>,
    /// Why scoring failed.
    pub reason: Option<String>,
}

/// How a submission stands on the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Being scored.
    #[default]
    Pending,
    /// Scored.
    Complete,
    /// Scoring failed.
    Error,
}

/// What the site said when it took a submission. Neither is a proof: it has been
/// seen to answer so when it took nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The submission's number.
    pub reference: Option<u64>,
    /// Its words.
    pub words: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Asked too often: nothing was done.
    #[error("the site is asked too often (429)")]
    TooOften {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The site understood and says no.
    #[error("{words} ({status})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words.
        words: String,
    },
    /// It cannot be told what happened: no answer, half an answer, a broken server.
    #[error("{0}")]
    Lost(String),
    /// It cannot be asked from here: no client, no credentials.
    #[error("{words}")]
    Unable {
        /// What is missing.
        words: String,
        /// The next step.
        hint: String,
    },
}

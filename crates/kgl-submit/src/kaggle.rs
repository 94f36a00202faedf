//! The site of Kaggle, asked through its official client.

use std::path::Path;
use std::time::Duration;

use kgl_cli::Failure;
use kgl_contract::NotebookVersion;
use kgl_kaggle::{
    ApiCompetition, ApiLimits, ApiScore, ApiSubmission, Call, Client, Refusal, RefusalKind,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::site::{Facts, Limits, Look, Parcel, Receipt, Sent, Site, Status, Submitted, Trouble};

/// More submissions than any team has.
const ALL: usize = 10_000;
/// Rows of the leaderboard that are asked for at most.
const LEADERBOARD: usize = 20_000;

/// One competition on Kaggle.
#[derive(Debug)]
pub struct Kaggle {
    client: Client,
    slug: String,
}

impl Kaggle {
    /// The competition `slug`, through the client on this machine.
    ///
    /// # Errors
    /// There is no client (exit 2).
    pub fn new(slug: &str) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::find()?,
            slug: slug.to_owned(),
        })
    }

    /// Makes the calls in one go; for each its answer.
    fn ask(&self, calls: &[Call]) -> Result<Vec<Result<Value, Trouble>>, Trouble> {
        let replies = self
            .client
            .ask(calls)
            .map_err(|failure| match failure.exit() {
                kgl_cli::Exit::Usage => unable(&failure),
                _ => Trouble::Lost(parts(&failure).0),
            })?;
        let told = |answer: Result<Value, Refusal>| answer.map_err(|no| self.trouble(&no));
        Ok(replies.answers.into_iter().map(told).collect())
    }

    fn name(&self) -> Value {
        json!({ "competitionName": self.slug })
    }

    /// The calls whose answers [`look`] reads.
    fn looking(&self) -> [Call; 2] {
        let list = json!({ "competitionName": self.slug, "pageSize": 200 });
        [
            Call::competitions("GetSubmissionLimits", self.name()),
            Call::competitions("ListSubmissions", list).all_of("submissions", ALL),
        ]
    }

    fn trouble(&self, refusal: &Refusal) -> Trouble {
        match refusal.kind {
            RefusalKind::TooMany => Trouble::TooOften {
                retry_after: refusal.retry_after_s.map(Duration::from_secs),
            },
            RefusalKind::Forbidden | RefusalKind::NotFound | RefusalKind::TurnedDown => {
                Trouble::Refused {
                    status: refusal.status.unwrap_or_default(),
                    words: refusal.message.clone(),
                }
            }
            RefusalKind::NoCredentials | RefusalKind::BadCredentials => Trouble::Unable {
                words: refusal.to_string(),
                hint: refusal.next(&self.slug),
            },
            RefusalKind::Server | RefusalKind::Connection | RefusalKind::Client => {
                Trouble::Lost(refusal.to_string())
            }
        }
    }
}

fn unable(failure: &Failure) -> Trouble {
    let (words, hint) = parts(failure);
    Trouble::Unable { words, hint }
}

/// What a failure says, and its hint.
fn parts(failure: &Failure) -> (String, String) {
    let text = failure.to_string();
    let (words, hint) = text.split_once("\n  hint: ").unwrap_or((&text, ""));
    (words.to_owned(), hint.to_owned())
}

/// Reads the next of the answers as what it should be.
fn read<T: DeserializeOwned>(
    answers: &mut impl Iterator<Item = Result<Value, Trouble>>,
) -> Result<T, Trouble> {
    let answer = answers
        .next()
        .unwrap_or_else(|| Err(Trouble::Lost("an answer is missing".to_owned())))?;
    serde_json::from_value(answer)
        .map_err(|error| Trouble::Lost(format!("an answer cannot be understood: {error}")))
}

fn look(answers: &mut impl Iterator<Item = Result<Value, Trouble>>) -> Result<Look, Trouble> {
    #[derive(serde::Deserialize)]
    struct List {
        submissions: Vec<ApiSubmission>,
    }
    let limits: ApiLimits = read(answers)?;
    let list: List = read(answers)?;
    Ok(Look {
        limits: Limits {
            today: limits.num_today,
            total: limits.num_total,
            left: limits.num_allowed_now,
        },
        list: list.submissions.into_iter().map(submitted).collect(),
    })
}

impl Site for Kaggle {
    fn survey(&self) -> Result<(Facts, Look), Trouble> {
        let [limits, list] = self.looking();
        let facts = Call::competitions("GetCompetition", self.name());
        let mut answers = self.ask(&[facts, limits, list])?.into_iter();
        let known: ApiCompetition = read(&mut answers)?;
        let facts = Facts {
            entered: known.user_has_entered,
            deadline: known.deadline,
            closed: known.submissions_disabled,
            notebooks_only: known.is_kernels_submissions_only,
            a_day: Some(known.max_daily_submissions).filter(|&most| most > 0),
        };
        Ok((facts, look(&mut answers)?))
    }

    fn look(&self) -> Result<Look, Trouble> {
        look(&mut self.ask(&self.looking())?.into_iter())
    }

    fn send(&self, what: Parcel<'_>, message: &str) -> Sent {
        let call = match what {
            Parcel::File(path) => Call::method(
                "competition_submit",
                json!({ "file_name": path, "message": message, "competition": self.slug, "quiet": true }),
            ),
            Parcel::Notebook(notebook) => Call::method(
                "competition_submit_code",
                json!({ "file_name": notebook.file, "message": message, "competition": self.slug,
                        "kernel": notebook.name, "kernel_version": notebook.version, "quiet": true }),
            ),
        };
        let [limits, list] = self.looking();
        match self.ask(&[call, limits, list]) {
            Err(trouble) => Sent {
                answer: Err(trouble),
                after: None,
            },
            Ok(answers) => {
                let mut answers = answers.into_iter();
                let answer: Result<Value, Trouble> = read(&mut answers);
                Sent {
                    answer: answer.map(|answer| Receipt {
                        reference: answer["ref"].as_u64(),
                        words: answer["message"].as_str().unwrap_or_default().to_owned(),
                    }),
                    after: look(&mut answers).ok(),
                }
            }
        }
    }

    fn leaderboard(&self) -> Result<Vec<f64>, Trouble> {
        #[derive(serde::Deserialize)]
        struct Rows {
            submissions: Vec<ApiScore>,
        }
        let request = json!({ "competitionName": self.slug, "pageSize": 200 });
        let call = Call::competitions("GetLeaderboard", request).all_of("submissions", LEADERBOARD);
        let rows: Rows = read(&mut self.ask(&[call])?.into_iter())?;
        let scores = rows.submissions.iter();
        Ok(scores.filter_map(|row| row.score.parse().ok()).collect())
    }
}

fn submitted(one: ApiSubmission) -> Submitted {
    let score = |text: &str| text.trim().parse::<f64>().ok();
    Submitted {
        reference: one.reference,
        date: one.date,
        message: one.description,
        file: one.file_name,
        status: match one.status.rsplit(['.', '_']).next() {
            Some("COMPLETE") => Status::Complete,
            Some("ERROR") => Status::Error,
            _ => Status::Pending,
        },
        public_score: score(&one.public_score),
        private_score: score(&one.private_score),
        reason: Some(one.error_description).filter(|reason| !reason.is_empty()),
    }
}

/// The command of the official client that sends the same, for people.
#[must_use]
pub fn command(slug: &str, what: Parcel<'_>, message: &str) -> String {
    let mut argv = ["kaggle", "competitions", "submit", "-c", slug]
        .map(str::to_owned)
        .to_vec();
    let mut add = |words: [&str; 2]| argv.extend(words.map(str::to_owned));
    match what {
        Parcel::File(path) => add(["-f", &path_text(path)]),
        Parcel::Notebook(NotebookVersion {
            name,
            version,
            file,
        }) => {
            add(["-k", name]);
            add(["-v", &version.to_string()]);
            add(["-f", file]);
        }
    }
    add(["-m", message]);
    kgl_cli::quote(argv)
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

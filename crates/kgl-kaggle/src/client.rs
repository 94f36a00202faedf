//! The official client on this machine, and how it is called.

use std::env;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use kgl_cli::{Failure, Io, run_program};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Call;
use crate::redact::redact;
use crate::refusal::{Refusal, RefusalKind, Told};

/// What the client's interpreter runs.
const BRIDGE: &str = include_str!("bridge.py");
const INSTALL: &str = "make kaggle-install";

/// The official client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    program: PathBuf,
    python: PathBuf,
    /// The longest that one request may take without a byte.
    wait: Duration,
    /// What its processes get beside our own environment, and what they do not get.
    variables: Vec<(String, Option<String>)>,
}

/// What came back for an order of several calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Replies {
    /// Whose credentials they were.
    pub user: Option<String>,
    /// What the client would have told people: warnings, mostly.
    pub said: Vec<String>,
    /// For each call its answer.
    pub answers: Vec<Result<Value, Refusal>>,
}

/// How often and how long to ask again what may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often at most, the first time counted.
    pub tries: u32,
    /// The wait before the second try; it doubles.
    pub first_wait: Duration,
    /// No longer than this is waited at once, whatever Kaggle asks for.
    pub longest_wait: Duration,
}

impl Patience {
    /// For requests that only read.
    pub const USUAL: Self = Self {
        tries: 4,
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(20),
    };

    /// How long to wait before asking again what was refused at try number `tried` (from 1);
    /// `None` when it is not worth it.
    #[must_use]
    pub fn wait(&self, tried: u32, refusal: &Refusal) -> Option<Duration> {
        if !refusal.may_pass() || tried >= self.tries {
            return None;
        }
        let ours = self.first_wait * 2_u32.saturating_pow(tried - 1);
        let theirs = Duration::from_secs(refusal.retry_after_s.unwrap_or(0));
        let wait = ours.max(theirs);
        (wait <= self.longest_wait).then_some(wait)
    }
}

impl Client {
    /// Finds the client: the program that `KGL_KAGGLE` names, the one that
    /// `make kaggle-install` put below the user's data folder, or `kaggle` on the `PATH`.
    ///
    /// # Errors
    /// There is none, or it is not run by a Python (exit 2, with the way to install it).
    pub fn find() -> Result<Self, Failure> {
        let program = match env::var_os("KGL_KAGGLE").filter(|name| !name.is_empty()) {
            Some(named) => Some(PathBuf::from(named)),
            None => [installed(), on_path("kaggle")]
                .into_iter()
                .flatten()
                .find(|program| program.is_file()),
        };
        let program = program.ok_or_else(|| {
            Failure::usage("the official kaggle client is not installed").hint(INSTALL)
        })?;
        Self::at(program)
    }

    /// The client that is this program.
    ///
    /// # Errors
    /// It is not run by a Python (exit 2).
    pub fn at(program: PathBuf) -> Result<Self, Failure> {
        let python = interpreter(&program).ok_or_else(|| {
            Failure::usage(format_args!(
                "{} is not the official kaggle client: no Python runs it",
                program.display()
            ))
            .hint(INSTALL)
        })?;
        Ok(Self {
            program,
            python,
            wait: Duration::from_secs(60),
            variables: Vec::new(),
        })
    }

    /// The program, as a person would call it.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The same, giving up a request that brings no byte for this long. Default: 60 s.
    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The same, with these variables set (or, without a value, taken away) for its processes.
    #[must_use]
    pub fn with(mut self, variables: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// The client's interpreter, in an environment where it prints no secret.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            // With this set it prints the Authorization header.
            .env_remove("VERBOSE")
            .env("PYTHONUTF8", "1")
            .env("PYTHONWARNINGS", "ignore")
            // -P: what lies in the current folder must not stand in for the client.
            .args(["-P", "-c", BRIDGE]);
        command
    }

    /// Makes the calls, in order, each once.
    ///
    /// # Errors
    /// The client cannot be started (exit 2) or gives nothing that can be read (exit 3). What
    /// Kaggle refuses is an answer, not an error.
    pub fn ask(&self, calls: &[Call]) -> Result<Replies, Failure> {
        let order = json!({ "wait_s": self.wait.as_secs_f64(), "calls": calls });
        let done = run_program(&mut self.command(), order.to_string().as_bytes(), None)
            .map_err(|error| error.into_failure(INSTALL))?;
        let told: Result<Answered, _> = serde_json::from_slice(&done.stdout);
        let told = match told {
            Ok(told) if told.answers.len() == calls.len() => told,
            _ => {
                let stderr = redact(&done.stderr_text());
                let last = stderr.lines().rfind(|line| !line.trim().is_empty());
                return Err(Failure::outside(format_args!(
                    "the kaggle client {} ended without an answer ({}): {}",
                    self.program.display(),
                    done.status,
                    last.unwrap_or("it said nothing")
                ))
                .hint(INSTALL));
            }
        };
        let said = told.said.iter().map(|line| redact(line)).collect();
        Ok(Replies {
            user: told.user,
            said,
            answers: told.answers.into_iter().map(Reply::into_result).collect(),
        })
    }

    /// As [`Client::ask`], for calls that only read: what may pass is asked again, and people are
    /// told why it takes longer.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn ask_patiently(
        &self,
        calls: &[Call],
        patience: &Patience,
        io: &Io,
    ) -> Result<Replies, Failure> {
        let mut replies = self.ask(calls)?;
        for tried in 1.. {
            let again: Vec<usize> = (0..calls.len())
                .filter(|&i| match &replies.answers[i] {
                    Ok(_) => false,
                    Err(refusal) => patience.wait(tried, refusal).is_some(),
                })
                .collect();
            let waits = again.iter().filter_map(|&i| match &replies.answers[i] {
                Err(refusal) => Some((patience.wait(tried, refusal)?, refusal)),
                Ok(_) => None,
            });
            let Some((wait, refusal)) = waits.max_by_key(|(wait, _)| *wait) else {
                break;
            };
            io.note(format_args!(
                "{refusal}; asking again in {:.1} s",
                wait.as_secs_f64()
            ));
            thread::sleep(wait);
            let some: Vec<Call> = again.iter().map(|&i| calls[i].clone()).collect();
            let more = self.ask(&some)?;
            replies.user = replies.user.or(more.user);
            for (i, answer) in again.into_iter().zip(more.answers) {
                replies.answers[i] = answer;
            }
        }
        Ok(replies)
    }
}

/// What the bridge writes.
#[derive(Debug, Deserialize)]
struct Answered {
    user: Option<String>,
    said: Vec<String>,
    answers: Vec<Reply>,
}

/// One answer as the bridge writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Ok(Value),
    Error(Told),
}

impl Reply {
    fn into_result(self) -> Result<Value, Refusal> {
        match self {
            Reply::Ok(value) => Ok(value),
            Reply::Error(told) => Err(told.into()),
        }
    }
}

/// Where `make kaggle-install` puts it.
fn installed() -> Option<PathBuf> {
    let data = match env::var_os("XDG_DATA_HOME").filter(|dir| !dir.is_empty()) {
        Some(data) => PathBuf::from(data),
        None => PathBuf::from(env::var_os("HOME")?).join(".local/share"),
    };
    Some(data.join("kgl/kaggle/bin/kaggle"))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}

/// The Python that runs the program: its first line names it.
fn interpreter(program: &Path) -> Option<PathBuf> {
    let mut head = Vec::new();
    let file = fs::File::open(program).ok()?;
    file.take(512).read_to_end(&mut head).ok()?;
    let text = String::from_utf8_lossy(&head);
    let line = text.lines().next()?.strip_prefix("#!")?.trim();
    // `/usr/bin/env python3`, or a long path behind `/bin/sh`, as pip writes it.
    let named = match line.split_once(' ') {
        Some(("/usr/bin/env", name)) => on_path(name.trim())?,
        _ if line.ends_with("/sh") => program.parent()?.join("python"),
        _ => PathBuf::from(line),
    };
    let name = named.file_name()?.to_string_lossy().into_owned();
    (name.contains("python") && named.is_file()).then_some(named)
}

/// Reads an answer as what it should be (`what` names it for people).
///
/// # Errors
/// The refusal itself, or that the answer cannot be understood.
pub fn read<T: DeserializeOwned>(what: &str, answer: Result<Value, Refusal>) -> Result<T, Refusal> {
    serde_json::from_value(answer?).map_err(|error| Refusal {
        kind: RefusalKind::Server,
        message: format!("{what} cannot be understood: {error}"),
        status: None,
        retry_after_s: None,
    })
}

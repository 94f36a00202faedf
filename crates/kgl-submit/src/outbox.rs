//! Sending as the tool does it: check, guard, keep a copy, send once, wait, and
//! give the receipt.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kgl_cli::{Exit, Failure, Io, OrFail as _, Progress, read_failure};
use kgl_contract::{
    CheckedFile, NotebookVersion, Sha256, SubmissionCheck, SubmissionReceipt, SubmissionState, Tag,
    ValidationReport,
};

use crate::changes::compare;
use crate::cli::{Arguments, Sending};
use crate::clock::{SystemClock, stamp};
use crate::guard;
use crate::kaggle::{self, Kaggle};
use crate::ledger::{Ledger, Lock};
use crate::provenance;
use crate::request::Request;
use crate::send::{Patience, Sender, Tell, find, mark, updated};
use crate::site::{Parcel, Submitted};

/// Sends what was checked and found valid.
///
/// # Errors
/// A guard or the site says no (exit 1), bad input (2), the outside world failed (3).
pub fn send(
    arguments: &Arguments,
    request: &Request,
    check: &SubmissionCheck,
    io: &Io,
) -> Result<Exit, Failure> {
    let site = Kaggle::new(&request.competition)?;
    let clock = SystemClock::new(arguments.sending.haste);
    let words = Words {
        io,
        bar: std::cell::RefCell::new(None),
    };
    let sender = Sender {
        site: &site,
        clock: &clock,
        patience: patience(&arguments.sending),
        tell: &words,
    };
    let outbox = Outbox {
        request,
        check,
        options: &arguments.sending,
        ledger: request.home.join("submissions.jsonl"),
        kept: request.home.join("outputs/submissions"),
        sender,
        io,
    };
    if arguments.sending.dry_run {
        return outbox.rehearse(arguments.out.as_deref());
    }
    let (receipt, fresh) = outbox.send()?;
    io.note(describe(&receipt, fresh));
    io.write_document(&receipt, arguments.out.as_deref())?;
    Ok(match receipt.state {
        SubmissionState::Scored | SubmissionState::Sent if fresh => Exit::Done,
        _ => Exit::No,
    })
}

fn patience(options: &Sending) -> Patience {
    Patience {
        score: (!options.no_wait).then(|| Duration::from_secs(options.wait * 60)),
        ..Patience::default()
    }
}

struct Outbox<'a> {
    request: &'a Request,
    check: &'a SubmissionCheck,
    options: &'a Sending,
    ledger: PathBuf,
    /// The folder of the copies of what was sent, and of the lock.
    kept: PathBuf,
    sender: Sender<'a>,
    io: &'a Io,
}

impl Outbox<'_> {
    /// The receipt, and whether it is news: false for what was sent and settled before.
    fn send(&self) -> Result<(SubmissionReceipt, bool), Failure> {
        let _lock = Lock::take(&self.kept, self.io)?;
        let mut ledger = Ledger::read(&self.ledger)?;
        let receipt = self.plan(&ledger)?;
        let before = ledger.find(&receipt.tag).cloned();
        if let Some(done) = before.as_ref().filter(|receipt| is_settled(receipt)) {
            return Ok((done.clone(), false));
        }
        let known = self.sender.ask()?;
        let list = known.look.list.clone();
        self.sender.reconcile(&mut ledger, &list)?;
        let Some(receipt) = self.take_up(receipt, &list, &mut ledger)? else {
            let seen = find(&list, &self.tag(&ledger)).cloned().unwrap_or_default();
            let receipt = updated(&self.plan(&ledger)?, &seen, self.sender.clock.now());
            ledger.put(&receipt)?;
            return Ok((receipt, false));
        };
        let copy = self.keep(&receipt)?;
        if before.is_none_or(|before| before.state == SubmissionState::Refused) {
            self.tell_changes(&ledger, &receipt, &copy, &list);
        }
        let notebook = receipt.notebook.clone();
        let parcel = match &notebook {
            Some(notebook) => Parcel::Notebook(notebook),
            None => Parcel::File(&copy),
        };
        let receipt = self.sender.send(receipt, parcel, known, &mut ledger)?;
        Ok((receipt, true))
    }

    /// The receipt to go on with: the ledger's own, or a new one. Nothing when the site has this
    /// content from somewhere else.
    fn take_up(
        &self,
        planned: SubmissionReceipt,
        list: &[Submitted],
        ledger: &mut Ledger,
    ) -> Result<Option<SubmissionReceipt>, Failure> {
        match ledger.find(&planned.tag) {
            Some(ours) => Ok(Some(match ours.state {
                // Refused once, and now sent anew: as it is planned today.
                SubmissionState::Refused => planned,
                _ => ours.clone(),
            })),
            None if find(list, &planned.tag).is_some() => Ok(None),
            None => Ok(Some(planned)),
        }
    }

    /// Goes as far as it can without sending anything: the command, on stdout.
    fn rehearse(&self, out: Option<&Path>) -> Result<Exit, Failure> {
        let ledger = Ledger::read(&self.ledger)?;
        let receipt = self.plan(&ledger)?;
        let file = self.copy_of(&receipt.tag);
        let parcel = match &receipt.notebook {
            Some(notebook) => Parcel::Notebook(notebook),
            None => Parcel::File(&file),
        };
        let command = kaggle::command(&receipt.competition, parcel, &receipt.message) + "\n";
        match out {
            Some(path) if path != Path::new("-") => {
                kgl_cli::write_atomically(path, command.as_bytes())?;
            }
            _ => self.io.write_stdout(command.as_bytes())?,
        }
        let known = self.sender.ask()?;
        let submission = &self.request.submission.path;
        self.tell_changes(&ledger, &receipt, submission, &known.look.list);
        if let Some(seen) = find(&known.look.list, &receipt.tag) {
            return Err(already(seen));
        }
        guard::may_send(&receipt, &known, self.sender.clock.now())?;
        let limits = known.look.limits;
        self.io.note(format_args!(
            "dry run: nothing was sent; {} of today's submissions left",
            limits.left
        ));
        Ok(Exit::Done)
    }

    /// What names the content in a message.
    fn tag(&self, ledger: &Ledger) -> String {
        let digest = match self.options.notebook_version() {
            // The same output of another version is another submission: what it does with
            // data that nobody has seen is what counts.
            Some(notebook) => Sha256::of(
                format!(
                    "{}@{} {}",
                    notebook.name,
                    notebook.version,
                    self.content().sha256
                )
                .as_bytes(),
            ),
            None => self.content().sha256,
        };
        let tag = digest.short();
        if !self.options.again {
            return tag;
        }
        // The newest try that did not settle is gone on with; else one more is begun.
        let tries = (2..).map(|number| format!("{tag}.{number}"));
        tries
            .take(1000)
            .find(|tag| ledger.find(tag).is_none_or(|receipt| !is_settled(receipt)))
            .unwrap_or(tag)
    }

    fn content(&self) -> &CheckedFile {
        &self.check.submission
    }

    fn plan(&self, ledger: &Ledger) -> Result<SubmissionReceipt, Failure> {
        let tag = self.tag(ledger);
        let validation = match &self.options.validation {
            Some(path) => Some(self.io.read_document::<ValidationReport>(Some(path))?.0),
            None => None,
        };
        let (run, text) = match (&self.options.run, &self.options.message) {
            (Some(run), message) => (Some(run.clone()), message.clone()),
            (None, message) => {
                let run = provenance::newest_prediction(&self.request.home).map(|run| run.id);
                (run, message.clone())
            }
        };
        let (commit, dirty) = provenance::commit(&self.request.home).unzip();
        let text = text.or_else(|| run.clone()).unwrap_or_default();
        Ok(SubmissionReceipt {
            schema: Tag::default(),
            competition: self.request.competition.clone(),
            message: format!("{} {}", text.trim(), mark(&tag)).trim().to_owned(),
            tag,
            content: self.content().clone(),
            notebook: self.options.notebook_version(),
            state: SubmissionState::Sending,
            reference: None,
            public_score: None,
            private_score: None,
            reason: None,
            validation_score: validation.map(|report| report.mean),
            run,
            commit,
            dirty,
            counted_before: None,
            intended_at: stamp(self.sender.clock.now()),
            sent_at: None,
            scored_at: None,
        })
    }

    /// Where the copy of a submission is kept, under its own name.
    fn copy_of(&self, tag: &str) -> PathBuf {
        let name = self.request.submission.path.file_name();
        self.kept.join(tag).join(name.unwrap_or_default())
    }

    /// Keeps a copy of what was checked: that is what is sent, whatever becomes
    /// of the file meanwhile, and what the next one is compared with.
    fn keep(&self, receipt: &SubmissionReceipt) -> Result<PathBuf, Failure> {
        let copy = self.copy_of(&receipt.tag);
        let expected = receipt.content.sha256;
        let digest = |path: &Path| File::open(path).and_then(Sha256::of_reader);
        if digest(&copy).is_ok_and(|(sha256, _)| sha256 == expected) {
            return Ok(copy);
        }
        let source = &self.request.submission.path;
        let mut from = File::open(source).map_err(|error| read_failure(source, error))?;
        let mut to = kgl_cli::AtomicFile::create(&copy)?;
        std::io::copy(&mut from, &mut to)
            .or_outside(format_args!("cannot write {}", copy.display()))?;
        to.commit()?;
        let (sha256, _) = digest(&copy).map_err(|error| read_failure(&copy, error))?;
        if sha256 != expected {
            let _ = fs::remove_file(&copy);
            return Err(Failure::usage(format_args!(
                "{} was changed while it was checked",
                source.display()
            ))
            .hint("nothing was sent: let its writer finish, then submit again"));
        }
        Ok(copy)
    }

    /// Tells what changed since the last one sent.
    fn tell_changes(
        &self,
        ledger: &Ledger,
        receipt: &SubmissionReceipt,
        new: &Path,
        list: &[Submitted],
    ) {
        let last = ledger.receipts().iter().rev().find(|last| {
            last.tag != receipt.tag
                && !matches!(
                    last.state,
                    SubmissionState::Refused | SubmissionState::Sending
                )
        });
        let Some(last) = last else {
            let others = list.len();
            self.io.note(match others {
                0 => "the first submission to this competition".to_owned(),
                _ => format!("the first submission from here; the site has {others} others"),
            });
            return;
        };
        let score = last
            .public_score
            .map_or_else(String::new, |score| format!(", public {score}"));
        let since = format!("since the last one sent ({}{score})", last.tag);
        let name = Path::new(&last.content.path)
            .file_name()
            .unwrap_or_default();
        match compare(&self.kept.join(&last.tag).join(name), new) {
            Ok(changes) => self
                .io
                .note(format_args!("{since}: {}", changes.describe())),
            Err(error) => self
                .io
                .note(format_args!("{since}: cannot be compared: {error}")),
        }
        if let (Some(old), Some(new)) = (last.validation_score, receipt.validation_score) {
            self.io.note(format_args!(
                "validation {old:.5} then, {new:.5} now ({:+.5})",
                new - old
            ));
        }
    }
}

/// Whether nothing more will happen to it.
fn is_settled(receipt: &SubmissionReceipt) -> bool {
    matches!(
        receipt.state,
        SubmissionState::Scored | SubmissionState::Failed
    )
}

fn already(seen: &Submitted) -> Failure {
    let score = seen
        .public_score
        .map_or_else(String::new, |score| format!(", public score {score}"));
    Failure::no(format_args!(
        "these bytes were sent before: number {} of {}{score}",
        seen.reference, seen.date
    ))
    .hint("--again sends the same once more")
}

fn describe(receipt: &SubmissionReceipt, fresh: bool) -> String {
    let number = receipt
        .reference
        .map_or_else(String::new, |number| format!(" (number {number})"));
    let name = &receipt.content.path;
    let before = if fresh {
        ""
    } else {
        "these bytes were sent before, and nothing was sent now: "
    };
    match receipt.state {
        SubmissionState::Scored => {
            let score =
                |score: Option<f64>| score.map_or("not shown".to_owned(), |s| s.to_string());
            let private = receipt
                .private_score
                .map_or_else(String::new, |score| format!(", private {score}"));
            format!(
                "{before}{name}{number}: public {}{private}",
                score(receipt.public_score)
            )
        }
        SubmissionState::Failed => format!(
            "{before}{name}{number}: scoring FAILED: {}",
            receipt
                .reason
                .as_deref()
                .unwrap_or("the site gives no reason")
        ),
        _ => format!("{before}{name}{number}: sent, not scored yet"),
    }
}

/// Words and a progress line for people.
struct Words<'a> {
    io: &'a Io,
    bar: std::cell::RefCell<Option<(Progress, u64)>>,
}

impl Tell for Words<'_> {
    fn note(&self, text: &str) {
        self.io.note(text);
    }

    fn waiting(&self, waited: Duration, limit: Duration) {
        let mut bar = self.bar.borrow_mut();
        let (progress, told) = bar.get_or_insert_with(|| {
            self.io.detail("sent; waiting for the score");
            (
                self.io.progress(limit.as_secs(), "waiting for the score"),
                0,
            )
        });
        progress.advance(waited.as_secs().saturating_sub(*told));
        *told = waited.as_secs();
    }
}

impl Sending {
    /// The notebook's version, where one is submitted.
    fn notebook_version(&self) -> Option<NotebookVersion> {
        let (name, version) = self.notebook.clone().zip(self.notebook_version)?;
        Some(NotebookVersion {
            name,
            version,
            file: self.notebook_file.clone(),
        })
    }
}

//! Sending against a site in memory and a clock that nobody waits for: killed
//! before and after every step, with every answer lost, late lists and quotas.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kgl_cli::{Exit, Failure};
use kgl_contract::{CheckedFile, Sha256, SubmissionReceipt, SubmissionState, Tag};
use kgl_submit::clock::{Clock, stamp};
use kgl_submit::ledger::Ledger;
use kgl_submit::send::{Patience, Sender, Tell, mark};
use kgl_submit::site::{
    Facts, Limits, Look, Parcel, Receipt, Sent, Site, Status, Submitted, Trouble,
};

/// A clock that jumps.
struct Jumping(Cell<i64>);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.get()).unwrap()
    }
    fn sleep(&self, time: Duration) {
        self.0
            .set(self.0.get() + i64::try_from(time.as_secs()).unwrap().max(1));
    }
}

struct Silent;

impl Tell for Silent {
    fn note(&self, _: &str) {}
    fn waiting(&self, _: Duration, _: Duration) {}
}

/// The process was killed here.
struct Killed;

/// What becomes of the answer to a send.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    LostBefore,
    LostAfter,
    TooOften,
    /// Success is said, and nothing taken.
    Pretended,
    Says(u16),
}

struct Memory<'a> {
    clock: &'a Jumping,
    /// Submissions with the second they came at.
    taken: RefCell<Vec<(i64, Submitted)>>,
    /// Of the sends, in order; then all are answered.
    fates: RefCell<Vec<Fate>>,
    /// A submission is listed so many seconds after it came.
    lag_s: i64,
    /// And scored after so many.
    scored_after_s: i64,
    fails: Option<&'static str>,
    quota: u64,
    /// Counted, and never listed.
    hidden: u64,
    steps: Cell<u32>,
    /// The step to be killed at, and whether after it was done.
    kill: Cell<Option<(u32, bool)>>,
    looks: Cell<u32>,
}

impl<'a> Memory<'a> {
    fn new(clock: &'a Jumping) -> Self {
        Self {
            clock,
            taken: RefCell::default(),
            fates: RefCell::default(),
            lag_s: 0,
            scored_after_s: 20,
            fails: None,
            quota: 5,
            hidden: 0,
            steps: Cell::new(0),
            kill: Cell::new(None),
            looks: Cell::new(0),
        }
    }

    fn step<T>(&self, deed: impl FnOnce() -> T) -> T {
        let here = self.steps.get();
        self.steps.set(here + 1);
        if self.kill.get() == Some((here, false)) {
            resume_unwind(Box::new(Killed));
        }
        let done = deed();
        if self.kill.get() == Some((here, true)) {
            resume_unwind(Box::new(Killed));
        }
        done
    }

    fn count(&self) -> usize {
        self.taken.borrow().len()
    }

    fn see(&self) -> Look {
        self.looks.set(self.looks.get() + 1);
        let now = self.clock.0.get();
        let taken = self.taken.borrow();
        let listed = taken.iter().filter(|(born, _)| now - born >= self.lag_s);
        let list = listed.map(|(born, one)| {
            let mut one = one.clone();
            if now - born >= self.scored_after_s {
                one.status = if self.fails.is_some() {
                    Status::Error
                } else {
                    Status::Complete
                };
                one.reason = self.fails.map(str::to_owned);
                one.public_score = self.fails.is_none().then_some(0.5);
            }
            one
        });
        let total = taken.len() as u64 + self.hidden;
        Look {
            limits: Limits {
                today: total,
                total,
                left: self.quota.saturating_sub(total),
            },
            list: list.collect(),
        }
    }
}

impl Site for Memory<'_> {
    fn survey(&self) -> Result<(Facts, Look), Trouble> {
        let facts = Facts {
            entered: true,
            ..Facts::default()
        };
        self.step(|| Ok((facts, self.see())))
    }

    fn look(&self) -> Result<Look, Trouble> {
        self.step(|| Ok(self.see()))
    }

    fn send(&self, _: Parcel<'_>, message: &str) -> Sent {
        self.step(|| {
            let mut fates = self.fates.borrow_mut();
            let fate = if fates.is_empty() {
                Fate::Answered
            } else {
                fates.remove(0)
            };
            let now = self.clock.0.get();
            if matches!(fate, Fate::Answered | Fate::LostAfter) {
                let one = Submitted {
                    reference: 1000 + self.count() as u64,
                    date: stamp(self.clock.now()),
                    message: message.to_owned(),
                    ..Submitted::default()
                };
                self.taken.borrow_mut().push((now, one));
            }
            let answer = match fate {
                Fate::Answered => Ok(Receipt {
                    reference: Some(1000),
                    words: "ok".to_owned(),
                }),
                Fate::Pretended => Ok(Receipt {
                    reference: None,
                    words: "Successfully submitted".to_owned(),
                }),
                Fate::LostBefore | Fate::LostAfter => {
                    Err(Trouble::Lost("no answer arrived".to_owned()))
                }
                Fate::TooOften => Err(Trouble::TooOften {
                    retry_after: Some(Duration::from_secs(60)),
                }),
                Fate::Says(status) => Err(Trouble::Refused {
                    status,
                    words: "no".to_owned(),
                }),
            };
            Sent {
                after: answer.is_ok().then(|| self.see()),
                answer,
            }
        })
    }

    fn leaderboard(&self) -> Result<Vec<f64>, Trouble> {
        Ok(Vec::new())
    }
}

fn receipt() -> SubmissionReceipt {
    SubmissionReceipt {
        schema: Tag::default(),
        competition: "toy".to_owned(),
        tag: "3f2a9c0d12ab".to_owned(),
        content: CheckedFile {
            path: "s.csv".to_owned(),
            sha256: Sha256::of(b""),
            size_bytes: 0,
            rows: 0,
        },
        notebook: None,
        message: format!("a message {}", mark("3f2a9c0d12ab")),
        state: SubmissionState::Sending,
        reference: None,
        public_score: None,
        private_score: None,
        reason: None,
        validation_score: None,
        run: None,
        commit: None,
        dirty: None,
        counted_before: None,
        intended_at: "2026-11-25T04:00:00Z".to_owned(),
        sent_at: None,
        scored_at: None,
    }
}

/// One start of the tool, as far as it sends.
fn start(site: &Memory<'_>, folder: &Path) -> Result<SubmissionReceipt, Failure> {
    let sender = Sender {
        site,
        clock: site.clock,
        patience: Patience::default(),
        tell: &Silent,
    };
    let mut ledger = Ledger::read(&folder.join("submissions.jsonl"))?;
    let known = sender.ask()?;
    sender.reconcile(&mut ledger, &known.look.list)?;
    let receipt = match ledger.find(&receipt().tag) {
        Some(ours) if ours.state != SubmissionState::Refused => ours.clone(),
        _ => receipt(),
    };
    sender.send(
        receipt,
        Parcel::File(Path::new("s.csv")),
        known,
        &mut ledger,
    )
}

/// As [`start`]; nothing when it was killed.
fn start_or_die(site: &Memory<'_>, folder: &Path) -> Option<Result<SubmissionReceipt, Failure>> {
    match catch_unwind(AssertUnwindSafe(|| start(site, folder))) {
        Ok(ended) => Some(ended),
        Err(cause) if cause.is::<Killed>() => None,
        Err(cause) => resume_unwind(cause),
    }
}

fn lines(folder: &Path) -> Vec<SubmissionReceipt> {
    let ledger = Ledger::read(&folder.join("submissions.jsonl")).unwrap();
    ledger.receipts().to_vec()
}

/// A folder in memory where there is one: every step of the ledger waits for its disk.
fn memory_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let there = tempfile::tempdir_in(memory);
    there.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn clock() -> Jumping {
    Jumping(Cell::new(1_800_000_000))
}

#[test]
fn killed_anywhere_with_any_answer_lost_it_is_sent_once() {
    let fates: [&[Fate]; 6] = [
        &[],
        &[Fate::LostBefore],
        &[Fate::LostAfter],
        &[Fate::TooOften],
        &[Fate::Pretended],
        &[Fate::LostBefore, Fate::TooOften, Fate::LostAfter],
    ];
    let mut kills = 0;
    for fates in fates {
        for lag_s in [0, 30, 80] {
            for after in [false, true] {
                for step in 0.. {
                    let clock = clock();
                    let folder = memory_folder();
                    let mut site = Memory::new(&clock);
                    site.lag_s = lag_s;
                    site.fates = RefCell::new(fates.to_vec());
                    site.kill.set(Some((step, after)));
                    let whole = start_or_die(&site, folder.path());
                    if whole.is_none() {
                        kills += 1;
                        site.kill.set(None);
                        clock.sleep(Duration::from_secs(u64::from(step % 3) * 50));
                        let receipt = start(&site, folder.path()).unwrap();
                        assert_eq!(receipt.state, SubmissionState::Scored);
                    }
                    let told = format!("{fates:?}, lag {lag_s}, killed at {step}, after {after}");
                    assert_eq!(site.count(), 1, "{told}");
                    let lines = lines(folder.path());
                    assert_eq!(lines.len(), 1, "{told}");
                    assert_eq!(lines[0].public_score, Some(0.5), "{told}");
                    if whole.is_some() {
                        break;
                    }
                }
            }
        }
    }
    assert!(kills > 200, "only {kills} kills");
}

#[test]
fn a_storm_of_429_ends_with_a_retry_and_nothing_sent() {
    let (clock, folder) = (clock(), memory_folder());
    let site = Memory::new(&clock);
    site.fates.borrow_mut().extend([Fate::TooOften; 100]);
    let failure = start(&site, folder.path()).unwrap_err();
    assert_eq!(failure.exit(), Exit::Outside);
    assert!(failure.to_string().contains("asked too often"), "{failure}");
    assert_eq!(site.count(), 0);
    assert!(site.fates.borrow().len() > 85, "too many tries");
    assert_eq!(lines(folder.path())[0].state, SubmissionState::Refused);
    // When the storm is over, the same line becomes the submission.
    site.fates.borrow_mut().clear();
    assert_eq!(start(&site, folder.path()).unwrap().reference, Some(1000));
    assert_eq!((site.count(), lines(folder.path()).len()), (1, 1));
}

#[test]
fn a_used_quota_is_a_no_before_and_after_a_pretended_success() {
    let (clock, folder) = (clock(), memory_folder());
    let mut site = Memory::new(&clock);
    site.quota = 0;
    let failure = start(&site, folder.path()).unwrap_err();
    assert_eq!(failure.exit(), Exit::No);
    assert!(failure.to_string().contains("midnight UTC"), "{failure}");
    assert_eq!(lines(folder.path()).len(), 0);
    // The last one is used by a colleague between our look and our send.
    site.quota = 1;
    site.fates.borrow_mut().push(Fate::Says(400));
    let failure = start(&site, folder.path()).unwrap_err();
    assert_eq!(failure.exit(), Exit::No);
    let line = &lines(folder.path())[0];
    assert_eq!(
        (line.state, line.reason.as_deref()),
        (SubmissionState::Refused, Some("no"))
    );
    assert_eq!(site.count(), 0);
}

#[test]
fn a_failed_scoring_keeps_its_reason() {
    let (clock, folder) = (clock(), memory_folder());
    let mut site = Memory::new(&clock);
    site.fails = Some("Submission must have 418 rows");
    let receipt = start(&site, folder.path()).unwrap();
    assert_eq!(receipt.state, SubmissionState::Failed);
    assert_eq!(
        receipt.reason.as_deref(),
        Some("Submission must have 418 rows")
    );
    assert_eq!(lines(folder.path()), [receipt]);
}

#[test]
fn a_score_that_takes_an_hour_is_waited_for_with_few_looks() {
    let (clock, folder) = (clock(), memory_folder());
    let mut site = Memory::new(&clock);
    site.scored_after_s = 3600;
    assert_eq!(
        start(&site, folder.path()).unwrap().state,
        SubmissionState::Scored
    );
    assert!(
        (50..90).contains(&site.looks.get()),
        "{} looks",
        site.looks.get()
    );
    // One that takes three is given up on, and taken up again.
    let folder = memory_folder();
    let mut site = Memory::new(&clock);
    site.scored_after_s = 3 * 3600;
    let failure = start(&site, folder.path()).unwrap_err();
    assert_eq!(failure.exit(), Exit::Outside);
    assert!(
        failure
            .to_string()
            .contains("not scored within 120 minutes"),
        "{failure}"
    );
    assert_eq!(lines(folder.path())[0].state, SubmissionState::Sent);
    assert_eq!(
        start(&site, folder.path()).unwrap().state,
        SubmissionState::Scored
    );
    assert_eq!((site.count(), lines(folder.path()).len()), (1, 1));
}

#[test]
fn where_the_site_counts_more_than_it_lists_nothing_is_sent_again() {
    let (clock, folder) = (clock(), memory_folder());
    let mut site = Memory::new(&clock);
    site.fates.borrow_mut().push(Fate::LostAfter);
    site.lag_s = 100_000;
    let failure = start(&site, folder.path()).unwrap_err();
    assert_eq!(failure.exit(), Exit::Outside);
    assert!(failure.to_string().contains("cannot tell"), "{failure}");
    assert_eq!(lines(folder.path())[0].state, SubmissionState::Sending);
    assert_eq!(
        start(&site, folder.path()).unwrap_err().exit(),
        Exit::Outside
    );
    assert_eq!(site.count(), 1);
    // Once it is listed, it is found.
    site.lag_s = 0;
    assert_eq!(
        start(&site, folder.path()).unwrap().state,
        SubmissionState::Scored
    );
    assert_eq!((site.count(), lines(folder.path()).len()), (1, 1));
}

#[test]
fn a_site_that_cannot_be_reached_leaves_the_question_open() {
    struct Dead;
    impl Site for Dead {
        fn survey(&self) -> Result<(Facts, Look), Trouble> {
            Err(Trouble::Lost("no answer arrived".to_owned()))
        }
        fn look(&self) -> Result<Look, Trouble> {
            Err(Trouble::Unable {
                words: "no credentials".to_owned(),
                hint: "get some".to_owned(),
            })
        }
        fn send(&self, _: Parcel<'_>, _: &str) -> Sent {
            unreachable!("nothing was asked yet")
        }
        fn leaderboard(&self) -> Result<Vec<f64>, Trouble> {
            Ok(Vec::new())
        }
    }
    let clock = clock();
    let sender = Sender {
        site: &Dead,
        clock: &clock,
        patience: Patience::default(),
        tell: &Silent,
    };
    let begun = clock.0.get();
    let failure = sender.ask().unwrap_err();
    assert_eq!(failure.exit(), Exit::Outside);
    assert!((300..700).contains(&(clock.0.get() - begun)));
}

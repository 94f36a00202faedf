//! Sending, exactly once.
//!
//! ```text
//!            intent on disk                       on the list
//! (nothing) ───────────────► sending ───────────────────────────► sent ──► scored | failed
//!                              │  ▲ not there, and nothing is on its way
//!                              │  └──────────── send again
//!                              └─ the site says no ─► refused
//! ```
//!
//! A submission is known by the tag in its message, so the site's own list is the
//! proof: an answer that was lost, a client that was killed, a success that was
//! none are all settled by looking there. The list may lag, so *not there* needs
//! time, and the site's count must agree; where it does not, nothing is sent and
//! the receipt stays `sending`. Whoever comes here holds the ledger's lock, which
//! no client outlives: what is not on its way then was sent before or never.

use std::time::Duration;

use jiff::Timestamp;
use kgl_cli::Failure;
use kgl_contract::{SubmissionReceipt, SubmissionState};

use crate::clock::{Backoff, Clock, between, stamp};
use crate::guard;
use crate::ledger::Ledger;
use crate::site::{Facts, Look, Parcel, Sent, Site, Status, Submitted, Trouble};

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a submission that was taken may be missing from the list.
    pub lag: Duration,
    /// How long the site is asked again while it gives no usable answer.
    pub site: Duration,
    /// How long the score is waited for; nothing: not at all.
    pub score: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lag: Duration::from_secs(90),
            site: Duration::from_secs(10 * 60),
            score: Some(Duration::from_secs(2 * 3600)),
        }
    }
}

/// What people are told meanwhile.
pub trait Tell {
    /// Something happened.
    fn note(&self, text: &str);
    /// The score is waited for, since `waited` of `limit`.
    fn waiting(&self, waited: Duration, limit: Duration);
}

/// A sender: a site, a clock, a ledger under lock.
pub struct Sender<'a> {
    /// The site.
    pub site: &'a dyn Site,
    /// The clock to wait by.
    pub clock: &'a dyn Clock,
    /// How long to wait.
    pub patience: Patience,
    /// Who is told.
    pub tell: &'a dyn Tell,
}

/// What the site knows before anything is sent.
#[derive(Debug, Clone)]
pub struct Known {
    /// Of the competition.
    pub facts: Facts,
    /// Of the team's submissions.
    pub look: Look,
}

impl Sender<'_> {
    /// Asks the site what it knows.
    ///
    /// # Errors
    /// It cannot be asked (exit 2 or 3).
    pub fn ask(&self) -> Result<Known, Failure> {
        let (facts, look) = self.insist(|site| site.survey())?;
        Ok(Known { facts, look })
    }

    /// Brings the ledger up to what the list says; gives the tags that changed.
    ///
    /// # Errors
    /// The disk refuses (exit 3).
    pub fn reconcile(
        &self,
        ledger: &mut Ledger,
        list: &[Submitted],
    ) -> Result<Vec<String>, Failure> {
        let mut changed = Vec::new();
        for receipt in ledger.receipts().to_vec() {
            let Some(seen) = find(list, &receipt.tag) else {
                continue;
            };
            let new = updated(&receipt, seen, self.clock.now());
            if new != receipt {
                ledger.put(&new)?;
                changed.push(new.tag);
            }
        }
        Ok(changed)
    }

    /// Sends what `receipt` describes, or finds out that it was sent, and waits
    /// for its score. The receipt's own state says where to begin; `known` is what
    /// the site said since the lock was taken.
    ///
    /// # Errors
    /// A guard or the site says no (exit 1), or nobody can tell (exit 3).
    pub fn send(
        &self,
        mut receipt: SubmissionReceipt,
        parcel: Parcel<'_>,
        known: Known,
        ledger: &mut Ledger,
    ) -> Result<SubmissionReceipt, Failure> {
        let mut known = Some(known);
        if receipt.state == SubmissionState::Sending && ledger.find(&receipt.tag).is_some() {
            self.tell.note(
                "an earlier send of this content was cut short: asking the site whether it arrived",
            );
            let look = known.take().map(|known| known.look);
            receipt = self.settle(receipt, look, ledger)?.0;
        }
        if matches!(
            receipt.state,
            SubmissionState::Sending | SubmissionState::Refused
        ) {
            receipt = self.deliver(receipt, parcel, known, ledger)?;
        }
        self.wait_for_score(receipt, ledger)
    }

    /// Sends until the list shows it or the site says no.
    fn deliver(
        &self,
        mut receipt: SubmissionReceipt,
        parcel: Parcel<'_>,
        mut known: Option<Known>,
        ledger: &mut Ledger,
    ) -> Result<SubmissionReceipt, Failure> {
        let begun = self.clock.now();
        let mut pauses = Backoff::new(Duration::from_secs(10), Duration::from_secs(120));
        loop {
            let known = match known.take() {
                Some(known) => known,
                None => self.ask()?,
            };
            if let Some(seen) = find(&known.look.list, &receipt.tag) {
                return self.adopt(&receipt, seen, ledger);
            }
            if let Err(no) = guard::may_send(&receipt, &known, self.clock.now()) {
                // What was begun and cannot be sent now was never sent: the list says so.
                if ledger.find(&receipt.tag).is_some() {
                    self.refuse(&mut receipt, &no.to_string(), ledger)?;
                }
                return Err(no);
            }
            receipt.state = SubmissionState::Sending;
            receipt.reason = None;
            receipt.counted_before = Some(known.look.limits.total);
            receipt.intended_at = stamp(self.clock.now());
            ledger.put(&receipt)?;
            let Sent { answer, after } = self.site.send(parcel, &receipt.message);
            let (words, pause) = match answer {
                Err(Trouble::Unable { words, hint }) => {
                    self.refuse(&mut receipt, &words, ledger)?;
                    return Err(Failure::usage(words).hint(hint));
                }
                Err(Trouble::Refused { status, words }) => {
                    self.refuse(&mut receipt, &words, ledger)?;
                    return Err(guard::refused(status, &words));
                }
                Err(Trouble::TooOften { retry_after }) => {
                    (Trouble::TooOften { retry_after }.to_string(), retry_after)
                }
                // Taken, they say; or nobody knows. Both are for the list to say.
                answer => {
                    let words = match answer {
                        Ok(answer) => {
                            receipt.reference = answer.reference;
                            answer.words
                        }
                        Err(trouble) => trouble.to_string(),
                    };
                    let settled = self.settle(receipt, after, ledger)?;
                    receipt = settled.0;
                    if receipt.state != SubmissionState::Sending {
                        return Ok(receipt);
                    }
                    receipt.reference = None;
                    if settled.1.limits.left == 0 {
                        self.refuse(&mut receipt, &words, ledger)?;
                        return Err(guard::quota_used(&settled.1.limits, self.clock.now()));
                    }
                    (words, None)
                }
            };
            let pause = pause.unwrap_or(Duration::ZERO).max(pauses.step());
            if between(begun, self.clock.now()) + pause > self.patience.site {
                self.refuse(&mut receipt, &words, ledger)?;
                return Err(Failure::outside(format_args!(
                    "the submission did not arrive: {words}"
                ))
                .hint("nothing was sent; run the same command again later"));
            }
            self.tell.note(&format!(
                "it did not arrive ({words}): trying again in {} s",
                pause.as_secs()
            ));
            self.clock.sleep(pause);
        }
    }

    /// Looks at the list until the submission is there, or surely is not: then
    /// the receipt comes back as it was. `look` is a first look that was had already.
    fn settle(
        &self,
        receipt: SubmissionReceipt,
        mut look: Option<Look>,
        ledger: &mut Ledger,
    ) -> Result<(SubmissionReceipt, Look), Failure> {
        let begun = self.clock.now();
        let mut pauses = Backoff::new(Duration::from_secs(5), Duration::from_secs(30));
        loop {
            let look = match look.take() {
                Some(look) => look,
                None => self.insist(|site| site.look())?,
            };
            if let Some(seen) = find(&look.list, &receipt.tag) {
                return Ok((self.adopt(&receipt, seen, ledger)?, look));
            }
            let waited = between(begun, self.clock.now());
            if waited >= self.patience.lag {
                if !counts_more_than_it_shows(&receipt, &look) {
                    return Ok((receipt, look));
                }
                if waited >= self.patience.site {
                    return Err(Failure::outside(
                        "cannot tell whether the submission arrived: the site counts one more than it lists",
                    )
                    .hint("look at the competition's page, and run the same command again; nothing is sent twice"));
                }
            }
            self.clock.sleep(pauses.step());
        }
    }

    /// Waits for the score of a submission that the site has.
    fn wait_for_score(
        &self,
        mut receipt: SubmissionReceipt,
        ledger: &mut Ledger,
    ) -> Result<SubmissionReceipt, Failure> {
        let Some(limit) = self.patience.score else {
            return Ok(receipt);
        };
        let begun = self.clock.now();
        let mut pauses = Backoff::new(Duration::from_secs(3), Duration::from_secs(60));
        while receipt.state == SubmissionState::Sent {
            let waited = between(begun, self.clock.now());
            if waited >= limit {
                return Err(Failure::outside(format_args!(
                    "sent, and not scored within {} minutes",
                    limit.as_secs() / 60
                ))
                .hint("run the same command again to go on waiting; nothing is sent twice"));
            }
            self.tell.waiting(waited, limit);
            self.clock.sleep(pauses.step());
            let look = self.insist(|site| site.look())?;
            if let Some(seen) = find(&look.list, &receipt.tag) {
                receipt = self.adopt(&receipt, seen, ledger)?;
            }
        }
        Ok(receipt)
    }

    fn adopt(
        &self,
        receipt: &SubmissionReceipt,
        seen: &Submitted,
        ledger: &mut Ledger,
    ) -> Result<SubmissionReceipt, Failure> {
        let receipt = updated(receipt, seen, self.clock.now());
        ledger.put(&receipt)?;
        Ok(receipt)
    }

    fn refuse(
        &self,
        receipt: &mut SubmissionReceipt,
        words: &str,
        ledger: &mut Ledger,
    ) -> Result<(), Failure> {
        receipt.state = SubmissionState::Refused;
        receipt.reference = None;
        receipt.reason = Some(words.to_owned());
        ledger.put(receipt)
    }

    /// Asks until there is an answer: what only reads can be asked again.
    fn insist<T>(&self, ask: impl Fn(&dyn Site) -> Result<T, Trouble>) -> Result<T, Failure> {
        let begun = self.clock.now();
        let mut pauses = Backoff::new(Duration::from_secs(2), Duration::from_secs(60));
        loop {
            let trouble = match ask(self.site) {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Unable { words, hint }) => {
                    return Err(Failure::usage(words).hint(hint));
                }
                Err(Trouble::Refused { status, words }) => {
                    return Err(guard::refused(status, &words));
                }
                Err(trouble) => trouble,
            };
            let asked_for = match trouble {
                Trouble::TooOften { retry_after } => retry_after.unwrap_or_default(),
                _ => Duration::ZERO,
            };
            let pause = pauses.step().max(asked_for);
            if between(begun, self.clock.now()) + pause > self.patience.site {
                return Err(Failure::outside(trouble).hint(
                    "run the same command again later; what was sent is found, nothing is sent twice",
                ));
            }
            self.clock.sleep(pause);
        }
    }
}

/// Whether the site has counted a submission since the intent that its list does
/// not show yet.
fn counts_more_than_it_shows(receipt: &SubmissionReceipt, look: &Look) -> bool {
    let counted = look.limits.total;
    let grown = receipt
        .counted_before
        .is_some_and(|before| counted > before);
    grown && counted > look.list.len() as u64
}

/// The submission on the list whose message carries the tag.
#[must_use]
pub fn find<'a>(list: &'a [Submitted], tag: &str) -> Option<&'a Submitted> {
    let mark = mark(tag);
    list.iter().find(|one| one.message.contains(&mark))
}

/// How a tag stands in a message.
#[must_use]
pub fn mark(tag: &str) -> String {
    format!("[kgl:{tag}]")
}

/// The receipt with what the list says of it.
#[must_use]
pub fn updated(receipt: &SubmissionReceipt, seen: &Submitted, now: Timestamp) -> SubmissionReceipt {
    let settled = matches!(
        receipt.state,
        SubmissionState::Scored | SubmissionState::Failed
    );
    if settled && seen.status == Status::Pending {
        // An older look than the one that settled it.
        return receipt.clone();
    }
    let mut new = receipt.clone();
    new.reference = Some(seen.reference);
    if new.sent_at.is_none() {
        new.sent_at = Some(seen.date.clone()).filter(|date| !date.is_empty());
    }
    new.state = match seen.status {
        Status::Pending => SubmissionState::Sent,
        Status::Complete => SubmissionState::Scored,
        Status::Error => SubmissionState::Failed,
    };
    new.public_score = seen.public_score;
    new.private_score = seen.private_score;
    new.reason = match seen.status {
        Status::Error => Some(
            seen.reason
                .clone()
                .filter(|reason| !reason.is_empty())
                .unwrap_or_else(|| "the site gives no reason".to_owned()),
        ),
        _ => None,
    };
    if new.state != SubmissionState::Sent && new.scored_at.is_none() {
        new.scored_at = Some(stamp(now));
    }
    new
}

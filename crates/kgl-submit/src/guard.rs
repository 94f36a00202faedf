//! What must be true before a submission may be spent.

use jiff::Timestamp;
use kgl_cli::Failure;
use kgl_contract::SubmissionReceipt;

use crate::clock::read_stamp;
use crate::send::Known;
use crate::site::Limits;

/// Whether the site will take it now, as far as it can be told before.
///
/// # Errors
/// Which guard says no (exit 1), and the way on.
pub fn may_send(receipt: &SubmissionReceipt, known: &Known, now: Timestamp) -> Result<(), Failure> {
    let slug = &receipt.competition;
    let page = format!("https://www.kaggle.com/competitions/{slug}");
    if !known.facts.entered {
        return Err(
            Failure::no(format_args!("the rules of {slug} are not accepted yet"))
                .hint(format_args!("join on {page}/rules")),
        );
    }
    let deadline = known.facts.deadline.as_deref();
    if let Some(text) = deadline
        && read_stamp(text).is_some_and(|deadline| deadline < now)
    {
        return Err(
            Failure::no(format_args!("submissions to {slug} ended at {text}")).hint(format_args!(
                "see {page} whether late submissions are taken"
            )),
        );
    }
    if known.facts.closed {
        return Err(
            Failure::no(format_args!("submissions to {slug} are switched off"))
                .hint(format_args!("see {page}")),
        );
    }
    if known.facts.notebooks_only && receipt.notebook.is_none() {
        return Err(
            Failure::no(format_args!("{slug} takes notebooks, not files")).hint(format_args!(
                "publish one with `make deploy competition={slug}`, then submit its version: \
                 --notebook OWNER/NAME --notebook-version N"
            )),
        );
    }
    if known.look.limits.left == 0 {
        return Err(quota_used(&known.look.limits, now));
    }
    Ok(())
}

/// The quota is used up.
#[must_use]
pub fn quota_used(limits: &Limits, now: Timestamp) -> Failure {
    let of_day = now.as_second().rem_euclid(86_400);
    let left = 86_400 - of_day;
    Failure::no(format_args!(
        "all submissions of today are used ({} today)",
        limits.today
    ))
    .hint(format_args!(
        "the day ends at midnight UTC, in {} h {} min",
        left / 3600,
        left % 3600 / 60
    ))
}

/// The site says no.
#[must_use]
pub fn refused(status: u16, words: &str) -> Failure {
    let what = format!("the site says no: {words} ({status})");
    match status {
        401 => Failure::usage(what).hint("set up credentials: make kaggle-auth"),
        403 => Failure::no(what).hint(
            "an unknown competition and rules that are not accepted look the same: check the \
             name, and join the competition",
        ),
        404 => Failure::usage(what).hint("check the competition's name in challenge.json"),
        _ => Failure::no(what),
    }
}

//! `kgl-submit history`: the ledger and the site's list in one, what validation is
//! worth on the leaderboard, and how far it is to a medal.

use kgl_cli::{Exit, Failure, Io, Table, write_atomically};
use kgl_contract::{
    Agreement, Better, Challenge, ForeignSubmission, MedalLine, Metric, SubmissionHistory,
    SubmissionReceipt, SubmissionState, Tag,
};

use crate::chart;
use crate::cli::History;
use crate::clock::SystemClock;
use crate::correlation::{interval, spearman};
use crate::kaggle::Kaggle;
use crate::ledger::{Ledger, Lock};
use crate::medals;
use crate::send::{Patience, Sender, Tell, mark};
use crate::site::{Site as _, Submitted};

/// Shows what was submitted and what came of it.
///
/// # Errors
/// The challenge or the ledger cannot be read (exit 2), the site cannot be asked (2 or 3).
pub fn run(options: &History, io: &Io) -> Result<Exit, Failure> {
    let (challenge, source) = io.read_document::<Challenge>(Some(&options.challenge))?;
    let path = source.base.join("submissions.jsonl");
    let mut ledger = Ledger::read(&path)?;
    let (mut list, mut board) = (Vec::new(), Vec::new());
    if !options.offline {
        let site = Kaggle::new(&challenge.slug)?;
        let clock = SystemClock::new(options.haste);
        let sender = Sender {
            site: &site,
            clock: &clock,
            patience: Patience::default(),
            tell: &Quiet,
        };
        list = sender.ask()?.look.list;
        let _lock = Lock::take(&source.base.join("outputs/submissions"), io)?;
        ledger = Ledger::read(&path)?;
        let news = sender.reconcile(&mut ledger, &list)?;
        if !news.is_empty() {
            io.detail(format_args!("brought up to date: {}", news.join(", ")));
        }
        match site.leaderboard() {
            Ok(scores) => board = scores,
            Err(trouble) => io.warn(format_args!(
                "no medal lines, the leaderboard is not shown: {trouble}"
            )),
        }
    }
    let history = put_together(&challenge, ledger.receipts(), &list, &board);
    if let Some(svg) = &options.svg {
        write_atomically(svg, chart::draw(&history).as_bytes())?;
    }
    if options.json {
        io.write_document(&history, None)?;
    } else {
        io.print(describe(&history))?;
    }
    Ok(Exit::Done)
}

struct Quiet;

impl Tell for Quiet {
    fn note(&self, _: &str) {}
    fn waiting(&self, _: std::time::Duration, _: std::time::Duration) {}
}

/// The history as a document.
#[must_use]
pub fn put_together(
    challenge: &Challenge,
    receipts: &[SubmissionReceipt],
    list: &[Submitted],
    board: &[f64],
) -> SubmissionHistory {
    let ours = |one: &Submitted| {
        receipts.iter().any(|receipt| {
            receipt.reference == Some(one.reference) || one.message.contains(&mark(&receipt.tag))
        })
    };
    let elsewhere: Vec<ForeignSubmission> = list
        .iter()
        .rev()
        .filter(|one| !ours(one))
        .map(|one| ForeignSubmission {
            reference: one.reference,
            sent_at: one.date.clone(),
            file: one.file.clone(),
            message: one.message.clone(),
            public_score: one.public_score,
            private_score: one.private_score,
        })
        .collect();
    let pairs: Vec<(f64, f64)> = receipts
        .iter()
        .filter_map(|receipt| receipt.validation_score.zip(receipt.public_score))
        .collect();
    let agreement = spearman(&pairs).map(|rank_correlation| Agreement {
        pairs: pairs.len() as u64,
        rank_correlation,
        interval_95: interval(&pairs),
    });
    let publics = receipts.iter().map(|receipt| receipt.public_score);
    let publics = publics.chain(elsewhere.iter().map(|one| one.public_score));
    let best = best(publics.flatten(), &challenge.metric);
    SubmissionHistory {
        schema: Tag::default(),
        competition: challenge.slug.clone(),
        metric: challenge.metric.clone(),
        submissions: receipts.to_vec(),
        elsewhere,
        agreement,
        teams: (!board.is_empty()).then_some(board.len() as u64),
        medals: lines(board, best, &challenge.metric),
    }
}

/// The best of some scores.
#[must_use]
pub fn best(scores: impl Iterator<Item = f64>, metric: &Metric) -> Option<f64> {
    match metric.better {
        Better::Higher => scores.max_by(f64::total_cmp),
        Better::Lower => scores.min_by(f64::total_cmp),
    }
}

fn lines(board: &[f64], best: Option<f64>, metric: &Metric) -> Vec<MedalLine> {
    let places = medals::places(board.len() as u64);
    let line = |(medal, rank): (&str, u64)| {
        let score = *board.get(usize::try_from(rank.checked_sub(1)?).ok()?)?;
        let margin = best.map(|best| match metric.better {
            Better::Higher => best - score,
            Better::Lower => score - best,
        });
        Some(MedalLine {
            medal: medal.to_owned(),
            rank,
            score,
            margin,
        })
    };
    places.into_iter().filter_map(line).collect()
}

fn describe(history: &SubmissionHistory) -> String {
    let mut table = Table::new([
        "sent",
        "tag",
        "validation",
        "public",
        "private",
        "state",
        "message",
    ]);
    let score = |score: Option<f64>| score.map_or(String::new(), |score| score.to_string());
    let when = |text: &str| text.get(..16).unwrap_or(text).replace('T', " ");
    // What the ledger holds and what it does not, in the order it was sent.
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for receipt in &history.submissions {
        let sent = receipt.sent_at.as_deref().unwrap_or(&receipt.intended_at);
        let state = match (receipt.state, &receipt.reason) {
            (SubmissionState::Failed, Some(why)) => format!("failed: {why}"),
            (SubmissionState::Refused, Some(why)) => format!("refused: {why}"),
            (SubmissionState::Sending, _) => "sending: not known to have arrived".to_owned(),
            (SubmissionState::Sent, _) => "not scored yet".to_owned(),
            (SubmissionState::Scored, _) => "scored".to_owned(),
            (state, None) => format!("{state:?}").to_lowercase(),
        };
        let message = receipt.message.replace(&mark(&receipt.tag), "");
        rows.push((
            sent.to_owned(),
            vec![
                when(sent),
                receipt.tag.clone(),
                score(receipt.validation_score),
                score(receipt.public_score),
                score(receipt.private_score),
                state,
                message.trim().to_owned(),
            ],
        ));
    }
    for one in &history.elsewhere {
        rows.push((
            one.sent_at.clone(),
            vec![
                when(&one.sent_at),
                "(elsewhere)".to_owned(),
                String::new(),
                score(one.public_score),
                score(one.private_score),
                String::new(),
                if one.message.is_empty() {
                    one.file.clone()
                } else {
                    one.message.clone()
                },
            ],
        ));
    }
    rows.sort();
    let none = rows.is_empty();
    rows.into_iter().for_each(|(_, row)| table.row(row));
    let mut text = if none {
        "nothing was submitted yet".to_owned()
    } else {
        table.to_string()
    };
    text += "\n\n";
    text += &agreement_in_words(history);
    for line in &history.medals {
        let margin = line.margin.map_or(String::new(), |margin| {
            let word = if margin >= 0.0 { "above" } else { "short of" };
            format!(": {:.5} {word} it", margin.abs())
        });
        text += &format!(
            "\n{:<6}  place {:>4}, {}{margin}",
            line.medal, line.rank, line.score
        );
    }
    text
}

fn agreement_in_words(history: &SubmissionHistory) -> String {
    match &history.agreement {
        None => "validation against leaderboard: two submissions with both scores are needed (--validation)".to_owned(),
        Some(agreement) => {
            let how_sure = match agreement.interval_95 {
                Some([low, high]) => format!("95 % between {low:.2} and {high:.2}"),
                None => "too few to say how sure".to_owned(),
            };
            format!(
                "validation against leaderboard: rank correlation {:.2} over {} submissions ({how_sure})",
                agreement.rank_correlation, agreement.pairs
            )
        }
    }
}

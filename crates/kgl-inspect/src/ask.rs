//! What Kaggle says of a competition: asked for at once, told apart by what is
//! known, and by what is not and why.

use std::path::Path;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::{
    CompetitionFacts, Inspection, Page, PublishedFile, SubmissionLimits, Unlearned,
};
use kgl_kaggle::{
    ApiCompetition, ApiFile, ApiLimits, ApiPage, Call, Client, Patience, Refusal, download, read,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::metric::tell_metric;

/// So many files are listed, and no more: a competition of images has hundreds of thousands.
const MOST_FILES: usize = 20_000;

/// What was learned from Kaggle.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) facts: CompetitionFacts,
    pub(crate) published: Vec<PublishedFile>,
    pub(crate) unlearned: Vec<Unlearned>,
    /// 0 when all was learned; else what the most serious refusal ends with.
    pub(crate) exit: Exit,
    /// Whether `published` is all there is.
    listed: bool,
}

/// Asks about the competition `slug`.
///
/// # Errors
/// The slug is none, the client is missing (exit 2), or nothing is known of the competition: no
/// credentials, no such competition (exit 2), not allowed (exit 1), no answer (exit 3).
pub(crate) fn ask(client: &Client, slug: &str, io: &Io) -> Result<Asked, Failure> {
    let about = json!({ "competitionName": slug });
    let listing = json!({ "competitionName": slug, "pageSize": 200 });
    let calls = [
        Call::competitions("GetCompetition", about.clone()),
        Call::competitions("ListCompetitionPages", about.clone()),
        Call::competitions("ListDataFiles", listing).all_of("files", MOST_FILES),
        Call::competitions("GetSubmissionLimits", about),
    ];
    let replies = client.ask_patiently(&calls, &Patience::USUAL, io)?;
    for line in &replies.said {
        io.warn(format_args!("the kaggle client says: {line}"));
    }
    let user = replies.user.as_deref().unwrap_or("?");
    io.detail(format_args!("asked Kaggle as {user}"));
    tell(slug, replies.answers)
}

/// Puts together what the answers say.
fn tell(slug: &str, answers: Vec<Result<Value, Refusal>>) -> Result<Asked, Failure> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or(Ok(Value::Null));
    let competition: ApiCompetition = read("the competition", next())
        .map_err(|refusal| refusal.failure(format_args!("nothing is known of `{slug}`"), slug))?;
    let mut asked = Asked {
        facts: facts(slug, competition),
        published: Vec::new(),
        unlearned: Vec::new(),
        exit: Exit::Done,
        listed: false,
    };
    if asked.facts.metric.is_none() {
        let reason = match &asked.facts.evaluation {
            Some(name) => format!("which way `{name}` is better cannot be told from its name"),
            None => "Kaggle names no metric".to_owned(),
        };
        asked.not_learned(
            "metric",
            reason,
            "read the evaluation page; say it in challenge.json",
        );
    }
    if let Some(pages) = asked.take::<Pages>("pages", next()) {
        let pages = pages
            .pages
            .into_iter()
            .filter(|page| !page.content.is_empty());
        asked.facts.pages = pages
            .map(|page| Page {
                name: page.name,
                content: page.content,
            })
            .collect();
    }
    if let Some(files) = asked.take::<Files>("list of files", next()) {
        asked.listed = true;
        asked.published = files
            .files
            .into_iter()
            .map(|file| PublishedFile {
                path: file.name,
                size_bytes: file.total_bytes,
            })
            .collect();
        asked.published.sort_by(|a, b| a.path.cmp(&b.path));
        if files.more {
            asked.listed = false;
            let reason = format!("there are more than {MOST_FILES}");
            asked.not_learned("list of files", reason, "kaggle competitions download");
        }
    }
    if let Some(limits) = asked.take::<ApiLimits>("submission limits", next()) {
        asked.facts.limits = Some(SubmissionLimits {
            today: limits.num_today,
            total: limits.num_total,
            left: limits.num_allowed_now,
        });
    }
    Ok(asked)
}

impl Asked {
    /// What a saved inspection says, without asking.
    ///
    /// # Errors
    /// It says nothing of a competition, or of another one (exit 2).
    pub(crate) fn saved(path: &Path, slug: Option<&str>, io: &Io) -> Result<Self, Failure> {
        let (saved, source) = io.read_document::<Inspection>(Some(path))?;
        let Some(facts) = saved.competition else {
            return Err(Failure::usage(format_args!(
                "{}: it was made of a folder alone, and says nothing of a competition",
                source.name
            ))
            .hint("inspect the competition while Kaggle can be asked: kgl-inspect SLUG"));
        };
        if slug.is_some_and(|slug| slug != facts.slug) {
            return Err(Failure::usage(format_args!(
                "{}: it is of the competition `{}`",
                source.name, facts.slug
            )));
        }
        let ours = [
            "metric",
            "pages",
            "list of files",
            "submission limits",
            "data",
        ];
        let unlearned = saved.unlearned.into_iter();
        Ok(Self {
            facts,
            published: saved.published,
            unlearned: unlearned
                .filter(|one| ours.contains(&one.what.as_str()))
                .collect(),
            exit: Exit::Done,
            listed: true,
        })
    }

    /// Brings its files into `folder`; what Kaggle refuses is noted.
    ///
    /// # Errors
    /// A file is not what was listed, or the disk fails (exit 3).
    pub(crate) fn fetch(&mut self, client: &Client, folder: &Path, io: &Io) -> Result<(), Failure> {
        if !self.listed {
            let reason = "the list of its files is not known, so nothing was downloaded".to_owned();
            self.not_learned("data", reason, "see above, then run it again");
            return Ok(());
        }
        let files = self.published.iter().map(|file| ApiFile {
            name: file.path.clone(),
            total_bytes: file.size_bytes,
            creation_date: None,
        });
        let files: Vec<ApiFile> = files.collect();
        match download(client, &self.facts.slug, &files, folder, io) {
            Ok(done) => {
                let folder = folder.display();
                io.note(format_args!(
                    "data: {} files fetched into {folder}, {} were there",
                    done.fetched, done.there
                ));
                Ok(())
            }
            Err(Ok(refusal)) => {
                self.refused("data", &refusal);
                Ok(())
            }
            Err(Err(failure)) => Err(failure),
        }
    }

    /// The answer, or a note that it is not known.
    fn take<T: DeserializeOwned>(
        &mut self,
        what: &str,
        answer: Result<Value, Refusal>,
    ) -> Option<T> {
        match read(what, answer) {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.refused(what, &refusal);
                None
            }
        }
    }

    fn refused(&mut self, what: &str, refusal: &Refusal) {
        let slug = self.facts.slug.clone();
        self.not_learned(what, refusal.to_string(), &refusal.next(&slug));
        let exit = refusal.failure(what, &slug).exit();
        // What may pass goes before what will not: a retry tells which is left.
        if exit.code() > self.exit.code() {
            self.exit = exit;
        }
    }

    fn not_learned(&mut self, what: &str, reason: String, next: &str) {
        self.unlearned.push(Unlearned {
            what: what.to_owned(),
            reason,
            next: next.to_owned(),
        });
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Pages {
    pages: Vec<ApiPage>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Files {
    files: Vec<ApiFile>,
    more: bool,
}

/// The facts as the document has them: what is empty there is left out here.
fn facts(slug: &str, api: ApiCompetition) -> CompetitionFacts {
    let said = |text: String| (!text.trim().is_empty()).then_some(text);
    let small = |number: u64| u32::try_from(number).ok().filter(|number| *number > 0);
    CompetitionFacts {
        slug: slug.to_owned(),
        title: said(api.title).unwrap_or_else(|| slug.to_owned()),
        deadline: api.deadline.and_then(moment),
        category: said(api.category),
        metric: tell_metric(&api.evaluation_metric),
        max_daily_submissions: small(api.max_daily_submissions),
        code_competition: api.is_kernels_submissions_only,
        entered: api.user_has_entered,
        url: said(api.url),
        description: said(api.description),
        host: said(api.organization_name),
        reward: said(api.reward),
        licence: said(api.license_name),
        entry_deadline: api.new_entrant_deadline.and_then(moment),
        merger_deadline: api.merger_deadline.and_then(moment),
        evaluation: said(api.evaluation_metric),
        max_team_size: small(api.max_team_size),
        teams: Some(api.team_count).filter(|count| *count > 0),
        rank: Some(api.user_rank).filter(|rank| *rank > 0),
        submissions_disabled: api.submissions_disabled,
        limits: None,
        tags: api.tags.into_iter().map(|tag| tag.name).collect(),
        pages: Vec::new(),
    }
}

/// A moment as Kaggle writes it, as RFC 3339 in UTC: `2026-12-01T00:00:00.123Z`, or without zone.
fn moment(text: String) -> Option<String> {
    let bare = text.trim_end_matches('Z');
    let whole = bare.split('.').next().unwrap_or(bare);
    let shape = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        10 => byte == b'T' || byte == b' ',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    if whole.len() == 19 && whole.bytes().enumerate().all(shape) {
        return Some(format!("{}Z", whole.replace(' ', "T")));
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lose_their_fractions() {
        let told = |text: &str| moment(text.to_owned());
        let noon = Some("2026-12-01T12:00:00Z".to_owned());
        for text in [
            "2026-12-01T12:00:00Z",
            "2026-12-01T12:00:00.123Z",
            "2026-12-01 12:00:00",
        ] {
            assert_eq!(told(text), noon, "{text}");
        }
        assert_eq!(told("soon"), Some("soon".to_owned()));
        assert_eq!(told(""), None);
    }

    #[test]
    fn what_is_refused_is_listed_and_the_rest_is_told() {
        let refusal: Refusal = Refusal {
            kind: kgl_kaggle::RefusalKind::Forbidden,
            message: "no".to_owned(),
            status: Some(403),
            retry_after_s: None,
        };
        let competition = json!({ "title": "T", "evaluationMetric": "RMSE" });
        let answers = vec![
            Ok(competition),
            Ok(json!({ "pages": [{ "name": "rules", "content": "be nice" }] })),
            Err(refusal.clone()),
            Ok(json!({ "numAllowedNow": 3 })),
        ];
        let asked = tell("toy", answers).unwrap();
        assert_eq!(asked.exit, Exit::No);
        assert_eq!(asked.unlearned.len(), 1);
        assert_eq!(asked.unlearned[0].what, "list of files");
        assert!(asked.unlearned[0].next.contains("/toy/rules"));
        assert_eq!(asked.facts.limits.unwrap().left, 3);
        assert_eq!(
            tell("toy", vec![Err(refusal)]).unwrap_err().exit(),
            Exit::No
        );
    }
}

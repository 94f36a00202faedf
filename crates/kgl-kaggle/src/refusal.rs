//! Why Kaggle did not do what was asked, as exit codes and hints.

use std::fmt;

use kgl_cli::Failure;
use serde::Deserialize;

use crate::redact::redact;

/// An answer that is a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of no.
    pub kind: RefusalKind,
    /// What was said, without secrets.
    pub message: String,
    /// The HTTP status, where there was an answer at all.
    pub status: Option<u16>,
    /// How long to wait before asking again, where Kaggle said so.
    pub retry_after_s: Option<u64>,
}

/// The kinds of no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// There are no credentials.
    NoCredentials,
    /// The credentials were not accepted (401).
    BadCredentials,
    /// Not allowed (403): the rules were not accepted, or there is no such thing; Kaggle says
    /// the same for both.
    Forbidden,
    /// There is no such thing (404).
    NotFound,
    /// Understood and turned down (400, 409, 422): over the quota, closed, malformed.
    TurnedDown,
    /// Too many requests (429).
    TooMany,
    /// Kaggle failed (5xx), or answered with something that is no answer.
    Server,
    /// No answer arrived: nobody knows whether the request did.
    Connection,
    /// The client itself failed.
    Client,
}

impl Refusal {
    /// Whether asking the same again later may be answered.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        use RefusalKind as K;
        matches!(self.kind, K::TooMany | K::Server | K::Connection)
    }

    /// The next step, for one who asked about the competition `slug`.
    #[must_use]
    pub fn next(&self, slug: &str) -> String {
        use RefusalKind as K;
        match self.kind {
            K::NoCredentials => {
                "make kaggle-auth   (a token from https://www.kaggle.com/settings/api)".to_owned()
            }
            K::BadCredentials => "make kaggle-auth, with a new token from \
                 https://www.kaggle.com/settings/api; a refused token hides a good kaggle.json"
                .to_owned(),
            K::Forbidden => format!(
                "accept the rules at https://www.kaggle.com/competitions/{slug}/rules; if there \
                 is no such page, look at the competition's name"
            ),
            K::NotFound => format!(
                "look at the name: it is the last part of the competition's address, \
                 https://www.kaggle.com/competitions/{slug}"
            ),
            K::TurnedDown => format!("see https://www.kaggle.com/competitions/{slug}"),
            K::TooMany => match self.retry_after_s {
                Some(seconds) => format!("wait {seconds} s, then run it again"),
                None => "wait a minute, then run it again".to_owned(),
            },
            K::Server | K::Connection => "run it again; what is done is kept".to_owned(),
            K::Client => "make kaggle-install, which puts the pinned client there".to_owned(),
        }
    }

    /// The failure to end with when `doing` (as in `cannot list the files of titanic`) was refused.
    #[must_use]
    pub fn failure(&self, doing: impl fmt::Display, slug: &str) -> Failure {
        use RefusalKind as K;
        let text = format!("{doing}: {self}");
        let failure = match self.kind {
            K::NoCredentials | K::BadCredentials | K::NotFound => Failure::usage(text),
            K::Forbidden | K::TurnedDown => Failure::no(text),
            K::TooMany | K::Server | K::Connection | K::Client => Failure::outside(text),
        };
        failure.hint(self.next(slug))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use RefusalKind as K;
        let what = match self.kind {
            K::NoCredentials => return f.write_str("there are no Kaggle credentials"),
            K::BadCredentials => "the credentials were not accepted",
            K::Forbidden => "not allowed, or no such competition",
            K::NotFound => "Kaggle knows no such thing",
            K::TurnedDown => "Kaggle turned it down",
            K::TooMany => "too many requests",
            K::Server => "Kaggle failed",
            K::Connection => "no answer arrived",
            K::Client => "the client failed",
        };
        match self.status {
            Some(status) => write!(f, "{what} ({status}: {})", self.message),
            None => write!(f, "{what} ({})", self.message),
        }
    }
}

/// A refusal as the bridge tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    kind: String,
    message: String,
    status: Option<u16>,
    retry_after_s: Option<u64>,
}

impl From<Told> for Refusal {
    fn from(told: Told) -> Self {
        use RefusalKind as K;
        let kind = match (told.kind.as_str(), told.status) {
            ("no-credentials", _) => K::NoCredentials,
            ("token-refused", _) | ("http", Some(401)) => K::BadCredentials,
            ("http", Some(403)) => K::Forbidden,
            ("http", Some(404)) => K::NotFound,
            ("http", Some(429)) => K::TooMany,
            ("http", Some(400..=499)) => K::TurnedDown,
            ("http", _) => K::Server,
            ("connection", _) => K::Connection,
            _ => K::Client,
        };
        Refusal {
            kind,
            message: redact(&told.message),
            status: told.status,
            retry_after_s: told.retry_after_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_cli::Exit;

    fn told(kind: &str, status: Option<u16>) -> Refusal {
        let told = Told {
            kind: kind.to_owned(),
            message: "what it said".to_owned(),
            status,
            retry_after_s: None,
        };
        told.into()
    }

    #[test]
    fn each_status_has_its_exit_code_and_a_next_step() {
        let table = [
            ("no-credentials", None, Exit::Usage, "make kaggle-auth"),
            ("token-refused", None, Exit::Usage, "make kaggle-auth"),
            ("http", Some(400), Exit::No, "competitions/titanic"),
            ("http", Some(401), Exit::Usage, "make kaggle-auth"),
            ("http", Some(403), Exit::No, "/titanic/rules"),
            ("http", Some(404), Exit::Usage, "look at the name"),
            ("http", Some(429), Exit::Outside, "wait"),
            ("http", Some(500), Exit::Outside, "again"),
            ("http", Some(503), Exit::Outside, "again"),
            ("connection", None, Exit::Outside, "again"),
            ("client", None, Exit::Outside, "make kaggle-install"),
        ];
        for (kind, status, exit, next) in table {
            let failure = told(kind, status).failure("cannot ask", "titanic");
            assert_eq!(failure.exit(), exit, "{kind} {status:?}");
            let text = failure.to_string();
            assert!(
                text.starts_with("cannot ask: ") && text.contains(next),
                "{text}"
            );
        }
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        for status in [429, 500, 503] {
            assert!(told("http", Some(status)).may_pass());
        }
        assert!(told("connection", None).may_pass());
        for status in [400, 401, 403, 404] {
            assert!(!told("http", Some(status)).may_pass());
        }
        assert!(!told("no-credentials", None).may_pass());
    }
}

//! What stays here: rules for rsync, in their order. The first one that fits a path counts.

use kgl_contract::{SyncAction, SyncRule};

/// Files that hold keys and passwords, wherever they lie. Nothing lets them travel.
const SECRETS: [&str; 22] = [
    "kaggle.json",
    ".kaggle/",
    "access_token",
    ".env",
    ".env.*",
    ".envrc",
    ".netrc",
    ".pgpass",
    ".npmrc",
    ".pypirc",
    ".ssh/",
    ".aws/",
    ".gnupg/",
    ".config/gcloud/",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.p12",
    "*credentials*.json",
    "*service_account*.json",
];

/// What is made here and would be made anew there. A leading `/` is the project's folder: without
/// it, `outputs` would also mean a module of that name somewhere deep.
const MADE: [(&str, &str); 12] = [
    (".git", "history stays here"),
    ("__pycache__", "built"),
    (".venv*", "built for this machine"),
    (".pytest_cache", "a cache"),
    (".mypy_cache", "a cache"),
    ("/target", "built for this machine"),
    ("/competitions/*/target", "built for this machine"),
    ("/competitions/*/baseline/target", "built for this machine"),
    (
        "/competitions/*/data",
        "data is fetched there, or named as an input",
    ),
    ("/competitions/*/outputs", "what runs there is made there"),
    ("/dashboard", "the console's own files"),
    ("/outputs", "made here"),
];

/// The folder on a host for what kgl brings along itself.
const OWN: &str = "/.kgl";

/// The rules for a project: secrets first, so that nothing comes before them.
#[must_use]
pub fn rules(exclude: &[String]) -> Vec<SyncRule> {
    let rule = |pattern: &str, why: &str| SyncRule {
        action: SyncAction::Exclude,
        pattern: pattern.to_owned(),
        why: why.to_owned(),
    };
    let mut rules = secrets();
    rules.extend(
        exclude
            .iter()
            .map(|pattern| rule(pattern, "asked for with --exclude")),
    );
    rules.push(rule(OWN, "kgl's own folder on a host"));
    rules.extend(MADE.iter().map(|(pattern, why)| rule(pattern, why)));
    rules
}

/// The rules that hold for inputs as well.
pub(crate) fn secrets() -> Vec<SyncRule> {
    let rule = |pattern: &&str| SyncRule {
        action: SyncAction::Exclude,
        pattern: (*pattern).to_owned(),
        why: "a secret".to_owned(),
    };
    SECRETS.iter().map(rule).collect()
}

/// A rule as an argument of rsync's.
pub(crate) fn filter(rule: &SyncRule) -> String {
    let sign = match rule.action {
        SyncAction::Include => '+',
        SyncAction::Exclude => '-',
    };
    format!("--filter={sign} {}", rule.pattern)
}

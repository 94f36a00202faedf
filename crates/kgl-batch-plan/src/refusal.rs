//! How gcloud says no, and what to do about it.

use kgl_cli::Failure;

/// What a refusal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// There is no such thing: a proper no.
    Absent,
    /// Something here is to be changed.
    Ours,
    /// It may work later.
    Theirs,
}

/// The first row whose words are all in what gcloud said is what it means: `(words, kind, meaning,
/// next step)`. The order matters: a bucket that is absent is told before what is absent in it.
const MEANINGS: &[(&[&str], Kind, &str, &str)] = &[
    (
        &["do not currently have an active account"],
        Kind::Ours,
        "nobody is logged in to Google Cloud",
        "gcloud auth login",
    ),
    (
        &["invalid authentication credentials"],
        Kind::Ours,
        "Google does not accept the credentials any more",
        "gcloud auth login; and see that this machine's clock is right",
    ),
    (
        &["Reauthentication"],
        Kind::Ours,
        "Google asks to log in again",
        "gcloud auth login",
    ),
    // A key's assertion says when it was signed, and Google looks at its own clock.
    (
        &["Invalid JWT"],
        Kind::Theirs,
        "this machine's clock is off, so Google does not accept what it signs",
        "set the clock (timedatectl shows it), then again",
    ),
    (
        &["certificate is not yet valid"],
        Kind::Theirs,
        "this machine's clock is behind: Google's certificate begins later",
        "set the clock (timedatectl shows it), then again",
    ),
    (
        &["certificate has expired"],
        Kind::Theirs,
        "this machine's clock is ahead, or something between here and Google has an old certificate",
        "set the clock (timedatectl shows it), then again; where it is right, ask who runs the proxy",
    ),
    (
        &["certificate verify failed"],
        Kind::Ours,
        "what answers is not Google, or a proxy whose certificates gcloud does not know",
        "gcloud config set core/custom_ca_certs_file FILE, with the proxy's",
    ),
    (
        &["invalid_grant"],
        Kind::Ours,
        "Google does not accept the credentials any more",
        "gcloud auth login",
    ),
    (
        &["project", "property is set to the empty string"],
        Kind::Ours,
        "no project of Google Cloud is set",
        "gcloud config set project ID",
    ),
    (
        &["required property [project] is not currently set"],
        Kind::Ours,
        "no project of Google Cloud is set",
        "gcloud config set project ID",
    ),
    (
        &["SERVICE_DISABLED"],
        Kind::Ours,
        "the project does not use this service yet",
        "make gcp-setup",
    ),
    (
        &["has not been used in project"],
        Kind::Ours,
        "the project does not use this service yet",
        "make gcp-setup",
    ),
    (
        &["billing"],
        Kind::Ours,
        "the project has no billing account",
        "link one: https://console.cloud.google.com/billing/projects",
    ),
    (
        &["storage.buckets.get"],
        Kind::Ours,
        "the bucket is somebody else's, or you may not use it",
        "name one of your own: KGL_GCP_BUCKET=NAME, then make gcp-setup",
    ),
    (
        &["requested bucket name is not available"],
        Kind::Ours,
        "a bucket of this name is somebody else's",
        "name one of your own: KGL_GCP_BUCKET=NAME, then make gcp-setup",
    ),
    (
        &["service account", "does not exist"],
        Kind::Ours,
        "the account that the machines act as is not there",
        "make gcp-setup",
    ),
    (
        &["Location", "is not found"],
        Kind::Ours,
        "Batch does not run in this region",
        "gcloud batch locations list shows where it does; CLOUDSDK_BATCH_LOCATION=NAME or --region NAME",
    ),
    (
        &["already exists"],
        Kind::Ours,
        "there is one of this name already",
        "make gcp-status shows it; submit again, which gives another name",
    ),
    (
        &["Request payload size exceeds"],
        Kind::Ours,
        "the job is larger than Batch takes",
        "let fewer files travel (--file)",
    ),
    (
        &["task_count must be in"],
        Kind::Ours,
        "the job has more tasks than Batch takes",
        "cut the search into fewer shards (--count)",
    ),
    (&["matched no objects"], Kind::Absent, "there is none", ""),
    (
        &["gs://", "not found: 404"],
        Kind::Ours,
        "the bucket is not there",
        "make gcp-setup",
    ),
    (
        &["The specified bucket does not exist"],
        Kind::Ours,
        "the bucket is not there",
        "make gcp-setup",
    ),
    (
        &["PERMISSION_DENIED"],
        Kind::Ours,
        "you may not do that in this project",
        "see that it is the right one: gcloud config get-value project",
    ),
    (
        &["does not have permission"],
        Kind::Ours,
        "you may not do that in this project",
        "see that it is the right one: gcloud config get-value project",
    ),
    (
        &["HTTPError 403"],
        Kind::Ours,
        "you may not do that there",
        "see that project and account are the right ones: gcloud config list",
    ),
    (&["was not found"], Kind::Absent, "there is none", ""),
    (&["NOT_FOUND"], Kind::Absent, "there is none", ""),
    (&["not found: 404"], Kind::Absent, "there is none", ""),
    (&["code=404"], Kind::Absent, "there is none", ""),
    (
        &["RESOURCE_EXHAUSTED"],
        Kind::Theirs,
        "too much was asked of Google at once",
        "wait a minute, then again",
    ),
    (
        &["INVALID_ARGUMENT"],
        Kind::Ours,
        "Google does not take it",
        "what it said is above",
    ),
    (
        &["HTTPError 400"],
        Kind::Ours,
        "Google does not take it",
        "what it said is above",
    ),
];

/// The failure that `said`, which gcloud wrote on stderr, is told as. Its own words are kept.
pub(crate) fn of(what: &str, said: &str) -> Failure {
    let row = MEANINGS
        .iter()
        .find(|(words, ..)| words.iter().all(|word| said.contains(word)));
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("ERROR:"))
        .collect();
    // The rest of what it says is for people who type.
    let said = if errors.is_empty() {
        said.trim().to_owned()
    } else {
        errors.join("\n")
    };
    let Some(&(_, kind, meaning, hint)) = row else {
        return Failure::outside(format_args!("cannot {what}\n  gcloud: {said}"))
            .hint("is there a network? Run it again; it is safe to");
    };
    let text = format!("cannot {what}: {meaning}\n  gcloud: {said}");
    match kind {
        Kind::Absent => Failure::no(text),
        Kind::Ours => Failure::usage(text).hint(hint),
        Kind::Theirs => Failure::outside(text).hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_cli::Exit;

    // As gcloud 528 says it; tests/gcp.bats hears it say so, but for certificates, over which it
    // keeps trying for half a minute.
    const SAID: &[(&str, Exit, &str)] = &[
        (
            "ERROR: (gcloud.batch.jobs.list) You do not currently have an active account selected.\nPlease run:",
            Exit::Usage,
            "gcloud auth login",
        ),
        (
            "ERROR: (gcloud.storage.ls) HTTPError 401: Request had invalid authentication credentials. Expected",
            Exit::Usage,
            "gcloud auth login",
        ),
        (
            "ERROR: (gcloud.config.get-value) The project property is set to the empty string, which is invalid.",
            Exit::Usage,
            "config set project",
        ),
        (
            "ERROR: (gcloud.batch.jobs.list) PERMISSION_DENIED: Batch API has not been used in project p before",
            Exit::Usage,
            "make gcp-setup",
        ),
        (
            "ERROR: (gcloud.storage.ls) gs://p-kgl not found: 404.",
            Exit::Usage,
            "make gcp-setup",
        ),
        (
            "ERROR: (gcloud.storage.ls) One or more URLs matched no objects.",
            Exit::No,
            "there is none",
        ),
        (
            "ERROR: (gcloud.batch.jobs.describe) NOT_FOUND: Resource 'x' was not found",
            Exit::No,
            "there is none",
        ),
        (
            "ERROR: (gcloud.batch.jobs.submit) ALREADY_EXISTS: Resource 'x' already exists",
            Exit::Usage,
            "another name",
        ),
        (
            "ERROR: (gcloud.batch.jobs.list) There was a problem refreshing auth tokens for account a: ('invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes)",
            Exit::Outside,
            "set the clock",
        ),
        (
            "ERROR: (gcloud.batch.jobs.list) There was a problem refreshing your current auth tokens: ('invalid_grant: Token has been expired or revoked.",
            Exit::Usage,
            "gcloud auth login",
        ),
        (
            "ERROR: gcloud crashed (SSLError): HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: /b (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1010)')))",
            Exit::Outside,
            "set the clock",
        ),
        (
            "ERROR: gcloud crashed (SSLError): HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: /b (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1010)')))",
            Exit::Outside,
            "set the clock",
        ),
        (
            "ERROR: gcloud crashed (SSLError): HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: /b (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1010)')))",
            Exit::Usage,
            "custom_ca_certs_file",
        ),
        (
            "ERROR: (gcloud.storage.cp) HTTPError 503: told to fail",
            Exit::Outside,
            "Run it again",
        ),
    ];

    #[test]
    fn refusals_are_told_with_the_way_on() {
        for (said, exit, hint) in SAID {
            let failure = of("list the jobs", said);
            assert_eq!(failure.exit(), *exit, "{said}");
            let text = failure.to_string();
            assert!(text.starts_with("cannot list the jobs"), "{text}");
            assert!(
                text.contains(hint) && text.contains(said.lines().next().unwrap()),
                "{text}"
            );
        }
    }
}

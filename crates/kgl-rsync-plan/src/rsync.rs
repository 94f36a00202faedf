//! The argvs for rsync, and its dry runs.

use kgl_cli::Failure;
use kgl_contract::{Sha256, SyncRule};
use kgl_ssh::{Host, rsync};

use crate::itemize::{Change, FORMAT, read_list};
use crate::rules::filter;

/// How files travel: content, links, rights, times; to an existing name only whole (`-rlpt` and
/// rsync's own rename). Times of folders change with every file in them and mean nothing. `-s`
/// keeps names from the shell there, `-8` leaves them as they are in the output.
const MANNER: [&str; 4] = ["-rlptO", "-s", "-8", "--partial-dir=.kgl-partial"];

/// The argv that brings the content of the folder `source` to the folder `root`: on `host`, or on
/// this machine where there is none.
#[must_use]
pub fn argv(
    source: &str,
    host: Option<&Host>,
    root: &str,
    rules: &[SyncRule],
    delete: bool,
) -> Vec<String> {
    let mut argv = begin(host);
    argv.extend(rules.iter().map(filter));
    if delete {
        argv.push("--delete-after".to_owned());
    }
    argv.extend(ends(source, host, root));
    argv
}

/// The argv that brings the files named on stdin, whatever the host has under those names: `-I`
/// takes no equal size and time for equal bytes.
pub(crate) fn inputs_argv(source: &str, host: &Host, root: &str) -> Vec<String> {
    let mut argv = begin(Some(host));
    argv.extend(["-I", "--files-from=-", "--from0"].map(str::to_owned));
    argv.extend(ends(source, Some(host), root));
    argv
}

fn begin(host: Option<&Host>) -> Vec<String> {
    let mut argv = vec!["rsync".to_owned()];
    argv.extend(MANNER.map(str::to_owned));
    argv.push(FORMAT.to_owned());
    argv.extend(host.map(|host| format!("--rsh={}", host.rsh())));
    argv
}

/// Source and destination. A trailing slash means the content.
fn ends(source: &str, host: Option<&Host>, root: &str) -> [String; 3] {
    let root = root.trim_end_matches('/');
    let to = match host {
        Some(host) => format!("{}:{root}/", host.name()),
        None => format!("{root}/"),
    };
    [
        "--".to_owned(),
        format!("{}/", source.trim_end_matches('/')),
        to,
    ]
}

/// What rsync would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// Change by change, in rsync's order.
    pub changes: Vec<Change>,
    /// Digest of all of them, with sizes and times.
    pub sha256: Sha256,
}

/// Asks rsync what `argv` would do.
///
/// # Errors
/// rsync is missing here or there (exit 2), or it failed (exit 3).
pub fn dry_run(argv: &[String], what: &str) -> Result<DryRun, Failure> {
    dry_run_with(argv, &[], what)
}

/// As [`dry_run`], with more options.
pub(crate) fn dry_run_with(
    argv: &[String],
    options: &[&str],
    what: &str,
) -> Result<DryRun, Failure> {
    let mut with = argv.to_vec();
    with.splice(
        1..1,
        ["-n"]
            .iter()
            .chain(options)
            .map(|&option| option.to_owned()),
    );
    let finished = rsync(&with, b"", what)?;
    let (changes, sha256) = read_list(&finished.stdout);
    Ok(DryRun { changes, sha256 })
}

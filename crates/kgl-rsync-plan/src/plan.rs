//! Making a plan.

use std::path::Path;
use std::thread;

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Changes, HostSync, Sha256, SyncInput, SyncPlan, SyncRule, Tag};
use kgl_ssh::Host;

use crate::cli::Args;
use crate::inputs;
use crate::itemize::{Kind, count};
use crate::rsync::{argv, dry_run, dry_run_with, inputs_argv};
use crate::rules::rules;
use crate::targets;

/// What is the same for all hosts.
#[derive(Debug)]
struct Shared {
    source: String,
    rules: Vec<SyncRule>,
    delete: bool,
    inputs: Vec<SyncInput>,
}

/// Plans what would travel to every host. Touches nothing.
///
/// # Errors
/// As the manual says.
pub(crate) fn plan(args: &Args, io: &Io) -> Result<SyncPlan, Failure> {
    let targets = targets::read(args, io)?;
    let source = args
        .source
        .canonicalize()
        .map_err(|error| kgl_cli::read_failure(&args.source, error))?;
    let path = source.to_str().map(str::to_owned);
    let path =
        path.ok_or_else(|| Failure::usage(format_args!("{}: not text", source.display())))?;
    check_source(&source, &targets.competition)?;
    let shared = Shared {
        source: path,
        rules: rules(&args.exclude),
        delete: args.delete,
        inputs: inputs::read(args, &source, io)?,
    };
    let hosts: Vec<Result<HostSync, Failure>> = thread::scope(|scope| {
        let plans: Vec<_> = targets
            .hosts
            .iter()
            .map(|(host, root)| scope.spawn(|| for_host(host, root, &shared)))
            .collect();
        let lost = || Err(Failure::outside("a thread was lost"));
        plans
            .into_iter()
            .map(|plan| plan.join().unwrap_or_else(|_| lost()))
            .collect()
    });
    Ok(SyncPlan {
        schema: Tag::default(),
        competition: targets.competition,
        source: shared.source,
        rules: shared.rules,
        max_deletions: args.max_deletions,
        hosts: hosts.into_iter().collect::<Result<_, _>>()?,
    })
}

/// A source without the competition is not the project: syncing it would bring nothing, or with
/// --delete take everything.
pub(crate) fn check_source(source: &Path, competition: &str) -> Result<(), Failure> {
    let folder = source.join("competitions").join(competition);
    let something = folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some());
    if something {
        return Ok(());
    }
    Err(Failure::usage(format_args!(
        "{} holds no competitions/{competition}, so it is not the project",
        source.display()
    ))
    .hint("run this in the project's folder, or name it: --source DIR"))
}

fn for_host(host: &Host, root: &str, shared: &Shared) -> Result<HostSync, Failure> {
    let name = host.name();
    let mut argv = argv(
        &shared.source,
        Some(host),
        root,
        &shared.rules,
        shared.delete,
    );
    let mut inputs = shared.inputs.clone();
    // Asked at once: the host answers the short questions while rsync goes through the files.
    let (found, looked, available_bytes) = thread::scope(|scope| {
        let looked = scope.spawn(|| inputs::look(host, root, &mut inputs));
        let available_bytes = scope.spawn(|| available(host, root));
        (dry_run(&argv, name), looked.join(), available_bytes.join())
    });
    let lost = |_| Failure::outside("a thread was lost");
    let found = found?;
    looked.map_err(lost)??;
    let available_bytes = available_bytes.map_err(lost)??;
    let delete = count(&found.changes, |kind| kind == Kind::Delete);
    let protected = if shared.delete {
        Some(protected(&argv, &delete, name)?)
    } else {
        None
    };
    if shared.delete {
        // So that no more than that can happen, whatever appears there meanwhile.
        argv.insert(1, format!("--max-delete={}", delete.count));
    }
    let some_missing = inputs.iter().any(|input| !input.there);
    Ok(HostSync {
        host: name.to_owned(),
        root: root.to_owned(),
        send: count(&found.changes, |kind| kind != Kind::Delete),
        delete,
        protected,
        inputs_argv: some_missing.then(|| inputs_argv(&shared.source, host, root)),
        changes_sha256: digest(found.sha256, &inputs),
        inputs,
        available_bytes,
        argv,
    })
}

/// The digest of all that would change: rsync's list, and which inputs are missing.
pub(crate) fn digest(list: Sha256, inputs: &[SyncInput]) -> Sha256 {
    let mut lines = vec![list.to_string()];
    lines.extend(
        inputs
            .iter()
            .map(|input| format!("{} {} {:?}", input.sha256, input.there, input.path)),
    );
    Sha256::of_lines(lines.iter().map(String::as_str))
}

/// What only the rules keep from being deleted: what rsync would delete besides if it did not
/// mind them.
fn protected(argv: &[String], delete: &Changes, what: &str) -> Result<Changes, Failure> {
    let without = dry_run_with(argv, &["--delete-excluded"], what)?;
    let all = count(&without.changes, |kind| kind == Kind::Delete);
    let first = all
        .first
        .into_iter()
        .filter(|path| !delete.first.contains(path));
    Ok(Changes {
        count: all.count.saturating_sub(delete.count),
        size_bytes: 0,
        first: first.collect(),
    })
}

/// Room on the disk that holds `root`, or will.
pub(crate) fn available(host: &Host, root: &str) -> Result<u64, Failure> {
    let script = "p=$1; while [ -n \"$p\" ] && [ ! -d \"$p\" ]; do p=${p%/*}; done; \
                  LC_ALL=C df -Pk -- \"${p:-/}\" | tail -n 1";
    let finished = host.run(&["sh", "-c", script, "sh", root], b"", None)?;
    let text = finished.stdout_text();
    let fields: Vec<&str> = text.split_whitespace().collect();
    let share = fields.iter().rposition(|field| field.ends_with('%'));
    let blocks = share.and_then(|share| fields.get(share.checked_sub(1)?)?.parse::<u64>().ok());
    blocks
        .and_then(|blocks| blocks.checked_mul(1024))
        .ok_or_else(|| {
            format!(
                "df said `{}` {}",
                text.trim(),
                finished.stderr_text().trim()
            )
        })
        .map_err(std::io::Error::other)
        .or_outside(format_args!(
            "{}: cannot tell the room on the disk there",
            host.name()
        ))
}

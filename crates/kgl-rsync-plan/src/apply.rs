//! Applying a plan: exactly that, or not at all.

use std::path::Path;
use std::thread;

use kgl_cli::{Failure, Io, size};
use kgl_contract::{HostSync, SyncPlan};
use kgl_ssh::{Host, Patience, Socket, rsync};

use crate::inputs::{look, names};
use crate::plan::{available, check_source, digest};
use crate::rsync::dry_run;

/// Applies `plan` on all its hosts at once. What one host does not get, the others do.
///
/// # Errors
/// The plan is refused (exit 1), or a host failed (exit 3). The first failure is told here, the
/// others as warnings.
pub(crate) fn apply(plan: &SyncPlan, io: &Io) -> Result<(), Failure> {
    check_source(Path::new(&plan.source), &plan.competition)?;
    let outcomes: Vec<Result<(), Failure>> = thread::scope(|scope| {
        let runs: Vec<_> = plan
            .hosts
            .iter()
            .map(|host| scope.spawn(|| on_host(plan, host, io)))
            .collect();
        let lost = || Err(Failure::outside("a thread was lost"));
        runs.into_iter()
            .map(|run| run.join().unwrap_or_else(|_| lost()))
            .collect()
    });
    let mut failures = outcomes.into_iter().filter_map(Result::err);
    let Some(first) = failures.next() else {
        return Ok(());
    };
    for failure in failures {
        io.warn(failure);
    }
    Err(first)
}

fn on_host(plan: &SyncPlan, part: &HostSync, io: &Io) -> Result<(), Failure> {
    let name = &part.host;
    let host = Host::new(name, Patience::of_environment())?.through(Socket::of_environment());
    refuse_too_much(plan, part)?;
    let needed = needed(part);
    let room = available(&host, &part.root)?;
    if needed > room {
        return Err(Failure::no(format_args!(
            "{name}: {} would travel, and {} has room for {}",
            size(needed),
            part.root,
            size(room)
        ))
        .hint("make room there, or leave something out with --exclude"));
    }
    let mut inputs = part.inputs.clone();
    look(&host, &part.root, &mut inputs)?;
    let now = dry_run(&part.argv, name)?;
    if digest(now.sha256, &inputs) != part.changes_sha256 {
        return Err(Failure::no(format_args!(
            "{name}: the project or the host has changed since the plan was made"
        ))
        .hint("plan again; this plan was not begun"));
    }
    let finished = host.run(&["mkdir", "-p", "--", &part.root], b"", None)?;
    if !finished.status.success() {
        return Err(Failure::outside(format_args!(
            "{name}: {}",
            finished.stderr_text().trim()
        )));
    }
    if !now.changes.is_empty() {
        rsync(&part.argv, b"", name)?;
    }
    if let Some(argv) = &part.inputs_argv {
        let missing = names(inputs.iter().filter(|input| !input.there));
        rsync(argv, &missing, name)?;
    }
    verify(&host, part, io)
}

/// What is on its way, in bytes: files of the tree and inputs.
pub(crate) fn needed(part: &HostSync) -> u64 {
    let inputs = part.inputs.iter().filter(|input| !input.there);
    part.send.size_bytes + inputs.map(|input| input.size_bytes).sum::<u64>()
}

fn refuse_too_much(plan: &SyncPlan, part: &HostSync) -> Result<(), Failure> {
    if part.delete.count <= plan.max_deletions {
        return Ok(());
    }
    Err(Failure::no(format_args!(
        "{}: {} deletions are planned, and more than {} are taken for a mistake",
        part.host, part.delete.count, plan.max_deletions
    ))
    .hint("look at them in the plan; if they are meant, plan with a larger --max-deletions"))
}

/// rsync must find nothing left to do, and every input must be there by its digest.
fn verify(host: &Host, part: &HostSync, io: &Io) -> Result<(), Failure> {
    let name = host.name();
    let left = dry_run(&part.argv, name)?;
    if let Some(change) = left.changes.first() {
        return Err(Failure::outside(format_args!(
            "{name}: {} changes are left after the sync, {} first",
            left.changes.len(),
            String::from_utf8_lossy(&change.path)
        ))
        .hint("somebody is changing files here or there: the same command brings the rest"));
    }
    let mut inputs = part.inputs.clone();
    look(host, &part.root, &mut inputs)?;
    if let Some(input) = inputs.iter().find(|input| !input.there) {
        return Err(Failure::outside(format_args!(
            "{name}: {} arrived with another digest",
            input.path
        ))
        .hint("somebody is changing it here or there: the same command brings it again"));
    }
    io.note(format_args!(
        "{name}: {} changes applied, verified: nothing is left to do",
        part.send.count + part.delete.count
    ));
    Ok(())
}

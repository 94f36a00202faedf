//! `kgl-rsync-plan`: what rsync would bring to hosts, as a document; and exactly that, applied.
//!
//! ```text
//! kgl-rsync-plan competitions/jaguar-re-id/challenge.json | kgl-rsync-plan --apply -
//! ```
//!
//! **Input**: a `kgl.challenge/1` or `kgl.fleet/1` document; with `--apply` a `kgl.sync-plan/1`.
//! **Output**: a `kgl.sync-plan/1` document; with `--apply` that same document, once it is done.
//!
//! rsync decides what happens ([`itemize`] only reads what it says): the plan is made by a dry
//! run with the very argv that it holds, it has gone stale when another dry run gives another
//! list, and it is done when a last one finds nothing to do. No rule is interpreted here.
//!
//! **Exit codes**: 0 done, 1 the plan is refused, 2 bad usage or input, 3 a host or disk failed.

mod apply;
mod cli;
mod inputs;
mod itemize;
mod plan;
mod rsync;
mod rules;
mod summary;
mod targets;

pub use cli::Args;
pub use itemize::{Change, Kind, read_list};
pub use rsync::{DryRun, argv, dry_run};
pub use rules::rules;

use std::path::Path;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::SyncPlan;

/// Runs the tool.
///
/// # Errors
/// As the manual says.
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(args: Args, io: &Io) -> Result<Exit, Failure> {
    let Some(file) = &args.apply else {
        let plan = plan::plan(&args, io)?;
        io.note(summary::of(&plan));
        io.write_document(&plan, None)?;
        return Ok(Exit::Done);
    };
    let given = (file != Path::new("-")).then_some(file.as_path());
    let (plan, _) = io.read_document::<SyncPlan>(given.or(Some(file)))?;
    apply::apply(&plan, io)?;
    io.write_document(&plan, None)?;
    Ok(Exit::Done)
}

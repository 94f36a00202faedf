//! `kgl-scaffold`: from an inspection to a competition of one's own, a folder
//! `competitions/SLUG` whose verbs work at once.
//!
//! ```text
//! kgl-inspect titanic --download | kgl-scaffold
//! ```
//!
//! * input: a `kgl.inspection/1` document;
//! * output: the files, and a `kgl.scaffold-report/1` on stdout that says what was
//!   done with each;
//! * exit: 0 done, 2 bad usage or input, 3 the disk failed.
//!
//! What it writes: `challenge.json` (metric, rules, verbs), `AGENTS.md` (task, files,
//! columns, commands, for whoever works on it), `baseline.json` (where each column of
//! a first submission comes from), `train.sh` and `predict.sh`. All but `baseline.json`
//! come from templates, which lie in the project's `competitions/_template` and may
//! be edited there; the binary carries a copy for a project that has none.
//!
//! Running it again is safe: `.scaffold.json` remembers what was written, and a file
//! that somebody edited stays as it is.
//!
//! ```text
//! plan     inspection ─► what the templates are filled with
//! baseline inspection ─► where the columns of a first submission come from
//! values   inspection ─► what the check holds its values to
//! render   templates ─► files
//! files    what is there, what was written before ─► what to do with each; then do it
//! ```

mod baseline;
pub mod cli;
mod files;
mod plan;
mod render;
mod values;

use std::path::Path;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::{Inspection, ScaffoldAction, ScaffoldReport, Tag};

use cli::Arguments;

/// The tool.
///
/// # Errors
/// The inspection says of no competition, or a template is broken (exit 2); a file cannot be
/// written (exit 3).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    let (inspection, _) = io.read_document::<Inspection>(arguments.inspection.as_deref())?;
    let slug = plan::slug(&inspection, arguments.slug.as_deref())?;
    let project = arguments.project.as_deref().unwrap_or(Path::new(""));
    let folder = project.join("competitions").join(&slug);
    let templates = arguments
        .templates
        .clone()
        .unwrap_or_else(|| project.join("competitions/_template"));
    let plan = plan::plan(&inspection, &slug, arguments.name.as_deref());
    io.detail(format_args!("templates may use: {}", plan.names()));
    let rendered = render::render(&plan, &templates)?;
    let before = files::recorded(&folder);
    let decided = files::decide(&folder, rendered, &before, &arguments.force)?;
    if !arguments.dry_run {
        files::apply(&folder, &decided)?;
    }
    let report = ScaffoldReport {
        schema: Tag::default(),
        slug: slug.clone(),
        files: decided.iter().map(|one| one.report.clone()).collect(),
    };
    if !arguments.dry_run {
        files::record(&folder, &report, &before)?;
    }
    io.write_document(&report, arguments.out.as_deref())?;
    tell(io, &folder, &report, &plan, arguments.dry_run);
    Ok(Exit::Done)
}

fn tell(io: &Io, folder: &Path, report: &ScaffoldReport, plan: &plan::Plan, dry: bool) {
    for file in &report.files {
        let did = match (file.action, dry) {
            (ScaffoldAction::Created, false) => "created",
            (ScaffoldAction::Created, true) => "to create",
            (ScaffoldAction::Updated, false) => "updated",
            (ScaffoldAction::Updated, true) => "to update",
            (ScaffoldAction::Replaced, false) => "replaced, the old one is .orig",
            (ScaffoldAction::Replaced, true) => "to replace",
            (ScaffoldAction::Unchanged, _) => "as it was",
            (ScaffoldAction::Kept, _) => "edited, so it was left alone (--force FILE replaces it)",
        };
        io.note(format_args!("  {}/{}: {did}", folder.display(), file.path));
    }
    if dry {
        return;
    }
    let slug = &report.slug;
    let data = folder.join("data");
    let data = data.display();
    match &plan.baseline {
        Some(baseline) if folder.join(&baseline.sample).exists() => {
            io.note(format_args!("next: make train predict competition={slug}"));
        }
        Some(_) => io.note(format_args!(
            "next: bring its data into {data}, then make train predict competition={slug}"
        )),
        None => io.note(format_args!(
            "next: bring its data into {data}, then run this again: there is no sample submission yet"
        )),
    }
}

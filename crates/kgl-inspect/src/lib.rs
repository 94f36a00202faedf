//! `kgl-inspect`: what a competition's data is. A folder in, one `inspection`
//! document out: every file and its kind, every table with its columns' types,
//! ranges and numbers of different values, the shape of a submission, and what
//! could not be learned and why.
//!
//! ```text
//! kgl-inspect --data competitions/titanic/data | kgl-scaffold
//! ```
//!
//! * input: a folder; hidden files are left out, links are not followed;
//! * output: a `kgl.inspection/1` document on stdout or in `--out`; a summary for
//!   people on stderr, with every column under `--verbose`;
//! * exit: 0 done, 2 bad usage or no such folder, 3 the outside world failed.
//!
//! A broken file does not stop the inspection: it is listed under `unlearned`.
//! The document is a function of the folder's content: no time, no path outside
//! the folder, and the same bytes for any number of workers.
//!
//! How a table is read: kgl-csv cuts it into pieces of whole records and takes the
//! fields out of each piece, `column` gathers them, and the summaries
//! of the pieces are merged in the order of the file. Memory stays bounded: small
//! tables are read side by side, large ones one after the other with their
//! pieces side by side.

pub mod cli;
mod column;
mod distinct;
mod fault;
mod files;
mod kind;
mod submission;
mod summary;
mod table;
mod value;

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::{FileKind, Inspection, Tag, Unlearned};
use rayon::prelude::*;

use cli::Arguments;
use files::{Folder, Found};
use kgl_csv::Sizes;

/// The tool: inspects a folder and writes what it learned.
///
/// # Errors
/// No folder was given, or it cannot be read (exit 2); the document cannot be
/// written (exit 3).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    let Some(data) = &arguments.data else {
        return Err(match &arguments.slug {
            Some(slug) => Failure::usage(format_args!(
                "asking Kaggle about `{slug}` is not there yet"
            ))
            .hint("inspect a folder of its data: kgl-inspect --data DIR"),
            None => Failure::usage("nothing to inspect").hint("name a folder: --data DIR"),
        });
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.workers.unwrap_or(0).into())
        .build()
        .or_outside("cannot start the workers")?;
    let out = arguments.out.as_deref();
    let folder = pool.install(|| files::list_files(data, out))?;
    let inspection = {
        let tables = folder.files.iter().filter(|file| is_table(file));
        let progress = io.progress(tables.map(|file| file.entry.size_bytes).sum(), "profiling");
        let hidden = folder.hidden;
        io.detail(format_args!(
            "{} workers; hidden files and folders left out: {hidden}",
            pool.current_num_threads()
        ));
        pool.install(|| inspect(folder, &|bytes| progress.advance(bytes)))
    };
    io.write_document(&inspection, out)?;
    io.note(summary::summarize(&inspection, io.is_verbose()));
    Ok(Exit::Done)
}

fn is_table(file: &Found) -> bool {
    file.entry.kind == FileKind::Table
}

/// Profiles the tables of a folder and puts together what is known.
fn inspect(folder: Folder, advance: &(dyn Fn(u64) + Sync)) -> Inspection {
    let Folder {
        files,
        mut unlearned,
        ..
    } = folder;
    let profile = |file: &Found| table::profile_file(&file.place, &file.entry.path, advance);
    // A small table is one block; a large one keeps all workers busy by itself.
    let (small, large): (Vec<&Found>, Vec<&Found>) = files
        .iter()
        .filter(|file| is_table(file))
        .partition(|file| file.entry.size_bytes <= Sizes::USUAL.block as u64);
    let mut profiles: Vec<_> = small
        .into_par_iter()
        .map(|file| (file, profile(file)))
        .collect();
    profiles.extend(large.into_iter().map(|file| (file, profile(file))));

    let mut tables = Vec::new();
    for (file, profile) in profiles {
        match profile {
            Ok(table) => tables.push(table),
            Err(fault) => unlearned.push(Unlearned {
                what: file.entry.path.clone(),
                reason: fault.to_string(),
                next: fault.next().to_owned(),
            }),
        }
    }
    tables.sort_by(|a, b| a.path.cmp(&b.path));
    let submission = submission::tell_submission(&tables);
    if files.is_empty() {
        unlearned.push(Unlearned {
            what: "files".to_owned(),
            reason: "the folder holds no files but hidden ones".to_owned(),
            next: "look whether this is the folder you meant".to_owned(),
        });
    } else if submission.is_none() {
        unlearned.push(Unlearned {
            what: "submission".to_owned(),
            reason: "none of the tables that could be read is a sample of a submission".to_owned(),
            next: "put sample_submission.csv into the folder, then inspect again".to_owned(),
        });
    }
    unlearned.sort_by(|a, b| (&a.what, &a.reason).cmp(&(&b.what, &b.reason)));
    Inspection {
        schema: Tag::default(),
        competition: None,
        kinds: files::count_kinds(&files),
        files: files.into_iter().map(|file| file.entry).collect(),
        tables,
        submission,
        unlearned,
    }
}

//! `kgl-inspect`: what a competition is and what its data is. A slug or a folder
//! in, one `inspection` document out: what Kaggle says of the competition, every
//! file and its kind, every table with its columns' types, ranges and numbers of
//! different values, the shape of a submission, and what could not be learned and
//! why.
//!
//! ```text
//! kgl-inspect titanic --download | kgl-scaffold
//! ```
//!
//! * input: a slug, whose data lies (or will lie) in `competitions/SLUG/data`, or a
//!   folder; hidden files are left out, links are not followed;
//! * output: a `kgl.inspection/1` document on stdout or in `--out`; a summary for
//!   people on stderr, with every column under `--verbose`;
//! * exit: 0 done, 1 Kaggle does not allow something that was asked for, 2 bad usage,
//!   no credentials, no such competition or folder, 3 the outside world failed. With 1,
//!   and with 3 where Kaggle gave a part of the answers, the document is written
//!   all the same and says what is missing.
//!
//! A broken file does not stop the inspection: it is listed under `unlearned`. What
//! the document says of a folder is a function of its content: no time, no path
//! outside the folder, and the same bytes for any number of workers. Each question
//! to Kaggle goes through the official client (kgl-kaggle), all in one process of it;
//! `--saved` takes the answers from an inspection that was saved.
//!
//! Tables are CSV (plain, gzip, or alone in a zip file) and JSON lines; of Parquet
//! the schema is read, and what it tells.
//!
//! How a table is read: kgl-csv cuts it into pieces of whole records and takes the
//! fields out of each piece, `column` gathers them, and the summaries
//! of the pieces are merged in the order of the file. Memory stays bounded: small
//! tables are read side by side, large ones one after the other with their
//! pieces side by side.

mod ask;
pub mod cli;
mod column;
mod distinct;
mod fault;
mod files;
mod folders;
mod gather;
mod json_lines;
mod kind;
mod layout;
mod metric;
mod moments;
mod notices;
mod order;
mod parquet;
mod person;
mod repeats;
mod sample;
mod submission;
mod summary;
mod table;
mod task;
mod value;

use std::path::Path;

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::is_slug;
use kgl_kaggle::Client;

use ask::Asked;
use cli::Arguments;

/// The tool: inspects a folder and writes what it learned.
///
/// # Errors
/// No folder was given, or it cannot be read (exit 2); the document cannot be
/// written (exit 3).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    let mut asked = match (&arguments.slug, &arguments.saved) {
        (slug, Some(saved)) => Some((Asked::saved(saved, slug.as_deref(), io)?, None)),
        (Some(slug), None) => {
            refuse_odd(slug)?;
            let client = Client::find()?;
            Some((ask::ask(&client, slug, io)?, Some(client)))
        }
        (None, None) => None,
    };
    let slug = asked.as_ref().map(|(asked, _)| asked.facts.slug.clone());
    let data = match (&arguments.data, slug) {
        (Some(data), _) => data.clone(),
        (None, Some(slug)) => Path::new("competitions").join(slug).join("data"),
        (None, None) => {
            return Err(Failure::usage("nothing to inspect")
                .hint("name a competition, or a folder: --data DIR"));
        }
    };
    if arguments.download
        && let Some((asked, Some(client))) = &mut asked
    {
        asked.fetch(client, &data, io)?;
    }
    let asked = asked.map(|(asked, _)| asked);

    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.workers.unwrap_or(0).into())
        .build()
        .or_outside("cannot start the workers")?;
    let out = arguments.out.as_deref();
    // Of a competition without its data the rest is worth telling.
    let folder = if asked.is_some() && arguments.data.is_none() && !data.exists() {
        None
    } else {
        Some(pool.install(|| files::list_files(&data, out))?)
    };
    let mut inspection = match folder {
        None => gather::nothing_here(&data),
        Some(folder) => {
            let tables = folder.files.iter().filter(|file| file.layout.is_some());
            let total = tables.map(|file| file.entry.size_bytes).sum();
            let progress = io.progress(total, "profiling");
            let hidden = folder.hidden;
            io.detail(format_args!(
                "{} workers; hidden files and folders left out: {hidden}",
                pool.current_num_threads()
            ));
            pool.install(|| gather::inspect(folder, &|bytes| progress.advance(bytes)))
        }
    };
    let mut exit = Exit::Done;
    if let Some(asked) = asked {
        exit = asked.exit;
        inspection.competition = Some(asked.facts);
        inspection.published = asked.published;
        // Questions come first: what is missing below may follow from them.
        inspection.unlearned.splice(0..0, asked.unlearned);
    }
    io.write_document(&inspection, out)?;
    io.note(summary::summarize(&inspection, io.is_verbose()));
    Ok(exit)
}

/// Refuses what is no slug: it would become the name of a folder.
fn refuse_odd(slug: &str) -> Result<(), Failure> {
    if is_slug(slug) {
        return Ok(());
    }
    Err(Failure::usage(format_args!(
        "`{slug}` is no competition's name: lower case, digits and `-`"
    ))
    .hint("take the last part of its address: https://www.kaggle.com/competitions/NAME"))
}

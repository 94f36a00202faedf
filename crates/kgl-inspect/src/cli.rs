//! The arguments, whose comments are the help.

use std::path::PathBuf;

/// Learn what a competition is and what its data is: metric, limits, pages, files, columns, types,
/// ranges.
///
/// Asks Kaggle about a competition, or reads a folder of data alone, and writes one `inspection`
/// document. Tables are read once, in pieces, on all cores; what is said of them is the same bytes
/// for any number of workers and on any machine, and holds no time and no path but those below the
/// folder.
#[derive(Debug, clap::Parser)]
#[command(
    name = "kgl-inspect",
    version,
    override_usage = "kgl-inspect SLUG [--download] [OPTIONS]\n       kgl-inspect --data DIR [OPTIONS]",
    after_long_help = AFTER_HELP,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// The competition, by its name in Kaggle's addresses, as in `titanic`. Kaggle is asked through
    /// the official client.
    #[arg(value_name = "SLUG")]
    pub slug: Option<String>,
    /// Bring its data first: what is not there yet is fetched, gone on with where an earlier run
    /// was cut, checked against the listed sizes, and put in place when it is whole.
    #[arg(long, requires = "slug", conflicts_with = "saved")]
    pub download: bool,
    /// The folder of the data. Without SLUG Kaggle is not asked.
    /// [default with SLUG: competitions/SLUG/data]
    #[arg(long, value_name = "DIR", verbatim_doc_comment)]
    pub data: Option<PathBuf>,
    /// Take what Kaggle says from this earlier inspection instead of asking: works offline.
    #[arg(long, value_name = "FILE")]
    pub saved: Option<PathBuf>,
    /// Write the inspection to this file instead of stdout; it appears when it is whole. A file in
    /// DIR is not inspected itself.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How many threads work; one a core when not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: kgl_cli::Common,
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

const AFTER_HELP: &str = "\
Examples:
  All that is known of a competition, its data fetched, and a project made of it:
    kgl-inspect titanic --download | kgl-scaffold

  What is in this folder? The summary is for you, the document for other tools:
    kgl-inspect --data competitions/titanic/data > inspection.json

  Again, offline, after the data changed:
    kgl-inspect --saved inspection.json --data competitions/titanic/data

  Did the data change since?
    kgl-inspect --quiet --data data | cmp - inspection.json

Tables are files called .csv, .tsv, .tab or .psv: UTF-8, with a header; the separator (, ; tab |)
is found out. Quoted fields may hold line ends. Only an empty field counts as missing. They may be
packed by gzip, or alone in a zip file. JSON lines (.jsonl, .ndjson) are tables too; of Parquet the
schema is told. Other files are counted by kind, size and folder. Hidden files are left out,
symbolic links are not followed. A file that cannot be read, or is broken, does not stop the
inspection: it is listed under `unlearned` with the line and the next step. So is what Kaggle does
not tell: rules that were not accepted, a page that is not there.

The client is the one that `make kaggle-install` put there, or `kaggle` on the PATH, or what
KGL_KAGGLE names. Its credentials are its own: `make kaggle-auth` stores them.

Input:   a competition's name, or a folder.
Output:  a kgl.inspection/1 document.
Exit:    0 done (whatever is listed under `unlearned`), 1 Kaggle does not allow a part of what was
         asked for, 2 bad usage, no credentials, no such competition, or DIR is missing, unreadable
         or no folder, 3 Kaggle, the disk or another part of the world failed: run it again.
         With 1 and 3 the document is written if the competition itself is known.";

//! The arguments, whose comments are the help.

use std::path::PathBuf;

/// Learn what a competition's data is: files, columns, types, ranges.
///
/// Reads a folder of competition data and writes one `inspection` document. Tables are read
/// once, in pieces, on all cores; the document is the same bytes for any number of workers and on
/// any machine, and holds no time and no path but those below the folder.
#[derive(Debug, clap::Parser)]
#[command(
    name = "kgl-inspect",
    version,
    override_usage = "kgl-inspect --data DIR [OPTIONS]\n       kgl-inspect SLUG [OPTIONS]",
    after_long_help = AFTER_HELP,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// The competition, by its name in Kaggle's addresses, as in `titanic`. Not there yet: use
    /// --data.
    #[arg(value_name = "SLUG", conflicts_with = "data")]
    pub slug: Option<String>,
    /// Inspect the data in this folder, without asking Kaggle.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
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
  What is in this folder? The summary is for you, the document for other tools:
    kgl-inspect --data competitions/titanic/data > inspection.json

  From a folder to a competition of your own:
    kgl-inspect --data data | kgl-scaffold

  Did the data change since?
    kgl-inspect --quiet --data data | cmp - inspection.json

Tables are files called .csv, .tsv, .tab or .psv: UTF-8, with a header; the separator (, ; tab |)
is found out. Quoted fields may hold line ends. Only an empty field counts as missing. Hidden files
are left out, symbolic links are not followed. A file that cannot be read, or is broken, does not
stop the inspection: it is listed under `unlearned` with the line and the next step.

Input:   a folder.
Output:  a kgl.inspection/1 document.
Exit:    0 done (whatever is listed under `unlearned`), 2 bad usage, or DIR is missing, unreadable
         or no folder, 3 the disk or another part of the world failed.";

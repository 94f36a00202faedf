//! The arguments, whose comments are the help.

use std::path::PathBuf;

/// Make a project of an inspected competition: a folder whose verbs work at once.
///
/// Reads an `inspection` and writes competitions/SLUG: challenge.json, AGENTS.md, baseline.json,
/// train.sh, predict.sh. A file that somebody edited is never overwritten.
#[derive(Debug, clap::Parser)]
#[command(name = "kgl-scaffold", version, after_long_help = AFTER_HELP, max_term_width = 100)]
pub struct Arguments {
    /// The inspection; `-` or nothing is stdin.
    #[arg(value_name = "INSPECTION")]
    pub inspection: Option<PathBuf>,
    /// The project, the folder that holds competitions/ [default: the current one].
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// The competition's name in addresses, where the inspection is of a folder alone.
    #[arg(long, value_name = "SLUG")]
    pub slug: Option<String>,
    /// Its name for people [default: its title, or the slug's words].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// Replace this file although somebody edited it; the old one is kept as FILE.orig. May be
    /// given several times.
    #[arg(long, value_name = "FILE")]
    pub force: Vec<String>,
    /// Take the templates from this folder [default: competitions/_template of the project, or the
    /// ones this program carries].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Write the report to this file instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,

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
  From a name to a submission, in the project's folder:
    kgl-inspect titanic --download | kgl-scaffold
    make train predict competition=titanic

  What would be written?
    kgl-scaffold --dry-run competitions/titanic/inspection.json

  Take the scaffold's AGENTS.md again; your own stays beside it as AGENTS.md.orig:
    kgl-scaffold --force AGENTS.md competitions/titanic/inspection.json

  A competition that is only a folder of data:
    kgl-inspect --data data | kgl-scaffold --slug my-data

Templates are Jinja: AGENTS.md.template and challenge.json.template are filled, every other file of
the folder is taken as it is. What may stand in them: `kgl-scaffold --verbose` names it.

Input:   a kgl.inspection/1 document.
Output:  the files, and a kgl.scaffold-report/1 document.
Exit:    0 done, 2 bad usage or input, or a broken template, 3 the disk failed.";

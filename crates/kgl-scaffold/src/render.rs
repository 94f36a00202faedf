//! Templates to files.

use std::fs;
use std::path::Path;

use kgl_cli::{Failure, OrFail as _, read_failure};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use crate::plan::Plan;

/// A file as the scaffold has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Its name in the competition's folder.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

/// What this program carries, for a project without templates of its own.
const CARRIED: [(&str, &str); 4] = [
    (
        "AGENTS.md.template",
        include_str!("../../../competitions/_template/AGENTS.md.template"),
    ),
    (
        "challenge.json.template",
        include_str!("../../../competitions/_template/challenge.json.template"),
    ),
    (
        "predict.sh",
        include_str!("../../../competitions/_template/predict.sh"),
    ),
    (
        "train.sh",
        include_str!("../../../competitions/_template/train.sh"),
    ),
];
const FILLED: &str = ".template";

/// All files of the competition, by name.
pub(crate) fn render(plan: &Plan, folder: &Path) -> Result<Vec<Rendered>, Failure> {
    let mut files = Vec::new();
    for (name, text) in templates(folder)? {
        let (name, text) = match name.strip_suffix(FILLED) {
            Some(bare) => (bare.to_owned(), fill(&name, &text, plan)?),
            None => (name, text),
        };
        files.push(Rendered {
            executable: text.starts_with("#!"),
            bytes: text.into_bytes(),
            name,
        });
    }
    if let Some(baseline) = &plan.baseline {
        let text =
            serde_json::to_string_pretty(baseline).or_outside("cannot write the baseline")?;
        files.push(Rendered {
            name: "baseline.json".to_owned(),
            bytes: (text + "\n").into_bytes(),
            executable: false,
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The templates of a folder, or those that this program carries.
fn templates(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    if !folder.is_dir() {
        let carried = CARRIED.iter();
        return Ok(carried
            .map(|&(name, text)| (name.to_owned(), text.to_owned()))
            .collect());
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| read_failure(folder, error))? {
        let path = entry.map_err(|error| read_failure(folder, error))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_file() && !name.starts_with('.') && !name.ends_with('~') {
            let text = fs::read_to_string(&path).map_err(|error| read_failure(&path, error))?;
            all.push((name, text));
        }
    }
    Ok(all)
}

fn fill(name: &str, text: &str, plan: &Plan) -> Result<String, Failure> {
    let mut environment = Environment::new();
    // A document leaves out what is not known: that may be asked for, and not printed.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.or_outside("the syntax of templates")?);
    environment
        .render_named_str(name, text, Serde(&plan.words))
        .map_err(|error| {
            let line = error
                .line()
                .map_or(String::new(), |line| format!(", line {line}"));
            Failure::usage(format_args!("the template {name}{line}: {error}"))
                .hint(format_args!("what it may use: {}", plan.names()))
        })
}

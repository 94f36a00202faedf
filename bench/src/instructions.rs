//! A guard without a clock: how many instructions a cell costs on the portable
//! path, counted by valgrind, against a baseline that is committed.
//!
//! A workload runs twice, once with twice the targets; the difference is free
//! of what starting costs. Counts move with the compiler as well as with the
//! kernels: 5 % more is refused, 5 % less asks for a new baseline.

use kgl_align::{Engine, KernelChoice, Mode, Scoring, align, cells};
use kgl_cli::{Exit, Failure, Io, OrFail as _, Table, read_failure, run_program, write_atomically};
use kgl_testkit::Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// How far a count may be from the baseline, as a share of it.
const TOLERANCE: f64 = 0.05;
/// Targets of the smaller run: two batches of the portable path's bytes.
const TARGETS: usize = 32;
/// The traceback, whose cells cost tens of instructions, takes each so manieth.
const TRACEBACK_STEP: usize = 8;
/// Residues of the query and of each target.
const LENGTHS: (usize, usize) = (250, 320);

/// What is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Baseline {
    /// Counts are of this architecture's instructions.
    arch: String,
    /// Workload to instructions a cell.
    per_cell: BTreeMap<String, f64>,
}

/// The workloads: each mode in bytes and in sixteen bits, and the traceback.
fn names() -> Vec<String> {
    let mut names = vec!["traceback".to_owned()];
    for mode in Mode::ALL {
        names.extend([8, 16].map(|bits| format!("{mode}-{bits}")));
    }
    names
}

/// Runs one workload, which is what valgrind looks at.
pub(crate) fn workload(name: &str, targets: usize, io: &Io) -> Result<Exit, Failure> {
    let mut rng = Rng::new(5_716, 5);
    let query = rng.residues(LENGTHS.0);
    let targets: Vec<Vec<u8>> = (0..targets).map(|_| rng.residues(LENGTHS.1)).collect();
    let targets: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
    let unknown = || {
        Failure::usage(format_args!("no workload `{name}`"))
            .hint(format_args!("there are: {}", names().join(", ")))
    };
    let (mode, factor) = match name.rsplit_once('-') {
        _ if name == "traceback" => (Mode::Global, 1),
        Some((mode, "8")) => (mode.parse().map_err(|_| unknown())?, 1),
        Some((mode, "16")) => (mode.parse().map_err(|_| unknown())?, 40),
        _ => return Err(unknown()),
    };
    let [a, b, c, d] = [2, -3, -7, -2].map(|number| number * factor);
    let scoring = Scoring::new(mode, a, b, b, c, d).or_outside("the workload's scoring")?;
    if name == "traceback" {
        for target in targets.iter().step_by(TRACEBACK_STEP) {
            black_box(align(&query, target, &scoring));
        }
    } else {
        let engine =
            Engine::new(scoring, KernelChoice::Portable).or_outside("the portable path")?;
        io.detail(format_args!("{} lanes", engine.lanes()));
        black_box(engine.scores(&query, &targets));
    }
    Ok(Exit::Done)
}

/// Counts all workloads and compares them with the baseline.
pub(crate) fn guard(path: &Path, io: &Io) -> Result<Exit, Failure> {
    let mut found = Baseline {
        arch: std::env::consts::ARCH.to_owned(),
        per_cell: BTreeMap::new(),
    };
    for name in names() {
        let count = count_per_cell(&name)?;
        found
            .per_cell
            .insert(name, (count * 1000.0).round() / 1000.0);
    }
    if std::env::var_os("KGL_BLESS").is_some_and(|bless| bless == "1") {
        let mut text = serde_json::to_string_pretty(&found).or_outside("the baseline as JSON")?;
        text.push('\n');
        write_atomically(path, text.as_bytes())?;
        io.note(format_args!("{} is written; read the diff", path.display()));
        return Ok(Exit::Done);
    }
    let bytes = std::fs::read(path)
        .map_err(|error| read_failure(path, error).hint("KGL_BLESS=1 writes it"))?;
    let baseline: Baseline = serde_json::from_slice(&bytes).or_usage(path.display())?;
    if baseline.arch != found.arch {
        return Err(Failure::usage(format_args!(
            "{}: the baseline is of {}, this machine is {}",
            path.display(),
            baseline.arch,
            found.arch
        )));
    }
    let (table, worse, better) = compare(&baseline, &found);
    io.print(table)?;
    if !worse.is_empty() {
        return Err(Failure::no(format_args!(
            "more instructions a cell than {} allows: {}",
            path.display(),
            worse.join(", ")
        ))
        .hint("where that is meant, KGL_BLESS=1 writes a new baseline"));
    }
    if !better.is_empty() {
        io.note(format_args!(
            "fewer instructions than the baseline says: {}; KGL_BLESS=1 keeps it so",
            better.join(", ")
        ));
    }
    Ok(Exit::Done)
}

/// The table, what became worse and what became better.
fn compare(baseline: &Baseline, found: &Baseline) -> (Table, Vec<String>, Vec<String>) {
    let mut table = Table::new(["workload", "baseline", "instructions a cell", "change"]);
    let (mut worse, mut better) = (Vec::new(), Vec::new());
    for (name, &now) in &found.per_cell {
        // A workload without a baseline has grown from nothing.
        let before = baseline.per_cell.get(name).copied().unwrap_or(0.0);
        let change = now / before - 1.0;
        table.row([
            name.clone(),
            format!("{before:.3}"),
            format!("{now:.3}"),
            format!("{:+.1} %", 100.0 * change),
        ]);
        if change > TOLERANCE {
            worse.push(name.clone());
        } else if change < -TOLERANCE {
            better.push(name.clone());
        }
    }
    (table, worse, better)
}

/// Instructions a cell, by the difference of two runs.
fn count_per_cell(name: &str) -> Result<f64, Failure> {
    let (once, twice) = (count(name, TARGETS)?, count(name, 2 * TARGETS)?);
    let step = if name == "traceback" {
        TRACEBACK_STEP
    } else {
        1
    };
    let work = cells(LENGTHS.0, LENGTHS.1) * (TARGETS / step) as u64;
    Ok(twice.saturating_sub(once) as f64 / work as f64)
}

/// Instructions of one run of this program.
fn count(name: &str, targets: usize) -> Result<u64, Failure> {
    let own = std::env::current_exe().or_outside("where this program lies")?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind
        .arg(own)
        .args(["workload", name, &targets.to_string()]);
    let answer = run_program(&mut valgrind, b"", None)
        .map_err(|error| error.into_failure("apt-get install -y valgrind"))?;
    let said = answer.stderr_text();
    if !answer.status.success() {
        return Err(Failure::outside(format_args!(
            "valgrind ended with {}: {said}",
            answer.status
        )));
    }
    read_count(&said)
        .ok_or_else(|| Failure::outside(format_args!("valgrind counted nothing: {said}")))
}

/// `==123== Collected : 4567`
fn read_count(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(counts: &[(&str, f64)]) -> Baseline {
        Baseline {
            arch: "x86_64".to_owned(),
            per_cell: counts
                .iter()
                .map(|&(name, count)| (name.to_owned(), count))
                .collect(),
        }
    }

    #[test]
    fn more_is_refused_less_is_told_and_a_new_one_needs_a_baseline() {
        let before = baseline(&[("a", 1.0), ("b", 1.0), ("c", 1.0)]);
        let now = baseline(&[("a", 1.049), ("b", 1.06), ("c", 0.9), ("d", 0.1)]);
        let (_, worse, better) = compare(&before, &now);
        assert_eq!(worse, ["b", "d"]);
        assert_eq!(better, ["c"]);
    }

    #[test]
    fn workloads_run_and_others_are_refused() {
        let io = Io::new(&kgl_cli::Common::default());
        for name in names() {
            assert_eq!(workload(&name, 3, &io).unwrap(), Exit::Done);
        }
        for name in ["global", "global-9", "-8"] {
            assert_eq!(
                workload(name, 3, &io).unwrap_err().exit(),
                Exit::Usage,
                "{name}"
            );
        }
    }

    #[test]
    fn valgrinds_count_is_read() {
        let said = "==9== Events    : Ir\n==9== Collected : 123456\n==9== \n";
        assert_eq!(read_count(said), Some(123_456));
        assert_eq!(read_count("==9== nothing"), None);
    }
}

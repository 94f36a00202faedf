//! `kgl-bench`: how fast the search is, beside other programs on the same data.
//!
//! ```text
//! kgl-bench generate DIR ─► sequences ─► kgl-bench compare DIR ─► table, bench.json, bench.svg
//! kgl-bench instructions BASELINE      ─► instructions a cell, without a clock
//! ```
//!
//! `database` makes the sequences; `measure` runs a process and says what it
//! cost; `peers` knows how each other program is called and read; `answers`
//! asserts that all of them compute the same before anything is timed;
//! `races` holds the comparisons, a line of the table each; `report` and
//! `plot` show them. `kernels` times the kernels alone, beside what the
//! processor's ports allow; `instructions` counts with valgrind.
//!
//! Everything compared is run in turn, in one run, and the least of several
//! turns is taken. Wall time and processor time (user and system) are both
//! told: on a machine that others use, the second is the steadier.

mod answers;
pub mod cli;
mod database;
mod files;
mod instructions;
mod kernels;
mod measure;
mod peers;
mod plot;
mod races;
mod report;

use cli::{Arguments, Verb};
use kgl_cli::{Exit, Failure, Io};

/// The tool.
///
/// # Errors
/// Bad usage (exit 2), a program or disk that fails (exit 3), instruction
/// counts beyond the baseline (exit 1).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Generate { dir, chains } => database::generate(&dir, chains.as_deref(), io),
        Verb::Compare { dir, quick, python } => races::compare(&dir, quick, &python, io),
        Verb::Instructions { baseline } => instructions::guard(&baseline, io),
        Verb::Workload { name, targets } => instructions::workload(&name, targets, io),
    }
}

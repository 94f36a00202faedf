//! Every pair computed, whole processes from files to scores, one thread.

use super::{Bench, EVERY_SCORE, cells, residues, runner};
use crate::answers::assert_scores;
use crate::kernels::limit_of;
use crate::measure::{Cost, Job};
use crate::peers::{self, PARASAIL, Peer, SSW, Scores, VSEARCH};
use crate::report::{Outcome, Point, Verdict};
use kgl_align::Mode;
use kgl_cli::Failure;
use std::path::Path;

/// Another program's way to do all of a mode's work.
struct Rival {
    peer: Peer,
    name: &'static str,
    mode: Mode,
    /// How many times faster the search has to be.
    needed: f64,
}

const RIVALS: [Rival; 5] = [
    Rival {
        peer: PARASAIL,
        name: "parasail nw_striped_16",
        mode: Mode::Global,
        needed: 10.0,
    },
    Rival {
        peer: VSEARCH,
        name: "vsearch, exhaustive",
        mode: Mode::Global,
        needed: 9.0,
    },
    Rival {
        peer: PARASAIL,
        name: "parasail sw_striped_sat",
        mode: Mode::Local,
        needed: 3.2,
    },
    Rival {
        peer: SSW,
        name: "ssw_test",
        mode: Mode::Local,
        needed: 5.0,
    },
    Rival {
        peer: PARASAIL,
        name: "parasail sg_dx_striped_16",
        mode: Mode::SemiGlobal,
        needed: 8.0,
    },
];

impl Rival {
    fn job(&self, queries: &crate::files::Set, targets: &crate::files::Set, out: &Path) -> Job {
        match self.peer {
            PARASAIL => peers::parasail(
                self.name.trim_start_matches("parasail "),
                queries,
                targets,
                out,
            ),
            VSEARCH => peers::vsearch_exhaustive(queries, targets, out),
            _ => peers::ssw(queries, targets).stdout(out.to_owned()),
        }
    }

    fn read(
        &self,
        path: &Path,
        queries: &crate::files::Set,
        targets: &crate::files::Set,
    ) -> Result<Scores, Failure> {
        match self.peer {
            PARASAIL => peers::read_parasail(path, queries, targets),
            VSEARCH => Ok(peers::read_hits(path)?
                .into_iter()
                .filter_map(|(query, target, score)| Some(((query, target), score?)))
                .collect()),
            _ => peers::read_ssw(path),
        }
    }
}

pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Failure> {
    answers(bench)?;
    let parts: &[&str] = if bench.quick {
        &["eighth", "quarter"]
    } else {
        &["eighth", "quarter", "half", "targets"]
    };
    for (at, part) in parts.iter().enumerate() {
        let whole = at + 1 == parts.len();
        for mode in Mode::ALL {
            compare(bench, mode, part, whole)?;
        }
    }
    Ok(())
}

/// Asserts that everybody gives the same scores to a few queries and the whole database.
fn answers(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let (queries, targets) = (bench.set("sample"), bench.database());
    let out = bench.out("scores");
    for rival in RIVALS.iter().filter(|rival| bench.has(rival.peer)) {
        bench
            .io
            .note(format_args!("asserting the answers of {}", rival.name));
        crate::measure::run(&rival.job(&queries, &targets, &out), &bench.out("log"))?;
        let scores = rival.read(&out, &queries, &targets)?;
        assert_scores(rival.name, rival.mode, &scores, &queries, &targets)?;
    }
    Ok(())
}

/// Times a mode on a part of the database, and judges where it is the whole.
fn compare(
    bench: &mut Bench<'_>,
    mode: Mode,
    part: &'static str,
    whole: bool,
) -> Result<(), Failure> {
    let (queries, targets) = (bench.set("unrelated"), bench.set(part));
    let (nowhere, work) = (Path::new("/dev/null"), cells(&queries, &targets)?);
    let document = bench.document(("unrelated", part), mode, 30, false)?;
    let kgl = bench.kgl("0", &document, 1, EVERY_SCORE, &bench.out("shard"));
    let rivals: Vec<&Rival> = RIVALS.iter().filter(|rival| rival.mode == mode).collect();
    let mut runners = vec![runner(format!("kgl {mode}, every score, {part}"), kgl)];
    for rival in rivals.iter().filter(|rival| bench.has(rival.peer)) {
        let job = rival.job(&queries, &targets, nowhere);
        runners.push(runner(format!("{}, {part}", rival.name), job));
    }
    let turns = if whole { bench.turns } else { 1 };
    let costs = bench.race(&runners, turns, 1, work)?;
    let size = residues(&targets)?;
    for (runner, cost) in runners.iter().zip(&costs) {
        let line = runner.name.trim_end_matches(part).trim_end_matches(", ");
        bench.outcome.points.push(Point {
            panel: "every pair",
            line: line.to_owned(),
            residues: size,
            cpu_s: cost.cpu_s,
        });
    }
    if whole {
        judge(bench, mode, &rivals, &costs, work);
    }
    Ok(())
}

fn judge(bench: &mut Bench<'_>, mode: Mode, rivals: &[&Rival], costs: &[Cost], work: u64) {
    let ours = costs[0];
    let mut others = costs[1..].iter();
    for rival in rivals {
        let what = format!("{mode}, every pair: kgl against {}", rival.name);
        let needed = format!("≥ {} ×", rival.needed);
        if !bench.has(rival.peer) {
            bench.missing(what, needed, rival.peer);
        } else if let Some(&other) = others.next() {
            let met = other.cpu_s / ours.cpu_s >= rival.needed;
            bench.row(what, needed, Outcome::times(ours, other), Verdict::of(met));
        }
    }
    let what = format!("{mode}, every pair: share of what the ports allow");
    let gcups = work as f64 / ours.cpu_s / 1e9;
    match limit_of(&bench.outcome.kernels, mode) {
        None => {
            let why = "the ports of this path are not measured".to_owned();
            bench.row(
                what,
                "≥ 90 %",
                format!("{gcups:.1} GCUPS"),
                Verdict::Missing(why),
            );
        }
        Some(limit) => {
            let share = gcups / limit.gcups;
            let measured = format!(
                "{:.0} %: {gcups:.1} of {:.1} GCUPS ({} operations a cell)",
                100.0 * share,
                limit.gcups,
                limit.operations
            );
            bench.row(what, "≥ 90 %", measured, Verdict::of(share >= 0.9));
        }
    }
}

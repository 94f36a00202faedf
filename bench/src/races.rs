//! The comparisons, in order. Each asserts answers first, then times, and adds
//! its lines to the outcome.

mod exhaustive;
mod growth;
mod heuristics;
mod whole;

use crate::files::Set;
use crate::measure::{Cost, Job, Runner, race};
use crate::peers::{self, Peer};
use crate::report::{Machine, Outcome, Row, Timed, Verdict};
use crate::{kernels, plot, report};
use kgl_align::Mode;
use kgl_cli::{Exit, Failure, Io, OrFail as _, write_atomically};
use std::fs;
use std::path::{Path, PathBuf};

/// Every score and nothing else: no pair is skipped, no alignment made.
const EVERY_SCORE: &str = "--no-prune --scores-only";

/// The parts of a run. Memory comes first, while this process is small: no child
/// is counted as smaller than what its parent held.
const PARTS: [(&str, Part); 5] = [
    ("growth", growth::run),
    ("kernels alone", kernels_alone),
    ("every pair", exhaustive::run),
    ("whole searches", whole::run),
    ("leave-one-out", heuristics::run),
];

type Part = fn(&mut Bench<'_>) -> Result<(), Failure>;

fn kernels_alone(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let turns = if bench.quick { 5 } else { 15 };
    bench.outcome.kernels = kernels::measure(turns, bench.io)?;
    Ok(())
}

/// A run and what it has found so far.
struct Bench<'a> {
    dir: PathBuf,
    quick: bool,
    /// How often what takes seconds is repeated.
    turns: usize,
    python: String,
    /// Programs that are here.
    here: Vec<Peer>,
    search: PathBuf,
    outcome: Outcome,
    io: &'a Io,
}

/// Runs everything and writes what was found.
pub(crate) fn compare(dir: &Path, quick: bool, python: &str, io: &Io) -> Result<Exit, Failure> {
    let own = std::env::current_exe().or_outside("where this program lies")?;
    let search = own.with_file_name("kgl-shard-search");
    if !search.is_file() {
        return Err(
            Failure::usage(format_args!("{} is missing", search.display()))
                .hint("cargo build --release -p kgl-shard-search -p kgl-bench"),
        );
    }
    let here: Vec<Peer> = peers::ALL
        .into_iter()
        .filter(|peer| peer.is_here())
        .collect();
    let mut bench = Bench {
        dir: dir.to_owned(),
        quick,
        turns: if quick { 1 } else { 3 },
        python: python.to_owned(),
        here,
        search,
        outcome: Outcome {
            quick,
            machine: Machine::look(),
            ..Outcome::default()
        },
        io,
    };
    fs::create_dir_all(bench.path("out")).or_outside(dir.display())?;
    for peer in peers::ALL {
        bench.outcome.programs.push(if bench.has(peer) {
            format!("{} {}", peer.package, peer.version())
        } else {
            io.warn(format_args!(
                "{} is missing: apt-get install -y {}",
                peer.program, peer.package
            ));
            format!("{} missing", peer.package)
        });
    }
    for (what, part) in PARTS {
        io.note(what);
        part(&mut bench)?;
        // What was found outlives a later part that fails.
        bench.outcome.write(dir)?;
    }
    bench.outcome.machine.load[1] = report::load();
    bench.outcome.write(dir)?;
    plot::write(&bench.outcome, &dir.join("bench.svg"))?;
    io.print(bench.outcome.markdown())?;
    Ok(Exit::Done)
}

impl Bench<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Where runs write what nobody reads.
    fn out(&self, name: &str) -> PathBuf {
        self.path("out").join(name)
    }

    fn set(&self, name: &str) -> Set {
        Set::new(&self.dir, name)
    }

    /// The database of this run: all of it, or a quarter.
    fn database(&self) -> Set {
        self.set(if self.quick { "quarter" } else { "targets" })
    }

    fn has(&self, peer: Peer) -> bool {
        self.here.contains(&peer)
    }

    /// Writes a search document and gives its path. With `leave_one_out` no
    /// query meets the target of its own name.
    fn document(
        &self,
        (queries, targets): (&str, &str),
        mode: Mode,
        top_k: u32,
        leave_one_out: bool,
    ) -> Result<PathBuf, Failure> {
        let path = self.path(&format!("{queries}-{targets}-{mode}-{top_k}.json"));
        let mut columns = serde_json::json!({ "id": "id", "sequence": "sequence" });
        if leave_one_out {
            columns["group"] = serde_json::json!({ "column": "id" });
        }
        let file =
            |set: &str| serde_json::json!({ "path": format!("{set}.csv"), "columns": columns });
        let document = serde_json::json!({
            "schema": "kgl.search/1",
            "queries": file(queries),
            "targets": file(targets),
            "scoring": { "mode": mode.to_string(), "match": 2, "mismatch": -3, "gap_open": -7, "gap_extend": -2 },
            "filters": { "other_group": leave_one_out },
            "top_k": top_k,
            "shards": 1,
        });
        write_atomically(&path, document.to_string().as_bytes())?;
        Ok(path)
    }

    /// A run of the search.
    fn kgl(&self, index: &str, search: &Path, workers: u32, options: &str, out: &Path) -> Job {
        Job::new(&self.search)
            .arg(index)
            .arg(search)
            .arg("--workers")
            .arg(workers.to_string())
            .words(options)
            .words("--quiet --out")
            .arg(out)
    }

    /// Times runners in turn and notes what they cost.
    fn race(
        &mut self,
        runners: &[Runner],
        turns: usize,
        threads: u32,
        cells: u64,
    ) -> Result<Vec<Cost>, Failure> {
        for runner in runners {
            for job in runner.jobs.iter().take(1) {
                self.io.detail(job.line());
            }
        }
        let names: Vec<&str> = runners.iter().map(|runner| runner.name.as_str()).collect();
        self.io.note(format_args!("timing {}", names.join(", ")));
        let costs = race(runners, turns, &self.out("log"))?;
        for (runner, &cost) in runners.iter().zip(&costs) {
            self.outcome.timed.push(Timed {
                name: runner.name.clone(),
                cells,
                threads,
                cost,
            });
        }
        Ok(costs)
    }

    fn row(
        &mut self,
        what: impl Into<String>,
        needed: impl Into<String>,
        measured: impl Into<String>,
        verdict: Verdict,
    ) {
        self.outcome.rows.push(Row {
            what: what.into(),
            needed: needed.into(),
            measured: measured.into(),
            verdict,
        });
    }

    /// The line of a comparison that needs a program that is not here.
    fn missing(&mut self, what: impl Into<String>, needed: impl Into<String>, peer: Peer) {
        let why = format!("{} is missing", peer.program);
        self.row(what, needed, "", Verdict::Missing(why));
    }
}

/// One process under a name.
fn runner(name: impl Into<String>, job: Job) -> Runner {
    Runner {
        name: name.into(),
        jobs: vec![job],
    }
}

/// Residues of a set, and cells of all pairs of two.
fn residues(set: &Set) -> Result<u64, Failure> {
    Ok(set
        .read()?
        .iter()
        .map(|(_, codes)| codes.len() as u64)
        .sum())
}

fn cells(queries: &Set, targets: &Set) -> Result<u64, Failure> {
    Ok(residues(queries)? * residues(targets)?)
}

//! Leave-one-out: queries out of the database, top ten with alignments, against
//! programs that look only where words are shared.

use super::{Bench, cells, residues, runner};
use crate::answers::{Best, Ranking, Recall, ranking, recall};
use crate::measure::{Cost, Job, Runner, run as run_once};
use crate::peers::{self, BLASTN, FASTA, MMSEQS, Peer, VSEARCH};
use crate::report::{Outcome, Point, Verdict};
use kgl_align::Mode;
use kgl_cli::{Failure, OrFail as _, read_failure};
use kgl_contract::{SearchShard, parse_document};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Hits that others are asked for: ten, and the query itself.
const HITS: usize = 11;

/// A heuristic, which mode it is measured against, and by how much that has to win.
struct Rival {
    peer: Peer,
    name: &'static str,
    mode: Mode,
    needed: f64,
}

const RIVALS: [Rival; 5] = [
    Rival {
        peer: VSEARCH,
        name: "vsearch",
        mode: Mode::Global,
        needed: 1.0,
    },
    Rival {
        peer: BLASTN,
        name: "megablast",
        mode: Mode::Global,
        needed: 1.0,
    },
    Rival {
        peer: BLASTN,
        name: "blastn",
        mode: Mode::Local,
        needed: 10.0,
    },
    Rival {
        peer: MMSEQS,
        name: "mmseqs2",
        mode: Mode::Local,
        needed: 5.0,
    },
    Rival {
        peer: FASTA,
        name: "fasta36",
        mode: Mode::Local,
        needed: 5.0,
    },
];

pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let parts: &[&str] = if bench.quick {
        &["eighth", "quarter"]
    } else {
        &["quarter", "half", "targets"]
    };
    for (at, part) in parts.iter().enumerate() {
        compare(bench, part, at + 1 == parts.len())?;
    }
    Ok(())
}

fn compare(bench: &mut Bench<'_>, part: &'static str, whole: bool) -> Result<(), Failure> {
    let name = if bench.quick {
        "relatives-quarter"
    } else {
        "relatives"
    };
    let (queries, targets) = (bench.set(name), bench.set(part));
    let mut runners = Vec::new();
    for mode in [Mode::Global, Mode::Local] {
        let document = bench.document((name, part), mode, 10, true)?;
        let kgl = bench.kgl("0", &document, 1, "", &bench.out(&format!("kgl-{mode}")));
        runners.push(runner(format!("kgl {mode}, top ten, {part}"), kgl));
    }
    for rival in RIVALS.iter().filter(|rival| bench.has(rival.peer)) {
        runners.push(rival_runner(bench, rival, name, part)?);
    }
    let costs = bench.race(&runners, 1, 1, cells(&queries, &targets)?)?;
    let size = residues(&targets)?;
    for (runner, cost) in runners.iter().zip(&costs) {
        let line = runner.name.trim_end_matches(part).trim_end_matches(", ");
        bench.outcome.points.push(Point {
            panel: "leave-one-out",
            line: line.to_owned(),
            residues: size,
            cpu_s: cost.cpu_s,
        });
    }
    if whole {
        assert_exact(bench, name, part)?;
        judge(bench, name, part, &costs)?;
    }
    Ok(())
}

/// The run of a rival; its databases are made here, which is not timed.
fn rival_runner(
    bench: &Bench<'_>,
    rival: &Rival,
    name: &str,
    part: &str,
) -> Result<Runner, Failure> {
    let (queries, targets) = (bench.set(name), bench.set(part));
    let (out, log) = (bench.out(rival.name), bench.out("log"));
    let database = bench.out(&format!("{}-{part}", rival.name));
    let job: Job = match rival.peer {
        VSEARCH => peers::vsearch_heuristic(&queries, &targets, HITS, &out),
        BLASTN => {
            run_once(&peers::make_blast_database(&targets, &database), &log)?;
            peers::blast(rival.name, &queries, &database, HITS, &out)
        }
        MMSEQS => {
            let (query_database, scratch) = (bench.out("mmseqs-queries"), bench.out("scratch"));
            let result = bench.out("mmseqs-result");
            clear(&bench.path("out"), "mmseqs-result", &scratch)?;
            run_once(
                &peers::make_mmseqs_database(&queries, &query_database),
                &log,
            )?;
            run_once(&peers::make_mmseqs_database(&targets, &database), &log)?;
            peers::mmseqs(&query_database, &database, &result, &scratch)
        }
        _ => peers::fasta(&queries, &targets, HITS, &out),
    };
    Ok(runner(format!("{}, {part}", rival.name), job))
}

/// Removes what an earlier run of mmseqs left, which it would take for its own.
fn clear(dir: &Path, prefix: &str, scratch: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(dir).or_outside(dir.display())? {
        let path = entry.or_outside(dir.display())?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with(prefix) {
            fs::remove_file(&path).or_outside(path.display())?;
        }
    }
    if scratch.exists() {
        fs::remove_dir_all(scratch).or_outside(scratch.display())?;
    }
    fs::create_dir_all(scratch).or_outside(scratch.display())
}

/// Hits as the search gives them.
fn shard(path: &Path) -> Result<SearchShard, Failure> {
    let bytes = fs::read(path).map_err(|error| read_failure(path, error))?;
    parse_document(&bytes).or_outside(path.display())
}

/// What the search skipped changed nothing: the same hits as with every pair computed.
fn assert_exact(bench: &Bench<'_>, name: &str, part: &str) -> Result<(), Failure> {
    for mode in [Mode::Global, Mode::Local] {
        let document = bench.document((name, part), mode, 10, true)?;
        let out = bench.out("every");
        run_once(
            &bench.kgl("0", &document, 2, "--no-prune", &out),
            &bench.out("log"),
        )?;
        if shard(&out)?.results != shard(&bench.out(&format!("kgl-{mode}")))?.results {
            return Err(Failure::outside(format_args!(
                "{mode}: pruning changed the hits of {name} in {part}"
            )));
        }
    }
    Ok(())
}

fn judge(bench: &mut Bench<'_>, name: &str, part: &str, costs: &[Cost]) -> Result<(), Failure> {
    let queries = bench.set(name).read()?;
    let targets: HashMap<String, Vec<u8>> = bench.set(part).read()?.into_iter().collect();
    let best: HashMap<String, Best> = [Mode::Global, Mode::Local]
        .into_iter()
        .map(|mode| {
            let results = shard(&bench.out(&format!("kgl-{mode}")))?.results;
            let scores = results
                .into_iter()
                .map(|row| (row.query, row.hits.iter().map(|hit| hit.score).collect()));
            Ok((mode.to_string(), scores.collect()))
        })
        .collect::<Result<_, Failure>>()?;
    let mut others = costs[2..].iter();
    for rival in &RIVALS {
        let mode = rival.mode;
        let what = format!("{mode}, leave-one-out, top ten: kgl against {}", rival.name);
        let needed = if rival.needed > 1.0 {
            format!("≥ {} ×", rival.needed)
        } else {
            "faster".to_owned()
        };
        if !bench.has(rival.peer) {
            bench.missing(what, needed, rival.peer);
            continue;
        }
        let Some(&other) = others.next() else {
            continue;
        };
        let found = hits(bench, rival, part)?;
        // Heuristics find local hits, vsearch included: that is what they are held to.
        let empty = Best::new();
        let best = best.get(&Mode::Local.to_string()).unwrap_or(&empty);
        let Recall { first, ten } = recall(&found, best, Mode::Local, &queries, &targets)?;
        let ours = costs[usize::from(mode == Mode::Local)];
        let met = other.cpu_s / ours.cpu_s >= rival.needed;
        let measured = format!(
            "{}; its recall {first:.2} of the best, {ten:.2} of the ten best",
            Outcome::times(ours, other)
        );
        bench.row(what, needed, measured, Verdict::of(met));
    }
    Ok(())
}

/// What a rival found.
fn hits(bench: &Bench<'_>, rival: &Rival, part: &str) -> Result<Ranking, Failure> {
    let out = bench.out(rival.name);
    if rival.peer == MMSEQS {
        let (queries, result) = (bench.out("mmseqs-queries"), bench.out("mmseqs-result"));
        let database = bench.out(&format!("{}-{part}", rival.name));
        run_once(
            &peers::mmseqs_table(&queries, &database, &result, &out),
            &bench.out("log"),
        )?;
    }
    let rows = peers::read_hits(&out)?;
    Ok(ranking(
        rows.into_iter().map(|(query, target, _)| (query, target)),
    ))
}

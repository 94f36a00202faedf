//! A whole search as somebody runs it, and what its parts cost: alignments,
//! threads, shards, starting and writing.

use super::{Bench, EVERY_SCORE, cells, runner};
use crate::answers::assert_scores;
use crate::measure::{Job, Runner, run as run_once};
use crate::peers;
use crate::report::Verdict;
use kgl_align::Mode;
use kgl_cli::{Failure, run_program, write_atomically};
use std::process::Command;

/// Shards that one search is cut into.
const SHARDS: u32 = 16;

pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Failure> {
    alignments(bench)?;
    biopython(bench)?;
    threads(bench)?;
    shards(bench)?;
    overhead(bench)
}

fn database(bench: &Bench<'_>) -> &'static str {
    if bench.quick { "quarter" } else { "targets" }
}

/// 28 queries, top thirty with alignments and JSON, beside the scores alone; two threads.
fn alignments(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let targets = database(bench);
    let work = cells(&bench.set("unrelated"), &bench.set(targets))?;
    for mode in [Mode::Global, Mode::Local] {
        let document = bench.document(("unrelated", targets), mode, 30, false)?;
        let whole = bench.kgl("0", &document, 2, "--no-prune", &bench.out("whole"));
        let scores = bench.kgl("0", &document, 2, EVERY_SCORE, &bench.out("shard"));
        let pruned = bench.kgl("0", &document, 2, "", &bench.out("whole"));
        let runners = [
            runner(format!("kgl {mode}, top thirty aligned"), whole),
            runner(format!("kgl {mode}, every score"), scores),
            runner(format!("kgl {mode}, top thirty aligned, pruned"), pruned),
        ];
        let costs = bench.race(&runners, bench.turns, 2, work)?;
        let more = costs[0].wall_s / costs[1].wall_s - 1.0;
        let cpu = costs[0].cpu_s / costs[1].cpu_s - 1.0;
        bench.row(
            format!(
                "{mode}, 28 queries, top thirty aligned, two threads: more than the scores alone"
            ),
            "≤ 25 % (10 %)",
            format!("{:.0} % wall, {:.0} % CPU", 100.0 * more, 100.0 * cpu),
            Verdict::of(more.min(cpu) <= 0.25),
        );
        let wall = costs[2].wall_s;
        bench.row(
            format!("{mode}, the same search as somebody runs it"),
            if bench.quick { "" } else { "< 3 s" },
            format!("{wall:.2} s"),
            if bench.quick {
                Verdict::Told
            } else {
                Verdict::of(wall < 3.0)
            },
        );
    }
    Ok(())
}

/// Biopython's scores of a fortieth of the pairs.
fn biopython(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let what = "Biopython's scores alone, global, one thread";
    let there = run_program(
        Command::new(&bench.python).args(["-c", "import Bio"]),
        b"",
        None,
    )
    .is_ok_and(|answer| answer.status.success());
    if !there {
        let why = format!("{} cannot import Bio", bench.python);
        bench.row(what, "minutes", "", Verdict::Missing(why));
        return Ok(());
    }
    let (queries, part) = (bench.set("unrelated"), bench.set("fortieth"));
    let program = bench.path("biopython.py");
    write_atomically(&program, include_bytes!("../../biopython.py"))?;
    let script = |queries: &crate::files::Set, out: &str| {
        Job::new(&bench.python)
            .arg(&program)
            .arg(queries.fasta())
            .arg(part.fasta())
            .stdout(bench.out(out))
    };
    let sample = bench.set("sample");
    run_once(&script(&sample, "scores"), &bench.out("log"))?;
    let scores = peers::read_hits(&bench.out("scores"))?
        .into_iter()
        .filter_map(|(query, target, score)| Some(((query, target), score?)))
        .collect();
    assert_scores("Biopython", Mode::Global, &scores, &sample, &part)?;
    let some = cells(&queries, &part)?;
    let all = cells(&queries, &bench.set(database(bench)))?;
    let job = script(&queries, "scores");
    let cost = bench.race(
        &[runner("Biopython, a fortieth of the pairs", job)],
        1,
        1,
        some,
    )?[0];
    let estimate = cost.cpu_s * all as f64 / some as f64;
    let measured = format!(
        "{estimate:.0} s, reckoned from {:.1} s for {:.1} % of the cells",
        cost.cpu_s,
        100.0 * some as f64 / all as f64
    );
    bench.row(what, "minutes", measured, Verdict::Told);
    Ok(())
}

/// Two threads beside one.
fn threads(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let targets = database(bench);
    let work = cells(&bench.set("unrelated"), &bench.set(targets))?;
    for mode in [Mode::Global, Mode::Local] {
        let document = bench.document(("unrelated", targets), mode, 30, false)?;
        let run = |workers: u32| {
            let job = bench.kgl("0", &document, workers, EVERY_SCORE, &bench.out("shard"));
            runner(format!("kgl {mode}, every score, {workers} threads"), job)
        };
        let runners = [run(1), run(2)];
        let turns = bench.turns + 2;
        let costs = bench.race(&runners, turns, 2, work)?;
        let times = costs[0].wall_s / costs[1].wall_s;
        let more = costs[1].cpu_s / costs[0].cpu_s;
        bench.row(
            format!("{mode}, every pair: two threads against one"),
            "≥ 1.9 ×",
            format!("{times:.2} × by the clock, for {more:.2} × the CPU"),
            Verdict::of(times >= 1.9),
        );
    }
    Ok(())
}

/// All of sixteen shards beside the one.
fn shards(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let targets = database(bench);
    for (options, what) in [
        (EVERY_SCORE, "every score"),
        ("", "pruned, top thirty aligned"),
    ] {
        let (queries, top_k) = ("unrelated", 30);
        let document = bench.document((queries, targets), Mode::Global, top_k, false)?;
        let work = cells(&bench.set(queries), &bench.set(targets))?;
        let out = bench.out("shard");
        let one = bench.kgl("0", &document, 1, options, &out);
        let cut = format!("--count {SHARDS} {options}");
        let all = (0..SHARDS).map(|index| bench.kgl(&index.to_string(), &document, 1, &cut, &out));
        let runners = [
            runner(format!("kgl global, {what}, one shard"), one),
            Runner {
                name: format!("kgl global, {what}, {SHARDS} shards"),
                jobs: all.collect(),
            },
        ];
        let costs = bench.race(&runners, bench.turns, 1, work)?;
        let times = costs[1].cpu_s / costs[0].cpu_s;
        let needed = if options.is_empty() { "" } else { "≤ 1.1 ×" };
        bench.row(
            format!("global, {what}: the sum of {SHARDS} shards against one"),
            needed,
            format!(
                "{times:.2} × CPU, {:.2} × wall",
                costs[1].wall_s / costs[0].wall_s
            ),
            if options.is_empty() {
                Verdict::Told
            } else {
                Verdict::of(times <= 1.1)
            },
        );
    }
    Ok(())
}

/// The same search with queries of three residues: all that is not computing.
fn overhead(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let targets = database(bench);
    let work = cells(&bench.set("unrelated"), &bench.set(targets))?;
    let run = |queries: &str, name: &str| {
        let document = bench.document((queries, targets), Mode::Global, 30, false)?;
        let job = bench.kgl("0", &document, 1, "--no-prune", &bench.out("whole"));
        Ok::<Runner, Failure>(runner(name, job))
    };
    let runners = [
        run("unrelated", "kgl global, one thread")?,
        run("tiny", "kgl global, queries of three residues")?,
    ];
    let costs = bench.race(&runners, bench.turns + 2, 1, work)?;
    let share = costs[1].cpu_s / costs[0].cpu_s;
    bench.row(
        "starting, reading and writing, of a run of 28 queries",
        "≤ 10 %",
        format!("{:.1} % ({:.0} ms)", 100.0 * share, 1000.0 * costs[1].cpu_s),
        Verdict::of(share <= 0.1),
    );
    Ok(())
}

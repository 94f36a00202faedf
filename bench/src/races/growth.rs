//! How time and memory grow with the database and with the queries.

use super::{Bench, EVERY_SCORE, cells, residues, runner};
use crate::database::GROWTH;
use crate::report::{Point, Verdict};
use kgl_align::Mode;
use kgl_cli::Failure;

/// Time for eight times the sequences may be so much more than eight times.
const SLACK: f64 = 1.1;
/// Memory beside three times the database.
const BASE_BYTES: u64 = 32 << 20;

pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Failure> {
    let sizes = if bench.quick {
        &GROWTH[..2]
    } else {
        &GROWTH[..]
    };
    for what in ["database", "query set"] {
        grow(bench, what, sizes)?;
    }
    Ok(())
}

/// Sets of short sequences as targets of the unrelated queries, or as queries of a few targets.
fn grow(bench: &mut Bench<'_>, what: &'static str, sizes: &[usize]) -> Result<(), Failure> {
    let mut seconds = Vec::new();
    for &size in sizes {
        let set = format!("short-{size}");
        let (queries, targets) = if what == "database" {
            ("unrelated", set.as_str())
        } else {
            (set.as_str(), "few")
        };
        let document = bench.document((queries, targets), Mode::Global, 30, false)?;
        let kgl = bench.kgl("0", &document, 1, EVERY_SCORE, &bench.out("shard"));
        let work = cells(&bench.set(queries), &bench.set(targets))?;
        let name = format!("kgl global, {what} of {size}");
        let cost = bench.race(&[runner(name, kgl)], bench.turns, 1, work)?[0];
        let size = residues(&bench.set(&set))?;
        bench.outcome.points.push(Point {
            panel: "growth",
            line: format!("kgl global, {what}"),
            residues: size,
            cpu_s: cost.cpu_s,
        });
        seconds.push((size, cost));
    }
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else {
        return Ok(());
    };
    let times = last.0 as f64 / first.0 as f64;
    let slower = last.1.cpu_s / first.1.cpu_s;
    bench.row(
        format!(
            "time is linear in the {what}, up to {} sequences",
            sizes[sizes.len() - 1]
        ),
        format!("≤ {SLACK} × the growth"),
        format!("{slower:.2} × the time for {times:.2} × the residues"),
        Verdict::of(slower <= SLACK * times),
    );
    if what == "database" {
        let database = last.0;
        let (peak, allowed) = (last.1.peak_bytes, 3 * database + BASE_BYTES);
        let mib = |bytes: u64| bytes as f64 / (1 << 20) as f64;
        bench.row(
            format!(
                "peak memory with {:.1} Mnt of targets",
                database as f64 / 1e6
            ),
            "≤ 3 × the residues + 32 MiB",
            format!("{:.0} of {:.0} MiB", mib(peak), mib(allowed)),
            Verdict::of(peak <= allowed),
        );
    }
    Ok(())
}

//! Measurements: a small search that every machine computes now, under whatever load it is, and a
//! megabyte on its way to every host.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kgl_cli::{Failure, OrFail as _, run_program};
use kgl_contract::{
    Columns, Filters, Search, SearchShard, ShardOf, canonical_bytes, parse_document,
};

use crate::fleet::{Led, sibling};
use crate::prepare::{Reached, planned_bytes};
use crate::there::Trouble;

/// Sequences of the small search, and their length: about 0.4 milliards of cells.
const SEQUENCES: usize = 40;
const LENGTH: usize = 700;
/// What is sent to see how fast the way is.
const PAYLOAD: usize = 1 << 20;
const LIMIT: Duration = Duration::from_secs(60);
/// A sync takes that long even when nothing travels.
const SYNC_S: f64 = 1.0;

/// A host, measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) name: String,
    /// Cells a second.
    pub(crate) rate: f64,
    pub(crate) sync_s: f64,
    pub(crate) sync_bytes: u64,
}

/// A search like `search`, of sequences that are made here, without a proof that saves cells.
#[derive(Debug)]
pub(crate) struct Small {
    document: Vec<u8>,
    fasta: Vec<u8>,
}

pub(crate) fn small_search(search: &Search) -> Result<Small, Failure> {
    let mut small = search.clone();
    for file in [&mut small.queries, &mut small.targets] {
        file.path = "probe.fa".to_owned();
        file.sha256 = None;
        file.columns = Columns::default();
    }
    small.filters = Filters::default();
    small.min_score = None;
    (small.top_k, small.shards, small.alignments) = (1, 1, false);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut fasta = String::new();
    for sequence in 0..SEQUENCES {
        fasta.push_str(&format!(">s{sequence}\n"));
        for _ in 0..LENGTH {
            // Marsaglia's xorshift: the same letters everywhere.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            fasta.push(char::from(b"ACGU"[(state >> 33) as usize % 4]));
        }
        fasta.push('\n');
    }
    Ok(Small {
        document: canonical_bytes(&small).or_outside("cannot write the small search")?,
        fasta: fasta.into_bytes(),
    })
}

/// Cells a second that a shard's own attempt tells.
fn rate_told(bytes: &[u8]) -> Option<f64> {
    let shard: SearchShard = parse_document(bytes).ok()?;
    let cells = shard.attempt.cells_computed + shard.attempt.cells_pruned;
    Some(cells as f64 * 1000.0 / shard.attempt.elapsed_ms.max(1) as f64).filter(|rate| *rate > 0.0)
}

pub(crate) fn rate_here(small: &Small) -> Result<f64, Failure> {
    let folder = tempfile::tempdir().or_outside("cannot make a temporary folder")?;
    let document = folder.path().join("search.json");
    std::fs::write(folder.path().join("probe.fa"), &small.fasta)
        .and_then(|()| std::fs::write(&document, &small.document))
        .or_outside("cannot write a temporary file")?;
    let mut command = Command::new(sibling("kgl-shard-search"));
    command.arg("0").arg(&document).arg("--no-prune");
    let finished = run_program(&mut command, b"", Some(LIMIT))
        .map_err(|error| error.into_failure("run `make build`"))?;
    rate_told(&finished.stdout).ok_or_else(|| {
        Failure::outside(format_args!(
            "this machine cannot be measured: {}",
            finished.stderr_text().trim()
        ))
    })
}

/// Searches a shard here, into the folder where it counts, and gives the cells of the partition
/// that a second was worth.
pub(crate) fn rate_of_shard(
    led: &Led,
    folder: &Path,
    index: u32,
    cells: f64,
) -> Result<f64, Failure> {
    let mut command = Command::new(sibling("kgl-shard-search"));
    command
        .arg(index.to_string())
        .arg(led.project.join(&led.search_path))
        .args(["--count", &led.fleet.shard_count.to_string(), "--out-dir"])
        .arg(folder);
    let finished = run_program(&mut command, b"", None)
        .map_err(|error| error.into_failure("run `make build`"))?;
    let bytes = std::fs::read(folder.join(ShardOf::file_name(index))).unwrap_or_default();
    let shard: Option<SearchShard> = parse_document(&bytes).ok();
    let Some(shard) = shard.filter(|_| finished.status.success()) else {
        return Err(Failure::outside(format_args!(
            "shard {index} cannot be searched here: {}",
            finished.stderr_text().trim()
        )));
    };
    Ok(cells * 1000.0 / shard.attempt.elapsed_ms.max(1) as f64)
}

/// Measures host `h`: its way, what it lacks, and how fast it computes.
pub(crate) fn measure(
    led: &Led,
    h: usize,
    reached: &Reached,
    small: &Small,
) -> Result<Measured, Trouble> {
    let name = led.name(h).to_owned();
    let there = led.there(h, reached.kind);
    let time = |bytes: &[u8]| {
        let begun = Instant::now();
        let sent = there
            .host
            .run(&["sh", "-c", "cat >/dev/null"], bytes, Some(LIMIT));
        sent.map_err(Trouble::new)?;
        Ok::<f64, Trouble>(begun.elapsed().as_secs_f64())
    };
    let connect = time(b"")?;
    let way = (time(&vec![b'x'; PAYLOAD])? - connect).max(0.001);
    let sync_bytes = planned_bytes(&reached.plan);
    let script = "d=$(mktemp -d) && trap 'rm -rf \"$d\"' EXIT && cat >\"$d/probe.fa\" && \
                  printf '%s' \"$2\" >\"$d/search.json\" && \
                  \"$1\" 0 \"$d/search.json\" --no-prune ${3:+--workers \"$3\"}";
    let tool = format!("{}/{}", there.root, there.tool);
    let document = String::from_utf8_lossy(&small.document).into_owned();
    let workers = led.fleet.hosts[h]
        .workers
        .map(|n| n.to_string())
        .unwrap_or_default();
    let words = ["sh", "-c", script, "sh", &tool, &document, &workers];
    let finished = there
        .host
        .run(&words, &small.fasta, Some(LIMIT))
        .map_err(Trouble::new)?;
    let rate = rate_told(&finished.stdout).ok_or_else(|| {
        Trouble::new(format_args!(
            "{name}: cannot be measured: {}",
            finished.stderr_text().trim()
        ))
    })?;
    Ok(Measured {
        name,
        rate,
        sync_s: SYNC_S + connect * 10.0 + way * sync_bytes as f64 / PAYLOAD as f64,
        sync_bytes,
    })
}

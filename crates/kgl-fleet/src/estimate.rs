//! What the search would take, here and there, from measurements: a small search that every
//! machine computes now, under whatever load it is, and a megabyte on its way to every host.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, OrFail as _, Source, duration, run_program, size};
use kgl_contract::{
    Columns, Filters, Search, SearchShard, ShardOf, canonical_bytes, parse_document,
};
use kgl_search::{Partition, below, read_sequences};

use crate::fleet::{Led, sibling};
use crate::prepare::{bring, plan, planned_bytes};
use crate::shards::Shards;
use crate::there::Trouble;

/// Sequences of the small search, and their length: about 0.4 milliards of cells.
const SEQUENCES: usize = 40;
const LENGTH: usize = 700;
/// What is sent to see how fast the way is.
const PAYLOAD: usize = 1 << 20;
const LIMIT: Duration = Duration::from_secs(60);
/// A shard that takes no longer here is searched to see what this search's cells cost.
const SAMPLE_S: f64 = 5.0;
/// A sync takes that long even when nothing travels.
const SYNC_S: f64 = 2.0;

/// A host, measured.
#[derive(Debug, Clone, PartialEq)]
struct Measured {
    name: String,
    /// Cells a second.
    rate: f64,
    sync_s: f64,
    sync_bytes: u64,
}

/// What it would take.
#[derive(Debug)]
pub(crate) struct Advice {
    here_s: f64,
    there_s: f64,
    sync_s: f64,
    /// Whether the fleet is faster.
    pub(crate) pays: bool,
    lines: Vec<String>,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        let advice = if self.pays { "it pays" } else { "stay local" };
        write!(
            f,
            "{} here, {} there (sync {}): {advice}",
            shown(self.here_s),
            shown(self.there_s),
            shown(self.sync_s)
        )
    }
}

/// Whole seconds, rounded up.
fn shown(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` stops at the ends
    let whole = seconds.ceil() as u64;
    duration(whole)
}

/// Measures, and advises.
///
/// # Errors
/// The inputs cannot be read (exit 2); no host can be measured (exit 3).
pub(crate) fn estimate(led: &Led, folder: &Path, io: &Io) -> Result<Advice, Failure> {
    let source = Source {
        name: led.search_path.clone(),
        base: led
            .project
            .join(&led.search_path)
            .parent()
            .unwrap_or(Path::new(""))
            .to_owned(),
    };
    let mut search = led.search.clone();
    let read = |file: &mut kgl_contract::SequenceFile| {
        let path = below(&source.base, &file.path);
        read_sequences(file, &path, &source)
    };
    let queries = read(&mut search.queries)?;
    let targets = read(&mut search.targets)?;
    let count = led.fleet.shard_count;
    let partition = Partition::deal(&queries, &targets, &search.filters, count);
    let small = small_search(&led.search)?;
    let probe_here = rate_here(&small)?;
    let done = Shards::open(folder, led.identity, count)?.done();
    let missing: Vec<u32> = (0..count).filter(|index| !done.contains(index)).collect();
    let cells: Vec<f64> = missing
        .iter()
        .map(|&index| partition.cells_of(index) as f64)
        .collect();

    let measured: Vec<Result<Measured, Trouble>> = thread::scope(|scope| {
        let small = &small;
        let asked: Vec<_> = (0..led.host_count())
            .map(|h| scope.spawn(move || measure(led, h, small)))
            .collect();
        asked
            .into_iter()
            .filter_map(|one| one.join().ok())
            .collect()
    });
    // Cells that a proof makes unnecessary cost less, here as there: one shard tells how much.
    let rate = match missing.first().zip(cells.first()) {
        Some((&index, &cells)) if cells / probe_here <= SAMPLE_S => {
            rate_of_shard(led, folder, index, cells)?.max(probe_here)
        }
        _ => probe_here,
    };
    let mut lines = vec![format!("here: {}", speed(rate))];
    let mut hosts = Vec::new();
    for found in measured {
        match found {
            Ok(mut host) => {
                host.rate *= rate / probe_here;
                lines.push(format!(
                    "{}: {}, {} to bring, {}",
                    host.name,
                    speed(host.rate),
                    size(host.sync_bytes),
                    shown(host.sync_s)
                ));
                hosts.push(host);
            }
            Err(trouble) => lines.push(format!("{}: not counted", trouble.what)),
        }
    }
    if hosts.is_empty() {
        return Err(Failure::outside(format_args!(
            "no host can be measured\n  {}",
            lines.join("\n  ")
        ))
        .hint("search it here: make train"));
    }
    let advice = weigh(&cells, rate, &hosts, lines);
    io.detail(format_args!(
        "{} of {count} shards are missing",
        missing.len()
    ));
    Ok(advice)
}

fn speed(rate: f64) -> String {
    format!("{:.1} milliard cells a second", rate / 1e9)
}

/// Weighs this machine against the hosts. Each of them begins when it is synced; together they
/// end a shard later than they would if shards could be cut at will.
fn weigh(cells: &[f64], rate: f64, hosts: &[Measured], lines: Vec<String>) -> Advice {
    let sum: f64 = cells.iter().sum();
    let mut by_sync: Vec<&Measured> = hosts.iter().collect();
    by_sync.sort_by(|a, b| a.sync_s.total_cmp(&b.sync_s));
    let (mut together, mut late) = (0.0, 0.0);
    let (mut there_s, mut sync_s) = (f64::INFINITY, 0.0);
    for host in by_sync {
        together += host.rate;
        late += host.rate * host.sync_s;
        let end: f64 = (sum + late) / together;
        if end >= host.sync_s && end < there_s {
            (there_s, sync_s) = (end, host.sync_s);
        }
    }
    let heaviest = cells.iter().copied().fold(0.0, f64::max);
    let slowest = hosts
        .iter()
        .map(|host| host.rate)
        .fold(f64::INFINITY, f64::min);
    there_s += heaviest / slowest / 2.0;
    let here_s = sum / rate;
    Advice {
        here_s,
        there_s,
        sync_s,
        pays: there_s < here_s,
        lines,
    }
}

/// A search like `search`, of sequences that are made here, without a proof that saves cells.
#[derive(Debug)]
struct Small {
    document: Vec<u8>,
    fasta: Vec<u8>,
}

fn small_search(search: &Search) -> Result<Small, Failure> {
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

fn rate_here(small: &Small) -> Result<f64, Failure> {
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
fn rate_of_shard(led: &Led, folder: &Path, index: u32, cells: f64) -> Result<f64, Failure> {
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
fn measure(led: &Led, h: usize, small: &Small) -> Result<Measured, Trouble> {
    let name = led.name(h).to_owned();
    let kind = bring(led, h)?;
    let there = led.there(h, kind);
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
    let sync_bytes = planned_bytes(&plan(led, h)?);
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
        sync_s: SYNC_S + connect * 4.0 + way * sync_bytes as f64 / PAYLOAD as f64,
        sync_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(rate: f64, sync_s: f64) -> Measured {
        Measured {
            name: String::new(),
            rate,
            sync_s,
            sync_bytes: 0,
        }
    }

    #[test]
    fn a_slow_way_keeps_a_short_search_here_and_a_long_one_pays() {
        let hosts = [host(10.0, 230.0), host(10.0, 400.0)];
        let short = weigh(&[15.0, 15.0], 10.0, &hosts, vec![]);
        assert_eq!(
            short.to_string(),
            "3 s here, 3 min 54 s there (sync 3 min 50 s): stay local"
        );
        let long = weigh(&[100.0; 1000], 10.0, &hosts, vec![]);
        assert!(
            long.pays && long.there_s > 5000.0 && long.there_s < 5400.0,
            "{long}"
        );
    }
}

//! What the search would take, here and there, from what was measured a moment ago.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, Source, duration, size};
use kgl_contract::SequenceFile;
use kgl_search::{Partition, below, read_sequences};

use crate::fleet::Led;
use crate::lead::interrupted;
use crate::measure::{Measured, Small, measure, rate_here, rate_of_shard, small_search};
use crate::prepare::{Reached, reach};
use crate::shards::Shards;
use crate::there::Trouble;

/// A shard that takes no longer here is searched to see what this search's cells cost; and where
/// it was decided to go, so that hosts wait for it.
const SAMPLE_S: f64 = 5.0;
const SAMPLE_GOING_S: f64 = 1.0;
/// Who has decided to go waits no longer for hosts that are slow to answer.
const GOING: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(50);

/// Somebody on his way to a host.
pub(crate) type Scout = JoinHandle<Result<Reached, Trouble>>;

/// What is known before anything is given to anybody.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    /// None where nothing is missing, or no host was measured.
    pub(crate) advice: Option<Advice>,
    /// Who made his way to each host.
    pub(crate) scouts: Vec<Option<Scout>>,
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

/// Measures, and advises. With `going` it does not wait for the last host.
///
/// # Errors
/// The inputs cannot be read (exit 2); no host can be measured (exit 3), but for `going`; a signal
/// (exit 3).
pub(crate) fn estimate(
    led: &Arc<Led>,
    folder: &Path,
    going: bool,
    ended: &AtomicBool,
    io: &Io,
) -> Result<Estimate, Failure> {
    let count = led.fleet.shard_count;
    let done = Shards::open(folder, led.identity, count)?.done();
    let missing: Vec<u32> = (0..count).filter(|index| !done.contains(index)).collect();
    let Some(&first) = missing.first() else {
        return Ok(Estimate::default());
    };
    io.detail(format_args!(
        "{} of {count} shards are missing",
        missing.len()
    ));
    let small = small_search(&led.search)?;
    let probe_here = rate_here(&small)?;
    let (scouts, reports) = send_scouts(led, small);
    let partition = deal(led)?;
    let cells: Vec<f64> = missing
        .iter()
        .map(|&index| partition.cells_of(index) as f64)
        .collect();
    // Cells that a proof makes unnecessary cost less, here as there: one shard tells how much.
    let longest = if going { SAMPLE_GOING_S } else { SAMPLE_S };
    let cells_of_first = partition.cells_of(first) as f64;
    let rate = if cells_of_first / probe_here <= longest {
        rate_of_shard(led, folder, first, cells_of_first)?.max(probe_here)
    } else {
        probe_here
    };
    let reported = collect(led, &reports, going, ended)?;
    let mut lines = vec![format!("here: {}", speed(rate))];
    let mut hosts = Vec::new();
    for (h, found) in reported.into_iter().enumerate() {
        match found {
            Some(Ok(mut host)) => {
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
            Some(Err(trouble)) => lines.push(format!("{}: not counted", trouble.what)),
            None => lines.push(format!("{}: not counted: no answer yet", led.name(h))),
        }
    }
    let advice = if !hosts.is_empty() {
        Some(weigh(&cells, rate, &hosts, lines))
    } else if going {
        lines.iter().for_each(|line| io.note(line));
        None
    } else {
        return Err(Failure::outside(format_args!(
            "no host can be measured\n  {}",
            lines.join("\n  ")
        ))
        .hint("search it here: make train"));
    };
    Ok(Estimate { advice, scouts })
}

/// The deal of targets to shards.
fn deal(led: &Led) -> Result<Partition, Failure> {
    let path = led.project.join(&led.search_path);
    let source = Source {
        name: led.search_path.clone(),
        base: path.parent().unwrap_or(Path::new("")).to_owned(),
    };
    let mut search = led.search.clone();
    let read = |file: &mut SequenceFile| {
        let path = below(&source.base, &file.path);
        read_sequences(file, &path, &source)
    };
    let queries = read(&mut search.queries)?;
    let targets = read(&mut search.targets)?;
    let count = led.fleet.shard_count;
    Ok(Partition::deal(&queries, &targets, &search.filters, count))
}

type Report = (usize, Result<Measured, Trouble>);

/// To every host at once: its way is made, and it is measured.
fn send_scouts(led: &Arc<Led>, small: Small) -> (Vec<Option<Scout>>, Receiver<Report>) {
    let (sender, reports) = channel();
    let small = Arc::new(small);
    let scouts = (0..led.host_count()).map(|h| {
        let (led, small, sender) = (Arc::clone(led), Arc::clone(&small), sender.clone());
        Some(thread::spawn(move || {
            let reached = reach(&led, h);
            let measured = match &reached {
                Ok(reached) => measure(&led, h, reached, &small),
                Err(trouble) => Err(trouble.clone()),
            };
            let _ = sender.send((h, measured));
            reached
        }))
    });
    (scouts.collect(), reports)
}

/// What the scouts report, by host; with `going`, as far as it comes soon.
fn collect(
    led: &Led,
    reports: &Receiver<Report>,
    going: bool,
    ended: &AtomicBool,
) -> Result<Vec<Option<Result<Measured, Trouble>>>, Failure> {
    let begun = Instant::now();
    let mut reported: Vec<_> = (0..led.host_count()).map(|_| None).collect();
    while reported.iter().any(Option::is_none) {
        if ended.load(Ordering::Relaxed) {
            return Err(interrupted("nothing was begun on the hosts"));
        }
        if going && begun.elapsed() > GOING {
            break;
        }
        match reports.recv_timeout(TICK) {
            Ok((h, report)) => reported[h] = Some(report),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(reported)
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

//! What is done with every host once: fetch, end, show.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use kgl_cli::{Failure, Io, Table};
use kgl_contract::{IndexSet, RunState};

use crate::fleet::Led;
use crate::shards::{Shards, Taken};
use crate::there::{Answer, Orders, Trouble};

/// Rounds that a host may take to bring all its shards, or to end all its runs.
const ROUNDS: u32 = 1000;

/// What a host has of the search.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) has: BTreeSet<u32>,
    pub(crate) runs: BTreeSet<u32>,
}

/// Asks every host at once.
fn each<T: Send>(led: &Led, ask: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let asked: Vec<_> = (0..led.host_count())
            .map(|h| {
                let ask = &ask;
                scope.spawn(move || ask(h))
            })
            .collect();
        asked
            .into_iter()
            .filter_map(|one| one.join().ok())
            .collect()
    })
}

/// An exchange with whichever programs are there.
fn exchange(led: &Led, h: usize, orders: &Orders) -> Result<Answer, Trouble> {
    let mut last = Trouble::new("");
    for kind in 0..led.programs.len() {
        match led.there(h, kind).exchange(orders) {
            Err(trouble) if trouble.unprepared => last = trouble,
            answer => return answer,
        }
    }
    Err(last)
}

/// Fetches what the hosts have; with `stop`, after ending what runs there for this search.
///
/// # Errors
/// A host is not heard (exit 3); two results of one shard (exit 2); the disk here (exit 3).
pub(crate) fn fetch(led: &Led, folder: &Path, stop: bool, io: &Io) -> Result<(), Failure> {
    let mut shards = Shards::open(folder, led.identity, led.fleet.shard_count)?;
    let brought = each(led, |h| bring(led, h, stop));
    let mut lost = Vec::new();
    let mut corrupt = Vec::new();
    for (h, brought) in brought.into_iter().enumerate() {
        let name = led.name(h);
        let (ended, files) = match brought {
            Ok(found) => found,
            // Nothing was ever brought there, so nothing runs there.
            Err(trouble) if trouble.unprepared => {
                io.note(format_args!("{name}: nothing of this search"));
                continue;
            }
            Err(trouble) => {
                lost.push(trouble.what);
                continue;
            }
        };
        let mut new = 0;
        for (index, bytes) in files {
            match shards.take(index, name, &bytes)? {
                Taken::New { .. } => new += 1,
                Taken::Same => {}
                Taken::Corrupt => corrupt.push(index),
                Taken::Broken(what) => {
                    io.warn(format_args!(
                        "{name}: its shard {index} is broken ({what}), and stays there"
                    ));
                }
            }
        }
        let ended: IndexSet = ended.into_iter().collect();
        let stopped = match ended.len() {
            0 if stop => "; nothing ran".to_owned(),
            0 => String::new(),
            _ => format!("; ended shards {ended}"),
        };
        io.note(format_args!("{name}: {new} new shards{stopped}"));
    }
    io.note(format_args!(
        "{} of {} shards are here: {}",
        shards.done().len(),
        led.fleet.shard_count,
        folder.display()
    ));
    if !corrupt.is_empty() {
        return Err(Failure::usage(format_args!(
            "corruption: two results of one shard; beside each of these lies the other: {}",
            shards.corrupt().join(", ")
        )));
    }
    if lost.is_empty() {
        return Ok(());
    }
    let what = if stop {
        "what runs there goes on"
    } else {
        "what is there was not fetched"
    };
    Err(
        Failure::outside(format_args!("{}; {what}", lost.join("; ")))
            .hint("the same command again, when it is back"),
    )
}

type Brought = (BTreeSet<u32>, Vec<(u32, Vec<u8>)>);

/// Ends the search's runs on host `h` where that is asked for, and gives its shards.
fn bring(led: &Led, h: usize, stop: bool) -> Result<Brought, Trouble> {
    let (mut ended, mut files) = (BTreeSet::new(), Vec::new());
    let mut have = BTreeSet::new();
    let mut orders = Orders::default();
    let mut closed = !stop;
    for _ in 0..ROUNDS {
        orders.have = Some(have.clone());
        let answer = exchange(led, h, &orders)?;
        orders = Orders::default();
        let nothing_new = answer.shards.is_empty();
        for (index, bytes) in answer.shards {
            have.insert(index);
            files.push((index, bytes));
        }
        if stop {
            for run in answer
                .runs
                .iter()
                .filter(|run| run.state == RunState::Running)
            {
                if let Some(shard) = led.shard_of(run) {
                    ended.insert(shard);
                    orders.stop.push(run.id.clone());
                }
            }
        }
        if nothing_new && orders.stop.is_empty() && !closed {
            // What ran has ended, so that its sessions can be closed as well.
            closed = true;
            orders.close = (0..led.fleet.shard_count)
                .map(|shard| led.session(shard))
                .collect();
            continue;
        }
        if nothing_new && orders.stop.is_empty() {
            return Ok((ended, files));
        }
    }
    Err(Trouble::new(format_args!(
        "{}: it does not come to an end there",
        led.name(h)
    )))
}

/// What every host has and does.
pub(crate) fn look(led: &Led) -> Vec<Result<Found, Trouble>> {
    each(led, |h| {
        let answer = exchange(led, h, &Orders::default())?;
        let running = answer
            .runs
            .iter()
            .filter(|run| run.state == RunState::Running);
        Ok(Found {
            runs: running.filter_map(|run| led.shard_of(run)).collect(),
            has: answer.has,
        })
    })
}

/// The map of host × shard, for people.
pub(crate) fn map(led: &Led, done: &BTreeSet<u32>, found: &[Result<Found, Trouble>]) -> String {
    let count = led.fleet.shard_count;
    let line = |sign: &dyn Fn(u32) -> char| (0..count).map(sign).collect::<String>();
    let mut table = Table::new(["", "shards", "", ""]);
    for (h, found) in found.iter().enumerate() {
        let (signs, says) = match found {
            Ok(found) => (
                line(
                    &|shard| match (found.has.contains(&shard), found.runs.contains(&shard)) {
                        (true, _) => '#',
                        (_, true) => '>',
                        _ => '.',
                    },
                ),
                format!("{} there, {} at work", found.has.len(), found.runs.len()),
            ),
            Err(trouble) if trouble.unprepared => (line(&|_| '.'), "not prepared".to_owned()),
            Err(trouble) => (line(&|_| '?'), trouble.what.clone()),
        };
        table.row([led.name(h).to_owned(), signs, says, String::new()]);
    }
    let here = line(&|shard| if done.contains(&shard) { '#' } else { '.' });
    table.row([
        "here".to_owned(),
        here,
        format!("{} of {count}", done.len()),
        String::new(),
    ]);
    format!("{table}\n# there  > at work  . not there  ? not heard")
}

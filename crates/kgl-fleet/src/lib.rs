//! `kgl-fleet`: a search over several hosts: estimated, handed out in shards, verified, and taken
//! up again.
//!
//! ```text
//! cluster_fleet_config.sh ─► kgl-fleet describe ─► fleet ─► kgl-fleet run ─► shards ─► kgl-merge
//! ```
//!
//! **Input**: a `kgl.fleet/1` document. **Output**: shards, in a folder.
//!
//! [`fleet`] checks the document, [`prepare`] makes a host ready, [`there`] is one exchange with
//! it, [`host`] what is known of it, [`decide`] says who is given what (purely), [`shards`] takes
//! in, and [`lead`] is the loop. [`estimate`] measures and advises, [`visit`] is what is done with
//! every host once.
//!
//! **Exit codes**: 0 done, 1 a proper no, 2 bad usage or input, 3 the outside world failed.

pub mod cli;
pub mod decide;
mod describe;
mod dry;
mod estimate;
mod fleet;
mod host;
mod lead;
mod measure;
mod prepare;
mod shards;
mod there;
mod visit;
mod ways;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use cli::{Arguments, Command, Place};
use decide::Terms;
use fleet::Led;
use shards::Shards;

/// Shards that a host holds at once.
const DEPTH: usize = 2;
/// How often a shard may fail.
const MAX_FAILURES: u32 = 5;

/// Runs the tool.
///
/// # Errors
/// As the manual says.
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    let read = |place: &Place| Led::read(place.fleet.as_deref(), &place.project, io);
    match &arguments.command {
        Command::Describe(asked) => io.write_document(&describe::describe(asked, io)?, None)?,
        Command::Run(asked) => {
            let led = read(&asked.place)?;
            let folder = &asked.place.shards;
            if asked.dry_run {
                io.print(dry::commands(&led, folder)?)?;
                return Ok(Exit::Done);
            }
            let _lock = lead::lock(folder)?;
            let led = Arc::new(led);
            let done = run_fleet(asked, &led, io);
            // Threads that still wait for a host must not hold its connection beyond the end.
            led.ways.close_all();
            done?;
        }
        Command::Pull(place) => visit::fetch(&read(place)?, &place.shards, false, io)?,
        Command::Stop(place) => visit::fetch(&read(place)?, &place.shards, true, io)?,
        Command::Map { place, watch } => {
            let led = read(place)?;
            loop {
                let here = Shards::open(&place.shards, led.identity, led.fleet.shard_count)?;
                let map = visit::map(&led, &here.done(), &visit::look(&led));
                let gone = !io.stream_stdout(format!("{map}\n").as_bytes())?;
                let Some(pause) = watch.filter(|_| !gone) else {
                    break;
                };
                std::thread::sleep(Duration::from_secs(pause));
            }
        }
    }
    Ok(Exit::Done)
}

/// Says what it would take, and goes if it pays or if that was decided.
fn run_fleet(asked: &cli::Run, led: &Arc<Led>, io: &Io) -> Result<(), Failure> {
    let folder = &asked.place.shards;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&ended))
            .or_outside("cannot catch signals")?;
    }
    let estimate = estimate::estimate(led, folder, asked.go, &ended, io)?;
    if let Some(advice) = &estimate.advice {
        let all_the_same = if asked.go && !advice.pays {
            "; going all the same"
        } else {
            ""
        };
        io.note(format_args!("{advice}{all_the_same}"));
        if !asked.go && !asked.estimate && !advice.pays {
            return Err(Failure::no("it is not worth leaving this machine").hint(
                "search it here (make train), or go all the same: launch_cluster_search.sh --go",
            ));
        }
    }
    if asked.estimate {
        return Ok(());
    }
    let ms = |seconds: u64| seconds.saturating_mul(1000);
    let terms = Terms {
        lost_after: ms(asked.lost_after),
        slow_after: ms(asked.slow_after),
        give_up_after: ms(asked.give_up_after),
        depth: DEPTH,
        max_failures: MAX_FAILURES,
    };
    lead::lead(led, estimate.scouts, folder, terms, &ended, io)
}

//! `kgl-run watch`: a run's log as it grows, and how the run ended.

use std::io;
use std::time::Duration;

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::{Run, RunState};

use crate::log::Follower;
use crate::runs::{Runs, Seen};
use crate::why;

const LOOK: Duration = Duration::from_millis(100);

/// Prints the log of `seen` on stdout, byte for byte, until the run has ended; without `follow`,
/// what is there now.
///
/// # Errors
/// The log cannot be read (exit 3); the run did not end well (exit 1).
pub(crate) fn watch(runs: &Runs, seen: Seen, follow: bool, io: &Io) -> Result<Exit, Failure> {
    let path = runs.log(&seen.run);
    let shown = format!("{}/{}", seen.run.paths.folder, seen.run.paths.log);
    io.note(format_args!("{}: {shown}", seen.run.id));
    let mut follower = Follower::open(&path).or_outside(format_args!("cannot read {shown}"))?;
    let mut seen = seen;
    loop {
        // The state first: what was written before the end is read after it was seen.
        let live = seen.is_live();
        let sink = |bytes: &[u8]| match io.stream_stdout(bytes) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Broken::Unread),
            Err(failure) => Err(Broken::Sink(failure)),
        };
        match drain(&mut follower, live, sink) {
            Ok(()) => {}
            // As with any program at the head of a pipe: nobody looks on any more.
            Err(Broken::Unread) => return Ok(Exit::Done),
            Err(Broken::Sink(failure)) => return Err(failure),
            Err(Broken::Log(error)) => {
                return Err(error).or_outside(format_args!("cannot read {shown}"));
            }
        }
        if !live {
            return tell(&seen.run, io);
        }
        if !follow {
            io.note(format_args!("{} is running", seen.run.verb));
            return Ok(Exit::Done);
        }
        std::thread::sleep(LOOK);
        seen = runs.see(&seen.run.id).map_err(Failure::outside)?;
    }
}

/// Hands on what is in the log: all of it, once the run has ended.
fn drain(
    follower: &mut Follower,
    live: bool,
    mut sink: impl FnMut(&[u8]) -> Result<(), Broken>,
) -> Result<(), Broken> {
    while follower.drain(&mut sink)? && !live {}
    Ok(())
}

fn tell(run: &Run, io: &Io) -> Result<Exit, Failure> {
    if run.state == RunState::Done {
        io.note(format_args!("{} is done", run.verb));
        return Ok(Exit::Done);
    }
    Err(Failure::no(why::lines(run)))
}

/// Why a log is not followed any further.
enum Broken {
    /// It cannot be read.
    Log(io::Error),
    /// stdout cannot be written.
    Sink(Failure),
    /// Nobody reads stdout.
    Unread,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Log(error)
    }
}

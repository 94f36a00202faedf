//! `kgl-run watch`: a run's log as it grows, and how the run ended.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::{Run, RunState};

use crate::hooks;
use crate::log::Follower;
use crate::remote;
use crate::runs::{Runs, Seen};
use crate::why;

const LOOK: Duration = Duration::from_millis(100);

/// Prints the log of `seen` on stdout, byte for byte, until the run has ended; without `follow`,
/// what is there now.
///
/// # Errors
/// The log cannot be read (exit 3); the run did not end well (exit 1).
pub(crate) fn watch(runs: &Runs, seen: Seen, follow: bool, io: &Io) -> Result<Exit, Failure> {
    if seen.is_elsewhere {
        return watch_there(runs, &seen.run, follow, io);
    }
    let path = runs.log(&seen.run);
    let shown = format!("{}/{}", seen.run.paths.folder, seen.run.paths.log);
    io.note(format_args!("{}: {shown}", seen.run.id));
    let mut follower = Follower::open(&path).or_outside(format_args!("cannot read {shown}"))?;
    let mut seen = seen;
    loop {
        // The state first: what was written before the end is read after it was seen.
        let live = seen.is_live();
        match drain(&mut follower, live, io) {
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

/// The same for a run on a host: its log is followed over ssh.
fn watch_there(runs: &Runs, run: &Run, follow: bool, io: &Io) -> Result<Exit, Failure> {
    io.note(format_args!(
        "{}: {}/{} on {}",
        run.id, run.paths.folder, run.paths.log, run.where_.host
    ));
    let mut failed = None;
    let ended = remote::follow(runs, run, follow, io, |bytes| {
        match io.stream_stdout(bytes) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(failure) => {
                failed = Some(failure);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(failure) = failed {
        return Err(failure);
    }
    let Some(ended) = ended else {
        return Ok(Exit::Done);
    };
    hooks::tell(runs, [&ended], io);
    if ended.state == RunState::Running {
        io.note(format_args!("{} is running", ended.verb));
        return Ok(Exit::Done);
    }
    tell(&ended, io)
}

/// Called on a host: writes the log of the run `id` from the byte `from` on, until the run has
/// ended. A log that is shorter was begun anew, and is written from its beginning.
///
/// # Errors
/// No such run (exit 2); the log cannot be read (exit 3).
pub(crate) fn send(
    runs: &Runs,
    id: &str,
    from: u64,
    follow: bool,
    io: &Io,
) -> Result<Exit, Failure> {
    let mut seen = runs.see(id).map_err(Failure::usage)?;
    let path = runs.log(&seen.run);
    let context = || format!("cannot read {}", path.display());
    let mut follower = Follower::open_at(&path, from).or_outside(context())?;
    loop {
        let live = seen.is_live();
        match drain(&mut follower, live && follow, io) {
            Ok(()) => {}
            Err(Broken::Unread) => return Ok(Exit::Done),
            Err(Broken::Sink(failure)) => return Err(failure),
            Err(Broken::Log(error)) => return Err(error).or_outside(context()),
        }
        if !live || !follow {
            return Ok(Exit::Done);
        }
        std::thread::sleep(LOOK);
        seen = runs.see(id).map_err(Failure::outside)?;
    }
}

/// Writes what is in the log to stdout: all of it, once the run has ended.
fn drain(follower: &mut Follower, live: bool, io: &Io) -> Result<(), Broken> {
    let mut sink = |bytes: &[u8]| match io.stream_stdout(bytes) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Broken::Unread),
        Err(failure) => Err(Broken::Sink(failure)),
    };
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

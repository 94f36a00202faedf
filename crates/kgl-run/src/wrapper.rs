//! The wrapper of a run: waits for its process, passes requests to end on, shows the log where
//! somebody looks on, and records the end.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use kgl_cli::Failure;
use kgl_contract::{Ending, Run, RunEnd};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, wait};

use crate::launch::Started;
use crate::log::{Follower, NOTE};
use crate::process::{self, Process};
use crate::runs::Runs;

/// How often a log is looked at that somebody follows, or processes that are to end.
const SOON: Duration = Duration::from_millis(40);
/// The same, while there is more to show than could be shown.
const NOW: Duration = Duration::from_millis(1);
/// A child's end wakes us; this is only for a signal that got lost.
const SELDOM: Duration = Duration::from_secs(5);

/// Attends a run to its end, and gives it as it stands then.
///
/// With `echo`, what the run writes into its log is shown on stderr as well. The first signal
/// that asks for the end is passed on to all the run's processes, which are killed if they are
/// still there after `grace`; a second signal kills them at once. When the run's process has
/// ended by itself, what it left behind is ended in the same way, except for processes that
/// made a session of their own: those are daemons, and meant to stay.
///
/// # Errors
/// The end cannot be recorded (exit 3).
pub(crate) fn attend(
    runs: &Runs,
    mut started: Started,
    grace: Duration,
    echo: bool,
) -> Result<Run, Failure> {
    let mut echo = echo
        .then(|| Follower::open(&runs.log(&started.run)).ok())
        .flatten();
    let session = process::find(std::process::id()).map(|wrapper| wrapper.session);
    let mut main: Option<WaitStatus> = None;
    let mut request: Option<Request> = None;
    let (mut asked, mut stopped, mut behind) = (false, false, false);
    loop {
        started.signals.wait(match (&echo, &request) {
            _ if behind => NOW,
            (None, None) => SELDOM,
            _ => SOON,
        });
        main = reap(started.child).or(main);
        behind = show(&mut echo);
        let now = Instant::now();
        if let Some(signal) = started.signals.taken() {
            asked = true;
            // Who asks after the process has ended stops only what it left behind.
            stopped |= main.is_none();
            match &mut request {
                Some(request) => request.deadline = now,
                None => request = Some(Request::new(signal, now + grace)),
            }
        }
        if main.is_none() && request.is_none() {
            continue;
        }
        let mut present = process::descendants(&process::all(), &[std::process::id()]);
        if !asked {
            present.retain(|process| Some(process.session) == session);
        }
        if main.is_some() && present.is_empty() {
            break;
        }
        let request = request.get_or_insert_with(|| {
            let left = process::list(&present);
            note(
                &started,
                &format!("ends what {} left behind: {left}", started.run.verb),
            );
            Request::new(Signal::TERM, now + grace)
        });
        if main.is_some() {
            request.insist();
        }
        if request.press(&present, now) {
            let late = process::list(&present);
            note(
                &started,
                &format!("kills what did not end when asked: {late}"),
            );
        }
    }
    let ending = Ending {
        end: RunEnd {
            code: main.and_then(WaitStatus::exit_status),
            signal: main.and_then(WaitStatus::terminating_signal),
            stopped,
        },
        ended_at: kgl_cli::now(),
    };
    let ended = runs.finish(&started.run, &ending);
    // All of the log is shown, but nobody who asked for the end has to sit through it.
    while show(&mut echo) && !asked && started.signals.taken().is_none() {}
    ended
}

/// A request to end, and whom it has reached.
#[derive(Debug)]
pub(crate) struct Request {
    signal: Signal,
    deadline: Instant,
    told: BTreeSet<(u32, u64)>,
    killing: bool,
}

impl Request {
    /// Asks with `signal`, and kills after `deadline`.
    pub(crate) fn new(signal: Signal, deadline: Instant) -> Self {
        Self {
            signal,
            deadline,
            told: BTreeSet::new(),
            killing: false,
        }
    }

    /// Asks with TERM from now on: a shell's jobs in the background ignore INT.
    fn insist(&mut self) {
        if self.signal != Signal::TERM {
            self.signal = Signal::TERM;
            self.told.clear();
        }
    }

    /// Tells those of `present` that have not been told yet; kills them all once the time is
    /// over. Gives whether the killing begins now.
    pub(crate) fn press(&mut self, present: &[Process], now: Instant) -> bool {
        let begins = now >= self.deadline && !self.killing;
        self.killing |= begins;
        for process in present {
            // A process that belongs to somebody else by now is theirs to end.
            if self.killing {
                let _ = process::send(process, Signal::KILL);
            } else if self.told.insert((process.pid, process.start_ticks)) {
                let _ = process::send(process, self.signal);
                // One that is suspended would sleep through it.
                let _ = process::send(process, Signal::CONT);
            }
        }
        begins && !present.is_empty()
    }
}

/// Collects every child that has ended, adopted ones too, and gives how `main` did.
fn reap(main: Pid) -> Option<WaitStatus> {
    let mut status = None;
    while let Ok(Some((pid, ended))) = wait(WaitOptions::NOHANG) {
        if pid == main {
            status = Some(ended);
        }
    }
    status
}

/// Shows what is new in the log, and gives whether there is more. Where nobody can be shown
/// anything, no more is tried.
fn show(echo: &mut Option<Follower>) -> bool {
    let stderr = |bytes: &[u8]| io::stderr().write_all(bytes);
    let shown = echo.as_mut().map(|follower| follower.drain(stderr));
    if matches!(shown, Some(Err(_))) {
        *echo = None;
    }
    matches!(shown, Some(Ok(true)))
}

/// A line of ours in the run's log.
fn note(started: &Started, text: &str) {
    let _ = (&started.log).write_all(format!("{NOTE}{text}\n").as_bytes());
}

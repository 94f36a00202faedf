//! `kgl-run`: turns a verb of a competition into a run, and tells the truth about how it ended.
//!
//! ```text
//! kgl-run train --competition stanford-rna-3d-folding-2 --detach | jq -r .id
//! kgl-run watch --competition stanford-rna-3d-folding-2
//! ```
//!
//! **Input**: a `kgl.challenge/1` document: `--competition SLUG` (competitions/SLUG/challenge.json
//! below the current folder), `--challenge FILE`, or stdin. The argv behind the verb is executed
//! in the competition's folder, without a shell and with an empty stdin; a program with a `/` in
//! its name is meant from there. It finds `KGL_RUN_ID`, `KGL_RUN_DIR` and `KGL_PROJECT_DIR` in
//! its environment, and `KGL_SEED` where a seed was given. The environment is passed on and never
//! written down; what stands in the argv is recorded.
//!
//! **Output**: a `kgl.run/1` document on stdout. The run's folder is
//! `competitions/SLUG/outputs/runs/ID`:
//!
//! * `run.json` what was started, and who attends it (the wrapper's process id and start, the boot);
//! * `run.log`  what the verb wrote to stdout and stderr. The verb writes into it itself, so that
//!   it neither dies nor loses a word when the wrapper is killed. Lines of the wrapper's own begin
//!   with `[kgl-run]`. Scripts append (`>> /dev/stderr`): `> /dev/stderr` would empty a file;
//! * `run.rc`   how it ended: code or signal, whether it was stopped, when. Its block on the disk is
//!   set aside at the start, so that a run that fills the disk can still say so.
//!
//! **The state is derived when it is read** ([`Run::state`](kgl_contract::Run) in the file is what
//! was true when it was written): `run.rc` is there → done, failed or stopped; another boot →
//! rebooted; the wrapper is alive → running; otherwise → died, and the processes that go on
//! without it are named, and ended by `kgl-run stop`.
//!
//! **Ending**: ^C, TERM or HUP to the wrapper, and `kgl-run stop`, go to every process of the run;
//! after `--grace` seconds, or a second ^C, they are killed. The wrapper adopts what the verb
//! orphans, and every process carries the run's id in its environment, so nothing gets away and
//! nobody else is hit. When a verb ends by itself, what it left in the background is ended too,
//! but for daemons (processes in a session of their own), which only `stop` ends.
//!
//! **Two at once**: a verb that is running is not started again (exit 1) without `--again`.
//!
//! **Exit codes**: 0 done, or started with `--detach`. A foreground run that fails gives the
//! verb's own code where that is 1, 2 or 3; any other code, a signal and a stop give 3. Of
//! kgl-run itself: 1 running already (or `watch`: did not end well), 2 bad usage or input and
//! nothing was started, 3 the disk or the system failed.
//!
//! **On a host** (`"where": "host"`): this program brings itself along ([`there`]), starts the run in
//! tmux there ([`tmux`]) and asks itself there how it stands ([`remote`]); [`pull`] brings what was
//! made. `KGL_SSH_PATIENCE=CONNECT,SILENCE` (seconds; 10,15) says when a link counts as cut.
//!
//! **Verbs of its own**, which win over verbs of the same name: `status`, `stop`, `why`, `watch`,
//! `pull`.

mod after;
mod cli;
mod files;
mod hooks;
mod launch;
mod log;
mod place;
mod plan;
mod process;
mod pull;
mod remote;
mod runs;
mod signals;
mod state;
mod status;
mod stop;
mod there;
mod tmux;
mod watch;
mod why;
mod wrapper;

pub use cli::{Args, Builtin, Compute, Source};

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::{Run, RunState, Where, canonical_bytes};

use crate::place::Place;
use crate::plan::{Facts, Request};
use crate::runs::{Runs, Seen};

/// Runs the tool.
///
/// # Errors
/// Whatever kept the verb from ending well; its exit code is the manual's.
pub fn run(args: Args, io: &Io) -> Result<Exit, Failure> {
    let Some(builtin) = &args.builtin else {
        return launch(args, io);
    };
    let launching = [
        (args.plan, "--plan"),
        (args.detach, "--detach"),
        (args.again, "--again"),
        (args.attach, "--attach"),
        (args.after.is_some(), "--after"),
        (args.verb.is_some(), "a verb of the challenge"),
        (!args.args.is_empty(), "arguments after `--`"),
    ];
    if let Some((_, what)) = launching.iter().find(|(given, _)| *given) {
        return Err(Failure::usage(format_args!(
            "{what} cannot be given together with a verb of kgl-run itself"
        )));
    }
    let here = args.here.clone().unwrap_or_else(kgl_cli::host_name);
    match builtin {
        Builtin::Attend {
            project,
            again,
            plan: None,
            ..
        } => {
            return attend(&args, PathBuf::from(project), *again, io);
        }
        Builtin::Attend {
            project,
            again,
            plan: Some(plan),
            answer,
        } => {
            let runs = (PathBuf::from(project), here);
            return attend_in_tmux(&args, runs, *again, plan, answer.as_deref(), io);
        }
        Builtin::Pull { replace } => {
            let (place, challenge) = place::read_challenge(&args.source, io)?;
            let runs = Runs::new(place, here);
            let pulled = pull::pull(&runs, &challenge, *replace, io);
            if let Ok((seen, _)) = runs.list() {
                hooks::tell(&runs, seen.iter().map(|seen| &seen.run), io);
            }
            return pulled;
        }
        _ => {}
    }
    let runs = Runs::new(place::find(&args.source, io)?, here);
    if let Builtin::Start { again, session } = builtin {
        let (planned, _) = io.read_document::<Run>(None)?;
        let name = args.here.as_deref().unwrap_or(&planned.where_.host);
        let run = tmux::start(
            &runs,
            &planned,
            *again,
            session.as_deref(),
            args.grace,
            name,
        )?;
        io.write_document(&run, None)?;
        return Ok(Exit::Done);
    }
    if let Builtin::Log {
        run,
        from,
        no_follow,
    } = builtin
    {
        return watch::send(&runs, run, *from, !no_follow, io);
    }
    let (mut seen, complaints) = runs.list()?;
    for complaint in complaints {
        io.warn(complaint);
    }
    if matches!(builtin, Builtin::Files) {
        io.write_document(&files::list(&runs, &seen)?, None)?;
        return Ok(Exit::Done);
    }
    remote::refresh(&runs, &mut seen, io);
    hooks::tell(&runs, seen.iter().map(|seen| &seen.run), io);
    let (Builtin::Status { run }
    | Builtin::Stop { run, .. }
    | Builtin::Why { run }
    | Builtin::Watch { run, .. }) = builtin
    else {
        return Ok(Exit::Done);
    };
    if let Some(id) = run {
        seen = vec![choose(&seen, id, &runs)?];
    }
    match builtin {
        Builtin::Stop { all, verb, .. } => {
            if let Some(verb) = verb {
                seen.retain(|seen| seen.run.verb == *verb);
            }
            stop_some(&runs, seen, run.is_some(), *all, &args, io)
        }
        Builtin::Why { .. } => tell_why(&runs, &seen, run.is_some(), io),
        Builtin::Watch { no_follow, .. } => match seen.into_iter().next() {
            Some(newest) => watch::watch(&runs, newest, !no_follow, io),
            None => Err(Failure::no(nothing_yet(&runs))),
        },
        _ => tell_status(&runs, &seen, io),
    }
}

/// A verb of the challenge: plan it, and unless that was all, start it and see it through.
fn launch(mut args: Args, io: &Io) -> Result<Exit, Failure> {
    let (place, challenge) = place::read_challenge(&args.source, io)?;
    let grace = args.grace();
    let Some(verb) = args.verb.take() else {
        let verbs: Vec<&str> = challenge.verbs.keys().map(String::as_str).collect();
        return Err(Failure::usage("which verb?").hint(format_args!(
            "{} has: {}; kgl-run itself has: status, stop, why, watch, pull",
            place.slug,
            verbs.join(", ")
        )));
    };
    let request = Request {
        verb,
        args: std::mem::take(&mut args.args),
        seed: args.seed,
        where_: args.where_.map(Into::into),
    };
    let facts = Facts::gather(&place.project);
    let planned = plan::plan(&challenge, &place, &request, &facts)?;
    if args.plan {
        io.write_document(&planned, None)?;
        return Ok(Exit::Done);
    }
    let here = args.here.clone().unwrap_or_else(kgl_cli::host_name);
    let runs = Runs::new(place, here);
    if let Some(verb) = &args.after {
        after::wait_for(&runs, verb, io)?;
    }
    if args.attach {
        let (mut seen, _) = runs.list()?;
        remote::refresh(&runs, &mut seen, io);
        let same = |seen: &Seen| seen.run.verb == planned.verb && seen.is_live();
        if let Some(running) = seen.into_iter().find(same) {
            io.note(format_args!(
                "{} is running already, as {}",
                running.run.verb, running.run.id
            ));
            return watch::watch(&runs, running, true, io);
        }
    }
    if planned.where_.kind == Where::Host {
        return launch_there(&runs, &planned, &args, io);
    }
    if args.detach {
        let run = match launch::detach(&runs, &planned, args.again, args.grace)? {
            Ok(run) => run,
            Err(exit) => return Ok(exit),
        };
        io.note(format_args!(
            "{} runs as {}\n  follow it: kgl-run watch --competition {slug}\n  \
             end it:    kgl-run stop --competition {slug}",
            run.verb,
            run.id,
            slug = run.competition
        ));
        print_runs([&run], io)?;
        return Ok(Exit::Done);
    }
    let started = launch::start(&runs, planned, args.again)?;
    io.note(format_args!(
        "{} runs as {}",
        started.run.verb, started.run.id
    ));
    let ended = wrapper::attend(&runs, started, grace, !args.common.quiet)?;
    hooks::tell(&runs, [&ended], io);
    let written = print_runs([&ended], io);
    // How the verb ended weighs more than where its document went.
    verdict(&ended)?;
    let took = status::took(&ended, ended.ended_at.as_deref()).unwrap_or_default();
    io.note(format_args!("{} is done after {took}", ended.verb));
    written.map(|()| Exit::Done)
}

/// A verb that runs on a host: started there, and in the foreground followed to its end.
fn launch_there(runs: &Runs, planned: &Run, args: &Args, io: &Io) -> Result<Exit, Failure> {
    let run = remote::start(runs, planned, args.again, args.grace)?;
    let slug = &run.competition;
    let host = &run.where_.host;
    io.note(format_args!("{} runs on {host} as {}", run.verb, run.id));
    if args.detach {
        io.note(format_args!(
            "  follow it: kgl-run watch --competition {slug}\n  end it:    kgl-run stop --competition {slug}"
        ));
        print_runs([&run], io)?;
        return Ok(Exit::Done);
    }
    let mut signals = signals::Signals::catch().or_outside("cannot catch signals")?;
    let quiet = args.common.quiet;
    let followed = remote::follow(runs, &run, true, io, |bytes| {
        if !quiet {
            remote::show(bytes);
        }
        match signals.taken() {
            Some(_) => std::ops::ControlFlow::Break(()),
            None => std::ops::ControlFlow::Continue(()),
        }
    })?;
    let ended = match followed {
        Some(ended) => ended,
        None => remote::stop(runs, &run, args.grace(), io)?,
    };
    hooks::tell(runs, [&ended], io);
    let written = print_runs([&ended], io);
    verdict(&ended)?;
    let took = status::took(&ended, ended.ended_at.as_deref()).unwrap_or_default();
    io.note(format_args!(
        "{} is done on {host} after {took}; `make pull competition={slug}` brings what it made",
        ended.verb
    ));
    written.map(|()| Exit::Done)
}

/// How a run in the foreground ended, as this process's own end.
fn verdict(run: &Run) -> Result<(), Failure> {
    if run.state == RunState::Done {
        return Ok(());
    }
    let code = run.end.filter(|end| !end.stopped).and_then(|end| end.code);
    let lines = why::lines(run);
    Err(match code {
        Some(1) => Failure::no(lines),
        Some(2) => Failure::usage(lines),
        _ => Failure::outside(lines),
    })
}

/// The wrapper that `--detach` leaves running: the plan comes on stdin, the started run goes to
/// stdout, and from then on it has no terminal, no session and no descriptor of the caller's.
fn attend(args: &Args, project: PathBuf, again: bool, io: &Io) -> Result<Exit, Failure> {
    let (planned, _) = io.read_document::<Run>(None)?;
    let here = kgl_cli::host_name();
    let runs = Runs::new(Place::new(project, &planned.competition)?, here);
    rustix::process::setsid().or_outside("cannot leave the caller's session")?;
    let started = launch::start(&runs, planned, again)?;
    // Whoever asked may be gone by now: the run goes on.
    let _ = io.write_document(&started.run, None);
    let _ = launch::let_go();
    let ended = wrapper::attend(&runs, started, args.grace(), false)?;
    hooks::tell(&runs, [&ended], io);
    Ok(Exit::Done)
}

/// The wrapper in a tmux pane: it shows the log there, and says in a file whether the run started.
fn attend_in_tmux(
    args: &Args,
    (project, here): (PathBuf, String),
    again: bool,
    plan: &Path,
    answer: Option<&Path>,
    io: &Io,
) -> Result<Exit, Failure> {
    let start = || {
        let (planned, _) = io.read_document::<Run>(Some(plan))?;
        let runs = Runs::new(Place::new(project, &planned.competition)?, here);
        let started = launch::start(&runs, planned, again)?;
        Ok((runs, started))
    };
    let outcome: Result<_, Failure> = start();
    if let Some(answer) = answer {
        tmux::write_answer(answer, outcome.as_ref().map(|(_, started)| &started.run));
    }
    let (runs, started) = outcome?;
    let ended = wrapper::attend(&runs, started, args.grace(), true)?;
    verdict(&ended)?;
    Ok(Exit::Done)
}

/// The run whose id is `id`, or ends with it.
fn choose(seen: &[Seen], id: &str, runs: &Runs) -> Result<Seen, Failure> {
    let slug = &runs.place().slug;
    let matching = |exact: bool| -> Vec<usize> {
        let fits = |run: &Run| run.id == id || !exact && run.id.ends_with(id);
        (0..seen.len()).filter(|i| fits(&seen[*i].run)).collect()
    };
    let found = match matching(true) {
        exact if !exact.is_empty() => exact,
        _ => matching(false),
    };
    match found.as_slice() {
        [one] => Ok(seen[*one].clone()),
        [] => Err(
            Failure::usage(format_args!("{slug} has no run {id}")).hint(format_args!(
                "`kgl-run status --competition {slug}` lists them"
            )),
        ),
        [..] => {
            let ids: Vec<&str> = found.iter().map(|i| seen[*i].run.id.as_str()).collect();
            Err(Failure::usage(format_args!(
                "{slug} has {} runs whose id ends with {id}: {}",
                ids.len(),
                ids.join(", ")
            )))
        }
    }
}

fn tell_status(runs: &Runs, seen: &[Seen], io: &Io) -> Result<Exit, Failure> {
    if seen.is_empty() {
        io.note(nothing_yet(runs));
    } else {
        io.note(status::table(seen, &kgl_cli::now()));
    }
    print_runs(seen.iter().map(|seen| &seen.run), io)?;
    Ok(Exit::Done)
}

fn stop_some(
    runs: &Runs,
    mut seen: Vec<Seen>,
    chosen: bool,
    all: bool,
    args: &Args,
    io: &Io,
) -> Result<Exit, Failure> {
    if !chosen {
        seen.retain(Seen::is_live);
    }
    let others = if all || seen.is_empty() {
        0
    } else {
        seen.len() - 1
    };
    if others > 0 {
        seen.truncate(1);
    }
    if seen.is_empty() {
        io.note(format_args!(
            "nothing of {} is running here",
            runs.place().slug
        ));
    }
    let ended = stop::stop(runs, &seen, args.grace(), io)?;
    if others > 0 {
        io.note(format_args!("{others} more running: --all ends them too"));
    }
    print_runs(&ended, io)?;
    Ok(Exit::Done)
}

fn tell_why(runs: &Runs, seen: &[Seen], chosen: bool, io: &Io) -> Result<Exit, Failure> {
    let slug = &runs.place().slug;
    if let ([one], true) = (seen, chosen) {
        io.print(why::lines(&one.run))?;
        return Ok(Exit::Done);
    }
    match why::newest(seen) {
        Some((run, mended)) => {
            if mended {
                io.note(format_args!("{} has ended well since then", run.verb));
            }
            io.print(why::lines(run))?;
        }
        None => io.note(format_args!("nothing of {slug} has failed")),
    }
    Ok(Exit::Done)
}

fn nothing_yet(runs: &Runs) -> String {
    format!("nothing of {} has run here yet", runs.place().slug)
}

/// A document on stdout; on a terminal, people were told already.
pub(crate) fn print_document<D: kgl_contract::Document>(
    document: &D,
    io: &Io,
) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        return Ok(());
    }
    io.write_document(document, None)
}

/// Runs on stdout, one a line; on a terminal, people were told already.
fn print_runs<'a>(runs: impl IntoIterator<Item = &'a Run>, io: &Io) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    for run in runs {
        bytes.extend(canonical_bytes(run).or_outside("cannot write the run as JSON")?);
    }
    io.write_stdout(&bytes)
}

//! From a planned run to a started one: one at a time, and truly started or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kgl_cli::{Failure, OrFail as _, quote};
use kgl_contract::{Run, RunState};
use rustix::process::{Pid, getpid, set_child_subreaper};

use crate::process;
use crate::runs::{Runs, Seen};
use crate::signals::Signals;

/// A run whose process was started by this one.
#[derive(Debug)]
pub(crate) struct Started {
    /// The run, as `run.json` has it.
    pub(crate) run: Run,
    /// The id of the verb's process.
    pub(crate) child: Pid,
    /// Its log, for notes of ours.
    pub(crate) log: File,
    /// What asks for its end.
    pub(crate) signals: Signals,
}

/// Starts the planned `run`, with this process as its wrapper.
///
/// # Errors
/// The same verb is running, and it was not asked for `again` (exit 1); the program cannot be
/// started (exit 2); the run's folder cannot be written (exit 3). Then nothing was started, and
/// no run is on record.
pub(crate) fn start(runs: &Runs, mut run: Run, again: bool) -> Result<Started, Failure> {
    let lock = runs.lock()?;
    if !again {
        refuse_a_second(runs, &run)?;
    }
    let signals = Signals::catch().or_outside("cannot catch signals")?;
    // Whatever the verb starts stays below this process, even when its parent ends first: so
    // `stop` finds all of it, and only that.
    set_child_subreaper(Some(getpid())).or_outside("cannot keep hold of the run's processes")?;
    let wrapper = process::find(std::process::id());
    run.state = RunState::Running;
    run.started_at = Some(kgl_cli::now());
    run.pid = Some(std::process::id());
    run.pid_start_ticks = wrapper.map(|wrapper| wrapper.start_ticks);
    run.boot_id = process::boot_id();
    runs.create(&run)?;
    match spawn(runs, &run) {
        Ok((child, log)) => {
            drop(lock);
            Ok(Started {
                run,
                child,
                log,
                signals,
            })
        }
        Err(failure) => {
            runs.forget(&run);
            Err(failure)
        }
    }
}

/// Looks whether the verb of `run` runs already.
///
/// # Errors
/// The verb of `run` is running already (exit 1).
pub(crate) fn refuse_a_second(runs: &Runs, run: &Run) -> Result<(), Failure> {
    let same = |seen: &&Seen| seen.run.verb == run.verb && seen.is_live();
    let (seen, _) = runs.list()?;
    let Some(other) = seen.iter().find(same) else {
        return Ok(());
    };
    let (verb, slug, id) = (&run.verb, &run.competition, &other.run.id);
    let how = match other.run.pid {
        Some(pid) if other.survivors.is_empty() => format!("(pid {pid})"),
        _ => format!(
            "without its wrapper: {} goes on",
            process::list(&other.survivors)
        ),
    };
    Err(
        Failure::no(format_args!("{verb} is running already, as {id} {how}")).hint(format_args!(
            "`kgl-run watch --competition {slug}` follows it, `kgl-run stop --competition {slug}` \
             ends it, --again starts another beside it"
        )),
    )
}

/// Starts the verb's process. It writes into the log itself, so that nothing it says is lost
/// should the wrapper be killed, and it is not killed by a broken pipe then.
fn spawn(runs: &Runs, run: &Run) -> Result<(Pid, File), Failure> {
    let place = runs.place();
    let work = place.project.join(&run.paths.work);
    let log_path = runs.log(run);
    let context = || format!("cannot write {}/{}", run.paths.folder, run.paths.log);
    let log = File::options()
        .append(true)
        .create_new(true)
        .open(&log_path)
        .or_outside(context())?;
    let [program, args @ ..] = run.argv.as_slice() else {
        return Err(Failure::usage("the run's argv is empty"));
    };
    let mut command = Command::new(resolve(program, &work));
    command
        .args(args)
        .current_dir(&work)
        .env(process::MARK, &run.id)
        .env("KGL_RUN_DIR", runs.folder(&run.id))
        .env("KGL_PROJECT_DIR", &place.project)
        .stdin(Stdio::null())
        .stdout(log.try_clone().or_outside(context())?)
        .stderr(log.try_clone().or_outside(context())?)
        // A group of its own: ^C reaches the wrapper alone, which passes it on.
        .process_group(0);
    if let Some(seed) = run.seed {
        command.env("KGL_SEED", seed.to_string());
    }
    let child = command
        .spawn()
        .map_err(|error| explain(&error, run, &work))?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok((
        pid.ok_or_else(|| Failure::outside("the run's process has no id"))?,
        log,
    ))
}

/// A program with a `/` in its name is meant from the competition's folder; any other is looked
/// up in PATH.
pub(crate) fn resolve(program: &str, work: &Path) -> PathBuf {
    if program.contains('/') {
        work.join(program.strip_prefix("./").unwrap_or(program))
    } else {
        PathBuf::from(program)
    }
}

/// Why a program could not be started, and what to do about it.
fn explain(error: &io::Error, run: &Run, work: &Path) -> Failure {
    let program = run.argv.first().map_or("", String::as_str);
    let path = resolve(program, work);
    let named = program.contains('/');
    let verb = format!("{}, verb `{}`", run.competition, run.verb);
    match error.kind() {
        io::ErrorKind::NotFound if !work.is_dir() => {
            Failure::usage(format_args!("{verb}: no folder {}", run.paths.work))
        }
        io::ErrorKind::NotFound if named && path.exists() => Failure::usage(format_args!(
            "{verb}: {program} names a program in its first line (#!) that is not here"
        )),
        io::ErrorKind::NotFound if named => Failure::usage(format_args!(
            "{verb}: no file {program} in {}",
            run.paths.work
        ))
        .hint("correct the verb's argv in challenge.json, or make the file"),
        io::ErrorKind::NotFound => Failure::usage(format_args!(
            "{verb}: program {program} was not found in PATH"
        ))
        .hint(format_args!(
            "install it, or name it ./{program} if it lies in {}",
            run.paths.work
        )),
        io::ErrorKind::PermissionDenied => {
            let shown = if named {
                format!("{}/{}", run.paths.work, program.trim_start_matches("./"))
            } else {
                program.to_owned()
            };
            Failure::usage(format_args!("{verb}: {program} cannot be executed"))
                .hint(format_args!("`{}` lets it", quote(["chmod", "+x", &shown])))
        }
        // ENOEXEC has no kind of its own.
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            Failure::usage(format_args!(
                "{verb}: {program} is neither a program for this machine nor a script"
            ))
            .hint("a script's first line names what reads it: #!/usr/bin/env bash")
        }
        _ => Failure::outside(format_args!("{verb}: cannot start {program}: {error}")),
    }
}

/// Hands the planned `run` to a wrapper that goes on by itself, and waits until it has started
/// the run.
///
/// # Errors
/// What kept the run from starting was told on stderr by the wrapper itself: its exit code is
/// given. An error of this function's own says why there is no wrapper (exit 3).
pub(crate) fn detach(
    runs: &Runs,
    run: &Run,
    again: bool,
    grace: u64,
) -> Result<Result<Run, kgl_cli::Exit>, Failure> {
    let program = std::env::current_exe().or_outside("cannot find kgl-run itself")?;
    let plan = serde_json::to_vec(run).or_outside("cannot write the plan as JSON")?;
    let mut command = Command::new("/bin/sh");
    command
        // Descriptors that the caller left open (make's job server, a test's output) would keep
        // the caller waiting for the run's end. A shell can close them without unsafe code.
        .args([
            "-c",
            "exec \"$0\" \"$@\" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-",
        ])
        .arg(program)
        .args(["--quiet", "_attend", "--grace", &grace.to_string()])
        .arg("--project")
        .arg(&runs.place().project);
    if again {
        command.arg("--again");
    }
    let mut wrapper = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .or_outside("cannot start a wrapper for the run")?;
    if let Some(mut stdin) = wrapper.stdin.take() {
        // A wrapper that reads nothing says why itself.
        let _ = stdin.write_all(&plan);
    }
    let mut answer = Vec::new();
    if let Some(mut stdout) = wrapper.stdout.take() {
        io::Read::read_to_end(&mut stdout, &mut answer)
            .or_outside("cannot hear from the run's wrapper")?;
    }
    if !answer.is_empty() {
        return kgl_contract::parse_document(&answer)
            .map(Ok)
            .or_outside("the run's wrapper answered");
    }
    let status = wrapper.wait().or_outside("the run's wrapper is lost")?;
    match status.code() {
        Some(1) => Ok(Err(kgl_cli::Exit::No)),
        Some(2) => Ok(Err(kgl_cli::Exit::Usage)),
        Some(3) => Ok(Err(kgl_cli::Exit::Outside)),
        _ => Err(Failure::outside(format_args!(
            "the run's wrapper ended without a word ({status})"
        ))),
    }
}

/// Turns stdin, stdout and stderr of this process to nowhere.
///
/// # Errors
/// There is no /dev/null.
pub(crate) fn let_go() -> io::Result<()> {
    let null = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    // The starter waits for the end of stdout: it goes last.
    rustix::stdio::dup2_stdout(&null)?;
    Ok(())
}

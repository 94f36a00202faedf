//! A project in a temporary folder, with one competition, and whatever runs in it.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kgl_contract::{Run, parse_document};
use rustix::process::{Pid, Signal, kill_process};

pub(crate) const SLUG: &str = "demo-competition";

/// A project; when it goes, nothing that was started in it is left.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn run(&self) -> Run {
        parse_document(self.stdout.as_bytes()).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        let line = |line: &str| parse_document(line.as_bytes()).unwrap();
        self.stdout.lines().map(line).collect()
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

impl Project {
    /// A project whose verbs are these shell scripts.
    pub(crate) fn new(verbs: &[(&str, &str)]) -> Self {
        let argv: Vec<(&str, Vec<&str>)> = verbs
            .iter()
            .map(|(verb, script)| (*verb, vec!["sh", "-c", *script]))
            .collect();
        Self::with_argv(&argv, "local")
    }

    /// A project whose verbs are these argvs, and which runs them there.
    pub(crate) fn with_argv(verbs: &[(&str, Vec<&str>)], where_: &str) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let verbs: std::collections::BTreeMap<_, _> = verbs.iter().cloned().collect();
        let challenge = serde_json::json!({
            "schema": "kgl.challenge/1", "slug": SLUG, "name": "Demo", "where": where_,
            "metric": { "name": "m", "better": "higher" }, "verbs": verbs,
        });
        fs::create_dir_all(project.work()).unwrap();
        fs::write(project.challenge(), challenge.to_string()).unwrap();
        project
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.path().join("competitions").join(SLUG)
    }

    pub(crate) fn challenge(&self) -> PathBuf {
        self.work().join("challenge.json")
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.work().join("outputs/runs")
    }

    pub(crate) fn file(&self, run: &Run, name: &str) -> PathBuf {
        self.runs().join(&run.id).join(name)
    }

    pub(crate) fn log(&self, run: &Run) -> String {
        fs::read_to_string(self.file(run, "run.log")).unwrap()
    }

    /// `kgl-run` in the project's folder, without a competition named.
    pub(crate) fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-run"));
        command
            .args(args)
            .current_dir(self.path())
            .env_remove("KGL_RUN_ID")
            .env_remove("KGL_SEED")
            .env("KGL_SSH_PATIENCE", "2,3")
            .stdin(Stdio::null());
        command
    }

    /// `kgl-run --competition SLUG ARGS...`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut all = vec!["--competition", SLUG];
        all.extend(args);
        self.bare(&all)
    }

    /// Runs it to its end.
    pub(crate) fn kgl(&self, args: &[&str]) -> Ended {
        finish(self.command(args))
    }

    /// Starts it in the foreground, and goes on.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn detach(&self, verb: &str) -> Run {
        self.kgl(&[verb, "--detach"]).expect(0).run()
    }

    pub(crate) fn status(&self) -> Vec<Run> {
        self.kgl(&["status"]).expect(0).runs()
    }

    pub(crate) fn see(&self, run: &Run) -> Run {
        self.kgl(&["status", "--run", &run.id]).expect(0).run()
    }

    /// Waits until a file in the competition's folder has a whole line, and gives the text.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str) -> String {
        let path = self.work().join(name);
        let read = || fs::read_to_string(&path).unwrap_or_default();
        until(name, || read().ends_with('\n'));
        read().trim().to_owned()
    }

    /// A process id that a verb wrote into a file.
    #[track_caller]
    pub(crate) fn wait_for_pid(&self, name: &str) -> u32 {
        self.wait_for(name).parse().unwrap()
    }

    /// The processes that were started in this project and are there.
    fn left(&self) -> Vec<u32> {
        let mark = format!("KGL_PROJECT_DIR={}", self.path().display());
        let marked = |pid: &u32| {
            is_alive(*pid)
                && fs::read(format!("/proc/{pid}/environ"))
                    .is_ok_and(|bytes| bytes.split(|b| *b == 0).any(|word| word == mark.as_bytes()))
        };
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(marked)
            .collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.command(&["stop", "--all", "--grace", "0"]).output();
        let left = self.left();
        for pid in &left {
            signal(*pid, Signal::KILL);
        }
        if !std::thread::panicking() {
            assert!(left.is_empty(), "left behind: {left:?}");
        }
    }
}

pub(crate) fn finish(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Gives `input` on stdin, and runs it to its end.
pub(crate) fn finish_with(mut command: Command, input: &[u8]) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    wait(child)
}

pub(crate) fn wait(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Looks again and again until `done`, at most 10 s.
#[track_caller]
pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Field `number` of /proc/PID/stat as proc(5) counts them, from 3 on; none for a process that
/// is gone.
fn stat(pid: u32, number: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').nth(number - 3).unwrap().to_owned())
}

/// Whether the process is there and has not ended.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid, 3).is_some_and(|state| state != "Z")
}

/// The session of a process; 0 where the process that leads it is outside of this pid
/// namespace, which `getsid` of rustix does not expect (as of 1.1.6, it panics).
pub(crate) fn session(pid: u32) -> u32 {
    stat(pid, 6).unwrap().parse().unwrap()
}

#[track_caller]
pub(crate) fn until_gone(pid: u32) {
    until(&format!("end of {pid}"), || !is_alive(pid));
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = kill_process(pid, signal);
}

//! A process run to its end, and what it cost.
//!
//! Unlike [`kgl_cli::run_program`] this keeps nothing of what a program writes:
//! megabytes through a pipe would cost this process time beside the one that is
//! measured. Output goes to a file or is dropped by the system.

use kgl_cli::{Failure, OrFail as _, quote};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use wait4::Wait4 as _;

/// A program with its arguments, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    argv: Vec<OsString>,
    stdin: Option<PathBuf>,
    stdout: Option<PathBuf>,
}

impl Job {
    pub(crate) fn new(program: impl Into<OsString>) -> Job {
        Job {
            argv: vec![program.into()],
            stdin: None,
            stdout: None,
        }
    }

    /// Words that hold no blanks, then what else there is.
    pub(crate) fn words(mut self, words: &str) -> Job {
        self.argv
            .extend(words.split_whitespace().map(OsString::from));
        self
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Job {
        self.argv.push(argument.into());
        self
    }

    pub(crate) fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Job {
        self.argv.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn stdin(mut self, file: PathBuf) -> Job {
        self.stdin = Some(file);
        self
    }

    pub(crate) fn stdout(mut self, file: PathBuf) -> Job {
        self.stdout = Some(file);
        self
    }

    /// As a shell would be told.
    pub(crate) fn line(&self) -> String {
        quote(self.argv.iter().map(|word| word.to_string_lossy()))
    }
}

/// What processes cost, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct Cost {
    /// From start to end.
    pub(crate) wall_s: f64,
    /// Of the processor, for the program and for the system on its behalf.
    pub(crate) cpu_s: f64,
    /// Memory of the largest of them. Never below what this process held when
    /// it started them, which is how the system counts.
    pub(crate) peak_bytes: u64,
}

impl Cost {
    fn then(self, next: Cost) -> Cost {
        Cost {
            wall_s: self.wall_s + next.wall_s,
            cpu_s: self.cpu_s + next.cpu_s,
            peak_bytes: self.peak_bytes.max(next.peak_bytes),
        }
    }

    fn least(self, other: Cost) -> Cost {
        Cost {
            wall_s: self.wall_s.min(other.wall_s),
            cpu_s: self.cpu_s.min(other.cpu_s),
            peak_bytes: self.peak_bytes.min(other.peak_bytes),
        }
    }
}

/// Runs a program to its end, its words for people into `log`.
pub(crate) fn run(job: &Job, log: &Path) -> Result<Cost, Failure> {
    let open = |path: &Path| File::open(path).or_outside(path.display());
    let create = |path: &Path| File::create(path).or_outside(path.display());
    let mut command = Command::new(&job.argv[0]);
    command.args(&job.argv[1..]).stderr(create(log)?);
    command.stdin(match &job.stdin {
        Some(path) => Stdio::from(open(path)?),
        None => Stdio::null(),
    });
    command.stdout(match &job.stdout {
        Some(path) => Stdio::from(create(path)?),
        None => Stdio::null(),
    });
    let started = Instant::now();
    let mut child = command.spawn().or_usage(job.line())?;
    let end = child.wait4().or_outside(job.line())?;
    let wall = started.elapsed();
    if !end.status.success() {
        let said = fs::read_to_string(log).unwrap_or_default();
        let last: Vec<&str> = said.lines().rev().take(3).collect();
        return Err(Failure::outside(format_args!(
            "{} ended with {}: {}",
            job.line(),
            end.status,
            last.join(" / ")
        )));
    }
    let used = end.rusage;
    Ok(Cost {
        wall_s: wall.as_secs_f64(),
        cpu_s: (used.utime + used.stime).as_secs_f64(),
        peak_bytes: used.maxrss,
    })
}

/// What is timed under one name: one or more processes in sequence.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) name: String,
    pub(crate) jobs: Vec<Job>,
}

/// Lets all runners run in turn, several turns, and gives each one's least costs.
pub(crate) fn race(runners: &[Runner], turns: usize, log: &Path) -> Result<Vec<Cost>, Failure> {
    let mut least: Vec<Option<Cost>> = vec![None; runners.len()];
    for _ in 0..turns.max(1) {
        for (runner, least) in runners.iter().zip(&mut least) {
            let mut cost = Cost::default();
            for job in &runner.jobs {
                cost = cost.then(run(job, log)?);
            }
            *least = Some(least.map_or(cost, |least| least.least(cost)));
        }
    }
    Ok(least.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Job {
        Job::new("sh").arg("-c").arg(script)
    }

    #[test]
    fn a_process_costs_what_it_used() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let idle = run(&shell("sleep 0.2"), &log).unwrap();
        assert!(idle.wall_s >= 0.2 && idle.cpu_s < 0.15, "{idle:?}");
        let busy = shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done");
        let busy = run(&busy, &log).unwrap();
        assert!(busy.cpu_s > 0.02, "{busy:?}");
        let large = shell("x=$(head -c 40000000 /dev/zero | tr '\\0' a); :");
        assert!(run(&large, &log).unwrap().peak_bytes > 40_000_000);
    }

    #[test]
    fn files_go_in_and_out_and_failures_say_what_was_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("in"), "abc").unwrap();
        let job = Job::new("cat").stdin(path("in")).stdout(path("out"));
        run(&job, &path("log")).unwrap();
        assert_eq!(fs::read(path("out")).unwrap(), b"abc");
        let error = run(&shell("echo no room >&2; exit 4"), &path("log")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 4: no room"), "{text}");
    }

    #[test]
    fn runners_take_turns_and_the_least_counts() {
        let dir = tempfile::tempdir().unwrap();
        let trace = dir.path().join("trace");
        let note = |name: &str| Runner {
            name: name.to_owned(),
            jobs: vec![shell(&format!("printf {name} >> {}", trace.display())); 2],
        };
        let costs = race(&[note("a"), note("b")], 2, &dir.path().join("log")).unwrap();
        assert_eq!(costs.len(), 2);
        assert_eq!(fs::read_to_string(&trace).unwrap(), "aabbaabb");
        let [one, two] = [1.0, 2.0].map(|s| Cost {
            wall_s: s,
            cpu_s: 3.0 - s,
            peak_bytes: 7,
        });
        assert_eq!(
            one.least(two),
            Cost {
                wall_s: 1.0,
                cpu_s: 1.0,
                peak_bytes: 7
            }
        );
        assert!((one.then(two).wall_s - 3.0).abs() < 1e-9);
    }
}

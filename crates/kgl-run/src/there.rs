//! kgl-run on a host: brought there, called there, and understood here.
//!
//! The wrapper that attends a run on a host is this very program: one rule for the truth, wherever
//! it is asked. It travels by its digest to `.kgl/` in the project there, once for each version,
//! and needs nothing on the host but a shell, tmux, and a Linux like this one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use kgl_cli::{Failure, Finished, OrFail as _};
use kgl_contract::Sha256;
use kgl_ssh::{Host, Patience, SshError};

/// No folder of the project there.
const NO_PROJECT: i32 = 121;
/// The program is not there yet.
const NO_PROGRAM: i32 = 122;

/// A host, and the project's folder there.
#[derive(Debug)]
pub(crate) struct There {
    host: Host,
    root: String,
    /// This program, as it is called there, relative to the project.
    program: String,
    own: PathBuf,
}

/// Why kgl-run there gave no answer.
#[derive(Debug)]
pub(crate) enum Unheard {
    /// The host, or the way there; what was asked for may have happened.
    Ssh(SshError),
    /// Anything else, told already.
    Failure(Failure),
}

impl From<Unheard> for Failure {
    fn from(unheard: Unheard) -> Self {
        match unheard {
            Unheard::Ssh(error) => error.into(),
            Unheard::Failure(failure) => failure,
        }
    }
}

impl From<SshError> for Unheard {
    fn from(error: SshError) -> Self {
        Self::Ssh(error)
    }
}

impl From<Failure> for Unheard {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl There {
    /// The project at `root` on the host that ssh knows as `name`.
    ///
    /// # Errors
    /// What cannot be a host or a project's folder (exit 2).
    pub(crate) fn new(name: &str, root: &str) -> Result<Self, Failure> {
        let host = Host::new(name, Patience::of_environment())?;
        if !root.starts_with('/') || root.contains('\0') {
            return Err(
                Failure::usage(format_args!("the project's folder on {name} is `{root}`"))
                    .hint("give it from the root: /workspace/kaggle"),
            );
        }
        let own = std::env::current_exe().or_outside("cannot find kgl-run itself")?;
        let opened = fs::File::open(&own).or_outside("cannot read kgl-run itself")?;
        let (digest, _) = Sha256::of_reader(opened).or_outside("cannot read kgl-run itself")?;
        Ok(Self {
            host,
            root: root.trim_end_matches('/').to_owned(),
            program: format!(".kgl/kgl-run-{}", digest.short()),
            own,
        })
    }

    /// The host's name.
    pub(crate) fn name(&self) -> &str {
        self.host.name()
    }

    /// The host, for rsync.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The project's folder there.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The words that call kgl-run there with `args`.
    fn words<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        let script =
            "cd -- \"$1\" 2>/dev/null || exit 121; [ -x \"$2\" ] || exit 122; shift; exec \"./$@\"";
        let mut words = vec![
            "sh",
            "-c",
            script,
            "sh",
            &self.root,
            &self.program,
            "--as",
            self.host.name(),
        ];
        words.extend(args);
        words
    }

    /// An ssh that calls kgl-run there, for a program that streams.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.host.command(&self.words(args))
    }

    /// The failure that a stream from there ended with.
    pub(crate) fn cut(&self, finished: &Finished) -> SshError {
        self.host.fault(&finished.stderr_text())
    }

    /// Calls kgl-run there. Its refusals and failures become this one's, with the same code.
    ///
    /// # Errors
    /// [`Unheard`].
    pub(crate) fn call(
        &self,
        args: &[&str],
        stdin: &[u8],
        limit: Duration,
    ) -> Result<Finished, Unheard> {
        let ask = || self.host.run(&self.words(args), stdin, Some(limit));
        let mut finished = ask()?;
        if finished.status.code() == Some(NO_PROGRAM) {
            self.bring()?;
            finished = ask()?;
        }
        let name = self.host.name();
        let said = finished.stderr_text();
        let said = said.trim().trim_start_matches("kgl-run: ");
        let failure = match finished.status.code() {
            Some(0) => return Ok(finished),
            Some(1) if finished.stdout.is_empty() => Failure::no(format_args!("{name}: {said}")),
            Some(1) => return Ok(finished),
            Some(2) => Failure::usage(format_args!("{name}: {said}")),
            Some(3) => Failure::outside(format_args!("{name}: {said}")),
            Some(NO_PROJECT) => Failure::usage(format_args!("{name} has no folder {}", self.root))
                .hint("`make sync` brings the project there"),
            Some(code) => self.unable(&format!("ended with {code}: {said}")),
            None => Failure::outside(format_args!("{name}: ssh was killed")),
        };
        Err(failure.into())
    }

    /// Brings this program to the host, by rename, and sees whether it runs there.
    fn bring(&self) -> Result<(), Unheard> {
        let name = self.host.name();
        let bytes = fs::read(&self.own).or_outside("cannot read kgl-run itself")?;
        let finished = self.host.bring(&self.root, &self.program, &bytes)?;
        if !finished.status.success() {
            let said = finished.stderr_text();
            return Err(Failure::outside(format_args!(
                "{name}: cannot bring kgl-run to {}/.kgl: {}",
                self.root,
                said.trim()
            ))
            .hint("is there room, and a right to write?")
            .into());
        }
        let finished = self.host.run(
            &self.words(&["--version"]),
            b"",
            Some(Duration::from_secs(30)),
        )?;
        if finished.status.success() {
            return Ok(());
        }
        Err(self.unable(finished.stderr_text().trim()).into())
    }

    fn unable(&self, said: &str) -> Failure {
        let name = self.host.name();
        Failure::usage(format_args!(
            "{name}: kgl-run as it was built here does not run there: {said}"
        ))
        .hint(
            "build it so that it runs on any Linux of this processor, and call that one: \
             scripts/static-binaries.sh target/static/bin kgl-run",
        )
    }
}

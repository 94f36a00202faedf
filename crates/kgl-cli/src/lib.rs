//! The manners every kgl tool shares, in one place: how arguments are read, how
//! a document comes in and goes out, how a failure is told and which exit code
//! it ends with, when progress is drawn, and how files appear.
//!
//! ```text
//! stdout   data, and nothing else: one document in canonical bytes
//! stderr   people: notes, warnings, progress (on a terminal), the failure
//! exit     0 done · 1 a proper no · 2 bad usage or input · 3 the outside world failed
//! ```
//!
//! A tool's `main.rs` is one line, `kgl_cli::main(kgl_merge::run)`; its `run`
//! takes the parsed arguments and an [`Io`], and returns an [`Exit`] or a
//! [`Failure`]. Nothing else in the workspace prints or exits.

mod amount;
mod atomic_file;
mod failure;
mod io;
mod machine;
mod output;
mod program;
mod progress;
mod shell;
mod table;

pub use amount::{duration, size};
pub use atomic_file::{AtomicFile, write_atomically};
pub use failure::{Failure, OrFail, read_failure};
pub use io::{Io, Source};
pub use kgl_contract::Exit;
pub use machine::{host_name, now};

pub use program::{Finished, ProgramError, run_program, signal_name, stream_program};
pub use progress::Progress;
pub use shell::quote;
pub use table::Table;

use std::ffi::OsString;
use std::io::Write as _;

use clap::{CommandFactory, Parser};

/// Options that every tool has. Flatten it into the tool's arguments:
/// `#[command(flatten)] pub common: kgl_cli::Common`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Common {
    /// Say more on stderr.
    #[arg(long, short, global = true, help_heading = "Manners")]
    pub verbose: bool,
    /// Say nothing on stderr but failures.
    #[arg(
        long,
        short,
        global = true,
        help_heading = "Manners",
        conflicts_with = "verbose"
    )]
    pub quiet: bool,
}

/// Arguments of a tool: a clap parser that holds the [`Common`] options.
pub trait Arguments: Parser {
    /// The options that every tool has.
    fn common(&self) -> &Common;
}

/// Runs a tool from `main`: reads the process's arguments, runs `tool`, reports
/// its failure, and gives the exit code.
///
/// `TOOL --completions SHELL` and `TOOL --man` are answered here for every tool.
pub fn main<A: Arguments>(tool: impl FnOnce(A, &Io) -> Result<Exit, Failure>) -> Exit {
    install_panic_message(A::command().get_name().to_owned());
    let argv: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = answer_meta::<A>(&argv) {
        return exit;
    }
    let arguments = match A::try_parse_from(&argv) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap knows whether this is help on stdout or a complaint on stderr.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
        }
    };
    let io = Io::new(arguments.common());
    match tool(arguments, &io) {
        Ok(exit) => exit,
        Err(failure) => failure.report(A::command()),
    }
}

/// `--completions bash|zsh|fish|elvish|powershell` and `--man`: what a package
/// installs beside the binary, written by the binary itself.
fn answer_meta<A: CommandFactory>(argv: &[OsString]) -> Option<Exit> {
    let mut bytes = Vec::new();
    match (
        argv.get(1)?.to_str()?,
        argv.get(2).and_then(|shell| shell.to_str()),
    ) {
        ("--completions", shell) => {
            let Some(shell) = shell.and_then(|name| name.parse::<clap_complete::Shell>().ok())
            else {
                let shells = "bash, zsh, fish, elvish or powershell";
                return Some(
                    Failure::usage(format!("--completions needs a shell: {shells}"))
                        .report(A::command()),
                );
            };
            let mut command = A::command();
            let name = command.get_name().to_owned();
            clap_complete::generate(shell, &mut command, name, &mut bytes);
        }
        ("--man", None) => {
            // Rendering to memory cannot fail.
            let _ = clap_mangen::Man::new(A::command()).render(&mut bytes);
        }
        _ => return None,
    }
    match Io::new(&Common::default()).write_stdout(&bytes) {
        Ok(()) => Some(Exit::Done),
        Err(failure) => Some(failure.report(A::command())),
    }
}

/// A panic is a bug of ours: it is told as such, with the place, and ends the
/// process at once whichever thread it hit.
fn install_panic_message(tool: String) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or("no message");
        let _ = writeln!(
            std::io::stderr(),
            "{tool}: internal error at {place}: {what}\n  hint: this is a bug in {tool}; please report it with the command and its input"
        );
        #[allow(clippy::exit)]
        std::process::exit(Exit::Usage.code().into());
    }));
}

//! Calling rsync, and what its exit codes mean.

use std::process::Command;

use kgl_cli::{Failure, Finished, run_program};

use crate::fault::{Fault, last_words, own_words};

/// Runs the rsync of `argv` to its end. `what` begins the message of a failure: a host's name.
///
/// # Errors
/// rsync is missing here or there (exit 2), the plan is refused by rsync (exit 1), or it failed
/// (exit 3).
pub fn rsync(argv: &[String], stdin: &[u8], what: &str) -> Result<Finished, Failure> {
    let [program, args @ ..] = argv else {
        return Err(Failure::usage(
            "the argv is empty, so there is no rsync to call",
        ));
    };
    if program != "rsync" {
        return Err(
            Failure::usage(format_args!("this would execute {program}, not rsync"))
                .hint("a plan is what kgl-rsync-plan made; make it anew"),
        );
    }
    let mut command = Command::new(program);
    // Times in a list are local ones, and must mean the same in every dry run.
    command.args(args).env("LC_ALL", "C").env("TZ", "UTC");
    let finished = run_program(&mut command, stdin, None)
        .map_err(|error| error.into_failure("apt-get install -y rsync"))?;
    match finished.status.code() {
        Some(0) => Ok(finished),
        code => Err(explain(code, &finished.stderr_text(), what)),
    }
}

/// Why rsync failed (rsync(1), EXIT VALUES), and what to do.
fn explain(code: Option<i32>, stderr: &str, what: &str) -> Failure {
    let stderr = &own_words(stderr);
    let said = stderr
        .lines()
        .map(str::trim)
        .find(|line| {
            !line.is_empty() && !line.starts_with('@') && !line.starts_with("rsync error:")
        })
        .unwrap_or("rsync said nothing");
    let missing = stderr.contains("command not found") || stderr.contains("rsync: not found");
    let barred =
        stderr.contains("rsync: Permission denied") || stderr.contains("rsync: cannot execute");
    let fault = Fault::of_stderr(stderr);
    if !missing && !barred && (code == Some(255) || !matches!(fault, Fault::Cut | Fault::Other)) {
        let words = last_words(stderr);
        return Failure::outside(format_args!("{what} {fault}: {words}")).hint(fault.hint(what));
    }
    let again = "nothing is lost: the same command goes on where this one was";
    match code {
        _ if missing => Failure::usage(format_args!("{what}: there is no rsync there"))
            .hint("on the host: apt-get install -y rsync"),
        _ if barred => Failure::usage(format_args!("{what}: rsync there cannot be executed"))
            .hint("on the host: apt-get install -y --reinstall rsync"),
        Some(11) | Some(12) if stderr.contains("No space left") => {
            Failure::outside(format_args!("{what}: the disk is full: {said}"))
                .hint("make room; what was there before is whole")
        }
        Some(10 | 12 | 30 | 35) => {
            Failure::outside(format_args!("{what}: the connection was cut: {said}")).hint(again)
        }
        Some(23 | 24) => Failure::outside(format_args!(
            "{what}: some files could not be brought: {said}"
        ))
        .hint("files that change while they are read are brought by the same command later"),
        Some(25) => Failure::no(format_args!(
            "{what}: more would be deleted than the plan says"
        ))
        .hint("the host has changed since the plan was made: plan again"),
        Some(code) => Failure::outside(format_args!("{what}: rsync ended with {code}: {said}")),
        None => Failure::outside(format_args!("{what}: rsync was killed")).hint(again),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_cli::Exit;

    #[test]
    fn codes_become_sentences_with_a_next_step() {
        // As rsync 3.5.0 and OpenSSH 9.2 say them.
        for (code, stderr, exit, word) in [
            (
                127,
                "bash: line 1: rsync: command not found\nrsync error: remote command not found",
                Exit::Usage,
                "no rsync",
            ),
            (
                12,
                "bash: line 1: /usr/bin/rsync: Permission denied",
                Exit::Usage,
                "cannot be executed",
            ),
            (
                255,
                "ssh: connect to host 10.77.0.11 port 22: Connection timed out",
                Exit::Outside,
                "timed out",
            ),
            (
                12,
                "rsync: connection unexpectedly closed (0 bytes received so far) [sender]",
                Exit::Outside,
                "was cut",
            ),
            // Which of the two ends first, rsync or its ssh, is chance.
            (
                12,
                "root@gpu: Permission denied (publickey).\nrsync: connection unexpectedly closed (0 bytes received so far) [sender]",
                Exit::Outside,
                "refuses our keys",
            ),
            (
                23,
                "rsync: [receiver] mkstemp \"/x\" failed: Permission denied (13)",
                Exit::Outside,
                "could not be brought",
            ),
            (
                11,
                "rsync: [receiver] write failed on \"/x\": No space left on device (28)",
                Exit::Outside,
                "full",
            ),
            (
                23,
                "rsync: [sender] link_stat \"/x\" failed: No such file",
                Exit::Outside,
                "could not be brought",
            ),
            (
                25,
                "Deletions stopped due to --max-delete limit (1 skipped)",
                Exit::No,
                "more would be deleted",
            ),
        ] {
            let failure = explain(Some(code), stderr, "gpu");
            assert_eq!(failure.exit(), exit, "{stderr}");
            assert!(
                failure.to_string().contains(word) && failure.to_string().contains("gpu"),
                "{failure}"
            );
        }
        assert_eq!(
            rsync(&["sh".into(), "-c".into()], b"", "gpu")
                .unwrap_err()
                .exit(),
            Exit::Usage
        );
    }
}

//! A host asked through the `ssh` program.

use std::time::Instant;

use kgl_ssh::{Host, Patience, SshError};

use crate::{Answer, End, Limits, Way};

/// Ends the stderr of a command that ended: ssh alone cannot tell a signal, nor its own 255 from
/// the command's.
const MARK: &str = "\u{1}kgl-ended ";

/// Runs `command` on the host `name`.
///
/// # Errors
/// No answer in time, and why.
pub(crate) fn ask(
    name: &str,
    command: &str,
    stdin: &[u8],
    limits: Limits,
    deadline: Instant,
) -> Result<Answer, SshError> {
    let host = Host::new(
        name,
        Patience {
            connect: limits.connect,
            silence: limits.whole,
        },
    )?;
    let sent_at = Instant::now();
    let left = deadline.saturating_duration_since(sent_at);
    // `sh -c` in a shell of ours, so that also `exit` and `exec` in the command end only itself.
    // It is waited for, and our shell has no stderr: else it would tell there of a command that
    // was killed.
    let script = "exec 3>&2 2>/dev/null 4<&0; sh -c \"$0\" <&4 2>&3 3>&- 4<&- & wait $!; \
                  printf '\\001kgl-ended %d' \"$?\" >&3";
    let finished = host.run(&["sh", "-c", script, command], stdin, Some(left))?;
    let ended_at = Instant::now();
    let Some((end, stderr)) = take_mark(&finished.stderr) else {
        return Err(host.fault(&finished.stderr_text()));
    };
    Ok(Answer {
        end,
        stderr,
        stdout: finished.stdout,
        way: Way::Program,
        sent_at,
        ended_at,
    })
}

/// Takes the mark from the end of `stderr`: how the command ended, and what it wrote itself.
fn take_mark(stderr: &[u8]) -> Option<(End, Vec<u8>)> {
    let at = stderr
        .windows(MARK.len())
        .rposition(|window| window == MARK.as_bytes())?;
    let code: i32 = std::str::from_utf8(&stderr[at + MARK.len()..])
        .ok()?
        .trim()
        .parse()
        .ok()?;
    // A shell tells a signal as 128 and its number.
    let end = match code.checked_sub(128).and_then(kgl_cli::signal_name) {
        Some(name) => End::Signal(name.to_owned()),
        None => End::Code(code),
    };
    Some((end, stderr[..at].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_tells_codes_and_signals() {
        let taken = |text: &str| take_mark(text.as_bytes());
        assert_eq!(
            taken("oops\n\u{1}kgl-ended 3"),
            Some((End::Code(3), b"oops\n".to_vec()))
        );
        assert_eq!(
            taken("\u{1}kgl-ended 255"),
            Some((End::Code(255), Vec::new()))
        );
        assert_eq!(
            taken("\u{1}kgl-ended 143"),
            Some((End::Signal("TERM".into()), Vec::new()))
        );
        assert_eq!(
            taken("\u{1}kgl-ended 200"),
            Some((End::Code(200), Vec::new()))
        );
        assert_eq!(taken("Killed\n"), None);
    }
}

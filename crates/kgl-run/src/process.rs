//! Processes as /proc tells of them: which are there, who started whom, which belong to a run.
//!
//! A process is known by its id and the tick it started at: an id alone may have been given to
//! another process since.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

/// The variable that marks every process of a run: its environment holds the run's id, and so
/// do the environments of all it starts.
pub(crate) const MARK: &str = "KGL_RUN_ID";

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) pid: u32,
    /// The id of the process that started it, or that took it over.
    pub(crate) parent: u32,
    /// The id of its session.
    pub(crate) session: u32,
    /// When it started, in clock ticks since boot.
    pub(crate) start_ticks: u64,
    /// Whether it has ended, and only waits to be asked how.
    pub(crate) zombie: bool,
    /// Its name: the first 15 bytes of the program's.
    pub(crate) name: String,
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.pid)
    }
}

/// Reads a line of /proc/PID/stat. The name stands in parentheses and may hold anything, blanks
/// and parentheses included, so the fields are counted from the last `)`.
pub(crate) fn parse_stat(text: &str) -> Option<Process> {
    let (pid, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // proc(5) counts from 1 and the name is field 2: fields[0] is field 3, the state.
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Process {
        pid: pid.trim().parse().ok()?,
        parent: field(4)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        start_ticks: field(22)?.parse().ok()?,
        zombie: matches!(field(3)?, "Z" | "X" | "x"),
        name: name.to_owned(),
    })
}

/// The process `pid`, unless it is gone or has ended.
pub(crate) fn find(pid: u32) -> Option<Process> {
    let bytes = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&String::from_utf8_lossy(&bytes)).filter(|process| !process.zombie)
}

/// Every process that is there, by id.
pub(crate) fn all() -> Vec<Process> {
    let mut pids: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids.into_iter().filter_map(find).collect()
}

/// Those of `all` that one of `roots` started, directly or through others; without the roots.
pub(crate) fn descendants(all: &[Process], roots: &[u32]) -> Vec<Process> {
    let mut known: BTreeSet<u32> = roots.iter().copied().collect();
    // A parent may have a larger id than its child, so one pass is not enough.
    loop {
        let before = known.len();
        for process in all {
            if known.contains(&process.parent) {
                known.insert(process.pid);
            }
        }
        if known.len() == before {
            break;
        }
    }
    all.iter()
        .filter(|process| known.contains(&process.pid) && !roots.contains(&process.pid))
        .cloned()
        .collect()
}

/// This process and those it descends from.
pub(crate) fn ancestors() -> Vec<u32> {
    let mut line = vec![std::process::id()];
    while let Some(parent) = line
        .last()
        .and_then(|pid| find(*pid))
        .map(|child| child.parent)
    {
        if parent == 0 || line.contains(&parent) {
            break;
        }
        line.push(parent);
    }
    line
}

/// The processes of the run `id`: those that carry its mark, and those they started. This
/// process is never among them.
pub(crate) fn of_run(id: &str) -> Vec<Process> {
    let all = all();
    let mark = format!("{MARK}={id}");
    let marked: Vec<u32> = all
        .iter()
        .map(|process| process.pid)
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|bytes| bytes.split(|b| *b == 0).any(|word| word == mark.as_bytes()))
        })
        .collect();
    let below = descendants(&all, &marked);
    let own = std::process::id();
    all.into_iter()
        .filter(|process| marked.contains(&process.pid) || below.contains(process))
        .filter(|process| process.pid != own)
        .collect()
}

/// The id of this boot; none where the system does not tell.
pub(crate) fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Sends `signal` to exactly this process: not to another one that has its id by now. A process
/// that is gone is no error.
///
/// # Errors
/// It belongs to somebody else.
pub(crate) fn send(process: &Process, signal: Signal) -> io::Result<()> {
    let same = || find(process.pid).is_some_and(|now| now.start_ticks == process.start_ticks);
    let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    // A pidfd holds on to the process, so what is checked after it was opened stays true.
    let sent = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(held) if same() => pidfd_send_signal(held, signal),
        Ok(_) | Err(Errno::SRCH) => return Ok(()),
        // Before Linux 5.3, or in a sandbox.
        Err(_) if same() => kill_process(pid, signal),
        Err(_) => return Ok(()),
    };
    match sent {
        Err(Errno::SRCH) => Ok(()),
        sent => Ok(sent?),
    }
}

/// Names for people: `sh (4712), sleep (4713) and 3 more`.
pub(crate) fn list(processes: &[Process]) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<String> = processes
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if processes.len() > SHOWN {
        names.push(format!("{} more", processes.len() - SHOWN));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_blanks_and_parentheses() {
        let line = "42 (a) R 1 (b)) S 7 42 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2";
        let process = parse_stat(line).unwrap();
        assert_eq!((process.pid, process.parent, process.session), (42, 7, 40));
        assert_eq!(process.start_ticks, 98765);
        assert_eq!(process.name, "a) R 1 (b)");
        assert!(!process.zombie);
        assert!(parse_stat(&line.replace(" S 7", " Z 7")).unwrap().zombie);
        assert!(parse_stat("42 (a) S 7").is_none() && parse_stat("").is_none());
    }

    #[test]
    fn descendants_are_found_whatever_their_ids() {
        let process = |pid: u32, parent: u32| Process {
            pid,
            parent,
            session: 1,
            start_ticks: 0,
            zombie: false,
            name: "x".into(),
        };
        // 10 → 50 → 20 → 30; 60 is a stranger's.
        let all = [(10, 1), (20, 50), (30, 20), (50, 10), (60, 1)].map(|(p, q)| process(p, q));
        let found: Vec<u32> = descendants(&all, &[10]).iter().map(|p| p.pid).collect();
        assert_eq!(found, [20, 30, 50]);
    }

    #[test]
    fn a_signal_reaches_only_the_process_that_was_meant() {
        let mut child = std::process::Command::new("sleep")
            .arg("100")
            .spawn()
            .unwrap();
        let meant = find(child.id()).unwrap();
        let earlier = Process {
            start_ticks: meant.start_ticks - 1,
            ..meant.clone()
        };
        send(&earlier, Signal::KILL).unwrap();
        // Time for a signal that should not have been sent to do its work.
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(child.try_wait().unwrap().is_none());
        send(&meant, Signal::KILL).unwrap();
        assert!(!child.wait().unwrap().success());
        send(&meant, Signal::KILL).unwrap();
    }

    #[test]
    fn this_process_is_found_and_descends_from_its_parent() {
        let own = find(std::process::id()).unwrap();
        assert!(own.start_ticks > 0);
        assert_eq!(ancestors()[..2], [own.pid, own.parent]);
        assert!(all().contains(&own));
    }
}

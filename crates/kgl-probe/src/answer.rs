//! What a host said, as part of a document: a pure function of its words.

use kgl_contract::{Ending, Gpu, HostRun, LogFacts, Machine, Room, Run, parse_document};

/// A host's words, and when they were said by the clock here, in seconds since 1970.
#[derive(Debug)]
pub(crate) struct Spoken<'a> {
    /// The lines of [`crate::question::SCRIPT`].
    pub(crate) text: &'a str,
    /// When the question went out.
    pub(crate) sent_at: f64,
    /// When the last word was here.
    pub(crate) ended_at: f64,
    /// Since it was decided to ask.
    pub(crate) answer_ms: u64,
}

/// A run as it is collected from several lines.
#[derive(Debug)]
struct Found {
    run: Run,
    rc: Option<String>,
    log: Option<(u64, i64)>,
}

/// Reads a host's words. Lines that make no sense are left out, as is whatever they would tell.
pub(crate) fn read(spoken: &Spoken<'_>) -> (Machine, Vec<HostRun>) {
    let mut machine = Machine {
        answer_ms: spoken.answer_ms,
        boot_id: None,
        up_s: None,
        clock_ahead_ms: None,
        clock_error_ms: None,
        cores: None,
        load_1min: None,
        memory: None,
        disk: None,
        gpus: None,
    };
    let (mut clocks, mut memory) = (Vec::new(), (None, None));
    let mut wrappers: Vec<(u32, u64)> = Vec::new();
    let mut found: Vec<Found> = Vec::new();
    for (name, value) in spoken.text.lines().filter_map(|line| line.split_once('\t')) {
        match name {
            "clock" => clocks.extend(clock(value)),
            "boot" if !value.is_empty() => machine.boot_id = Some(value.to_owned()),
            "up" => machine.up_s = value.split('.').next().and_then(|whole| whole.parse().ok()),
            "load" => machine.load_1min = value.parse().ok(),
            "cores" => machine.cores = value.parse().ok(),
            "MemTotal:" => memory.0 = kilobytes(value),
            "MemAvailable:" => memory.1 = kilobytes(value),
            "disk" => machine.disk = disk(value),
            "gpus" => machine.gpus = Some(Vec::new()),
            "gpu" => {
                if let (Some(gpus), Some(gpu)) = (&mut machine.gpus, gpu(value)) {
                    gpus.push(gpu);
                }
            }
            "wrapper" => wrappers.extend(pair(value)),
            "run" => found.extend(parse_document(value.as_bytes()).ok().map(|run| Found {
                run,
                rc: None,
                log: None,
            })),
            "rc" => {
                if let Some(last) = found.last_mut() {
                    last.rc = Some(value.to_owned());
                }
            }
            "log" => {
                if let Some(last) = found.last_mut() {
                    last.log = pair(value);
                }
            }
            _ => {}
        }
    }
    if let (Some(total_bytes), Some(available_bytes)) = memory {
        machine.memory = Some(Room {
            total_bytes,
            available_bytes,
        });
    }
    if let [first, last] = clocks.as_slice() {
        let (ahead, error) = skew(*first, *last, spoken);
        machine.clock_ahead_ms = Some(ahead);
        machine.clock_error_ms = Some(error);
    }
    let now = clocks.last().copied();
    let runs = found
        .into_iter()
        .map(|found| standing(found, machine.boot_id.as_deref(), &wrappers, now))
        .collect();
    (machine, runs)
}

/// The run as it stands, by the rule kgl-run has for its own machine.
fn standing(
    found: Found,
    boot: Option<&str>,
    wrappers: &[(u32, u64)],
    now: Option<f64>,
) -> HostRun {
    let Found { mut run, rc, log } = found;
    let ending: Option<Ending> = rc
        .as_deref()
        .and_then(|text| Ending::parse(text.as_bytes()).ok());
    let wrapper = wrappers.iter().find(|(pid, _)| Some(*pid) == run.pid);
    run.state = match (&rc, &ending) {
        // It ended, and nobody knows how.
        (Some(_), None) => kgl_contract::RunState::Lost,
        _ => run.standing(ending.as_ref(), boot, wrapper.map(|(_, ticks)| *ticks)),
    };
    if let Some(ending) = ending {
        run.end = Some(ending.end);
        run.ended_at = Some(ending.ended_at);
    }
    #[allow(clippy::cast_possible_truncation, reason = "whole seconds since 1970")]
    let quiet = |changed: i64| now.map(|now| u64::try_from(now as i64 - changed).unwrap_or(0));
    let log = log.and_then(|(size_bytes, changed)| {
        Some(LogFacts {
            size_bytes,
            quiet_s: quiet(changed)?,
        })
    });
    HostRun { run, log }
}

/// By how much the host's clock is ahead, and how far that may be off, in milliseconds. It showed
/// `first` soon after the question was sent, and `last` shortly before the answer was here: with
/// equal ways both, half the sum is exact (RFC 5905, section 8).
fn skew(first: f64, last: f64, spoken: &Spoken<'_>) -> (i64, u64) {
    let ahead = ((first - spoken.sent_at) + (last - spoken.ended_at)) / 2.0;
    let error = ((spoken.ended_at - spoken.sent_at) - (last - first)) / 2.0;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds between clocks"
    )]
    (
        (ahead * 1000.0).round() as i64,
        (error.max(0.0) * 1000.0).ceil() as u64,
    )
}

/// `1763899561.123456789`; some `date`s know no fractions, and leave `%N` or nothing behind.
fn clock(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: f64 = whole.parse().ok()?;
    let fraction = format!(".{fraction}").parse().unwrap_or(0.5);
    Some(whole + fraction)
}

fn kilobytes(text: &str) -> Option<u64> {
    text.parse::<u64>().ok()?.checked_mul(1024)
}

/// The last line of `df -Pk`: device, blocks, used, available, share, place.
fn disk(line: &str) -> Option<Room> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    // A device's name may hold blanks; the share with its % is the landmark.
    let share = fields.iter().rposition(|field| field.ends_with('%'))?;
    let number = |back: usize| {
        share
            .checked_sub(back)
            .and_then(|place| kilobytes(fields[place]))
    };
    Some(Room {
        total_bytes: number(3)?,
        available_bytes: number(1)?,
    })
}

/// A line of nvidia-smi's CSV. What a card does not tell reads `[N/A]` or `[Not Supported]`.
fn gpu(line: &str) -> Option<Gpu> {
    let fields: Vec<&str> = line.split(", ").map(str::trim).collect();
    let [index, name, busy, total, used, temperature] = fields.as_slice() else {
        return None;
    };
    let mebibytes = |text: &str| text.parse::<u64>().ok()?.checked_mul(1 << 20);
    let memory = mebibytes(total)
        .zip(mebibytes(used))
        .map(|(total_bytes, used)| Room {
            total_bytes,
            available_bytes: total_bytes.saturating_sub(used),
        });
    Some(Gpu {
        index: index.parse().ok()?,
        name: (*name).to_owned(),
        busy_percent: busy.parse().ok(),
        memory,
        temperature_celsius: temperature.parse().ok(),
    })
}

fn pair<A: std::str::FromStr, B: std::str::FromStr>(text: &str) -> Option<(A, B)> {
    let (first, second) = text.split_once(' ')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::RunState;

    const RUN: &str = r#"{"schema":"kgl.run/1","id":"20261123-140501-train-7f3a","competition":"demo","verb":"train","argv":["x"],"state":"running","pid":4711,"pid_start_ticks":123,"boot_id":"boot-1","challenge_sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","where":{"host":"gpu","kind":"host"},"paths":{"folder":"f","log":"run.log","work":"w"}}"#;

    fn read_text(text: &str) -> (Machine, Vec<HostRun>) {
        read(&Spoken {
            text,
            sent_at: 1000.0,
            ended_at: 1000.5,
            answer_ms: 500,
        })
    }

    fn state(lines: &str) -> RunState {
        let (_, runs) = read_text(&format!("boot\tboot-1\n{lines}"));
        runs[0].run.state
    }

    #[test]
    fn facts_are_read_and_what_is_missing_is_left_out() {
        let (machine, runs) = read_text(
            "clock\t1010.1\nboot\tb\nup\t86400.55\nload\t3.50\ncores\t16\nMemTotal:\t1000\nMemAvailable:\t400\n\
             disk\t/dev/a b 2000 500 1500 25% /mnt/x y\nclock\t1010.2\n",
        );
        assert_eq!(
            (machine.up_s, machine.load_1min, machine.cores),
            (Some(86400), Some(3.5), Some(16))
        );
        assert_eq!(machine.memory.unwrap().available_bytes, 409_600);
        assert_eq!(machine.disk.unwrap().total_bytes, 2_048_000);
        assert_eq!(
            (machine.clock_ahead_ms, machine.clock_error_ms),
            (Some(9900), Some(200))
        );
        assert!(machine.gpus.is_none() && runs.is_empty());
        let (machine, _) =
            read_text("cores\t\nload\tx\ndisk\t\nnonsense\nclock\t1000.%N\nclock\t1000\n");
        assert!(machine.cores.is_none() && machine.load_1min.is_none() && machine.disk.is_none());
        assert_eq!(machine.clock_ahead_ms, Some(250));
    }

    #[test]
    fn a_card_that_does_not_tell_is_not_idle() {
        let (machine, _) = read_text(
            "gpus\t2\ngpu\t0, NVIDIA RTX 4090, 97, 24564, 1024, 71\ngpu\t1, Tesla K80, [N/A], 11441, 0, [N/A]\n",
        );
        let gpus = machine.gpus.unwrap();
        assert_eq!(gpus[0].busy_percent, Some(97));
        assert_eq!(gpus[0].memory.unwrap().available_bytes, 23540 << 20);
        assert_eq!(
            (gpus[1].busy_percent, gpus[1].temperature_celsius),
            (None, None)
        );
        // A machine whose nvidia-smi works and has no cards.
        assert_eq!(read_text("gpus\t0\ngpu\t\n").0.gpus, Some(Vec::new()));
    }

    #[test]
    fn runs_stand_as_kgl_run_would_say() {
        let run = format!("run\t{RUN}\n");
        assert_eq!(
            state(&format!("wrapper\t4711 123\n{run}")),
            RunState::Running
        );
        assert_eq!(state(&format!("wrapper\t4711 124\n{run}")), RunState::Died);
        assert_eq!(state(&run), RunState::Died);
        assert_eq!(state(&format!("boot\tboot-2\n{run}")), RunState::Rebooted);
        let ended = |rc: &str| state(&format!("{run}rc\t{rc}\n"));
        assert_eq!(
            ended(r#"{"code":0,"ended_at":"2026-11-23T14:06:00Z"}"#),
            RunState::Done
        );
        assert_eq!(
            ended(r#"{"code":1,"ended_at":"2026-11-23T14:06:00Z"}"#),
            RunState::Failed
        );
        assert_eq!(
            ended(r#"{"stopped":true,"ended_at":"2026-11-23T14:06:00Z"}"#),
            RunState::Stopped
        );
        assert_eq!(ended("half of"), RunState::Lost);
    }

    #[test]
    fn a_log_s_age_is_by_the_host_s_own_clock() {
        let (_, runs) = read_text(&format!(
            "clock\t90000.5\nrun\t{RUN}\nlog\t42 89990\nclock\t90001\n"
        ));
        let log = runs[0].log.unwrap();
        assert_eq!((log.size_bytes, log.quiet_s), (42, 11));
    }
}

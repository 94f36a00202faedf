//! The tables for people.

use kgl_cli::{Table, duration, size};
use kgl_contract::{Gpu, HostReport, HostStatus, Machine, Room, RunState};

/// What stands where something could not be learned.
const UNKNOWN: &str = "n/a";
/// A clock that is off by less is as good as right.
const NOTABLE_MS: u64 = 1000;

/// Hosts, and below them what runs there.
pub(crate) fn tables(status: &HostStatus) -> String {
    let mut hosts = Table::new([
        "host",
        "load",
        "cores",
        "memory free",
        "disk free",
        "GPU",
        "clock",
        "up",
        "runs",
    ]);
    let mut runs = Table::new(["host", "run", "state", "log", "last word"]);
    let mut any = false;
    for host in &status.hosts {
        hosts.row(host_row(host));
        for found in &host.runs {
            any = true;
            runs.row([
                host.host.clone(),
                format!("{}/{}", found.run.competition, found.run.id),
                found.run.state.name().to_owned(),
                found
                    .log
                    .map_or(UNKNOWN.to_owned(), |log| size(log.size_bytes)),
                found.log.map_or(UNKNOWN.to_owned(), |log| {
                    format!("{} ago", duration(log.quiet_s))
                }),
            ]);
        }
    }
    let mut text = hosts.to_string();
    if any {
        text += &format!("\n\n{runs}");
    }
    let missing = status
        .hosts
        .iter()
        .filter_map(|host| host.unreachable.as_ref());
    for (index, unreachable) in missing.enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        text += &format!("{gap}\n{}\n  next: {}", unreachable.what, unreachable.next);
    }
    text
}

fn host_row(host: &HostReport) -> Vec<String> {
    let Some(machine) = &host.machine else {
        let mut row = vec![host.host.clone(), "no answer".to_owned()];
        row.resize(9, String::new());
        return row;
    };
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
    let running = host
        .runs
        .iter()
        .filter(|found| found.run.state == RunState::Running)
        .count();
    vec![
        host.host.clone(),
        or_unknown(machine.load_1min.map(|load| format!("{load:.2}"))),
        or_unknown(machine.cores.map(|cores| cores.to_string())),
        or_unknown(machine.memory.map(room)),
        or_unknown(machine.disk.map(room)),
        or_unknown(machine.gpus.as_deref().map(gpus)),
        clock(machine),
        or_unknown(machine.up_s.map(duration)),
        match &host.root {
            None => UNKNOWN.to_owned(),
            Some(_) => format!("{running} of {}", host.runs.len()),
        },
    ]
}

/// `12 GB of 64 GB`.
fn room(room: Room) -> String {
    format!(
        "{} of {}",
        size(room.available_bytes),
        size(room.total_bytes)
    )
}

/// `97 % 71 °C, 0 % 40 °C`.
fn gpus(gpus: &[Gpu]) -> String {
    if gpus.is_empty() {
        return "none".to_owned();
    }
    let one = |gpu: &Gpu| {
        let busy = gpu
            .busy_percent
            .map_or(UNKNOWN.to_owned(), |percent| format!("{percent} %"));
        match gpu.temperature_celsius {
            Some(celsius) => format!("{busy} {celsius} °C"),
            None => busy,
        }
    };
    gpus.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Said only where it matters: what is behind a second's worth of doubt is right.
fn clock(machine: &Machine) -> String {
    let (Some(ahead), Some(error)) = (machine.clock_ahead_ms, machine.clock_error_ms) else {
        return UNKNOWN.to_owned();
    };
    let off = ahead.unsigned_abs();
    if off < NOTABLE_MS + error {
        return "right".to_owned();
    }
    format!(
        "{} {}",
        duration(off / 1000),
        if ahead > 0 { "fast" } else { "slow" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::parse_document;

    #[test]
    fn a_table_never_shows_a_zero_for_what_is_not_known() {
        let text = r#"{"schema":"kgl.host-status/1","asked_at":"2026-11-23T14:06:00Z","elapsed_ms":1,"hosts":[
            {"host":"a","machine":{"answer_ms":1,"clock_ahead_ms":-7200000,"clock_error_ms":30},"runs":[]},
            {"host":"b","unreachable":{"what":"b is off","next":"switch it on"},"runs":[]}]}"#;
        let status: HostStatus = parse_document(text.as_bytes()).unwrap();
        let shown = tables(&status);
        let a = shown.lines().nth(1).unwrap();
        assert!(
            a.contains("2 h 00 min slow") && a.matches("n/a").count() == 7,
            "{shown}"
        );
        assert!(shown.ends_with("b is off\n  next: switch it on"), "{shown}");
    }
}

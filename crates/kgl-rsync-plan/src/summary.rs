//! A plan for people.

use kgl_cli::{quote, size};
use kgl_contract::{Changes, HostSync, SyncPlan};

use crate::apply::needed;

const NAMED: usize = 5;

/// A few lines for each host.
pub(crate) fn of(plan: &SyncPlan) -> String {
    let hosts: Vec<String> = plan.hosts.iter().map(|host| of_host(host, plan)).collect();
    hosts.join("\n")
}

fn of_host(part: &HostSync, plan: &SyncPlan) -> String {
    let mut lines = vec![format!("{} → {}:{}", plan.source, part.host, part.root)];
    lines.push(format!("  send    {}", described(&part.send, true)));
    if part.protected.is_some() {
        lines.push(format!("  delete  {}", described(&part.delete, false)));
    }
    if let Some(protected) = part
        .protected
        .as_ref()
        .filter(|protected| protected.count > 0)
    {
        lines.push(format!(
            "  keep    {} that a rule protects",
            described(protected, false)
        ));
    }
    let missing: Vec<_> = part.inputs.iter().filter(|input| !input.there).collect();
    if !part.inputs.is_empty() {
        let bytes = missing.iter().map(|input| input.size_bytes).sum();
        lines.push(format!(
            "  inputs  {} of {} are not there yet ({})",
            missing.len(),
            part.inputs.len(),
            size(bytes)
        ));
    }
    let needed = needed(part);
    let enough = if needed > part.available_bytes {
        ", NOT ENOUGH ROOM"
    } else {
        ""
    };
    lines.push(format!(
        "  room    {} of {}{enough}",
        size(needed),
        size(part.available_bytes)
    ));
    if part.delete.count > plan.max_deletions {
        lines.push(format!(
            "  REFUSED more than {} deletions",
            plan.max_deletions
        ));
    }
    lines.join("\n")
}

/// `3 (12 kB): a, 'b c', d`.
fn described(changes: &Changes, sized: bool) -> String {
    if changes.count == 0 {
        return "nothing".to_owned();
    }
    let bytes = if sized {
        format!(" ({})", size(changes.size_bytes))
    } else {
        String::new()
    };
    let names: Vec<String> = changes
        .first
        .iter()
        .take(NAMED)
        .map(|name| quote([name]))
        .collect();
    let more = if changes.count > names.len() as u64 {
        ", …"
    } else {
        ""
    };
    format!("{}{bytes}: {}{more}", changes.count, names.join(", "))
}

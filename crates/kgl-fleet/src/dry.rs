//! What would be done, as commands: nobody is asked, nothing is touched.

use std::path::Path;

use kgl_cli::{Failure, quote};

use crate::fleet::Led;
use crate::prepare::plan_words;
use crate::shards::Shards;

/// Every command, and where it would run.
///
/// # Errors
/// The folder of shards holds something else (exit 2).
pub(crate) fn commands(led: &Led, folder: &Path) -> Result<String, Failure> {
    let done = Shards::open(folder, led.identity, led.fleet.shard_count)?.done();
    let home = led.home();
    let mut lines = Vec::new();
    let plan = quote(plan_words(led));
    for h in 0..led.host_count() {
        let (name, there) = (led.name(h), led.there(h, 0));
        lines.push(format!(
            "here: kgl-rsync-plan {plan} < FLEET-OF-{name} | kgl-rsync-plan --quiet --apply -"
        ));
        for path in [&there.program, &there.tool] {
            let to = format!("{}/{path}", there.root);
            lines.push(format!("{name}: cat > {}", quote([to])));
        }
    }
    for shard in (0..led.fleet.shard_count).filter(|shard| !done.contains(shard)) {
        let h = home.get(shard as usize).copied().unwrap_or(0);
        let session = led.session(shard);
        let argv = led.argv(h, 0, shard);
        lines.push(format!(
            "{}: tmux new-session -s {session}: {}",
            led.name(h),
            led.there(h, 0).shown(&argv)
        ));
    }
    lines.push(format!(
        "here: kgl-merge {}",
        quote([folder.display().to_string()])
    ));
    Ok(lines.join("\n"))
}

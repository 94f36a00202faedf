//! Making a host ready: the project and the search's inputs by kgl-rsync-plan, the programs by
//! their digests. All of it can be done again, and costs little when nothing has changed.

use std::process::Command;
use std::thread;
use std::time::Duration;

use kgl_cli::{ProgramError, run_program};
use kgl_contract::{Fleet, SyncPlan, canonical_bytes, parse_document};

use crate::fleet::{ANYWHERE, Led, sibling};
use crate::there::{There, Trouble};

const ANSWER: Duration = Duration::from_secs(60);

/// A host that was reached: what it takes to make it ready is known, and no work was given to it.
#[derive(Debug)]
pub(crate) struct Reached {
    /// Which kind of programs runs there.
    pub(crate) kind: usize,
    /// kgl-rsync-plan's plan.
    pub(crate) plan: Vec<u8>,
}

/// Connects to host `h`, brings the programs, and plans its sync.
pub(crate) fn reach(led: &Led, h: usize) -> Result<Reached, Trouble> {
    led.connect(h)?;
    // Whether the folder is there is part of what rsync compares, so it is made before.
    let there = led.there(h, 0);
    ask(&there, &["mkdir", "-p", "--", &there.root])?;
    let (kind, plan) = thread::scope(|scope| {
        let plan = scope.spawn(|| plan(led, h));
        let lost = |_| Err(Trouble::new("a thread was lost"));
        (bring(led, h), plan.join().unwrap_or_else(lost))
    });
    Ok(Reached {
        kind: kind?,
        plan: plan?,
    })
}

/// What `words` print on a host.
fn ask(there: &There, words: &[&str]) -> Result<String, Trouble> {
    let asked = there
        .host
        .run(words, b"", Some(ANSWER))
        .map_err(Trouble::new)?;
    if asked.status.success() {
        return Ok(asked.stdout_text());
    }
    Err(Trouble::new(format_args!(
        "{}: {}",
        there.host.name(),
        asked.stderr_text().trim()
    )))
}

/// The arguments of kgl-rsync-plan for this search.
pub(crate) fn plan_words(led: &Led) -> Vec<String> {
    let search = led.project.join(&led.search_path).display().to_string();
    let source = led.project.display().to_string();
    [
        "--quiet", "--source", &source, "--search", &search, "--input", &search,
    ]
    .map(str::to_owned)
    .into()
}

/// kgl-rsync-plan's plan for host `h`, as it wrote it.
fn plan(led: &Led, h: usize) -> Result<Vec<u8>, Trouble> {
    let one = Fleet {
        hosts: vec![led.fleet.hosts[h].clone()],
        ..led.fleet.clone()
    };
    let bytes = canonical_bytes(&one).map_err(Trouble::new)?;
    call(led, h, &plan_words(led), &bytes)
}

/// What a plan would bring, in bytes.
pub(crate) fn planned_bytes(plan: &[u8]) -> u64 {
    let Ok(plan) = parse_document::<SyncPlan>(plan) else {
        return 0;
    };
    let hosts = plan.hosts.iter();
    hosts
        .map(|host| {
            let inputs = host.inputs.iter().filter(|input| !input.there);
            host.send.size_bytes + inputs.map(|input| input.size_bytes).sum::<u64>()
        })
        .sum()
}

/// Makes a host that was reached ready.
pub(crate) fn prepare(led: &Led, h: usize, reached: &Reached) -> Result<(), Trouble> {
    let nothing = parse_document::<SyncPlan>(&reached.plan).is_ok_and(|plan| {
        plan.hosts.iter().all(|host| {
            host.send.count + host.delete.count == 0 && host.inputs.iter().all(|input| input.there)
        })
    });
    // The plan itself has just found nothing to do.
    if nothing {
        return Ok(());
    }
    let words = ["--quiet", "--apply", "-"].map(str::to_owned);
    call(led, h, &words, &reached.plan).map(|_| ())
}

fn call(led: &Led, h: usize, words: &[String], stdin: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut command = Command::new(sibling("kgl-rsync-plan"));
    if let Some(socket) = led.ways.socket(h) {
        let (name, folder) = socket.variable();
        command.env(name, folder);
    }
    let finished = run_program(command.args(words), stdin, None)
        .map_err(|error: ProgramError| Trouble::new(error))?;
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    let said = finished.stderr_text();
    let line = said.lines().next().unwrap_or("kgl-rsync-plan failed");
    Err(Trouble::new(line.trim_start_matches("kgl-rsync-plan: ")))
}

/// Brings the programs, those built here if they run there, and tells which kind runs.
fn bring(led: &Led, h: usize) -> Result<usize, Trouble> {
    let mut said = String::new();
    for kind in 0..led.programs.len() {
        let mut found = look(led, h, kind)?;
        if !found.missing.is_empty() {
            send(led, h, kind, &found.missing)?;
            found = look(led, h, kind)?;
        }
        match found.broken {
            Some(broken) => said = broken,
            None if found.missing.is_empty() => return Ok(kind),
            None => said = "they are gone again".to_owned(),
        }
    }
    Err(Trouble::new(format_args!(
        "{}: kgl as it was built here does not run there ({said}); this builds it for any Linux of this processor: \
         scripts/static-binaries.sh {ANYWHERE} kgl-run kgl-shard-search",
        led.name(h)
    )))
}

/// How the programs of one kind stand on a host.
#[derive(Debug, Default)]
struct Found {
    /// Paths of those that are not there.
    missing: Vec<String>,
    /// What one of them says that is there and does not run.
    broken: Option<String>,
}

fn look(led: &Led, h: usize, kind: usize) -> Result<Found, Trouble> {
    let script = "cd -- \"$1\" || exit; shift; for path; do \
                  if [ ! -x \"$path\" ]; then echo \"missing $path\"; \
                  elif ! said=$(\"./$path\" --version 2>&1); then echo \"broken $said\" | head -n 1; fi; done";
    let there = led.there(h, kind);
    let words = [
        "sh",
        "-c",
        script,
        "sh",
        &there.root,
        &there.program,
        &there.tool,
    ];
    let mut found = Found::default();
    for line in ask(&there, &words)?.lines() {
        match line.split_once(' ') {
            Some(("missing", path)) => found.missing.push(path.to_owned()),
            Some(("broken", said)) => found.broken = Some(said.to_owned()),
            _ => {}
        }
    }
    Ok(found)
}

/// Brings those programs of one kind whose paths are `missing`, side by side.
fn send(led: &Led, h: usize, kind: usize, missing: &[String]) -> Result<(), Trouble> {
    let (there, programs) = (&led.there(h, kind), &led.programs[kind]);
    thread::scope(|scope| {
        let brought: Vec<_> = [&programs.run, &programs.tool]
            .into_iter()
            .filter(|program| missing.contains(&program.path))
            .map(|program| {
                scope.spawn(|| there.host.bring(&there.root, &program.path, &program.bytes))
            })
            .collect();
        for one in brought {
            let lost = |_| Err(Trouble::new("a thread was lost"));
            let brought = one
                .join()
                .map_or_else(lost, |brought| brought.map_err(Trouble::new))?;
            if !brought.status.success() {
                return Err(Trouble::new(format_args!(
                    "{}: cannot bring kgl to {}/.kgl: {}",
                    led.name(h),
                    there.root,
                    brought.stderr_text().trim()
                )));
            }
        }
        Ok(())
    })
}

//! Making a host ready: the project and the search's inputs by kgl-rsync-plan, the programs by
//! their digests. All of it can be done again, and costs little when nothing has changed.

use std::process::Command;
use std::time::Duration;

use kgl_cli::{ProgramError, run_program};
use kgl_contract::{Fleet, SyncPlan, canonical_bytes, parse_document};

use crate::fleet::{Led, sibling};
use crate::there::Trouble;

const ANSWER: Duration = Duration::from_secs(60);

/// Makes host `h` ready, and tells which kind of programs runs there.
pub(crate) fn prepare(led: &Led, h: usize) -> Result<usize, Trouble> {
    let plan = plan(led, h)?;
    apply(&plan)?;
    bring(led, h)
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
pub(crate) fn plan(led: &Led, h: usize) -> Result<Vec<u8>, Trouble> {
    let one = Fleet {
        hosts: vec![led.fleet.hosts[h].clone()],
        ..led.fleet.clone()
    };
    let bytes = canonical_bytes(&one).map_err(Trouble::new)?;
    call(&plan_words(led), &bytes)
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

fn apply(plan: &[u8]) -> Result<(), Trouble> {
    let nothing = parse_document::<SyncPlan>(plan).is_ok_and(|plan| {
        plan.hosts.iter().all(|host| {
            host.send.count + host.delete.count == 0 && host.inputs.iter().all(|input| input.there)
        })
    });
    // The plan itself has just found nothing to do.
    if nothing {
        return Ok(());
    }
    call(
        &["--quiet".to_owned(), "--apply".to_owned(), "-".to_owned()],
        plan,
    )
    .map(|_| ())
}

fn call(words: &[String], stdin: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut command = Command::new(sibling("kgl-rsync-plan"));
    let finished = run_program(command.args(words), stdin, None)
        .map_err(|error: ProgramError| Trouble::new(error))?;
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    let said = finished.stderr_text();
    let line = said.lines().next().unwrap_or("kgl-rsync-plan failed");
    Err(Trouble::new(line.trim_start_matches("kgl-rsync-plan: ")))
}

/// Brings the programs, those built here if they run there.
pub(crate) fn bring(led: &Led, h: usize) -> Result<usize, Trouble> {
    let mut said = String::new();
    for (kind, programs) in led.programs.iter().enumerate() {
        let there = led.there(h, kind);
        let run = |script: &str| {
            let words = [
                "sh",
                "-c",
                script,
                "sh",
                &there.root,
                &there.program,
                &there.tool,
            ];
            there
                .host
                .run(&words, b"", Some(ANSWER))
                .map_err(Trouble::new)
        };
        let look = run(
            "cd -- \"$1\" 2>/dev/null || exit 3; [ -x \"$2\" ] || echo run; [ -x \"$3\" ] || echo tool",
        )?;
        let missing = look.stdout_text();
        let none = !look.status.success();
        for (word, program) in [("run", &programs.run), ("tool", &programs.tool)] {
            if !none && !missing.lines().any(|line| line == word) {
                continue;
            }
            let brought = there
                .host
                .bring(&there.root, &program.path, &program.bytes)
                .map_err(Trouble::new)?;
            if !brought.status.success() {
                return Err(Trouble::new(format_args!(
                    "{}: cannot bring kgl to {}/.kgl: {}",
                    led.name(h),
                    there.root,
                    brought.stderr_text().trim()
                )));
            }
        }
        if none || !missing.trim().is_empty() {
            let runs = run("cd -- \"$1\" && \"./$2\" --version && \"./$3\" --version")?;
            if !runs.status.success() {
                said = runs.stderr_text();
                continue;
            }
        }
        return Ok(kind);
    }
    Err(Trouble::new(format_args!(
        "{}: kgl as it was built here does not run there ({}); build it for any Linux: rustup target add \
         x86_64-unknown-linux-musl, cargo build --release --bins --target x86_64-unknown-linux-musl",
        led.name(h),
        said.trim()
    )))
}

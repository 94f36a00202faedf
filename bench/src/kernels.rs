//! The kernels alone, in this process: billions of cells a second of every path
//! and width in every mode, beside what the processor's ports allow.
//!
//! The limit comes from the example `ports` of kgl-align, which has the operations
//! of a cell and nothing else.

use crate::answers;
use kgl_align::{Engine, KernelChoice, Mode, Scoring, cells, scalar};
use kgl_cli::{Failure, Io, OrFail as _, Table, run_program};
use kgl_testkit::Rng;
use serde::Serialize;
use std::process::Command;
use std::time::Instant;

/// One path, one width, one mode.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Kernel {
    pub(crate) path: &'static str,
    pub(crate) bits: usize,
    pub(crate) mode: String,
    pub(crate) gcups: f64,
    /// What a cell's operations allow, and how many they are; unknown for the
    /// portable path, whose instructions the compiler chooses.
    pub(crate) limit: Option<Limit>,
}

/// What the ports allow.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Limit {
    pub(crate) operations: f64,
    pub(crate) gcups: f64,
}

/// Factors that carry the scoring past bytes and past sixteen bits.
const FACTORS: [i32; 3] = [1, 40, 20_000];

/// Times all of them on pairs that fill every lane: the path's own speed.
pub(crate) fn measure(turns: usize, io: &Io) -> Result<Vec<Kernel>, Failure> {
    let limits = limits(io)?;
    let mut rng = Rng::new(5_716, 4);
    let query = rng.residues(350);
    let targets: Vec<Vec<u8>> = (0..128).map(|_| rng.residues(1_000)).collect();
    let targets: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
    let work: u64 = targets
        .iter()
        .map(|target| cells(query.len(), target.len()))
        .sum();
    let mut kernels = Vec::new();
    for mode in Mode::ALL {
        for factor in FACTORS {
            for choice in [
                KernelChoice::Avx512,
                KernelChoice::Avx2,
                KernelChoice::Portable,
            ] {
                let [a, b, c, d] = [2, -3, -7, -2].map(|number| number * factor);
                let scoring = Scoring::new(mode, a, b, b, c, d).or_outside("a scoring")?;
                let Ok(engine) = Engine::new(scoring, choice) else {
                    continue;
                };
                let scores = engine.scores(&query, &targets);
                if scores[0] != scalar::score(&query, targets[0], &scoring) {
                    return Err(Failure::outside(format_args!(
                        "{choice} computes a wrong score"
                    )));
                }
                let least = (0..turns)
                    .map(|_| {
                        let start = Instant::now();
                        std::hint::black_box(engine.scores(&query, &targets));
                        start.elapsed().as_secs_f64()
                    })
                    .fold(f64::INFINITY, f64::min);
                let bits = vector_bits(choice) / engine.lanes();
                kernels.push(Kernel {
                    path: engine.kernel_name(),
                    bits,
                    mode: mode.to_string(),
                    gcups: work as f64 / least / 1e9,
                    limit: limits
                        .iter()
                        .find(|row| {
                            (row.0.as_str(), row.1, row.2.as_str())
                                == (engine.kernel_name(), bits, &mode.to_string())
                        })
                        .map(|row| row.3.clone()),
                });
            }
        }
    }
    Ok(kernels)
}

fn vector_bits(choice: KernelChoice) -> usize {
    match choice {
        KernelChoice::Avx512 => 512,
        KernelChoice::Avx2 => 256,
        _ => 128,
    }
}

type LimitRow = (String, usize, String, Limit);

/// What the example says; nothing where it was not built.
fn limits(io: &Io) -> Result<Vec<LimitRow>, Failure> {
    let own = std::env::current_exe().or_outside("where this program lies")?;
    let ports = own.with_file_name("examples").join("ports");
    if !ports.is_file() {
        io.warn(format_args!(
            "{} is missing, so no limits are told: cargo build --release -p kgl-align --example ports",
            ports.display()
        ));
        return Ok(Vec::new());
    }
    let answer = run_program(&mut Command::new(&ports), b"", None)
        .map_err(|error| error.into_failure("build it again"))?;
    answer.stdout_text().lines().map(read_limit).collect()
}

fn read_limit(line: &str) -> Result<LimitRow, Failure> {
    let fields: Vec<&str> = line.split('\t').collect();
    let row = match fields[..] {
        [path, bits, mode, operations, gcups] => bits
            .parse()
            .ok()
            .zip(operations.parse().ok())
            .zip(gcups.parse().ok())
            .map(|((bits, operations), gcups)| {
                (
                    path.to_owned(),
                    bits,
                    mode.to_owned(),
                    Limit { operations, gcups },
                )
            }),
        _ => None,
    };
    row.ok_or_else(|| Failure::outside(format_args!("ports: a line that says nothing: {line}")))
}

/// What the path that a search takes by itself is allowed in this mode, in bytes.
pub(crate) fn limit_of(kernels: &[Kernel], mode: Mode) -> Option<Limit> {
    let chosen = answers::engine(mode).ok()?;
    kernels
        .iter()
        .find(|kernel| {
            kernel.path == chosen.kernel_name()
                && kernel.bits == 8
                && kernel.mode == mode.to_string()
        })
        .and_then(|kernel| kernel.limit.clone())
}

/// The table of them all.
pub(crate) fn table(kernels: &[Kernel]) -> Table {
    let mut table = Table::new([
        "mode",
        "path",
        "bits",
        "GCUPS",
        "ports allow",
        "operations",
        "share",
    ]);
    for kernel in kernels {
        let limit = kernel.limit.as_ref();
        table.row([
            kernel.mode.clone(),
            kernel.path.to_owned(),
            kernel.bits.to_string(),
            format!("{:.1}", kernel.gcups),
            limit
                .map(|limit| format!("{:.1}", limit.gcups))
                .unwrap_or_default(),
            limit
                .map(|limit| limit.operations.to_string())
                .unwrap_or_default(),
            limit
                .map(|limit| format!("{:.0} %", 100.0 * kernel.gcups / limit.gcups))
                .unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let (path, bits, mode, limit) = read_limit("avx2\t8\tlocal\t9\t27.50").unwrap();
        assert_eq!(
            (path.as_str(), bits, mode.as_str(), limit.operations),
            ("avx2", 8, "local", 9.0)
        );
        assert!(read_limit("avx2\t8\tlocal").is_err());
        assert!(read_limit("avx2\t8\tlocal\t9\tfast").is_err());
    }

    #[test]
    fn every_width_is_timed() {
        let io = Io::new(&kgl_cli::Common {
            quiet: true,
            ..kgl_cli::Common::default()
        });
        let kernels = measure(1, &io).unwrap();
        for mode in Mode::ALL {
            for bits in [8, 16, 32] {
                let found = |kernel: &&Kernel| {
                    kernel.path == "portable"
                        && kernel.bits == bits
                        && kernel.mode == mode.to_string()
                };
                assert_eq!(kernels.iter().filter(found).count(), 1, "{mode} {bits}");
            }
        }
        assert!(kernels.iter().all(|kernel| kernel.gcups > 0.0));
    }
}

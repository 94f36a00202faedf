//! What a run found: a line for each thing that is asked of the search, the
//! costs behind it, and the machine it was on.

use crate::kernels::{self, Kernel};
use crate::measure::Cost;
use kgl_cli::{Failure, OrFail as _, write_atomically};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// How a comparison came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// A figure that nothing is asked of.
    Told,
    /// What it needs is not there.
    Missing(String),
}

impl Verdict {
    pub(crate) fn of(met: bool) -> Verdict {
        if met { Verdict::Met } else { Verdict::Missed }
    }
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) needed: String,
    pub(crate) measured: String,
    pub(crate) verdict: Verdict,
}

/// One thing that was timed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Timed {
    pub(crate) name: String,
    /// Cells of all pairs, computed or not.
    pub(crate) cells: u64,
    pub(crate) threads: u32,
    pub(crate) cost: Cost,
}

/// A point of the plot: a program's time on a part of the database.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) panel: &'static str,
    pub(crate) line: String,
    pub(crate) residues: u64,
    pub(crate) cpu_s: f64,
}

/// Everything a run found.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub(crate) quick: bool,
    pub(crate) machine: Machine,
    pub(crate) programs: Vec<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) timed: Vec<Timed>,
    pub(crate) points: Vec<Point>,
    pub(crate) kernels: Vec<Kernel>,
}

/// Where it ran.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    /// Processes that wanted the processor, on average over a minute, at the
    /// beginning and at the end: 1 or less is a machine left alone.
    pub(crate) load: [f64; 2],
}

impl Machine {
    pub(crate) fn look() -> Machine {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = info
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("an unknown processor", |(_, name)| name);
        Machine {
            processor: name.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load: [load(), 0.0],
        }
    }
}

/// The load average of the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0)
}

impl Outcome {
    /// How many times the cost of `ours` another one is, by processor time and by the clock.
    pub(crate) fn times(ours: Cost, other: Cost) -> String {
        format!(
            "{:.1} × CPU, {:.1} × wall",
            other.cpu_s / ours.cpu_s,
            other.wall_s / ours.wall_s
        )
    }

    /// In Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let machine = &self.machine;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}, {} cores; load {:.1} before, {:.1} after{}.\n{}.\n",
            machine.processor,
            machine.cores,
            machine.load[0],
            machine.load[1],
            if self.quick {
                "; the quick run, on a quarter of the data"
            } else {
                ""
            },
            self.programs.join(", "),
        );
        text.push_str("| compared | needed | measured | |\n|---|---|---|---|\n");
        for row in &self.rows {
            let verdict = match &row.verdict {
                Verdict::Met => "met",
                Verdict::Missed => "**missed**",
                Verdict::Told => "",
                Verdict::Missing(what) => &format!("not measured: {what}"),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {verdict} |",
                row.what, row.needed, row.measured
            );
        }
        text.push_str(
            "\n| run | threads | wall s | CPU s | GCUPS | peak MiB |\n|---|--:|--:|--:|--:|--:|\n",
        );
        for timed in &self.timed {
            let Cost {
                wall_s,
                cpu_s,
                peak_bytes,
            } = timed.cost;
            let _ = writeln!(
                text,
                "| {} | {} | {wall_s:.2} | {cpu_s:.2} | {:.1} | {:.0} |",
                timed.name,
                timed.threads,
                timed.cells as f64 / cpu_s / 1e9,
                peak_bytes as f64 / (1 << 20) as f64
            );
        }
        let _ = writeln!(text, "\n```\n{}\n```", kernels::table(&self.kernels));
        text
    }

    /// Writes `bench.json` and `bench.md` below `dir`.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), Failure> {
        let mut json = serde_json::to_string_pretty(self).or_outside("the outcome as JSON")?;
        json.push('\n');
        write_atomically(&dir.join("bench.json"), json.as_bytes())?;
        write_atomically(&dir.join("bench.md"), self.markdown().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_was_met_missed_and_missing() {
        let row = |verdict| Row {
            what: "a".to_owned(),
            needed: "≥ 2 ×".to_owned(),
            measured: "3 ×".to_owned(),
            verdict,
        };
        let cost = Cost {
            wall_s: 2.0,
            cpu_s: 1.0,
            peak_bytes: 3 << 20,
        };
        let outcome = Outcome {
            rows: [
                Verdict::of(true),
                Verdict::of(false),
                Verdict::Missing("b is missing".to_owned()),
            ]
            .map(row)
            .to_vec(),
            timed: vec![Timed {
                name: "run".to_owned(),
                cells: 5_000_000_000,
                threads: 1,
                cost,
            }],
            ..Outcome::default()
        };
        let text = outcome.markdown();
        for line in [
            "| a | ≥ 2 × | 3 × | met |",
            "| a | ≥ 2 × | 3 × | **missed** |",
            "| a | ≥ 2 × | 3 × | not measured: b is missing |",
            "| run | 1 | 2.00 | 1.00 | 5.0 | 3 |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        let half = Cost {
            wall_s: 1.0,
            cpu_s: 0.25,
            peak_bytes: 0,
        };
        assert_eq!(Outcome::times(half, cost), "4.0 × CPU, 2.0 × wall");
    }

    #[test]
    fn the_machine_is_looked_at() {
        let machine = Machine::look();
        assert!(machine.cores >= 1 && !machine.processor.is_empty());
    }
}

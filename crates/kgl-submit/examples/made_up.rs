//! A sample and a submission of any size, made up: `made_up FOLDER ROWS`. Fifteen
//! coordinates a row, as the RNA competition has them; `scripts/bench-submit.sh`
//! times the check on them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(rows)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("give FOLDER and ROWS"));
    };
    let rows: u64 = rows.parse().map_err(io::Error::other)?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let open = |name: &str| {
        Ok::<_, io::Error>(BufWriter::with_capacity(
            1 << 20,
            File::create(folder.join(name))?,
        ))
    };
    let (mut sample, mut submission) = (open("sample.csv")?, open("submission.csv")?);
    let header: Vec<_> = (1..=5)
        .flat_map(|i| ["x", "y", "z"].map(|c| format!("{c}_{i}")))
        .collect();
    for file in [&mut sample, &mut submission] {
        writeln!(file, "ID,resname,resid,{}", header.join(","))?;
    }
    let mut state = 1u64;
    let zeros = ",0.0".repeat(15);
    for row in 0..rows {
        let (chain, residue) = (row / 100, row % 100);
        let base = ["A", "C", "G"][usize::try_from(row % 3).unwrap_or(0)];
        writeln!(sample, "R{chain}_{residue},{base},{residue}{zeros}")?;
        write!(submission, "R{chain}_{residue},{base},{residue}")?;
        for _ in 0..15 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let thousandths = (state >> 33) % 300_000;
            let sign = if state >> 63 == 0 { "" } else { "-" };
            write!(
                submission,
                ",{sign}{}.{:03}",
                thousandths / 1000,
                thousandths % 1000
            )?;
        }
        writeln!(submission)?;
    }
    sample.flush()?;
    submission.flush()
}

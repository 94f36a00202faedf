//! How fast the check goes, in the sample's order: `cargo run --release --example speed`.
//! Seconds are those on the CPU, so that a busy machine tells the same (Linux).
//! Two shapes: fifteen short coordinates a row, and one number of 17 digits.

use std::io::{self, Cursor, Write as _};

use kgl_submit::check::{Rules, check};

fn main() -> io::Result<()> {
    let mut state = 1u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    };
    let (mut sample, mut wide) = (Vec::new(), Vec::new());
    let header: Vec<_> = (1..=5)
        .flat_map(|i| ["x", "y", "z"].map(|c| format!("{c}_{i}")))
        .collect();
    for file in [&mut sample, &mut wide] {
        writeln!(file, "ID,resname,resid,{}", header.join(","))?;
    }
    for row in 0..700_000 {
        let head = format!(
            "R{}_{},{},{}",
            row / 100,
            row % 100,
            ["A", "C"][row % 2],
            row % 100
        );
        writeln!(sample, "{head}{}", ",0.0".repeat(15))?;
        write!(wide, "{head}")?;
        for _ in 0..15 {
            write!(wide, ",{:.3}", random() * 300.0 - 150.0)?;
        }
        writeln!(wide)?;
    }
    measure("15 coordinates a row", &sample, &wide)?;
    let (mut sample, mut narrow) = (
        b"row_id,similarity\n".to_vec(),
        b"row_id,similarity\n".to_vec(),
    );
    for row in 0..4_000_000 {
        writeln!(sample, "{row},{}", random())?;
        writeln!(narrow, "{row},{}", random())?;
    }
    measure("one number of 17 digits a row", &sample, &narrow)
}

fn measure(what: &str, sample: &[u8], submission: &[u8]) -> io::Result<()> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = on_cpu()?;
        let findings = check(
            Cursor::new(sample),
            Cursor::new(submission),
            &Rules::default(),
        )
        .map_err(io::Error::other)?;
        assert!(findings.found.counts().is_empty());
        best = best.min(on_cpu()? - start);
    }
    let mb = submission.len() as f64 / 1e6;
    writeln!(
        io::stdout(),
        "{what}: {mb:.0} MB in {best:.2} s, {:.0} MB/s",
        mb / best
    )
}

/// Seconds that this thread has been on a CPU.
fn on_cpu() -> io::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text
        .split(' ')
        .next()
        .and_then(|first| first.parse::<f64>().ok());
    nanoseconds
        .map(|ns| ns / 1e9)
        .ok_or_else(|| io::Error::other("no schedstat"))
}

//! A table of any size, made up: `made_up_table FILE BYTES`. Sales as a competition would
//! have them: ids, dates, categories, prices, counts, customers, scores, a flag and
//! a remark, some of them missing; `scripts/bench-inspect.sh` times the profile of it.

use std::fs::File;
use std::io::{self, BufWriter, Write};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(bytes)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("give FILE and BYTES"));
    };
    let bytes: u64 = bytes.parse().map_err(io::Error::other)?;
    let mut file = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let header = "id,day,store,item,price,count,customer,score,returned,remark\n";
    file.write_all(header.as_bytes())?;
    let mut written = header.len() as u64;
    let mut state = 1u64;
    let mut chance = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let remarks = ["", "", "", "as new", "late", "\"broken, replaced\"", "gift"];
    for id in 0.. {
        if written >= bytes {
            break;
        }
        let day = id / 40_000 % 336;
        let row = format!(
            "{id},{}-{:02}-{:02},s{:02},{}-{:03},{}.{:02},{},c{:07},{}.{:09},{},{}\n",
            2020 + id / 13_440_000,
            day / 28 + 1,
            day % 28 + 1,
            chance(50),
            ["A1", "B2", "C3"][usize::try_from(chance(3)).unwrap_or(0)],
            chance(999),
            chance(900),
            chance(100),
            chance(20),
            chance(1_000_000),
            ["-0", "0", "1"][usize::try_from(chance(3)).unwrap_or(0)],
            chance(1_000_000_000),
            chance(2),
            remarks[usize::try_from(chance(7)).unwrap_or(0)],
        );
        file.write_all(row.as_bytes())?;
        written += row.len() as u64;
    }
    file.flush()
}

//! The dated file of prices: read, and refused when it is too old to be believed.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{MachinePrice, MachinePrices};

use crate::cli::GcpArguments;

/// The prices, and the machine that is meant.
///
/// # Errors
/// No file or none of that kind, no such machine, prices too old or of tomorrow (exit 2).
pub(crate) fn read(
    arguments: &GcpArguments,
    io: &Io,
) -> Result<(MachinePrices, MachinePrice), Failure> {
    let Some(path) = &arguments.prices else {
        return Err(Failure::usage("what machines cost is not known")
            .hint("--prices FILE; scripts/gcp-prices.json is one to edit"));
    };
    let (prices, source) = io.read_document::<MachinePrices>(Some(path))?;
    let of: Date = prices.as_of.parse().or_usage(format_args!(
        "{}: as_of is no day (yyyy-mm-dd)",
        source.name
    ))?;
    let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
    check_age(of, today, arguments.max_price_age)
        .map_err(|why| why.into_failure(&source.name, &prices.source))?;
    let wanted = arguments.machine.as_deref();
    let machine = match wanted {
        Some(name) => prices.machine(name),
        None => prices.machines.first(),
    };
    let Some(machine) = machine else {
        let known: Vec<&str> = prices
            .machines
            .iter()
            .map(|one| one.type_.as_str())
            .collect();
        return Err(Failure::usage(format_args!(
            "{}: no machine {}",
            source.name,
            wanted.unwrap_or("at all")
        ))
        .hint(format_args!(
            "there are {}; add yours, with its price",
            known.join(", ")
        )));
    };
    if machine.vcpus == 0 || machine.speed.ratio().0 <= 0 {
        return Err(Failure::usage(format_args!(
            "{}: {} has no cores, or no speed",
            source.name, machine.type_
        )));
    }
    let machine = machine.clone();
    Ok((prices, machine))
}

/// Why prices are not believed.
#[derive(Debug, PartialEq, Eq)]
enum Stale {
    Old { days: i64, of: Date },
    Tomorrow { of: Date, today: Date },
}

impl Stale {
    fn into_failure(self, file: &str, source: &str) -> Failure {
        match self {
            Stale::Old { days, of } => Failure::usage(format_args!(
                "{file}: the prices are of {of}, {days} days ago"
            ))
            .hint(format_args!(
                "look them up ({source}) and set as_of, or trust them: --max-price-age {days}"
            )),
            Stale::Tomorrow { of, today } => Failure::usage(format_args!(
                "{file}: the prices are of {of}, and this machine's clock says {today}"
            ))
            .hint("set the clock (timedatectl), or as_of"),
        }
    }
}

fn check_age(of: Date, today: Date, most: u32) -> Result<(), Stale> {
    // Days are counted from noon to noon in UTC: none is shorter than another.
    let days = today
        .since((jiff::Unit::Day, of))
        .map_or(i64::MAX, |span| span.get_days().into());
    // Somewhere it is tomorrow already.
    if days < -1 {
        return Err(Stale::Tomorrow { of, today });
    }
    if days > i64::from(most) {
        return Err(Stale::Old { days, of });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn prices_grow_old() {
        let today = date(2026, 11, 25);
        assert_eq!(check_age(date(2026, 11, 26), today, 180), Ok(()));
        assert_eq!(check_age(date(2026, 5, 29), today, 180), Ok(()));
        let old = date(2026, 5, 28);
        assert_eq!(
            check_age(old, today, 180),
            Err(Stale::Old { days: 181, of: old })
        );
        let tomorrow = date(2026, 11, 27);
        assert_eq!(
            check_age(tomorrow, today, 180),
            Err(Stale::Tomorrow {
                of: tomorrow,
                today
            })
        );
    }
}

//! `machine-prices`: what rented machines cost and how fast they are; a file that people edit.

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::document::{Document, Tag};

/// A dated list of machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MachinePrices {
    /// `kgl.machine-prices/1`.
    pub schema: Tag<MachinePrices>,
    /// The day somebody last went over them, `yyyy-mm-dd`.
    pub as_of: String,
    /// Where they are from, and where to look them up.
    pub source: String,
    /// How long it takes until a machine that was asked for works.
    pub startup_s: u64,
    /// The machines.
    pub machines: Vec<MachinePrice>,
}

impl Document for MachinePrices {
    const KIND: &'static str = "machine-prices";
    const MAJOR: u32 = 1;
}

/// One kind of machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MachinePrice {
    /// Its name with the provider.
    #[serde(rename = "type")]
    pub type_: String,
    /// Virtual cores.
    pub vcpus: u32,
    /// Memory.
    pub memory_mib: u64,
    /// What it costs an hour, in US dollars.
    pub usd_per_hour: Decimal,
    /// The same where it may be taken away.
    pub spot_usd_per_hour: Decimal,
    /// How fast one of its virtual cores is beside a core here: 0.5 is half as fast.
    pub speed: Decimal,
}

impl MachinePrices {
    /// The machine called `name`.
    #[must_use]
    pub fn machine(&self, name: &str) -> Option<&MachinePrice> {
        self.machines.iter().find(|machine| machine.type_ == name)
    }
}

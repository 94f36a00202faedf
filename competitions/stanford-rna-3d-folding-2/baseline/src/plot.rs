//! Pictures of a validation: what the table's means are made of.

mod bars;
mod canvas;
mod identity;
mod trace;

pub use bars::bars;
pub use identity::against_identity;
pub use trace::superposed;

//! `kgl-run` as a process, in projects made for the test, with real processes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may fail loudly, and so may what they share"
)]

mod ending;
mod hosts;
mod launch;
mod project;
mod truth;
mod verbs;

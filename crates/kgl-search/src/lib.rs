//! What a search is before it is computed: its files, read and checked against
//! their digests, and the deal of its targets to shards.
//!
//! kgl-shard-search computes with it; kgl-batch-plan counts with it what that will cost.

pub mod partition;
mod sequences;

pub use partition::Partition;
pub use sequences::{below, read_sequences};

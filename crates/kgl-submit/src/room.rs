//! How much memory the sample's ids may take when rows come in another order, and where
//! they go when they do not fit.

use std::path::PathBuf;

/// Memory, and a folder for temporary files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Bytes of memory for the ids; what is beside them takes as much again at most.
    pub memory_bytes: u64,
    /// The folder for temporary files.
    pub folder: PathBuf,
}

/// Memory for ids when nobody says otherwise, in MiB.
pub const MEMORY_MIB: u64 = 128;

/// More partitions would have buffers of less than a page each.
const MOST_PARTITIONS: u64 = 4096;

impl Default for Room {
    /// 128 MiB, and the folder that `TMPDIR` names.
    fn default() -> Self {
        Self::of_mib(MEMORY_MIB)
    }
}

impl Room {
    /// So much memory, and the folder that `TMPDIR` names.
    #[must_use]
    pub fn of_mib(mib: u64) -> Self {
        Self {
            memory_bytes: mib.saturating_mul(1 << 20),
            folder: std::env::temp_dir(),
        }
    }

    /// Into how many partitions an index of `bytes` is cut: one when it fits. Two would
    /// fill the memory; they are twice as many, which leaves room for buffers.
    pub(crate) fn partitions(&self, bytes: u64) -> usize {
        if bytes <= self.memory_bytes {
            return 1;
        }
        let half = (self.memory_bytes / 2).max(1);
        usize::try_from(bytes.div_ceil(half).min(MOST_PARTITIONS)).unwrap_or(1)
    }

    /// The bytes of each partition's buffer: together a quarter of the memory.
    pub(crate) fn block(&self, partitions: usize) -> usize {
        let each = self.memory_bytes / 4 / partitions.max(1) as u64;
        usize::try_from(each.clamp(1 << 12, 1 << 16)).unwrap_or(1 << 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_not_cut_and_what_is_cut_fits() {
        let room = Room::of_mib(128);
        assert_eq!(room.partitions(128 << 20), 1);
        for bytes in [(128 << 20) + 1, 1 << 30, 10 << 30, 200 << 30] {
            let partitions = room.partitions(bytes);
            assert!(bytes.div_ceil(partitions as u64) <= 64 << 20, "{bytes}");
            assert!(partitions * room.block(partitions) <= 32 << 20, "{bytes}");
        }
        assert_eq!(room.partitions(u64::MAX), 4096);
        assert_eq!(Room::of_mib(0).partitions(7), 7);
    }
}

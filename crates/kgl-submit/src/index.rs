//! Ids of the sample in memory, for submissions that do not follow its order: all of
//! them, or those of one partition.
//!
//! Memory per row of the sample: its id, its given values, four bytes of length
//! for each of those, and up to 44 bytes of tables. A sample of 137,270 rows takes 8 MB.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::Read;

use kgl_csv::{Records, Rewind};

use crate::check::CheckError;
use crate::columns::take_sample_row;

const NONE: u32 = u32::MAX;
const TAKEN: u32 = u32::MAX - 1;

/// What the index says of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<R = u32> {
    /// The id belongs to this row of the sample, which was free until now.
    Row(R),
    /// As [`Lookup::Row`], but the sample writes the id otherwise.
    Misspelled(R),
    /// The id is the sample's, but each of its rows was taken before.
    Repeated,
    /// The id is not in the sample, and with its halves swapped it is.
    Reversed,
    /// The id is not in the sample.
    Unknown,
}

/// Rows of the sample: ids, given values, and which are taken.
#[derive(Debug)]
pub struct Index {
    /// For each row its id and its given values, each behind its length.
    bytes: Vec<u8>,
    starts: Vec<u64>,
    /// The next free row of the same id; `TAKEN` for a row that was taken.
    next: Vec<u32>,
    /// Open addressing by the folded id, so that ids that differ only in
    /// spelling are neighbours.
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// A row with the slot's id; `NONE` for an empty slot.
    row: u32,
    /// The first free row with it.
    free: u32,
}

/// The bytes of an index of `rows` rows whose ids and given values take `content` bytes,
/// with `given` given columns.
pub(crate) fn bytes_for(rows: u64, content: u64, given: usize) -> u64 {
    let slots = (rows.saturating_add(1).checked_next_power_of_two())
        .unwrap_or(u64::MAX)
        .saturating_mul(2 * size_of::<Slot>() as u64);
    let row = (size_of::<u64>() + size_of::<u32>() * (2 + given)) as u64;
    content
        .saturating_add(rows.saturating_mul(row))
        .saturating_add(slots)
}

/// Rows that become an index.
#[derive(Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    starts: Vec<u64>,
}

impl Rows {
    /// Adds a row: its id and its given values, as [`encode`] writes them.
    pub fn push(&mut self, row: &[u8]) {
        self.starts.push(self.bytes.len() as u64);
        self.bytes.extend_from_slice(row);
    }

    /// Makes room for `bytes` more.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve_exact(bytes);
    }
}

/// Adds the id of the record that `records` stands on and its given values, each behind its length.
pub fn encode<R: Read>(records: &Records<R>, given: &[usize], row: &mut Vec<u8>) {
    for &column in [0].iter().chain(given) {
        encode_field(records.field(column), row);
    }
}

/// Adds a field behind its length.
pub fn encode_field(field: &[u8], row: &mut Vec<u8>) {
    // A record is at most 64 MiB.
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
    row.extend_from_slice(&length.to_le_bytes());
    row.extend_from_slice(field);
}

/// The field at `place` of those that [`encode`] wrote one behind the other.
#[must_use]
pub fn decode(mut row: &[u8], place: usize) -> &[u8] {
    for skipped in 0..=place {
        let Some((length, after)) = row.split_first_chunk::<4>() else {
            break;
        };
        let length = u32::from_le_bytes(*length) as usize;
        if skipped == place {
            return after.get(..length).unwrap_or_default();
        }
        row = after.get(length..).unwrap_or_default();
    }
    b""
}

impl Index {
    /// Reads the sample again from its beginning. Its first `taken` rows are
    /// marked as taken.
    ///
    /// # Errors
    /// It cannot be read again, or has more rows than fit.
    pub fn build<R: Read + Rewind>(
        records: &mut Records<R>,
        columns: usize,
        given: &[usize],
        taken: u64,
    ) -> Result<Self, CheckError> {
        records.rewind().map_err(CheckError::ReadSample)?;
        take_sample_row(records, columns)?;
        let (mut rows, mut row) = (Rows::default(), Vec::new());
        while take_sample_row(records, columns)? {
            row.clear();
            encode(records, given, &mut row);
            rows.push(&row);
        }
        Self::of(rows, taken)
    }

    /// The index of some rows, of which the first `taken` are taken.
    ///
    /// # Errors
    /// They are more than fit.
    pub fn of(rows: Rows, taken: u64) -> Result<Self, CheckError> {
        let Rows { bytes, starts } = rows;
        let rows = u32::try_from(starts.len())
            .ok()
            .filter(|&rows| rows < TAKEN);
        let Some(rows) = rows else {
            return Err(CheckError::sample(
                1,
                "too many rows to check in another order",
            ));
        };
        let empty = Slot {
            row: NONE,
            free: NONE,
        };
        let mut index = Self {
            bytes,
            starts,
            next: vec![NONE; rows as usize],
            slots: vec![empty; (rows as usize + 1).next_power_of_two() * 2],
        };
        // From the last row to the first, so that the free rows of an id are
        // given out in the sample's order.
        for row in (0..rows).rev() {
            let slot = match index.probe(index.id(row)) {
                (Some(slot), _) => slot,
                (None, slot) => {
                    index.slots[slot].row = row;
                    slot
                }
            };
            if u64::from(row) < taken {
                index.next[row as usize] = TAKEN;
            } else {
                index.next[row as usize] = index.slots[slot].free;
                index.slots[slot].free = row;
            }
        }
        Ok(index)
    }

    /// Takes the next free row of `id`, whose halves may be swapped at `pair`.
    pub fn take(&mut self, id: &[u8], pair: Option<&str>) -> Lookup {
        let (slot, misspelled) = match self.probe(id) {
            (Some(slot), _) => (slot, false),
            (None, end) => match self.neighbour(id, end) {
                Some(slot) => (slot, true),
                None if self.knows_reversed(id, pair) => return Lookup::Reversed,
                None => return Lookup::Unknown,
            },
        };
        let row = self.slots[slot].free;
        if row == NONE {
            return Lookup::Repeated;
        }
        self.slots[slot].free = self.next[row as usize];
        self.next[row as usize] = TAKEN;
        if misspelled {
            Lookup::Misspelled(row)
        } else {
            Lookup::Row(row)
        }
    }

    /// Whether an id that is not in the sample would be with its halves swapped.
    fn knows_reversed(&self, id: &[u8], separator: Option<&str>) -> bool {
        let text = String::from_utf8_lossy(id);
        let halves = separator.and_then(|separator| Some((text.split_once(separator)?, separator)));
        halves.is_some_and(|((left, right), separator)| {
            let turned = format!("{right}{separator}{left}");
            self.probe(turned.as_bytes()).0.is_some()
        })
    }

    /// The id of a row.
    #[must_use]
    pub fn id(&self, row: u32) -> &[u8] {
        self.value(row, 0)
    }

    /// A given value of a row, by its place among the given columns.
    #[must_use]
    pub fn given(&self, row: u32, place: usize) -> &[u8] {
        self.value(row, place + 1)
    }

    /// The rows that nobody took, in the sample's order.
    pub fn free_rows(&self) -> impl Iterator<Item = u32> {
        (0u32..)
            .zip(&self.next)
            .filter(|(_, next)| **next != TAKEN)
            .map(|(row, _)| row)
    }

    fn value(&self, row: u32, place: usize) -> &[u8] {
        let start = usize::try_from(self.starts[row as usize]).unwrap_or(usize::MAX);
        decode(self.bytes.get(start..).unwrap_or_default(), place)
    }

    /// The slot of exactly this id, and the empty slot where the search ended.
    fn probe(&self, id: &[u8]) -> (Option<usize>, usize) {
        let mut slot = self.home(id);
        while self.slots[slot].row != NONE {
            if self.id(self.slots[slot].row) == id {
                return (Some(slot), slot);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        (None, slot)
    }

    /// Among the slots up to `end`, one whose id differs from `id` in spelling
    /// only; one with a free row first.
    fn neighbour(&self, id: &[u8], end: usize) -> Option<usize> {
        let mut slot = self.home(id);
        let mut taken = None;
        while slot != end {
            let Slot { row, free } = self.slots[slot];
            if self
                .id(row)
                .trim_ascii()
                .eq_ignore_ascii_case(id.trim_ascii())
            {
                if free != NONE {
                    return Some(slot);
                }
                taken = taken.or(Some(slot));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        taken
    }

    fn home(&self, id: &[u8]) -> usize {
        let mask = self.slots.len() as u64 - 1;
        usize::try_from(hash(id) & mask).unwrap_or(0)
    }
}

/// A hash of the folded id: the same for all its spellings.
pub(crate) fn hash(id: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut folded = [0; 64];
    for chunk in id.trim_ascii().chunks(folded.len()) {
        let folded = &mut folded[..chunk.len()];
        folded.copy_from_slice(chunk);
        folded.make_ascii_lowercase();
        hasher.write(folded);
    }
    hasher.finish()
}

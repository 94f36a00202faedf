//! The sample's ids on disk, for submissions that do not follow its order and whose
//! sample is too large for an [`Index`] of all of it.
//!
//! ```text
//! sample ──────► rows, dealt by the hash of the folded id ─┐
//!                                                          ├─► an index for each partition
//! submission ──► ids, dealt by the same hash ──────────────┘      │
//!       └──(read again)──► takes an answer from its id's stream ◄─┘ answers
//! ```
//!
//! What an index says of an id depends on the ids of its spelling and on those that
//! differ from it in spelling only, and all of them are in one partition. (And on an id
//! with swapped halves, where pairs count: then what is hashed is the id's characters
//! without their order.) So a partition's index says what one of the whole sample would
//! say. Within a partition ids and answers keep the submission's order; a second reading
//! of the submission takes the answer of each row from its partition's stream, and goes
//! through the same checks in the same order as with an index of everything.
//!
//! The bound holds while no single id makes up a large part of the sample.

use std::io::{self, BufReader, Read};

use kgl_csv::{Records, Rewind};

use crate::check::CheckError;
use crate::columns::take_sample_row;
use crate::index::{self, Index, Lookup, Rows, decode, encode, encode_field};
use crate::room::Room;
use crate::streams::{StreamReader, Streams};

/// How many missing rows are kept by name: faults beyond them are only counted.
const NAMED: usize = crate::faults::TOLD;

/// What there is to match.
#[derive(Debug)]
pub struct Task<'a> {
    /// How many columns the sample has.
    pub width: usize,
    /// Those that are given.
    pub given: &'a [usize],
    /// How many rows of the sample are taken: the first ones.
    pub matched: u64,
    /// The submission's id column.
    pub id: usize,
    /// How many records of the submission were read, the one that it stands on included.
    pub read: u64,
    /// What stands between the halves of an id whose order counts.
    pub pair: Option<&'a str>,
    /// Into how many partitions.
    pub partitions: usize,
    /// What they may take.
    pub room: &'a Room,
}

/// What the partitions say of the rows of the submission, in its order.
#[derive(Debug)]
pub struct Answers {
    streams: Vec<BufReader<StreamReader>>,
    dealer: Dealer,
    /// The row of the last answer that had one: its id and given values.
    row: Vec<u8>,
    /// The id of the known row before it.
    previous: Vec<u8>,
    /// How many rows of the sample nobody took.
    missing: u64,
    /// The first of them: number and id.
    named: Vec<(u64, Vec<u8>)>,
    room: Room,
}

impl Answers {
    /// Reads the sample again and the submission to its end, and decides about every row
    /// from the one on that the submission stands on. It stands there again afterwards.
    pub fn find<S: Read + Rewind, T: Read + Rewind>(
        sample: &mut Records<S>,
        submission: &mut Records<T>,
        task: &Task<'_>,
    ) -> Result<Self, CheckError> {
        let dealer = Dealer {
            partitions: task.partitions,
            pair: task.pair.is_some(),
        };
        let rows = deal_sample(sample, task, dealer)?;
        let ids = deal_ids(submission, task, dealer)?;
        go_back(submission, task.read).map_err(CheckError::ReadSubmission)?;
        let mut found = Self {
            streams: Vec::new(),
            dealer,
            row: Vec::new(),
            previous: Vec::new(),
            missing: 0,
            named: Vec::new(),
            room: task.room.clone(),
        };
        found.answer(rows, ids, task).map_err(no_room(task.room))?;
        Ok(found)
    }

    /// Asks the index of each partition for each of its ids.
    fn answer(&mut self, rows: Readers, ids: Readers, task: &Task<'_>) -> io::Result<()> {
        let mut answers = streams(task)?;
        let (mut id, mut answer) = (Vec::new(), Vec::new());
        for (partition, (rows, mut ids)) in rows.into_iter().zip(ids).enumerate() {
            let (mut index, numbers) = read_partition(rows, task.matched)?;
            while let Some(length) = read_number::<4>(&mut ids)? {
                read_bytes(&mut ids, length, &mut id)?;
                answer.clear();
                match index.take(&id, task.pair) {
                    Lookup::Row(row) => {
                        answer.push(ROW);
                        put_row(&index, row, &numbers, task, &mut answer);
                    }
                    Lookup::Misspelled(row) => {
                        answer.push(MISSPELLED);
                        put_row(&index, row, &numbers, task, &mut answer);
                    }
                    Lookup::Repeated => answer.push(REPEATED),
                    Lookup::Reversed => answer.push(REVERSED),
                    Lookup::Unknown => answer.push(UNKNOWN),
                }
                answers.append(partition, &answer)?;
            }
            let free = index.free_rows();
            self.miss(free.map(|row| (numbers[row as usize], index.id(row))));
        }
        self.streams = answers.into_readers()?;
        Ok(())
    }

    /// Counts the rows of a partition that nobody took, and names those that may be told.
    fn miss<'a>(&mut self, rows: impl Iterator<Item = (u64, &'a [u8])>) {
        for (place, (number, id)) in rows.enumerate() {
            self.missing += 1;
            // Within a partition they ascend: no later one can be among the first.
            if place < NAMED {
                self.named.push((number, id.to_vec()));
            }
        }
        self.named.sort_unstable();
        self.named.truncate(NAMED);
    }

    /// What there is to say of the next row, whose id is `id`; with the sample's number
    /// of the row where it has one.
    pub fn next(&mut self, id: &[u8]) -> Result<Lookup<u64>, CheckError> {
        let stream = &mut self.streams[self.dealer.partition(id)];
        let mut code = [0];
        // The files are read again: what they hold now may be something else.
        let changed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => CheckError::ReadSubmission(io::Error::other(
                "it changed while it was checked: check it again",
            )),
            _ => no_room(&self.room)(error),
        };
        stream.read_exact(&mut code).map_err(changed)?;
        let row = match code[0] {
            REPEATED => return Ok(Lookup::Repeated),
            REVERSED => return Ok(Lookup::Reversed),
            UNKNOWN => return Ok(Lookup::Unknown),
            _ => {
                std::mem::swap(&mut self.row, &mut self.previous);
                read_row(stream, &mut self.row).map_err(changed)?
            }
        };
        Ok(if code[0] == MISSPELLED {
            Lookup::Misspelled(row)
        } else {
            Lookup::Row(row)
        })
    }

    /// The sample's id of the last row that is in the sample.
    pub fn id(&self) -> &[u8] {
        decode(&self.row, 0)
    }

    /// The sample's id of the row in the sample before that one.
    pub fn previous_id(&self) -> &[u8] {
        decode(&self.previous, 0)
    }

    /// A given value of the last row that is in the sample.
    pub fn given(&self, place: usize) -> &[u8] {
        decode(&self.row, place + 1)
    }

    /// How many rows nobody took, and the ids of the first of them.
    pub fn missing(&self) -> (u64, impl Iterator<Item = &[u8]>) {
        (self.missing, self.named.iter().map(|(_, id)| &**id))
    }
}

type Readers = Vec<BufReader<StreamReader>>;

/// What an answer begins with.
const ROW: u8 = 0;
const MISSPELLED: u8 = 1;
const REPEATED: u8 = 2;
const REVERSED: u8 = 3;
const UNKNOWN: u8 = 4;

/// Says to which partition an id belongs.
#[derive(Debug, Clone, Copy)]
struct Dealer {
    partitions: usize,
    /// Whether an id and the same with its halves swapped must meet.
    pair: bool,
}

impl Dealer {
    fn partition(self, id: &[u8]) -> usize {
        let hash = if self.pair {
            hash_unordered(id)
        } else {
            index::hash(id)
        };
        // An index goes by the low bits.
        usize::try_from(hash >> 32).unwrap_or(0) % self.partitions
    }
}

/// A hash of the id's characters without case, white space and order. Bytes that are no
/// ASCII do not count: where they are no text they are shown as another character.
fn hash_unordered(id: &[u8]) -> u64 {
    let mut sums = [0u64; 4];
    let counted = id.iter().filter(|byte| byte.is_ascii_graphic());
    for byte in counted.map(u8::to_ascii_lowercase).map(u64::from) {
        let mut power = 1u64;
        for sum in &mut sums {
            *sum = sum.wrapping_add(power);
            power *= byte;
        }
    }
    let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    index::hash(&bytes)
}

fn streams(task: &Task<'_>) -> io::Result<Streams> {
    let block = task.room.block(task.partitions);
    Streams::new(&task.room.folder, task.partitions, block)
}

/// Deals the sample's rows: for each its number, its length, its id and given values.
fn deal_sample<S: Read + Rewind>(
    sample: &mut Records<S>,
    task: &Task<'_>,
    dealer: Dealer,
) -> Result<Readers, CheckError> {
    let lost = no_room(task.room);
    let mut rows = streams(task).map_err(&lost)?;
    sample.rewind().map_err(CheckError::ReadSample)?;
    take_sample_row(sample, task.width)?;
    let (mut number, mut row) = (0u64, Vec::new());
    while take_sample_row(sample, task.width)? {
        row.clear();
        row.extend_from_slice(&number.to_le_bytes());
        row.extend_from_slice(&[0; 4]);
        encode(sample, task.given, &mut row);
        let length = u32::try_from(row.len() - 12).unwrap_or(u32::MAX);
        row[8..12].copy_from_slice(&length.to_le_bytes());
        let partition = dealer.partition(sample.field(0));
        rows.append(partition, &row).map_err(&lost)?;
        number += 1;
    }
    rows.into_readers().map_err(&lost)
}

/// Deals the submission's ids from where it stands to its end, or to where it cannot be
/// read further: who reads it again will find that, too.
fn deal_ids<T: Read>(
    submission: &mut Records<T>,
    task: &Task<'_>,
    dealer: Dealer,
) -> Result<Readers, CheckError> {
    let lost = no_room(task.room);
    let mut ids = streams(task).map_err(&lost)?;
    let mut id = Vec::new();
    loop {
        if task.id < submission.width() {
            let field = submission.field(task.id);
            id.clear();
            encode_field(field, &mut id);
            ids.append(dealer.partition(field), &id).map_err(&lost)?;
        }
        match submission.advance_to(task.id + 1) {
            Ok(true) => {}
            Ok(false) | Err(_) => break,
        }
    }
    ids.into_readers().map_err(&lost)
}

/// Stands on the `read`th record again. What was not read yet is read first, for its digest.
fn go_back<T: Read + Rewind>(submission: &mut Records<T>, read: u64) -> io::Result<()> {
    // What fails here will fail again, where it is a finding.
    let _ = submission.drain();
    submission.rewind()?;
    for _ in 1..read {
        submission.advance_to(1).map_err(io::Error::other)?;
    }
    submission.advance().map_err(io::Error::other)?;
    Ok(())
}

/// The index of a partition, and the numbers that its rows have in the sample.
fn read_partition(
    mut rows: BufReader<StreamReader>,
    matched: u64,
) -> io::Result<(Index, Vec<u64>)> {
    let (mut found, mut numbers, mut row) = (Rows::default(), Vec::new(), Vec::new());
    found.reserve(usize::try_from(rows.get_ref().length()).unwrap_or(0));
    while let Some(number) = read_number::<8>(&mut rows)? {
        let length = read_number::<4>(&mut rows)?.unwrap_or(0);
        read_bytes(&mut rows, length, &mut row)?;
        found.push(&row);
        numbers.push(number);
    }
    let taken = numbers.partition_point(|&number| number < matched) as u64;
    let index = Index::of(found, taken).map_err(io::Error::other)?;
    Ok((index, numbers))
}

/// Adds a row to an answer: its number, its length, its id and given values.
fn put_row(index: &Index, row: u32, numbers: &[u64], task: &Task<'_>, answer: &mut Vec<u8>) {
    answer.extend_from_slice(&numbers[row as usize].to_le_bytes());
    let length = answer.len();
    answer.extend_from_slice(&[0; 4]);
    encode_field(index.id(row), answer);
    for place in 0..task.given.len() {
        encode_field(index.given(row, place), answer);
    }
    let count = u32::try_from(answer.len() - length - 4).unwrap_or(u32::MAX);
    answer[length..length + 4].copy_from_slice(&count.to_le_bytes());
}

/// Reads what [`put_row`] wrote; gives the number.
fn read_row(stream: &mut impl Read, row: &mut Vec<u8>) -> io::Result<u64> {
    let number = read_number::<8>(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = read_number::<4>(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    read_bytes(stream, length, row)?;
    Ok(number)
}

/// The next number of `N` bytes; nothing at the end.
fn read_number<const N: usize>(stream: &mut impl Read) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    match stream.read_exact(&mut bytes[..N]) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_bytes(stream: &mut impl Read, length: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
    stream.read_exact(bytes)
}

fn no_room(room: &Room) -> impl Fn(io::Error) -> CheckError {
    let folder = room.folder.clone();
    move |error| CheckError::Room {
        folder: folder.clone(),
        error,
    }
}

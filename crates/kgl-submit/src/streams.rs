//! Many streams of bytes in one temporary file, for what memory must not hold.
//!
//! The file has no name (or loses it at once), so nothing is left behind however the
//! program ends. Each stream has a buffer of one block; full blocks go to the stream's
//! extents, each of which is twice as long as the one before it. So a stream of any
//! length is found again by a few numbers, one file descriptor is enough for thousands
//! of streams, and what an extent does not use is a hole that takes no disk.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

/// Streams that are written.
#[derive(Debug)]
pub struct Streams {
    file: File,
    /// Bytes of a block.
    block: usize,
    /// Where the next extent begins.
    end: u64,
    streams: Vec<Stream>,
}

#[derive(Debug, Default)]
struct Stream {
    /// Where its extents begin; the one at `i` is of `block << i` bytes.
    extents: Vec<u64>,
    /// How many of its bytes are in the file; whole blocks while it is written.
    flushed: u64,
    buffer: Vec<u8>,
}

impl Streams {
    /// `count` empty streams in a new file in `folder`, with buffers of `block` bytes.
    ///
    /// # Errors
    /// No file can be made there.
    pub fn new(folder: &Path, count: usize, block: usize) -> io::Result<Self> {
        let mut streams = Vec::new();
        streams.resize_with(count, Stream::default);
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            block: block.max(1),
            end: 0,
            streams,
        })
    }

    /// Adds bytes to the end of a stream.
    ///
    /// # Errors
    /// No room.
    pub fn append(&mut self, stream: usize, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let buffer = &mut self.streams[stream].buffer;
            let fits = bytes.len().min(self.block - buffer.len());
            let (now, later) = bytes.split_at(fits);
            buffer.extend_from_slice(now);
            bytes = later;
            if buffer.len() == self.block {
                self.flush(stream)?;
            }
        }
        Ok(())
    }

    /// Ends the writing: each stream can be read, from its beginning.
    ///
    /// # Errors
    /// No room.
    pub fn into_readers(mut self) -> io::Result<Vec<BufReader<StreamReader>>> {
        for stream in 0..self.streams.len() {
            self.flush(stream)?;
            self.streams[stream].buffer = Vec::new();
        }
        let file = Arc::new(self.file);
        let reader = |stream: Stream| StreamReader {
            file: Arc::clone(&file),
            block: self.block,
            extents: stream.extents,
            length: stream.flushed,
            at: 0,
        };
        let readers = self.streams.into_iter().map(reader);
        Ok(readers
            .map(|reader| BufReader::with_capacity(self.block, reader))
            .collect())
    }

    /// Writes a stream's buffer, a block at most, behind what it has in the file.
    fn flush(&mut self, stream: usize) -> io::Result<()> {
        let stream = &mut self.streams[stream];
        let (extent, within) = locate(stream.flushed, self.block);
        if extent == stream.extents.len() {
            stream.extents.push(self.end);
            self.end += (self.block as u64) << extent;
        }
        let offset = stream.extents[extent] + within;
        self.file.write_all_at(&stream.buffer, offset)?;
        stream.flushed += stream.buffer.len() as u64;
        stream.buffer.clear();
        Ok(())
    }
}

/// In which extent the byte at `position` of a stream lies, and where in it. The extents
/// before the one at `i` hold 2^i - 1 blocks together.
fn locate(position: u64, block: usize) -> (usize, u64) {
    let block = block as u64;
    let nth = position / block + 1;
    let extent = nth.ilog2();
    (
        extent as usize,
        (nth - (1 << extent)) * block + position % block,
    )
}

/// A stream that is read. Made to be buffered by one block.
#[derive(Debug)]
pub struct StreamReader {
    file: Arc<File>,
    block: usize,
    extents: Vec<u64>,
    length: u64,
    at: u64,
}

impl StreamReader {
    /// How many bytes the stream has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Read for StreamReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (extent, within) = locate(self.at, self.block);
        let left = (self.length - self.at).min(((self.block as u64) << extent) - within);
        let count = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if count == 0 {
            return Ok(0);
        }
        let offset = self.extents[extent] + within;
        let count = self.file.read_at(&mut buffer[..count], offset)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn extents_follow_each_other_without_gap_or_overlap() {
        let places = (0..14).map(|position| locate(position, 2));
        let expected = [
            (0, 0),
            (0, 1),
            (1, 0),
            (1, 1),
            (1, 2),
            (1, 3),
            (2, 0),
            (2, 1),
            (2, 2),
            (2, 3),
            (2, 4),
            (2, 5),
            (2, 6),
            (2, 7),
        ];
        assert_eq!(places.collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn each_stream_gives_back_what_it_was_given(
            block in 1..20usize,
            writes in prop::collection::vec((0..5usize, prop::collection::vec(any::<u8>(), 0..50)), 0..60),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut streams = Streams::new(folder.path(), 5, block).unwrap();
            let mut expected = vec![Vec::new(); 5];
            for (stream, bytes) in &writes {
                streams.append(*stream, bytes).unwrap();
                expected[*stream].extend_from_slice(bytes);
            }
            // Nothing has a name, even while it is in use.
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
            for (reader, expected) in streams.into_readers().unwrap().iter_mut().zip(&expected) {
                prop_assert_eq!(reader.get_ref().length(), expected.len() as u64);
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).unwrap();
                prop_assert_eq!(&bytes, expected);
            }
        }
    }
}

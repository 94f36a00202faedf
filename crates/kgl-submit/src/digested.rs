//! A reader that digests what passes through it, so that the bytes that are
//! checked are the bytes whose digest is told.

use std::io::{self, Read};

use kgl_contract::Sha256;
use kgl_csv::Rewind;
use sha2::Digest as _;

/// Digests what is read, up to the first time it is read again.
#[derive(Debug)]
pub struct Digested<R> {
    source: R,
    hasher: sha2::Sha256,
    size_bytes: u64,
    again: bool,
}

impl<R> Digested<R> {
    /// Digests what `source` gives from here on.
    pub fn new(source: R) -> Self {
        Self {
            source,
            hasher: sha2::Sha256::new(),
            size_bytes: 0,
            again: false,
        }
    }

    /// The digest and the size of what was read the first time.
    #[must_use]
    pub fn digest(&self) -> (Sha256, u64) {
        let bytes: [u8; 32] = self.hasher.clone().finalize().into();
        (bytes.into(), self.size_bytes)
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        if !self.again {
            self.hasher.update(&buffer[..count]);
            self.size_bytes += count as u64;
        }
        Ok(count)
    }
}

impl<R: Rewind> Rewind for Digested<R> {
    fn rewind(&mut self) -> io::Result<()> {
        self.again = true;
        self.source.rewind()
    }
}

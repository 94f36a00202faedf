//! The ledger of a competition's submissions: `submissions.jsonl`, one receipt a
//! line. It is replaced whole, by rename, by whoever holds the lock.
//!
//! The lock is on an open file, and the client that sends inherits that file:
//! where the tool is killed and the client is not, the lock stays held until the
//! client has ended too. So whoever has the lock knows that nothing is on its way.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, OrFail as _, write_atomically};
use kgl_contract::{Document as _, SubmissionReceipt, canonical_bytes, parse_document};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

/// How long another sender is waited for. The largest files take minutes to upload.
const ANOTHER_SENDER: Duration = Duration::from_secs(30 * 60);

/// The ledger, read.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    receipts: Vec<SubmissionReceipt>,
}

impl Ledger {
    /// Reads the ledger at `path`; a file that is not there has no lines.
    ///
    /// # Errors
    /// It cannot be read, or has a line that is no receipt (exit 2): then nothing is sent,
    /// because a line that cannot be read may be a submission.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(kgl_cli::read_failure(path, error)),
        };
        let mut receipts = Vec::new();
        for (line, text) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            if text.trim_ascii().is_empty() {
                continue;
            }
            let receipt = parse_document(text).map_err(|error| {
                Failure::usage(format_args!("{}, line {line}: {error}", path.display())).hint(
                    format_args!(
                        "each line is one {}: mend it from your version control",
                        SubmissionReceipt::wire_name()
                    ),
                )
            })?;
            receipts.push(receipt);
        }
        Ok(Self {
            path: path.to_owned(),
            receipts,
        })
    }

    /// Its receipts, in the order they were begun.
    #[must_use]
    pub fn receipts(&self) -> &[SubmissionReceipt] {
        &self.receipts
    }

    /// The receipt with this tag.
    #[must_use]
    pub fn find(&self, tag: &str) -> Option<&SubmissionReceipt> {
        self.receipts.iter().find(|receipt| receipt.tag == tag)
    }

    /// Puts a receipt in the place of the one with its tag, or at the end, and
    /// has it on the disk before it returns. The caller holds the [`Lock`].
    ///
    /// # Errors
    /// The disk refuses (exit 3); the ledger is as it was.
    pub fn put(&mut self, receipt: &SubmissionReceipt) -> Result<(), Failure> {
        let place = self.receipts.iter().position(|old| old.tag == receipt.tag);
        let mut receipts = self.receipts.clone();
        match place {
            Some(place) if receipts[place] == *receipt => return Ok(()),
            Some(place) => receipts[place] = receipt.clone(),
            None => receipts.push(receipt.clone()),
        }
        let mut bytes = Vec::new();
        for receipt in &receipts {
            let line = canonical_bytes(receipt).or_outside("cannot write a receipt as JSON")?;
            bytes.extend(line);
        }
        write_atomically(&self.path, &bytes)?;
        self.receipts = receipts;
        Ok(())
    }
}

/// The right to send to a competition, and to write its ledger.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock in `folder`, waiting for whoever holds it.
    ///
    /// # Errors
    /// The folder cannot be written, or another sender does not end (exit 3).
    pub fn take(folder: &Path, io: &Io) -> Result<Self, Failure> {
        let path = folder.join("lock");
        let cannot = || format!("cannot lock {}", path.display());
        fs::create_dir_all(folder).or_outside(cannot())?;
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .or_outside(cannot())?;
        let begun = Instant::now();
        let mut told = false;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) => {}
                Err(error) => return Err(error).or_outside(cannot()),
            }
            if begun.elapsed() > ANOTHER_SENDER {
                return Err(Failure::outside(format_args!(
                    "another sender holds {} and does not end",
                    path.display()
                ))
                .hint(format_args!("see who it is: fuser -v {}", path.display())));
            }
            if !told {
                io.note(
                    "another kgl-submit, or the client that a killed one left behind, is sending: \
                     waiting for its end",
                );
                told = true;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // From here on programs that are started inherit the lock.
        fcntl_setfd(&file, FdFlags::empty()).or_outside(cannot())?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::SubmissionState;

    fn receipt(tag: &str) -> SubmissionReceipt {
        let text = include_bytes!("../../kgl-contract/fixtures/submission-receipt-1.json");
        SubmissionReceipt {
            tag: tag.to_owned(),
            ..parse_document(text).unwrap()
        }
    }

    #[test]
    fn a_receipt_keeps_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("submissions.jsonl");
        let mut ledger = Ledger::read(&path).unwrap();
        ledger.put(&receipt("a")).unwrap();
        ledger.put(&receipt("b")).unwrap();
        let mut changed = receipt("a");
        changed.state = SubmissionState::Failed;
        ledger.put(&changed).unwrap();
        let again = Ledger::read(&path).unwrap();
        assert_eq!(again.receipts(), [changed, receipt("b")]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("submissions.jsonl");
        let mut ledger = Ledger::read(&path).unwrap();
        ledger.put(&receipt("a")).unwrap();
        let text = fs::read_to_string(&path).unwrap() + "{\"half\n";
        fs::write(&path, &text).unwrap();
        let failure = Ledger::read(&path).unwrap_err();
        assert_eq!(failure.exit(), kgl_cli::Exit::Usage);
        assert!(failure.to_string().contains("line 2"), "{failure}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_program_that_outlives_the_tool_keeps_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let io = Io::new(&kgl_cli::Common {
            quiet: true,
            ..kgl_cli::Common::default()
        });
        let lock = Lock::take(folder.path(), &io).unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("0.5")
            .spawn()
            .unwrap();
        drop(lock);
        let begun = Instant::now();
        drop(Lock::take(folder.path(), &io).unwrap());
        assert!(begun.elapsed() > Duration::from_millis(300));
        child.wait().unwrap();
    }
}

//! Where everything lies below the folder of a run.

use kgl_cli::{Failure, OrFail as _, read_failure, write_atomically};
use kgl_seq::alphabet::LETTERS;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A set of sequences, as two files of the same content.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    stem: PathBuf,
}

/// One sequence: its id and its codes.
pub(crate) type Named = (String, Vec<u8>);

impl Set {
    pub(crate) fn new(dir: &Path, name: &str) -> Set {
        Set {
            stem: dir.join(name),
        }
    }

    /// FASTA in the letters of DNA, which all programs read alike.
    pub(crate) fn fasta(&self) -> PathBuf {
        self.stem.with_extension("fa")
    }

    /// CSV with the columns `id` and `sequence`.
    pub(crate) fn csv(&self) -> PathBuf {
        self.stem.with_extension("csv")
    }

    /// Writes both files.
    pub(crate) fn write<'a>(
        &self,
        sequences: impl IntoIterator<Item = &'a Named>,
    ) -> Result<(), Failure> {
        let (mut fasta, mut csv) = (String::new(), "id,sequence\n".to_owned());
        for (id, codes) in sequences {
            let rna: String = codes.iter().map(|&code| letter(code)).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(fasta, ">{id}\n{}", rna.replace('U', "T"));
            let _ = writeln!(csv, "{id},{rna}");
        }
        write_atomically(&self.fasta(), fasta.as_bytes())?;
        write_atomically(&self.csv(), csv.as_bytes())
    }

    /// The sequences of the CSV file.
    pub(crate) fn read(&self) -> Result<Vec<Named>, Failure> {
        let path = self.csv();
        let bytes = fs::read(&path).map_err(|error| {
            read_failure(&path, error).hint("run `kgl-bench generate` with this folder first")
        })?;
        let columns = kgl_seq::Columns {
            id: "id".to_owned(),
            sequence: "sequence".to_owned(),
            date: None,
            group: None,
        };
        let records = kgl_seq::read_bytes(&bytes, &path.display().to_string(), &columns)
            .or_usage("cannot read the sequences")?;
        Ok(records
            .into_iter()
            .map(|record| (record.id, record.sequence))
            .collect())
    }
}

fn letter(code: u8) -> char {
    LETTERS
        .get(usize::from(code))
        .map_or('N', |&letter| letter.into())
}

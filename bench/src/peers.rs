//! The other programs: how each is called, so that it does the same work with
//! the same scoring, and how what it says is read.
//!
//! Match 2, mismatch −3, and a gap of k residues costs 5 + 2k: kgl, parasail,
//! SSW and vsearch write that as 7 for the first residue and 2 for each further
//! one, BLAST and FASTA as 5 and 2.

use crate::files::Set;
use crate::measure::Job;
use kgl_cli::{Failure, OrFail as _, run_program};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Another program, and the Debian package that brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const PARASAIL: Peer = Peer {
    program: "parasail_aligner",
    package: "parasail",
};
pub(crate) const SSW: Peer = Peer {
    program: "ssw_test",
    package: "ssw-align",
};
pub(crate) const VSEARCH: Peer = Peer {
    program: "vsearch",
    package: "vsearch",
};
pub(crate) const BLASTN: Peer = Peer {
    program: "blastn",
    package: "ncbi-blast+",
};
pub(crate) const MMSEQS: Peer = Peer {
    program: "mmseqs",
    package: "mmseqs2",
};
pub(crate) const FASTA: Peer = Peer {
    program: "fasta36",
    package: "fasta3",
};

/// All of them, as the report lists them.
pub(crate) const ALL: [Peer; 6] = [PARASAIL, SSW, VSEARCH, BLASTN, MMSEQS, FASTA];

impl Peer {
    /// Whether it can be started.
    pub(crate) fn is_here(self) -> bool {
        run_program(Command::new(self.program).arg("-h"), b"", None).is_ok()
    }

    /// Its version, where the distribution knows it.
    pub(crate) fn version(self) -> String {
        let mut ask = Command::new("dpkg-query");
        ask.args(["-W", "-f", "${Version}", self.package]);
        let answer = run_program(&mut ask, b"", None);
        answer
            .ok()
            .filter(|answer| answer.status.success())
            .map_or_else(
                || "of unknown version".to_owned(),
                |answer| answer.stdout_text(),
            )
    }
}

/// Scores every pair, in the way `function` names, into `out`.
pub(crate) fn parasail(function: &str, queries: &Set, targets: &Set, out: &Path) -> Job {
    // With -q it would take this process's stdin for a third file.
    Job::new(PARASAIL.program)
        .words("-d -x -t 1 -M 2 -X 3 -o 7 -e 2 -a")
        .arg(function)
        .arg("-f")
        .arg(targets.fasta())
        .arg("-g")
        .arg(out)
        .stdin(queries.fasta())
}

/// Scores every pair locally, onto stdout.
pub(crate) fn ssw(queries: &Set, targets: &Set) -> Job {
    Job::new(SSW.program)
        .words("-m 2 -x 3 -o 7 -e 2")
        .arg(targets.fasta())
        .arg(queries.fasta())
}

fn vsearch(queries: &Set, targets: &Set, out: &Path) -> Job {
    Job::new(VSEARCH.program)
        .arg("--usearch_global")
        .arg(queries.fasta())
        .arg("--db")
        .arg(targets.fasta())
        .words("--match 2 --mismatch -3 --gapopen 7 --gapext 2 --threads 1 --strand plus")
        .words(
            "--qmask none --dbmask none --minseqlength 1 --userfields query+target+raw --userout",
        )
        .arg(out)
}

/// Aligns every pair globally.
pub(crate) fn vsearch_exhaustive(queries: &Set, targets: &Set, out: &Path) -> Job {
    vsearch(queries, targets, out)
        .words("--id 0 --maxaccepts 0 --maxrejects 0 --minwordmatches 0 --wordlength 3")
}

/// Its search by common words: the hits it finds best, itself included.
pub(crate) fn vsearch_heuristic(queries: &Set, targets: &Set, hits: usize, out: &Path) -> Job {
    vsearch(queries, targets, out)
        .words("--id 0.5 --maxrejects 32 --maxaccepts")
        .arg(hits.to_string())
}

/// blastn's or megablast's search; the database must have been made.
pub(crate) fn blast(task: &str, queries: &Set, database: &Path, hits: usize, out: &Path) -> Job {
    Job::new(BLASTN.program)
        .words("-reward 2 -penalty -3 -gapopen 5 -gapextend 2 -strand plus -dust no -num_threads 1")
        .words("-task")
        .arg(task)
        .arg("-max_target_seqs")
        .arg(hits.to_string())
        .arg("-query")
        .arg(queries.fasta())
        .arg("-db")
        .arg(database)
        .words("-outfmt")
        .arg("6 qseqid sseqid score")
        .arg("-out")
        .arg(out)
}

/// Makes blast's database.
pub(crate) fn make_blast_database(targets: &Set, database: &Path) -> Job {
    Job::new("makeblastdb")
        .words("-dbtype nucl -in")
        .arg(targets.fasta())
        .arg("-out")
        .arg(database)
}

/// Makes one of mmseqs' databases.
pub(crate) fn make_mmseqs_database(set: &Set, database: &Path) -> Job {
    Job::new(MMSEQS.program)
        .words("createdb --dbtype 2")
        .arg(set.fasta())
        .arg(database)
}

/// mmseqs' nucleotide search with alignments, in its own format.
pub(crate) fn mmseqs(queries: &Path, targets: &Path, result: &Path, scratch: &Path) -> Job {
    Job::new(MMSEQS.program)
        .arg("search")
        .args([queries, targets, result, scratch])
        .words("--search-type 3 --strand 1 --threads 1 -a -s 7.5 -e 10 -v 1")
}

/// Turns that into a table.
pub(crate) fn mmseqs_table(queries: &Path, targets: &Path, result: &Path, out: &Path) -> Job {
    Job::new(MMSEQS.program)
        .arg("convertalis")
        .args([queries, targets, result, out])
        .words("--search-type 3 --format-output query,target,raw -v 1")
}

/// FASTA's search.
pub(crate) fn fasta(queries: &Set, targets: &Set, hits: usize, out: &Path) -> Job {
    Job::new(FASTA.program)
        .words("-q -3 -n -r +2/-3 -f -5 -g -2 -T 1 -E 10 -m 8 -d 0 -b")
        .arg(hits.to_string())
        .arg(queries.fasta())
        .arg(targets.fasta())
        .stdout(out.to_owned())
}

/// Scores by query and target.
pub(crate) type Scores = HashMap<(String, String), i64>;

/// The scores in parasail's table, which numbers sequences instead of naming them.
pub(crate) fn read_parasail(path: &Path, queries: &Set, targets: &Set) -> Result<Scores, Failure> {
    let (queries, targets) = (queries.read()?, targets.read()?);
    let mut scores = Scores::new();
    for line in read(path)?.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields.get(at)?.trim().parse::<i64>().ok();
        let index = |at: usize| number(at).and_then(|number| usize::try_from(number).ok());
        let pair = index(0).zip(index(1)).zip(number(4));
        let named = pair.and_then(|((query, target), score)| {
            Some((
                queries.get(query)?.0.clone(),
                targets.get(target)?.0.clone(),
                score,
            ))
        });
        let (query, target, score) = named.ok_or_else(|| odd(path, line))?;
        scores.insert((query, target), score);
    }
    Ok(scores)
}

/// The scores in what SSW prints.
pub(crate) fn read_ssw(path: &Path) -> Result<Scores, Failure> {
    let mut scores = Scores::new();
    let (mut target, mut query) = (String::new(), String::new());
    for line in read(path)?.lines() {
        let value = || line.split_whitespace().nth(1).unwrap_or_default();
        if line.starts_with("target_name:") {
            value().clone_into(&mut target);
        } else if line.starts_with("query_name:") {
            value().clone_into(&mut query);
        } else if line.starts_with("optimal_alignment_score:") {
            let score = value().parse().ok().ok_or_else(|| odd(path, line))?;
            scores.insert((query.clone(), target.clone()), score);
        }
    }
    Ok(scores)
}

/// Rows of a table of query, target and score (of any kind), as they come.
pub(crate) fn read_hits(path: &Path) -> Result<Vec<(String, String, Option<i64>)>, Failure> {
    let text = read(path)?;
    let rows = text.lines().map(|line| {
        let mut fields = line.split('\t');
        let mut name = || fields.next().map(str::to_owned);
        let (query, target) = name().zip(name()).ok_or_else(|| odd(path, line))?;
        Ok((
            query,
            target,
            fields.next().and_then(|text| text.parse().ok()),
        ))
    });
    rows.collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).or_outside(format_args!("cannot read {}", path.display()))
}

fn odd(path: &Path, line: &str) -> Failure {
    Failure::outside(format_args!(
        "{}: this is not how its program used to write: {line}",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let set = Set::new(dir.path(), "set");
        let named = |name: &str| (name.to_owned(), vec![0; 3]);
        set.write(&[named("a"), named("b")]).unwrap();
        let key = |q: &str, t: &str| (q.to_owned(), t.to_owned());

        fs::write(&path, "0,1,3,3,-7,2,2\n1,1,3,3,6,2,2\n").unwrap();
        let scores = read_parasail(&path, &set, &set).unwrap();
        assert_eq!(
            scores,
            Scores::from([(key("a", "b"), -7), (key("b", "b"), 6)])
        );
        fs::write(&path, "0,9,3,3,-7,2,2\n").unwrap();
        assert!(read_parasail(&path, &set, &set).is_err());

        let text = "target_name: t\nquery_name: q\noptimal_alignment_score: 12\tstrand: +\n\n";
        fs::write(&path, text).unwrap();
        assert_eq!(
            read_ssw(&path).unwrap(),
            Scores::from([(key("q", "t"), 12)])
        );

        fs::write(&path, "q\tt\t12\nq\tu\t97.5\t8\n").unwrap();
        let hits = read_hits(&path).unwrap();
        assert_eq!(hits[0], ("q".to_owned(), "t".to_owned(), Some(12)));
        assert_eq!(hits[1], ("q".to_owned(), "u".to_owned(), None));
        fs::write(&path, "nothing\n").unwrap();
        assert!(read_hits(&path).is_err());
    }

    #[test]
    fn a_program_that_is_missing_is_not_here() {
        let peer = Peer {
            program: "no-such-program",
            package: "no-such-package",
        };
        assert!(!peer.is_here());
        assert_eq!(peer.version(), "of unknown version");
    }
}

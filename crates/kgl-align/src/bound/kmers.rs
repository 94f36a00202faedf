//! How many k-mers two sequences share.
//!
//! The k-mers of a sequence are its stretches of [`K`] residues without a
//! wildcard. Two sequences share, of each k-mer, as many as the one has that
//! has fewer.
//!
//! *What alignments have to do with it*: `R` runs of adjacent matches, `M`
//! matches together, hold at least `M − (K − 1)·R` k-mers, each at a place of
//! its own in the query and at one in the target. So `M − (K − 1)·R ≤ S`, with
//! `S` the k-mers the two share. (A match has no wildcard in it.)

/// Residues of a k-mer. Long enough that unrelated sequences of a thousand
/// residues share few, short enough that a table of all k-mers stays in the
/// nearest cache.
pub const K: usize = 8;
/// [`K`] as a factor of scores.
pub(super) const FACTOR: i64 = 8;
const _: () = assert!(FACTOR.unsigned_abs() == K as u64);

/// How many k-mers there are.
const KINDS: usize = 1 << (2 * K);

/// Calls `take` with the number of each k-mer of `codes`, from the left.
fn for_each(codes: &[u8], mut take: impl FnMut(usize)) {
    let (mut kmer, mut known) = (0, 0);
    for &code in codes {
        if code < 4 {
            kmer = (kmer << 2 | usize::from(code)) % KINDS;
            known += 1;
            if known >= K {
                take(kmer);
            }
        } else {
            known = 0;
        }
    }
}

/// Which k-mers a sequence has.
#[derive(Clone, Debug)]
pub struct KmerSet {
    bits: Vec<u64>,
}

impl KmerSet {
    /// The k-mers of `codes`.
    #[must_use]
    pub fn of(codes: &[u8]) -> KmerSet {
        let mut bits = vec![0; KINDS / 64];
        for_each(codes, |kmer| bits[kmer / 64] |= 1 << (kmer % 64));
        KmerSet { bits }
    }

    /// Whether the first [`K`] of `codes` are one of the k-mers; never where a
    /// wildcard is among them, or where they are fewer.
    #[inline]
    #[must_use]
    pub fn has_first(&self, codes: &[u8]) -> bool {
        let Some(first) = codes.first_chunk::<K>() else {
            return false;
        };
        // Residues are two bits of each byte; they are pushed together, the
        // first residue ending up highest.
        let word = u64::from_be_bytes(*first);
        if word & 0xfcfc_fcfc_fcfc_fcfc != 0 {
            return false;
        }
        let pairs = (word | word >> 6) & 0x000f_000f_000f_000f;
        let fours = (pairs | pairs >> 12) & 0x0000_00ff_0000_00ff;
        let kmer = (fours | fours >> 24) & 0xffff;
        self.bits[(kmer / 64) as usize] >> (kmer % 64) & 1 == 1
    }
}

/// An index of the k-mers of many sequences: two bytes a residue.
#[derive(Clone, Debug)]
pub struct Index {
    /// Where the places of each k-mer begin, and the end of the last.
    starts: Vec<u32>,
    /// For each k-mer the numbers of the sequences that have it, ascending; a
    /// sequence that has it twice stands there twice.
    holders: Vec<u16>,
    sequences: usize,
}

impl Index {
    /// The most sequences that one index can tell apart.
    pub const SEQUENCES: usize = 1 << 16;
    /// The most residues that one index can hold.
    pub const RESIDUES: usize = 1 << 31;

    /// Indexes `sequences`, which are numbered from 0 in their order. Those
    /// beyond the limits are not indexed.
    #[must_use]
    pub fn of(sequences: &[&[u8]]) -> Index {
        let mut ends = vec![0u32; KINDS + 1];
        for codes in sequences {
            for_each(codes, |kmer| ends[kmer + 1] += 1);
        }
        for kmer in 0..KINDS {
            ends[kmer + 1] += ends[kmer];
        }
        let mut holders = vec![0; ends[KINDS] as usize];
        // Filling a list moves its start to its end, where the next begins.
        let mut next = ends.clone();
        for (number, codes) in (0..=u16::MAX).zip(sequences) {
            for_each(codes, |kmer| {
                holders[next[kmer] as usize] = number;
                next[kmer] += 1;
            });
        }
        Index {
            starts: ends,
            holders,
            sequences: sequences.len(),
        }
    }

    /// Writes into `shared`, for every indexed sequence, how many k-mers it
    /// shares with `query`.
    pub fn share(&self, query: &[u8], shared: &mut Vec<u32>) {
        shared.clear();
        shared.resize(self.sequences, 0);
        let mut kmers = Vec::with_capacity(query.len());
        for_each(query, |kmer| kmers.push(u16::try_from(kmer).unwrap_or(0)));
        kmers.sort_unstable();
        for same in kmers.chunk_by(|one, other| one == other) {
            let kmer = usize::from(same[0]);
            let holders = &self.holders[self.starts[kmer] as usize..self.starts[kmer + 1] as usize];
            // The query has it `same.len()` times: no holder counts more often.
            let (mut last, mut times) = (None, 0);
            for &holder in holders {
                times = if last == Some(holder) { times + 1 } else { 1 };
                last = Some(holder);
                shared[usize::from(holder)] += u32::from(times <= same.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_seq::alphabet::encode;
    use std::collections::BTreeMap;

    fn counts(codes: &[u8]) -> BTreeMap<&[u8], u32> {
        let mut counts = BTreeMap::new();
        for kmer in codes
            .windows(K)
            .filter(|kmer| kmer.iter().all(|&code| code < 4))
        {
            *counts.entry(kmer).or_default() += 1;
        }
        counts
    }

    fn shared(one: &[u8], other: &[u8]) -> u32 {
        let others = counts(other);
        let pairs = counts(one).into_iter();
        pairs
            .map(|(kmer, count)| count.min(others.get(kmer).copied().unwrap_or(0)))
            .sum()
    }

    #[test]
    fn an_index_counts_as_one_would_by_hand() {
        let mut rng = kgl_testkit::Rng::new(3, 0);
        let mut sequences: Vec<Vec<u8>> = (0..40).map(|at| rng.residues(at * 9)).collect();
        sequences.push(vec![0; 30]);
        sequences.push(encode("ACGUACGUACGUNACGUACGUACGUA").unwrap());
        let views: Vec<&[u8]> = sequences.iter().map(Vec::as_slice).collect();
        let index = Index::of(&views);
        let mut found = Vec::new();
        let mut queries = sequences.clone();
        queries.push(
            [
                sequences[30].as_slice(),
                &sequences[39][50..200],
                &[4],
                &sequences[30],
            ]
            .concat(),
        );
        queries.push(vec![0; 12]);
        queries.push(encode("CGUACGUACGUACGUACGUACGU").unwrap());
        let mut some = 0;
        for query in &queries {
            index.share(query, &mut found);
            let expected: Vec<u32> = views.iter().map(|target| shared(query, target)).collect();
            assert_eq!(found, expected);
            some += expected.iter().filter(|&&count| count > 0).count();
        }
        assert!(some > 45, "{some}");
    }

    #[test]
    fn a_set_knows_its_kmers_and_no_others() {
        let mut rng = kgl_testkit::Rng::new(4, 0);
        let mut codes = rng.residues(3_000);
        codes[100] = 4;
        let set = KmerSet::of(&codes);
        for at in 0..codes.len() {
            let known = codes[at..].iter().take(K).filter(|&&code| code < 4).count() == K;
            assert_eq!(set.has_first(&codes[at..]), known, "{at}");
        }
        let had = counts(&codes);
        let others: Vec<Vec<u8>> = (0..1000).map(|_| rng.residues(K)).collect();
        for kmer in &others {
            assert_eq!(set.has_first(kmer), had.contains_key(kmer.as_slice()));
        }
        assert!(!KmerSet::of(&codes[..K - 1]).has_first(&codes));
    }
}

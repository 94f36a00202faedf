//! A sequence in five numbers.

use kgl_seq::alphabet::WILDCARD;

/// The length of a sequence, and how many of each residue it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    length: u32,
    residues: [u32; WILDCARD as usize],
}

impl Outline {
    /// Counts the residues of `codes`; at most 2^32 − 1 of them.
    #[must_use]
    pub fn of(codes: &[u8]) -> Outline {
        let mut residues = [0; WILDCARD as usize];
        for &code in codes {
            if let Some(count) = residues.get_mut(usize::from(code)) {
                *count += 1;
            }
        }
        Outline {
            length: u32::try_from(codes.len()).unwrap_or(u32::MAX),
            residues,
        }
    }

    /// How long the sequence is, wildcards included.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }

    /// How many of its positions are wildcards.
    #[must_use]
    pub fn wildcards(&self) -> u32 {
        self.length - self.residues.iter().sum::<u32>()
    }

    /// The most matches that two such sequences can have: a match takes a
    /// residue of the same kind from either.
    #[must_use]
    pub fn shared(&self, other: &Outline) -> u32 {
        let pairs = self.residues.iter().zip(&other.residues);
        pairs.map(|(mine, theirs)| mine.min(theirs)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residues_and_wildcards_are_counted() {
        let outline = Outline::of(&[0, 0, 1, 3, 4, 9]);
        assert_eq!((outline.length(), outline.wildcards()), (6, 2));
        assert_eq!(outline.shared(&Outline::of(&[0, 0, 0, 3, 3, 4])), 3);
        assert_eq!(Outline::of(&[]).shared(&outline), 0);
    }
}

//! Which targets there are, how they are related, how old they are.

use std::collections::BTreeSet;

use crate::generate::design::{Rna, design};
use crate::generate::evolve::evolve;
use crate::geometry::{Point, add};
use crate::random::Random;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Targets in train_sequences.csv, about: families are not cut.
    pub train: usize,
    /// Targets in test_sequences.csv.
    pub test: usize,
    /// The shortest ancestor, in residues; at least 12.
    pub shortest: usize,
    /// The longest ancestor, in residues.
    pub longest: usize,
    /// Another seed, another competition.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            train: 120,
            test: 8,
            shortest: 20,
            longest: 200,
            seed: 1,
        }
    }
}

/// One target.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// A made-up PDB id, for training targets with a chain: `4KX2_A`.
    pub id: String,
    /// Letters as in the CSV.
    pub sequence: String,
    /// `yyyy-mm-dd`.
    pub date: String,
    /// The family, from 0.
    pub family: usize,
    /// Structures, each with a place or none for every residue.
    pub copies: Vec<Vec<Option<Point>>>,
}

/// The youngest training date that every test target may use, and the first
/// date of test targets: the real competition's.
const TEST_FROM: &str = "2022-05-27";
/// A family has at most this many members in training.
const LARGEST_FAMILY: usize = 8;

/// Makes up the training entries and the test entries, in the order of files.
#[must_use]
pub fn generate(settings: &Settings) -> (Vec<Entry>, Vec<Entry>) {
    let mut maker = Maker {
        random: Random::new(settings.seed),
        ids: BTreeSet::new(),
        settings: *settings,
    };
    let (mut train, mut test) = (Vec::new(), Vec::new());
    let mut family = 0;
    while test.len() < settings.test || train.len() < settings.train {
        let length = maker.length();
        let ancestor = design(length, &mut maker.random);
        if test.len() < settings.test {
            maker.test_family(family, &ancestor, &mut train, &mut test);
        } else {
            let members = if maker.random.chance(0.5) {
                1
            } else {
                maker.random.between(2, LARGEST_FAMILY)
            };
            for _ in 0..members {
                let date = maker.date(1995, 2024);
                let entry = maker.train_entry(family, &ancestor, date);
                train.push(entry);
            }
        }
        family += 1;
    }
    // Old entries first, as in the real file; ids settle equal dates.
    train.sort_by(|a, b| (&a.date, &a.id).cmp(&(&b.date, &b.id)));
    (train, test)
}

struct Maker {
    random: Random,
    ids: BTreeSet<String>,
    settings: Settings,
}

impl Maker {
    /// A test target and its relatives. In turn: relatives old enough, some of
    /// them near; all relatives too young; old ones again; no relative.
    fn test_family(
        &mut self,
        family: usize,
        ancestor: &Rna,
        train: &mut Vec<Entry>,
        test: &mut Vec<Entry>,
    ) {
        let kind = test.len() % 4;
        let target = self.test_entry(family, ancestor);
        let relatives = if kind == 3 {
            0
        } else {
            self.random.between(4, LARGEST_FAMILY)
        };
        for k in 0..relatives {
            let date = if kind == 1 || k == 0 {
                self.date(2025, 2025)
            } else {
                self.date(1995, 2021)
            };
            let entry = self.train_entry(family, ancestor, date);
            train.push(entry);
        }
        if kind == 0 {
            // The entry itself, published under its own id: not to be used.
            let mut own = target.clone();
            own.id += "_A";
            own.copies.truncate(1);
            train.push(own);
        }
        test.push(target);
    }

    fn train_entry(&mut self, family: usize, ancestor: &Rna, date: String) -> Entry {
        let divergence = 0.05 + 0.4 * self.random.unit();
        let rna = evolve(ancestor, divergence, &mut self.random);
        let chain = self.random.pick(b"AAAABCR");
        let id = format!("{}_{}", self.pdb_id(), char::from(chain));
        let copies = vec![self.observe(&rna, 0.35)];
        let mut sequence = rna.sequence;
        if self.random.chance(0.03) {
            let odd = self.random.below(sequence.len());
            sequence[odd] = self.random.pick(b"X-");
        }
        Entry {
            id,
            sequence: text(&sequence),
            date,
            family,
            copies,
        }
    }

    fn test_entry(&mut self, family: usize, ancestor: &Rna) -> Entry {
        let rna = evolve(ancestor, 0.1 + 0.2 * self.random.unit(), &mut self.random);
        let id = self.pdb_id();
        let mut copies = vec![self.observe(&rna, 0.3)];
        if self.random.chance(0.4) {
            let mut second = rna.clone();
            for point in &mut second.trace {
                *point = add(*point, self.random.jitter(0.8));
            }
            copies.push(self.observe(&second, 0.3));
        }
        let date = self.date(2022, 2024).max(TEST_FROM.to_owned());
        Entry {
            id,
            sequence: text(&rna.sequence),
            date,
            family,
            copies,
        }
    }

    /// What an experiment sees of `rna`: with probability `partly` not the
    /// ends, and not a stretch within.
    fn observe(&mut self, rna: &Rna, partly: f64) -> Vec<Option<Point>> {
        let mut seen: Vec<Option<Point>> = rna.trace.iter().copied().map(Some).collect();
        let length = seen.len();
        if self.random.chance(partly) {
            let (ahead, behind) = (self.random.below(4), self.random.below(4));
            seen[..ahead].fill(None);
            seen[length - behind..].fill(None);
            let start = self.random.below(length - length / 8);
            seen[start..start + length / 8].fill(None);
        }
        seen
    }

    /// Short RNAs are the more common ones.
    fn length(&mut self) -> usize {
        let (shortest, longest) = (self.settings.shortest, self.settings.longest);
        let upper = self.random.between(shortest, longest);
        self.random.between(shortest, upper)
    }

    /// A day of the years `from..=to`; no month is longer than 28 days here.
    fn date(&mut self, from: usize, to: usize) -> String {
        let year = self.random.between(from, to);
        let (month, day) = (self.random.between(1, 12), self.random.between(1, 28));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// A digit and three letters or digits that no other entry has.
    fn pdb_id(&mut self) -> String {
        loop {
            let mut id = String::from(char::from(self.random.pick(b"123456789")));
            for _ in 0..3 {
                id.push(char::from(
                    self.random.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
                ));
            }
            if self.ids.insert(id.clone()) {
                return id;
            }
        }
    }
}

fn text(letters: &[u8]) -> String {
    letters.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_test_target_is_there() {
        let settings = Settings {
            train: 30,
            test: 4,
            shortest: 20,
            longest: 40,
            seed: 5,
        };
        let (train, test) = generate(&settings);
        assert_eq!(generate(&settings), (train.clone(), test.clone()));
        assert!(train.len() >= 30 && test.len() == 4);
        let older = |target: &Entry| {
            train
                .iter()
                .filter(|e| e.family == target.family && e.date < target.date)
                .count()
        };
        assert!(older(&test[0]) > 0 && older(&test[2]) > 0);
        assert_eq!((older(&test[1]), older(&test[3])), (0, 0));
        assert!(train.iter().any(|e| e.id == format!("{}_A", test[0].id)));
        assert!(train.iter().any(|e| e.family == test[1].family));
        let ids: BTreeSet<&str> = train.iter().chain(&test).map(|e| e.id.as_str()).collect();
        assert_eq!(ids.len(), train.len() + test.len());
        for entry in train.iter().chain(&test) {
            assert!(
                entry
                    .copies
                    .iter()
                    .all(|copy| copy.len() == entry.sequence.len())
            );
        }
        assert!(train.iter().any(|e| e.copies[0].contains(&None)));
    }
}

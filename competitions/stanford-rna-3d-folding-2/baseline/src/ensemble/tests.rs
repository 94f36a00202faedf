use std::collections::BTreeMap;

use super::energy::{Pair, code};
use super::*;
use crate::fold::Pairs;
use crate::random::Random;

/// All structures of `letters` without crossing pairs, by going through them.
fn all(letters: &[u8]) -> Vec<Pairs> {
    fn inside(letters: &[u8], from: usize, to: usize) -> Vec<Vec<(usize, usize)>> {
        if from >= to {
            return vec![Vec::new()];
        }
        let mut found = inside(letters, from + 1, to);
        for partner in from + SHORTEST_LOOP + 1..to {
            if pair_strength(letters[from], letters[partner]) == 0 {
                continue;
            }
            for within in inside(letters, from + 1, partner) {
                for after in inside(letters, partner + 1, to) {
                    let mut pairs = vec![(from, partner)];
                    pairs.extend(&within);
                    pairs.extend(&after);
                    found.push(pairs);
                }
            }
        }
        found
    }
    inside(letters, 0, letters.len())
        .into_iter()
        .map(|list| {
            let mut pairs = vec![None; letters.len()];
            for (i, j) in list {
                pairs[i] = Some(j);
                pairs[j] = Some(i);
            }
            pairs
        })
        .collect()
}

/// The energy of one structure, loop by loop.
fn energy_of(letters: &[u8], pairs: &Pairs) -> f64 {
    let pair = |i: usize, j: usize| -> Pair { (letters[i], letters[j]) };
    let outermost = |from: usize, to: usize| {
        let mut stems = Vec::new();
        let mut i = from;
        while i < to {
            if let Some(j) = pairs[i] {
                stems.push((i, j));
                i = j;
            }
            i += 1;
        }
        stems
    };
    let end = |(i, j): (usize, usize)| {
        let sides = f64::from(u8::from(i > 0) + u8::from(j + 1 < letters.len()));
        weak_end(pair(i, j)) + DANGLING * sides
    };
    let mut energy: f64 = outermost(0, letters.len()).into_iter().map(end).sum();
    for (i, partner) in pairs.iter().enumerate() {
        let Some(j) = partner.filter(|&j| j > i) else {
            continue;
        };
        energy += match outermost(i + 1, j).as_slice() {
            [] => hairpin(pair(i, j), &letters[i + 1..j]),
            [(k, l)] => between(pair(i, j), pair(*k, *l), k - i - 1, j - l - 1),
            stems => {
                let closing = weak_end(pair(i, j)) + 2.0 * DANGLING;
                let each: f64 = stems.iter().map(|&stem| end(stem) + BRANCHING.1).sum();
                BRANCHING.0 + BRANCHING.1 + closing + each
            }
        };
    }
    energy
}

const CHAINS: [&str; 6] = [
    "GGGAAAUCCC",
    "GGCAAAGCCGAAAGGCC",
    "GAGAAACAGAAACUC",
    "AUGCAUGGUUCAGUCAU",
    "GGAGCGAAAGCAGCGAAAGCACC",
    "AAAA",
];

#[test]
fn the_sum_is_that_over_all_structures() {
    for text in CHAINS {
        let letters: Vec<u8> = text.bytes().map(code).collect();
        let sum: f64 = all(&letters)
            .iter()
            .map(|pairs| boltzmann(energy_of(&letters, pairs)))
            .sum();
        let ensemble = Ensemble::new(text.as_bytes());
        let found = ensemble.open[letters.len()] / ensemble.unpaired[letters.len()];
        assert!((found / sum - 1.0).abs() < 1e-9, "{text}: {found} {sum}");
    }
}

/// The same for all ways in which the ends of the chain may pair, kind by kind: a
/// branching is so rare in a short chain that the whole sum does not feel it.
#[test]
fn each_kind_of_loop_has_the_weight_of_its_structures() {
    let text = "GAGAAACAGAAACUC";
    let letters: Vec<u8> = text.bytes().map(code).collect();
    let last = letters.len() - 1;
    let ensemble = Ensemble::new(text.as_bytes());
    let mut sums = [0.0; 3];
    for pairs in all(&letters).iter().filter(|pairs| pairs[0] == Some(last)) {
        let mut stems = 0;
        let mut i = 1;
        while i < last {
            if let Some(j) = pairs[i] {
                stems += 1;
                i = j;
            }
            i += 1;
        }
        sums[stems.min(2)] += boltzmann(energy_of(&letters, pairs));
    }
    let mut found = [0.0; 3];
    for (inside, weight) in ensemble.enclosed(0, last) {
        let kind = match inside {
            Inside::Hairpin => 0,
            Inside::Pair(..) => 1,
            Inside::Branching(_) => 2,
        };
        found[kind] += weight * ensemble.stem(0, last, 0.0) / ensemble.unpaired[last + 1];
    }
    for (found, sum) in found.iter().zip(sums) {
        assert!(
            sum > 0.0 && (found / sum - 1.0).abs() < 1e-9,
            "{found} {sum}"
        );
    }
}

#[test]
fn branches_are_one_stem_or_more() {
    let text = "GAAACAGAAACGAAAC";
    let letters: Vec<u8> = text.bytes().map(code).collect();
    let ensemble = Ensemble::new(text.as_bytes());
    let mut sum = 0.0;
    for pairs in all(&letters)
        .iter()
        .filter(|pairs| pairs.iter().any(Option::is_some))
    {
        let mut energy = energy_of(&letters, pairs);
        let mut i = 0;
        while i < pairs.len() {
            if let Some(j) = pairs[i] {
                energy += BRANCHING.1;
                i = j;
            }
            i += 1;
        }
        sum += boltzmann(energy);
    }
    let at = ensemble.at(0, letters.len() - 1);
    let found = ensemble.branches[at] / ensemble.unpaired[letters.len()];
    assert!((found / sum - 1.0).abs() < 1e-9, "{found} {sum}");
}

#[test]
fn structures_are_drawn_as_often_as_they_weigh() {
    const DRAWS: u32 = 4000;
    for text in CHAINS {
        let letters: Vec<u8> = text.bytes().map(code).collect();
        let ensemble = Ensemble::new(text.as_bytes());
        let mut random = Random::new(2);
        let mut drawn: BTreeMap<Pairs, usize> = BTreeMap::new();
        for _ in 0..DRAWS {
            *drawn.entry(ensemble.draw(&mut random)).or_default() += 1;
        }
        let structures = all(&letters);
        let weights: Vec<f64> = structures
            .iter()
            .map(|pairs| boltzmann(energy_of(&letters, pairs)))
            .collect();
        let total: f64 = weights.iter().sum();
        let mut seen = 0;
        for (pairs, weight) in structures.iter().zip(&weights) {
            let count = drawn.get(pairs).copied().unwrap_or(0);
            seen += count;
            let often = to_f64(count) / f64::from(DRAWS);
            assert!(
                (often - weight / total).abs() < 0.03,
                "{text}: {often} {}",
                weight / total
            );
        }
        assert_eq!(seen, drawn.values().sum::<usize>());
    }
}

#[test]
fn a_transfer_rna_folds_into_its_cloverleaf() {
    let sequence = b"GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA";
    let expected = "(((((((..((((........)))).(((((.......))))).....(((((.......))))))))))))....";
    let drawn = |pairs: &Pairs| -> String {
        let sign = |(i, partner): (usize, &Option<usize>)| match partner {
            None => '.',
            Some(j) if *j > i => '(',
            Some(_) => ')',
        };
        pairs.iter().enumerate().map(sign).collect()
    };
    let foldings = foldings(sequence);
    let known: Vec<String> = foldings.folds.iter().map(drawn).collect();
    assert!(known.iter().any(|fold| fold == expected), "{known:#?}");
    // Many draws have the arm of T; about as many a longer one in its place.
    let arm = foldings.probability(49, 63);
    assert!((0.2..0.8).contains(&arm), "{arm}");
}

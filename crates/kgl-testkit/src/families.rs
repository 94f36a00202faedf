//! Seeded RNA families: ancestors, and descendants that know where each of
//! their residues came from.

use crate::rng::Rng;

/// How a descendant differs from its ancestor; all per residue of the
/// ancestor, all in `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evolution {
    /// Probability that a residue is replaced by another one.
    pub substitution: f64,
    /// Probability that residues are inserted before a residue.
    pub insertion: f64,
    /// Probability that a deletion begins at a residue.
    pub deletion: f64,
    /// Probability that an insertion or deletion goes on by another residue:
    /// 0 gives single residues, 0.8 runs of five on average.
    pub run: f64,
}

/// A sequence and its way back to the ancestor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Codes 0 to 3.
    pub sequence: Vec<u8>,
    /// For every residue, the position (from 0) of the ancestor's residue
    /// that it descends from; `None` for an inserted one. Positions grow.
    pub origins: Vec<Option<u32>>,
}

/// An ancestor and its descendants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Codes 0 to 3.
    pub ancestor: Vec<u8>,
    /// One or more descendants; one alone is a singleton.
    pub members: Vec<Member>,
}

/// What [`generate`] makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Families of more than one member.
    pub families: usize,
    /// Members of a family, at least and at most.
    pub members: (usize, usize),
    /// Sequences without relatives, besides.
    pub singletons: usize,
    /// Residues of an ancestor, at least and at most.
    pub length: (usize, usize),
    /// How members differ from their ancestor.
    pub evolution: Evolution,
}

/// Generates families, the singletons last. Every family has a stream of its
/// own, so that asking for more families leaves the others as they are.
#[must_use]
pub fn generate(seed: u64, plan: &Plan) -> Vec<Family> {
    let family = |(stream, single): (u64, bool)| {
        let mut rng = Rng::new(seed, stream);
        let length = rng.between(plan.length.0, plan.length.1);
        let ancestor = rng.residues(length);
        let count = if single {
            1
        } else {
            rng.between(plan.members.0, plan.members.1)
        };
        let members = (0..count)
            .map(|_| evolve(&mut rng, &ancestor, &plan.evolution))
            .collect();
        Family { ancestor, members }
    };
    let streams = (0..).map(|stream| (stream, false)).take(plan.families);
    let single_streams = (1u64 << 32..)
        .map(|stream| (stream, true))
        .take(plan.singletons);
    streams.chain(single_streams).map(family).collect()
}

/// Lets one descendant of `ancestor` evolve.
pub fn evolve(rng: &mut Rng, ancestor: &[u8], evolution: &Evolution) -> Member {
    let mut member = Member {
        sequence: Vec::new(),
        origins: Vec::new(),
    };
    let mut deleting = false;
    for (position, &residue) in (0u32..).zip(ancestor) {
        if rng.chance(evolution.insertion) {
            loop {
                member.sequence.push(rng.residue());
                member.origins.push(None);
                if !rng.chance(evolution.run) {
                    break;
                }
            }
        }
        deleting = rng.chance(if deleting {
            evolution.run
        } else {
            evolution.deletion
        });
        if deleting {
            continue;
        }
        let substitute = rng.chance(evolution.substitution);
        let step = if substitute {
            1 + rng.below(3) as u8
        } else {
            0
        };
        member.sequence.push((residue + step) % 4);
        member.origins.push(Some(position));
    }
    member
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        families: 6,
        members: (2, 5),
        singletons: 4,
        length: (30, 200),
        evolution: Evolution {
            substitution: 0.1,
            insertion: 0.02,
            deletion: 0.02,
            run: 0.6,
        },
    };

    #[test]
    fn origins_grow_and_tell_the_truth() {
        let families = generate(3, &PLAN);
        assert_eq!(families.len(), 10);
        let (mut kept, mut same, mut inserted) = (0, 0, 0);
        for (at, family) in families.iter().enumerate() {
            assert!((30..=200).contains(&family.ancestor.len()));
            assert_eq!(family.members.len() == 1, at >= 6);
            for member in &family.members {
                assert_eq!(member.sequence.len(), member.origins.len());
                let origins: Vec<u32> = member.origins.iter().filter_map(|&at| at).collect();
                assert!(origins.windows(2).all(|pair| pair[0] < pair[1]));
                for (&residue, origin) in member.sequence.iter().zip(&member.origins) {
                    match origin {
                        Some(at) => same += u32::from(family.ancestor[*at as usize] == residue),
                        None => inserted += 1,
                    }
                    kept += u32::from(origin.is_some());
                }
            }
        }
        assert!(inserted > 20);
        let identity = f64::from(same) / f64::from(kept);
        assert!((0.87..0.93).contains(&identity), "{identity}");
    }

    #[test]
    fn more_families_leave_the_others_alone() {
        let more = generate(
            3,
            &Plan {
                families: 9,
                singletons: 5,
                ..PLAN
            },
        );
        let fewer = generate(3, &PLAN);
        assert_eq!(fewer[..6], more[..6]);
        assert_eq!(fewer[6..], more[9..13]);
        assert_ne!(generate(4, &PLAN), fewer);
    }

    #[test]
    fn without_evolution_members_are_the_ancestor() {
        let still = Evolution {
            substitution: 0.0,
            insertion: 0.0,
            deletion: 0.0,
            run: 0.0,
        };
        let member = evolve(&mut Rng::new(1, 1), &[0, 1, 2, 3], &still);
        assert_eq!(member.sequence, [0, 1, 2, 3]);
        assert_eq!(member.origins, [Some(0), Some(1), Some(2), Some(3)]);
    }
}

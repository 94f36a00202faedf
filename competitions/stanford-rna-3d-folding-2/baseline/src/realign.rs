//! Alignments that know of structure: columns are worth more where the template's
//! pair fits what the query may pair.
//!
//! Gotoh's recurrence over a score that has three parts: equal letters; the sides of
//! pairs (opening, closing, none) of the template's structure, against how probable
//! they are in the query; and gaps, which are free at the ends of both sequences up to
//! a small charge a residue.

use crate::fold::Pairs;

/// What a column and a gap are worth, in tenths.
#[derive(Debug, Clone, Copy)]
pub struct Worth {
    /// Two equal letters.
    pub same: i32,
    /// Two different letters.
    pub different: i32,
    /// Both open a pair, or both close one.
    pub paired: i32,
    /// One is paired and the other is not, or the two look to opposite sides.
    pub odd: i32,
    /// The first residue of a gap.
    pub open: i32,
    /// Each further residue of a gap.
    pub extend: i32,
    /// Each residue of a gap at an end.
    pub end: i32,
}

/// One column of an alignment: residue of the query, residue of the template.
pub type Column = (usize, usize);

/// How probable it is of each residue that it opens a pair, and that it closes one.
pub type Sides = Vec<[f64; 2]>;

/// The sides of one folding: certain.
#[must_use]
pub fn sides_of(pairs: &Pairs) -> Sides {
    (0..pairs.len())
        .map(|i| match side(pairs, i) {
            -1 => [1.0, 0.0],
            0 => [0.0, 0.0],
            _ => [0.0, 1.0],
        })
        .collect()
}

/// −1 opens a pair, 1 closes one, 0 does neither.
fn side(pairs: &Pairs, i: usize) -> i8 {
    match pairs.get(i).copied().flatten() {
        None => 0,
        Some(j) if j > i => -1,
        Some(_) => 1,
    }
}

/// The best alignment's score and its columns of two residues, ascending.
#[must_use]
pub fn realign(
    query: (&[u8], &Sides),
    template: (&[u8], &Pairs),
    worth: &Worth,
) -> (i32, Vec<Column>) {
    const NEVER: i32 = i32::MIN / 2;
    let (n, m) = (query.0.len(), template.0.len());
    let width = m + 1;
    let sides: Vec<usize> = (0..m)
        .map(|j| match side(template.1, j) {
            -1 => 0,
            0 => 1,
            _ => 2,
        })
        .collect();
    // One byte a cell: bits 0-1 where the best came from (0 diagonal, 1 template
    // gap, 2 query gap), bits 2 and 3 whether those gaps were extended.
    let mut from = vec![0_u8; (n + 1) * width];
    let count = |k: usize| i32::try_from(k).unwrap_or(i32::MAX / 4);
    let mut above: Vec<i32> = (0..=m)
        .map(|j| worth.end.saturating_mul(count(j)))
        .collect();
    let mut vertical = vec![NEVER; width];
    for (j, cell) in from.iter_mut().enumerate().take(width).skip(1) {
        *cell = 1 | if j > 1 { 4 } else { 0 };
    }
    for i in 1..=n {
        let mut diagonal = above[0];
        above[0] = worth.end * count(i);
        from[i * width] = 2 | if i > 1 { 8 } else { 0 };
        let mut horizontal = NEVER;
        let letter = query.0[i - 1];
        let shapes = shape_worth(query.1[i - 1], worth);
        let (open_h, extend_h) = if i == n {
            (worth.end, worth.end)
        } else {
            (worth.open, worth.extend)
        };
        for j in 1..=m {
            let (open_v, extend_v) = if j == m {
                (worth.end, worth.end)
            } else {
                (worth.open, worth.extend)
            };
            let mut cell = 0_u8;
            let (started, longer) = (above[j - 1] + open_h, horizontal + extend_h);
            horizontal = started.max(longer);
            if longer > started {
                cell |= 4;
            }
            let (started, longer) = (above[j] + open_v, vertical[j] + extend_v);
            vertical[j] = started.max(longer);
            if longer > started {
                cell |= 8;
            }
            let letters = if letter.eq_ignore_ascii_case(&template.0[j - 1]) {
                worth.same
            } else {
                worth.different
            };
            let mut best = diagonal + letters + shapes[sides[j - 1]];
            if horizontal > best {
                best = horizontal;
                cell |= 1;
            }
            if vertical[j] > best {
                best = vertical[j];
                cell = (cell & !3) | 2;
            }
            diagonal = std::mem::replace(&mut above[j], best);
            from[i * width + j] = cell;
        }
    }
    (above[m], walk(&from, n, m))
}

/// What a residue with these sides is worth beside one that opens, is unpaired,
/// closes.
#[expect(clippy::cast_possible_truncation, reason = "tenths of few units")]
fn shape_worth([opens, closes]: [f64; 2], worth: &Worth) -> [i32; 3] {
    let (paired, odd) = (f64::from(worth.paired), f64::from(worth.odd));
    [
        paired * opens + odd * (1.0 - opens),
        odd * (opens + closes),
        paired * closes + odd * (1.0 - closes),
    ]
    .map(|w| w.round() as i32)
}

/// The way back from the last cell.
fn walk(from: &[u8], n: usize, m: usize) -> Vec<Column> {
    let width = m + 1;
    let (mut i, mut j) = (n, m);
    let mut columns = Vec::with_capacity(n.min(m));
    // Which matrix the walk is in: 0 the best, 1 the template's gap, 2 the query's.
    let mut matrix = 0;
    while i > 0 || j > 0 {
        let cell = from[i * width + j];
        if matrix == 0 {
            matrix = cell & 3;
            if matrix == 0 {
                i -= 1;
                j -= 1;
                columns.push((i, j));
                continue;
            }
        }
        let longer = if matrix == 1 { cell & 4 } else { cell & 8 };
        if matrix == 1 {
            j -= 1;
        } else {
            i -= 1;
        }
        if longer == 0 {
            matrix = 0;
        }
    }
    columns.reverse();
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    const PLAIN: Worth = Worth {
        same: 20,
        different: -15,
        paired: 0,
        odd: 0,
        open: -80,
        extend: -4,
        end: -4,
    };

    fn aligned(query: &[u8], template: &[u8], worth: &Worth) -> (i32, Vec<Column>) {
        let none = |letters: &[u8]| vec![None; letters.len()];
        realign(
            (query, &sides_of(&none(query))),
            (template, &none(template)),
            worth,
        )
    }

    #[test]
    fn without_structure_it_is_gotohs_alignment() {
        let straight: Vec<Column> = (0..4).map(|i| (i, i)).collect();
        assert_eq!(aligned(b"GACU", b"GACU", &PLAIN), (80, straight));
        // Ends are charged by the residue only.
        let (score, columns) = aligned(b"GACU", b"AAAGACUAA", &PLAIN);
        assert_eq!(
            (score, columns[0], columns[3]),
            (80 - 5 * 4, (0, 3), (3, 6))
        );
        // A gap within costs its opening; it is worth it between long matches.
        let (score, columns) = aligned(b"GGGGGGGGCCCCCCCC", b"GGGGGGGGAAAAAACCCCCCCC", &PLAIN);
        assert_eq!((score, columns[8]), (16 * 20 - 80 - 5 * 4, (8, 14)));
        assert_eq!(aligned(b"", b"GA", &PLAIN), (-8, vec![]));
        assert_eq!(aligned(b"GA", b"", &PLAIN), (-8, vec![]));
    }

    #[test]
    fn pairs_hold_stems_together_where_letters_do_not() {
        // The same hairpin with other letters, and a tail that looks alike.
        let (query, template) = (b"GGGGGAAAACCCCC", b"AAAAACCCCGAAACGGGG");
        let pairs = |text: &[u8]| fold(text);
        let worth = Worth {
            paired: 30,
            odd: -20,
            ..PLAIN
        };
        let (_, columns) = realign(
            (query, &sides_of(&pairs(query))),
            (template, &pairs(template)),
            &worth,
        );
        let stems = [(0, 5), (4, 9), (9, 13), (13, 17)];
        assert!(stems.iter().all(|s| columns.contains(s)), "{columns:?}");
        let (_, plain) = aligned(query, template, &PLAIN);
        assert!(!stems.iter().all(|s| plain.contains(s)), "{plain:?}");
    }
}

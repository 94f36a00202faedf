//! One band of a step: the loop all kernels share, written once over [`Lanes`].
//!
//! The matrix is cut into columns of tiles, tiles into steps of `S` columns, as
//! many as a path's registers hold. [`super::sweep`] walks a step from the first row
//! of the query to the last, band by band; [`super::frame`] says what the numbers of
//! a cell are, and why a lane holds them.
//!
//! ```text
//!                     targets (one a lane) ->
//!            column       c=0    c=1    c=2    c=3
//!            edge       +------+------+------+------+
//!  query     h[i-1] --> |      |      |      |      |     one band of a step;
//!    |                  +--|---+--|---+--|---+--|---+     a tile is so many steps
//!    v                     v up[] v      v      v         wide, and keeps its numbers
//!            h[i],d[i]->| cell>| cell>| cell>| cell>|     relative to its corner
//!                       +------+------+------+------+
//! ```
//!
//! `up[]` (`H` of the row above) and `gap_i[]` stay in registers from row to
//! row. `h[]` and `d[]` hold the column left of the step and are overwritten
//! by its last column. Whoever enters a tile is made relative to its corner:
//! `h[]` and `d[]` in its first step, `up[]` and `gap_i[]` at its top.

use super::lanes::Lanes;
use super::profile::Profile;

/// A cell and what it was made from, in the lanes' numbers. A mode other
/// than local has no floor.
#[derive(Clone, Copy)]
pub(super) struct Cell<V> {
    /// `H*` in the diagonal cell plus the score of the pair.
    pub(super) matched: V,
    /// The floor of local mode.
    pub(super) floor: V,
    /// `D*` and `I*` of this cell.
    pub(super) gap_d: V,
    pub(super) gap_i: V,
    /// The best of these but for `D*`.
    pub(super) opener: V,
    /// `H*` here, to the left and above.
    pub(super) h: V,
    pub(super) left: V,
    pub(super) above: V,
}

/// Sees the cells of one band of a step, row by row.
pub(super) trait Cells<V> {
    /// The next cell: columns 0 to `S` of a row, then the next row.
    fn see(&mut self, column: usize, cell: &Cell<V>);
    /// The band is done.
    fn done(self);
}

/// How rows come into a tile from the left.
pub(super) struct Entry<V: Lanes> {
    /// The lanes whose target has begun before the tile.
    pub(super) within: V::Mask,
    /// `H*` left of a target that begins.
    pub(super) edge: V,
    /// From the frame of the tile to the left into this one's.
    pub(super) enter: V,
}

impl<V: Lanes> Entry<V> {
    /// A number of the tile to the left in this one's frame, or `edge` where a
    /// target begins.
    #[inline(always)]
    pub(super) fn enter_tile(&self, number: V, edge: V) -> V {
        number.add_within(self.enter, self.within, edge)
    }
}

/// Walks one band of a step from top to bottom. On the way in, `h` and `d`
/// are the column left of it, `up` and `gap_i` the row above it and `corner`
/// the cell where the two meet; on the way out they are its last column, its
/// last row, and the cell left of that.
#[inline(always)]
pub(super) fn walk_band<
    V: Lanes,
    C: Cells<V>,
    const LOCAL: bool,
    const ENTER: bool,
    const S: usize,
>(
    codes: &[u8],
    profile: &Profile<V, S>,
    (h, d): (&mut [V], &mut [V]),
    (up, gap_i, corner): (&mut [V; S], &mut [V; S], &mut V),
    (entry, open, rest): (&Entry<V>, V, V),
    floors: &[V; S],
    mut watch: C,
) {
    let (mut above, mut below) = (*up, *gap_i);
    let mut left = *corner;
    for ((&code, h), d) in codes.iter().zip(h).zip(d) {
        let pairs = profile.pairs(code);
        let mut diagonal = left;
        left = *h;
        let mut gap_d = *d;
        if ENTER {
            left = entry.enter_tile(left, entry.edge);
            gap_d = entry.enter_tile(gap_d, entry.edge.add(open));
        }
        let mut before = left;
        for c in 0..S {
            let matched = diagonal.add(pairs[c]);
            let mut x = matched.max(below[c]);
            if LOCAL {
                x = x.max(floors[c]);
            }
            let opened = x.add(open);
            let cell = x.max(gap_d);
            watch.see(
                c,
                &Cell {
                    matched,
                    floor: floors[c],
                    gap_d,
                    gap_i: below[c],
                    opener: x,
                    h: cell,
                    left: before,
                    above: above[c],
                },
            );
            gap_d = gap_d.max(opened);
            // Taken aside in three of four columns, all ports are as busy; in
            // local mode it is the peaks that are.
            below[c] = if !LOCAL && c > 0 {
                below[c].max_aside(opened)
            } else {
                below[c].max(opened)
            };
            if LOCAL {
                below[c] = below[c].add(rest);
            }
            diagonal = above[c];
            above[c] = cell;
            before = cell;
        }
        *h = before;
        *d = gap_d;
    }
    watch.done();
    (*up, *gap_i) = (above, below);
    *corner = left;
}

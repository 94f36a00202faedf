//! Tables for people: columns as wide as their widest cell, numbers to the right.

use std::fmt;

/// A table for stderr or a terminal. Cells that read as numbers are set to the right.
#[derive(Debug, Clone, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads.
    pub fn new<S: Into<String>>(heads: impl IntoIterator<Item = S>) -> Self {
        Self {
            rows: vec![heads.into_iter().map(Into::into).collect()],
        }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// A number as a cell shows it: digits, perhaps a sign, a point, thousands,
/// and a unit behind a space.
fn is_number(cell: &str) -> bool {
    let number = cell.split(' ').next().unwrap_or_default();
    let digits = number.trim_start_matches(['-', '+', '–']);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || ".,–%".contains(c))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |cell: &String| cell.chars().count();
        let column = |c: usize| self.rows.iter().filter_map(move |row| row.get(c));
        let widths: Vec<usize> = (0..columns)
            .map(|c| column(c).map(width).max().unwrap_or(0))
            .collect();
        let right: Vec<bool> = (0..columns)
            .map(|c| {
                column(c)
                    .skip(1)
                    .filter(|cell| !cell.is_empty())
                    .all(|cell| is_number(cell))
            })
            .collect();
        for (r, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (c, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[c] - width(cell));
                let gap = if c > 0 { "  " } else { "" };
                line += &if right[c] {
                    format!("{gap}{pad}{cell}")
                } else {
                    format!("{gap}{cell}{pad}")
                };
            }
            write!(f, "{}{}", if r > 0 { "\n" } else { "" }, line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, is_number};

    #[test]
    fn numbers_stand_to_the_right() {
        let mut table = Table::new(["target", "TM"]);
        table.row(["R1107", "0.41"]);
        table.row(["é", "12.5"]);
        assert_eq!(
            table.to_string(),
            "target    TM\nR1107   0.41\né       12.5"
        );
        assert!(
            ["-1", "1,234", "2.1 kB", "0.2–0.6", ".5"]
                .iter()
                .all(|cell| is_number(cell))
        );
        assert!(
            !["20261124-train", "1SCL_A", "", "-"]
                .iter()
                .any(|cell| is_number(cell))
        );
    }
}

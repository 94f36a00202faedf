//! Sets of indexes as documents carry them: `"0-3,17,22-25"`, the notation of
//! job arrays. A shard says with one which targets it searched.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of 0-based indexes, kept as ascending, disjoint, non-adjacent ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexSet {
    /// First and last index of each range, both included.
    ranges: Vec<(u32, u32)>,
}

/// A text that is not a set of indexes in its one spelling.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a set of indexes: expected ascending ranges such as `0-3,17,22-25`")]
pub struct IndexSetError(String);

impl IndexSet {
    /// Reads what a person or a pipe may write: ranges in any order, with spaces,
    /// repeated or touching (`"5,1-3,2"`).
    ///
    /// # Errors
    /// A part that is no index and no ascending range.
    pub fn from_list(text: &str) -> Result<Self, IndexSetError> {
        let refuse = || IndexSetError(text.to_owned());
        let mut indexes = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (
                first.parse().map_err(|_| refuse())?,
                last.parse().map_err(|_| refuse())?,
            );
            if first > last {
                return Err(refuse());
            }
            indexes.push((first, last));
        }
        indexes.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (first, last) in indexes {
            match ranges.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => ranges.push((first, last)),
            }
        }
        Ok(Self { ranges })
    }

    /// How many indexes are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges
            .iter()
            .map(|&(first, last)| (last - first) as usize + 1)
            .sum()
    }

    /// Whether the set has no index at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The indexes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.ranges.iter().flat_map(|&(first, last)| first..=last)
    }

    /// The ranges, ascending; first and last index of each, both included.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }
}

impl FromIterator<u32> for IndexSet {
    fn from_iter<I: IntoIterator<Item = u32>>(indexes: I) -> Self {
        let mut sorted: Vec<u32> = indexes.into_iter().collect();
        sorted.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for index in sorted {
            match ranges.last_mut() {
                Some((_, last)) if index <= last.saturating_add(1) => *last = index,
                _ => ranges.push((index, index)),
            }
        }
        Self { ranges }
    }
}

impl fmt::Display for IndexSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, &(first, last)) in self.ranges.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for IndexSet {
    type Err = IndexSetError;

    fn from_str(text: &str) -> Result<Self, IndexSetError> {
        let mut ranges = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (first.parse(), last.parse()) {
                (Ok(first), Ok(last)) => ranges.push((first, last)),
                _ => return Err(IndexSetError(text.to_owned())),
            }
        }
        let set = Self { ranges };
        // One spelling only, so that equal sets are equal bytes.
        if set.to_string() != text || !is_normal(&set.ranges) {
            return Err(IndexSetError(text.to_owned()));
        }
        Ok(set)
    }
}

/// Whether ranges are ascending with a gap between any two.
fn is_normal(ranges: &[(u32, u32)]) -> bool {
    ranges.iter().all(|&(first, last)| first <= last)
        && ranges.windows(2).all(|pair| {
            pair[0]
                .1
                .checked_add(1)
                .is_some_and(|next| next < pair[1].0)
        })
}

impl Serialize for IndexSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IndexSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for IndexSet {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IndexSet".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn one_spelling() {
        let set: IndexSet = [25, 22, 24, 23, 0, 1, 2, 3, 17, 17].into_iter().collect();
        assert_eq!(set.to_string(), "0-3,17,22-25");
        assert_eq!(set.len(), 9);
        for text in ["1,0", "0-1,2", "3-1", "00", "a", "1-", ",", "0,0", "0-0"] {
            assert!(text.parse::<IndexSet>().is_err(), "{text}");
        }
        assert!("".parse::<IndexSet>().unwrap().is_empty());
    }

    #[test]
    fn people_may_write_it_as_they_like() {
        for (text, set) in [
            ("5,1-3,2", "1-3,5"),
            ("0,1,2", "0-2"),
            (" 7 , 7", "7"),
            ("0-4294967295", "0-4294967295"),
        ] {
            assert_eq!(IndexSet::from_list(text).unwrap().to_string(), set);
        }
        for text in ["", "x", "3-1", "1,,2", "-1", "4294967296"] {
            assert!(IndexSet::from_list(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn survives_the_wire(indexes in proptest::collection::btree_set(0u32..60, 0..40)) {
            let set: IndexSet = indexes.iter().copied().collect();
            let back: IndexSet = set.to_string().parse().unwrap();
            prop_assert_eq!(back.iter().collect::<BTreeSet<_>>(), indexes);
            prop_assert_eq!(back, set);
        }
    }
}

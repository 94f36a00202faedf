//! Who may meet whom: the search's filters on a pair.

use std::collections::HashMap;

use kgl_contract::Filters;
use kgl_seq::{Date, Record};

use crate::inputs::Inputs;

/// What the filters look at, of every query and every target.
#[derive(Debug, Clone)]
pub struct Pairs {
    filters: Filters,
    queries: Vec<Traits>,
    targets: Vec<Traits>,
}

/// What the filters look at, of one record.
#[derive(Debug, Clone, Copy)]
struct Traits {
    length: usize,
    date: Option<Date>,
    /// Equal numbers are equal groups; records without a group share one.
    group: u32,
}

impl Pairs {
    /// Looks at all records of a search.
    #[must_use]
    pub fn of(inputs: &Inputs) -> Self {
        Self::new(&inputs.search.filters, &inputs.queries, &inputs.targets)
    }

    fn new(filters: &Filters, queries: &[Record], targets: &[Record]) -> Self {
        let mut groups: HashMap<Option<&str>, u32> = HashMap::new();
        let mut traits = |record| {
            let Record {
                sequence,
                date,
                group,
                ..
            }: &Record = record;
            let next = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            Traits {
                length: sequence.len(),
                date: *date,
                group: *groups.entry(group.as_deref()).or_insert(next),
            }
        };
        Self {
            filters: filters.clone(),
            queries: queries.iter().map(&mut traits).collect(),
            targets: targets.iter().map(&mut traits).collect(),
        }
    }

    /// Whether `query` may be compared with `target`, both by their places in
    /// their files.
    ///
    /// A date that is not known is not known to be earlier: such a pair does not
    /// pass `dated_before_query`.
    #[must_use]
    pub fn may_meet(&self, query: u32, target: u32) -> bool {
        let (query, target) = (
            &self.queries[query as usize],
            &self.targets[target as usize],
        );
        (!self.filters.other_group || query.group != target.group)
            && (!self.filters.dated_before_query
                || matches!((query.date, target.date), (Some(query), Some(target)) if target < query))
            && self.filters.lengths_pass(query.length, target.length)
    }

    /// How many of the pairs of `queries` with `targets` may meet.
    #[must_use]
    pub fn meetings(&self, queries: &[u32], targets: &[u32]) -> usize {
        let meets = |&query: &u32| {
            let met = targets
                .iter()
                .filter(|&&target| self.may_meet(query, target));
            met.count()
        };
        queries.iter().map(meets).sum()
    }

    /// Whether any of the pairs of `queries` with `targets` may meet.
    #[must_use]
    pub fn any_meet(&self, queries: &[u32], targets: &[u32]) -> bool {
        queries
            .iter()
            .any(|&query| targets.iter().any(|&target| self.may_meet(query, target)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    fn record(length: usize, date: Option<&str>, group: &str) -> Record {
        Record {
            id: "x".into(),
            sequence: vec![0; length],
            date: date.map(|date| date.parse().unwrap()),
            group: Some(group.into()),
            line: 1,
        }
    }

    fn may_meet(filters: &Filters, query: &Record, target: &Record) -> bool {
        let pairs = Pairs::new(filters, slice::from_ref(query), slice::from_ref(target));
        assert_eq!(pairs.meetings(&[0], &[0]) == 1, pairs.may_meet(0, 0));
        assert_eq!(pairs.any_meet(&[0], &[0]), pairs.may_meet(0, 0));
        pairs.may_meet(0, 0)
    }

    #[test]
    fn dates_are_strictly_before_and_unknown_ones_never_are() {
        let filters = Filters {
            dated_before_query: true,
            ..Filters::default()
        };
        let query = record(5, Some("2022-05-27"), "q");
        let meets = |date| may_meet(&filters, &query, &record(5, date, "t"));
        assert!(meets(Some("2022-05-26")));
        assert!(!meets(Some("2022-05-27")) && !meets(Some("2023-01-01")) && !meets(None));
        assert!(!may_meet(
            &filters,
            &record(5, None, "q"),
            &record(5, Some("2000-01-01"), "t")
        ));
    }

    #[test]
    fn filters_are_all_needed_and_none_is_the_default() {
        let (a, b) = (record(5, None, "same"), record(50, None, "same"));
        assert!(may_meet(&Filters::default(), &a, &b));
        assert!(!may_meet(
            &Filters {
                other_group: true,
                ..Filters::default()
            },
            &a,
            &b
        ));
        let close = Filters {
            max_length_difference: Some(kgl_contract::Decimal::new(5, 1).unwrap()),
            ..Filters::default()
        };
        assert!(!may_meet(&close, &a, &b));
    }
}

//! Who may meet whom: the search's filters on a pair.

use kgl_contract::Filters;
use kgl_seq::Record;

/// Whether `query` may be compared with `target`.
///
/// A date that is not known is not known to be earlier: such a pair does not
/// pass `dated_before_query`.
#[must_use]
pub fn may_meet(filters: &Filters, query: &Record, target: &Record) -> bool {
    filters.lengths_pass(query.sequence.len(), target.sequence.len())
        && (!filters.other_group || query.group != target.group)
        && (!filters.dated_before_query
            || matches!((&query.date, &target.date), (Some(query), Some(target)) if target < query))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(length: usize, date: Option<&str>, group: &str) -> Record {
        Record {
            id: "x".into(),
            sequence: vec![0; length],
            date: date.map(|date| date.parse().unwrap()),
            group: Some(group.into()),
            line: 1,
        }
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

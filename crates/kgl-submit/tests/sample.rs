//! What the sample says of its columns and rows, and what follows from it.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::io::Cursor;

use kgl_contract::RowOrder;
use kgl_submit::check::{Rules, check};
use kgl_submit::room::Room;

/// The rules that `submission` breaks, with how often.
fn broken(sample: &str, submission: &str, order: RowOrder) -> Vec<String> {
    let rules = Rules {
        order,
        ..Rules::default()
    };
    let findings = check(
        Cursor::new(sample),
        Cursor::new(submission),
        &rules,
        &Room::default(),
    )
    .unwrap();
    let counts = findings.found.counts().iter();
    counts
        .map(|(rule, count)| format!("{} {count}", rule.name()))
        .collect()
}

fn faults(sample: &str, submission: &str) -> Vec<String> {
    broken(sample, submission, RowOrder::Sample)
}

const NONE: [&str; 0] = [];

#[test]
fn beside_a_placeholder_texts_and_integers_that_vary_are_given() {
    let sample = "id,base,n,p\na,G,1,0\nb,C,2,0\n";
    assert_eq!(faults(sample, "id,base,n,p\na,G,1,.1\nb,C,2,.2\n"), NONE);
    assert_eq!(
        faults(sample, "id,base,n,p\na,g,1,.1\nb,C,2.0,.2\n"),
        ["changed-copy 2"]
    );
    // The same out of order, where the values come from the index.
    let swapped = "id,base,n,p\nb,C,2,.2\na,G,2,.1\n";
    assert_eq!(broken(sample, swapped, RowOrder::Any), ["changed-copy 1"]);
    // And for columns in another order.
    let moved = "p,n,id,base\n.1,1,a,G\n.2,1,b,C\n";
    assert_eq!(
        faults(sample, moved),
        ["reordered-columns 1", "changed-copy 1"]
    );
}

#[test]
fn decimals_that_vary_are_not_given() {
    let sample = "id,w,p\na,0.5,0\nb,1,0\n";
    assert_eq!(faults(sample, "id,w,p\na,3,1\nb,4.5,2\n"), NONE);
    assert_eq!(
        faults(sample, "id,w,p\na,3,1\nb,4,2\n"),
        ["integers-for-decimals 1"]
    );
}

#[test]
fn without_a_placeholder_nothing_is_given() {
    let sample = "id,label,n\na,cat,1\nb,dog,2\n";
    assert_eq!(faults(sample, "id,label,n\na,dog,7\nb,cat,8\n"), NONE);
    assert_eq!(
        faults(sample, "id,label,n\na,dog,x\nb,,8\n"),
        ["empty-value 1", "not-a-number 1"]
    );
    assert_eq!(faults(sample, sample), ["nothing-predicted 1"]);
}

#[test]
fn what_the_sample_leaves_empty_may_be_empty() {
    let sample = "id,mask,p\na,,\nb,,0.5\n";
    assert_eq!(faults(sample, "id,mask,p\na,1 2,\nb,,0.25\n"), NONE);
    assert_eq!(
        faults(sample, "id,mask,p\na,1 2,inf\nb,,0.25\n"),
        ["non-finite 1"]
    );
}

#[test]
fn an_id_may_stand_as_often_as_in_the_sample() {
    let sample = "id,p\na,0\na,0\nb,0\n";
    assert_eq!(faults(sample, "id,p\na,1\na,2\nb,3\n"), NONE);
    assert_eq!(broken(sample, "id,p\nb,1\na,2\na,3\n", RowOrder::Any), NONE);
    assert_eq!(
        broken(sample, "id,p\nb,1\na,2\n", RowOrder::Any),
        ["missing-row 1"]
    );
    assert_eq!(
        faults(sample, "id,p\na,1\na,2\na,3\nb,4\n"),
        ["repeated-row 1"]
    );
}

#[test]
fn rows_of_one_id_are_given_out_in_the_samples_order() {
    let sample = "id,base,p\na,G,0\na,C,0\nb,G,0\n";
    let submission = "id,base,p\nb,G,1\na,G,2\na,C,3\n";
    assert_eq!(broken(sample, submission, RowOrder::Any), NONE);
    assert_eq!(faults(sample, submission), ["out-of-order 1"]);
}

#[test]
fn the_text_may_be_as_the_sample_has_it() {
    let sample = "\u{feff}id,p\r\na,0\r\nb,0\r\n";
    assert_eq!(faults(sample, "\u{feff}id,p\r\na,1\r\nb,2\r\n"), NONE);
    assert_eq!(faults(sample, "id,p\na,1\nb,2\n"), NONE);
}

#[test]
fn a_long_value_on_the_edge_of_a_range_is_read_exactly() {
    let sample = "id,p\na,0\nb,0\n";
    let range = kgl_contract::ColumnRange {
        columns: "p".into(),
        min: Some(0.1),
        max: Some(1.0),
    };
    let rules = Rules {
        ranges: vec![range],
        ..Rules::default()
    };
    let faults = |low: &str, high: &str| {
        let submission = format!("id,p\na,{low}\nb,{high}\n");
        let findings = check(
            Cursor::new(sample),
            Cursor::new(submission),
            &rules,
            &Room::default(),
        )
        .unwrap();
        findings.found.counts().values().sum::<u64>()
    };
    assert_eq!(faults("0.1000000000000000", "1.0000000000000000"), 0);
    assert_eq!(faults("0.1000000000000000", "1.0000000000000002"), 1);
    assert_eq!(faults("0.09999999999999999", "1.0000000000000002"), 2);
}

//! Each kind of competition: a submission that is right, and each way to get it wrong.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::io::Cursor;

use kgl_contract::{Labels, RowOrder, ValueForm, ValueRule};
use kgl_submit::check::{Rules, check};
use kgl_submit::forms::Form;
use kgl_submit::room::Room;

fn form(columns: &str, form: ValueForm) -> Form {
    let known = match &form {
        ValueForm::Label {
            labels: Labels::Listed(all),
        } => Some(all),
        ValueForm::LabelSet {
            labels: Some(Labels::Listed(all)),
            ..
        }
        | ValueForm::Ranking {
            labels: Some(Labels::Listed(all)),
            ..
        } => Some(all),
        _ => None,
    };
    let known = known.map(|all| all.iter().map(|one| one.as_bytes().to_vec()).collect());
    let rule = ValueRule {
        columns: columns.to_owned(),
        form,
    };
    Form { rule, known }
}

fn listed(labels: &[&str]) -> Labels {
    Labels::Listed(labels.iter().map(|label| (*label).to_owned()).collect())
}

/// The rules that a submission breaks, with how often; in any order of rows unless it counts.
#[track_caller]
fn breaks(sample: &str, forms: &[Form], submission: &str, expected: &[&str]) {
    let rules = Rules {
        order: RowOrder::Sample,
        ranges: Vec::new(),
        forms: forms.to_vec(),
    };
    let findings = check(
        Cursor::new(sample),
        Cursor::new(submission),
        &rules,
        &Room::default(),
    )
    .unwrap();
    let counts = findings.found.counts().iter();
    let found: Vec<_> = counts
        .map(|(rule, count)| format!("{} {count}", rule.name()))
        .collect();
    assert_eq!(found, expected, "{submission:?}");
}

#[test]
fn classification_by_name() {
    let sample = "id,species\na,cat\nb,cat\nc,cat\n";
    let forms = [form(
        "species",
        ValueForm::Label {
            labels: listed(&["cat", "dog"]),
        },
    )];
    let with = |b: &str, expected: &[&str]| {
        breaks(
            sample,
            &forms,
            &format!("id,species\na,dog\nb,{b}\nc,cat\n"),
            expected,
        );
    };
    with("cat", &[]);
    with("Dog", &["unknown-label 1"]);
    with("dog ", &["unknown-label 1"]);
    with("3", &["unknown-label 1"]);
    with("", &["empty-value 1"]);
}

#[test]
fn probability() {
    let sample = "id,p\na,0.5\nb,0.5\nc,0.5\n";
    let forms = [form("p", ValueForm::Probability { sum_to_one: false })];
    let with = |b: &str, expected: &[&str]| {
        breaks(
            sample,
            &forms,
            &format!("id,p\na,0.25\nb,{b}\nc,1\n"),
            expected,
        );
    };
    for right in [
        "0.5",
        "0",
        "1.0",
        "1e-9",
        "0.99999999",
        "1.0000000000000000",
    ] {
        with(right, &[]);
    }
    for wrong in ["1.0000001", "-0.1", "-1e-9", "2"] {
        with(wrong, &["not-a-probability 1"]);
    }
    with("nan", &["non-finite 1"]);
    with("yes", &["not-a-number 1"]);
    breaks(
        sample,
        &forms,
        "id,p\na,0\nb,1\nc,1\n",
        &["hard-probabilities 1", "integers-for-decimals 1"],
    );
}

#[test]
fn a_column_for_each_class() {
    let sample = "id,class_a,class_b,class_c\na,0.3,0.3,0.4\nb,0.3,0.3,0.4\n";
    let forms = [form("class_*", ValueForm::Probability { sum_to_one: true })];
    let with = |b: &str, expected: &[&str]| {
        breaks(
            sample,
            &forms,
            &format!("id,class_a,class_b,class_c\na,0.2,0.3,0.5\nb,{b}\n"),
            expected,
        );
    };
    with("0.1,0.1,0.8", &[]);
    with("0.3333,0.3333,0.3333", &[]);
    with("0.5,0.5,0.6", &["sum-not-one 1"]);
    with("1.5,-0.5,0", &["not-a-probability 2"]);
}

#[test]
fn several_labels_a_row() {
    let sample = "id,tags\na,x\nb,x\n";
    let labels = listed(&["x", "y", "z w"]);
    let known = ValueForm::LabelSet {
        separator: ";".to_owned(),
        labels: Some(labels),
    };
    let with = |b: &str, expected: &[&str]| {
        let forms = [form("tags", known.clone())];
        breaks(
            sample,
            &forms,
            &format!("id,tags\na,y\nb,\"{b}\"\n"),
            expected,
        );
    };
    with("x;y", &[]);
    with("z w;x", &[]);
    with("x,y", &["wrong-separator 1"]);
    with("x y", &["wrong-separator 1"]);
    with("x;;y", &["wrong-separator 1"]);
    with("x;y;", &["wrong-separator 1"]);
    with("x;q", &["unknown-label 1"]);
    with("x;x", &["repeated-item 1"]);
    // Where the labels are not known, another separator is told all the same.
    let forms = [form(
        "tags",
        ValueForm::LabelSet {
            separator: " ".to_owned(),
            labels: None,
        },
    )];
    breaks(
        sample,
        &forms,
        "id,tags\na,x y\nb,\"x,y\"\n",
        &["wrong-separator 1"],
    );
}

#[test]
fn ranking() {
    let sample = "id,items\na,1 2\nb,1 2\n";
    let forms = [form(
        "items",
        ValueForm::Ranking {
            separator: " ".to_owned(),
            at_most: Some(3),
            labels: None,
        },
    )];
    let with = |b: &str, expected: &[&str]| {
        breaks(
            sample,
            &forms,
            &format!("id,items\na,7 8 9\nb,{b}\n"),
            expected,
        );
    };
    with("3 2 1", &[]);
    with("3", &[]);
    with("4 3 2 1", &["long-list 1"]);
    with("3 3 1", &["repeated-item 1"]);
    with("3|2|1", &["wrong-separator 1"]);
}

#[test]
fn pairs() {
    let sample = "pair,p\na_b,0.5\na_c,0.5\nb_c,0.5\n";
    let forms = [
        form(
            "pair",
            ValueForm::Pair {
                separator: "_".to_owned(),
            },
        ),
        form("p", ValueForm::Probability { sum_to_one: false }),
    ];
    breaks(sample, &forms, "pair,p\na_b,0.1\na_c,0.2\nb_c,0.3\n", &[]);
    breaks(
        sample,
        &forms,
        "pair,p\na_b,0.1\nc_a,0.2\nb_c,0.3\n",
        &["missing-row 1", "reversed-pair 1"],
    );
    breaks(
        sample,
        &forms,
        "pair,p\na_b,0.1\na_d,0.2\nb_c,0.3\n",
        &["missing-row 1", "extra-row 1"],
    );
}

#[test]
fn segmentation() {
    let sample = "id,rle\na,1 1\nb,\n";
    let forms = [form(
        "rle",
        ValueForm::RunLength {
            width_px: 10,
            height_px: 10,
        },
    )];
    let with = |b: &str, expected: &[&str]| {
        breaks(sample, &forms, &format!("id,rle\na,5 5\nb,{b}\n"), expected);
    };
    with("", &[]);
    with("1 100", &[]);
    with("1 3 4 2 100 1", &[]);
    with("1 3 3 2", &["overlapping-runs 1"]);
    with("50 3 1 2", &["overlapping-runs 1"]);
    with("99 3", &["outside-image 1"]);
    with("1 101", &["outside-image 1"]);
    with("1 18446744073709551615", &["outside-image 1"]);
    with("0 3", &["bad-run-length 1"]);
    with("3 0", &["bad-run-length 1"]);
    with("1 2 3", &["bad-run-length 1"]);
    with("\"1,2\"", &["bad-run-length 1"]);
    with("1.0 2.0", &["bad-run-length 1"]);
    with("-1 2", &["bad-run-length 1"]);
}

#[test]
fn coordinates() {
    let sample = "id,base,x,y\na,G,0.0,0.0\nb,C,0.0,0.0\n";
    breaks(sample, &[], "id,base,x,y\na,G,1.5,2\nb,C,-3,4.25\n", &[]);
    breaks(
        sample,
        &[],
        "id,base,x,y\na,G,1.5,2\nb,U,-3,4.25\n",
        &["changed-copy 1"],
    );
    breaks(
        sample,
        &[],
        "id,base,x,y\na,G,1,2\nb,C,-3,4\n",
        &["integers-for-decimals 2"],
    );
    breaks(
        sample,
        &[],
        "id,base,x,y\na,G,1.5,inf\nb,C,-3,4.25\n",
        &["non-finite 1"],
    );
}

#[test]
fn time_series() {
    let sample = "day,sales\n2026-01-01,0\n2026-01-02,0\n2026-01-03,0\n";
    let forms = [form("sales", ValueForm::Integer)];
    breaks(
        sample,
        &forms,
        "day,sales\n2026-01-01,4\n2026-01-02,5\n2026-01-03,6\n",
        &[],
    );
    breaks(
        sample,
        &forms,
        "day,sales\n2026-01-01,4\n2026-01-02,5.5\n2026-01-03,6.0\n",
        &["not-an-integer 2"],
    );
    breaks(
        sample,
        &forms,
        "day,sales\n2026-01-01,4\n2026-01-03,5\n2026-01-02,6\n",
        &["out-of-order 1"],
    );
    breaks(
        sample,
        &forms,
        "day,sales\n2026-01-01,4\n2026-01-01,5\n2026-01-03,6\n",
        &["missing-row 1", "repeated-row 1"],
    );
    // Labels written as numbers: a sample whose whole numbers vary.
    let labels = "id,digit\na,3\nb,7\n";
    breaks(
        labels,
        &[],
        "id,digit\na,1.5\nb,7\n",
        &["decimals-for-integers 1"],
    );
    breaks(labels, &[], "id,digit\na,1\nb,7\n", &[]);
}

#[test]
fn free_text() {
    let sample = "id,answer\na,none\nb,none\n";
    let forms = [form(
        "answer",
        ValueForm::Text {
            longest_chars: Some(13),
        },
    )];
    let with = |b: &str, expected: &[&str]| {
        breaks(
            sample,
            &forms,
            &format!("id,answer\na,\"yes, sure\"\nb,\"{b}\"\n"),
            expected,
        );
    };
    with("it's\nthe \"\"one", &[]);
    with("", &["empty-value 1"]);
    with("thirteen chars", &["long-text 1"]);
    with("éééééééééééé", &[]);
    with("a\u{0}b", &["control-character 1"]);
}

#[test]
fn a_rule_for_no_column_is_told() {
    let forms = [form("q", ValueForm::Integer)];
    breaks(
        "id,p\na,0\nb,0\n",
        &forms,
        "id,p\na,1\nb,2\n",
        &["unused-range 1"],
    );
}

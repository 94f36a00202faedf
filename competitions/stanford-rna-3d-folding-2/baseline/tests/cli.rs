//! The binary `rna3d` as a process: what it reads, writes, says and exits with.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::fs;
use std::path::Path;

use kgl_contract::{
    Coverage, Hit, HitAlignment, QueryHits, SearchMerged, Sha256, Tag, ValidationReport,
    canonical_bytes, parse_document,
};
use kgl_testkit::process::{Finished, run};
use rna3d_baseline::candidates::FIGURES;
use tempfile::TempDir;

fn rna3d(args: &[&str], stdin: &[u8]) -> Finished {
    run(env!("CARGO_BIN_EXE_rna3d"), args, stdin)
}

fn hit(target: &str, score: i64, spans: [[u32; 2]; 2], cigar: &str) -> Hit {
    let [query_span, target_span] = spans;
    Hit {
        target: target.into(),
        target_index: 0,
        score,
        alignment: Some(HitAlignment {
            matches: 0,
            columns: 0,
            query_span,
            target_span,
            cigar: cigar.into(),
        }),
    }
}

fn merged(rows: Vec<(&str, Vec<Hit>)>) -> Vec<u8> {
    let zeros: Sha256 = "0".repeat(64).parse().unwrap();
    let results = rows.into_iter().map(|(query, hits)| QueryHits {
        query: query.into(),
        hits,
    });
    canonical_bytes(&SearchMerged {
        schema: Tag::default(),
        search_sha256: zeros,
        score_scale: 10,
        top_k: 30,
        coverage: Coverage {
            targets: 3,
            ids_sha256: zeros,
        },
        results: results.collect(),
    })
    .unwrap()
}

const HEADER: &str = "ID,resname,resid,x_1,y_1,z_1";

/// A folder with two templates, of which the second has a hole, and a sample
/// that asks for two targets, one row of the second first.
fn data() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut labels = format!("{HEADER}\n");
    for (id, missing) in [("1AAA_A", 0), ("2BBB_B", 3)] {
        for i in 1..=8 {
            let place = if i == missing {
                ",,".to_owned()
            } else {
                format!("{}.5,{i},0.25", 5 * i)
            };
            labels += &format!("{id}_{i},G,{i},{place}\n");
        }
    }
    fs::write(folder.path().join("train_labels.csv"), labels).unwrap();
    let zeros = ",0.0".repeat(15);
    let mut sample = "ID,resname,resid".to_owned();
    for k in 1..=5 {
        sample += &format!(",x_{k},y_{k},z_{k}");
    }
    for row in [
        "Q2_1,A,1", "Q1_1,G,1", "Q1_2,G,2", "Q1_3,C,3", "Q1_4,A,4", "Q1_5,U,5", "Q2_2,C,2",
    ] {
        sample += &format!("\n{row}{zeros}");
    }
    fs::write(folder.path().join("sample_submission.csv"), sample + "\n").unwrap();
    folder
}

fn predict(folder: &Path, document: &[u8], more: &[&str]) -> Finished {
    let mut args = vec!["predict", "--data", folder.to_str().unwrap()];
    args.extend(more);
    rna3d(&args, document)
}

fn fields(line: &str) -> Vec<&str> {
    line.split(',').collect()
}

#[test]
fn a_prediction_has_the_samples_rows_and_the_templates_coordinates() {
    let folder = data();
    let document = merged(vec![(
        "Q1",
        vec![
            hit("9ZZZ_A", 90, [[0, 5], [0, 5]], "5="),
            hit("2BBB_B", 50, [[0, 5], [0, 5]], "5="),
            hit("1AAA_A", 60, [[0, 5], [1, 5]], "2=1I2="),
        ],
    )]);
    let done = predict(folder.path(), &document, &["--out", "-", "--workers", "1"]);
    done.assert_code(0);
    let text = done.stdout_text();
    let lines: Vec<&str> = text.lines().collect();
    let ids: Vec<&str> = lines.iter().map(|line| fields(line)[0]).collect();
    assert_eq!(
        ids,
        ["ID", "Q2_1", "Q1_1", "Q1_2", "Q1_3", "Q1_4", "Q1_5", "Q2_2"]
    );
    assert!(lines.iter().all(|line| fields(line).len() == 18));
    let number = |line: &str, field: usize| fields(line)[field].parse::<f64>().unwrap();
    let apart = |slot: usize, a: usize, b: usize| {
        let axis = |k: usize| number(lines[b], 3 * slot + k) - number(lines[a], 3 * slot + k);
        (axis(0), axis(1), axis(2))
    };
    let has = |first, second| {
        (1..=5).any(|slot| (apart(slot, 2, 3), apart(slot, 3, 5)) == (first, second))
    };
    // Residues 1, 2 and 4, 5 of Q1 are 2, 3 and 4, 5 of 1AAA_A.
    assert!(has((5.0, 1.0, 0.0), (5.0, 1.0, 0.0)));
    // And 1 to 5 are 2BBB_B's, whose residue 3 is bridged.
    assert!(has((5.0, 1.0, 0.0), (10.0, 2.0, 0.0)));
    assert!(
        done.stderr_text().contains("1 of 2 targets"),
        "{}",
        done.stderr_text()
    );
    let eight = predict(folder.path(), &document, &["--out", "-", "--workers", "8"]);
    assert_eq!(eight.stdout, done.stdout);
}

#[test]
fn chains_that_the_sequences_name_are_not_bridged() {
    let folder = data();
    let written = |stoichiometry: &str| {
        let text = format!(
            "target_id,sequence,temporal_cutoff,stoichiometry,all_sequences\n\
             Q1,GGCAU,2020-01-01,{stoichiometry},\">Q1_1|Chain A|RNA|\nGG\n>Q1_2|Chain B|RNA|\nCAU\n\"\n"
        );
        fs::write(folder.path().join("test_sequences.csv"), text).unwrap();
        let done = predict(folder.path(), &merged(vec![]), &["--out", "-"]);
        done.assert_code(0);
        let text = done.stdout_text();
        let place = |id: &str| {
            let line = text.lines().find(|line| line.starts_with(id)).unwrap();
            [3, 4, 5].map(|field| fields(line)[field].parse::<f64>().unwrap())
        };
        let (a, b) = (place("Q1_2"), place("Q1_3"));
        let apart: f64 = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum();
        (apart.sqrt(), done.stderr_text())
    };
    assert!(written("A:1;B:1").0 > 10.0);
    let (apart, said) = written("A:1;B:2");
    assert!(apart < 7.0, "{apart}");
    assert!(said.contains("the stoichiometry of Q1"), "{said}");
}

#[test]
fn a_submission_appears_by_rename_and_a_failure_leaves_the_old_one() {
    let folder = data();
    let out = folder.path().join("submission.csv");
    let out_text = out.to_str().unwrap();
    predict(folder.path(), &merged(vec![]), &["--out", out_text]).assert_code(0);
    let first = fs::read(&out).unwrap();
    assert!(first.starts_with(b"ID,resname,resid,x_1"));
    let wrong = merged(vec![(
        "Q1",
        vec![hit("1AAA_A", 60, [[0, 5], [0, 9]], "5=4D")],
    )]);
    let failed = predict(folder.path(), &wrong, &["--out", out_text]);
    failed.assert_code(2);
    let said = failed.stderr_text();
    assert!(
        said.contains("query `Q1`, hit `1AAA_A`: the span of the template ends at 9"),
        "{said}"
    );
    assert_eq!(fs::read(&out).unwrap(), first);
}

#[test]
fn bad_input_gets_a_sentence_and_exit_2() {
    let folder = data();
    let good = merged(vec![("Q1", vec![hit("1AAA_A", 1, [[0, 1], [0, 1]], "1=")])]);
    predict(folder.path(), b"", &["--out", "-"]).assert_code(2);
    predict(folder.path(), &good[..40], &["--out", "-"]).assert_code(2);
    predict(folder.path(), &good, &["--out", "-", "--workers", "0"]).assert_code(2);
    let none = predict(
        folder.path(),
        &good,
        &["--out", "-", "--labels", "not-there.csv"],
    );
    none.assert_code(2);
    assert!(none.stderr_text().contains("not-there.csv"));
    let labels = folder.path().join("train_labels.csv");
    fs::write(&labels, format!("{HEADER}\n1AAA_A_1,G,1,1,2\n")).unwrap();
    let cut = predict(folder.path(), &good, &["--out", "-"]);
    cut.assert_code(2);
    assert!(
        cut.stderr_text()
            .contains("train_labels.csv, line 2: 5 fields")
    );
    rna3d(&["predikt"], b"").assert_code(2);
}

#[test]
fn a_perfect_submission_scores_one_and_a_foreign_one_is_a_no() {
    let folder = data();
    let labels = folder.path().join("train_labels.csv");
    let labels = labels.to_str().unwrap();
    let done = rna3d(
        &["score", labels, "--labels", labels, "--split", "itself"],
        b"",
    );
    done.assert_code(0);
    let report: ValidationReport = parse_document(&done.stdout).unwrap();
    assert_eq!(report.split, "itself");
    let items: Vec<(&str, &str, bool)> = report
        .items
        .iter()
        .map(|item| (item.id.as_str(), item.group.as_str(), item.score > 0.999_99))
        .collect();
    assert_eq!(items, [("1AAA_A", "1AAA", true), ("2BBB_B", "2BBB", true)]);
    assert!(report.items[0].detail.contains_key("rmsd_angstrom"));
    assert!(done.stderr_text().contains("mean of 2"));
    let foreign = folder.path().join("foreign.csv");
    fs::write(&foreign, format!("{HEADER}\nX_1,G,1,1,2,3\n")).unwrap();
    let no = rna3d(
        &["score", foreign.to_str().unwrap(), "--labels", labels],
        b"",
    );
    no.assert_code(1);
    assert!(no.stdout.is_empty());
}

#[test]
fn a_competition_is_generated_once_and_predicted_without_templates() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let at = |name: &str| data.join(name).to_str().unwrap().to_owned();
    let generate = |seed| {
        let args = [
            "generate",
            data.to_str().unwrap(),
            "--train",
            "6",
            "--test",
            "4",
            "--longest",
            "50",
            "--seed",
            seed,
        ];
        rna3d(&args, b"")
    };
    generate("3").assert_code(0);
    generate("3").assert_code(0);
    let other = generate("4");
    other.assert_code(2);
    assert!(
        other
            .stderr_text()
            .contains("train_sequences.csv is there already")
    );
    let out = folder.path().join("out.csv");
    let out = out.to_str().unwrap();
    predict(&data, &merged(vec![]), &["--quiet", "--out", out]).assert_code(0);
    let (hidden, families) = (at("hidden/test_labels.csv"), at("hidden/families.csv"));
    let score = rna3d(
        &["score", out, "--labels", &hidden, "--groups", &families],
        b"",
    );
    score.assert_code(0);
    let report: ValidationReport = parse_document(&score.stdout).unwrap();
    assert_eq!(report.items.len(), 4);
    assert!(
        report
            .items
            .iter()
            .all(|item| item.group.starts_with("family-"))
    );
    assert!((0.01..0.99).contains(&report.mean), "{}", report.mean);
    rna3d(&["generate", out, "--longest", "5"], b"").assert_code(2);
}

#[test]
fn the_bytes_of_a_seed_are_a_promise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    rna3d(
        &[
            "generate",
            path,
            "--train",
            "10",
            "--test",
            "2",
            "--longest",
            "60",
        ],
        b"",
    )
    .assert_code(0);
    let digests: Vec<String> = [
        "train_sequences.csv",
        "train_labels.csv",
        "hidden/test_labels.csv",
    ]
    .iter()
    .map(|name| {
        Sha256::of(&fs::read(folder.path().join(name)).unwrap()).to_string()[..12].to_owned()
    })
    .collect();
    assert_eq!(digests, ["e4f0ead85d1c", "3bc6bfb881bc", "2fa253511212"]);
}

#[test]
fn help_is_a_manual() {
    let help = rna3d(&["--help"], b"");
    help.assert_code(0);
    let text = help.stdout_text();
    for word in [
        "kgl-merge shard?.json | rna3d predict",
        "Exit codes",
        "generate",
    ] {
        assert!(text.contains(word), "{word}");
    }
    rna3d(&["help", "score"], b"").assert_code(0);
}

#[test]
fn a_split_holds_out_by_date_and_its_report_becomes_a_table() {
    let folder = data();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(
        at("train_sequences.csv"),
        "target_id,sequence,temporal_cutoff\n1AAA_A,GGGGGGGG,2001-01-01\n\
         3CCC_C,GGGGGGGG,2009-01-01\n2BBB_B,GGGGGGGG,2010-05-05\n",
    )
    .unwrap();
    let (data, inner) = (at("."), at("inner"));
    let split = |more: &[&str]| rna3d(&[&["split", &data, &inner], more].concat(), b"");
    split(&["--since", "2011-01-01"]).assert_code(1);
    split(&["--since", "2005-01-01", "--before", "2011-01-01"]).assert_code(0);
    // 3CCC_C has no structure: it is neither held out nor in the library.
    assert_eq!(
        fs::read_to_string(at("inner/test_sequences.csv")).unwrap(),
        "target_id,sequence,temporal_cutoff\n2BBB_B,GGGGGGGG,2010-05-05\n"
    );
    assert!(
        !fs::read_to_string(at("inner/train_sequences.csv"))
            .unwrap()
            .contains("3CCC")
    );
    let sample = fs::read_to_string(at("inner/sample_submission.csv")).unwrap();
    assert_eq!(sample.lines().count(), 9);
    split(&[]).assert_code(2);

    let merged_path = at("merged.json");
    let document = merged(vec![(
        "2BBB_B",
        vec![hit("1AAA_A", 160, [[0, 8], [0, 8]], "8=")],
    )]);
    fs::write(&merged_path, &document).unwrap();
    let (labels, out) = (at("train_labels.csv"), at("out.csv"));
    predict(
        &folder.path().join("inner"),
        &document,
        &["--labels", &labels, "--out", &out],
    )
    .assert_code(0);
    let groups = at("inner/families.csv");
    let score = [
        "score",
        &out,
        "--labels",
        &labels,
        "--groups",
        &groups,
        "--references",
        &merged_path,
        "--search",
        &merged_path,
    ];
    let done = rna3d(&score, b"");
    done.assert_code(0);
    let report: ValidationReport = parse_document(&done.stdout).unwrap();
    assert_eq!(report.items[0].group, "like-2BBB_B");
    let detail = &report.items[0].detail;
    // The two structures are one line: whoever takes the template has it all.
    for name in [
        "recipe",
        "recipe_first",
        "identity",
        "oracle",
        "structural_oracle",
        "candidates",
        "independent",
        "independent_recipe",
    ] {
        assert!(detail[name].as_f64().unwrap() > 0.99, "{name}");
    }
    for (target, drawn) in [("2BBB_B", 0), ("1AAA_A", 2)] {
        let plots = at("plots");
        let drawing = ["--plot", &plots, "--plot-target", target];
        rna3d(&[&score[..], &drawing].concat(), b"").assert_code(drawn);
    }
    for name in ["bars", "identity", "trace"] {
        let svg = fs::read_to_string(at(&format!("plots/{name}.svg"))).unwrap();
        assert!(
            svg.starts_with("<svg") && svg.ends_with("</svg>\n"),
            "{name}"
        );
    }
    let fitted = rna3d(
        &["fit", "--labels", &labels, "--groups", &groups],
        &document,
    );
    fitted.assert_code(0);
    assert_eq!(fitted.stdout_text().lines().count(), FIGURES);
    let parts = ["fit", "--labels", &labels, "--folds", "2"];
    let measured = rna3d(&parts, &document);
    measured.assert_code(0);
    assert_eq!(measured.stdout, fitted.stdout);
    assert!(
        measured
            .stderr_text()
            .contains("left out, 2 folds: best of five 1.0000")
    );
    rna3d(&["fit", "--labels", &labels], &merged(vec![])).assert_code(1);

    let table = rna3d(&["table"], &done.stdout);
    table.assert_code(0);
    assert!(table.stdout_text().contains("| published recipe | 1.000 |"));
    assert!(
        table
            .stdout_text()
            .contains("| the choice of five | 0.000 |")
    );
    let each = rna3d(&["table", "--targets"], &done.stdout);
    assert!(
        each.stdout_text()
            .contains("| 2BBB_B | 8 | 1.000 | 1.000 |")
    );
    rna3d(&["table"], b"{}").assert_code(2);
}

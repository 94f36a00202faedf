//! The TM-score against independent programs by Zhang's group, who invented the
//! score, as Debian's tm-align has them: `TMscore MODEL NATIVE -d D0` by residue
//! number, `TMalign MODEL NATIVE -d D0` sequence-independent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail loudly"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use kgl_testkit::skip;
use rna3d_baseline::complete::complete;
use rna3d_baseline::geometry::{Point, add};
use rna3d_baseline::labels::{Keep, read_labels};
use rna3d_baseline::random::Random;
use rna3d_baseline::structural::structural_with_d0;
use rna3d_baseline::tm_score::{d0, tm_score};

type Trace = Vec<Option<Point>>;

/// The trace as a PDB file of alanines: TMscore reads CA atoms only.
fn pdb(trace: &Trace) -> String {
    let mut text = String::new();
    for (i, point) in trace.iter().enumerate() {
        if let Some([x, y, z]) = point {
            let n = i + 1;
            writeln!(
                text,
                "ATOM  {n:>5}  CA  ALA A{n:>4}    {x:>8.3}{y:>8.3}{z:>8.3}  1.00  0.00           C"
            )
            .unwrap();
        }
    }
    text + "TER\n"
}

/// What TMscore says; `None` where it finds no common residue.
fn oracle(folder: &Path, model: &Trace, native: &Trace) -> Option<f64> {
    let scale = d0(native.iter().flatten().count());
    let text = said("TMscore", folder, model, native, scale);
    let line = text
        .lines()
        .find(|line| line.starts_with("TM-score    ="))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

/// What `program` says of the two traces.
fn said(program: &str, folder: &Path, model: &Trace, native: &Trace, d0: f64) -> String {
    let (model_path, native_path) = (folder.join("model.pdb"), folder.join("native.pdb"));
    fs::write(&model_path, pdb(model)).unwrap();
    fs::write(&native_path, pdb(native)).unwrap();
    let output = Command::new(program)
        .args([&model_path, &native_path])
        .args(["-d", &d0.to_string()])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What TMalign says, by the native's length.
fn aligned(folder: &Path, model: &Trace, native: &Trace, d0: f64) -> f64 {
    let text = said("TMalign", folder, model, native, d0);
    let line = text.lines().find(|line| line.contains("user-specified d0"));
    let score = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    score.expect("TMalign prints a TM-score")
}

#[track_caller]
fn compare(folder: &Path, what: &str, model: &Trace, native: &Trace) {
    let ours = tm_score(model, native).unwrap().score;
    let theirs = oracle(folder, model, native).expect("TMscore prints a TM-score");
    assert!(
        (ours - theirs).abs() < 0.002,
        "{what}: ours {ours:.4}, TMscore {theirs:.4}"
    );
}

fn text(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.pick(b"ACGU")).collect()
}

#[test]
fn perturbed_structures_score_as_tmscore_says() {
    if !skip::program("TMscore") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(42);
    for length in [5, 9, 12, 17, 23, 29, 30, 31, 47, 64, 90] {
        let sequence = text(&mut random, length);
        let native: Trace = complete(&sequence, &[], &vec![None; length])
            .into_iter()
            .map(Some)
            .collect();
        for (noise, hinge) in [(0.2, false), (1.5, false), (4.0, false), (0.7, true)] {
            let (all, part) = (random.motion(), random.motion());
            let mut model: Trace = native
                .iter()
                .enumerate()
                .map(|(i, point)| {
                    let motion = if hinge && i > length / 2 { &part } else { &all };
                    point.map(|p| motion.apply(add(p, random.jitter(noise))))
                })
                .collect();
            let mut native = native.clone();
            if length > 20 {
                native[random.below(length)] = None;
                model[random.below(length)] = None;
            }
            compare(
                folder.path(),
                &format!("{length} nt, {noise} Å, {hinge}"),
                &model,
                &native,
            );
        }
    }
}

#[test]
fn real_structures_score_as_tmscore_says() {
    let (program, data) = (skip::program("TMscore"), skip::data_dir());
    let Some(data) = data.filter(|_| program) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let labels = read_labels(
        &data.join("rna3d-part1/train_labels.csv"),
        Keep::First,
        |_| true,
    )
    .unwrap();
    let mut random = Random::new(7);
    let traces: Vec<(&String, &Trace)> = labels
        .iter()
        .filter_map(|(id, structure)| Some((id, structure.copies.first()?)))
        .filter(|(_, trace)| (20..110).contains(&trace.len()))
        .collect();
    for _ in 0..20 {
        let (id, native) = random.pick(&traces);
        // Another structure laid over it residue by residue: as bad as bad
        // templates are. And a perturbed one.
        let (other_id, other) = random.pick(&traces);
        let mut model = other.clone();
        model.resize(native.len(), None);
        if model
            .iter()
            .zip(native)
            .filter(|(a, b)| a.is_some() && b.is_some())
            .count()
            > 3
        {
            compare(
                folder.path(),
                &format!("{other_id} on {id}"),
                &model,
                native,
            );
        }
        let size = 3.0 * random.unit();
        let near: Trace = native
            .iter()
            .map(|p| p.map(|p| add(p, random.jitter(size))))
            .collect();
        compare(
            folder.path(),
            &format!("{id} moved by {size:.1} Å"),
            &near,
            native,
        );
    }
}

#[test]
fn structural_alignments_of_real_structures_are_as_good_as_tmaligns() {
    /// The scale in ångström of a chain of 150: TMalign searches with a protein's and
    /// measures with the one that it is given, so they should not be far apart.
    const SCALE: f64 = 5.0;
    let (program, data) = (skip::program("TMalign"), skip::data_dir());
    let Some(data) = data.filter(|_| program) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let labels = data.join("rna3d-part1/train_labels.csv");
    let labels = read_labels(&labels, Keep::First, |_| true).unwrap();
    let mut random = Random::new(13);
    let traces: Vec<(&String, &Trace)> = labels
        .iter()
        .filter_map(|(id, structure)| Some((id, structure.copies.first()?)))
        .filter(|(_, trace)| (25..130).contains(&trace.iter().flatten().count()))
        .collect();
    let (mut ours_all, mut theirs_all) = (0.0, 0.0);
    for _ in 0..30 {
        let (id, native) = random.pick(&traces);
        let (other_id, other) = random.pick(&traces);
        // Another structure; and itself, cut, turned and trembling.
        let turn = random.motion();
        let cut = random.below(native.len() / 2);
        let itself: Trace = native[cut..]
            .iter()
            .map(|p| p.map(|p| turn.apply(add(p, random.jitter(1.0)))))
            .collect();
        for (what, model) in [(other_id.as_str(), other.clone()), ("itself", itself)] {
            if model.iter().flatten().count() < 10 {
                continue;
            }
            let ours = structural_with_d0(&model, native, SCALE).unwrap().score;
            let theirs = aligned(folder.path(), &model, native, SCALE);
            assert!(
                ours > theirs - 0.04,
                "{what} on {id}: ours {ours:.4}, TMalign {theirs:.4}"
            );
            ours_all += ours;
            theirs_all += theirs;
        }
    }
    assert!(ours_all > theirs_all, "{ours_all} {theirs_all}");
}

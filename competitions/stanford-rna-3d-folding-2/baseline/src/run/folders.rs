//! The verbs that write a folder: a made-up competition, a held-out split.

use std::path::Path;

use kgl_cli::{AtomicFile, Exit, Failure, Io, OrFail as _, write_atomically};

use crate::cli::{Generate, Split};
use crate::generate::scale::{Outline, outlines, write_labels, write_sample, write_sequences};
use crate::generate::{Settings, generate};
use crate::split::{Period, read_known};

pub(super) fn run_generate(options: &Generate, io: &Io) -> Result<Exit, Failure> {
    if options.part_2 {
        return generate_part_2(options, io);
    }
    if options.shortest < 12 || options.longest < options.shortest {
        return Err(Failure::usage(format_args!(
            "--shortest {} --longest {}: chains have 12 residues or more, and the longest is not shorter than the shortest",
            options.shortest, options.longest
        )));
    }
    if options.test == 0 || options.train == 0 {
        return Err(Failure::usage("--train and --test are at least 1"));
    }
    let (train, test) = generate(&Settings {
        train: options.train,
        test: options.test,
        shortest: options.shortest,
        longest: options.longest,
        seed: options.seed,
    });
    let files = crate::generate::render(&train, &test);
    write_all_or_none(&options.folder, &files)?;
    tell_made(train.len(), test.len(), options, io);
    Ok(Exit::Done)
}

fn tell_made(train: usize, test: usize, options: &Generate, io: &Io) {
    io.note(format_args!(
        "{train} training and {test} test targets in {}",
        options.folder.display()
    ));
}

/// A file of a folder that is written as it is made.
type Writer = fn(&[Outline], &mut AtomicFile) -> std::io::Result<()>;

fn generate_part_2(options: &Generate, io: &Io) -> Result<Exit, Failure> {
    let (train, test) = outlines(options.seed);
    let files: [(&str, &[Outline], Writer); 4] = [
        ("train_sequences.csv", &train, write_sequences),
        ("train_labels.csv", &train, write_labels),
        ("test_sequences.csv", &test, write_sequences),
        ("sample_submission.csv", &test, write_sample),
    ];
    // Too large to compare with what is there: nothing is overwritten at all.
    if let Some((name, ..)) = files
        .iter()
        .find(|(name, ..)| options.folder.join(name).exists())
    {
        return Err(Failure::usage(format_args!(
            "{} is there already",
            options.folder.join(name).display()
        ))
        .hint("name a new folder, or remove the file"));
    }
    for (name, targets, write) in files {
        let path = options.folder.join(name);
        let mut file = AtomicFile::create(&path)?;
        write(targets, &mut file).or_outside(format_args!("cannot write {}", path.display()))?;
        file.commit()?;
    }
    tell_made(train.len(), test.len(), options, io);
    Ok(Exit::Done)
}

pub(super) fn run_split(options: &Split, io: &Io) -> Result<Exit, Failure> {
    let in_data = |name: &str| options.data.join(name);
    let known = read_known(
        &in_data("train_sequences.csv"),
        &in_data("train_labels.csv"),
    )?;
    let period = Period {
        since: options.since.clone(),
        before: options.before.clone(),
    };
    let held_out = known.iter().filter(|k| period.holds(&k.date)).count();
    if held_out == 0 {
        return Err(Failure::no(format_args!(
            "no target of {} with a known structure has a date in that period",
            options.data.display()
        )));
    }
    let files = crate::split::render(&known, &period).map_err(Failure::usage)?;
    write_all_or_none(&options.folder, &files)?;
    io.note(format_args!(
        "{held_out} of {} targets with a known structure are held out in {}",
        known.len(),
        options.folder.display()
    ));
    Ok(Exit::Done)
}

/// Writes `files`, names and contents, unless one is there with other contents.
fn write_all_or_none(folder: &Path, files: &[(&'static str, String)]) -> Result<(), Failure> {
    // Looked at before anything is written: all of it or nothing.
    for (name, contents) in files {
        let path = folder.join(name);
        if path.exists() && std::fs::read(&path).ok().as_deref() != Some(contents.as_bytes()) {
            return Err(Failure::usage(format_args!(
                "{} is there already and is not what would be written",
                path.display()
            ))
            .hint("name a new folder, or remove the file"));
        }
    }
    for (name, contents) in files {
        write_atomically(&folder.join(name), contents.as_bytes())?;
    }
    Ok(())
}

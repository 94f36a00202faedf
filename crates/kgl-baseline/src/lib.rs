//! `kgl-baseline`: a first submission for a competition with tables. Each column
//! of it is a constant or a statistic of a column of the training table, taken
//! within the values of another column where that helps on rows held out.
//!
//! ```text
//! kgl-baseline train baseline.json > model.json
//! kgl-baseline predict baseline.json --model model.json --out submission.csv
//! ```
//!
//! * input: a `kgl.baseline/1` document, whose paths are relative to its folder;
//! * output: `train` writes a model (values, and values within groups), `predict` a
//!   submission with the sample's header, rows and order;
//! * exit: 0 done, 2 a document or table that cannot be read, 3 the disk failed.
//!
//! It is a floor to stand on, not a contender: what it scores is what knowing
//! nothing of a row, or one thing, is worth. It runs in seconds on a bare machine,
//! makes a submission that passes the check, and is what the first real model must
//! beat.
//!
//! ```text
//! tables     the columns that are asked for, read once, values as small numbers
//! statistic  mean, median, mode, share, items: of all rows and within groups
//! choose     which column to group by: the one that errs least on a fifth held out
//! model      values as they will be written
//! ```

mod choose;
pub mod cli;
mod model;
mod predict;
mod statistic;
mod tables;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::Baseline;

use cli::{Arguments, Verb};

/// The tool.
///
/// # Errors
/// A document or table cannot be read (exit 2, or 3 when the disk fails).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Train { baseline, out } => {
            let (baseline, source) = io.read_document::<Baseline>(baseline.as_deref())?;
            let model = model::train(&baseline, &source.base, io)?;
            io.write_document(&model, out.as_deref())?;
        }
        Verb::Predict {
            baseline,
            model,
            sample,
            rows,
            out,
        } => {
            let (baseline, source) = io.read_document::<Baseline>(Some(&baseline))?;
            let (model, _) = io.read_document::<model::Model>(Some(&model))?;
            let sample = sample.unwrap_or_else(|| source.base.join(&baseline.sample));
            predict::predict(
                &baseline,
                &model,
                &source.base,
                &sample,
                rows,
                out.as_deref(),
                io,
            )?;
        }
    }
    Ok(Exit::Done)
}

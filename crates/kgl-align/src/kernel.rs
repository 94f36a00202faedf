//! Scores of one query against many targets, a target a vector lane.
//!
//! All lanes walk the same query through their own target, so a cell of the
//! matrix is one vector of independent cells and the recurrence needs no
//! change (the inter-sequence layout of Rognes 2011, SWIPE). [`Engine`] lays
//! the targets out in batches of as many lanes as a vector has, so that lanes
//! finish together (`layout`), and computes each batch in the narrowest
//! integers that are exact for the scoring, whatever the lengths: nothing
//! saturates, and every score equals [`crate::scalar::score`]. [`LaidOut`] keeps
//! the batches for further queries. Local scores in bytes are first computed as
//! if they were low (`low`), which most are; those that are not are found out
//! and computed again (`scores`).
//!
//! `frame` says what numbers are kept and why they fit; `tile` has the loop
//! and its drawing, `sweep` walks through the tiles; `readout` takes the scores from the cells as they pass, and
//! `trace` the alignments; `letters` brings the targets' letters into columns,
//! and `profile` says what they are worth; `lanes` says what a vector must be able
//! to do; `avx512`, `avx2` and `sse2` do it with intrinsics, behind tokens that
//! only detection makes, and are the only places with unsafe code.

mod alignments;
mod frame;
mod lanes;
mod layout;
mod letters;
mod low;
mod profile;
mod readout;
mod scores;
mod sweep;
mod tile;
mod trace;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod sse2;

use crate::scoring::Scoring;
use frame::{Frame, Width};
use lanes::Task;
use layout::Batch;
use low::Low;
pub use scores::LaidOut;
use std::fmt;
use std::str::FromStr;

/// Which kernel to compute with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KernelChoice {
    /// The fastest that this processor can run.
    #[default]
    Auto,
    /// 512-bit vectors: needs AVX-512 F and BW.
    Avx512,
    /// 256-bit vectors: needs AVX2.
    Avx2,
    /// Fixed-size arrays, which the compiler turns into what any processor has.
    Portable,
    /// The oracle itself, one target at a time.
    Scalar,
}

impl KernelChoice {
    /// Every choice, for tests and help texts.
    pub const ALL: [KernelChoice; 5] = [
        KernelChoice::Auto,
        KernelChoice::Avx512,
        KernelChoice::Avx2,
        KernelChoice::Portable,
        KernelChoice::Scalar,
    ];
}

impl fmt::Display for KernelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KernelChoice::Auto => "auto",
            KernelChoice::Avx512 => "avx512",
            KernelChoice::Avx2 => "avx2",
            KernelChoice::Portable => "portable",
            KernelChoice::Scalar => "scalar",
        })
    }
}

impl FromStr for KernelChoice {
    type Err = KernelError;

    /// Reads `auto`, `avx512`, `avx2`, `portable` or `scalar`.
    fn from_str(text: &str) -> Result<KernelChoice, KernelError> {
        KernelChoice::ALL
            .into_iter()
            .find(|choice| choice.to_string() == text)
            .ok_or_else(|| KernelError::Unknown(text.to_owned()))
    }
}

/// Why there is no such kernel here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// The processor lacks the instructions.
    #[error("kernel {0} needs instructions that this processor lacks; choose auto")]
    Unsupported(KernelChoice),
    /// Not the name of a kernel.
    #[error("no kernel `{0}`; choose auto, avx512, avx2, portable or scalar")]
    Unknown(String),
}

/// One batch: a query of at least one residue, and no more lanes with targets
/// than a vector has. Targets begin between tiles.
#[derive(Clone, Copy)]
struct Job<'a> {
    scoring: &'a Scoring,
    frame: Frame,
    query: &'a [u8],
    batch: &'a Batch<'a>,
}

/// What was detected and chosen, with the proof of it.
#[derive(Clone, Copy, Debug)]
enum Path {
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    Portable(lanes::Portable),
    Scalar,
}

impl Path {
    /// Does a task with the vectors of this path, if it has any.
    fn run<T: Task>(self, width: Width, task: T) -> Option<T::Output> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(token) => Some(avx512::run(token, width, task)),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(token) => Some(avx2::run(token, width, task)),
            Path::Portable(token) => Some(lanes::run(token, width, task)),
            Path::Scalar => None,
        }
    }

    /// Bits of a vector; one lane is enough where there are none.
    fn bits(self) -> Option<usize> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(_) => Some(512),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(_) => Some(256),
            Path::Portable(_) => Some(128),
            Path::Scalar => None,
        }
    }
}

/// A scoring and the kernel chosen for it. Cheap to make and to copy; may be
/// shared between threads.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    scoring: Scoring,
    frame: Frame,
    /// How low scores are kept, where that is of use.
    low: Option<Low>,
    path: Path,
    /// Narrower vectors, for few targets; none where a kernel was asked for
    /// by name.
    narrower: [Option<Path>; 2],
}

impl Engine {
    /// Looks at the processor once and settles on a kernel.
    ///
    /// # Errors
    /// When `choice` names a kernel that this processor cannot run.
    pub fn new(scoring: Scoring, choice: KernelChoice) -> Result<Engine, KernelError> {
        let path = match choice {
            KernelChoice::Auto => widest(),
            KernelChoice::Avx512 => detect_avx512().ok_or(KernelError::Unsupported(choice))?,
            KernelChoice::Avx2 => detect_avx2().ok_or(KernelError::Unsupported(choice))?,
            KernelChoice::Portable => Path::Portable(lanes::Portable),
            KernelChoice::Scalar => Path::Scalar,
        };
        let narrower = match (choice, path.bits()) {
            (KernelChoice::Auto, Some(512)) => {
                [detect_avx2(), Some(Path::Portable(lanes::Portable))]
            }
            (KernelChoice::Auto, Some(256)) => [Some(Path::Portable(lanes::Portable)), None],
            _ => [None; 2],
        };
        let frame = Frame::narrowest(&scoring);
        Ok(Engine {
            scoring,
            frame,
            low: Low::of(&scoring, &frame),
            path,
            narrower,
        })
    }

    /// The scoring it was made with.
    #[must_use]
    pub fn scoring(&self) -> &Scoring {
        &self.scoring
    }

    /// What was settled on: `avx512`, `avx2`, `portable` or `scalar`.
    #[must_use]
    pub fn kernel_name(&self) -> &'static str {
        match self.path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(_) => "avx2",
            Path::Portable(_) => "portable",
            Path::Scalar => "scalar",
        }
    }

    /// How many targets it computes at a time.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.path
            .bits()
            .map_or(1, |bits| bits / self.frame.width.bits())
    }

    /// How many lanes there are, and how wide a tile is.
    fn shape(&self) -> (usize, usize) {
        (self.lanes(), self.frame.columns)
    }

    fn job<'a>(&'a self, query: &'a [u8], batch: &'a Batch<'a>) -> Job<'a> {
        Job {
            scoring: &self.scoring,
            frame: self.frame,
            query,
            batch,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn detect_avx512() -> Option<Path> {
    avx512::Avx512::detect().map(Path::Avx512)
}

#[cfg(target_arch = "x86_64")]
fn detect_avx2() -> Option<Path> {
    avx2::Avx2::detect().map(Path::Avx2)
}

#[cfg(not(target_arch = "x86_64"))]
fn detect_avx512() -> Option<Path> {
    None
}

#[cfg(not(target_arch = "x86_64"))]
fn detect_avx2() -> Option<Path> {
    None
}

fn widest() -> Path {
    detect_avx512()
        .or_else(detect_avx2)
        .unwrap_or(Path::Portable(lanes::Portable))
}

/// How many cells of the recurrence a pair of these lengths has: the unit in
/// which work is planned and speed is told.
#[must_use]
pub fn cells(query_length: usize, target_length: usize) -> u64 {
    query_length as u64 * target_length as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        for choice in KernelChoice::ALL {
            assert_eq!(choice.to_string().parse::<KernelChoice>(), Ok(choice));
        }
        let message = "AVX2".parse::<KernelChoice>().unwrap_err().to_string();
        assert_eq!(
            message,
            "no kernel `AVX2`; choose auto, avx512, avx2, portable or scalar"
        );
    }
}

//! Scores of one query against many targets, a target a vector lane.
//!
//! All lanes walk the same query through their own target, so a cell of the
//! matrix is one vector of independent cells and the recurrence needs no
//! change (the inter-sequence layout of Rognes 2011, SWIPE). [`Engine`] sorts
//! the targets by length so that lanes finish together, cuts them into
//! batches of as many targets as there are lanes, and computes each batch in
//! the narrowest integers that provably hold every number in it
//! (`bounds`). So nothing saturates and nothing is computed twice: every
//! score equals [`crate::scalar::score`].
//!
//! `tile` has the loop and its drawing; `lanes` what a vector must be
//! able to do; `avx512` and `avx2` do it with intrinsics, behind tokens
//! that only detection makes, and are the only places with unsafe code.

mod bounds;
mod lanes;
mod tile;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::scalar;
use crate::scoring::Scoring;
use bounds::{Form, Width};
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

/// A scoring and the kernel chosen for it. Cheap to make and to copy; may be
/// shared between threads.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    scoring: Scoring,
    path: Path,
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
        Ok(Engine { scoring, path })
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

    /// How many targets it computes at a time where 16-bit numbers suffice.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes_of(Width::I16)
    }

    fn lanes_of(&self, width: Width) -> usize {
        let bits = match self.path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(_) => 512,
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(_) => 256,
            Path::Portable(_) => 128,
            Path::Scalar => return 1,
        };
        match (width, self.path) {
            (Width::I16, _) => bits / 16,
            (Width::I32, _) => bits / 32,
            (Width::I64, _) => lanes::WIDE,
        }
    }

    /// The score of `query` against each of `targets`, in their order: codes
    /// of [`kgl_seq::alphabet`], any lengths, none included. Each is exactly
    /// [`crate::scalar::score`].
    #[must_use]
    pub fn scores(&self, query: &[u8], targets: &[&[u8]]) -> Vec<i64> {
        let mut scores = vec![0; targets.len()];
        let mut order: Vec<usize> = (0..targets.len()).collect();
        // Shortest first: the lengths of a batch are close together, and the
        // widest lanes a length needs only ever grow along the way.
        order.sort_by_key(|&index| targets[index].len());
        let mut rest = order.as_slice();
        let mut batch: Vec<&[u8]> = Vec::new();
        while let Some(&first) = rest.first() {
            if matches!(self.path, Path::Scalar) || query.is_empty() || targets[first].is_empty() {
                scores[first] = scalar::score(query, targets[first], &self.scoring);
                rest = &rest[1..];
                continue;
            }
            let (size, form) = self.plan(query.len(), rest.len(), |at| targets[rest[at]].len());
            let (now, later) = rest.split_at(size);
            batch.clear();
            batch.extend(now.iter().map(|&index| targets[index]));
            for (&index, score) in now.iter().zip(self.compute(query, &batch, form)) {
                scores[index] = score;
            }
            rest = later;
        }
        scores
    }

    /// How many of the `left` targets the next batch takes, and in which form
    /// it is computed: the first form whose numbers hold the longest of them.
    fn plan(&self, m: usize, left: usize, length: impl Fn(usize) -> usize) -> (usize, Form) {
        for width in [Width::I16, Width::I32] {
            let size = left.min(self.lanes_of(width));
            if let Some(form) = bounds::fit(&self.scoring, width, m, length(size - 1)) {
                return (size, form);
            }
        }
        let size = left.min(self.lanes_of(Width::I64));
        (size, bounds::widest(&self.scoring))
    }

    /// Scores one batch of at most as many targets as `form` has lanes.
    fn compute(&self, query: &[u8], batch: &[&[u8]], form: Form) -> Vec<i64> {
        let job = tile::Job {
            scoring: &self.scoring,
            form,
            query,
            batch,
        };
        match self.path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(token) => avx512::score(token, &job),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(token) => avx2::score(token, &job),
            Path::Portable(token) => lanes::score(token, &job),
            Path::Scalar => {
                let one = |target: &&[u8]| scalar::score(query, target, &self.scoring);
                batch.iter().map(one).collect()
            }
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

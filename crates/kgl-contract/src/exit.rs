//! The exit codes that every tool shares.

use std::process::{ExitCode, Termination};

/// How a tool ended. The numbers are an interface: scripts branch on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: done.
    Done = 0,
    /// 1: a proper "no": an incomplete merge, an invalid submission, a closed gate.
    No = 1,
    /// 2: bad usage or bad input; trying again changes nothing.
    Usage = 2,
    /// 3: the outside world failed (disk, network, another program); trying again may help.
    Outside = 3,
}

impl Exit {
    /// The number the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

//! The threads that search.

use kgl_cli::{Failure, OrFail as _};

/// The threads that search.
#[derive(Debug)]
pub struct Workers {
    pool: rayon::ThreadPool,
}

impl Workers {
    /// Starts `count` threads, or one for each core.
    ///
    /// # Errors
    /// The system refuses to start threads (exit 3).
    pub fn start(count: Option<u32>) -> Result<Self, Failure> {
        let threads = count.map_or(0, |count| count as usize);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(Self {
            pool: pool.or_outside("cannot start worker threads")?,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.pool.current_num_threads()).unwrap_or(u32::MAX)
    }

    /// Runs `work` once on every thread, at the same time.
    pub(super) fn each(&self, work: impl Fn() + Sync) {
        self.pool.broadcast(|_| work());
    }

    /// Runs `work` on the threads; what it does in parallel, they share.
    pub(super) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }
}

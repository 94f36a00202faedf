//! The one progress bar.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of long work on stderr. It is cleared when dropped; where stderr is
/// no terminal it draws nothing.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(total: u64, what: &'static str, visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let colour = if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            ""
        } else {
            ".cyan"
        };
        let template =
            format!("{{msg}} {{bar:32{colour}}} {{percent:>3}} %  {{elapsed}} (to go: {{eta}})");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self { bar }
    }

    /// Says that `steps` more are done; from any thread.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

//! How far a run is: a bar with the time left on a terminal, plain lines elsewhere.

use std::time::Duration;

use harness::run::Observer;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// Shows how far a run is, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Hidden where standard error is no terminal.
    bar: ProgressBar,
    /// The line said last: the stage, and how far.
    last: (String, f64),
}

/// Without a terminal a stage is said when it begins, and again each time this share of all is done.
const SAID_EVERY: f64 = 0.1;

/// Steps of the bar.
const STEPS: u16 = 1_000;

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new(STEPS.into());
        if !bar.is_hidden() {
            let style = "{bar:30} {percent:>3} %  {eta:>4} left  {wide_msg}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        let last = (String::new(), 0.0);
        Self { bar, last }
    }
}

impl Observer for Progress {
    fn progress(&mut self, stage: &str, subject: &str, share_done: f64) {
        #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
        self.bar
            .set_position((share_done * f64::from(STEPS)) as u64);
        self.bar.set_message(format!("{stage} {subject}"));
        // Not one line for each strategy.
        let is_news = self.last.0 != stage || share_done - self.last.1 >= SAID_EVERY;
        if self.bar.is_hidden() && is_news {
            terminal::say(format!("{:3.0} %  {stage} {subject}", share_done * 100.0));
            self.last = (stage.to_owned(), share_done);
        }
    }

    fn note(&mut self, text: &str) {
        let note = format!("! {text}");
        if self.bar.is_hidden() {
            terminal::say(note);
        } else {
            self.bar.println(note);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

//! How far a run is: a bar with the time left on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use harness::run::Observer;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// Shows how far a run is, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    /// The line said last: the stage, and how far.
    last: (String, f64),
}

/// Without a terminal a stage is said when it begins, and again each time this share of all is done.
const SAID_EVERY: f64 = 0.1;

/// Steps of the bar.
const STEPS: u16 = 1_000;

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(STEPS.into());
            let style = "{bar:30} {percent:>3} %  {eta:>4} left  {wide_msg}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            bar,
            last: (String::new(), 0.0),
        }
    }
}

impl Observer for Progress {
    fn progress(&mut self, stage: &str, subject: &str, share_done: f64) {
        match &self.bar {
            Some(bar) => {
                #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
                bar.set_position((share_done * f64::from(STEPS)) as u64);
                bar.set_message(format!("{stage} {subject}"));
            }
            // Not one line for each strategy.
            None if self.last.0 != stage || share_done - self.last.1 >= SAID_EVERY => {
                terminal::say(format!("{:3.0} %  {stage} {subject}", share_done * 100.0));
                self.last = (stage.to_owned(), share_done);
            }
            None => {}
        }
    }

    fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("! {text}")),
            None => terminal::say(format!("! {text}")),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

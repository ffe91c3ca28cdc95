//! `pivot`: the command of the workspace.
#![allow(clippy::print_stdout, reason = "this is the command")]

use contract::{ProcessStatus, Profile, Strategy, Visitor};

fn main() {
    struct Names;
    impl Visitor<ProcessStatus> for Names {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            println!("{}: {}", S::PROFILE.name, S::PROFILE.summary);
        }
        fn exclude(&mut self, profile: Profile, reason: &'static str) {
            println!("{}: n/a, {reason}", profile.name);
        }
    }
    harness::registry::visit_plain(&mut Names);
}

//! Where there are no single steps, that is said in one line.
#![cfg(not(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere))))]

use trap::{Trap, Unavailable};

#[test]
fn one_line_says_why_nothing_can_be_stepped() {
    let here = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
    let why = Trap::install().unwrap_err();
    assert_eq!(why, Unavailable::Platform(here.clone()));
    let message = why.to_string();
    assert_eq!(message.lines().count(), 1);
    assert!(message.ends_with(&here), "{message}");
}

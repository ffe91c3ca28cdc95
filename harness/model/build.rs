//! Records how the harness was built, for the environment section of every report.

use std::path::Path;
use std::process::Command;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn main() {
    let rustc = Command::new(variable("RUSTC")).arg("--version").output();
    let rustc = rustc.map_or_else(|_| "unknown".into(), |output| output.stdout);
    let profile = profile();
    // What overrides the manifest's profile, as cargo names it.
    let prefix = format!("CARGO_PROFILE_{}", profile.replace('-', "_").to_uppercase());
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").replace('\x1f', " ");
    for (name, value) in [
        ("RUSTC", String::from_utf8_lossy(&rustc).trim().to_owned()),
        ("TARGET", variable("TARGET")),
        ("RUSTFLAGS", flags),
        ("PROFILE", profile),
    ] {
        println!("cargo:rustc-env=PIVOT_{name}={value}");
    }
    for setting in ["OPT_LEVEL", "CODEGEN_UNITS", "LTO"] {
        let source = format!("{prefix}_{setting}");
        println!("cargo:rustc-env=PIVOT_{setting}={}", variable(&source));
        println!("cargo:rerun-if-env-changed={source}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../Cargo.lock");
}

/// The name of the Cargo profile: cargo says `release` of every profile that inherits from it, and names the
/// folder that it builds in after the profile, `debug` for `dev`.
fn profile() -> String {
    let (folder, kind) = (variable("OUT_DIR"), variable("PROFILE"));
    let mut outwards = Path::new(&folder).ancestors();
    let build = outwards.find(|path| path.ends_with("build"));
    let profile = build.and_then(|build| build.parent()?.file_name()?.to_str());
    match profile.unwrap_or(&kind) {
        "debug" => "dev".into(),
        name => name.into(),
    }
}

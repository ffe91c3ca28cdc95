//! Records how the harness was built, for the environment section of every report.

use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_else(|| "unknown".into());
    println!("cargo:rustc-env=PIVOT_RUSTC={}", version.trim());
    for (variable, source) in [
        ("PIVOT_TARGET", "TARGET"),
        ("PIVOT_PROFILE", "PROFILE"),
        ("PIVOT_OPT_LEVEL", "OPT_LEVEL"),
        ("PIVOT_RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"),
    ] {
        let value = std::env::var(source)
            .unwrap_or_default()
            .replace('\x1f', " ");
        println!("cargo:rustc-env={variable}={value}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../Cargo.lock");
}

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
        ("PIVOT_OPT_LEVEL", "OPT_LEVEL"),
        ("PIVOT_RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"),
    ] {
        let value = std::env::var(source)
            .unwrap_or_default()
            .replace('\x1f', " ");
        println!("cargo:rustc-env={variable}={value}");
    }
    let profile = profile();
    println!("cargo:rustc-env=PIVOT_PROFILE={profile}");
    // What overrides the manifest's profile, as cargo names it.
    let prefix = format!("CARGO_PROFILE_{}", profile.replace('-', "_").to_uppercase());
    for (variable, setting) in [
        ("PIVOT_CODEGEN_UNITS", "CODEGEN_UNITS"),
        ("PIVOT_LTO", "LTO"),
    ] {
        let source = format!("{prefix}_{setting}");
        let value = std::env::var(&source).unwrap_or_default();
        println!("cargo:rustc-env={variable}={value}");
        println!("cargo:rerun-if-env-changed={source}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../Cargo.lock");
}

/// The name of the Cargo profile: cargo says `release` of every profile that inherits from it, and names the
/// folder that it builds in after the profile, `debug` for `dev`.
fn profile() -> String {
    let kind = std::env::var("PROFILE").unwrap_or_default();
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    let mut outwards = std::path::Path::new(&folder).ancestors();
    let build = outwards.find(|path| path.ends_with("build"));
    let profile = build.and_then(|build| build.parent()?.file_name()?.to_str());
    match profile.unwrap_or(&kind) {
        "debug" => "dev".into(),
        name => name.into(),
    }
}

//! Writes every recipe as a program of its own, for `tests/printed.rs` to compile: what a reader pastes.

#[path = "src/lib.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the library as its users see it, of which this takes the steps"
)]
mod recipes;

use std::path::Path;

/// The regions that are items; all others are statements.
const ITEMS: [&str; 4] = ["record", "type", "helper", "plain"];

/// What the statements find in the program around them.
const SESSIONS: &str = "let now = 7; let ann = Session { user: String::new(), hits: 0, expires: 10 }; let bob = ann.clone();";
const QUOTAS: &str =
    "let now = 7; let quota = Quota { used: 0, limit: 9, expires: 10 }; let other = quota;";

fn main() {
    let mut out = String::new();
    for (number, recipe) in recipes::all().iter().enumerate() {
        let steps = recipe.steps();
        let before = steps.iter().map(|step| (step.region, &step.before));
        let after = steps.iter().map(|step| (step.region, &step.after));
        // Values that are not plain data stay as they are.
        let kept = before.clone().filter(|(region, _)| *region == "record");
        let is_plain = steps.iter().any(|step| step.region == "plain");
        let kept = kept.filter(|_| !is_plain);
        out += &program(&format!("before_{number}"), before);
        out += &program(&format!("after_{number}"), kept.chain(after));
    }
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&folder).join("printed.rs"), out).expect("cargo made the folder");
    println!("cargo:rerun-if-changed=build.rs");
}

fn program<'s>(name: &str, steps: impl Iterator<Item = (&'s str, &'s Option<String>)>) -> String {
    let code = steps.filter_map(|(region, code)| Some((region, code.as_deref()?)));
    let (items, statements): (Vec<_>, Vec<_>) =
        code.partition(|(region, _)| ITEMS.contains(region));
    let items: String = items.iter().flat_map(|(_, code)| [code, "\n"]).collect();
    let statements = statements.iter().flat_map(|(region, code)| {
        let (open, close) = match *region {
            "make" | "handle" => ("", "\n"),
            // No step needs what another has left behind.
            _ => ("{\n", "\n}\n"),
        };
        [open, code, close]
    });
    let statements: String = statements.collect();
    let values = if items.contains("struct Session") {
        SESSIONS
    } else {
        QUOTAS
    };
    format!("mod {name} {{\n{items}\nfn steps() {{\n{values}\n{statements}}}\n}}\n")
}

//! The arrows of the workspace: which crate, and which file, may use which. What is forbidden today and there
//! all the same is listed, and the lists may only shrink.

mod crates;
mod modules;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crates::Workspace;
use modules::Crate;

#[test]
fn crates_use_only_what_lies_below_them() {
    let workspace = Workspace::here();
    let mut forbidden: BTreeSet<(String, String)> = BTreeSet::new();
    for (from, to, is_for_tests) in workspace.arrows() {
        if !rules::allows(&from, &to, is_for_tests) {
            forbidden.insert((from, to));
        }
    }
    let known = rules::EXCEPTIONS.map(|(from, to, _)| (from.to_owned(), to.to_owned()));
    compare("crate that uses another", &forbidden, &known.into());
}

#[test]
fn files_use_only_what_their_folder_may() {
    let workspace = Workspace::here();
    let mut forbidden = BTreeSet::new();
    for root in workspace.roots_below("harness") {
        for (file, used) in Crate::read(&root).uses() {
            let file = workspace.relative(&file);
            for rule in rules::FOLDERS {
                if file.starts_with(rule.folder) {
                    let matching = rule.forbidden.iter().filter(|path| begins(&used, path));
                    forbidden.extend(matching.map(|path| (file.clone(), (*path).to_owned())));
                }
            }
        }
    }
    compare("file that uses a module", &forbidden, &debts("uses.txt"));
}

#[test]
fn no_more_than_two_files_import_each_other() {
    let workspace = Workspace::here();
    let mut rings = BTreeSet::new();
    for root in workspace.roots_below("") {
        let arrows = Crate::read(&root).rings();
        rings.extend(
            arrows
                .iter()
                .map(|(a, b)| (workspace.relative(a), workspace.relative(b))),
        );
    }
    compare(
        "file that uses another, in a circle",
        &rings,
        &debts("circles.txt"),
    );
}

/// Whether a path such as `crate::run::Task` begins with another such as `crate::run`.
fn begins(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The pairs of a list in this folder: two words a line, `#` begins a comment.
fn debts(name: &str) -> BTreeSet<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/architecture");
    let text = fs::read_to_string(path.join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(' '));
    pairs.map(|(a, b)| (a.into(), b.into())).collect()
}

/// A list of debts has exactly those that there are: a new one is refused, and one that was paid is removed, so
/// that it cannot come back.
fn compare(what: &str, actual: &BTreeSet<(String, String)>, known: &BTreeSet<(String, String)>) {
    let lines = |pairs: Vec<&(String, String)>| {
        let lines = pairs.iter().map(|(a, b)| format!("{a} {b}\n"));
        lines.collect::<String>()
    };
    let new = lines(actual.difference(known).collect());
    let paid = lines(known.difference(actual).collect());
    assert!(
        new.is_empty() && paid.is_empty(),
        "each line is a {what}\nforbidden, and not a known debt:\n{new}\nno longer there, remove from the list:\n{paid}"
    );
}

/// A crate with a circle of three files, and with arrows that are none.
#[test]
fn a_planted_circle_is_found() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("circle");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("b")).unwrap();
    let write = |file: &str, text: &str| fs::write(folder.join(file), text).unwrap();
    // A facade: what it passes on is no dependency of its own.
    write(
        "lib.rs",
        "mod a; mod b; mod c; pub use a::A; pub struct Common;",
    );
    write("a.rs", "pub struct A(crate::b::B);");
    write(
        "b/mod.rs",
        "mod d; pub use d::D; pub struct B; fn f() { g!(c::C) } use super::c;",
    );
    write(
        "b/d.rs",
        "pub struct D; #[cfg(test)] mod tests { use super::*; use crate::a::A; }",
    );
    write(
        "c.rs",
        "use super::{A, Common}; use crate::b::D; pub struct C(A, D); use std::fmt;",
    );
    let read = Crate::read(&folder.join("lib.rs"));
    let ring = [("a.rs", "b/mod.rs"), ("b/mod.rs", "c.rs"), ("c.rs", "a.rs")];
    assert_eq!(
        read.rings(),
        ring.map(|(a, b)| (folder.join(a), folder.join(b))).into()
    );
    let mut uses: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for (file, used) in read.uses() {
        uses.entry(file).or_default().push(used);
    }
    let of_c = &uses[&folder.join("c.rs")];
    let expected = ["crate::Common", "crate::a::A", "crate::b::d::D", "std::fmt"];
    assert_eq!(of_c, &expected);
}

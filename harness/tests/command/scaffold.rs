//! `pivot new`: what it makes is the template's code, which is tested as a crate of the workspace; here it is put
//! in the right places, or refused and nothing changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{folder, pivot, refusal_of};

/// A copy of parts of the workspace.
fn copied(name: &str, parts: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = folder(name);
    for part in parts {
        copy_into(&root.join(part), &copy.join(part));
    }
    copy
}

fn copy_into(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "target" {
            copy_into(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

fn new_in(workspace: &Path, name: &str) -> Command {
    let mut command = pivot(&["new", name]);
    command.current_dir(workspace);
    command
}

fn made(workspace: &Path, name: &str) -> String {
    let output: Output = new_in(workspace, name).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{name}");
    String::from_utf8(output.stdout).unwrap()
}

/// All that `pivot new` reads, of one family that holds any record and one with a list for plain data.
const PARTS: [&str; 10] = [
    "Cargo.toml",
    "benches/Cargo.toml",
    "benches/benches",
    "harness/registry",
    "strategies/README.md",
    "strategies/strategy-template",
    "strategies/contract/src/lib.rs",
    "strategies/atomics/src",
    "strategies/concurrent-map/src",
    "strategies/mutex/src",
];

#[test]
fn a_family_is_registered_wherever_one_has_to_be() {
    let root = copied("new-family", &PARTS);
    let stdout = made(&root, "turn-taking/first-come");
    assert!(stdout.contains("made    strategies/turn-taking/src/first_come_table.rs\n"));
    assert!(stdout.contains("--strategy '^turn-taking/first-come$'"));
    assert!(stdout.contains("-p pivot-turn-taking"));
    for (file, text) in [
        ("Cargo.toml", "\n    \"strategies/turn-taking\",\n"),
        (
            "Cargo.toml",
            "\npivot-turn-taking = { path = \"strategies/turn-taking\" }\n",
        ),
        (
            "harness/registry/Cargo.toml",
            "\npivot-turn-taking.workspace = true\n",
        ),
        (
            "harness/registry/src/lib.rs",
            "\n    \"turn-taking\": turn_taking::Variants,\n}",
        ),
        (
            "benches/Cargo.toml",
            "\npivot-turn-taking.workspace = true\n",
        ),
        (
            "benches/Cargo.toml",
            "\n\n[[bench]]\nname = \"turn_taking\"\n",
        ),
        (
            "benches/benches/turn_taking.rs",
            "benches::family::<turn_taking::Variants>()",
        ),
        (
            "strategies/turn-taking/Cargo.toml",
            "\nname = \"pivot-turn-taking\"\n",
        ),
        (
            "strategies/turn-taking/Cargo.toml",
            "\n[lib]\nname = \"turn_taking\"\n",
        ),
        (
            "strategies/turn-taking/src/lib.rs",
            "visit::<FirstComeTable<R>>()",
        ),
        (
            "strategies/turn-taking/src/first_come_table.rs",
            "\"turn-taking/first-come\"",
        ),
        (
            "strategies/turn-taking/tests/conformance.rs",
            "turn_taking::Variants",
        ),
    ] {
        let content = fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(
            content.matches(text).count(),
            1,
            "{text} in {file}: {content}"
        );
        assert!(
            !content.contains("one_lock") && !content.contains("one-lock"),
            "{content}"
        );
        if file.ends_with("Cargo.toml") {
            content.parse::<toml::Table>().unwrap();
        }
    }
    let document = fs::read_to_string(root.join("strategies/README.md")).unwrap();
    assert!(
        document.contains("| `turn-taking/first-come` |\n\n"),
        "{document}"
    );
    // Then it is a family that can have another variant.
    made(&root, "turn-taking/last-come");
    let lib = fs::read_to_string(root.join("strategies/turn-taking/src/lib.rs")).unwrap();
    let order = lib
        .find("FirstComeTable<R>>()")
        .zip(lib.find("LastComeTable<R>>()"));
    assert!(order.is_some_and(|(first, last)| first < last), "{lib}");
}

#[test]
fn a_variant_is_visited_in_each_list_of_its_family() {
    let root = copied("new-variant", &PARTS);
    for (family, lists) in [("mutex", 1), ("concurrent-map", 1), ("atomics", 2)] {
        let stdout = made(&root, &format!("{family}/std2"));
        assert!(stdout.contains(&format!("changed strategies/{family}/src/lib.rs\n")));
        let lib = root.join(format!("strategies/{family}/src/lib.rs"));
        let lib = fs::read_to_string(lib).unwrap();
        let visits = lib.matches("\n        visitor.visit::<Std2Table<R>>();\n    }\n");
        assert_eq!(visits.count(), lists, "{lib}");
        let document = fs::read_to_string(root.join("strategies/README.md")).unwrap();
        assert!(
            document.contains(&format!("`, `{family}/std2` |\n")),
            "{document}"
        );
        let module =
            "\n\nmod std2_table;\npub use self::std2_table::Std2Table;\n\n/// The variants";
        assert!(lib.contains(module), "{lib}");
    }
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_changed() {
    let root = copied("new-refused", &PARTS);
    let contents = || {
        let mut files = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((fs::read(&path).unwrap(), path));
                }
            }
        }
        files.sort();
        files
    };
    fs::create_dir_all(root.join("strategies/begun")).unwrap();
    fs::write(root.join("strategies/begun/Cargo.toml"), "").unwrap();
    let before = contents();
    for (name, reason) in [
        ("mutex", "FAMILY/NAME"),
        ("Mutex/fair", "FAMILY/NAME"),
        ("mutex/", "FAMILY/NAME"),
        ("mutex/a/b", "FAMILY/NAME"),
        ("../evil/x", "FAMILY/NAME"),
        ("mutex/two words", "FAMILY/NAME"),
        ("mutex/fair\n", "FAMILY/NAME"),
        ("mutex/a-name-of-twenty-five-char", "24 letters"),
        ("mutex/std", "mutex/std is there already"),
        ("atomics/seqlock", "atomics/seqlock is there already"),
        ("begun/x", "strategies/begun/Cargo.toml is there already"),
        ("compare/x", "benches/benches/compare.rs is there already"),
        ("contract/x", "is no family of strategies"),
        ("strategy-template/x", "is no family of strategies"),
        ("control/x", "cannot be called control"),
        ("papaya/x", "cannot be called papaya"),
        ("benches-shared/x", "cannot be called benches-shared"),
        ("loop/x", "cannot be called loop"),
    ] {
        let error = refusal_of(&mut new_in(&root, name));
        assert!(error.contains(reason), "{name}: {error}");
        assert!(contents() == before, "{name}");
    }
    let outside = std::env::temp_dir();
    let error = refusal_of(&mut new_in(&outside, "mutex/fair"));
    assert!(error.contains("not in the workspace"), "{error}");
    // Half of it is registered already.
    let manifest = root.join("harness/registry/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "pivot-fresh.workspace = true\n").unwrap();
    let error = refusal_of(&mut new_in(&root, "fresh/x"));
    assert!(
        error.contains("has `pivot-fresh.workspace = true` already"),
        "{error}"
    );
    assert!(!root.join("strategies/fresh").exists());
    // A family that is written otherwise.
    let lib = root.join("strategies/mutex/src/lib.rs");
    let text = fs::read_to_string(&lib).unwrap();
    fs::write(&lib, text.replace("/// The variants of this crate.\n", "")).unwrap();
    let error = refusal_of(&mut new_in(&root, "mutex/fair"));
    assert!(error.contains("no place for `mod fair_table;`"), "{error}");
    assert!(!root.join("strategies/mutex/src/fair_table.rs").exists());
}

/// Both kinds, with the longest names that there can be, in a copy of the whole workspace: formatted, without a
/// lint, registered, and keeping the contract.
#[test]
#[ignore = "builds a copy of the workspace, which takes minutes"]
fn what_is_made_builds_and_conforms() {
    let parts = ["Cargo.toml", "Cargo.lock", "rustfmt.toml", "clippy.toml"];
    let root = copied(
        "new-built",
        &[&parts[..], &["strategies", "harness", "benches"]].concat(),
    );
    let names = ["abcdef-bcdefg-cdefgh-ijk", "a"];
    made(&root, &format!("{0}/{0}", names[0]));
    made(&root, &format!("sharded/{}", names[0]));
    made(&root, &format!("atomics/{}", names[1]));
    let new = format!("pivot-{}", names[0]);
    let families = ["-p", &new, "-p", "pivot-sharded", "-p", "pivot-atomics"];
    let [test, clippy]: [&[&str]; 2] = [
        &["--test", "conformance"],
        &[
            "-p",
            "pivot-registry",
            "-p",
            "pivot-benches",
            "--all-targets",
            "--",
            "-Dwarnings",
        ],
    ];
    for arguments in [
        vec!["fmt", "--all", "--check"],
        [&["clippy"], &families[..], clippy].concat(),
        [&["test"], &families[..], test].concat(),
    ] {
        let output = Command::new(env!("CARGO"))
            .args(&arguments)
            .current_dir(&root)
            .env("CARGO_NET_OFFLINE", "true")
            // The workspace's own: what comes from elsewhere is built there.
            .env(
                "CARGO_TARGET_DIR",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/.."),
            )
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {arguments:?}: {stderr}");
    }
}

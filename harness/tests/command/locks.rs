//! `locks`: what it says about recordings, and what it refuses.

use std::fs;

use super::{folder, pivot, refusal};

fn recording(name: &str) -> String {
    format!(
        "{}/testdata/recordings/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn printed(arguments: &[&str]) -> String {
    let output = pivot(&[&["locks"], arguments].concat()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_format_names_the_lock_and_its_longest_holder() {
    let file = recording("session-service");
    for (format, holder) in [
        ("table", "sessions.rs:90"),
        ("md", "sessions.rs:90"),
        ("html", "sessions.rs:90"),
        ("csv", "src/sessions.rs,90"),
        ("json", "\"line\": 90"),
    ] {
        let text = printed(&[&file, "--format", format]);
        assert!(text.contains("sessions") && text.contains(holder), "{text}");
    }
}

#[test]
fn two_recordings_are_compared() {
    let files = ["session-service", "session-service-after"].map(recording);
    let text = printed(&[&files[0], &files[1]]);
    assert!(text.contains("Waiting fell"), "{text}");
    let text = printed(&[&files[0], &files[1], "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(findings["change"]["trend"], "fell");
    assert_eq!(findings["change"]["pairs"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_no_recording_is_refused() {
    let folder = folder("locks");
    let whole = fs::read(recording("job-queue")).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let cases = [
        (
            write("cut.json", &whole[..whole.len() / 2]),
            "ends too early",
        ),
        (
            write("foreign.json", b"{\"a\": 1}"),
            "not a recording of locks",
        ),
        (write("text.json", b"hello"), "not JSON"),
        (
            folder.join("none.json").to_str().unwrap().to_owned(),
            "cannot read",
        ),
    ];
    for (file, expected) in &cases {
        let error = refusal(&["locks", file]);
        assert!(
            error.contains(expected) && error.contains(file.as_str()),
            "{error}"
        );
        // The second one is looked at as closely.
        let error = refusal(&["locks", &recording("job-queue"), file]);
        assert!(error.contains(expected), "{error}");
    }
}

//! What reading must do with a packed file: the same as with a plain one, and of a damaged one keep what is
//! whole.

use std::path::PathBuf;

use model::sample::{Damage, Line, PACKED, PLAIN, Reading, Warning, Writer};
use model::sample::{locate, may_overwrite, name_of, pack, read, text};

use fixtures::sample_lines;

/// A folder that is removed again.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pivot-packed-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("the temporary folder is writable");
        path
    }

    fn reading(&self, content: &[u8]) -> Reading {
        read(&self.file("some", content)).expect("something in it is whole")
    }

    fn refusal(&self, content: &[u8]) -> String {
        let error = read(&self.file("some", content)).expect_err("it is unusable");
        let error = error.to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn lines() -> Vec<Line> {
    sample_lines().into_iter().take(400).collect()
}

#[test]
fn a_packed_file_reads_like_the_plain_one() {
    let folder = Folder::new("whole");
    let lines = lines();
    let plain = text(&lines);
    let packed = pack(plain.as_bytes());
    assert!(packed.len() < plain.len() / 2);
    assert_eq!(packed, pack(plain.as_bytes()), "equal bytes");
    let reading = folder.reading(&packed);
    assert_eq!((&reading.lines, reading.warnings.len()), (&lines, 0));
    assert!(reading.is_packed && !folder.reading(plain.as_bytes()).is_packed);
    assert_eq!(
        [name_of(&packed), name_of(plain.as_bytes())],
        [PACKED, PLAIN]
    );
    // Files that were packed apart and joined are read to the end; the second header is not.
    let twice = folder.reading(&[packed.as_slice(), &packed].concat());
    assert_eq!(twice.lines, lines);
    assert!(matches!(
        twice.warnings.as_slice(),
        [Warning::SecondHeader(_)]
    ));
}

#[test]
fn of_a_damaged_packed_file_what_is_whole_is_kept() {
    let folder = Folder::new("damaged");
    let lines = lines();
    let packed = pack(text(&lines).as_bytes());
    let cut = folder.reading(&packed[..packed.len() * 3 / 4]);
    assert!(cut.lines.len() > 10 && cut.lines.len() < lines.len());
    assert_eq!(cut.lines, lines[..cut.lines.len()]);
    let line = cut.lines.len();
    let damage = Damage::CutOff;
    assert_eq!(cut.warnings, [Warning::Packing(line, damage)]);

    // The checksum is in the last eight bytes: all lines are there, but may have changed.
    let mut changed = packed.clone();
    changed[packed.len() - 8] ^= 1;
    let changed = folder.reading(&changed);
    assert_eq!(changed.lines, lines);
    let warning = Warning::Packing(lines.len(), Damage::Corrupt);
    assert_eq!(changed.warnings, [warning]);

    // From the middle on, anything may follow, but never a panic and never without a word.
    for place in (20..packed.len()).step_by(packed.len() / 50) {
        let mut damaged = packed.clone();
        damaged[place] ^= 0x55;
        let path = folder.file("some", &damaged);
        if let Ok(reading) = read(&path) {
            assert!(!reading.warnings.is_empty(), "byte {place}");
        }
    }
}

#[test]
fn what_cannot_be_unpacked_at_all_is_refused_in_one_line() {
    let folder = Folder::new("refused");
    let packed = pack(text(&lines()).as_bytes());
    for content in [&packed[..2], &packed[..12], &packed[..200]] {
        let error = folder.refusal(content);
        assert!(error.contains("packed, and damaged"), "{error}");
    }
    let error = folder.refusal(b"\x28\xb5\x2f\xfd and so on");
    assert!(error.contains("zstd -d"), "{error}");
    let error = folder.refusal(&pack(b"not samples\n"));
    assert!(error.contains("begins with a header"), "{error}");
}

#[test]
fn a_folder_has_one_sample_file() {
    let folder = Folder::new("folder");
    assert_eq!(
        locate(&folder.0).expect("none is fine"),
        folder.0.join(PLAIN)
    );
    let packed = folder.file(PACKED, &pack(text(&lines()).as_bytes()));
    assert_eq!(locate(&folder.0).expect("there is one"), packed);
    assert_eq!(locate(&packed).expect("it is a file"), packed);
    folder.file(PLAIN, b"");
    let error = locate(&folder.0).expect_err("there are two").to_string();
    assert!(error.contains(PLAIN) && error.contains(PACKED), "{error}");
}

#[test]
fn a_packed_file_is_neither_continued_nor_overwritten_unread() {
    let folder = Folder::new("kept");
    let packed = pack(text(&lines()).as_bytes());
    let reading = folder.reading(&packed);
    let path = folder.file(PACKED, &packed);
    let error = Writer::resume(&path, &reading).expect_err("it is packed");
    assert!(error.to_string().contains("gunzip"), "{error}");
    assert_eq!(std::fs::read(&path).expect("it is there"), packed);
    may_overwrite(&path).expect("it is ours");
    let foreign = folder.file(
        PACKED,
        &pack(b"{\"kind\":\"header\",\"schema\":\"other\"}\n"),
    );
    may_overwrite(&foreign).expect_err("it is somebody else's");
}

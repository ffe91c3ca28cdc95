//! Sample files that are packed, and where a run's folder keeps its samples.
//!
//! Packed is gzip: every tool and language reads it (`zcat`, pandas, `DuckDB`), and a damaged file is whole
//! up to the damage. Equal samples give equal bytes: no time stamp, no file name, one level.

use std::borrow::Cow;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use crate::error::Result;
use crate::refusal::refuse;

/// The sample file of a run's folder, as it is measured.
pub const PLAIN: &str = "samples.jsonl";
/// The sample file of a run's folder, packed to be kept.
pub const PACKED: &str = "samples.jsonl.gz";
/// In the folder of a merged report, which has no samples of its own: the runs that it is made of.
pub const MERGED: &str = "merged.toml";

/// How every gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How every zstd file begins.
pub(super) const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The sample file that a user means: the file itself, or the one in a folder, packed or not. Of a
/// folder without any, where it would be.
///
/// # Errors
///
/// When a folder has both: nobody knows which the report is about. When it has neither, and is that of a
/// merged report.
pub fn locate(given: &Path) -> Result<PathBuf> {
    if !given.is_dir() {
        return Ok(given.to_owned());
    }
    let (plain, packed) = (given.join(PLAIN), given.join(PACKED));
    let (is_plain, is_packed) = (plain.exists(), packed.exists());
    let is_merged = !is_plain && !is_packed && given.join(MERGED).exists();
    refuse(
        &[
            (is_plain && is_packed, "both-samples"),
            (is_merged, "merged"),
        ],
        &[&given.display(), &PLAIN, &PACKED, &MERGED],
    )?;
    Ok(if is_packed { packed } else { plain })
}

/// The name in its folder of a sample file with this content.
pub fn name_of(content: &[u8]) -> &'static str {
    if is_packed(content) { PACKED } else { PLAIN }
}

/// Packs the content of a sample file.
///
/// # Panics
///
/// Never: memory does not refuse to be written to.
pub fn pack(content: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new().mtime(0);
    let mut packer = builder.write(Vec::new(), Compression::best());
    let written = packer.write_all(content);
    let bytes = written.and_then(|()| packer.finish());
    bytes.expect("memory can be written to")
}

/// Whether it is packed.
pub(super) fn is_packed(content: &[u8]) -> bool {
    content.starts_with(&GZIP)
}

/// What is wrong with a packed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum Damage {
    /// It is cut off: what follows is lost.
    #[strum(to_string = "cut off")]
    CutOff,
    /// Something in it was changed: nothing after it can be read, and what is before it may be wrong.
    #[strum(to_string = "damaged, so that lines before may have changed, too")]
    Corrupt,
}

/// Whether two sample files hold the same, packed or not.
pub fn are_same(a: &[u8], b: &[u8]) -> bool {
    a == b || unpacked(a) == unpacked(b)
}

/// As much of a sample file as can be read, unpacked.
pub(super) fn unpacked(content: &[u8]) -> Cow<'_, [u8]> {
    if is_packed(content) {
        unpack(content).0.into()
    } else {
        content.into()
    }
}

/// All that can be read of a packed file, and what ended it before its time.
pub(super) fn unpack(packed: &[u8]) -> (Vec<u8>, Option<Damage>) {
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(packed).read_to_end(&mut content);
    let damage = read.err().map(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Damage::CutOff,
        _ => Damage::Corrupt,
    });
    (content, damage)
}

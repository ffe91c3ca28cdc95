//! The one rule for every file that a command writes.
//!
//! | at the path | what happens |
//! |---|---|
//! | nothing | the file is written beside its place and moved there |
//! | a file | the same where [`Existing`] allows it, otherwise it is refused |
//! | a link to a file | the same with the file it names; the link stays |
//! | a character device or a named pipe | it is written to as a stream |
//! | a folder, a block device, a socket, a link to nothing | it is refused |
//!
//! An interrupted command so leaves the old file or the new one, and never a part of either.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::refusal::refuse;

/// What happens to a file that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the command is refused.
    Keep,
    /// It is replaced: the user said `--force`, or making it anew is what the command is for.
    Replace,
}

impl Existing {
    /// What the option `--force` says.
    pub const fn forced(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }
}

/// Refuses early what [`Output::create`] would refuse.
///
/// # Errors
///
/// What is at the path, and what would be right.
pub fn check(path: &Path, existing: Existing) -> Result<()> {
    place(path, existing).map(drop)
}

/// The file to write, new or replaced; none if the path is of a device or a pipe.
fn place(path: &Path, existing: Existing) -> Result<Option<PathBuf>> {
    let failed = |error: std::io::Error| Error::file("write", path, &error);
    let kind = match fs::metadata(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        metadata => metadata.ok().map(|metadata| metadata.file_type()),
    };
    let is = |is_kind: fn(&FileType) -> bool| kind.as_ref().is_some_and(is_kind);
    let is_stream = is(FileType::is_char_device) || is(FileType::is_fifo);
    let is_other = kind.is_some() && !is_stream && !is(FileType::is_file);
    let (is_new, folder) = (kind.is_none(), folder_of(path));
    let is_kept = is(FileType::is_file) && existing == Existing::Keep;
    refuse(
        &[
            (is_new && fs::symlink_metadata(path).is_ok(), "dead-link"),
            (is_new && path.file_name().is_none(), "no-file-name"),
            (is_new && !folder.is_dir(), "no-folder"),
            (is(FileType::is_dir), "folder"),
            (is_other, "no-stream"),
            (is_kept, "exists"),
        ],
        &[&path.display(), &folder.display()],
    )?;
    match kind {
        Some(_) if is_stream => Ok(None),
        Some(_) => path.canonicalize().map(Some).map_err(failed),
        None => Ok(Some(path.to_owned())),
    }
}

/// The folder that a path lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A file on its way to its place. Unless it is published it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// As the user named it.
    path: PathBuf,
    existing: Existing,
    /// Where it is, and where it belongs; `None` once it is there.
    aside: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// Opens what can be written to.
    ///
    /// # Errors
    ///
    /// As [`check`], and when the folder cannot be written.
    pub fn create(path: &Path, existing: Existing) -> Result<Self> {
        let failed = |error: std::io::Error| Error::file("write", path, &error);
        let (file, aside) = match place(path, existing)? {
            None => (OpenOptions::new().write(true).open(path), None),
            Some(place) => {
                let name = place.file_name().unwrap_or_default().to_string_lossy();
                let aside = place.with_file_name(format!(".{name}.partial"));
                // What a killed command has left.
                let _ = fs::remove_file(&aside);
                (File::create_new(&aside), Some((aside, place)))
            }
        };
        Ok(Self {
            file: file.map_err(failed)?,
            path: path.to_owned(),
            existing,
            aside,
        })
    }

    /// Writes bytes, behind those before.
    ///
    /// # Errors
    ///
    /// When they cannot be written, a full disk included.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Error::file("write", &self.path, &error))
    }

    /// Moves the file to its place, with the permissions of the one it replaces. It may be written to further.
    ///
    /// # Errors
    ///
    /// When it cannot be moved, or another file was made there meanwhile.
    pub fn publish(&mut self) -> Result<()> {
        let Some((aside, place)) = &self.aside else {
            return Ok(());
        };
        if self.existing == Existing::Keep {
            // Unlike a move, a link refuses to replace; some file systems have none.
            match fs::hard_link(aside, place) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(Error::file("write", &self.path, &error));
                }
                Err(_) => {}
                // Dropping removes the other name.
                Ok(()) => {
                    let _ = fs::remove_file(aside);
                    self.aside = None;
                    return Ok(());
                }
            }
        } else if let Ok(replaced) = fs::metadata(place) {
            // Best effort: the owner of the file may be another one.
            let _ = self.file.set_permissions(replaced.permissions());
        }
        fs::rename(aside, place).map_err(|error| Error::file("write", &self.path, &error))?;
        self.aside = None;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((aside, _)) = &self.aside {
            // Best effort: the next attempt removes it.
            let _ = fs::remove_file(aside);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
///
/// As [`Output`]; a file that is there stays as it is then.
pub fn write(path: &Path, existing: Existing, bytes: &[u8]) -> Result<()> {
    let mut output = Output::create(path, existing)?;
    output.append(bytes)?;
    output.publish()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let name = format!("pivot-output-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn refusal(path: &Path, existing: Existing) -> String {
        let error = write(path, existing, b"new").unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }

    #[test]
    fn a_file_is_replaced_only_on_request_and_whole() {
        let folder = folder("file");
        let path = folder.join("a");
        write(&path, Existing::Keep, b"old").unwrap();
        assert!(refusal(&path, Existing::Keep).contains("--force"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut output = Output::create(&path, Existing::Replace).unwrap();
        output.append(b"ne").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old", "not before it is whole");
        output.publish().unwrap();
        output.append(b"w").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the permissions stay");
        drop(Output::create(&path, Existing::Replace).unwrap());
        // A file that came meanwhile is not replaced either.
        let other = folder.join("b");
        let mut output = Output::create(&other, Existing::Keep).unwrap();
        fs::write(&other, "mine").unwrap();
        assert!(output.publish().is_err());
        drop(output);
        assert_eq!(fs::read(&other).unwrap(), b"mine");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn links_stay_and_what_they_name_is_asked_for() {
        let folder = folder("link");
        let (file, link) = (folder.join("file"), folder.join("link"));
        fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        assert!(refusal(&link, Existing::Keep).contains("--force"));
        assert_eq!(fs::read(&file).unwrap(), b"old");
        write(&link, Existing::Replace, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        fs::remove_file(&file).unwrap();
        assert!(refusal(&link, Existing::Replace).contains("does not exist"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn devices_and_pipes_take_a_stream_and_stay_what_they_are() {
        for existing in [Existing::Keep, Existing::Replace] {
            write(Path::new("/dev/null"), existing, b"x").unwrap();
            let kind = fs::metadata("/dev/null").unwrap().file_type();
            assert!(kind.is_char_device(), "{kind:?}");
        }
        let folder = folder("stream");
        assert!(refusal(&folder, Existing::Replace).contains("is a folder"));
        let below = folder.join("no/file");
        assert!(refusal(&below, Existing::Replace).contains("there is no folder"));
        let socket = folder.join("socket");
        let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(refusal(&socket, Existing::Replace).contains("neither a file nor"));
        fs::remove_dir_all(folder).unwrap();
    }
}

//! One run at a time in a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::refusal::refusal;

/// The file that is locked; who holds it says so in it.
const NAME: &str = ".lock";
/// As much of the holder's command line is shown.
const COMMAND_LENGTH_MAX: usize = 120;

/// A folder that no other run writes to meanwhile. The system gives it up when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct FolderLock {
    /// Holds the lock for as long as it is open.
    _file: File,
    path: PathBuf,
}

impl FolderLock {
    /// Takes a folder that exists.
    ///
    /// # Errors
    ///
    /// When another run has it, with its process and command; when the folder cannot be written.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let failed = |error: std::io::Error| Error::file("lock", folder, &error);
        loop {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            let mut file = options.open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(taken(folder, &path)),
                // A file system without locks: every run is on its own there, as it would be without us.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // The holder before may have removed the file between our opening and locking it.
            if !is_at(&file, &path) {
                continue;
            }
            let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
            let process = std::process::id();
            let holder = format!("process {process} (pivot {command:.COMMAND_LENGTH_MAX$})");
            file.set_len(0).map_err(failed)?;
            file.write_all(holder.as_bytes()).map_err(failed)?;
            return Ok(Self { _file: file, path });
        }
    }
}

fn taken(folder: &Path, path: &Path) -> Error {
    let holder = fs::read_to_string(path).unwrap_or_default();
    let holder = holder.lines().next().unwrap_or("another run");
    Error::Input(refusal("in-use", &[&folder.display(), &holder]))
}

fn is_at(file: &File, path: &Path) -> bool {
    let which = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let [opened, named] = [file.metadata(), fs::metadata(path)].map(|data| data.ok().map(which));
    opened.is_some() && opened == named
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // While it is still locked. Best effort: an unlocked file bothers nobody.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_and_a_second_is_told_who() {
        let name = format!("pivot-lock-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        // As a run that was killed leaves it.
        fs::write(
            folder.join(NAME),
            "process 1 (pivot run with a long command line)",
        )
        .unwrap();
        let lock = FolderLock::acquire(&folder).unwrap();
        let error = FolderLock::acquire(&folder).unwrap_err().to_string();
        let holder = format!("in use by process {} (pivot ", std::process::id());
        assert!(
            error.contains(&holder) && !error.contains("a long"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
        drop(lock);
        drop(FolderLock::acquire(&folder).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left");
        fs::remove_dir_all(folder).unwrap();
    }
}

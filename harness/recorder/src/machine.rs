//! This machine's processes.

use std::fs;
use std::path::Path;

use model::error::{Error, Result};
use nix::unistd::{SysconfVar, sysconf};

use crate::Observed;
use crate::stat::parse;

/// Where Linux shows its processes.
const PROC: &str = "/proc";

/// What can be looked at: Linux, with its `/proc`, which counts in these units.
#[derive(Debug)]
pub struct Machine {
    /// Nanoseconds of a tick of processor time.
    pub(crate) tick_ns: u64,
    /// Bytes of a page.
    pub(crate) page_bytes: u64,
}

impl Machine {
    /// This one.
    ///
    /// # Errors
    ///
    /// When it has no `/proc` with processes in it, as systems other than Linux do not.
    pub fn here() -> Result<Self> {
        if !Path::new(PROC).join("self/stat").is_file() {
            return Err(Error::input(
                "cannot see this machine's processes: there is no /proc/self/stat, which Linux has; a \
                 process trace recorded elsewhere can be replayed here",
            ));
        }
        let ask = |what: SysconfVar, usual: u64| {
            let answer = sysconf(what).ok().flatten();
            let answer = answer.and_then(|answer| u64::try_from(answer).ok());
            answer.filter(|&answer| answer > 0).unwrap_or(usual)
        };
        Ok(Self {
            tick_ns: 1_000_000_000 / ask(SysconfVar::CLK_TCK, 100),
            page_bytes: ask(SysconfVar::PAGE_SIZE, 4_096),
        })
    }

    /// Shows every process to `see`, each when it is looked at. One that ends meanwhile is left out.
    ///
    /// # Errors
    ///
    /// When the list of processes cannot be read.
    pub fn look(&self, mut see: impl FnMut(&Observed)) -> Result<()> {
        let unreadable = |error| Error::file("read", Path::new(PROC), &error);
        for entry in fs::read_dir(PROC).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            // Names are bytes, and not always text.
            let line = fs::read(entry.path().join("stat")).unwrap_or_default();
            if let Some(observed) = parse(&String::from_utf8_lossy(&line), self) {
                see(&observed);
            }
        }
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::Life;

    #[test]
    fn this_process_is_among_those_seen() {
        let machine = Machine::here().unwrap();
        let mut current = None;
        machine
            .look(|observed| {
                if observed.process.pid == u64::from(std::process::id()) {
                    current = Some(observed.clone());
                }
            })
            .unwrap();
        let current = current.expect("this one lives");
        assert!(matches!(current.life, Life::Alive(_)), "{current:?}");
        assert!(
            current.rss_bytes > 0 && current.process.start > 0,
            "{current:?}"
        );
    }
}

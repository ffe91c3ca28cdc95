//! What a run has kept so far, in its file and in memory.

use std::path::Path;

use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output;
use model::sample::{self, Header, Line, Writer};

use super::done::Done;

/// The lines of a run: every one is in its file before anything else happens with it.
#[derive(Debug)]
pub struct Recording {
    writer: Option<Writer>,
    /// The folder is this run's as long as it may write there.
    _lock: Option<FolderLock>,
    lines: Vec<Line>,
    done: Done,
}

impl Recording {
    /// Lines that are kept in memory only.
    pub fn in_memory() -> Self {
        Self {
            writer: None,
            _lock: None,
            lines: Vec::new(),
            done: Done::default(),
        }
    }

    /// Makes the folder of a run and the sample file in it, with its header.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be written, a recorded run is there, or another run writes there.
    pub fn begin(folder: &Path, header: Header) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
        let lock = FolderLock::acquire(folder)?;
        let packed = folder.join(sample::PACKED);
        if packed.exists() {
            return Err(Error::input(format!(
                "{} holds a recorded run, which is not overwritten; write to another folder",
                packed.display()
            )));
        }
        let mut recording = Self {
            writer: Some(Writer::create(&folder.join(sample::PLAIN))?),
            _lock: Some(lock),
            lines: Vec::new(),
            done: Done::default(),
        };
        recording.keep(Line::Header(Box::new(header)))?;
        Ok(recording)
    }

    /// Takes up the run that was cut short in a folder. A line that was cut short is removed; nothing
    /// else is changed.
    ///
    /// # Errors
    ///
    /// When there is none, it was another one, or another run writes there.
    pub fn resume(folder: &Path, header: &Header) -> Result<Self> {
        let path = sample::locate(folder)?;
        let lock = FolderLock::acquire(output::folder_of(&path))?;
        let reading = sample::read(&path)?;
        if let Some(Line::Header(begun)) = reading.lines.first()
            && let Some(what) = difference(begun, header)
        {
            return Err(Error::input(format!(
                "{} is of a run with other {what}; --resume needs the options it was begun with: {}",
                path.display(),
                begun.environment.command
            )));
        }
        Ok(Self {
            writer: Some(Writer::resume(&path, &reading)?),
            _lock: Some(lock),
            done: Done::from_lines(&reading.lines),
            lines: reading.lines,
        })
    }

    /// Keeps a line.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, a full disk included.
    pub fn keep(&mut self, line: Line) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.append(&line)?;
        }
        self.done.add(&line);
        self.lines.push(line);
        Ok(())
    }

    /// All lines so far.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What they have.
    pub(super) const fn done(&self) -> &Done {
        &self.done
    }

    /// Whether the run has gone through to its end.
    pub const fn is_complete(&self) -> bool {
        self.done.is_complete
    }
}

/// What a run cannot change on its way, if it differs.
fn difference(begun: &Header, now: &Header) -> Option<&'static str> {
    let names = |header: &Header| -> Vec<String> {
        let cards = header.strategies.iter();
        cards.map(|card| card.name.clone()).collect()
    };
    let (before, after) = (&begun.environment, &now.environment);
    let all = [
        ("baseline", begun.baseline == now.baseline),
        ("scenarios", begun.scenarios == now.scenarios),
        ("strategies", names(begun) == names(now)),
        ("seed", before.seed == after.seed),
        ("preset", before.preset == after.preset),
        ("processor", before.cpu == after.cpu),
    ];
    let differs = all.into_iter().find(|(_, is_equal)| !is_equal);
    differs.map(|(what, _)| what)
}

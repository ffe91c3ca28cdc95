//! Reading scenarios from files.

use std::path::{Path, PathBuf};

use super::{Scenario, sweep};
use crate::error::{Error, Result};
use crate::refusal::refuse;
use crate::workload::Workload;

impl Scenario {
    /// Reads a scenario file: one scenario, or the points of a sweep.
    ///
    /// # Errors
    ///
    /// What is wrong and what would be right, with the file, and with line and column where one cannot be parsed; also
    /// in the process trace that it replays, if it does.
    pub fn load(path: &Path) -> Result<Vec<Self>> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| Error::file("read scenario", path, &error))?;
        let place = path.display().to_string();
        let mut points = Self::parse(&text, &place)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        // All points of a sweep replay the same trace.
        if let Some(trace) = points.iter().find_map(|point| point.replay.as_ref()) {
            let trace = folder.join(&trace.name);
            let peak = Workload::load(&trace)?.summary.peak;
            let least = points.iter().map(|point| point.processes).min();
            refuse(
                &[(least < Some(peak), "few-processes")],
                &[&place, &least.unwrap_or_default(), &trace.display(), &peak],
            )?;
            let replays = points.iter_mut().filter_map(|point| point.replay.as_mut());
            replays.for_each(|replay| replay.place.clone_from(&trace));
        }
        Ok(points)
    }

    /// Parses a scenario file; `place` names the text in errors. Looks no trace up.
    ///
    /// # Errors
    ///
    /// As [`load`](Scenario::load).
    pub fn parse(text: &str, place: &str) -> Result<Vec<Self>> {
        let scenario: Scenario =
            toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
        let points = scenario.expanded();
        points.map_err(|fault| Error::input(format!("{place}: {fault}")))
    }

    /// The scenario, or the points of its sweep, as a file of it would be loaded.
    ///
    /// # Errors
    ///
    /// What is nonsensical about it.
    pub fn expanded(self) -> std::result::Result<Vec<Self>, String> {
        self.validate_file()?;
        let points = sweep::expand(self)?;
        for point in &points {
            point.validate().map_err(|fault| match point.point {
                Some(_) => format!("at the point {}: {fault}", point.name),
                None => fault,
            })?;
        }
        Ok(points)
    }
}

/// Reads every scenario of a folder and of the folders in it, in the order of the files' names, the
/// folder's own files first.
///
/// # Errors
///
/// When the folder cannot be read, holds no scenario, one is wrong, or two have the same name.
pub fn load_folder(folder: &Path) -> Result<Vec<Scenario>> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for file in files_below(folder)? {
        let points = Scenario::load(&file)?;
        let name = points.first().map_or("", Scenario::family);
        let is_taken = scenarios.iter().any(|earlier| earlier.family() == name);
        refuse(&[(is_taken, "taken-name")], &[&file.display(), &name])?;
        scenarios.extend(points);
    }
    refuse(
        &[(scenarios.is_empty(), "no-scenario")],
        &[&folder.display()],
    )?;
    Ok(scenarios)
}

/// The scenario files of a folder, sorted, then those of the folders in it.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let unreadable = |error| Error::file("read the scenario folder", &folder, &error);
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            // Not through links: a link to a folder above would never end.
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                files.push(path);
            }
        }
    }
    files.sort_by(|a, b| (a.parent(), a).cmp(&(b.parent(), b)));
    Ok(files)
}

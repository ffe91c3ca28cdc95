//! Reading a sample file: what is whole is kept, what is not is named.
//!
//! A file is only refused if nothing in it can be understood: without its header nobody knows what
//! the samples are about, and another major version may mean something else by the same words.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::packing::{self, Damage};
use super::{Header, Line, SCHEMA};
use crate::error::{Error, Result, complaint};
use crate::parallel;

/// What a sample file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The lines that could be read. The first is the header.
    pub lines: Vec<Line>,
    /// What was left out, and why.
    pub warnings: Vec<Warning>,
    /// The length in bytes of the part that consists of whole lines. What follows is a torn line,
    /// which a run that is continued cuts off.
    pub end: u64,
    /// Whether the last whole line ends without a line feed.
    pub lacks_line_feed: bool,
    /// Whether the file is packed: nothing can be appended to it.
    pub is_packed: bool,
}

/// What was left out of a sample file. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display)]
pub enum Warning {
    /// The last line is cut off: a run was killed, or a disk was full.
    #[strum(to_string = "line {line} is cut off, as a killed run leaves it, and left out")]
    Torn {
        /// The line.
        line: usize,
    },
    /// A line is not a sample.
    #[strum(to_string = "line {line} is left out: {reason}")]
    Damaged {
        /// The line.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Lines of a kind that this version does not know.
    #[strum(
        to_string = "line {line} is of a kind that this version does not know ({kind:?}) and is left out, with all \
        {count} of the kind; a newer version of pivot reads them"
    )]
    UnknownKind {
        /// The kind.
        kind: String,
        /// The first such line.
        line: usize,
        /// How many there are.
        count: usize,
    },
    /// A second header: two files were joined.
    #[strum(
        to_string = "line {line} is a second header: it and what follows are left out; keep runs in files of their own, \
        `pivot report A B` pools them"
    )]
    SecondHeader {
        /// The line.
        line: usize,
    },
    /// The file is packed, and not whole.
    #[strum(
        to_string = "the packed file is {damage}, from behind line {line} on; restore it from a copy"
    )]
    Packing {
        /// The last line that is whole.
        line: usize,
        /// What is wrong with it.
        damage: Damage,
    },
}

/// More warnings than these about one file say nothing new.
const WARNINGS_SHOWN: usize = 8;

impl Reading {
    /// The warnings as lines of text; of very many, the first and how many more there are.
    pub fn notes(&self, place: &str) -> Vec<String> {
        let shown = self.warnings.iter().take(WARNINGS_SHOWN);
        let mut notes: Vec<String> = shown.map(|warning| format!("{place}: {warning}")).collect();
        let more = self.warnings.len().saturating_sub(WARNINGS_SHOWN);
        if more > 0 {
            notes.push(format!("{place}: {more} more lines are left out likewise"));
        }
        notes
    }
}

/// Reads a sample file, packed or not. Lines that are not samples are left out and named in the
/// warnings, and so is the end that a damaged packed file has lost.
///
/// # Errors
///
/// When the file cannot be read, its header cannot be understood, or it is of another major version.
pub fn read(path: &Path) -> Result<Reading> {
    let bytes = std::fs::read(path).map_err(|error| Error::file("read", path, &error))?;
    parse_any(&bytes, &path.display().to_string())
}

/// As [`parse`], packed or not.
///
/// # Errors
///
/// As [`read`].
pub fn parse_any(bytes: &[u8], place: &str) -> Result<Reading> {
    packing::refuse_other(bytes, place)?;
    if !packing::is_packed(bytes) {
        return parse(bytes, place);
    }
    let (content, damage) = packing::unpack(bytes);
    let mut reading = parse(&content, place).map_err(|error| match damage {
        None => error,
        Some(_) => Error::input(format!(
            "{error}; the file is packed, and damaged: restore it from a copy"
        )),
    })?;
    reading.is_packed = true;
    if let Some(damage) = damage {
        // The line in which it ends is no news beside that.
        let is_torn = |warning: &Warning| matches!(warning, Warning::Torn { .. });
        reading.warnings.retain(|warning| !is_torn(warning));
        let line = content.split(|&byte| byte == b'\n').count() - 1;
        reading.warnings.push(Warning::Packing { line, damage });
    }
    Ok(reading)
}

/// Why a file that exists must not be overwritten: it holds something, and this version cannot tell
/// what. `None` of a file that is absent, empty, or begins as this version would begin it.
pub(super) fn foreign(path: &Path) -> Option<String> {
    // What cannot be read cannot be overwritten either; creating it will say why.
    let content = std::fs::read(path).ok()?;
    let content = packing::unpacked(&content);
    let first = content.split_inclusive(|&byte| byte == b'\n').next()?;
    // A header that was cut off was followed by nothing.
    let is_torn = first.starts_with(br#"{"kind":"header""#) && !first.ends_with(b"\n");
    let header = header(first, &path.display().to_string());
    header
        .err()
        .filter(|_| !is_torn)
        .map(|error| error.to_string())
}

/// Reads the content of a sample file; `place` names it in errors.
///
/// # Errors
///
/// As [`read`].
pub fn parse(bytes: &[u8], place: &str) -> Result<Reading> {
    let mut raw_lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let first = raw_lines.next().unwrap_or_default();
    let header = header(first, place)?;
    let raw_lines: Vec<&[u8]> = raw_lines.collect();
    let parsed = parallel::map(&raw_lines, |raw| serde_json::from_slice::<Line>(raw));
    let mut reader = Reader::new(&header, first);
    let lines = (2..).zip(raw_lines.into_iter().zip(parsed));
    for (number, (raw, parsed)) in lines {
        if !reader.take(number, raw, parsed) {
            break;
        }
    }
    let mut reading = reader.reading;
    let unknown = reader.unknown.into_iter();
    let unknown = unknown.map(|(kind, (line, count))| Warning::UnknownKind { kind, line, count });
    reading.warnings.extend(unknown);
    reading.lines.insert(0, Line::Header(Box::new(header)));
    Ok(reading)
}

/// A reading in the making.
struct Reader<'h, 'b> {
    scenarios: BTreeMap<&'h str, usize>,
    strategies: HashSet<&'h str>,
    /// The slices so far, as they stand in the file.
    slices: HashSet<&'b [u8]>,
    unknown: BTreeMap<String, (usize, usize)>,
    reading: Reading,
}

impl<'h, 'b> Reader<'h, 'b> {
    fn new(header: &'h Header, first: &[u8]) -> Self {
        let scenarios = header.scenarios.iter();
        let scenarios = scenarios.map(|scenario| (scenario.name.as_str(), scenario.groups.len()));
        Self {
            scenarios: scenarios.collect(),
            strategies: header.strategies.iter().map(|s| s.name.as_str()).collect(),
            slices: HashSet::new(),
            unknown: BTreeMap::new(),
            reading: Reading {
                lines: Vec::new(),
                warnings: Vec::new(),
                end: first.len() as u64,
                lacks_line_feed: !first.ends_with(b"\n"),
                is_packed: false,
            },
        }
    }

    /// Takes a line; says whether to go on.
    fn take(&mut self, line: usize, raw: &'b [u8], parsed: serde_json::Result<Line>) -> bool {
        let is_whole = raw.ends_with(b"\n");
        if !is_whole && parsed.is_err() {
            self.warn(Warning::Torn { line });
            return false;
        }
        self.reading.end += raw.len() as u64;
        self.reading.lacks_line_feed = !is_whole;
        match parsed {
            _ if raw.trim_ascii().is_empty() => {}
            Ok(Line::Header(_)) => {
                self.warn(Warning::SecondHeader { line });
                return false;
            }
            Ok(parsed) => match self.fault(&parsed, raw) {
                None => self.reading.lines.push(parsed),
                Some(reason) => self.warn(Warning::Damaged { line, reason }),
            },
            Err(error) => {
                if let Some(kind) = unknown_kind(raw, &error) {
                    self.unknown.entry(kind).or_insert((line, 0)).1 += 1;
                } else {
                    let reason = complaint(&error);
                    self.warn(Warning::Damaged { line, reason });
                }
            }
        }
        true
    }

    fn warn(&mut self, warning: Warning) {
        self.reading.warnings.push(warning);
    }

    /// What contradicts the header, or an earlier line.
    fn fault(&mut self, line: &Line, raw: &'b [u8]) -> Option<String> {
        let (scenario, strategy) = match line {
            Line::Slice(slice) => (Some(&slice.key.scenario), Some(&slice.key.strategy)),
            Line::Probe(probe) => (None, Some(&probe.strategy)),
            Line::Allocation(counts) => (Some(&counts.scenario), Some(&counts.strategy)),
            Line::Memory(memory) => (Some(&memory.scenario), Some(&memory.strategy)),
            Line::Check(check) => (None, Some(&check.strategy)),
            Line::Fault(fault) => (None, Some(&fault.strategy)),
            Line::Trace(trace) => (None, Some(&trace.strategy)),
            Line::Stall(stall) => (None, Some(&stall.strategy)),
            Line::Part(part) => (Some(&part.scenario), None),
            Line::PartDone(done) => (Some(&done.scenario), None),
            Line::Interference(interference) => (Some(&interference.scenario), None),
            // A probe that failed has its name where others name a scenario.
            _ => (None, None),
        };
        if let Some(name) = scenario.filter(|name| !self.scenarios.contains_key(name.as_str())) {
            return Some(format!("the header has no scenario {name:?}"));
        }
        if let Some(name) = strategy.filter(|name| !self.strategies.contains(name.as_str())) {
            return Some(format!("the header has no strategy {name:?}"));
        }
        let groups = scenario.map(|name| self.scenarios[name.as_str()]);
        let reason = match line {
            Line::Slice(slice) if slice.window_ns == 0 => "a window of 0 ns",
            Line::Slice(slice) if Some(slice.groups.len()) != groups => {
                "not as many groups as the scenario has"
            }
            Line::Slice(_) if !self.slices.insert(raw.trim_ascii()) => {
                "an earlier line is the same"
            }
            Line::Calibration(costs) if !costs.is_sound() => {
                "a calibration that no machine can have"
            }
            Line::Allocation(counts) if counts.operations == 0 => "no operations",
            Line::Memory(memory) if memory.records == 0 => "no records",
            _ => return None,
        };
        Some(reason.into())
    }
}

/// A line, as far as every version agrees.
#[derive(Deserialize)]
struct Tag {
    kind: String,
    schema: Option<String>,
}

/// The kind of a line that is well-formed but of a kind that is not in [`Line`].
fn unknown_kind(raw: &[u8], error: &serde_json::Error) -> Option<String> {
    let tag: Tag = serde_json::from_slice(raw).ok()?;
    let refused = format!("unknown variant `{}`", tag.kind);
    error.to_string().starts_with(&refused).then_some(tag.kind)
}

/// The first line of a file, if this version can make sense of it.
fn header(first: &[u8], place: &str) -> Result<Header> {
    let refuse = |what: String| Err(Error::input(format!("{place}:1: {what}")));
    let tag: Option<Tag> = serde_json::from_slice(first).ok();
    let tag = tag.filter(|tag| tag.kind == "header");
    let Some(schema) = tag.and_then(|tag| tag.schema) else {
        let what =
            "a sample file begins with a header line, as `pivot measure` writes it; this does not";
        return refuse(what.into());
    };
    if major(&schema) != major(SCHEMA) {
        return refuse(format!(
            "written in the format {schema:?}; this is pivot {}, which reads {SCHEMA:?}",
            env!("CARGO_PKG_VERSION")
        ));
    }
    let unusable = |what: String| {
        refuse(format!(
            "the header is damaged ({what}), and without it nobody knows what the samples are about; restore \
             the line from a copy"
        ))
    };
    let header: Header = match serde_json::from_slice(first) {
        Ok(header) => header,
        Err(error) => return unusable(complaint(&error)),
    };
    fault(&header).map_or(Ok(header), unusable)
}

fn fault(header: &Header) -> Option<String> {
    let baseline = &header.baseline;
    if header.strategies.iter().all(|card| card.name != *baseline) {
        return Some(format!(
            "its baseline {baseline:?} is not among its strategies"
        ));
    }
    header.scenarios.iter().find_map(|scenario| {
        let fault = scenario.validate().err()?;
        Some(format!("scenario {:?}: {fault}", scenario.name))
    })
}

/// A schema without its minor version.
fn major(schema: &str) -> &str {
    schema.split('.').next().unwrap_or_default()
}

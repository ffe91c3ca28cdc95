//! Reading a sample file: what is whole is kept, what is not is named.
//!
//! A file is only refused if nothing in it can be understood: without its header nobody knows what
//! the samples are about, and another major version may mean something else by the same words.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::packing::{self, Damage};
use super::{Header, Line, SCHEMA, Slice};
use crate::error::{Error, Result, complaint};
use crate::parallel;
use crate::refusal::{refusal, refuse};

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

/// What was left out of a sample file. The number of the line comes first, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display)]
pub enum Warning {
    /// The last line is cut off: a run was killed, or a disk was full.
    #[strum(to_string = "line {0} is cut off, as a killed run leaves it, and left out")]
    Torn(usize),
    /// A line is not a sample, and what is wrong with it.
    #[strum(to_string = "line {0} is left out: {1}")]
    Damaged(usize, String),
    /// Lines of a kind that this version does not know: the first, the kind, and how many there are.
    #[strum(
        to_string = "line {0} is of a kind that this version does not know ({1:?}) and is left out, with all {2} of the \
        kind; a newer version of pivot reads them"
    )]
    UnknownKind(usize, String, usize),
    /// A second header: two files were joined.
    #[strum(
        to_string = "line {0} is a second header: it and what follows are left out; keep runs in files of their own, \
        `pivot report A B` pools them"
    )]
    SecondHeader(usize),
    /// The file is packed, and not whole: the last line that is, and what is wrong.
    #[strum(to_string = "the packed file is {1}, from behind line {0} on; restore it from a copy")]
    Packing(usize, Damage),
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

    /// Why nothing can be added to its end, which is not what it looks like; empty if it is.
    pub(super) fn unclear_end(&self) -> String {
        let hides = |w: &&Warning| matches!(w, Warning::SecondHeader(_) | Warning::Packing(..));
        let hiding = self.warnings.iter().find(hides);
        hiding.map(ToString::to_string).unwrap_or_default()
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
    refuse(&[(bytes.starts_with(&packing::ZSTD), "zstd")], &[&place])?;
    if !packing::is_packed(bytes) {
        return parse(bytes, place);
    }
    let (content, damage) = packing::unpack(bytes);
    let reading = parse(&content, place);
    let mut reading = reading.or_else(|error| {
        refuse(&[(damage.is_some(), "damaged-pack")], &[&error])?;
        Err(error)
    })?;
    reading.is_packed = true;
    if let Some(damage) = damage {
        // The line in which it ends is no news beside that.
        let is_torn = |warning: &Warning| matches!(warning, Warning::Torn(_));
        reading.warnings.retain(|warning| !is_torn(warning));
        let line = content.split(|&byte| byte == b'\n').count() - 1;
        reading.warnings.push(Warning::Packing(line, damage));
    }
    Ok(reading)
}

/// Makes sure that nothing is lost by overwriting a sample file.
///
/// # Errors
///
/// When there is something, and this version cannot tell what. A file that is absent, empty, or begins as this version
/// would begin it may be overwritten.
pub fn may_overwrite(path: &Path) -> Result<()> {
    // What cannot be read cannot be overwritten either; creating it will say why.
    let content = std::fs::read(path).unwrap_or_default();
    let content = packing::unpacked(&content);
    let first = content.split_inclusive(|&byte| byte == b'\n').next();
    let first = first.unwrap_or_default();
    // A header that was cut off was followed by nothing.
    let is_torn = first.starts_with(br#"{"kind":"header""#) && !first.ends_with(b"\n");
    let error = header(first, &path.display().to_string()).err();
    let error = error.filter(|_| !is_torn && !first.is_empty());
    let why = error.map(|error| error.to_string()).unwrap_or_default();
    Ok(refuse(&[(!why.is_empty(), "foreign")], &[&why])?)
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
    let mut reading = Reading {
        lines: vec![Line::Header(Box::new(header.clone()))],
        warnings: Vec::new(),
        end: first.len() as u64,
        lacks_line_feed: !first.ends_with(b"\n"),
        is_packed: false,
    };
    let mut contents = Contents::new(&header);
    let mut unknown: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (number, (raw, parsed)) in (2..).zip(raw_lines.into_iter().zip(parsed)) {
        let is_whole = raw.ends_with(b"\n");
        if !is_whole && parsed.is_err() {
            reading.warnings.push(Warning::Torn(number));
            break;
        }
        reading.end += raw.len() as u64;
        reading.lacks_line_feed = !is_whole;
        let fault = match parsed {
            _ if raw.trim_ascii().is_empty() => None,
            Ok(Line::Header(_)) => {
                reading.warnings.push(Warning::SecondHeader(number));
                break;
            }
            Ok(line) => {
                let fault = contents.fault(&line, raw);
                reading.lines.extend(fault.is_none().then_some(line));
                fault
            }
            Err(error) => match unknown_kind(raw, &error) {
                Some(kind) => {
                    unknown.entry(kind).or_insert((number, 0)).1 += 1;
                    None
                }
                None => Some(complaint(&error)),
            },
        };
        let fault = fault.map(|fault| Warning::Damaged(number, fault));
        reading.warnings.extend(fault);
    }
    let unknown = unknown.into_iter();
    let unknown = unknown.map(|(kind, (line, count))| Warning::UnknownKind(line, kind, count));
    reading.warnings.extend(unknown);
    Ok(reading)
}

/// What the lines of a file may be about, and its slices so far as they stand there.
struct Contents<'h, 'b> {
    scenarios: BTreeMap<&'h str, usize>,
    strategies: HashSet<&'h str>,
    slices: HashSet<&'b [u8]>,
}

impl<'h, 'b> Contents<'h, 'b> {
    fn new(header: &'h Header) -> Self {
        let scenarios = header.scenarios.iter();
        let scenarios = scenarios.map(|scenario| (scenario.name.as_str(), scenario.groups.len()));
        Self {
            scenarios: scenarios.collect(),
            strategies: header.strategies.iter().map(|s| s.name.as_str()).collect(),
            slices: HashSet::new(),
        }
    }

    /// What contradicts the header, or an earlier line.
    fn fault(&mut self, line: &Line, raw: &'b [u8]) -> Option<String> {
        let (scenario, strategy) = line.about();
        let groups = scenario.map(|name| self.scenarios.get(name));
        let is_absent = strategy.is_some_and(|name| !self.strategies.contains(name));
        let is_other = |slice: &Slice| groups != Some(Some(&slice.groups.len()));
        let fault = match line {
            _ if groups == Some(None) => "absent-scenario",
            _ if is_absent => "absent-strategy",
            Line::Slice(slice) if slice.window_ns == 0 => "no-window",
            Line::Slice(slice) if is_other(slice) => "other-groups",
            Line::Slice(_) if !self.slices.insert(raw.trim_ascii()) => "repeated",
            Line::Calibration(costs) if !costs.is_sound() => "unsound",
            Line::Allocation(counts) if counts.operations == 0 => "no-operations",
            Line::Memory(memory) if memory.records == 0 => "no-records",
            _ => return None,
        };
        let names = [scenario, strategy].map(Option::unwrap_or_default);
        let [scenario, strategy] = names.map(str::escape_debug);
        Some(refusal(fault, &[&scenario, &strategy]))
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

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The first line of a file, if this version can make sense of it.
fn header(first: &[u8], place: &str) -> Result<Header> {
    let tag: Option<Tag> = serde_json::from_slice(first).ok();
    let tag = tag.filter(|tag| tag.kind == "header");
    let schema = tag.and_then(|tag| tag.schema).unwrap_or_default();
    let is_other = major(&schema) != major(SCHEMA);
    refuse(
        &[
            (schema.is_empty(), "no-samples"),
            (is_other, "other-samples"),
        ],
        &[&place, &schema.escape_debug(), &VERSION, &SCHEMA],
    )?;
    let header = serde_json::from_slice(first).map_err(|error| complaint(&error));
    let header = header.and_then(validated);
    Ok(header.map_err(|fault| refusal("damaged-header", &[&place, &fault]))?)
}

fn validated(header: Header) -> Result<Header, String> {
    let baseline = &header.baseline;
    let is_absent = header.strategies.iter().all(|card| card.name != *baseline);
    refuse(
        &[(is_absent, "absent-baseline")],
        &[&baseline.escape_debug()],
    )?;
    for scenario in &header.scenarios {
        let fault = scenario.validate();
        fault.map_err(|fault| format!("scenario {:?}: {fault}", scenario.name))?;
    }
    Ok(header)
}

/// A schema without its minor version.
fn major(schema: &str) -> &str {
    schema.split('.').next().unwrap_or_default()
}

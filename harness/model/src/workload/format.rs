//! Reading and writing process traces, as JSON lines or as comma-separated values.
//!
//! Every complaint has the number of its line. Whatever is read or written is checked for consistency: who lives,
//! and who has exited.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Entry, Header, NUMBER_MAX, Process, SCHEMA, Summary, What, Workload};
use crate::error::{Error, Result};
use crate::output::{Existing, Output};
use crate::refusal::{Validity, refuse};

/// How a process trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values.
    Csv,
}

impl Form {
    /// What the name of a file asks for: CSV if it ends so, JSON lines otherwise.
    pub fn from_path(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Form::Csv,
            _ => Form::JsonLines,
        }
    }

    /// How a trace begins.
    fn head(self, header: &Header) -> String {
        match self {
            Form::JsonLines => serde_json::to_string(header).expect("plain data") + "\n",
            Form::Csv => format!("# {SCHEMA}\n{}\n", COLUMNS.join(",")),
        }
    }

    fn line(self, entry: &Entry) -> String {
        if self == Form::JsonLines {
            return serde_json::to_string(entry).expect("plain data") + "\n";
        }
        let values = serde_json::to_value(entry).expect("plain data");
        let field = |column: &str| match &values[column] {
            Value::Null => String::new(),
            Value::String(name) if column == "name" => format!("\"{}\"", name.replace('"', "\"\"")),
            Value::String(word) => word.clone(),
            number => number.to_string(),
        };
        COLUMNS.map(field).join(",") + "\n"
    }
}

impl Workload {
    /// The trace as text.
    ///
    /// # Panics
    ///
    /// Never: a trace is plain data.
    pub fn text(&self, form: Form) -> String {
        let lines = self.entries.iter().map(|entry| form.line(entry));
        form.head(&self.header) + &lines.collect::<String>()
    }
}

/// A process trace that is written while its events happen.
#[derive(Debug)]
pub struct Writer {
    output: Output,
    form: Form,
    validator: Validator,
}

impl Writer {
    /// Begins a trace; its file is in its place once it is [published](Writer::publish).
    ///
    /// # Errors
    ///
    /// As [`Output::create`].
    pub fn create(path: &Path, existing: Existing, header: &Header) -> Result<Self> {
        let form = Form::from_path(path);
        let mut output = Output::create(path, existing)?;
        output.append(form.head(header).as_bytes())?;
        Ok(Self {
            output,
            form,
            validator: Validator::default(),
        })
    }

    /// Writes events, at once: a kill loses only later ones.
    ///
    /// # Errors
    ///
    /// When they cannot be written, or one cannot follow those before it.
    pub fn append(&mut self, entries: &[Entry]) -> Result<()> {
        let mut text = String::new();
        for entry in entries {
            let number = self.validator.summary.events + 1;
            let entered = self.validator.enter(entry, number);
            entered.map_err(|fault| Error::input(format!("event {number}: {fault}")))?;
            text.push_str(&self.form.line(entry));
        }
        self.output.append(text.as_bytes())
    }

    /// Puts the file in its place; it may be written to further.
    ///
    /// # Errors
    ///
    /// As [`Output::publish`].
    pub fn publish(&mut self) -> Result<()> {
        self.output.publish()
    }

    /// What it holds so far.
    pub const fn summary(&self) -> Summary {
        self.validator.summary
    }
}

/// The fields of an [`Entry`], in the order in which they are written.
#[rustfmt::skip]
const COLUMNS: [&str; 9] = [
    "at_ns", "event", "pid", "start", "name", "state", "cpu_ns", "rss_bytes", "code",
];
/// As many of them are needed.
const NEEDED: usize = 4;

/// The columns of a file, in its order.
fn columns(line: &str) -> Result<Vec<&'static str>, Fault> {
    let mut columns: Vec<&str> = Vec::new();
    for name in fields(line)? {
        let (name, shown) = (name.trim(), quoted(name.trim()));
        match COLUMNS.into_iter().find(|column| *column == name) {
            None => {
                let all = COLUMNS.join(",");
                return Err(format!("unknown column {shown:?}; there are {all}"));
            }
            Some(column) if columns.contains(&column) => {
                return Err(format!("the column {shown:?} is there twice"));
            }
            Some(column) => columns.push(column),
        }
    }
    let needed = &COLUMNS[..NEEDED];
    if needed.iter().all(|name| columns.contains(name)) {
        return Ok(columns);
    }
    let needed = needed.join(",");
    Err(format!("at least the columns {needed} are needed"))
}

/// A line, in the order of the columns.
fn csv_entry(columns: &[&str], line: &str) -> Result<Entry, Fault> {
    let fields = fields(line)?;
    let (given, named) = (fields.len(), columns.len());
    if given != named {
        return Err(format!("{given} fields, where the header has {named}"));
    }
    let mut values = Map::new();
    for (&column, field) in columns.iter().zip(fields) {
        if !field.is_empty() {
            values.insert(column.into(), value(column, field)?);
        }
    }
    Entry::deserialize(Value::Object(values)).map_err(|error| complaint(&error))
}

/// A field: three of the columns have words, the others whole numbers.
fn value(column: &str, field: String) -> Result<Value, Fault> {
    let number = match column {
        "event" | "name" | "state" => return Ok(field.into()),
        "code" => field.parse::<i32>().map(Value::from),
        _ => field.parse::<u64>().map(Value::from),
    };
    number.map_err(|_| {
        let field = quoted(&field);
        format!("{column} = {field:?} is not a whole number in range")
    })
}

/// The fields of a line: between commas, or between double quotes, which are doubled inside.
fn fields(line: &str) -> Result<Vec<String>, Fault> {
    let (mut fields, mut field) = (Vec::new(), String::new());
    let mut rest = line.trim_end_matches('\r').chars().peekable();
    loop {
        if field.is_empty() && rest.next_if_eq(&'"').is_some() {
            loop {
                match rest.next() {
                    Some('"') if rest.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(c) => field.push(c),
                    None => return Err("a quoted field does not end in this line".into()),
                }
            }
            if rest.peek().is_some_and(|&next| next != ',') {
                return Err("a quoted field ends before a comma or the end of the line".into());
            }
        }
        match rest.next() {
            Some(',') => fields.push(std::mem::take(&mut field)),
            Some(c) => field.push(c),
            None => {
                fields.push(field);
                return Ok(fields);
            }
        }
    }
}

/// Longer names are a mistake in a file rather than a name.
const NAME_LENGTH_MAX: usize = 256;
/// More than this are days of a busy machine, and would be held in memory several times.
const FILE_MEBIBYTES_MAX: u64 = 256;
/// As much of what a file says is repeated in a complaint.
const QUOTED_MAX: usize = 160;

/// What is wrong in a line.
type Fault = String;

impl Workload {
    /// Reads a trace from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and as [`parse`](Workload::parse).
    pub fn load(path: &Path) -> Result<Self> {
        let unreadable = |error| Error::file("read the process trace", path, &error);
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        let mebibytes = length.div_ceil(1 << 20);
        let place = path.display().to_string();
        let is_long = mebibytes > FILE_MEBIBYTES_MAX;
        refuse(&[(is_long, "long-trace")], &[&place, &mebibytes])?;
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Self::parse(&bytes, &place)
    }

    /// Parses a trace in either form; `place` names it in errors.
    ///
    /// # Errors
    ///
    /// With its number, the first line that is not what the [format](super) says, or that cannot have
    /// happened: about a process that was not born or has exited, or earlier than the line before.
    pub fn parse(bytes: &[u8], place: &str) -> Result<Self> {
        let at = |line: usize| move |fault: Fault| Error::input(format!("{place}:{line}: {fault}"));
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let sound = &bytes[..error.valid_up_to()];
            at(sound.split(|&byte| byte == b'\n').count())("not UTF-8 text".into())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = (1..).zip(text.lines());
        let mut lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let first = lines.next();
        refuse(&[(first.is_none(), "empty-trace")], &[&place, &beginning()])?;
        let (number, first) = first.unwrap_or_default();
        let (header, columns) = match first.strip_prefix('#') {
            None => (header(first).map_err(at(number))?, None),
            Some(schema) => {
                known(schema.trim()).map_err(at(number))?;
                let names = lines.find(|(_, line)| !line.starts_with('#'));
                let (number, names) = names.unwrap_or((number + 1, ""));
                let columns = columns(names).map_err(at(number))?;
                (Header::default(), Some(columns))
            }
        };
        let (mut validator, mut entries) = (Validator::default(), Vec::new());
        for (number, line) in lines {
            let entry = match &columns {
                None => serde_json::from_str(line).map_err(|error| complaint(&error)),
                Some(_) if line.starts_with('#') => continue,
                Some(columns) => csv_entry(columns, line),
            };
            let entry = entry.map_err(at(number))?;
            validator.enter(&entry, number).map_err(at(number))?;
            entries.push(entry);
        }
        refuse(&[(entries.is_empty(), "no-event")], &[]).map_err(at(number))?;
        Ok(Self {
            header,
            entries,
            summary: validator.summary,
        })
    }
}

/// Refuses what is of another format or version.
fn known(schema: &str) -> Result<(), Fault> {
    let shown = quoted(schema);
    let fault = || format!("written in the format {shown:?}; this program reads {SCHEMA:?}");
    (schema == SCHEMA).then_some(()).ok_or_else(fault)
}

/// How a process trace begins.
fn beginning() -> String {
    let header = format!("{{\"schema\":\"{SCHEMA}\"}}");
    format!("a process trace begins with {header} or, as CSV, with `# {SCHEMA}`")
}

fn header(line: &str) -> Result<Header, Fault> {
    /// A header of any version.
    #[derive(Deserialize)]
    struct Any {
        schema: String,
    }
    let any: Any = serde_json::from_str(line).map_err(|error| {
        // What a reader of JSON says of a line that is none helps nobody.
        let is_json = line.trim_start().starts_with('{');
        let why = is_json.then(|| format!(" ({})", complaint(&error)));
        let why = why.unwrap_or_default();
        format!("{}; this line does not{why}", beginning())
    })?;
    known(&any.schema)?;
    serde_json::from_str(line).map_err(|error| complaint(&error))
}

/// What a JSON reader complains about, on one line, whatever it repeats of the file.
fn complaint(error: &serde_json::Error) -> Fault {
    quoted(&crate::error::complaint(error))
}

/// A piece of a file, safe to show: short, without control characters.
fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().take(QUOTED_MAX) {
        match letter {
            _ if letter.is_control() => shown.extend(letter.escape_default()),
            _ => shown.push(letter),
        }
    }
    if text.chars().count() > QUOTED_MAX {
        shown.push_str("...");
    }
    shown
}

impl Entry {
    /// Refuses what is nonsensical whatever came before.
    fn validate(&self) -> Validity {
        let Process { pid, start } = self.process;
        let mut numbers = vec![("at_ns", self.at_ns), ("pid", pid), ("start", start)];
        if let What::Resources { cpu_ns, rss_bytes } = self.what {
            numbers.extend([("cpu_ns", cpu_ns), ("rss_bytes", rss_bytes)]);
        }
        for (field, number) in numbers {
            refuse(
                &[(number >= NUMBER_MAX, "large-number")],
                &[&field, &number],
            )?;
        }
        let name = match &self.what {
            What::Born { name: Some(name) } => name,
            _ => "",
        };
        let length = name.chars().count();
        refuse(
            &[
                (pid == 0, "nobody"),
                (name.chars().any(char::is_control), "control-characters"),
                (length > NAME_LENGTH_MAX, "long-name"),
            ],
            &[&format!("{:?}", quoted(name)), &length],
        )
    }
}

/// The processes of a trace so far.
#[derive(Debug, Default)]
struct Validator {
    summary: Summary,
    /// The process that has a pid, and the line of its birth.
    alive: HashMap<u64, (u64, usize)>,
    /// Those that have exited, and the line in which.
    exited: HashMap<Process, usize>,
}

impl Validator {
    /// Takes an event into account, if it makes sense and can follow those before it.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    fn enter(&mut self, entry: &Entry, line: usize) -> Result<(), Fault> {
        entry.validate()?;
        let &Entry { at_ns, process, .. } = entry;
        let Process { pid, start } = process;
        let before = self.summary.duration_ns;
        let (owner, birth) = self.alive.get(&pid).copied().unzip();
        let exit = self.exited.get(&process).copied();
        let line_before = exit.or(birth).unwrap_or_default();
        let is_born = matches!(entry.what, What::Born { .. });
        let lives = owner == Some(start);
        refuse(
            &[
                (at_ns < before, "back-in-time"),
                (exit.is_some(), "exited"),
                (is_born && lives, "born-twice"),
                (is_born && owner.is_some(), "taken-pid"),
                (!is_born && !lives, "unborn"),
            ],
            &[&at_ns, &before, &pid, &start, &line_before],
        )?;
        match entry.what {
            What::Born { .. } => {
                self.alive.insert(pid, (start, line));
                self.summary.births += 1;
                self.summary.peak = self.summary.peak.max(self.alive.len());
            }
            What::Exit { .. } => {
                self.alive.remove(&pid);
                self.exited.insert(process, line);
            }
            What::State { .. } | What::Resources { .. } => {}
        }
        self.summary.events += 1;
        self.summary.duration_ns = at_ns;
        Ok(())
    }
}

//! The lines of a process trace as comma-separated values.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Entry;
use super::reading::{Fault, complaint, quoted};

/// The fields of an [`Entry`], in the order in which they are written.
#[rustfmt::skip]
pub(super) const COLUMNS: [&str; 9] = [
    "at_ns", "event", "pid", "start", "name", "state", "cpu_ns", "rss_bytes", "code",
];
/// As many of them are needed.
const NEEDED: usize = 4;

/// A line, in the order of the [`COLUMNS`].
pub(super) fn text(entry: &Entry) -> String {
    let values = serde_json::to_value(entry).expect("plain data");
    let field = |column: &str| match &values[column] {
        Value::Null => String::new(),
        Value::String(name) if column == "name" => format!("\"{}\"", name.replace('"', "\"\"")),
        Value::String(word) => word.clone(),
        number => number.to_string(),
    };
    COLUMNS.map(field).join(",") + "\n"
}

/// The columns of a file, in its order.
#[derive(Debug)]
pub(super) struct Columns(Vec<&'static str>);

impl Columns {
    pub(super) fn named(line: &str) -> Result<Self, Fault> {
        let mut columns: Vec<&str> = Vec::new();
        for name in fields(line)? {
            let known = COLUMNS.into_iter().find(|column| *column == name.trim());
            let shown = quoted(name.trim());
            let Some(column) = known else {
                let all = COLUMNS.join(",");
                return Err(format!("unknown column {shown:?}; there are {all}"));
            };
            if columns.contains(&column) {
                return Err(format!("the column {shown:?} is there twice"));
            }
            columns.push(column);
        }
        let needed = &COLUMNS[..NEEDED];
        if needed.iter().any(|name| !columns.contains(name)) {
            return Err(format!(
                "at least the columns {} are needed",
                needed.join(",")
            ));
        }
        Ok(Self(columns))
    }

    pub(super) fn entry(&self, line: &str) -> Result<Entry, Fault> {
        let fields = fields(line)?;
        let (given, named) = (fields.len(), self.0.len());
        if given != named {
            return Err(format!("{given} fields, where the header has {named}"));
        }
        let mut values = Map::new();
        for (&column, field) in self.0.iter().zip(fields) {
            if !field.is_empty() {
                values.insert(column.into(), value(column, field)?);
            }
        }
        Entry::deserialize(Value::Object(values)).map_err(|error| complaint(&error))
    }
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

//! Lines of comma-separated values.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::reading::{Fault, Row, quoted};

/// The columns of a CSV, by what is in them.
#[derive(Debug)]
pub(super) struct Columns(Vec<Column>);

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Column {
    AtNs,
    Event,
    Pid,
    Start,
    Name,
    State,
    CpuNs,
    RssBytes,
    Code,
}

impl Columns {
    pub(super) fn named(line: &str) -> Result<Self, Fault> {
        let mut columns: Vec<Column> = Vec::new();
        for name in fields(line)? {
            let column = word(name.trim())?;
            if columns.contains(&column) {
                return Err(format!(
                    "the column {:?} is there twice",
                    quoted(name.trim())
                ));
            }
            columns.push(column);
        }
        let needed = [Column::AtNs, Column::Event, Column::Pid, Column::Start];
        if needed.iter().all(|column| columns.contains(column)) {
            Ok(Self(columns))
        } else {
            Err("at least the columns at_ns,event,pid,start are needed".into())
        }
    }

    pub(super) fn row(&self, line: &str) -> Result<Row, Fault> {
        let fields = fields(line)?;
        if fields.len() != self.0.len() {
            return Err(format!(
                "{} fields, where the header has {}",
                fields.len(),
                self.0.len()
            ));
        }
        let mut row = Row::default();
        for (column, field) in self.0.iter().zip(&fields) {
            let given = !field.is_empty();
            match column {
                Column::AtNs => row.at_ns = number("at_ns", field)?,
                Column::Event => row.event = word(field)?,
                Column::Pid => row.pid = number("pid", field)?,
                Column::Start => row.start = number("start", field)?,
                Column::Name if given => row.name = Some(field.clone()),
                Column::State if given => row.state = Some(word(field)?),
                Column::CpuNs if given => row.cpu_ns = Some(number("cpu_ns", field)?),
                Column::RssBytes if given => row.rss_bytes = Some(number("rss_bytes", field)?),
                Column::Code if given => row.code = Some(number("code", field)?),
                _ => {}
            }
        }
        Ok(row)
    }
}

fn number<T: std::str::FromStr>(column: &str, field: &str) -> Result<T, Fault> {
    field.parse().map_err(|_| {
        format!(
            "{column} = {:?} is not a whole number in range",
            quoted(field)
        )
    })
}

/// A word by its name in files; the complaint lists what there is.
fn word<'de, T: Deserialize<'de>>(field: &'de str) -> Result<T, Fault> {
    let word: StrDeserializer<'_, WordError> = field.into_deserializer();
    T::deserialize(word).map_err(|error| quoted(&error.to_string()))
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

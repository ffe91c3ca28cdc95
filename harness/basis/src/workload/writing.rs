//! Writing process traces.

use std::io::Write;
use std::path::Path;

use super::reading::{Kind, Row};
use super::{Entry, SCHEMA, What, Workload};
use crate::error::{Error, Result};

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
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Form::Csv,
            _ => Form::JsonLines,
        }
    }
}

impl Workload {
    /// The trace as text.
    ///
    /// # Panics
    ///
    /// Never: a trace is plain data.
    pub fn text(&self, form: Form) -> String {
        let rows = self.entries.iter().map(Row::from);
        match form {
            Form::JsonLines => {
                let header = serde_json::to_string(&self.header).expect("plain data");
                let row = |row| serde_json::to_string(&row).expect("plain data");
                let lines = std::iter::once(header).chain(rows.map(row));
                lines.map(|line| line + "\n").collect()
            }
            Form::Csv => {
                let head =
                    format!("# {SCHEMA}\nat_ns,event,pid,start,name,state,cpu_ns,rss_bytes,code\n");
                rows.fold(head, |text, row| text + &csv(&row))
            }
        }
    }

    /// Writes the trace to the side and moves it into its place.
    ///
    /// # Errors
    ///
    /// When it cannot be written; what was there before is then still there.
    pub fn save(&self, path: &Path) -> Result<()> {
        let Some(name) = path.file_name() else {
            return Err(Error::input(format!(
                "cannot write {}: it is not the name of a file",
                path.display()
            )));
        };
        let aside = path.with_file_name(format!(".{}.partial", name.to_string_lossy()));
        let written = std::fs::File::create(&aside)
            .and_then(|mut file| file.write_all(self.text(Form::of(path)).as_bytes()))
            .and_then(|()| std::fs::rename(&aside, path));
        written.map_err(|error| {
            // Best effort: it may not even be there.
            let _ = std::fs::remove_file(&aside);
            Error::file("write", path, &error)
        })
    }
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        let row = Row {
            at_ns: entry.at_ns,
            pid: entry.process.pid,
            start: entry.process.start,
            ..Row::default()
        };
        match &entry.what {
            What::Born { name } => Row {
                event: Kind::Born,
                name: name.clone(),
                ..row
            },
            What::State(state) => Row {
                event: Kind::State,
                state: Some(*state),
                ..row
            },
            What::Resources { cpu_ns, rss_bytes } => Row {
                event: Kind::Resources,
                cpu_ns: Some(*cpu_ns),
                rss_bytes: Some(*rss_bytes),
                ..row
            },
            What::Exit { code } => Row {
                event: Kind::Exit,
                code: *code,
                ..row
            },
        }
    }
}

/// A line of CSV, in the order of the columns that [`Workload::text`] names.
fn csv(row: &Row) -> String {
    fn word(value: impl serde::Serialize) -> String {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(serde_json::Value::Null) | Err(_) => String::new(),
            Ok(other) => other.to_string(),
        }
    }
    let name = row.name.as_ref().map_or_else(String::new, |name| {
        format!("\"{}\"", name.replace('"', "\"\""))
    });
    let Row {
        at_ns, pid, start, ..
    } = row;
    let [event, state] = [word(row.event), word(row.state)];
    let [cpu, rss, code] = [word(row.cpu_ns), word(row.rss_bytes), word(row.code)];
    format!("{at_ns},{event},{pid},{start},{name},{state},{cpu},{rss},{code}\n")
}

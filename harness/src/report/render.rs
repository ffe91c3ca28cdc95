//! From the document to its two formats. Every value is escaped by the format it goes into, unless
//! a filter here has made it safe.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State};
use serde::Serialize;

use super::index::Entry;
use super::view::Document;

/// Its style sheet and its script stand in the page. Both are text of this program and not of a run.
const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The report in HTML: one file, nothing from elsewhere, complete without its script.
pub(super) fn html(document: &Document) -> String {
    render("report.html", document)
}

/// The report in Markdown, as code-hosting pages show it. In place of each drawing stands its file's name.
pub(super) fn markdown(document: &Document) -> String {
    render("report.md", document)
}

/// A comment, in Markdown.
pub(super) fn comment(shown: &impl Serialize) -> String {
    render("comment.md", shown)
}

/// The list of recorded runs, in Markdown.
pub(super) fn index(runs: &[Entry]) -> String {
    let runs = BTreeMap::from([("runs", runs)]);
    render("index.md", &runs)
}

/// Every template, by the format that it writes.
const TEMPLATES: [(&str, &str); 6] = [
    (
        "report.html",
        include_str!("../../templates/report.html.j2"),
    ),
    ("report.md", include_str!("../../templates/report.md.j2")),
    ("comment.md", include_str!("../../templates/comment.md.j2")),
    ("index.md", include_str!("../../templates/index.md.j2")),
    ("advice.md", include_str!("../../templates/advice.md.j2")),
    ("adr.md", include_str!("../../templates/adr.md.j2")),
];

/// What a template makes of a document.
pub(super) fn render(template: &str, document: &impl Serialize) -> String {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters are the usual ones");
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|name| match name {
        "report.html" => AutoEscape::Html,
        _ => AutoEscape::Custom("markdown".into()),
    });
    environment.set_formatter(escaped);
    environment.add_filter("text", text);
    environment.add_filter("line", line);
    environment.add_global("style", Value::from_safe_string(STYLE.into()));
    environment.add_global("script", Value::from_safe_string(SCRIPT.into()));
    environment.add_filter("label", label);
    for (name, text) in TEMPLATES {
        let added = environment.add_template(name, text);
        added.expect("the template is part of the program");
    }
    environment
        .get_template(template)
        .and_then(|template| template.render(Serde(document)))
        .expect("the document has every field that its template names")
}

/// Writes a value in the format of the template.
fn escaped(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let text = value.to_string();
    let text = if value.is_safe() {
        text
    } else {
        plain(state.auto_escape(), &text)
    };
    out.write_str(&text).map_err(minijinja::Error::from)
}

/// The filter for texts with backticks: their insides become code, everything is escaped.
fn text(state: &State<'_, '_>, value: &str) -> Value {
    let escape = state.auto_escape();
    let parts: Vec<&str> = value.split('`').collect();
    let mut out = String::with_capacity(value.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1 && index + 1 < parts.len();
        if is_code {
            out.push_str(&code(escape, part));
        } else {
            // A backtick without a partner is a character like others.
            let is_stray = index % 2 == 1;
            out.push_str(&plain(escape, if is_stray { "`" } else { "" }));
            out.push_str(&plain(escape, part));
        }
    }
    Value::from_safe_string(out)
}

/// The filter for an indented code block, where nothing is markup but the end of the line.
fn line(value: &str) -> Value {
    Value::from_safe_string(value.replace(['\n', '\r'], " "))
}

/// The filter for what stands in brackets, as the description of a picture does.
fn label(value: &str) -> Value {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '[' | ']' => out.extend(['\\', letter]),
            other => out.push_str(&escape_markdown(other.encode_utf8(&mut [0; 4]))),
        }
    }
    Value::from_safe_string(out)
}

fn plain(escape: &AutoEscape, text: &str) -> String {
    match escape {
        AutoEscape::Html => escape_html(text),
        _ => escape_markdown(text),
    }
}

fn code(escape: &AutoEscape, text: &str) -> String {
    match escape {
        AutoEscape::Html => format!("<code>{}</code>", escape_html(text)),
        // A pipe ends a table's cell even within code; backslashes there are removed again. The
        // element and not backticks, because only there angle brackets can be escaped.
        _ if text.contains(['|', '<', '>', '&', '\n']) => {
            format!("<code>{}</code>", escape_markdown(text))
        }
        _ => format!("`{text}`"),
    }
}

/// Takes the meaning of markup from a text, also within the quotes of an attribute.
pub(super) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Takes their meaning from the characters that would make markup, a table's end or a link of a text
/// in the middle of a line. Underscores and brackets stay: within words and before spaces they mean
/// nothing, and intervals and metric names are full of them.
fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '~' => out.extend(['\\', letter]),
            '(' | '[' if before == ']' => out.extend(['\\', letter]),
            other => out.push(other),
        }
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_loses_its_meaning() {
        assert_eq!(
            escape_markdown("a|b <c> [d](e)\nf `g` [1.0, 2.0]"),
            r"a\|b &lt;c&gt; [d]\(e) f \`g\` [1.0, 2.0]"
        );
    }

    #[test]
    fn a_label_cannot_end_before_its_bracket() {
        let out = label("1.2x [1.1, 1.3] ](evil) <b>").to_string();
        assert_eq!(out, r"1.2x \[1.1, 1.3\] \](evil) &lt;b&gt;");
    }

    #[test]
    fn code_cannot_leave_its_cell() {
        let markdown = AutoEscape::Custom("markdown".into());
        assert_eq!(code(&markdown, "a|<b>"), r"<code>a\|&lt;b&gt;</code>");
        assert_eq!(code(&markdown, "mutex/std"), "`mutex/std`");
        assert_eq!(code(&AutoEscape::Html, "<b>"), "<code>&lt;b&gt;</code>");
    }
}

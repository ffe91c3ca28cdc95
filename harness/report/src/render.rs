//! The templates: one environment for every form and for the words of the sections. Every value is escaped by the format
//! it goes into, unless a filter here has made it safe.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior};
use serde::Serialize;

use super::{export, format};
use results::{Band, Cell, Choice, Decision, Ratio, Verdict};

/// What a template in Markdown makes of a value, with one empty line where something that is empty has left several.
pub(super) fn markdown_text(template: &str, value: Value) -> String {
    let text = render_value(template, value);
    let mut lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim_start_matches('\n').to_owned() + "\n"
}

macro_rules! templates {
    ($($folder:literal: $($name:literal)*;)*) => {
        &[$($((
            concat!($folder, $name),
            include_str!(concat!("../../templates/", $folder, $name, ".j2")),
        ),)*)*]
    };
}

/// Every template by its name, which says which format it writes: documents, the words of the report's sections as `draft`
/// reads them, what commands print of their own findings, and the drawings that `charts` places.
#[rustfmt::skip]
const TEMPLATES: &[(&str, &str)] = templates! {
    "": "report.html" "report.md" "macros.md" "comment.md" "headline.md" "index.md" "legend.txt" "advice_sentences.txt"
        "advice_refused.txt" "advice_undecided.txt" "advice_left.txt" "recorded_workload.txt" "adoption.txt" "history.txt" "adr.md"
        "cells.csv";
    "sections/": "first.md" "case.md" "choice.md" "report-table.md" "details.md" "answer.md" "verdicts.md" "figures.md"
        "differences.md" "decisions.md" "registry.md" "cards.md" "marks.md" "biases.md" "costs.md" "memory.md" "deadlock.md"
        "controls.md" "method.md" "environment.md" "lessons.md" "guarantees.md" "probes.md" "pareto.md" "flips.md" "scaling.md"
        "evidence.md" "flip.md" "unpredicted.md";
    "terminal/": "advice.md" "backtest.md" "claims.md" "diff.md" "explain.md" "forecast.md" "list.md" "locks.md"
        "predictions.md" "replay.md" "selftest.md" "verify.md";
    "charts/": "frontier.svg" "intervals.svg" "prediction.svg" "quantiles.svg" "shapes.svg" "situations.svg" "standalone.svg"
        "sweep.svg";
};

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters are the usual ones");
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "html" | "svg")) => AutoEscape::Html,
        Some((_, "txt")) => AutoEscape::None,
        _ if name.starts_with("sections/") || name.starts_with("terminal/") => {
            AutoEscape::Custom("words".into())
        }
        _ => AutoEscape::Custom("markdown".into()),
    });
    environment.set_formatter(escaped);
    environment.add_filter("text", text);
    environment.add_filter("line", line);
    environment.add_filter("label", label);
    environment.add_filter("margin", format::margin);
    environment.add_filter("significant", format::significant);
    environment.add_filter("thousands", format::thousands);
    environment.add_filter("percent", format::percent);
    environment.add_filter("fine_percent", format::fine_percent);
    environment.add_filter("off", |share| format::off(share, 0));
    environment.add_filter("times", format::times);
    environment.add_filter("ratio", |ratio: Serde<Ratio>| format::ratio(&ratio));
    environment.add_filter("interval", |it: Serde<Ratio>| format::ratio_interval(&it));
    environment.add_filter("decision", |decision: Serde<Decision>, baseline: &str| {
        format::decision(decision.0, baseline)
    });
    environment.add_filter("gained", |choice: Serde<Choice>| format::gained(&choice));
    environment.add_filter("slower_by", |ratio: Serde<Ratio>| format::slower_by(&ratio));
    environment.add_filter("cost_share", |it: Serde<Ratio>| format::cost_share(&it));
    environment.add_filter("measured", |cell: Serde<Cell>| format::measured(&cell));
    environment.add_filter("listed", |items: Vec<String>| format::list(&items));
    environment.add_filter("first_of", format::first_of);
    environment.add_filter("names", |names: Vec<String>| format::names(&names));
    environment.add_filter("counted", format::counted);
    environment.add_filter("sentence", format::sentence);
    environment.add_filter("duration", format::duration);
    environment.add_filter("bytes", format::bytes);
    environment.add_filter("published", format::published);
    environment.add_filter("count", format::count);
    environment.add_filter("band", |band: Serde<Band>| format::band(band.0));
    environment.add_filter("verdict", |it: Serde<Verdict>| format::verdict(it.0));
    environment.add_filter("tone", |kind: &str| <&str>::from(format::tone(kind)));
    environment.add_filter("hundredths", |value: f64| format!("{value:.2}"));
    environment.add_filter("mark", mark);
    environment.add_filter("csv", export::csv_fields);
    // The style sheet and the script stand in the page. Both are text of this program and not of a run.
    let style = include_str!("../../templates/report.css");
    let script = include_str!("../../templates/report.js");
    environment.add_global("style", Value::from_safe_string(style.into()));
    environment.add_global("script", Value::from_safe_string(script.into()));
    for (name, text) in TEMPLATES {
        let added = environment.add_template(name, text);
        added.expect("the template is part of the program");
    }
    environment
});

/// What a template makes of a document.
///
/// # Panics
///
/// When the program has no such template, or the document lacks what it names.
pub fn render(template: &str, document: &impl Serialize) -> String {
    render_value(template, Value::from(Serde(document)))
}

/// The same of a value of the templates' own kind.
pub(super) fn render_value(template: &str, value: Value) -> String {
    ENVIRONMENT
        .get_template(template)
        .and_then(|template| template.render(value))
        .unwrap_or_else(|error| panic!("{template} is part of the program: {error:#}"))
}

/// Stands for a line between columns that is none, in the words of a section.
pub(super) const BAR: char = '\u{E000}';
/// Stands before what a cell has beside its lead: a kind, a space, the text.
pub(super) const MARK: char = '\u{E001}';

/// The filter for what a cell has beside its lead: a tone, or what has one (the text is then the verdict), `detail`, `link` or
/// `absent`.
pub(super) fn mark(text: &str, kind: &str) -> String {
    format!("{MARK}{kind} {text}")
}

/// Writes a value in the format of the template.
fn escaped(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let text = value.to_string();
    let text = match state.auto_escape() {
        _ if value.is_safe() => text,
        AutoEscape::None => text.replace(['\n', '\r'], " "),
        // No value ends a line or a column of a section's template.
        AutoEscape::Custom(kind) if kind == "words" => text
            .replace(['\n', '\r'], " ")
            .replace('|', &BAR.to_string()),
        escape => plain(escape, &text),
    };
    out.write_str(&text).map_err(minijinja::Error::from)
}

/// The filter for texts with backticks: their insides become code, everything is escaped.
fn text(state: &State<'_, '_>, value: &str) -> Value {
    let escape = state.auto_escape();
    let mut out = String::with_capacity(value.len() + 16);
    let mut rest = value;
    // A backtick without a partner is a character like others.
    while let [before, inside, after] = rest.splitn(3, '`').collect::<Vec<_>>()[..] {
        out += &plain(escape, before);
        out += &code(escape, inside);
        rest = after;
    }
    out += &plain(escape, rest);
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
        AutoEscape::None => text.to_owned(),
        _ => escape_markdown(text),
    }
}

fn code(escape: &AutoEscape, text: &str) -> String {
    match escape {
        AutoEscape::Html => format!("<code>{}</code>", escape_html(text)),
        AutoEscape::None => text.to_owned(),
        // A pipe ends a table's cell even within code; backslashes there are removed again. The
        // element and not backticks, because only there angle brackets can be escaped.
        _ if text.contains(['|', '<', '>', '&', '\n']) => {
            format!("<code>{}</code>", escape_markdown(text))
        }
        _ => format!("`{text}`"),
    }
}

/// Takes the meaning of markup from a text, also within the quotes of an attribute.
fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
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

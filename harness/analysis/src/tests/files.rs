//! What reading must do with any file: keep what is whole, name what is not, refuse without a panic.

use std::path::PathBuf;

use model::sample::{
    Header, Line, Reading, SCHEMA, Warning, Writer, amended, pack, parse, pool, read, text,
};
use model::stall::StallSeen;

use crate::{Samples, analyse};
use fixtures::sample_lines;

/// A header and a few lines of every kind.
fn few_lines() -> Vec<Line> {
    let all = sample_lines();
    let of = |wanted: fn(&Line) -> bool, count: usize| {
        let lines: Vec<Line> = all
            .iter()
            .filter(|line| wanted(line))
            .take(count)
            .cloned()
            .collect();
        assert_eq!(lines.len(), count);
        lines
    };
    let mut lines = of(|line| matches!(line, Line::Header(_)), 1);
    lines.extend(of(|line| matches!(line, Line::Slice(_)), 5));
    lines.extend(of(|line| matches!(line, Line::Allocation(_)), 2));
    lines.extend(of(|line| matches!(line, Line::Memory(_)), 1));
    lines.extend(of(|line| matches!(line, Line::Check(_)), 1));
    lines.push(Line::Complete);
    lines
}

fn notes(reading: &Reading) -> String {
    reading.notes("file").join("\n")
}

/// The refusal of a file.
fn refusal(bytes: &[u8]) -> String {
    let text = parse(bytes, "file")
        .expect_err("it is unusable")
        .to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn line_number(text: &str, place: usize) -> usize {
    text[..place].matches('\n').count()
}

/// Whether `few` is `all` with some left out.
fn is_part(few: &[Line], all: &[Line]) -> bool {
    let mut rest = all.iter();
    few.iter().all(|line| rest.any(|other| other == line))
}

#[test]
fn a_whole_file_is_read_as_it_was_written() {
    let lines = sample_lines();
    let text = text(&lines);
    let reading = parse(text.as_bytes(), "file").expect("it is ours");
    assert_eq!(reading.lines, lines);
    assert_eq!(reading.warnings, []);
    assert_eq!(reading.end, text.len() as u64);
    assert!(!reading.lacks_line_feed);
}

#[test]
fn cut_anywhere_a_file_keeps_every_line_before_the_cut() {
    let lines = few_lines();
    let text = text(&lines);
    let header = text.find('\n').expect("it has lines");
    for cut in 0..text.len() {
        let bytes = &text.as_bytes()[..cut];
        if cut < header {
            refusal(bytes);
            continue;
        }
        let reading = parse(bytes, "file").expect("the header is whole");
        let at_the_end_of_a_line = text.as_bytes()[cut] == b'\n';
        let whole = line_number(&text, cut) + usize::from(at_the_end_of_a_line);
        assert_eq!(reading.lines, lines[..whole.max(1)], "cut at {cut}");
        let torn = cut as u64 - reading.end;
        assert_eq!(torn > 0, reading.warnings == [Warning::Torn(whole + 1)]);
        assert_eq!(reading.lacks_line_feed, at_the_end_of_a_line);
    }
}

#[test]
fn a_flipped_byte_costs_its_line_and_no_other() {
    let lines = few_lines();
    let text = text(&lines);
    let header = text.find('\n').expect("it has lines");
    for place in header + 1..text.len() {
        // One bit of each byte; each of the bits is hit many times.
        let mask = 1_u8 << (place % 8);
        let mut bytes = text.clone().into_bytes();
        let was_line_feed = bytes[place] == b'\n';
        bytes[place] ^= mask;
        let reading = parse(&bytes, "file").expect("the header is whole");
        let hit = line_number(&text, place);
        let mut others = lines.clone();
        others.drain(hit..(hit + 1 + usize::from(was_line_feed)).min(lines.len()));
        assert!(is_part(&others, &reading.lines), "{mask:#x} at {place}");
        let is_named = !reading.warnings.is_empty();
        assert!(
            is_named || reading.lines.len() == lines.len(),
            "{mask:#x} at {place}"
        );
    }
}

#[test]
fn a_flipped_byte_of_the_header_never_panics() {
    let text = text(&few_lines());
    let header = text.find('\n').expect("it has lines");
    let (mut refused, mut read) = (0, 0);
    for place in (0..=header).step_by(2) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= 0x01;
        match parse(&bytes, "file") {
            Err(_) => refused += 1,
            Ok(reading) => {
                read += 1;
                // Whatever passes as a header can be analysed.
                if place % 256 == 0 {
                    analyse(
                        &Samples::from_lines(reading.lines).expect("it begins with its header"),
                    );
                }
            }
        }
    }
    assert!(refused > 0 && read > 0, "{refused} refused, {read} read");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let mut text: Vec<String> = text(&few_lines()).lines().map(str::to_owned).collect();
    text[2] = text[2].replace("single-reader", "solitary-reader");
    text[3].insert(0, '?');
    let twin = text[4].clone();
    text.insert(5, twin);
    text.push(r#"{"kind":"flip","scenario":"single-reader"}"#.into());
    text.push(r#"{"kind":"flip","scenario":"ten-readers"}"#.into());
    let reading = parse((text.join("\n") + "\n").as_bytes(), "file").expect("the header is whole");
    let notes = notes(&reading);
    for expected in [
        "line 3 is left out: the header has no scenario \"solitary-reader\"",
        "line 4 is left out: expected value at column 1",
        "line 6 is left out: an earlier line is the same",
        "line 13 is of a kind that this version does not know (\"flip\") and is left out, with all 2",
    ] {
        assert!(notes.contains(expected), "{expected} is not in {notes}");
    }
    assert_eq!(reading.lines.len(), few_lines().len() - 2);
}

#[test]
fn very_many_faults_do_not_drown_the_rest() {
    let text = text(&few_lines()[..1]) + &"nonsense\n".repeat(1_000);
    let reading = parse(text.as_bytes(), "file").expect("the header is whole");
    assert_eq!(reading.warnings.len(), 1_000);
    let notes = reading.notes("file");
    assert!(notes.len() < 20 && notes.last().expect("some").contains("992 more"));
}

#[test]
fn lines_are_added_and_everything_else_stays_byte_for_byte() {
    let mut lines = few_lines();
    assert_eq!(lines.pop(), Some(Line::Complete));
    let whole = text(&lines);
    let unknown = "{\"kind\":\"from-tomorrow\",\"x\": 1}\nnot a sample\n";
    let torn = "{\"kind\":\"slice\",\"sc";
    let before = format!("{whole}{unknown}{torn}");
    let new = Line::Stall(StallSeen {
        strategy: "mutex/std".into(),
        ..StallSeen::default()
    });
    let amend = |content: &[u8]| {
        let is_old = |line: &Line| matches!(line, Line::Stall(_));
        amended(content, "file", is_old, std::slice::from_ref(&new))
    };
    let line = text(std::slice::from_ref(&new));
    let after = amend(before.as_bytes()).unwrap();
    assert_eq!(after, format!("{whole}{unknown}{line}{torn}").into_bytes());
    // Again: the lines are replaced and do not add up; packed stays packed.
    assert_eq!(amend(&after).unwrap(), after);
    let packed = amend(&pack(before.as_bytes())).unwrap();
    assert_eq!(packed, pack(&after));
    // Before the end of a run that has one, also where the last line feed is missing.
    let complete = text(&[Line::Complete]);
    let ended = amend(format!("{whole}{}", complete.trim_end()).as_bytes()).unwrap();
    assert_eq!(ended, format!("{whole}{line}{complete}").into_bytes());
    // What is lost already is not written back as if it were whole.
    let packed = pack(before.as_bytes());
    assert!(amend(&packed[..packed.len() - 9]).is_err());
    assert!(amend(format!("{whole}{whole}").as_bytes()).is_err());
}

#[test]
fn other_versions_are_told_apart() {
    let text = text(&few_lines());
    let as_schema = |schema: &str| text.replacen(SCHEMA, schema, 1);
    let newer = as_schema("pivot-samples/3.7");
    assert!(parse(newer.as_bytes(), "file").is_ok(), "a minor version");
    for other in ["pivot-samples/2.2", "pivot-samples/30", "pivot-results/3"] {
        let error = refusal(as_schema(other).as_bytes());
        assert!(error.contains(other) && error.contains(SCHEMA), "{error}");
    }
    assert!(refusal(b"").contains("begins with a header line"));
    assert!(refusal(b"\xff\xfe\n").contains("begins with a header line"));
    let headless = text.split_once('\n').expect("it has lines").1;
    assert!(refusal(headless.as_bytes()).contains("begins with a header line"));
    let error = refusal(
        text.replacen(
            "\"baseline\":\"mutex/std\"",
            "\"baseline\":\"mutex/sty\"",
            1,
        )
        .as_bytes(),
    );
    assert!(
        error.contains("the header is damaged") && error.contains("mutex/sty"),
        "{error}"
    );
}

/// A file of this test's own, removed again.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &str) -> Self {
        let name = format!("pivot-{name}-{}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).expect("the temporary folder is writable");
        Self(path)
    }

    fn content(&self) -> String {
        std::fs::read_to_string(&self.0).expect("it is there")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_killed_run_is_continued_without_loss_from_any_byte_on() {
    let lines = few_lines();
    let text = text(&lines);
    let header = text.find('\n').expect("it has lines");
    let file = Scratch::new("resume", "");
    for cut in (header..text.len()).step_by(7) {
        std::fs::write(&file.0, &text[..cut]).expect("it is ours");
        let reading = read(&file.0).expect("the header is whole");
        let mut writer = Writer::resume(&file.0, &reading).expect("it is ours");
        for line in &lines[reading.lines.len()..] {
            writer.append(line).expect("the disk has room");
        }
        assert_eq!(file.content(), text, "cut at {cut}");
    }
}

#[test]
fn runs_that_were_joined_are_read_up_to_the_second_and_not_continued() {
    let text = text(&few_lines());
    let file = Scratch::new("joined", &text.repeat(2));
    let reading = read(&file.0).expect("the first header is whole");
    assert_eq!(reading.lines, few_lines());
    assert!(notes(&reading).contains("line 12 is a second header"));
    let error = Writer::resume(&file.0, &reading).expect_err("it would cut the second run off");
    assert!(error.to_string().contains("second header"), "{error}");
    assert_eq!(file.content(), text.repeat(2));
}

#[test]
fn what_cannot_be_read_is_not_overwritten() {
    let ours = text(&few_lines());
    for kept in ["my notes\n", &ours.replacen(SCHEMA, "pivot-samples/4", 1)] {
        let file = Scratch::new("kept", kept);
        let error = Writer::create(&file.0).expect_err("somebody may need it");
        assert!(error.to_string().contains("not overwritten"), "{error}");
        assert_eq!(file.content(), kept);
    }
    for spent in ["", &ours, &ours[..40]] {
        let file = Scratch::new("spent", spent);
        Writer::create(&file.0).expect("an earlier run, or nothing");
        assert_eq!(file.content(), "");
    }
}

fn reading(lines: &[Line]) -> Reading {
    parse(text(lines).as_bytes(), "file").expect("it is ours")
}

fn pooled(a: &[Line], b: &[Line]) -> model::error::Result<(Vec<Line>, Vec<String>)> {
    pool(vec![("a".into(), reading(a)), ("b".into(), reading(b))])
}

fn header_of(lines: &mut [Line]) -> &mut Header {
    match &mut lines[0] {
        Line::Header(header) => header,
        _ => unreachable!("the first line is the header"),
    }
}

#[test]
fn pooled_files_keep_their_processes_apart_and_their_counts_once() {
    let lines = sample_lines();
    let (both, warnings) = pooled(&lines, &lines).expect("they agree");
    assert_eq!(warnings, Vec::<String>::new());
    let [single, pooled] = [lines, both].map(|lines| {
        let samples = Samples::from_lines(lines).expect("it begins with its header");
        analyse(&samples)
    });
    assert_eq!(pooled.protocol.processes, 2 * single.protocol.processes);
    assert_eq!(pooled.protocol.slices, 2 * single.protocol.slices);
    assert_eq!(pooled.cells.len(), single.cells.len());
    assert_eq!(pooled.guarantees, single.guarantees);
    assert!(!pooled.partial);
    for (single, pooled) in single.cells.iter().zip(&pooled.cells) {
        assert!(
            (single.median - pooled.median).abs() <= 1e-9 * single.median.abs(),
            "{single:?} {pooled:?}"
        );
    }
}

#[test]
fn a_pool_keeps_the_looks_of_all_and_where_each_run_begins() {
    let (first, mut other) = (sample_lines(), sample_lines());
    header_of(&mut other).environment.seed += 1;
    header_of(&mut other).looks = 4;
    let header = |lines: &mut Vec<Line>| header_of(lines).clone();
    let (mut both, _) = pooled(&first, &other).expect("they agree");
    let of_both = header(&mut both);
    assert_eq!((of_both.looks, of_both.runs.len()), (5, 2));
    let samples = Samples::from_lines(both.clone()).expect("it begins with its header");
    assert_eq!(analyse(&samples).protocol.runs, 2);
    // What is a pool already stays so many runs.
    let (mut all, _) = pooled(&other, &both).expect("they agree");
    let of_all = header(&mut all);
    assert_eq!((of_all.looks, of_all.runs.len()), (9, 3));
    let second = of_all.runs[1];
    assert_eq!(of_all.runs, [0, second, second + of_both.runs[1]]);
}

#[test]
fn a_pool_is_as_partial_and_as_broken_as_its_worst_file() {
    let whole = sample_lines();
    let mut other = whole.clone();
    assert_eq!(other.pop(), Some(Line::Complete));
    for line in &mut other {
        if let Line::Check(check) = line {
            check.passed = false;
        }
    }
    for (a, b) in [(&whole, &other), (&other, &whole)] {
        let (lines, _) = pooled(a, b).expect("they agree");
        assert!(!lines.contains(&Line::Complete));
        let failed = |line: &Line| matches!(line, Line::Check(check) if !check.passed);
        assert!(lines.iter().any(failed));
    }
}

#[test]
fn files_that_do_not_belong_together_are_told_why() {
    let refused = |change: &dyn Fn(&mut Header)| {
        let mut other = sample_lines();
        change(header_of(&mut other));
        let error = pooled(&sample_lines(), &other).expect_err("they differ");
        error.to_string()
    };
    let error = refused(&|header| header.baseline = "novel/thing".into());
    assert!(
        error.contains("cannot pool a and b") && error.contains("novel/thing"),
        "{error}"
    );
    let error = refused(&|header| header.scenarios[0].processes += 1);
    assert!(
        error.contains("define scenario single-reader differently"),
        "{error}"
    );
}

#[test]
fn files_from_elsewhere_are_pooled_with_a_warning() {
    let mut other = sample_lines();
    let header = header_of(&mut other);
    header.environment.cpu = "Another CPU".into();
    header.scenarios[0].question = "In other words?".into();
    let (_, warnings) = pooled(&sample_lines(), &other).expect("they asked the same");
    let warnings = warnings.join("\n");
    assert!(
        warnings.contains("cpu: Invented CPU / Another CPU"),
        "{warnings}"
    );
}

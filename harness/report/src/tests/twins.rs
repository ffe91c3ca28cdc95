//! The report's other forms: drawings beside the Markdown, the cells as CSV, and a comment.

use model::sample::{PACKED, PLAIN, pack, text};

use super::*;

/// A report's files of three strategies, with a sweep's curves among the drawings.
fn made() -> Vec<File> {
    files(&results_of_three(), None)
}

fn named<'f>(files: &'f [File], name: &str) -> &'f str {
    let file = files.iter().find(|file| file.name == name);
    &file.unwrap_or_else(|| panic!("{name} is missing")).text
}

#[test]
fn the_markdown_shows_every_drawing_from_a_file_beside_it() {
    let files = made();
    let markdown = &["report.md", "details.md"]
        .map(|name| named(&files, name))
        .concat();
    let shown: Vec<&str> = markdown
        .match_indices("](plots/")
        .map(|(at, _)| {
            let rest = &markdown[at + 2..];
            &rest[..rest.find(')').expect("it ends")]
        })
        .collect();
    let drawn: Vec<&str> = files
        .iter()
        .map(|file| file.name.as_str())
        .filter(|name| name.starts_with("plots/"))
        .collect();
    assert!(drawn.len() >= 3, "{drawn:?}");
    assert_eq!(shown, drawn, "each once, in the order of the text");
    let pages = ["report.html", "details.html"].map(|name| named(&files, name));
    let in_pages = pages.concat().matches("role=\"img\" aria-label").count();
    assert!(
        in_pages > drawn.len(),
        "the pages have what is folded up, too"
    );
    assert!(!markdown.contains("<svg"));
}

#[test]
fn a_drawing_in_a_file_is_legible_on_any_ground() {
    for file in made() {
        if !file.name.starts_with("plots/") {
            continue;
        }
        let svg = &file.text;
        assert!(svg.starts_with("<svg ") && svg.contains("xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(svg.contains("prefers-color-scheme: dark"), "{}", file.name);
        // The ground is drawn first, and every colour has one for the dark scheme.
        let (style, drawing) = svg.split_once("</style>").expect("it has a style sheet");
        assert!(drawing.trim_start().starts_with("<rect class=\"ground\""));
        for attribute in ["fill=\"", "stroke=\""] {
            for (at, _) in drawing.match_indices(attribute) {
                let rest = &drawing[at + attribute.len()..];
                let colour = &rest[..rest.find('"').expect("it ends")];
                let is_known = ["none", "#ffffff"].contains(&colour)
                    || style.contains(&format!("[{attribute}{colour}\"]"));
                assert!(is_known, "{}: {attribute}{colour}", file.name);
            }
        }
    }
}

#[test]
fn markup_in_names_does_not_leave_its_place_in_any_form() {
    let evil = "evil/](x)<script>|`x`,\"q\"\n# h";
    let results = Run::new([invented(evil, 4.0, 4.0, 4.0)]).results();
    for file in files(&results, None) {
        let is_page = ["report.md", "details.md"].contains(&&*file.name);
        if is_page || file.name.starts_with("plots/") {
            assert!(!file.text.contains("<script>"), "{}", file.name);
        }
    }
    let comment = comment(&results);
    assert!(
        !comment.contains("<script>") && !comment.contains("\n# h"),
        "{comment}"
    );
    let csv = csv(&results);
    let quoted = "\"evil/](x)<script>|`x`,\"\"q\"\"\n# h\"";
    assert!(csv.contains(quoted), "{csv}");
}

#[test]
fn the_csv_has_every_cell_with_its_ratio() {
    let results = results_of_three();
    let csv = csv(&results);
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let machine = alone(&results);
    assert_eq!(lines.len(), machine.cells.len() + 1);
    let column = |name: &str| {
        let index = lines[0].iter().position(|column| *column == name);
        index.unwrap_or_else(|| panic!("{name} is missing"))
    };
    for (line, cell) in lines[1..].iter().zip(&machine.cells) {
        assert_eq!(line.len(), lines[0].len(), "{line:?}");
        let number = |name: &str| line[column(name)].parse::<f64>().ok();
        assert_eq!(line[column("strategy")], cell.strategy);
        assert_eq!(line[column("metric")], cell.metric.name());
        assert_eq!(line[column("machine")], machine.name);
        assert_eq!(number("median"), Some(export::figure(cell.median)));
        assert_eq!(number("ci_high"), Some(export::figure(cell.ci_high)));
        let ratio = cell.ratio.as_ref();
        assert_eq!(
            number("ratio"),
            ratio.map(|ratio| export::figure(ratio.median))
        );
        assert_eq!(
            number("ratio_low"),
            ratio.map(|ratio| export::figure(ratio.ci_low))
        );
        let verdict = ratio.map_or_else(String::new, |ratio| ratio.verdict.to_string());
        assert_eq!(line[column("verdict")], verdict);
    }
}

#[test]
fn a_comment_is_short_and_says_what_counts() {
    let results = results_of_three();
    let comment = comment(&results);
    assert!(comment.lines().count() <= 25, "{comment}");
    let row = comment
        .lines()
        .find(|line| line.starts_with("| `atomics/seqlock`"))
        .expect("the best is in the table");
    let ratio = alone(&results).cell("ten-readers", "atomics/seqlock", Metric::ReadNs);
    let ratio = ratio
        .and_then(|cell| cell.ratio.as_ref())
        .expect("it was compared");
    assert!(
        row.contains(&format::ratio(ratio)) && row.contains("adopt"),
        "{row}"
    );
    for expected in [
        "`mutex/std`",
        "`channel/std-mpsc`",
        "too close to call",
        &alone(&results).environment.command,
    ] {
        assert!(comment.contains(expected), "{expected}: {comment}");
    }
    let mut cut = three();
    cut.complete = false;
    assert!(super::comment(&cut.results()).contains("(partial run)"));
    // With nothing to decide there is a comment all the same.
    assert!(super::comment(&Run::baseline_only().results()).contains("Nothing was compared"));
}

#[test]
fn drawings_and_samples_of_an_earlier_report_do_not_stay() {
    let folder = Folder::new("stale");
    let plots = folder.0.join("plots");
    std::fs::create_dir_all(&plots).expect("the folder is writable");
    let put = |name: &str, text: &str| {
        std::fs::write(folder.0.join(name), text).expect("the folder is writable");
    };
    put("plots/notes.txt", "mine");
    put("plots/mine-1.svg", "<svg/>");
    let run = three();
    let plain = text(&run.lines());
    let write = |content: &[u8]| {
        let samples = Source::Samples(content.to_vec());
        let existing = Existing::Keep;
        write(&run.results(), None, &samples, &folder.0, existing).expect("the folder is writable")
    };
    write(plain.as_bytes());
    assert!(folder.0.join(PLAIN).exists());
    put("plots/report-table-99.svg", "<svg/>");
    put("details.md", "![Table](plots/report-table-99.svg)");
    let packed = pack(plain.as_bytes());
    write(&packed);
    assert!(folder.0.join(PACKED).exists() && !folder.0.join(PLAIN).exists());
    let mut names: Vec<String> = std::fs::read_dir(&plots)
        .expect("it is there")
        .map(|entry| {
            entry
                .expect("it is readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    for mine in ["notes.txt", "mine-1.svg"] {
        assert!(names.contains(&mine.into()), "what is not ours stays");
    }
    assert!(names.contains(&"case-busy-writer-1.svg".into()));
    assert!(!names.contains(&"report-table-99.svg".into()));
    assert!(
        names.iter().all(|name| !name.ends_with(".partial")),
        "{names:?}"
    );
}

#[test]
fn what_no_report_has_written_is_not_replaced_by_one() {
    let run = three();
    let samples = Source::Samples(text(&run.lines()).into_bytes());
    for name in ["report.md", "results.json", "plots/first-1.svg"] {
        let folder = Folder::new("foreign");
        let mine = folder.0.join(name);
        std::fs::create_dir_all(folder.0.join("plots")).expect("the folder is writable");
        std::fs::write(&mine, "{}").expect("the folder is writable");
        let write = |existing| write(&run.results(), None, &samples, &folder.0, existing);
        let error = write(Existing::Keep).expect_err(name).to_string();
        assert!(error.contains(name), "{error}");
        assert_eq!(std::fs::read(&mine).expect("it is there"), b"{}");
        assert!(!folder.0.join(PLAIN).exists(), "nothing is written");
        write(Existing::Replace).expect("it was asked for");
        write(Existing::Keep).expect("now it is a report");
    }
}

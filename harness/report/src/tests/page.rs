//! What the page offers beside its sections: questions, cards, costs side by side.

use contract::ScanConsistency;

use super::answers::latency;
use super::*;

#[test]
fn every_question_of_a_review_has_an_answer() {
    let results = results_of_three();
    let asked = [
        "Which to adopt",
        "By how much",
        "How sure",
        "What is lost",
        "When it flips",
        "What not to adopt",
    ];
    assert_eq!(questions(&results), asked);
}

/// What stands before the first table is short, and the table has a row for each use case and the price of its answer.
#[test]
fn the_first_screen_answers_use_cases_in_150_words() {
    let mut run = three();
    run.strategies[3].library = "a-crate".into();
    let results = run.results();
    let blocks = first_screen::section(&results).blocks;
    let texts = blocks.iter().filter_map(|block| match block {
        view::Block::Prose { text } | view::Block::Heading { text } => Some(text.as_str()),
        view::Block::Figure(figure) => Some(figure.caption.as_str()),
        _ => None,
    });
    let text: Vec<&str> = texts.collect();
    let text = text.join(" ");
    assert!(text.split_whitespace().count() <= 150, "{text}");
    assert!(text.contains("pivot run --preset default --seed 7"));
    let text = markdown(&results);
    let of_all = row(&text, "one reader beside a writer that never pauses");
    assert_eq!(of_all[1], "`atomics/seqlock`; in this workspace");
    // The mean of 20 times for reads and 3 times for writes.
    assert!(
        of_all[2].starts_with("7.") && of_all[2].contains("improves"),
        "{of_all:?}"
    );
    let of_published = row(&text, "... with published crates");
    assert_eq!(of_published[1], "stay with `mutex/std`");
    // Without any of those there is nothing to say of them.
    let text = markdown(&results_of_three());
    assert!(!text.contains("... with published crates"));
}

/// The questions about one strategy for everything; each has an answer before the next.
fn questions(results: &Results) -> Vec<String> {
    let blocks = summary::section(results).blocks;
    let mut blocks = blocks.iter().peekable();
    let mut questions = Vec::new();
    while let Some(block) = blocks.next() {
        if let view::Block::Heading { text } = block {
            let is_answer = |next: &&view::Block| matches!(next, view::Block::Prose { .. });
            assert!(blocks.peek().is_some_and(is_answer), "{text}");
            questions.push(text.clone());
        }
    }
    questions
}

#[test]
fn the_same_questions_have_answers_where_nothing_is_to_be_adopted() {
    let mut run = three();
    for strategy in &mut run.strategies {
        strategy.reads = 1.0;
        strategy.readers = 1.0;
        strategy.writes = 1.0;
    }
    let results = run.results();
    assert_eq!(questions(&results), questions(&results_of_three()));
    let told = answered(&results);
    assert!(told.contains("Stay with `mutex/std`"), "{told}");
    assert!(told.contains("What comes closest: `"), "{told}");
    assert!(
        told.contains("Nothing is, while `mutex/std` stays"),
        "{told}"
    );
}

#[test]
fn a_drawing_has_all_about_a_strategy_in_one_layer() {
    let results = results_of_three();
    let machine = alone(&results);
    let rows = facts::report_rows(machine);
    assert!(!rows.is_empty());
    for row in rows {
        let svg = charts::intervals::figure(machine, row)
            .expect("it was compared")
            .svg;
        let (_, rest) = svg
            .split_once("<g data-strategy=\"novel/thing\">")
            .expect("it has a layer");
        let (layer, rest) = rest.split_once("</g>").expect("layers end");
        assert!(
            layer.contains("novel/thing") && layer.contains("<circle"),
            "{layer}"
        );
        assert!(!layer.contains("<svg") && !rest.contains("novel/thing"));
        assert_eq!(
            svg.matches("<svg").count() + svg.matches("</svg>").count(),
            2
        );
    }
}

#[test]
fn what_is_lost_names_the_promise_that_is_not_kept() {
    let mut run = three();
    run.strategies[1].reads = 4.0;
    run.strategies[1].claims.scan_consistency = ScanConsistency::Weak;
    let told = |run: &Run| answered(&run.results());
    assert!(told(&run).contains("scan consistency weak (atomic snapshot)"));
    assert!(!told(&three()).contains("scan consistency"));
}

#[test]
fn every_pivot_has_a_verdict() {
    let html = html(&results_of_three());
    let table = section(&html, "summary");
    assert!(table.contains("Verdict per pivot"));
    for told in [
        "atomics/seqlock",
        "novel/thing",
        "channel/std-mpsc",
        "adopt for some operations",
    ] {
        assert!(table.contains(told), "{told}");
    }
}

#[test]
fn every_strategy_has_a_card_from_its_profile() {
    let results = results_of_three();
    let html = html(&results);
    let cards = section(&html, "cards");
    for card in alone(&results).contenders() {
        let start = cards
            .find(&format!("data-strategy=\"{}\"", card.name))
            .expect("it has a card");
        let rest = &cards[start..];
        let own = &rest[..rest.find("</article>").expect("cards end")];
        assert!(own.contains(&card.avoid_when), "{own}");
        for (property, claim) in card.claims.all() {
            let pair = format!("<dt>{property}</dt><dd>{claim}</dd>");
            assert!(own.contains(&pair), "{pair}");
        }
    }
}

#[test]
fn who_is_beaten_in_everything_is_told_by_whom() {
    // Reads and writes alone: who invented the memory did not mean it.
    let mut lines = three().lines();
    lines.retain(|line| !matches!(line, Line::Memory(_)));
    let html = html(&analysed(lines));
    let table = section(&html, "pareto");
    let of = |name: &str| {
        let start = table
            .find(&format!("<code>{name}</code></a></th>"))
            .expect("it has a row");
        &table[start..start + table[start..].find("</tr>").expect("rows end")]
    };
    assert!(of("channel/std-mpsc").contains("mutex/std"));
    assert!(of("atomics/seqlock").contains("none"));
}

#[test]
fn latencies_are_drawn_and_are_in_the_results() {
    let mut run = three();
    run.others = vec![latency("mutex/std", 0, 900), latency("novel/thing", 0, 70)];
    let results = run.results();
    let of = |name: &str| {
        alone(&results)
            .latencies
            .iter()
            .find(|one| one.strategy == name)
    };
    let novel = of("novel/thing").expect("it was timed");
    assert_eq!((novel.operations, novel.quantiles[0].ns), (100_000, 70.0));
    let page = html(&results);
    let probes = section(&page, "probes");
    let told = ["novel/thing p50 70.0 ns, p99 7.00 us", "mutex/std p50"];
    assert!(told.iter().all(|told| probes.contains(told)), "{probes}");
    assert!(!section(&html(&three().results()), "probes").contains("p99 7.00"));
}

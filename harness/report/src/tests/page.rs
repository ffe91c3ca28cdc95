//! What the page offers beside its sections: questions, cards, costs side by side.

use contract::ScanConsistency;

use super::answers::latency;
use super::*;

/// What stands before the first table is short, and the table has a row for each use case and the price of its answer.
#[test]
fn the_first_screen_answers_use_cases_in_150_words() {
    let mut run = three();
    run.strategies[3].library = "a-crate".into();
    let results = run.results();
    let blocks = choices::first(&results).blocks;
    let texts = blocks.iter().filter_map(|block| match block {
        view::Block::Prose(text) | view::Block::Heading(text) => Some(text.as_str()),
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
    let mut results = results_of_three();
    let text = markdown(&results);
    assert!(!text.contains("... with published crates") && !text.contains("(\"or more\")"));
    // What has no upper end is told, and why.
    let answer = busy_writer(&mut results).choice.as_mut();
    let answer = answer.expect("one qualifies");
    (answer.low, answer.high) = (6.0, f64::INFINITY);
    let text = markdown(&results);
    let of_all = row(&text, "one reader beside a writer that never pauses");
    assert!(of_all[2].contains("x [6.00 or more]"), "{of_all:?}");
    assert!(
        text.contains(
            "(\"or more\"): in at least one process the strategy, or `mutex/std`, finished"
        )
    );
}

#[test]
fn where_nothing_is_to_be_adopted_the_same_answer_stands_everywhere() {
    let mut run = three();
    for strategy in &mut run.strategies {
        strategy.reads = 1.0;
        strategy.readers = 1.0;
        strategy.writes = 1.0;
    }
    let mut results = run.results();
    let page = markdown(&results);
    assert!(
        page.contains("\nStay with `mutex/std`: no strategy is better"),
        "{page}"
    );
    assert!(
        page.contains("\nStay with `mutex/std`: nothing gains more"),
        "{page}"
    );
    assert!(row(&page, "one reader beside a writer that never pauses")[1].contains("stay with"));
    // Where an interval does not exclude a gain, it is said to be what was measured.
    busy_writer(&mut results).nearest = Some(Choice {
        strategy: "novel/thing".into(),
        library: "own".into(),
        times: 1.18,
        low: 1.12,
        high: 1.3,
        processes: 14,
        loss: None,
    });
    let page = markdown(&results);
    let answer = row(&page, "one reader beside a writer that never pauses");
    let nearest = "novel/thing 1.18x [1.12, 1.30], which may";
    assert_eq!(
        answer[2],
        format!("as measured nothing gains more than 20 % without a loss here; nearest: {nearest}")
    );
    let expected = format!(
        "\nStay with `mutex/std`: as measured nothing gains more than 20 % without a loss here. Nearest: {nearest}."
    );
    assert!(page.contains(&expected), "{page}");
    // One operation may gain, and the mean of all does not reach the margin: it is not named.
    let nearest = busy_writer(&mut results).nearest.as_mut();
    nearest.expect("set above").high = 1.19;
    let page = markdown(&results);
    let answer = row(&page, "one reader beside a writer that never pauses");
    assert_eq!(
        answer[2],
        "as measured nothing gains more than 20 % without a loss here"
    );
}

/// Each use case has a section: every contender in the rows that decide it, and what its answer costs elsewhere.
#[test]
fn a_use_case_shows_all_its_contenders_and_the_price_of_its_answer() {
    let mut run = three();
    run.strategies[1].claims.scan_consistency = ScanConsistency::Weak;
    let results = run.results();
    let page = html(&results);
    let case = section(&page, "case-busy-writer");
    for card in alone(&results).contenders() {
        let is_drawn = case.contains(&format!("<g data-strategy=\"{}\">", card.name));
        assert_eq!(is_drawn, card.name != "mutex/std", "{}", card.name);
    }
    for panel in [
        "contention-saturating (read)",
        "contention-saturating (write)",
    ] {
        assert!(case.contains(&format!(">{panel}</text>")), "{panel}");
    }
    assert!(
        case.contains("Use <code>atomics/seqlock</code> (in this workspace): "),
        "{case}"
    );
    let costs = section(&page, "costs");
    let (table, _) = costs.split_once("</table>").expect("it has a table");
    assert_eq!(table.matches("atomics/seqlock").count(), 1, "{table}");
    assert!(
        costs.contains("scan consistency: weak instead of atomic snapshot"),
        "{costs}"
    );
}

/// What it takes to use an answer is folded up below what it costs; of what is in no registry the report knows nothing.
#[test]
fn the_report_says_once_how_to_adopt_an_answer() {
    let page = html(&results_of_three());
    let costs = section(&page, "costs");
    let (_, adoption) = costs
        .split_once("<summary>How to adopt <code>atomics/seqlock</code>")
        .expect("it is the answer");
    for text in [
        "podtable = { path = &quot;PATH/strategies/podtable&quot; }",
        "instead of <code>Mutex&lt;HashMap&lt;u64, Quota&gt;&gt;</code>",
        "<code>pivot explain atomics/seqlock</code>",
        "<li>Guards: ",
    ] {
        assert!(adoption.contains(text), "{text} is not in {adoption}");
    }
    assert_eq!(
        costs.matches("How to adopt <code>atomics/seqlock").count(),
        1
    );
}

#[test]
fn a_drawing_has_all_about_a_strategy_in_one_layer() {
    let results = results_of_three();
    let rows = facts::report_rows(alone(&results));
    let figures = charts::intervals(&results, &rows, |_| true);
    assert!(!figures.is_empty());
    for figure in figures {
        let view::Block::Figure(view::Figure { svg, .. }) = figure else {
            unreachable!("these are drawings")
        };
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
    // In the picture of situations, what lies before the axis begins has an arrow in place of a tick.
    let blocks = choices::first(&results).blocks.into_iter();
    let mut figures = blocks.filter_map(|block| match block {
        view::Block::Figure(figure) => Some(figure.svg),
        _ => None,
    });
    let picture = figures.next().expect("situations were measured");
    for (name, mark) in [("channel/std-mpsc", "<polyline"), ("novel/thing", "<line")] {
        let layer = picture.split_once(&format!("<g data-strategy=\"{name}\">"));
        let (_, layer) = layer.expect("it has a layer");
        assert!(layer.trim_start().starts_with(mark), "{name}: {layer}");
    }
}

#[test]
fn what_is_lost_names_the_promise_that_is_not_kept() {
    let mut run = three();
    run.strategies[1].reads = 4.0;
    run.strategies[1].claims.scan_consistency = ScanConsistency::Weak;
    let decisions = |run: &Run| {
        let page = html(&run.results());
        section(&page, "decisions").to_owned()
    };
    assert!(decisions(&run).contains("scan consistency: weak instead of atomic snapshot"));
    assert!(!decisions(&three()).contains("scan consistency"));
}

#[test]
fn every_pivot_has_a_verdict() {
    let html = html(&results_of_three());
    let table = section(&html, "decisions");
    for expected in [
        "The channel itself · channel",
        "atomics/seqlock",
        "novel/thing",
        "channel/std-mpsc",
        "adopt for some operations",
    ] {
        assert!(table.contains(expected), "{expected}");
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
        let text = &rest[..rest.find("</article>").expect("cards end")];
        assert!(text.contains(&card.avoid_when), "{text}");
        for (property, claim) in card.claims.all() {
            let pair = format!("<dt>{property}</dt><dd>{claim}</dd>");
            assert!(text.contains(&pair), "{pair}");
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
    let find = |name: &str| {
        alone(&results)
            .latencies
            .iter()
            .find(|latency| latency.strategy == name)
    };
    let novel = find("novel/thing").expect("it was timed");
    assert_eq!((novel.operations, novel.quantiles[0].ns), (100_000, 70.0));
    let page = html(&results);
    let probes = section(&page, "probes");
    let expected = ["novel/thing p50 70.0 ns, p99 7.00 us", "mutex/std p50"];
    assert!(
        expected.iter().all(|expected| probes.contains(expected)),
        "{probes}"
    );
    assert!(!section(&html(&three().results()), "probes").contains("p99 7.00"));
}

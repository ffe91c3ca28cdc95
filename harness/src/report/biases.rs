//! What the harness favours, and what it cannot see: one text for every report and for `reports/BIASES.md`.

use super::view::{Block, Section, prose};

/// A way in which the figures lean, whoever reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bias {
    /// What to call it.
    pub name: &'static str,
    /// How it comes about.
    pub what: &'static str,
    /// Whom it favours, against what a service would see.
    pub favours: &'static str,
}

/// The biases, those that weigh most first.
pub const BIASES: [Bias; 24] = [
    Bias {
        name: "Conflict of interest",
        what: "The crates `atomics` and `hybrid` are our own, written beside this harness, on its machine and with its \
               scenarios in view. The libraries are taken as released.",
        favours: "our own structures; believe the libraries' rows sooner.",
    },
    Bias {
        name: "Settings that are not the defaults",
        what: "All libraries get our hasher, and the capacity that a table will need. `concurrent-map/dashmap` has 64 \
               shards on every machine, where the library takes 4 for each processor: with its 8 on two processors threads \
               meet 8 times as often. `concurrent-map/dashmap-default` is the library's own choice. \
               `channel/crossbeam` has a queue of 32 and a reply slot for each handle, `left-right/evmap-batched` \
               publishes every 16 writes, and the epoch tables have a collector of their own instead of the default one. All \
               other settings are the libraries'.",
        favours: "dashmap on machines with few processors, and the tuned variants over what a first attempt would give.",
    },
    Bias {
        name: "Closed loop",
        what: "But for the latency probes, which keep to a schedule, a thread starts its next operation when the last one \
               is done: a stall is one slow operation and not the queue it would cause, and a cell is a median, which a \
               rare stall does not move.",
        favours: "what is fast most of the time and stalls now and then: locks, resizing maps, deferred reclamation.",
    },
    Bias {
        name: "Nothing between two operations",
        what: "Threads do nothing but use the table. A service works between two reads, so it contends less, and the \
               table's cost is a smaller share of it.",
        favours: "whatever scales, over locks, in every row with more than one thread.",
    },
    Bias {
        name: "Identifiers known beforehand",
        what: "The next identifiers are read off a tape of 64 KiB, so the processor overlaps independent reads. An atomic \
               read-modify-write stops that, on x86 completely.",
        favours: "reads without one (seqlocks, cached snapshots, left-right) over locks and reference counts.",
    },
    Bias {
        name: "Slow writers unload readers",
        what: "Where a writer never pauses, readers and writers are rated apart, and a writer that is slow disturbs less \
               often.",
        favours: "strategies with expensive writes, in the readers' column; read it together with the writers'.",
    },
    Bias {
        name: "Hot caches",
        what: "The table is all that the threads work on, and the report's rows have 64 records. In a service it competes \
               for cache with everything else.",
        favours: "a pointer per record, copies of the table and padding: what is spread out in memory.",
    },
    Bias {
        name: "Few processors, one socket",
        what: "Two processors that share a cache hand a lock over cheaply. What many would show is not here and must not \
               be extrapolated.",
        favours: "locks and shared counters, where nobody is oversubscribed.",
    },
    Bias {
        name: "Oversubscribed rows",
        what: "With more threads than processors the scheduler decides: a thread that loses its processor inside a lock \
               stops everyone, and one that waits for it spins in vain.",
        favours: "lock-free reads; locks that park over those that spin.",
    },
    Bias {
        name: "Threads that the scenario does not count",
        what: "The channels' actor runs on a thread of its own, and a paced writer keeps a processor busy while it waits \
               for its beat.",
        favours: "everything over the channels, most of all on two processors.",
    },
    Bias {
        name: "Virtual machine",
        what: "The hypervisor may take a processor away at any moment, and frequencies are not ours to fix.",
        favours: "nobody for certain: it widens intervals; a lock's holder that is stopped costs more than a reader that is.",
    },
    Bias {
        name: "A processor each",
        what: "Threads that have a processor each are bound to it; a service's are moved about, and then meet less, or wait \
               for each other's time slices. Threads that have to share are left to the scheduler.",
        favours: "whatever scales, over locks, in the rows with as many threads as processors.",
    },
    Bias {
        name: "The baseline as neighbour",
        what: "Every slice stands between two of the baseline in the same process. What a strategy leaves behind, garbage \
               not yet freed and caches filled with it, its neighbours pay for.",
        favours: "deferred reclamation.",
    },
    Bias {
        name: "Handles made once, threads made anew",
        what: "Each slice has fresh threads, which make one handle each before anything is counted. A service that makes \
               one per request pays for registration, slots and cached snapshots.",
        favours: "epochs, left-right, cached snapshots and channels with a reply slot.",
    },
    Bias {
        name: "Tables made to measure",
        what: "A table is made for as many records as it will hold, and filled before anything is counted: nothing grows \
               while time is taken.",
        favours: "tables that stop everyone when they grow.",
    },
    Bias {
        name: "Whole records",
        what: "A read touches every word of the record and, unless a scenario says otherwise, does nothing else while it \
               holds it.",
        favours: "copying the record out, over lending it; with one field to read or long work to do, lending gains.",
    },
    Bias {
        name: "Uniform keys, hits only",
        what: "Unless a scenario says otherwise every record is read equally often, and every lookup finds one.",
        favours: "shards and a lock per record, over whole-table schemes: a hot key is where they meet.",
    },
    Bias {
        name: "One hasher",
        what: "Everyone uses an unseeded multiplicative hash of an integer, on which ascending pids spread very well, and \
               which resists no attacker. A slower hash adds the same to everyone.",
        favours: "open addressing; and it pulls ratios away from 1.",
    },
    Bias {
        name: "One allocator",
        what: "The system's. Another, with caches for each thread, makes allocating and freeing elsewhere cheaper.",
        favours: "what does not allocate, over copy on write, epochs and the allocating channel.",
    },
    Bias {
        name: "Compiled into the loop",
        what: "The strategy is a type parameter, so a short read is inlined into the loop. Behind a trait object or in \
               another language it is a call. A crate whose code is timed is one codegen unit; cargo's default of 16 \
               inlines less of some libraries, and turns some verdicts round: the profile `stock` measures that.",
        favours: "the shortest reads, and libraries that leave inlining to the compiler.",
    },
    Bias {
        name: "x86-64",
        what: "Its loads and stores are ordered: acquire and release cost nothing, and a missing one seldom shows. Our own \
               orderings are explored by loom, the libraries' are not.",
        favours: "reads made of ordered loads, over locks; and code that is wrong elsewhere.",
    },
    Bias {
        name: "Rust here, Go there",
        what: "The original report's figures are from Go on another machine: another mutex, another channel, a collector \
               that reclaims in the background. Only its ratios are set beside ours, and they are not the same question.",
        favours: "the mutex: ours costs less than Go's was measured to, so a pivot has less to gain.",
    },
    Bias {
        name: "Time goes where intervals are wide",
        what: "Every scenario gets a process with all strategies in every round; where intervals are wide it has more \
               blocks. The width decides and never the result.",
        favours: "nobody; the noisy scenarios, in seconds spent on them.",
    },
    Bias {
        name: "What is left out",
        what: "A strategy that hangs or panics is not measured further in that scenario, one that fails a check is not \
               ranked, a record that a strategy cannot hold is n/a: each is named in the report. A block is dropped when \
               the machine was disturbed meanwhile, whatever it shows; no slice is dropped for being slow. Not among the contenders: asynchronous locks, hazard pointers, kernel-assisted RCU, \
               transactional memory, and whatever its author has not added yet.",
        favours: "those who are here.",
    },
];

pub(super) fn section() -> Section {
    Section {
        id: "biases",
        title: "What this harness favours, and cannot see".into(),
        blocks: vec![
            prose(
                "Every measurement leans to some side. These leanings are known, hold for all reports of this harness, \
                 and come with their direction: whom they favour, against what a service would see.",
            ),
            Block::List {
                items: BIASES
                    .iter()
                    .map(|bias| format!("{}. {} Favours {}", bias.name, bias.what, bias.favours))
                    .collect(),
            },
        ],
    }
}

/// The longest line of the list in the document, in characters.
const LINE_MAX: usize = 116;

/// The same as a Markdown list, for `reports/BIASES.md`.
pub fn biases_as_markdown() -> String {
    let item = |bias: &Bias| {
        let text = format!(
            "**{}.** {} *Favours {}*",
            bias.name, bias.what, bias.favours
        );
        let mut item = String::new();
        let mut line = String::from("-");
        for word in text.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > LINE_MAX {
                item.push_str(&line);
                item.push('\n');
                line = String::from(" ");
            }
            line.push(' ');
            line.push_str(word);
        }
        item + &line + "\n"
    };
    BIASES.iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_the_same() {
        let document = include_str!("../../../reports/BIASES.md");
        let (_, rest) = document
            .split_once("<!-- pivot:biases -->\n")
            .expect("the marker is there");
        let (said, _) = rest
            .split_once("<!-- pivot:biases end -->")
            .expect("the marker is there");
        assert!(
            said == biases_as_markdown(),
            "`pivot report --check --fix` writes it into the document"
        );
    }

    #[test]
    fn each_is_a_sentence_with_a_direction() {
        for bias in BIASES {
            assert!(
                bias.what.ends_with('.') && bias.favours.ends_with('.'),
                "{}",
                bias.name
            );
            assert!(!bias.name.ends_with('.'), "{}", bias.name);
        }
    }
}

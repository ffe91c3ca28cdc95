//! Cache lines that move between processors: a discrete-event simulation.
//!
//! Of MESI's protocol what costs time is kept. A line is held by one processor that may write it, or
//! shared by several that may read it. Whoever wants more than it has asks for it; the request reaches
//! the holder after a while, during which the holder goes on (so it does several operations in a row
//! between two hand-overs, as processors do), and then the line travels. Of several that ask one is
//! chosen at random. Readers that ask at the same time get their copies at the same time.
//!
//! Programs are executed, not replayed: a compare-and-swap that comes too late is done again, a
//! sequence lock's reader that saw a change starts over. A trace from one machine could not grow its
//! retries. Who finds a lock taken waits, has the line meanwhile, and asks for it anew when the lock is
//! given back; of several who wait one is chosen.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// One step of an operation. Lines go by numbers from 0; `again` is the number of the step to go back to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Something of its own, which takes so many ns.
    Work(f64),
    /// Reads a line.
    Load(usize),
    /// Reads a line, and remembers its version.
    Remember(usize),
    /// Writes a line, whatever is there.
    Store(usize),
    /// Writes a line if it is as it was remembered, or goes back.
    Swap { line: usize, again: usize },
    /// Reads a line, and goes back if it is not as it was remembered.
    Check { line: usize, again: usize },
    /// Takes the lock that is in a line; waits while another has it.
    Acquire(usize),
    /// Gives the lock back.
    Release(usize),
}

impl Step {
    /// The line that it needs, and whether to write it.
    pub(crate) const fn access(self) -> Option<(usize, bool)> {
        match self {
            Step::Work(_) => None,
            Step::Load(line) | Step::Remember(line) | Step::Check { line, .. } => {
                Some((line, false))
            }
            Step::Store(line)
            | Step::Swap { line, .. }
            | Step::Acquire(line)
            | Step::Release(line) => Some((line, true)),
        }
    }
}

/// The steps of an operation, which is done over and over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program(pub(crate) Vec<Step>);

impl Program {
    /// From its steps.
    ///
    /// # Panics
    ///
    /// When a step goes forward instead of back, or when nothing takes any time: nothing would end.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        for (number, step) in steps.iter().enumerate() {
            if let Step::Swap { again, .. } | Step::Check { again, .. } = step {
                assert!(*again <= number, "step {number} goes forward to {again}");
            }
        }
        let takes_time = |step: &Step| matches!(step, Step::Work(ns) if *ns > 0.0);
        assert!(
            steps.iter().any(takes_time),
            "an operation takes some time of its own"
        );
        Self(steps)
    }

    /// Whether others can make it go back.
    pub(crate) fn retries(&self) -> bool {
        let goes_back = |step: &Step| matches!(step, Step::Swap { .. } | Step::Check { .. });
        self.0.iter().any(goes_back)
    }

    /// One more than the highest number of a line; 0 if it accesses none.
    pub(crate) fn lines(&self) -> usize {
        let numbers = self.0.iter().filter_map(|step| step.access());
        numbers.map(|(line, _)| line + 1).max().unwrap_or(0)
    }
}

/// A simulation to be done.
pub(crate) struct Setting<'p> {
    /// What each processor does, over and over.
    pub(crate) programs: Vec<&'p Program>,
    /// What a line costs on its way between two processors, by their numbers, in ns.
    pub(crate) transfer_ns: &'p dyn Fn(usize, usize) -> f64,
    /// The share of that which passes before the holder has to let go.
    pub(crate) keeps: f64,
    /// For how long, in ns of the simulation.
    pub(crate) duration_ns: f64,
    /// It ends before its time is over when so much has happened...
    pub(crate) events_max: u64,
    /// ...or so many operations have been done, over all processors.
    pub(crate) operations_max: u64,
}

/// What one processor did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Done {
    /// Whole operations.
    pub(crate) operations: u64,
    /// How often it had to start one again.
    pub(crate) retries: u64,
}

#[expect(clippy::cast_sign_loss, reason = "no time is negative")]
fn time(ns: f64) -> Time {
    // Halves up; `f64::round` is a call on processors that are not known to have an instruction for it.
    (ns * 1e3 + 0.5) as Time
}

struct Processor<'p> {
    program: &'p Program,
    step: usize,
    /// What it saw of each line when it last remembered.
    remembered: Vec<u64>,
    done: Done,
}

struct Simulation<'s, 'p> {
    setting: &'s Setting<'p>,
    processors: Vec<Processor<'p>>,
    lines: Vec<Line>,
    agenda: Agenda,
    /// Done so far, over all processors.
    operations: u64,
    random: Xoshiro256PlusPlus,
}

/// What a simulation came to.
pub(crate) struct Outcome {
    /// What each processor did.
    pub(crate) done: Vec<Done>,
    /// How long they did it, in ns: shorter than asked for where too much happened.
    pub(crate) lasted_ns: f64,
}

impl Outcome {
    /// Nanoseconds per operation as one processor sees it; `None` if all wait for each other.
    pub(crate) fn per_operation(&self) -> Option<f64> {
        let all: u64 = self.done.iter().map(|processor| processor.operations).sum();
        (all > 0).then(|| self.lasted_ns * self.done.len() as f64 / all as f64)
    }
}

/// Of the random choices: any will do.
const SEED: u64 = 1;

/// What each processor did until a limit was reached, and in what time.
///
/// # Panics
///
/// With more than 65,535 processors or lines.
pub(crate) fn run(setting: &Setting<'_>) -> Outcome {
    let processors = setting.programs.len();
    let lines = setting.programs.iter().map(|program| program.lines()).max();
    let lines = lines.unwrap_or(0);
    let numbers = processors.max(lines);
    assert!(u16::try_from(numbers).is_ok(), "{numbers} are too many");
    let start = |&program| Processor {
        program,
        step: 0,
        remembered: vec![0; lines],
        done: Done::default(),
    };
    let line = |_| Line {
        readers: vec![false; processors],
        ..Line::default()
    };
    let mut simulation = Simulation {
        setting,
        processors: setting.programs.iter().map(start).collect(),
        lines: (0..lines).map(line).collect(),
        agenda: Agenda::default(),
        operations: 0,
        random: Xoshiro256PlusPlus::seed_from_u64(SEED),
    };
    for processor in 0..processors {
        // Not all at once: each a little later than the one before.
        let agenda = &mut simulation.agenda;
        agenda.enter(processor as Time, Event::Ready(processor as u16));
    }
    let end = time(setting.duration_ns);
    let lasted = loop {
        if simulation.is_at_limit() {
            break simulation.agenda.now;
        }
        let event = simulation.agenda.next();
        match event.filter(|_| simulation.agenda.now <= end) {
            Some(Event::Ready(processor)) => simulation.step(processor.into()),
            Some(Event::LetGo(line)) => simulation.let_go(line.into()),
            Some(Event::Arrive(line)) => simulation.arrive(line.into()),
            // Where all wait for each other nothing happens until then.
            None => break end,
        }
    };
    let processors = simulation.processors.iter();
    Outcome {
        done: processors.map(|processor| processor.done).collect(),
        lasted_ns: lasted as f64 / 1e3,
    }
}

impl Simulation<'_, '_> {
    fn is_at_limit(&self) -> bool {
        let setting = self.setting;
        u64::from(self.agenda.entered) > setting.events_max
            || self.operations >= setting.operations_max
    }

    fn after(&mut self, ns: f64, event: Event) {
        self.agenda.enter(time(ns), event);
    }

    /// Does the steps of a processor that take no time, and one that does.
    fn step(&mut self, number: usize) {
        loop {
            let processor = &mut self.processors[number];
            let Some(&step) = processor.program.0.get(processor.step) else {
                processor.step = 0;
                processor.done.operations += 1;
                self.operations += 1;
                continue;
            };
            if let Step::Work(ns) = step {
                processor.step += 1;
                return self.after(ns, Event::Ready(number as u16));
            }
            let (line, writes) = step.access().expect("all others access a line");
            if !self.lines[line].allows(number, writes) {
                return self.request(number, line, writes);
            }
            if !self.carry_out(number, step, line) {
                return;
            }
        }
    }

    /// A step on a line that the processor has; whether it can go on.
    fn carry_out(&mut self, number: usize, step: Step, line: usize) -> bool {
        let processor = &mut self.processors[number];
        let version = self.lines[line].version;
        if matches!(step, Step::Acquire(_)) && self.lines[line].is_locked {
            self.lines[line].waiting.push(number);
            return false;
        }
        let is_as_before = processor.remembered[line] == version;
        processor.step += 1;
        match step {
            Step::Swap { again, .. } | Step::Check { again, .. } if !is_as_before => {
                processor.step = again;
                processor.done.retries += 1;
            }
            Step::Work(_) | Step::Load(_) | Step::Check { .. } => {}
            Step::Remember(_) => processor.remembered[line] = version,
            Step::Store(_) | Step::Swap { .. } => self.lines[line].version += 1,
            Step::Acquire(_) => {
                self.lines[line].is_locked = true;
                self.lines[line].version += 1;
            }
            Step::Release(_) => {
                self.lines[line].version += 1;
                if let Some(next) = self.lines[line].unlock(&mut self.random) {
                    self.after(0.0, Event::Ready(next as u16));
                }
            }
        }
        true
    }

    fn request(&mut self, number: usize, line: usize, writes: bool) {
        self.lines[line].asked.push((number, writes));
        if !self.lines[line].is_moving {
            self.send_request(line);
        }
    }

    /// A request, if there is one, travels to the holder; the holder goes on meanwhile.
    fn send_request(&mut self, line: usize) {
        let first = self.lines[line].asked.first().copied();
        self.lines[line].is_moving = first.is_some();
        if let Some((to, _)) = first {
            let ns = self.transfer(line, to) * self.setting.keeps;
            self.after(ns, Event::LetGo(line as u16));
        }
    }

    fn transfer(&self, line: usize, to: usize) -> f64 {
        let holder = self.lines[line].holder.filter(|&from| from != to);
        // From memory or from another cache nearby: what the nearest neighbour would cost.
        let neighbour = if to == 0 { 1 } else { to - 1 };
        (self.setting.transfer_ns)(holder.unwrap_or(neighbour), to)
    }

    fn let_go(&mut self, line: usize) {
        let to = self.lines[line].choose(&mut self.random);
        let ns = self.transfer(line, to) * (1.0 - self.setting.keeps);
        self.after(ns, Event::Arrive(line as u16));
    }

    fn arrive(&mut self, line: usize) {
        let served = self.lines[line].arrive();
        for &number in &served {
            // What it asked for it does, whoever asks next: or it might never get done.
            let processor = &self.processors[number];
            let step = processor.program.0[processor.step];
            if self.carry_out(number, step, line) {
                self.after(0.0, Event::Ready(number as u16));
            }
        }
        // Who comes next takes its memory.
        self.lines[line].coming = served;
        self.send_request(line);
    }
}

/// A cache line.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
struct Line {
    /// Who may write it, or wrote it last.
    holder: Option<usize>,
    /// Whether the holder may: nobody shares it, and it does not travel.
    is_exclusive: bool,
    /// Who may read it.
    readers: Vec<bool>,
    /// How often it was written.
    version: u64,
    /// Who asked for it, and whether to write.
    asked: Vec<(usize, bool)>,
    /// Whether it is about to move, or on its way.
    is_moving: bool,
    /// To whom.
    coming: Vec<usize>,
    comes_to_be_written: bool,
    /// Where a program takes it for a lock: whether that is taken.
    is_locked: bool,
    /// Who found it taken.
    waiting: Vec<usize>,
}

impl Line {
    /// The lock is free again; one of those who wait for it, if any does.
    fn unlock(&mut self, random: &mut impl Rng) -> Option<usize> {
        self.is_locked = false;
        let waiting = self.waiting.len() as u64;
        let chosen = random.next_u64().checked_rem(waiting)?;
        Some(self.waiting.swap_remove(chosen as usize))
    }

    /// Whether the processor has what it needs.
    fn allows(&self, processor: usize, writes: bool) -> bool {
        let may_write = self.holder == Some(processor) && self.is_exclusive;
        may_write || !writes && self.readers[processor]
    }

    /// Chooses who gets it: one who wants to write, or all who want to read. The holder lets go; who shares it does so
    /// when it is to be written.
    fn choose(&mut self, random: &mut impl Rng) -> usize {
        let chosen = (random.next_u64() % self.asked.len() as u64) as usize;
        let (to, writes) = self.asked[chosen];
        self.coming.clear();
        if writes {
            self.asked.swap_remove(chosen);
            self.coming.push(to);
            self.readers.fill(false);
        } else {
            let readers = self.asked.extract_if(.., |(_, writes)| !*writes);
            self.coming.extend(readers.map(|(reader, _)| reader));
        }
        self.comes_to_be_written = writes;
        self.is_exclusive = false;
        to
    }

    fn arrive(&mut self) -> Vec<usize> {
        let served = std::mem::take(&mut self.coming);
        for &processor in &served {
            self.readers[processor] = true;
        }
        if self.comes_to_be_written {
            self.holder = served.first().copied();
            self.is_exclusive = true;
        }
        served
    }
}

/// Times are in thousandths of a nanosecond: integers, so that the order of events is that of numbers.
type Time = u64;

/// Processors and lines go by their numbers, which are small: an entry of the agenda has 16 bytes, and moving
/// entries is most of what a simulation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A processor can do its next step.
    Ready(u16),
    /// A request reaches the holder of a line, which lets go.
    LetGo(u16),
    /// A line reaches those who asked for it.
    Arrive(u16),
}

/// Events by their time, and as they were entered where that is the same.
#[derive(Debug, Default)]
struct Agenda {
    /// With how many were entered before.
    events: BinaryHeap<Reverse<(Time, u32, Event)>>,
    /// Those that were entered for the present, after all others that are due: they need no sorting.
    at_once: VecDeque<Event>,
    /// When the last event happened.
    now: Time,
    /// How many were ever entered.
    entered: u32,
}

impl Agenda {
    /// Enters an event that is so far off.
    fn enter(&mut self, delay: Time, event: Event) {
        let entry = Reverse((self.now + delay, self.entered, event));
        match delay {
            0 => self.at_once.push_back(event),
            _ => self.events.push(entry),
        }
        self.entered += 1;
    }

    /// The earliest, which is no longer in it. It is now the present.
    fn next(&mut self) -> Option<Event> {
        let next = self.events.peek().map(|Reverse((when, ..))| *when);
        if next != Some(self.now) && !self.at_once.is_empty() {
            return self.at_once.pop_front();
        }
        let Reverse((when, _, event)) = self.events.pop()?;
        self.now = when;
        Some(event)
    }
}

#[cfg(test)]
mod tests;

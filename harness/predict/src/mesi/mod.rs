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

mod agenda;
mod line;
mod program;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use self::agenda::{Agenda, Event, Time};
use self::line::Line;
pub(crate) use self::program::{Program, Step};

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
    /// Of the random choices.
    pub(crate) seed: u64,
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
    now: Time,
    /// Done so far, over all processors.
    operations: u64,
    random: Xoshiro256PlusPlus,
}

/// What a simulation came to.
#[derive(Clone, Debug, PartialEq)]
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

/// When a simulation ends before its time is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So much has happened.
    pub(crate) events: u64,
    /// So many operations have been done, over all processors.
    pub(crate) operations: u64,
}

impl Limits {
    /// Only its time ends it.
    pub(crate) const NONE: Self = Self {
        events: u64::MAX,
        operations: u64::MAX,
    };

    fn are_reached(self, simulation: &Simulation<'_, '_>) -> bool {
        simulation.agenda.entered > self.events || simulation.operations >= self.operations
    }
}

/// What each processor did until a limit was reached, and in what time.
pub(crate) fn run(setting: &Setting<'_>, limits: Limits) -> Outcome {
    let processors = setting.programs.len();
    let lines = setting.programs.iter().map(|program| program.lines()).max();
    let lines = lines.unwrap_or(0);
    let start = |&program| Processor {
        program,
        step: 0,
        remembered: vec![0; lines],
        done: Done::default(),
    };
    let mut simulation = Simulation {
        setting,
        processors: setting.programs.iter().map(start).collect(),
        lines: (0..lines).map(|_| Line::new(processors)).collect(),
        agenda: Agenda::default(),
        now: 0,
        operations: 0,
        random: Xoshiro256PlusPlus::seed_from_u64(setting.seed),
    };
    for processor in 0..processors {
        // Not all at once: each a little later than the one before.
        let agenda = &mut simulation.agenda;
        agenda.enter(processor as Time, Event::Ready(processor));
    }
    let end = time(setting.duration_ns);
    while let Some((now, event)) = simulation.agenda.next() {
        if now > end || limits.are_reached(&simulation) {
            break;
        }
        simulation.now = now;
        match event {
            Event::Ready(processor) => simulation.step(processor),
            Event::LetGo(line) => simulation.let_go(line),
            Event::Arrive(line) => simulation.arrive(line),
        }
    }
    let lasted = if limits.are_reached(&simulation) {
        simulation.now
    } else {
        // Where all wait for each other nothing happens until then.
        end
    };
    let processors = simulation.processors.iter();
    Outcome {
        done: processors.map(|processor| processor.done).collect(),
        lasted_ns: lasted as f64 / 1e3,
    }
}

impl Simulation<'_, '_> {
    fn after(&mut self, ns: f64, event: Event) {
        self.agenda.enter(self.now + time(ns), event);
    }

    /// Does the steps of a processor that take no time, and one that does.
    fn step(&mut self, number: usize) {
        loop {
            let processor = &mut self.processors[number];
            let steps = processor.program.steps();
            let Some(&step) = steps.get(processor.step) else {
                processor.step = 0;
                processor.done.operations += 1;
                self.operations += 1;
                // An operation without any step would never end.
                if steps.is_empty() {
                    return;
                }
                continue;
            };
            if let Step::Work(ns) = step {
                processor.step += 1;
                return self.after(ns, Event::Ready(number));
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
        if matches!(step, Step::Acquire(_)) && self.lines[line].lock.is_taken {
            self.lines[line].lock.waiting.push(number);
            return false;
        }
        let is_as_before = processor.remembered[line] == version;
        processor.step += 1;
        match step {
            Step::Work(_) | Step::Load(_) => {}
            Step::Remember(_) => processor.remembered[line] = version,
            Step::Store(_) => self.lines[line].version += 1,
            Step::Acquire(_) => {
                self.lines[line].lock.is_taken = true;
                self.lines[line].version += 1;
            }
            Step::Release(_) => {
                self.lines[line].version += 1;
                if let Some(next) = self.lines[line].lock.release(&mut self.random) {
                    self.after(0.0, Event::Ready(next));
                }
            }
            Step::Swap { again, .. } if is_as_before => {
                debug_assert!(again < processor.step, "it goes back");
                self.lines[line].version += 1;
            }
            Step::Check { .. } if is_as_before => {}
            Step::Swap { again, .. } | Step::Check { again, .. } => {
                processor.step = again;
                processor.done.retries += 1;
            }
        }
        true
    }

    fn request(&mut self, number: usize, line: usize, writes: bool) {
        self.lines[line].asked.push((number, writes));
        if !self.lines[line].is_moving {
            self.lines[line].is_moving = true;
            self.send_request(line);
        }
    }

    /// The request travels to the holder; the holder goes on meanwhile.
    fn send_request(&mut self, line: usize) {
        let (to, _) = self.lines[line].asked[0];
        let ns = self.transfer(line, to) * self.setting.keeps;
        self.after(ns, Event::LetGo(line));
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
        self.lines[line].leave();
        self.after(ns, Event::Arrive(line));
    }

    fn arrive(&mut self, line: usize) {
        for number in self.lines[line].arrive() {
            // What it asked for it does, whoever asks next: or it might never get done.
            let processor = &self.processors[number];
            let step = processor.program.steps()[processor.step];
            if self.carry_out(number, step, line) {
                self.after(0.0, Event::Ready(number));
            }
        }
        if self.lines[line].asked.is_empty() {
            self.lines[line].is_moving = false;
        } else {
            self.send_request(line);
        }
    }
}

#[cfg(test)]
mod tests;

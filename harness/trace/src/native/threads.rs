//! Logical threads on real ones: thread-local schemes (epochs, debts, the choice of a shard) would
//! look shared, or vanish, if one thread played two. And whether all of them sleep, so that nothing will happen by
//! itself.
//!
//! Each has its access to a table, ready to do each operation step by step.

use std::cell::Cell;
use std::fs;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use contract::{
    Concurrency, Event, Handle, ProcessId, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};
use model::trace::Operation;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::gettid;
use trap::{Progress, Recording, Result, Stepper, Trap};

use super::allocation_map;
use super::execution::Execution;
use super::processes::{RESIDENTS, Request, STEADY, is_elsewhere};
use super::stall::{Observation, Scan};

/// A thread that does what it is told, one thing after the other.
pub(crate) struct Actor {
    asks: SyncSender<Ask>,
    answers: Receiver<Answer>,
    /// Whether it has begun something that is not answered yet.
    is_busy: Cell<bool>,
    /// Until this is dropped.
    thread: Option<JoinHandle<()>>,
}

enum Ask {
    Do(Request, Mode),
    /// Reads, and stays there until it is asked to let go.
    Hold(ProcessId),
    LetGo,
    Publish,
    Leave,
}

/// How a thread does something.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// At full speed.
    Run,
    /// Step by step.
    Step,
    /// At full speed, and says what came of it.
    Observe,
    /// Step by step, and says what came of it.
    StepAndObserve,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Answer {
    /// Nothing unless it was to be observed.
    pub(crate) observed: Observation,
    pub(crate) recording: Option<Recording>,
}

impl Answer {
    /// What was executed, if it was stepped.
    pub(crate) fn recording(self) -> Recording {
        self.recording.expect("it was stepped")
    }

    /// The same; its blocks are entered, and blocks are listened to again.
    fn execution(self) -> Execution {
        let execution = Execution::from_recording(&self.recording());
        allocation_map::catch_up(&execution);
        allocation_map::listen();
        execution
    }
}

/// How often in a row all threads have to be found asleep.
const LOOKS: u32 = 3;
/// How long the coordinator sleeps before it looks again.
const GLANCE: Duration = Duration::from_millis(2);

impl Actor {
    /// A thread with a handle to each of the `tables`, with which it did nothing yet, and with another `layout` of
    /// what it allocates.
    ///
    /// # Errors
    ///
    /// When it cannot be stepped.
    pub(crate) fn start(trap: Trap, tables: Vec<Table>, layout: u64) -> Result<Self> {
        let (asks, asked) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        let (start, started) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            disarrange_heap(layout);
            let work = |stepper: &Stepper| {
                let handles = tables.iter().map(|table| table()).collect();
                let _ = start.send(Ok(()));
                obey(handles, stepper, &asked, &answer);
            };
            if let Err(why) = trap.on_this_thread(work) {
                let _ = start.send(Err(why));
            }
        });
        started.recv().unwrap_or_else(|_| is_dead())?;
        Ok(Self {
            asks,
            answers,
            is_busy: Cell::new(false),
            thread: Some(thread),
        })
    }

    /// Does something at full speed.
    pub(crate) fn run(&self, request: Request) {
        self.perform(request, Mode::Run);
    }

    /// Makes what was written visible.
    pub(crate) fn publish(&self) {
        debug_assert!(!self.is_busy(), "the answer would be another one's");
        self.ask(Ask::Publish);
        self.answer();
    }

    /// Does something step by step.
    pub(crate) fn step(&self, request: Request) -> Execution {
        allocation_map::pause();
        self.perform(request, Mode::Step).execution()
    }

    /// Does something, and says what came of it.
    pub(crate) fn perform(&self, request: Request, mode: Mode) -> Answer {
        debug_assert!(!self.is_busy(), "the answer would be another one's");
        self.begin(request, mode);
        self.answer()
    }

    /// Begins to do something, which is answered when it is done, unless it is still at something.
    pub(crate) fn begin(&self, request: Request, mode: Mode) {
        if !self.is_busy.replace(true) {
            self.ask(Ask::Do(request, mode));
        }
    }

    /// Whether it is still at what it has begun.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy.get()
    }

    /// The answer to what it was asked last.
    pub(crate) fn answer(&self) -> Answer {
        self.is_busy.set(false);
        self.answers.recv().unwrap_or_else(|_| is_dead())
    }

    /// The same, if it is done within so much time.
    pub(crate) fn answer_within(&self, limit: Duration) -> Option<Answer> {
        let answer = match self.answers.recv_timeout(limit) {
            Err(RecvTimeoutError::Disconnected) => is_dead(),
            answer => answer.ok(),
        };
        self.is_busy.set(self.is_busy() && answer.is_none());
        answer
    }

    /// Does something step by step while `holder` is in the middle of a read of `id`; none if it waits for that.
    ///
    /// Whether it waits is not a question of time: either it loops until the buffer is full, or every thread of
    /// the process sleeps, and nobody but this one could wake any.
    pub(crate) fn step_beside(
        &self,
        request: Request,
        holder: &Actor,
        id: ProcessId,
    ) -> Option<Execution> {
        holder.ask(Ask::Hold(id));
        holder.answer();
        allocation_map::pause();
        self.begin(request, Mode::Step);
        let mut quiescence = Quiescence::default();
        let answer = loop {
            let answer = self.answer_within(GLANCE);
            let mut waits = || trap::is_at(Progress::Released) || quiescence.is_reached(LOOKS);
            if answer.is_some() || waits() {
                break answer;
            }
        };
        let went = answer.map(Answer::execution);
        holder.ask(Ask::LetGo);
        holder.answer();
        if went.is_none() {
            self.answer().execution();
        }
        went
    }

    fn ask(&self, ask: Ask) {
        let asked = self.asks.send(ask);
        asked.expect("the thread is there until this is dropped");
    }
}

/// A thread answers whatever it is asked, unless the strategy panics; its message is on standard error.
fn is_dead() -> ! {
    panic!("an operation panicked")
}

impl Drop for Actor {
    /// Waits for its end: what a thread does with the table as it leaves is to be done when the next is
    /// looked at.
    ///
    /// Not after a panic: whoever died in the middle of an operation may keep others waiting for ever.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // Both fail only if it has died already, which whoever asked it has noticed.
        let _ = self.asks.send(Ask::Leave);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Shifts what the calling thread allocates from now on.
pub(crate) fn disarrange_heap(layout: u64) {
    for n in 0..layout {
        // Of the sizes in which small blocks come.
        Box::leak(vec![0_u8; 24 + 16 * n as usize].into_boxed_slice());
    }
}

/// Does what it is asked, with the handle of the table that a process belongs to.
fn obey(
    mut handles: Vec<Box<dyn StepHandle + '_>>,
    stepper: &Stepper,
    asked: &Receiver<Ask>,
    answer: &SyncSender<Answer>,
) {
    let table_of = |id| usize::from(is_elsewhere(id));
    for ask in asked {
        let mut done = Answer::default();
        match ask {
            Ask::Do(request, mode) => {
                done = handles[table_of(request.1)].perform(request, stepper, mode);
            }
            Ask::Hold(id) => handles[table_of(id)].hold(id, &mut || {
                let _ = answer.send(Answer::default());
                // Nothing but `LetGo` is asked of whoever holds.
                let _ = asked.recv();
            }),
            Ask::Publish => handles.iter_mut().for_each(|handle| handle.publish()),
            Ask::LetGo => {}
            Ask::Leave => return,
        }
        if answer.send(done).is_err() {
            return;
        }
    }
}

/// A table without its type, for as long as the process lives: makes a thread's access to it.
pub(crate) type Table = &'static (dyn Fn() -> Box<dyn StepHandle> + Send + Sync);

/// A thread's access without its type. The stepping is on this side of the dynamic call, so what is
/// stepped is the very code that a user's program would run.
pub(crate) trait StepHandle {
    /// Does something: step by step if that is the mode, and says what came of it if that is.
    fn perform(&mut self, request: Request, stepper: &Stepper, mode: Mode) -> Answer;
    /// Reads a record, and is in the middle of that while `meanwhile` runs.
    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut());
    fn publish(&mut self);
}

/// A strategy of the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TracedStrategy {
    /// Makes a table with room for the residents.
    pub(crate) make: fn() -> Table,
    pub(crate) profile: Profile,
}

impl TracedStrategy {
    pub(crate) fn from_strategy<S: Strategy<ProcessStatus>>() -> Self {
        Self {
            make: || {
                let table: &S = Box::leak(Box::new(S::with_capacity(RESIDENTS as usize)));
                Box::leak(Box::new(move || {
                    Box::new(table.handle()) as Box<dyn StepHandle>
                }))
            },
            profile: S::PROFILE,
        }
    }

    /// Whether more than one thread may use a table.
    pub(crate) fn is_shared(&self) -> bool {
        self.profile.concurrency == Concurrency::Any
    }
}

/// The strategy of the registry that has this name.
///
/// # Panics
///
/// When there is none: the parent names strategies of the registry only.
pub(crate) fn named(name: &str) -> TracedStrategy {
    struct Find(Option<TracedStrategy>);
    impl Visitor<ProcessStatus> for Find {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            self.0 = Some(TracedStrategy::from_strategy::<S>());
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {}
    }
    let mut find = Find(None);
    registry::visit_plain::<ProcessStatus>(&mut registry::Only(name, &mut find));
    find.0.expect("it is registered")
}

/// What a scan may come by, at most: thrice what is in the table.
const VISITED_MAX: usize = 3 * STEADY as usize;

/// Makes each event another than all before.
static EVENTS: AtomicU64 = AtomicU64::new(0);

impl<H: Handle<ProcessStatus>> StepHandle for H {
    fn perform(&mut self, (operation, id): Request, stepper: &Stepper, mode: Mode) -> Answer {
        let armed = matches!(mode, Mode::Step | Mode::StepAndObserve);
        let judges = matches!(mode, Mode::Observe | Mode::StepAndObserve);
        let id = black_box(id);
        let event = black_box(Event::heartbeat(EVENTS.fetch_add(1, Ordering::Relaxed)));
        let record = black_box(ProcessStatus::running(id));
        let nothing = Observation::default();
        // Records are copied while the operation lasts, and examined once it is over.
        let examined = |(record, recording)| (Observation::from_record(id, record), recording);
        let (observed, recording) = match operation {
            Operation::ReadHit | Operation::ReadMiss if judges => {
                examined(stepper.run(armed, || self.read(id, |record| *record)))
            }
            Operation::ReadHit | Operation::ReadMiss => {
                // Not only whether there is one: a record that nobody looks at is not loaded.
                let read = || black_box(self.read(id, ProcessStatus::touch));
                (nothing, stepper.run(armed, read).1)
            }
            Operation::Apply if judges => {
                let (applied, recording) = stepper.run(armed, || self.apply(id, event));
                (Observation::applied(applied), recording)
            }
            Operation::Apply => {
                let apply = || black_box(self.apply(id, event).is_some());
                (nothing, stepper.run(armed, apply).1)
            }
            Operation::Insert if judges => examined(stepper.run(armed, || self.insert(id, record))),
            Operation::Insert => {
                let insert = || black_box(self.insert(id, record).is_some());
                (nothing, stepper.run(armed, insert).1)
            }
            Operation::Remove if judges => examined(stepper.run(armed, || self.remove(id))),
            Operation::Remove => {
                let remove = || black_box(self.remove(id).is_some());
                (nothing, stepper.run(armed, remove).1)
            }
            Operation::Scan if judges => {
                let nobody = (ProcessId(0), ProcessStatus::pending(ProcessId(0)));
                let (mut visited, mut count) = ([nobody; VISITED_MAX], 0);
                let visit = |id, record: &ProcessStatus| {
                    if let Some(next) = visited.get_mut(count) {
                        *next = (id, *record);
                        count += 1;
                    }
                };
                let ((), recording) = stepper.run(armed, || self.scan(visit));
                let scan = Scan::from_visited(&visited[..count]);
                (Observation::Scanned(scan), recording)
            }
            Operation::Scan => {
                let visit = |_, record: &ProcessStatus| {
                    black_box(record.touch());
                };
                (nothing, stepper.run(armed, || self.scan(visit)).1)
            }
        };
        Answer {
            observed,
            recording,
        }
    }

    fn hold(&mut self, id: ProcessId, meanwhile: &mut dyn FnMut()) {
        self.read(id, |_| meanwhile());
    }

    fn publish(&mut self) {
        Handle::publish(self);
    }
}

/// What was seen of the other threads.
#[derive(Debug, Default)]
pub(crate) struct Quiescence {
    /// How often each had given up its processor, when all were asleep.
    before: Vec<u64>,
    /// How often in a row all were found asleep, without having run in between.
    looks: u32,
}

impl Quiescence {
    /// Looks once more: whether all sleep, and have been found so at so many looks in a row. A thread that is slow
    /// does not sleep, however long it takes.
    pub(crate) fn is_reached(&mut self, looks_needed: u32) -> bool {
        match switches_of_sleepers() {
            Some(now) if now == self.before => self.looks += 1,
            Some(now) => (self.before, self.looks) = (now, 1),
            None => self.looks = 0,
        }
        self.looks >= looks_needed
    }
}

/// How often each of the other threads gave up its processor, if all of them sleep.
fn switches_of_sleepers() -> Option<Vec<u64>> {
    let this = gettid().to_string();
    let mut switches = Vec::new();
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let thread = thread.ok()?;
        if thread.file_name() == *this {
            continue;
        }
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()
        };
        if field("State:")? != "S" {
            return None;
        }
        switches.push(field("voluntary_ctxt_switches:")?.parse().ok()?);
    }
    Some(switches)
}

/// Processor time that all other threads of the process have used.
pub(crate) fn processor_time_of_others() -> Duration {
    let time = |clock| clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
    let all = time(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    all.saturating_sub(time(ClockId::CLOCK_THREAD_CPUTIME_ID))
}

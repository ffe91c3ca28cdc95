//! Logical threads on real ones: thread-local schemes (epochs, debts, the choice of a shard) would
//! look shared, or vanish, if one thread played two.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use contract::ProcessId;
use trap::{Progress, Recording, Stepper, Trap, Unavailable, progress};

use super::allocation_map;
use super::execution::Execution;
use super::quiescence::Quiescence;
use super::request::Request;
use super::stall::Observation;
use super::step_handle::{StepHandle, Table};

/// A thread that does what it is told, one thing after the other.
pub(crate) struct Actor {
    asks: SyncSender<Ask>,
    answers: Receiver<Answer>,
    /// Until this is dropped.
    thread: Option<JoinHandle<()>>,
}

enum Ask {
    Do {
        request: Request,
        armed: bool,
    },
    /// Does it at full speed, and says what came of it.
    Attempt(Request),
    /// Does it step by step, and says what came of it.
    Answer(Request),
    /// Reads, and stays there until something else is asked.
    Hold(ProcessId),
    LetGo,
    Publish,
    Leave,
}

enum Answer {
    Done(Option<Recording>),
    Observation(Observation),
    Answered(Box<Answered>),
    Holding,
    Failed(Unavailable),
}

/// What came of an operation that was done step by step.
pub(crate) struct Answered {
    pub(crate) observed: Observation,
    pub(crate) recording: Recording,
}

/// How often in a row all threads have to be found asleep.
const LOOKS: u32 = 3;
/// How long the coordinator sleeps before it looks again.
const GLANCE: Duration = Duration::from_millis(2);

/// What came of an operation while another thread held a guard.
#[derive(Debug)]
pub(crate) enum Beside {
    Went(Box<Execution>),
    /// It waited until the guard was let go of.
    Waited,
}

impl Actor {
    /// A thread with a handle to `table`, which did nothing with it yet, and with another `layout` of
    /// what it allocates.
    ///
    /// # Errors
    ///
    /// When it cannot be stepped.
    pub(crate) fn start(
        trap: Trap,
        table: &'static dyn Table,
        layout: u64,
    ) -> Result<Self, Unavailable> {
        let (asks, asked) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            disarrange_heap(layout);
            let work = |stepper: &Stepper| {
                let mut step_handle = table.step_handle();
                let _ = answer.send(Answer::Done(None));
                obey(&mut *step_handle, stepper, &asked, &answer);
            };
            if let Err(why) = trap.on_this_thread(work) {
                let _ = answer.send(Answer::Failed(why));
            }
        });
        let thread = Some(thread);
        let actor = Self {
            asks,
            answers,
            thread,
        };
        match actor.answer() {
            Answer::Failed(why) => Err(why),
            _ => Ok(actor),
        }
    }

    /// Does something at full speed.
    pub(crate) fn run(&self, request: Request) {
        let armed = false;
        self.ask(Ask::Do { request, armed });
        self.answer();
    }

    /// Makes what was written visible.
    pub(crate) fn publish(&self) {
        self.ask(Ask::Publish);
        self.answer();
    }

    /// Does something step by step.
    pub(crate) fn step(&self, request: Request) -> Execution {
        allocation_map::pause();
        let armed = true;
        self.ask(Ask::Do { request, armed });
        let answer = self.answer();
        kept(answer)
    }

    /// Begins to do something at full speed; what comes of it is answered when it is done.
    pub(crate) fn begin(&self, request: Request) {
        self.ask(Ask::Attempt(request));
    }

    /// What came of what it has begun.
    pub(crate) fn observed(&self) -> Observation {
        seen(&self.answer())
    }

    /// What came of it, if that is known within so much time.
    pub(crate) fn saw_within(&self, limit: Duration) -> Option<Observation> {
        match self.answers.recv_timeout(limit) {
            Ok(answer) => Some(seen(&answer)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => self.is_dead(),
        }
    }

    /// Does something at full speed, and says what came of it.
    pub(crate) fn attempt(&self, request: Request) -> Observation {
        self.begin(request);
        self.observed()
    }

    /// Begins to do something step by step; what it executes is answered when it is done.
    pub(crate) fn begin_step(&self, request: Request) {
        let armed = true;
        self.ask(Ask::Do { request, armed });
    }

    /// What it has executed.
    pub(crate) fn recorded(&self) -> Recording {
        recording(self.answer())
    }

    /// What it has executed, if it is done.
    pub(crate) fn recorded_so_far(&self) -> Option<Recording> {
        self.answer_so_far().map(recording)
    }

    /// Begins to do something step by step; what comes of it, too, is answered when it is done.
    pub(crate) fn begin_answer(&self, request: Request) {
        self.ask(Ask::Answer(request));
    }

    /// What came of it.
    pub(crate) fn answered(&self) -> Answered {
        answered(self.answer())
    }

    /// What came of it, if it is done.
    pub(crate) fn answered_so_far(&self) -> Option<Answered> {
        self.answer_so_far().map(answered)
    }

    /// Does something step by step, and says only what it executed.
    pub(crate) fn record(&self, request: Request) -> Recording {
        self.begin_step(request);
        self.recorded()
    }

    /// Does something step by step while `holder` is in the middle of a read of `id`.
    ///
    /// Whether it waits for that is not a question of time: either it loops until the buffer is full,
    /// or every thread of the process sleeps, and nobody but this one could wake any.
    pub(crate) fn step_beside(&self, request: Request, holder: &Actor, id: ProcessId) -> Beside {
        holder.ask(Ask::Hold(id));
        holder.answer();
        allocation_map::pause();
        let armed = true;
        self.ask(Ask::Do { request, armed });
        let mut sleepers = Quiescence::within(LOOKS);
        let (answer, has_waited) = loop {
            if let Ok(answer) = self.answers.recv_timeout(GLANCE) {
                break (answer, false);
            }
            if progress() == Progress::Released || sleepers.are_all() {
                break (self.free(holder), true);
            }
        };
        let execution = kept(answer);
        if has_waited {
            return Beside::Waited;
        }
        holder.ask(Ask::LetGo);
        holder.answer();
        Beside::Went(Box::new(execution))
    }

    /// Has `holder` let go; what is then answered by this.
    fn free(&self, holder: &Actor) -> Answer {
        holder.ask(Ask::LetGo);
        holder.answer();
        self.answer()
    }

    fn ask(&self, ask: Ask) {
        self.asks
            .send(ask)
            .expect("the thread is there until this is dropped");
    }

    fn answer(&self) -> Answer {
        self.answers.recv().unwrap_or_else(|_| self.is_dead())
    }

    fn answer_so_far(&self) -> Option<Answer> {
        match self.answers.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => self.is_dead(),
        }
    }

    /// It answers whatever it is asked, unless the strategy panics; its message is on standard error.
    #[expect(clippy::unused_self, reason = "it is about this thread")]
    fn is_dead(&self) -> ! {
        panic!("an operation panicked")
    }
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

fn recording(answer: Answer) -> Recording {
    match answer {
        Answer::Done(Some(recording)) => recording,
        _ => unreachable!("it was armed"),
    }
}

fn answered(answer: Answer) -> Answered {
    match answer {
        Answer::Answered(answered) => *answered,
        _ => unreachable!("it was asked what came of it"),
    }
}

fn seen(answer: &Answer) -> Observation {
    match answer {
        Answer::Observation(observed) => *observed,
        _ => unreachable!("it attempted something"),
    }
}

/// What was executed; its blocks are entered, and blocks are listened to again.
fn kept(answer: Answer) -> Execution {
    let execution = Execution::of(&recording(answer));
    allocation_map::catch_up(&execution);
    allocation_map::listen();
    execution
}

fn obey(
    step_handle: &mut dyn StepHandle,
    stepper: &Stepper,
    asked: &Receiver<Ask>,
    answer: &SyncSender<Answer>,
) {
    for ask in asked {
        let done = match ask {
            Ask::Do { request, armed } => {
                Answer::Done(step_handle.perform(request, stepper, armed))
            }
            Ask::Attempt(request) => Answer::Observation(step_handle.attempt(request)),
            Ask::Answer(request) => {
                let (observed, recording) = step_handle.answer(request, stepper);
                let recording = recording.expect("it was armed");
                Answer::Answered(Box::new(Answered {
                    observed,
                    recording,
                }))
            }
            Ask::Hold(id) => {
                step_handle.hold(id, &mut || {
                    let _ = answer.send(Answer::Holding);
                    // Nothing but `LetGo` is asked of whoever holds.
                    let _ = asked.recv();
                });
                Answer::Done(None)
            }
            Ask::Publish => {
                step_handle.publish();
                Answer::Done(None)
            }
            Ask::LetGo => Answer::Done(None),
            Ask::Leave => return,
        };
        if answer.send(done).is_err() {
            return;
        }
    }
}

//! The trap flag and its signal, on `x86_64` Linux, and what else stepping asks of the system.

use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use libc::{
    REG_EFL, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RAX,
    REG_RBP, REG_RBX, REG_RCX, REG_RDI, REG_RDX, REG_RIP, REG_RSI, REG_RSP,
};
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::{Place, Progress, Recording, Result, STEPS_MAX, Step, Unavailable};

/// The trap flag, TF, of the flags register.
const TRAP_FLAG: i64 = 0x100;

/// Where general register `n` is in a signal's context.
const REGISTERS: [c_int; 16] = [
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9,
    REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
];

/// The buffer, of [`STEPS_MAX`] steps; null until it is installed, and never freed.
static BUFFER: AtomicPtr<Step> = AtomicPtr::new(ptr::null_mut());
/// How many steps are in the buffer. Only the owner's handler writes while there is an owner.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// The FS base of the thread that is stepped, which tells it apart; [`NOBODY`] otherwise.
static OWNER: AtomicU64 = AtomicU64::new(NOBODY);
const NOBODY: u64 = 0;
/// The address of the first instruction that is recorded.
static BEGIN: AtomicU64 = AtomicU64::new(0);
/// The stack pointer there, where the return address is.
static FRAME: AtomicU64 = AtomicU64::new(0);
/// The address to stop at, [`NOWHERE`] if none, and how often it is to be come by before that.
static STOP_AT: AtomicU64 = AtomicU64::new(NOWHERE);
static PASS_BY: AtomicUsize = AtomicUsize::new(0);
const NOWHERE: u64 = 0;
/// A [`Progress`].
static PROGRESS: AtomicU32 = AtomicU32::new(Progress::Idle as u32);

/// Proof that the handler is installed and that the trap flag has an effect, or else that it is not
/// used.
#[derive(Clone, Copy, Debug)]
pub struct Trap {
    is_idle: bool,
}

/// A thread that can be stepped: it has a stack for the handler.
#[derive(Debug)]
pub struct Stepper {
    /// Where the thread's frames can be, from the lowest address to where this was made.
    stack: std::ops::Range<u64>,
    is_idle: bool,
    /// It is about the thread that made it.
    _not_send: PhantomData<*const ()>,
}

impl Trap {
    /// Installs the handler of `SIGTRAP`, for good, with room for [`STEPS_MAX`] steps, and tries it.
    ///
    /// # Errors
    ///
    /// When a debugger is attached, or the trap flag has no effect.
    pub fn install() -> Result<Self> {
        static INSTALLED: OnceLock<Result<Trap>> = OnceLock::new();
        INSTALLED.get_or_init(Self::try_out).clone()
    }

    fn try_out() -> Result<Self> {
        if let Some(tracer) = tracer() {
            return Err(Unavailable::Traced(tracer));
        }
        let buffer = Box::leak(Box::<[Step]>::new_uninit_slice(STEPS_MAX));
        BUFFER.store(buffer.as_mut_ptr().cast(), Ordering::Release);
        let flags = SaFlags::SA_ONSTACK | SaFlags::SA_RESTART;
        let action = SigAction::new(SigHandler::SigAction(trapped), flags, SigSet::empty());
        // SAFETY: the handler does what a handler may: atomics, a plain store, a system call that touches no
        // `errno`.
        unsafe { sigaction(Signal::SIGTRAP, &action) }.map_err(refused("handle SIGTRAP"))?;
        let trap = Self { is_idle: false };
        let tried =
            trap.on_this_thread(|stepper| stepper.run(true, || std::hint::black_box(1)).1)?;
        match tried {
            Some(recording) if !recording.steps.is_empty() => Ok(trap),
            _ => Err(Unavailable::NoEffect),
        }
    }

    /// With this nothing is stepped, be it armed or not, and everything runs as it does between steps:
    /// for where another instrument is to look, which has the trap to itself or emulates none.
    ///
    /// # Errors
    ///
    /// Where no thread can ever be stepped.
    pub fn idle() -> Result<Self> {
        Ok(Self { is_idle: true })
    }

    /// Makes the calling thread one that can be stepped, while `work` lasts. What `work` keeps on its
    /// stack counts as the thread's own.
    ///
    /// # Errors
    ///
    /// When the system gives the thread no second stack.
    pub fn on_this_thread<T>(self, work: impl FnOnce(&Stepper) -> T) -> Result<T> {
        let top = 0_u8;
        let lowest = lowest_of_stack()?;
        let _handler_stack = HandlerStack::new()?;
        // A trap that is blocked ends the process. Threads that this one starts have it unblocked, too.
        let unblocked = SigSet::from(Signal::SIGTRAP).thread_unblock();
        unblocked.map_err(refused("unblock SIGTRAP"))?;
        let stepper = Stepper {
            stack: lowest..ptr::from_ref(std::hint::black_box(&top)).addr() as u64,
            is_idle: self.is_idle,
            _not_send: PhantomData,
        };
        Ok(below(&stepper, work))
    }
}

/// Its frame, and so everything `work` has on the stack, lies below its caller's.
#[inline(never)]
fn below<T>(stepper: &Stepper, work: impl FnOnce(&Stepper) -> T) -> T {
    work(stepper)
}

impl Stepper {
    /// Does `work`, step by step if it is `armed`. The same code runs in both cases, so that what was
    /// not stepped prepares exactly what will be.
    ///
    /// If `work` panics the thread is stepped no longer, and what it did is forgotten.
    ///
    /// # Panics
    ///
    /// When another thread is being stepped.
    pub fn run<T, W: FnOnce() -> T>(&self, armed: bool, work: W) -> (T, Option<Recording>) {
        let armed = armed && !self.is_idle;
        let begin: fn(W) -> T = std::hint::black_box(at_work);
        let turn = armed.then(|| Turn::take(self, begin as usize as u64));
        let flag = if armed { TRAP_FLAG } else { 0 };
        // SAFETY: sets a flag of the calling thread, whose `SIGTRAP` is handled on a stack of its own:
        // a `Trap` is the proof of one and this `Stepper` of the other. The compiler keeps nothing
        // below the stack pointer here, as `nostack` is not given, and knows that flags change. The
        // handler clears the flag when `begin` is left, in whatever way.
        unsafe { asm!("pushfq", "or [rsp], {flag}", "popfq", flag = in(reg) flag) };
        let result = begin(work);
        let recording = turn.map(|turn| turn.recording());
        (result, recording)
    }
}

/// What is recorded is what this executes, from its first instruction until it returns: another
/// counter of instructions, told its name, counts the same.
#[inline(never)]
fn at_work<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// A thread's turn to be stepped. However it ends, others may have theirs.
struct Turn<'s>(&'s Stepper);

impl<'s> Turn<'s> {
    /// From when it executes the instruction at `begin`.
    fn take(stepper: &'s Stepper, begin: u64) -> Self {
        let taken = OWNER.compare_exchange(NOBODY, fs_base(), Ordering::AcqRel, Ordering::Relaxed);
        assert!(taken.is_ok(), "one thread at a time");
        TAKEN.store(0, Ordering::Relaxed);
        BEGIN.store(begin, Ordering::Relaxed);
        PROGRESS.store(Progress::Stepping as u32, Ordering::SeqCst);
        Self(stepper)
    }

    /// What is in the buffer.
    #[cold]
    fn recording(&self) -> Recording {
        // SAFETY: nobody writes while this thread, the owner, is not stepped.
        let steps = unsafe { steps() };
        Recording {
            steps: steps.to_vec(),
            fs_base: fs_base(),
            stack: self.0.stack.clone(),
            is_cut_short: is_at(Progress::Released),
        }
    }
}

/// What is in the buffer.
///
/// # Safety
///
/// No other turn begins while it is used: it overwrites the steps.
unsafe fn steps<'a>() -> &'a [Step] {
    let taken = TAKEN.load(Ordering::Acquire);
    let buffer = BUFFER.load(Ordering::Acquire);
    if buffer.is_null() {
        return &[];
    }
    // SAFETY: the handler has written that many steps, one after the other.
    unsafe { std::slice::from_raw_parts(buffer, taken) }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        come_to(Progress::Idle);
        OWNER.store(NOBODY, Ordering::Release);
    }
}

/// Whether the thread that is stepped has come so far.
pub fn is_at(progress: Progress) -> bool {
    PROGRESS.load(Ordering::SeqCst) == progress as u32
}

/// Sleeps while a thread is being stepped: until it has stopped, has run out of the buffer, or is done.
/// If none is, gives up the processor once.
pub fn rest() {
    if is_at(Progress::Stepping) {
        sleep_while(Progress::Stepping);
    } else {
        std::thread::yield_now();
    }
}

/// Says how far the thread that is stepped has come, and wakes who sleeps until then.
fn come_to(progress: Progress) {
    PROGRESS.store(progress as u32, Ordering::SeqCst);
    futex(libc::FUTEX_WAKE, 1);
}

/// Whoever is stepped next stops at a place, until it may [`go_on`]; nowhere with `None`.
pub fn stop_at(place: Option<Place>) {
    let (address, nth) = place.map_or((NOWHERE, 0), |place| (place.address, place.nth));
    PASS_BY.store(nth, Ordering::SeqCst);
    STOP_AT.store(address, Ordering::SeqCst);
}

/// Lets a thread that has stopped go on, step by step, until it comes to another place.
pub fn advance_to(place: Place) {
    if !is_at(Progress::Stopped) {
        return;
    }
    // SAFETY: a thread that has stopped is in its turn until it is let go on, which is done here; until then there is no other.
    let steps = unsafe { steps() };
    let here = STOP_AT.load(Ordering::SeqCst);
    let passed = steps.iter().filter(|step| step.address == place.address);
    // The instruction that it stands before is not in the buffer yet.
    let passed = passed.count() + usize::from(here == place.address);
    stop_at(Some(Place {
        nth: place.nth.saturating_sub(passed),
        ..place
    }));
    leave_stop(Progress::Stepping);
}

/// Lets a thread that has stopped go on, step by step, to its end.
pub fn step_on() {
    stop_at(None);
    leave_stop(Progress::Stepping);
}

/// Lets a thread that has stopped go on, at full speed.
pub fn go_on() {
    leave_stop(Progress::Released);
}

/// Wakes a thread that has stopped, if there is one.
fn leave_stop(progress: Progress) {
    let (stopped, next) = (Progress::Stopped as u32, progress as u32);
    let left = PROGRESS.compare_exchange(stopped, next, Ordering::SeqCst, Ordering::SeqCst);
    if left.is_ok() {
        futex(libc::FUTEX_WAKE, 1);
    }
}

extern "C" fn trapped(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with `SA_SIGINFO` the context of the thread it interrupted,
    // and nobody else refers to it.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let registers = &mut context.uc_mcontext.gregs;
    if !keep(registers) {
        registers[REG_EFL as usize] &= !TRAP_FLAG;
    }
}

/// Stores a step; says whether there is to be another.
fn keep(registers: &[i64; 23]) -> bool {
    // A thread that the stepped one has started may have inherited the flag, where starting it blocks no signals.
    if OWNER.load(Ordering::Relaxed) != fs_base() {
        return false;
    }
    let taken = TAKEN.load(Ordering::Relaxed);
    let step = Step {
        address: registers[REG_RIP as usize].cast_unsigned(),
        registers: REGISTERS
            .map(|register| registers[register.cast_unsigned() as usize].cast_unsigned()),
    };
    if taken == 0 {
        if step.address != BEGIN.load(Ordering::Relaxed) {
            // On the way there.
            return true;
        }
        FRAME.store(step.stack_pointer(), Ordering::Relaxed);
    } else if step.stack_pointer() > FRAME.load(Ordering::Relaxed) {
        // It has returned, or its panic has left it.
        return false;
    }
    if step.address == STOP_AT.load(Ordering::Relaxed) && !pass_by() {
        return false;
    }
    if taken == STEPS_MAX {
        come_to(Progress::Released);
        return false;
    }
    // SAFETY: the buffer has room for `STEPS_MAX` steps and was leaked, so it is still there; only the
    // owner's handler writes to it, and that does not interrupt itself.
    unsafe { BUFFER.load(Ordering::Relaxed).add(taken).write(step) };
    TAKEN.store(taken + 1, Ordering::Release);
    true
}

/// At the address to stop at: sleeps until somebody says that it may go on, unless it is too early; says whether to go on step
/// by step.
#[cold]
fn pass_by() -> bool {
    let more = PASS_BY.load(Ordering::Relaxed);
    if more > 0 {
        PASS_BY.store(more - 1, Ordering::Relaxed);
        return true;
    }
    come_to(Progress::Stopped);
    sleep_while(Progress::Stopped);
    is_at(Progress::Stepping)
}

/// The base of the calling thread's FS segment.
#[inline]
fn fs_base() -> u64 {
    let base: u64;
    // SAFETY: on x86-64 Linux the first word of a thread's control block is its own address (System V
    // ABI, thread-local storage).
    unsafe { asm!("mov {}, fs:[0]", out(reg) base, options(nostack, preserves_flags, readonly)) };
    base
}

/// Room for a handler's frame with the widest vector state, and then some.
const HANDLER_STACK_BYTES: usize = 64 << 10;

/// Sleeps for as long as the thread that is stepped has come so far; in a signal handler, too.
fn sleep_while(progress: Progress) {
    // It may wake without reason, as when another signal was handled.
    while is_at(progress) {
        futex(libc::FUTEX_WAIT, progress as u32);
    }
}

/// `futex(2)` on [`PROGRESS`], without a time limit. The C library's wrapper would change `errno`, which whatever a
/// handler interrupts may be about to read.
fn futex(operation: c_int, value: u32) {
    // SAFETY: the word is a static; the kernel reads it and writes no memory. `syscall` changes rax, rcx and
    // r11 and leaves the stack alone.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") libc::SYS_futex => _,
            in("rdi") PROGRESS.as_ptr(),
            in("rsi") i64::from(operation | libc::FUTEX_PRIVATE_FLAG),
            in("rdx") u64::from(value),
            in("r10") 0_u64,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
}

/// The process that traces this one, if any.
fn tracer() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let tracer = lines.find_map(|line| line.strip_prefix("TracerPid:"))?;
    tracer.trim().parse().ok().filter(|&tracer| tracer != 0)
}

/// The lowest address of the calling thread's stack.
fn lowest_of_stack() -> Result<u64> {
    let mut attributes = MaybeUninit::uninit();
    let (mut lowest, mut bytes) = (ptr::null_mut(), 0);
    // SAFETY: a thread may ask for its own attributes; they are initialised if that succeeds, and
    // destroyed once, after they were read.
    unsafe {
        let error = libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr());
        if error != 0 {
            let errno = Errno::from_raw(error);
            return Err(refused("find the stack of a thread")(errno));
        }
        libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut bytes);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    Ok(lowest.addr() as u64)
}

/// A stack for the handler, so that it does not overwrite what it looks at; the one there was before
/// comes back when it is dropped.
struct HandlerStack {
    before: libc::stack_t,
    /// Freed after the system has forgotten it.
    _bytes: Box<[MaybeUninit<u8>]>,
}

impl HandlerStack {
    fn new() -> Result<Self> {
        let mut bytes = Box::<[u8]>::new_uninit_slice(HANDLER_STACK_BYTES);
        let stack = libc::stack_t {
            ss_sp: bytes.as_mut_ptr().cast(),
            ss_flags: 0,
            ss_size: HANDLER_STACK_BYTES,
        };
        let mut before = MaybeUninit::uninit();
        // SAFETY: the block is as long as it says and lives until another stack is set, in `drop`;
        // the call writes to the second argument if it succeeds.
        let before = unsafe {
            let set = Errno::result(libc::sigaltstack(&raw const stack, before.as_mut_ptr()));
            set.map_err(refused("set a stack for signals"))?;
            before.assume_init()
        };
        Ok(Self {
            before,
            _bytes: bytes,
        })
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        // SAFETY: the stack was in use before, or none was; whoever set it has not ended, as this is
        // dropped before the frame that it was made in.
        unsafe { libc::sigaltstack(&raw const self.before, ptr::null_mut()) };
    }
}

/// That the system refused something.
fn refused(what: &'static str) -> impl Fn(Errno) -> Unavailable {
    move |errno| Unavailable::Refused {
        what,
        why: std::io::Error::from(errno).to_string(),
    }
}

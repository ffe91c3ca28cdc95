//! The search for an order, for any model.
//!
//! Depth first, as Wing and Gong (Testing and Verifying Concurrent Objects, JPDC 17, 1993): of the
//! operations that no other precedes, take one that is possible, and go back where none is. As Lowe
//! (Testing for Linearizability, CCPE 29, 2017), what was found to lead nowhere is remembered, as
//! the set of operations done with the state they led to, and not tried again.
//!
//! Three additions. An operation that only observes is taken as soon as it is possible, and nothing
//! else is tried in its place: an order that takes it later is still one when it is moved to the
//! front, since it changes nothing. An operation that never returned need not have taken effect, so an
//! order without it is as good: one is taken only if what follows would not be possible without it, or
//! would lead elsewhere. And what is remembered is bounded: to forget costs time and not truth.
//!
//! Why the second may be combined with what is remembered: let the shortest order be cut off. Of its
//! configurations take the last one that was remembered as a dead end. There the next operation was not
//! tried, because what led there, in another order, held operations that never returned and made no
//! difference to it. Without them the order that led there, and what follows, is a shorter one.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::lanes::Lanes;
use crate::model::{Model, Step};
use crate::operation::{NEVER, Operation, Verdict, until};

/// How far a search goes before it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Operations tried; some ten million take a second. A model that looks ahead is shown at most 16
    /// times as many, and then none. To find the answer to blame for a violation takes a few more
    /// searches, of as many steps each.
    pub steps: u64,
    /// Memory for dead ends, in words of 4 bytes.
    pub remembered: usize,
}

impl Default for Limits {
    /// A minute or so, some minutes if the model looks ahead, and some hundred megabytes.
    fn default() -> Self {
        Self {
            steps: 500_000_000,
            remembered: 32 << 20,
        }
    }
}

/// Operations that a model is shown to look ahead, for each step: looking ahead saves time, and where it
/// takes more than it saves it ends.
const AHEAD: u64 = 16;

/// Looks for an order of the operations of one object that begins in one of the `starts`.
pub fn search<M: Model>(
    model: &M,
    starts: &[M::State],
    operations: &[Operation<M::Action>],
    limits: &Limits,
) -> Verdict {
    let verdict = search_all(model, starts, operations, limits);
    let Verdict::Violated { at } = verdict else {
        return verdict;
    };
    let in_flight = operations
        .iter()
        .filter(|operation| operation.call <= at && operation.ret > at && operation.is_complete());
    // Looking ahead cuts off what is possible for a time and not in the end, and so does an answer that
    // came later: what was reached says too little.
    if M::LOOKS_AHEAD
        || in_flight
            .into_iter()
            .any(|operation| model.in_flight(&operation.action) != operation.action)
    {
        first_without(model, starts, operations, limits)
    } else {
        verdict
    }
}

/// [`search`], but a violation may be blamed on too early a return.
fn search_all<M: Model>(
    model: &M,
    starts: &[M::State],
    operations: &[Operation<M::Action>],
    limits: &Limits,
) -> Verdict {
    let lanes = Lanes::new(operations);
    let mut furthest = 0;
    let mut steps = limits.steps;
    for start in starts {
        let mut search = Search::new(model, operations, &lanes, start.clone(), limits, steps);
        let result = search.run();
        steps = search.steps;
        furthest = furthest.max(search.furthest);
        match result {
            Found::Order => return Verdict::Linearizable,
            Found::GivenUp => {
                return Verdict::Unknown {
                    established: furthest,
                };
            }
            Found::None => {}
        }
    }
    Verdict::Violated { at: furthest }
}

/// The first return that is found to have no order, of a history that has none.
fn first_without<M: Model>(
    model: &M,
    starts: &[M::State],
    operations: &[Operation<M::Action>],
    limits: &Limits,
) -> Verdict {
    let complete = operations
        .iter()
        .filter(|operation| operation.is_complete());
    let mut returns: Vec<u64> = complete.map(|operation| operation.ret).collect();
    returns.sort_unstable();
    let (mut ordered, mut first) = (0, returns.len() - 1);
    while ordered < first {
        let middle = ordered.midpoint(first);
        let known = until(model, operations, returns[middle]);
        match search_all(model, starts, &known, limits) {
            Verdict::Violated { .. } => first = middle,
            // What is not known to be a violation is not blamed.
            Verdict::Linearizable | Verdict::Unknown { .. } => ordered = middle + 1,
        }
    }
    Verdict::Violated { at: returns[first] }
}

/// All states that the operations can have led to, each of which returned; `None` if they are more
/// than `most`, or the search is given up.
pub(crate) fn outcomes<M: Model>(
    model: &M,
    starts: &[M::State],
    operations: &[Operation<M::Action>],
    limits: &Limits,
    most: usize,
) -> Option<HashSet<M::State>> {
    let lanes = Lanes::new(operations);
    let mut states = HashSet::new();
    let mut steps = limits.steps;
    for start in starts {
        let mut search = Search::new(model, operations, &lanes, start.clone(), limits, steps);
        loop {
            match search.run() {
                Found::None => break,
                Found::GivenUp => return None,
                Found::Order => {
                    states.insert(search.state.clone());
                    if states.len() > most {
                        return None;
                    }
                    // As if it had led nowhere: what leads to the same is not followed twice.
                    search.is_dead = true;
                }
            }
        }
        steps = search.steps;
    }
    Some(states)
}

enum Found {
    Order,
    None,
    GivenUp,
}

/// An operation that was taken, and how to take it back.
struct Taken<S> {
    lane: u32,
    /// The state before, if it is another one.
    before: Option<S>,
    /// Whether something else may be tried in its place.
    is_choice: bool,
    /// Whether it never returned.
    is_open: bool,
}

struct Search<'m, M: Model> {
    model: &'m M,
    operations: &'m [Operation<M::Action>],
    lanes: &'m Lanes,
    /// The next place of each lane: what is before it has been taken.
    places: Vec<u32>,
    state: M::State,
    path: Vec<Taken<M::State>>,
    dead: DeadEnds<M::State>,
    steps: u64,
    /// How many more operations may be looked at to look ahead.
    ahead: u64,
    /// What observes and has returned, the first return first; for models that look ahead.
    observations: Vec<(u64, usize)>,
    /// From this lane on, choices of the present configuration are still to be tried.
    from: usize,
    /// Whether the present configuration is known to lead nowhere.
    is_dead: bool,
    /// The latest first return of anything reached: everything that returned before it was taken.
    furthest: u64,
}

impl<'m, M: Model> Search<'m, M> {
    fn new(
        model: &'m M,
        operations: &'m [Operation<M::Action>],
        lanes: &'m Lanes,
        state: M::State,
        limits: &Limits,
        steps: u64,
    ) -> Self {
        Self {
            model,
            operations,
            lanes,
            places: lanes.starts(),
            state,
            path: Vec::new(),
            dead: DeadEnds::new(lanes.count(), limits.remembered, M::STATE_WORDS),
            steps,
            ahead: steps.saturating_mul(AHEAD),
            observations: observations(model, operations, lanes),
            from: 0,
            is_dead: false,
            furthest: 0,
        }
    }

    /// Goes on to the next order.
    fn run(&mut self) -> Found {
        loop {
            let first_return = self.lanes.first_return(&self.places);
            if first_return == NEVER && !self.is_dead {
                // What is left need not have taken effect.
                return Found::Order;
            }
            if first_return != NEVER {
                self.furthest = self.furthest.max(first_return);
            }
            if self.from == 0 && !self.is_dead {
                if self.observe(first_return) {
                    continue;
                }
                self.is_dead =
                    self.is_hopeless(first_return) || self.dead.contains(&self.places, &self.state);
            }
            if self.steps == 0 {
                return Found::GivenUp;
            }
            if !self.is_dead && self.choose(first_return) {
                self.from = 0;
                continue;
            }
            if !self.is_dead {
                self.dead.insert(&self.places, &self.state);
            }
            self.is_dead = false;
            match self.go_back() {
                Some(lane) => self.from = lane + 1,
                None => return Found::None,
            }
        }
    }

    /// Whether the next observation cannot be reached from here any more, as far as may be looked.
    fn is_hopeless(&mut self, first_return: u64) -> bool {
        if self.ahead == 0 {
            return false;
        }
        // What returned before has been taken.
        let left = self
            .observations
            .partition_point(|(ret, _)| *ret < first_return);
        let mut left = self.observations[left..].iter();
        let next = left.find(|(_, index)| !self.lanes.is_taken(*index, &self.places));
        let Some(&(ret, index)) = next else {
            return false;
        };
        let between = self.lanes.left_until(ret, &self.places);
        let actions: Vec<_> = between
            .map(|index| &self.operations[index].action)
            .collect();
        self.ahead = self.ahead.saturating_sub(actions.len() as u64);
        let observation = &self.operations[index].action;
        !self.model.can_lead_to(&self.state, observation, &actions)
    }

    /// Takes the first operation that observes and is possible now; whether there was one.
    fn observe(&mut self, first_return: u64) -> bool {
        for lane in 0..self.places.len() {
            let Some((index, call, ret)) = self.lanes.next(lane, self.places[lane]) else {
                continue;
            };
            if call > first_return || ret == NEVER {
                continue;
            }
            let action = &self.operations[index].action;
            if self.model.step(&self.state, action) == Step::Observes {
                self.take(lane, None, false, false);
                return true;
            }
        }
        false
    }

    /// Takes the next operation that is possible and changes something.
    fn choose(&mut self, first_return: u64) -> bool {
        for lane in self.from..self.places.len() {
            let Some((index, call, ret)) = self.lanes.next(lane, self.places[lane]) else {
                continue;
            };
            if call > first_return {
                continue;
            }
            self.steps = self.steps.saturating_sub(1);
            let action = &self.operations[index].action;
            if let Step::To(next) = self.model.step(&self.state, action) {
                let is_open = ret == NEVER;
                if self.is_detour(action, &next, is_open) {
                    continue;
                }
                let before = std::mem::replace(&mut self.state, next);
                self.take(lane, Some(before), true, is_open);
                return true;
            }
        }
        false
    }

    /// Whether `next`, where an action leads, is reached without some of the operations just taken that
    /// never returned, or without the action if it is of such a one: it need not have taken effect.
    fn is_detour(&self, action: &M::Action, next: &M::State, is_open: bool) -> bool {
        if is_open && *next == self.state {
            return true;
        }
        let just_taken = self.path.iter().rev().take_while(|taken| taken.is_open);
        just_taken.filter_map(|taken| taken.before.as_ref()).any(|before| {
            is_open && before == next
                || matches!(self.model.step(before, action), Step::To(without) if without == *next)
        })
    }

    fn take(&mut self, lane: usize, before: Option<M::State>, is_choice: bool, is_open: bool) {
        self.places[lane] += 1;
        self.path.push(Taken {
            lane: lane as u32,
            before,
            is_choice,
            is_open,
        });
    }

    /// Takes back everything up to the last choice, and returns what was chosen.
    fn go_back(&mut self) -> Option<usize> {
        while let Some(taken) = self.path.pop() {
            self.places[taken.lane as usize] -= 1;
            if let Some(before) = taken.before {
                self.state = before;
            }
            if taken.is_choice {
                return Some(taken.lane as usize);
            }
        }
        None
    }
}

/// What observes and has returned, with its return.
fn observations<M: Model>(
    model: &M,
    operations: &[Operation<M::Action>],
    lanes: &Lanes,
) -> Vec<(u64, usize)> {
    if !M::LOOKS_AHEAD {
        return Vec::new();
    }
    let observes = |&(index, _): &(usize, u64)| model.observes(&operations[index].action);
    let mut returned: Vec<(u64, usize)> = lanes
        .returned()
        .filter(observes)
        .map(|(index, ret)| (ret, index))
        .collect();
    returned.sort_unstable();
    returned
}

/// Configurations from which no order was found. Exact: a hash only says where to look.
struct DeadEnds<S> {
    lanes: usize,
    /// The newest of each hash.
    heads: FxHashMap<u64, u32>,
    /// The one before of the same hash, and the state.
    nodes: Vec<(Option<u32>, S)>,
    /// The places of each, `lanes` of them.
    places: Vec<u32>,
    /// How many are remembered; the next one makes place.
    most: usize,
}

/// Words of 4 bytes that one takes beside its places and its state: a node, and an entry of a table
/// that is half empty.
const NODE_WORDS: usize = 24;

impl<S: Clone + Eq + Hash> DeadEnds<S> {
    fn new(lanes: usize, words: usize, state_words: usize) -> Self {
        Self {
            lanes,
            heads: FxHashMap::default(),
            nodes: Vec::new(),
            places: Vec::new(),
            most: words / (lanes + NODE_WORDS + state_words),
        }
    }

    fn hash(places: &[u32], state: &S) -> u64 {
        let mut hasher = FxHasher::default();
        places.hash(&mut hasher);
        state.hash(&mut hasher);
        hasher.finish()
    }

    fn contains(&self, places: &[u32], state: &S) -> bool {
        if self.nodes.is_empty() {
            return false;
        }
        let mut next = self.heads.get(&Self::hash(places, state)).copied();
        while let Some(index) = next {
            let index = index as usize;
            let (before, dead) = &self.nodes[index];
            if dead == state && self.places[index * self.lanes..][..self.lanes] == *places {
                return true;
            }
            next = *before;
        }
        false
    }

    fn insert(&mut self, places: &[u32], state: &S) {
        if self.nodes.len() >= self.most {
            self.heads.clear();
            self.nodes.clear();
            self.places.clear();
        }
        let index = self.nodes.len() as u32;
        let before = match self.heads.entry(Self::hash(places, state)) {
            Entry::Occupied(mut head) => Some(head.insert(index)),
            Entry::Vacant(empty) => {
                empty.insert(index);
                None
            }
        };
        self.nodes.push((before, state.clone()));
        self.places.extend_from_slice(places);
    }
}

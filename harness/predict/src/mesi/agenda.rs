//! What is going to happen, in order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Times are in thousandths of a nanosecond: integers, so that the order of events is that of numbers.
pub(super) type Time = u64;

/// Processors and lines go by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A processor can do its next step.
    Ready(usize),
    /// A request reaches the holder of a line, which lets go.
    LetGo(usize),
    /// A line reaches those who asked for it.
    Arrive(usize),
}

/// Bits of a number; processors and lines are thousands at most.
const NUMBER: u32 = 22;
/// Bits of what happens.
const KIND: u32 = 2;

impl Event {
    fn packed(self) -> u64 {
        let (kind, number) = match self {
            Event::Ready(number) => (0, number),
            Event::LetGo(number) => (1, number),
            Event::Arrive(number) => (2, number),
        };
        debug_assert!(number >> NUMBER == 0, "{number} is a small number");
        kind << NUMBER | number as u64
    }

    fn unpacked(packed: u64) -> Self {
        let number = (packed & ((1 << NUMBER) - 1)) as usize;
        match packed >> NUMBER & ((1 << KIND) - 1) {
            0 => Event::Ready(number),
            1 => Event::LetGo(number),
            _ => Event::Arrive(number),
        }
    }
}

/// Events by their time, and as they were entered where that is the same.
///
/// Half of what a simulation takes is to keep them in order. So an entry is two words: the second is the
/// event, above it how many were entered before. And what is to happen at once goes into a queue.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    later: BinaryHeap<Reverse<(Time, u64)>>,
    now: Time,
    at_once: VecDeque<u64>,
    entered: u64,
}

impl Agenda {
    /// Enters an event that is not over yet.
    pub(super) fn enter(&mut self, when: Time, event: Event) {
        debug_assert!(when >= self.now);
        self.entered += 1;
        let packed = self.entered << (NUMBER + KIND) | event.packed();
        if when == self.now {
            self.at_once.push_back(packed);
        } else {
            self.later.push(Reverse((when, packed)));
        }
    }

    /// The earliest, which is no longer in it; it is that time from then on.
    pub(super) fn next(&mut self) -> Option<(Time, Event)> {
        if let Some(&first) = self.at_once.front() {
            // What was entered for this time before it came is first.
            let is_later = |Reverse(one): &Reverse<(Time, u64)>| *one > (self.now, first);
            if self.later.peek().is_none_or(is_later) {
                self.at_once.pop_front();
                return Some((self.now, Event::unpacked(first)));
            }
        }
        let Reverse((when, packed)) = self.later.pop()?;
        self.now = when;
        Some((when, Event::unpacked(packed)))
    }

    /// How many were ever entered.
    pub(super) fn entered(&self) -> u64 {
        self.entered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_as_they_were_entered() {
        let mut agenda = Agenda::default();
        let events = [
            (7, Event::Arrive(3)),
            (5, Event::LetGo(1_000)),
            (7, Event::Ready(0)),
            (5, Event::Ready((1 << NUMBER) - 1)),
        ];
        for (when, event) in events {
            agenda.enter(when, event);
        }
        let in_order = [events[1], events[3], events[0], events[2]];
        for one in in_order {
            assert_eq!(agenda.next(), Some(one));
        }
        assert_eq!((agenda.next(), agenda.entered()), (None, 4));
    }

    #[test]
    fn what_happens_at_once_waits_for_what_was_entered_before_it() {
        let mut agenda = Agenda::default();
        let [early, first, second, late] = [1, 2, 3, 4].map(Event::Ready);
        agenda.enter(5, early);
        agenda.enter(5, first);
        agenda.enter(6, late);
        assert_eq!(agenda.next(), Some((5, early)));
        agenda.enter(5, second);
        for one in [(5, first), (5, second), (6, late)] {
            assert_eq!(agenda.next(), Some(one));
        }
        assert_eq!(agenda.next(), None);
    }
}

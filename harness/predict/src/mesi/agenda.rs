//! What is going to happen, in order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Times are in thousandths of a nanosecond: integers, so that the order of events is that of numbers.
pub(super) type Time = u64;

/// Processors and lines go by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A processor can do its next step.
    Ready(usize),
    /// A request reaches the holder of a line, which lets go.
    LetGo(usize),
    /// A line reaches those who asked for it.
    Arrive(usize),
}

/// Events by their time, and as they were entered where that is the same.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// With how many were entered before.
    events: BinaryHeap<Reverse<(Time, u64, Event)>>,
    /// How many were ever entered.
    pub(super) entered: u64,
}

impl Agenda {
    /// Enters an event that is not over yet.
    pub(super) fn enter(&mut self, when: Time, event: Event) {
        self.events.push(Reverse((when, self.entered, event)));
        self.entered += 1;
    }

    /// The earliest, which is no longer in it.
    pub(super) fn next(&mut self) -> Option<(Time, Event)> {
        let Reverse((when, _, event)) = self.events.pop()?;
        Some((when, event))
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
            (5, Event::Ready(4_194_303)),
        ];
        for (when, event) in events {
            agenda.enter(when, event);
        }
        let in_order = [events[1], events[3], events[0], events[2]];
        for one in in_order {
            assert_eq!(agenda.next(), Some(one));
        }
        assert_eq!((agenda.next(), agenda.entered), (None, 4));
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

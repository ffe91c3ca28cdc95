//! A history as the search walks through it: a lane for each process.
//!
//! Wing and Gong's search picks the next operation among those that no other one precedes, and a set
//! of operations done is a bit for each. But of one process only the next operation can be picked, so
//! the set is a counter for each process, however long the history: this is what keeps the memory of
//! histories of millions of operations small.

use crate::operation::{NEVER, Operation};

/// Operations, by lane.
pub(crate) struct Lanes {
    /// Indices of operations, lane after lane, each in the order of calls.
    order: Vec<u32>,
    /// Where each lane begins; one more than there are lanes.
    begins: Vec<u32>,
    /// Where each operation is: its lane and its place.
    homes: Vec<(u32, u32)>,
    /// Call and return of what is at a place of `order`.
    times: Vec<(u64, u64)>,
}

impl Lanes {
    /// What was called until `time`; what had not returned by then may never have.
    ///
    /// Such operations get a lane each: nothing that their process did later waits for them.
    pub(crate) fn until<A>(operations: &[Operation<A>], time: u64) -> Self {
        let span = |index: u32| {
            let Operation { call, ret, .. } = operations[index as usize];
            (call, if ret > time { NEVER } else { ret })
        };
        let process = |index: u32| operations[index as usize].process;
        let mut order: Vec<u32> = (0..operations.len() as u32)
            .filter(|&index| operations[index as usize].call <= time)
            .collect();
        order.sort_by_key(|&index| {
            let (call, ret) = span(index);
            (ret == NEVER, process(index), call)
        });
        let mut begins: Vec<u32> = Vec::new();
        let mut homes = vec![(0, u32::MAX); operations.len()];
        for (place, &index) in order.iter().enumerate() {
            let goes_on =
                place > 0 && span(index).1 != NEVER && process(order[place - 1]) == process(index);
            if !goes_on {
                begins.push(place as u32);
            }
            homes[index as usize] = (begins.len() as u32 - 1, place as u32);
        }
        begins.push(order.len() as u32);
        let times = order.iter().map(|&index| span(index)).collect();
        Self {
            order,
            begins,
            homes,
            times,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.begins.len() - 1
    }

    /// The places at which the lanes begin.
    pub(crate) fn starts(&self) -> Vec<u32> {
        self.begins[..self.count()].to_vec()
    }

    /// The operation at `place` of `lane`, when it was called and when it returned; `None` behind
    /// the lane's end.
    pub(crate) fn next(&self, lane: usize, place: u32) -> Option<(usize, u64, u64)> {
        let is_there = place < self.begins[lane + 1];
        is_there.then(|| {
            let (call, ret) = self.times[place as usize];
            (self.order[place as usize] as usize, call, ret)
        })
    }

    /// Every operation that returned, with its return.
    pub(crate) fn returned(&self) -> impl Iterator<Item = (usize, u64)> {
        let all = self.order.iter().zip(&self.times);
        all.filter(|(_, times)| times.1 != NEVER)
            .map(|(&index, times)| (index as usize, times.1))
    }

    /// Whether an operation has been taken.
    pub(crate) fn is_taken(&self, index: usize, places: &[u32]) -> bool {
        let (lane, place) = self.homes[index];
        place < places[lane as usize]
    }

    /// The operations that are left and were called until `time`.
    pub(crate) fn left_until<'l>(
        &'l self,
        time: u64,
        places: &'l [u32],
    ) -> impl Iterator<Item = usize> + 'l {
        places
            .iter()
            .zip(&self.begins[1..])
            .flat_map(move |(&from, &end)| {
                (from..end)
                    .take_while(move |&place| self.times[place as usize].0 <= time)
                    .map(|place| self.order[place as usize] as usize)
            })
    }

    /// The first return among the next operations: none that is called after it can come before it.
    pub(crate) fn first_return(&self, places: &[u32]) -> u64 {
        let ends = &self.begins[1..];
        places
            .iter()
            .zip(ends)
            .filter(|(place, end)| place < end)
            .map(|(&place, _)| self.times[place as usize].1)
            .min()
            .unwrap_or(NEVER)
    }
}

//! A history as the search walks through it: a lane for each process.
//!
//! Wing and Gong's search picks the next operation among those that no other one precedes, and a set
//! of operations done is a bit for each. But of one process only the next operation can be picked, so
//! the set is a counter for each process, however long the history: this is what keeps the memory of
//! histories of millions of operations small.

use std::hash::Hash;

use rustc_hash::FxHashMap;

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
    /// The lanes of a history.
    ///
    /// What never returned is not of its process any more: nothing that the process did later waits
    /// for it. Of such operations those that do the same share a lane. Each can take effect at any
    /// time after its call, so an order that takes another than the one called first is still one
    /// when it takes that one instead.
    pub(crate) fn new<A: Eq + Hash>(operations: &[Operation<A>]) -> Self {
        let mut kinds: FxHashMap<&A, u64> = FxHashMap::default();
        let owners: Vec<(bool, u64)> = operations
            .iter()
            .map(|operation| {
                let next = kinds.len() as u64;
                match operation.ret {
                    NEVER => (true, *kinds.entry(&operation.action).or_insert(next)),
                    _ => (false, operation.process),
                }
            })
            .collect();
        let mut order: Vec<u32> = (0..operations.len() as u32).collect();
        order.sort_by_key(|&index| (owners[index as usize], operations[index as usize].call));
        let mut begins: Vec<u32> = Vec::new();
        let mut homes = vec![(0, u32::MAX); operations.len()];
        for (place, &index) in order.iter().enumerate() {
            let owner = |index: u32| owners[index as usize];
            let goes_on = place > 0 && owner(order[place - 1]) == owner(index);
            if !goes_on {
                begins.push(place as u32);
            }
            homes[index as usize] = (begins.len() as u32 - 1, place as u32);
        }
        begins.push(order.len() as u32);
        let times = order
            .iter()
            .map(|&index| &operations[index as usize])
            .map(|operation| (operation.call, operation.ret))
            .collect();
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

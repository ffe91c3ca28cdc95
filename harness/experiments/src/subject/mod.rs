//! What is experimented on: every strategy, holding a record on which threads can be held up or made
//! to fail where an experiment wants it.
//!
//! Compiled once for all strategies, and behind a dynamic call: that costs some 2 ns, and every
//! experiment looks at the clock between two operations or compares a strategy with itself.

mod gate;
mod record;

use contract::{ErasedHandle, ErasedTable, Profile, Strategy, Visitor};

pub use gate::{Gate, OpenOnExit};
pub use record::{IN_UPDATE, Subject, failing, heartbeat, held_up};

/// Makes a table with room for so many records.
pub type MakeTable = fn(usize) -> ErasedTable<Subject>;

/// A thread's access to a table.
pub type TableHandle<'t> = ErasedHandle<'t, Subject>;

/// A strategy of the registry; `None` if there is none of that name.
pub fn strategy(name: &str) -> Option<MakeTable> {
    struct Find(Option<MakeTable>);
    impl Visitor<Subject> for Find {
        fn visit<S: Strategy<Subject>>(&mut self) {
            self.0 = Some(ErasedTable::new::<S>);
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {}
    }
    let mut find = Find(None);
    registry::visit_plain::<Subject>(&mut registry::Only(name, &mut find));
    find.0
}

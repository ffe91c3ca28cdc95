//! The sessions of a service, in two copies.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::before::Session;

// From the recipe.

#[derive(Clone, Default)]
struct Side<T>(T);

type Change<T> = Box<dyn FnMut(&mut T) + Send>;

impl<T: Clone> left_right::Absorb<Change<T>> for Side<T> {
    fn absorb_first(&mut self, change: &mut Change<T>, _: &Self) {
        change(&mut self.0);
    }

    fn sync_with(&mut self, first: &Self) {
        self.0.clone_from(&first.0);
    }
}

struct TwoSides<T: Clone>(left_right::WriteHandle<Side<T>, Change<T>>);

impl<T: Clone + Default> TwoSides<T> {
    fn new() -> (Self, left_right::ReadHandle<Side<T>>) {
        let (mut writer, reader) = left_right::new_from_empty(Side(T::default()));
        writer.publish();
        (Self(writer), reader)
    }
}

impl<T: Clone> TwoSides<T> {
    fn read<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(&self.0.enter().expect("the writer is alive").0)
    }

    fn write(&mut self, change: impl FnMut(&mut T) + Send + 'static) {
        self.0.append(Box::new(change)).publish();
    }
}

// The service.

type Table = HashMap<String, Session>;

pub(crate) struct Service {
    writer: Mutex<TwoSides<Table>>,
    readers: left_right::ReadHandleFactory<Side<Table>>,
}

/// What a thread reads with: threads cannot share one.
pub(crate) struct Reader(left_right::ReadHandle<Side<Table>>);

impl Service {
    pub(crate) fn new() -> Self {
        let (writer, reader) = TwoSides::new();
        Self {
            writer: Mutex::new(writer),
            readers: reader.factory(),
        }
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader(self.readers.handle())
    }

    pub(crate) fn touch(&self, token: &str, expires: u64) -> bool {
        let mut writer = self.writer.lock().unwrap();
        let is_there = writer.read(|table| table.contains_key(token));
        if is_there {
            let token = token.to_owned();
            writer.write(move |table| {
                if let Some(session) = table.get_mut(&token) {
                    session.hits += 1;
                    session.expires = expires;
                }
            });
        }
        is_there
    }

    pub(crate) fn insert(&self, token: String, user: &str, expires: u64) -> Option<Session> {
        let session = Session {
            user: user.into(),
            hits: 0,
            expires,
        };
        let mut writer = self.writer.lock().unwrap();
        let displaced = writer.read(|table| table.get(&token).cloned());
        writer.write(move |table| drop(table.insert(token.clone(), session.clone())));
        displaced
    }

    pub(crate) fn expire(&self, now: u64) -> usize {
        let is_live = move |session: &Session| session.expires > now;
        let mut writer = self.writer.lock().unwrap();
        let removed =
            writer.read(|table| table.values().filter(|session| !is_live(session)).count());
        writer.write(move |table| table.retain(|_, session| is_live(session)));
        removed
    }
}

impl Reader {
    pub(crate) fn get(&self, token: &str, now: u64) -> Option<Session> {
        let table = self.0.enter().expect("the service is alive");
        let session = table.0.get(token)?;
        (session.expires > now).then(|| session.clone())
    }

    pub(crate) fn list(&self) -> Vec<(String, u64)> {
        let table = self.0.enter().expect("the service is alive");
        let hits = table
            .0
            .iter()
            .map(|(token, session)| (token.clone(), session.hits));
        let mut hits: Vec<_> = hits.collect();
        hits.sort_unstable();
        hits
    }
}

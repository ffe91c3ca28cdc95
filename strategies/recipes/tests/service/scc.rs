//! The sessions of a service, in a concurrent map.

use scc::HashMap;

use crate::before::Session;

#[derive(Default)]
pub(crate) struct Service {
    sessions: HashMap<String, Session>,
}

impl Service {
    pub(crate) fn get(&self, token: &str, now: u64) -> Option<Session> {
        let live = |_: &String, session: &Session| (session.expires > now).then(|| session.clone());
        self.sessions.read_sync(token, live).flatten()
    }

    pub(crate) fn touch(&self, token: &str, expires: u64) -> bool {
        let touched = self.sessions.update_sync(token, |_, session| {
            session.hits += 1;
            session.expires = expires;
        });
        touched.is_some()
    }

    pub(crate) fn insert(&self, token: String, user: &str, expires: u64) -> Option<Session> {
        let session = Session {
            user: user.into(),
            hits: 0,
            expires,
        };
        self.sessions.upsert_sync(token, session)
    }

    /// Counted here: the length may change meanwhile.
    pub(crate) fn expire(&self, now: u64) -> usize {
        let mut removed = 0;
        self.sessions.retain_sync(|_, session| {
            let is_live = session.expires > now;
            removed += usize::from(!is_live);
            is_live
        });
        removed
    }

    /// Not at one instant any more. If the map is resized meanwhile, a token may come twice.
    pub(crate) fn list(&self) -> Vec<(String, u64)> {
        let mut hits = Vec::new();
        self.sessions.iter_sync(|token, session| {
            hits.push((token.clone(), session.hits));
            true
        });
        hits.sort_unstable();
        hits.dedup_by(|a, b| a.0 == b.0);
        hits
    }
}

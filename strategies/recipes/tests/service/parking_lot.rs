//! The sessions of a service, behind the mutex of parking_lot.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::before::Session;

#[derive(Default)]
pub(crate) struct Service {
    sessions: Mutex<HashMap<String, Session>>,
}

impl Service {
    /// The session of a token, unless it has expired.
    pub(crate) fn get(&self, token: &str, now: u64) -> Option<Session> {
        let sessions = self.sessions.lock();
        let session = sessions.get(token)?;
        (session.expires > now).then(|| session.clone())
    }

    /// Counts a hit and extends the session; whether there is one.
    pub(crate) fn touch(&self, token: &str, expires: u64) -> bool {
        let mut sessions = self.sessions.lock();
        let Some(session) = sessions.get_mut(token) else {
            return false;
        };
        session.hits += 1;
        session.expires = expires;
        true
    }

    /// Begins a session, and returns the one that it ends.
    pub(crate) fn insert(&self, token: String, user: &str, expires: u64) -> Option<Session> {
        let session = Session {
            user: user.into(),
            hits: 0,
            expires,
        };
        self.sessions.lock().insert(token, session)
    }

    /// Removes what has expired; how many sessions.
    pub(crate) fn expire(&self, now: u64) -> usize {
        let mut sessions = self.sessions.lock();
        let before = sessions.len();
        sessions.retain(|_, session| session.expires > now);
        before - sessions.len()
    }

    /// The hits of each token, in the order of tokens.
    pub(crate) fn list(&self) -> Vec<(String, u64)> {
        let sessions = self.sessions.lock();
        let hits = sessions
            .iter()
            .map(|(token, session)| (token.clone(), session.hits));
        let mut hits: Vec<_> = hits.collect();
        hits.sort_unstable();
        hits
    }
}

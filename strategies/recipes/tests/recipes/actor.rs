//! A thread that owns the table, and is asked: what the recipe of the channel replaces by a mutex.

use crate::{Session, ann};

// [type]
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};

enum Request {
    Insert(String, Session),
    Hits(String, Sender<Option<u64>>),
    Hit(String),
    Total(Sender<u64>),
    Remove(String, Sender<Option<Session>>),
}

type Sessions = Sender<Request>;
// [helper]
fn serve(requests: &Receiver<Request>) {
    let mut table: HashMap<String, Session> = HashMap::new();
    for request in requests {
        match request {
            Request::Insert(name, session) => {
                table.insert(name, session);
            }
            Request::Hits(name, answer) => {
                let _ = answer.send(table.get(&name).map(|one| one.hits));
            }
            Request::Hit(name) => {
                if let Some(one) = table.get_mut(&name) {
                    one.hits += 1;
                }
            }
            Request::Total(answer) => {
                let _ = answer.send(table.values().map(|one| one.hits).sum());
            }
            Request::Remove(name, answer) => {
                let _ = answer.send(table.remove(&name));
            }
        }
    }
}
// [end]

#[test]
fn steps() {
    // [make]
    let (sessions, requests): (Sessions, _) = channel();
    let actor = std::thread::spawn(move || serve(&requests));
    // [end]
    let ann = ann();
    // [insert]
    sessions.send(Request::Insert("ann".into(), ann)).unwrap();
    // [read]
    let (answer, answered) = channel();
    sessions.send(Request::Hits("ann".into(), answer)).unwrap();
    let hits = answered.recv().unwrap();
    // [update]
    sessions.send(Request::Hit("ann".into())).unwrap();
    // [iterate]
    let (answer, answered) = channel();
    sessions.send(Request::Total(answer)).unwrap();
    let total = answered.recv().unwrap();
    // [remove]
    let (answer, answered) = channel();
    sessions
        .send(Request::Remove("ann".into(), answer))
        .unwrap();
    let removed = answered.recv().unwrap();
    // [end]
    assert_eq!((hits, total), (Some(0), 1));
    assert_eq!(removed.map(|one| one.hits), Some(1));
    drop(sessions);
    actor.join().unwrap();
}

//! A service of sixty lines with its sessions behind a mutex, and the same service after three recipes, each of which a
//! recorded run recommends for some situation. All of them do the same.

mod before;
mod left_right;
mod parking_lot;
mod scc;

/// Asks a service through one that reads; both may be the same.
macro_rules! exercise {
    ($service:expr, $reader:expr) => {{
        let (service, reader) = (&$service, $reader);
        let user = |name: Option<before::Session>| name.map(|session| session.user);
        assert_eq!(service.insert("a".into(), "Ann", 10), None);
        assert_eq!(service.insert("b".into(), "Bob", 5), None);
        let displaced = service.insert("b".into(), "Bea", 5);
        assert_eq!(user(displaced), Some("Bob".into()));
        assert_eq!(user(reader.get("b", 4)), Some("Bea".into()));
        assert_eq!(reader.get("b", 5), None, "it has expired");
        assert!(service.touch("a", 12) && !service.touch("c", 12));
        assert_eq!(reader.get("a", 11).map(|session| session.hits), Some(1));
        assert_eq!(reader.list(), [("a".to_owned(), 1), ("b".to_owned(), 0)]);
        assert_eq!((service.expire(5), service.expire(5)), (1, 0));
        assert_eq!(reader.list(), [("a".to_owned(), 1)]);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..100).for_each(|_| assert!(service.touch("a", 13))));
            }
        });
        assert_eq!(reader.list(), [("a".to_owned(), 201)]);
    }};
}

#[test]
fn a_mutex() {
    let service = before::Service::default();
    exercise!(service, &service);
}

#[test]
fn another_mutex() {
    let service = parking_lot::Service::default();
    exercise!(service, &service);
}

#[test]
fn a_concurrent_map() {
    let service = scc::Service::default();
    exercise!(service, &service);
}

#[test]
fn two_copies() {
    let service = left_right::Service::new();
    exercise!(service, service.reader());
}

//! One key of a store of texts that can be overwritten and appended to.

use std::rc::Rc;

use crate::model::{Model, Step};

/// One key; its text is empty at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyValue;

/// What is done to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValueAction {
    /// It is read, and this was there.
    Get(Rc<str>),
    /// It is overwritten.
    Put(Rc<str>),
    /// This is put behind what is there.
    Append(Rc<str>),
}

/// Longer texts are cut where they are shown: what differs is at the end.
const SHOWN_MAX: usize = 48;

impl Model for KeyValue {
    type State = Rc<str>;
    type Action = KeyValueAction;

    fn step(&self, state: &Rc<str>, action: &KeyValueAction) -> Step<Rc<str>> {
        match action {
            KeyValueAction::Get(seen) if seen == state => Step::Observes,
            KeyValueAction::Get(_) => Step::Impossible,
            KeyValueAction::Put(text) => Step::To(text.clone()),
            KeyValueAction::Append(text) => Step::To([&**state, text].concat().into()),
        }
    }

    const LOOKS_AHEAD: bool = true;

    /// A text only grows until it is overwritten: what was seen must be what is there, or something
    /// that is still to be put, and behind it nothing but what is still to be appended.
    fn can_lead_to<'a>(
        &self,
        state: &Rc<str>,
        observation: &KeyValueAction,
        between: impl Iterator<Item = &'a KeyValueAction>,
    ) -> bool {
        let KeyValueAction::Get(seen) = observation else {
            return true;
        };
        let mut begins: Vec<usize> = Vec::new();
        let mut appended: Vec<&str> = Vec::new();
        if seen.starts_with(&**state) {
            begins.push(state.len());
        }
        for action in between {
            match action {
                KeyValueAction::Put(text) if seen.starts_with(&**text) => begins.push(text.len()),
                KeyValueAction::Append(text) => appended.push(text),
                KeyValueAction::Get(_) | KeyValueAction::Put(_) => {}
            }
        }
        is_made_of(seen, begins, &appended)
    }

    fn observes(&self, action: &KeyValueAction) -> bool {
        matches!(action, KeyValueAction::Get(_))
    }

    fn describe(&self, action: &KeyValueAction) -> String {
        match action {
            KeyValueAction::Get(seen) => format!("get -> {}", shown(seen)),
            KeyValueAction::Put(text) => format!("put {}", shown(text)),
            KeyValueAction::Append(text) => format!("append {}", shown(text)),
        }
    }

    fn describe_state(&self, state: &Rc<str>) -> String {
        shown(state)
    }
}

/// Whether `pieces` put together make the end of `whole`, from one of the `begins` on. A piece may
/// count more than once: this may only say no where it is sure.
fn is_made_of(whole: &str, mut begins: Vec<usize>, pieces: &[&str]) -> bool {
    let mut seen = vec![false; whole.len() + 1];
    while let Some(begin) = begins.pop() {
        if begin == whole.len() {
            return true;
        }
        if !std::mem::replace(&mut seen[begin], true) {
            let rest = &whole[begin..];
            let fitting = pieces.iter().filter(|piece| rest.starts_with(**piece));
            begins.extend(fitting.map(|piece| begin + piece.len()));
        }
    }
    false
}

fn shown(text: &str) -> String {
    let length = text.chars().count();
    if length <= SHOWN_MAX {
        return format!("{text:?}");
    }
    let end: String = text.chars().skip(length - SHOWN_MAX).collect();
    format!("(...) {end:?}")
}

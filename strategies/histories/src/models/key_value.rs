//! One key of a store of texts that can be overwritten and appended to.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::model::{Model, Step};

/// One key; its text is empty at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyValue;

/// What is done to a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyValueAction {
    /// It is read, and this was there.
    Get(Text),
    /// It is overwritten.
    Put(Text),
    /// This is put behind what is there.
    Append(Text),
}

/// Longer texts are cut where they are shown: what differs is at the end.
const SHOWN_MAX: usize = 48;

impl Model for KeyValue {
    type State = Text;
    type Action = KeyValueAction;

    fn step(&self, state: &Text, action: &KeyValueAction) -> Step<Text> {
        match action {
            KeyValueAction::Get(answer) if answer == state => Step::Observes,
            KeyValueAction::Get(_) => Step::Impossible,
            KeyValueAction::Put(text) => Step::To(text.clone()),
            KeyValueAction::Append(text) => Step::To(state.with(text)),
        }
    }

    const STATE_WORDS: usize = size_of::<Piece>() / 4 + 4;

    const LOOKS_AHEAD: bool = true;

    /// A text only grows until it is overwritten: what was seen must be what is there, or something
    /// that is still to be put, and behind it nothing but what is still to be appended.
    fn can_lead_to(
        &self,
        state: &Text,
        observation: &KeyValueAction,
        between: &[&KeyValueAction],
    ) -> bool {
        let KeyValueAction::Get(answer) = observation else {
            return true;
        };
        let answer = answer.end();
        let mut begins: Vec<usize> = Vec::new();
        let mut appended: FxHashSet<&str> = FxHashSet::default();
        if state.begins(answer) {
            begins.push(state.0.len);
        }
        for action in between {
            match action {
                KeyValueAction::Put(text) if answer.starts_with(text.end()) => {
                    begins.push(text.0.len);
                }
                KeyValueAction::Append(text) => {
                    appended.insert(text.end());
                }
                KeyValueAction::Get(_) | KeyValueAction::Put(_) => {}
            }
        }
        is_made_of(answer, begins, &appended)
    }

    fn observes(&self, action: &KeyValueAction) -> bool {
        matches!(action, KeyValueAction::Get(_))
    }

    fn describe(&self, action: &KeyValueAction) -> String {
        match action {
            KeyValueAction::Get(answer) => format!("get -> {}", shown(answer)),
            KeyValueAction::Put(text) => format!("put {}", shown(text)),
            KeyValueAction::Append(text) => format!("append {}", shown(text)),
        }
    }

    fn describe_state(&self, state: &Text) -> String {
        shown(state)
    }
}

/// A text as the pieces that it was put together of. Texts that begin alike share their beginning: a
/// search keeps many, and each costs it no more than what was appended last.
#[derive(Clone)]
pub struct Text(Rc<Piece>);

/// What is appended to a text. What an action holds is one piece, without a beginning.
struct Piece {
    before: Option<Rc<Piece>>,
    text: Rc<str>,
    /// Of the whole text up to here, in bytes.
    len: usize,
    hash: Rolling,
}

/// A hash of the whole text up to a piece, however it was put together: `sum(byte * M^(bytes behind))`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Rolling {
    sum: u64,
    /// `M` to the power of the length.
    power: u64,
}

/// An odd multiplier without a pattern: the golden ratio's digits.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Rolling {
    const EMPTY: Rolling = Rolling { sum: 0, power: 1 };

    fn followed_by(self, next: Rolling) -> Self {
        Self {
            sum: self.sum.wrapping_mul(next.power).wrapping_add(next.sum),
            power: self.power.wrapping_mul(next.power),
        }
    }
}

impl Text {
    /// With another one, of one piece, behind it.
    fn with(&self, text: &Text) -> Self {
        Self(Rc::new(Piece {
            before: Some(self.0.clone()),
            text: text.0.text.clone(),
            len: self.0.len + text.0.len,
            hash: self.0.hash.followed_by(text.0.hash),
        }))
    }

    /// Its last piece.
    fn end(&self) -> &str {
        &self.0.text
    }

    /// Its pieces, the last one first.
    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        std::iter::successors(Some(&*self.0), |piece| piece.before.as_deref())
    }

    /// Whether `whole` begins with it.
    fn begins(&self, whole: &str) -> bool {
        let whole = whole.as_bytes();
        self.0.len <= whole.len()
            && self
                .pieces()
                .all(|piece| whole[..piece.len].ends_with(piece.text.as_bytes()))
    }
}

impl From<Rc<str>> for Text {
    fn from(text: Rc<str>) -> Self {
        let bytes = text.bytes().map(|byte| Rolling {
            sum: u64::from(byte) + 1,
            power: MULTIPLIER,
        });
        Self(Rc::new(Piece {
            before: None,
            len: text.len(),
            hash: bytes.fold(Rolling::EMPTY, Rolling::followed_by),
            text,
        }))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(Rc::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(Rc::from(text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces: Vec<&Piece> = self.pieces().collect();
        pieces
            .into_iter()
            .rev()
            .try_for_each(|piece| f.write_str(&piece.text))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        if Rc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        if (self.0.len, self.0.hash) != (other.0.len, other.0.hash) {
            return false;
        }
        match (&self.0.before, &other.0.before) {
            (_, None) => self.begins(other.end()),
            (None, _) => other.begins(self.end()),
            _ => self.begins(&other.to_string()),
        }
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.0.hash.sum);
    }
}

/// One piece after the other: each inside the next would need as much stack as there are pieces.
impl Drop for Piece {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(piece) = next {
            next = Rc::try_unwrap(piece)
                .ok()
                .and_then(|mut piece| piece.before.take());
        }
    }
}

/// Whether `pieces` put together make the end of `whole`, from one of the `begins` on. A piece may
/// count more than once: this may only say no where it is sure.
fn is_made_of(whole: &str, mut begins: Vec<usize>, pieces: &FxHashSet<&str>) -> bool {
    let lengths: BTreeSet<usize> = pieces.iter().map(|piece| piece.len()).collect();
    let mut visited = vec![false; whole.len() + 1];
    while let Some(begin) = begins.pop() {
        if begin == whole.len() {
            return true;
        }
        if !std::mem::replace(&mut visited[begin], true) {
            let ends = lengths.iter().map(|length| begin + length);
            let is_piece = |piece: &str| pieces.contains(piece);
            begins.extend(ends.filter(|&end| whole.get(begin..end).is_some_and(is_piece)));
        }
    }
    false
}

fn shown(text: &Text) -> String {
    let text = text.to_string();
    let length = text.chars().count();
    if length <= SHOWN_MAX {
        return format!("{text:?}");
    }
    let end: String = text.chars().skip(length - SHOWN_MAX).collect();
    format!("(...) {end:?}")
}

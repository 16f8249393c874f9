//! What of a queue lies ready in memory, in groups that take turns.
//!
//! A group is whose messages they are, as [`harkara_engine::job::group`] tells: one message of each in
//! turn, so that a hundred thousand of one shop's do not stand before one of another's. Within a group
//! the order is that of the due times.
//!
//! Every row of a group up to its *horizon* that the queue has looked at is either ready here or in
//! flight; what lies behind it is on disk only and is loaded when the group runs low.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use crate::place::due_of;

/// Whose messages they are.
pub(crate) type GroupName = Arc<str>;

/// A message in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: i64,
    pub(crate) receives: u32,
    pub(crate) group: GroupName,
    pub(crate) body: String,
}

#[derive(Debug)]
struct Group {
    messages: BTreeMap<i64, Held>,
    bytes: usize,
    horizon: i64,
    /// It stands among the turns.
    in_turn: bool,
    loading: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self { messages: BTreeMap::new(), bytes: 0, horizon: i64::MAX, in_turn: false, loading: false }
    }
}

impl Group {
    fn first(&self) -> Option<i64> {
        self.messages.first_key_value().map(|(place, _)| *place)
    }

    /// It has messages on disk that are not in memory.
    fn is_spilled(&self) -> bool {
        self.horizon != i64::MAX
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Ready {
    groups: HashMap<GroupName, Group>,
    /// Groups whose first message is due, in the order of their turns.
    turns: VecDeque<GroupName>,
    /// The others that have messages, by their first.
    later: BTreeSet<(i64, GroupName)>,
    spilled: BTreeSet<GroupName>,
    messages: usize,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl Ready {
    /// Room for so many messages, or so many bytes of bodies, and for one of each group at least.
    pub(crate) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            groups: HashMap::new(),
            turns: VecDeque::new(),
            later: BTreeSet::new(),
            spilled: BTreeSet::new(),
            messages: 0,
            bytes: 0,
            max_messages: max_messages.max(1),
            max_bytes: max_bytes.max(1),
        }
    }

    /// Takes a message in if it lies within its group's horizon; the last ones of the largest group
    /// make room. The only one of a group stays, though there be more groups than room: what is due would make
    /// room for what waits, be loaded again, and so on for ever.
    pub(crate) fn insert(&mut self, place: i64, mut held: Held) {
        let known = self.groups.get_key_value(&held.group).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| held.group.clone());
        held.group = name.clone();
        let group = self.groups.entry(name.clone()).or_default();
        if place > group.horizon {
            return;
        }
        let (before, size) = (group.first(), held.body.len());
        if let Some(same) = group.messages.insert(place, held) {
            // It was loaded once more.
            group.messages.insert(place, same);
            return;
        }
        group.bytes += size;
        self.messages += 1;
        self.bytes += size;
        if !group.in_turn && before.is_none_or(|before| place < before) {
            if let Some(before) = before {
                self.later.remove(&(before, name.clone()));
            }
            self.later.insert((place, name));
        }
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.messages > self.max_messages || self.bytes > self.max_bytes {
            let (messages, bytes) = (self.max_messages, self.max_bytes);
            let share = |group: &Group| {
                group
                    .messages
                    .len()
                    .saturating_mul(bytes)
                    .saturating_add(group.bytes.saturating_mul(messages))
            };
            let several = self.groups.iter_mut().filter(|(_, group)| group.messages.len() > 1);
            let largest = several.max_by_key(|(_, group)| share(group));
            let Some((name, group)) = largest else { return };
            let Some((last, held)) = group.messages.pop_last() else { return };
            group.bytes -= held.body.len();
            group.horizon = last - 1;
            self.messages -= 1;
            self.bytes -= held.body.len();
            self.spilled.insert(name.clone());
        }
    }

    /// The next message that is due, at places up to `last`: of the group whose turn it is.
    pub(crate) fn pop(&mut self, last: i64) -> Option<(i64, Held)> {
        while let Some((_, name)) = self.later.first().filter(|first| first.0 <= last).cloned() {
            self.later.pop_first();
            if let Some(group) = self.groups.get_mut(&name) {
                group.in_turn = true;
                self.turns.push_back(name);
            }
        }
        while let Some(name) = self.turns.pop_front() {
            let Some(group) = self.groups.get_mut(&name) else { continue };
            let due = group.messages.first_entry().filter(|entry| *entry.key() <= last);
            let taken = due.map(|entry| entry.remove_entry());
            if let Some((_, held)) = &taken {
                group.bytes -= held.body.len();
                self.messages -= 1;
                self.bytes -= held.body.len();
            }
            group.in_turn = group.first().is_some_and(|first| first <= last);
            match group.first() {
                Some(_) if group.in_turn => self.turns.push_back(name),
                Some(first) => _ = self.later.insert((first, name)),
                None => self.forget(&name),
            }
            if taken.is_some() {
                return taken;
            }
        }
        None
    }

    /// A group without messages, here or on disk, is none.
    fn forget(&mut self, name: &str) {
        let idle = |group: &Group| group.messages.is_empty() && !group.in_turn && !group.is_spilled();
        if self.groups.get(name).is_some_and(idle) {
            self.groups.remove(name);
        }
    }

    /// Takes the message at a place out, if it is here. Slow.
    pub(crate) fn remove(&mut self, place: i64) {
        let Some((name, group)) =
            self.groups.iter_mut().find(|(_, group)| group.messages.contains_key(&place))
        else {
            return;
        };
        let (name, before) = (name.clone(), group.first());
        let Some(held) = group.messages.remove(&place) else { return };
        group.bytes -= held.body.len();
        self.messages -= 1;
        self.bytes -= held.body.len();
        if !group.in_turn && before == Some(place) {
            self.later.remove(&(place, name.clone()));
            if let Some(first) = group.first() {
                self.later.insert((first, name.clone()));
            }
        }
        self.forget(&name);
    }

    /// Where the message is that `is` says. Slow.
    pub(crate) fn find(&self, is: impl Fn(&Held) -> bool) -> Option<i64> {
        let mut all = self.groups.values().flat_map(|group| &group.messages);
        all.find(|(_, held)| is(held)).map(|(place, _)| *place)
    }

    /// The place of the earliest message.
    pub(crate) fn first(&self) -> Option<i64> {
        let in_turn = self.turns.iter().filter_map(|name| self.groups.get(name)?.first()).min();
        let later = self.later.first().map(|(first, _)| *first);
        in_turn.into_iter().chain(later).min()
    }

    /// When a message is or was due that could be taken next, in milliseconds since 1970.
    pub(crate) fn next_due(&self) -> Option<i64> {
        let in_turn = self.turns.iter().find_map(|name| self.groups.get(name)?.first());
        in_turn.or_else(|| self.later.first().map(|(first, _)| *first)).map(due_of)
    }

    /// Whether a message of a group belongs into memory.
    pub(crate) fn covers(&self, name: &str, place: i64) -> bool {
        self.groups.get(name).is_none_or(|group| place <= group.horizon)
    }

    /// The groups that should be loaded now; each is told once until it was.
    pub(crate) fn low(&mut self) -> Vec<GroupName> {
        let (messages, bytes) = self.share();
        let mut low = Vec::new();
        for name in &self.spilled {
            let Some(group) = self.groups.get_mut(name).filter(|group| !group.loading) else { continue };
            if group.messages.len() <= messages / 4 && group.bytes <= bytes / 4 {
                group.loading = true;
                low.push(name.clone());
            }
        }
        low
    }

    /// What each group may have: messages and bytes.
    fn share(&self) -> (usize, usize) {
        let groups = self.groups.len().max(1);
        ((self.max_messages / groups).max(1), (self.max_bytes / groups).max(1))
    }

    /// Behind which place to load a group, and how much of it: messages and bytes.
    pub(crate) fn room(&self, name: &str) -> (i64, usize, usize) {
        let (messages, bytes) = self.share();
        let Some(group) = self.groups.get(name) else { return (i64::MAX, 1, 1) };
        let messages = messages.saturating_sub(group.messages.len()).max(1);
        (group.horizon, messages, bytes.saturating_sub(group.bytes).max(1))
    }

    /// A group has been looked through up to a place, `i64::MAX` for its end; what was found is to be
    /// inserted then.
    pub(crate) fn looked_through(&mut self, name: &str, up_to: i64) {
        let Some(group) = self.groups.get_mut(name) else { return };
        group.loading = false;
        group.horizon = up_to;
        if !group.is_spilled() {
            self.spilled.remove(name);
            self.forget(name);
        }
    }

    /// The load failed; the next poller asks again.
    pub(crate) fn not_loaded(&mut self, name: &str) {
        if let Some(group) = self.groups.get_mut(name) {
            group.loading = false;
        }
    }

    /// How many messages are in memory.
    pub(crate) fn len(&self) -> usize {
        self.messages
    }

    /// How many there is room for.
    pub(crate) fn room_for_all(&self) -> (usize, usize) {
        (self.max_messages, self.max_bytes)
    }
}

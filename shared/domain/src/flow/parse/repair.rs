//! Finding every mistake: what is found wrong is put aside, and the rest is read again.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    MAX_PROBLEMS,
    read::Reader,
    tree::{Node, Place, Steps, Tree, What, below, parent},
    wrong::{Repair, Wrong},
};
use crate::flow::Flow;

/// A mistake: its place, its path and what is wrong.
pub(super) type Mistake = (Option<Place>, String, String);

/// The most readings of one text: each problem takes one, and one that cannot be put aside by itself up to
/// as many more as it lies deep.
const MAX_READINGS: usize = 3 * MAX_PROBLEMS;

/// A text that is read, with what was found wrong so far.
pub(super) struct Reading {
    tree: Tree,
    pub(super) mistakes: Vec<Mistake>,
    /// The paths of what was put aside.
    aside: BTreeSet<String>,
}

impl Reading {
    pub(super) fn of(mut tree: Tree) -> Self {
        let flaws = std::mem::take(&mut tree.flaws);
        let mut reading = Self { tree, mistakes: Vec::new(), aside: BTreeSet::new() };
        for (steps, message) in flaws.into_iter().take(MAX_PROBLEMS + 1) {
            let path = reading.tree.path(&steps);
            let place = reading.tree.place(&steps);
            reading.say(place, path, message);
        }
        reading
    }

    /// Reads the flow as far as it can be read; `None` where nothing of it can.
    pub(super) fn flow(&mut self) -> Option<Flow> {
        for _ in 0..MAX_READINGS {
            if self.mistakes.len() > MAX_PROBLEMS {
                return None;
            }
            match Flow::deserialize(Reader(self.tree.root.as_ref()?)) {
                Ok(flow) => return Some(flow),
                Err(wrong) => self.put_aside(wrong)?,
            }
        }
        None
    }

    /// Notes what is wrong with a flow that could be read in part, but for what follows from what could not.
    pub(super) fn check(&mut self, found: impl Iterator<Item = (String, String)>) {
        for (path, message) in found {
            let path = self.tree.as_written(&path);
            if !self.follows(&path) {
                let place = self.tree.place_of(&path);
                self.mistakes.push((place, path, message));
            }
        }
    }

    fn say(&mut self, place: Option<Place>, path: String, message: String) {
        self.mistakes.push((place, path.clone(), message));
        self.aside.insert(path);
    }

    /// Whether what is said of `path` may come from what was put aside there, below, or beside it.
    fn follows(&self, path: &str) -> bool {
        // A list without the item may be empty, which is as if it were left out.
        let around =
            |aside: &str| parent(aside) == path || (aside.ends_with(']') && parent(parent(aside)) == path);
        let beside = [".timeout", ".otherwise"].iter().any(|field| path.ends_with(field));
        self.aside
            .iter()
            .any(|aside| around(aside) || is_in(path, aside) || (beside && parent(aside) == parent(path)))
    }

    /// Puts the part that is wrong aside. `None`, where that was all of it.
    fn put_aside(&mut self, wrong: Wrong) -> Option<()> {
        let Wrong { mut steps, message, repair } = wrong;
        steps.reverse();
        let mut path = self.tree.path(&steps);
        let mut place = self.tree.place(&steps);
        if let Repair::Add(field) = repair {
            // Of the whole flow, nothing is missing in any one line.
            place = place.filter(|_| !path.is_empty());
            path = below(&path, field);
        }
        if let Repair::Drop { meant: Some(field) } = repair {
            // Where it is not written too, it is not missing as well.
            let meant = below(parent(&path), field);
            if !self.tree.has(&meant) {
                self.aside.insert(meant);
            }
        }
        let known = self.aside.iter().any(|aside| is_in(&path, aside));
        let counts_short = repair == Repair::Blank && self.aside.iter().any(|aside| parent(aside) == path);
        if !known && (path.is_empty() || !counts_short) {
            self.say(place, path, message);
        }
        match repair {
            Repair::Add(field) => self.add(&steps, field),
            Repair::Drop { .. } => self.set(&steps, What::Gone),
            Repair::Empty => self.set(&steps, What::Fields(Vec::new())),
            Repair::Blank => self.blank(steps),
            Repair::BlankAround => {
                steps.pop();
                self.blank(steps)
            }
        }
    }

    fn set(&mut self, steps: &[usize], what: What) -> Option<()> {
        self.tree.node(steps)?.what = what;
        Some(())
    }

    fn add(&mut self, steps: &[usize], field: &str) -> Option<()> {
        let node = self.tree.node(steps)?;
        let entry = (field.to_owned(), Node { at: node.at, what: What::Blank });
        match &mut node.what {
            What::Fields(fields) => fields.push(entry),
            what => *what = What::Fields(vec![entry]),
        }
        Some(())
    }

    /// Makes a part blank; one that was blank before cannot be, so what it is a part of is.
    fn blank(&mut self, mut steps: Steps) -> Option<()> {
        while matches!(self.tree.node(&steps)?.what, What::Blank | What::Gone) {
            steps.pop()?;
        }
        let (_, around) = steps.split_last()?;
        let in_list = matches!(self.tree.node(around)?.what, What::List(_));
        self.set(&steps, if in_list { What::Gone } else { What::Blank })
    }
}

/// Whether a path is another, or within it.
fn is_in(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    other.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

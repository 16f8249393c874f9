//! Places of nodes: by their paths, and the other way round.

use super::{Node, Place, Tree, What};
use crate::flow::parse::words::clip;

impl Tree {
    /// The path of the node at the end of a way: `stages[1].after`; empty for the whole.
    pub(in crate::flow::parse) fn path(&self, steps: &[usize]) -> String {
        let mut path = String::new();
        let mut node = self.root.as_ref();
        for &step in steps {
            node = match node.map(|node| &node.what) {
                Some(What::List(items)) => {
                    path.push_str(&format!("[{step}]"));
                    items.get(step)
                }
                Some(What::Fields(fields)) => fields.get(step).map(|(name, node)| {
                    path = below(&path, name);
                    node
                }),
                _ => None,
            };
        }
        path
    }

    /// Where the node at the end of a way stands.
    pub(in crate::flow::parse) fn place(&self, steps: &[usize]) -> Option<Place> {
        let node = steps.iter().try_fold(self.root.as_ref()?, |node, &step| match &node.what {
            What::List(items) => items.get(step),
            What::Fields(fields) => fields.get(step).map(|(_, node)| node),
            _ => None,
        });
        node.map(|node| node.at)
    }

    /// A path within the flow that was read, as it is in the text: there, the items that were passed over
    /// count too.
    pub(in crate::flow::parse) fn as_written(&self, path: &str) -> String {
        let (mut rest, mut written) = (path, String::new());
        let Some(mut node) = self.root.as_ref() else { return path.to_owned() };
        while !rest.is_empty() {
            let step = read_item(node, rest).or_else(|| {
                let (child, behind) = child(node, rest)?;
                Some((child, behind, rest.strip_suffix(behind)?.to_owned()))
            });
            let Some((child, behind, step)) = step else { break };
            written.push_str(&step);
            (node, rest) = (child, behind);
        }
        written + rest
    }

    /// Where a path stands; where it is not written, the nearest that is around it.
    pub(in crate::flow::parse) fn place_of(&self, path: &str) -> Option<Place> {
        let (node, rest) = self.nearest(path)?;
        // What the whole lacks stands nowhere.
        (rest.is_empty() || rest.len() < path.len()).then_some(node.at)
    }

    /// Whether a path is written.
    pub(in crate::flow::parse) fn has(&self, path: &str) -> bool {
        self.nearest(path).is_some_and(|(_, rest)| rest.is_empty())
    }

    /// The node of a path, or the nearest around it, with the rest of the path.
    fn nearest<'p>(&self, path: &'p str) -> Option<(&Node, &'p str)> {
        let (mut node, mut rest) = (self.root.as_ref()?, path);
        while !rest.is_empty() {
            let Some((child, behind)) = child(node, rest) else { break };
            (node, rest) = (child, behind);
        }
        Some((node, rest))
    }

    /// The path of what stands at a place or before it, and nothing else between.
    pub(in crate::flow::parse) fn path_at(&self, place: Place) -> String {
        let mut last = Vec::new();
        if let Some(root) = &self.root {
            last_before(root, place, &mut Vec::new(), &mut last);
        }
        self.path(&last)
    }
}

/// The path of a field of what `path` is.
pub(in crate::flow::parse) fn below(path: &str, name: &str) -> String {
    let name = clip(name);
    if path.is_empty() { name.into_owned() } else { format!("{path}.{name}") }
}

/// What a path's last part is a part of.
pub(in crate::flow::parse) fn parent(path: &str) -> &str {
    path.rfind(['.', '[']).and_then(|end| path.get(..end)).unwrap_or_default()
}

/// The item of a list that a path begins with, of those that were read; with the rest of the path, and how
/// the item is written.
fn read_item<'n, 'p>(node: &'n Node, path: &'p str) -> Option<(&'n Node, &'p str, String)> {
    let What::List(items) = &node.what else { return None };
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    let mut read = items.iter().enumerate().filter(|(_, item)| !matches!(item.what, What::Gone));
    let (index, item) = read.nth(index.parse().ok()?)?;
    Some((item, rest, format!("[{index}]")))
}

/// The child of a node that a path begins with, and the rest of the path. A name may have dots in it.
fn child<'n, 'p>(node: &'n Node, path: &'p str) -> Option<(&'n Node, &'p str)> {
    match &node.what {
        What::List(items) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            Some((items.get(index.parse::<usize>().ok()?)?, rest))
        }
        What::Fields(fields) => {
            let path = path.strip_prefix('.').unwrap_or(path);
            let fitting = fields.iter().filter_map(|(name, node)| {
                let name = clip(name);
                let rest = path.strip_prefix(&*name)?;
                (rest.is_empty() || rest.starts_with(['.', '['])).then_some((name.len(), node, rest))
            });
            fitting.max_by_key(|(length, ..)| *length).map(|(_, node, rest)| (node, rest))
        }
        _ => None,
    }
}

fn last_before(node: &Node, place: Place, steps: &mut Vec<usize>, last: &mut Vec<usize>) {
    let children: Vec<&Node> = match &node.what {
        What::List(items) => items.iter().collect(),
        What::Fields(fields) => fields.iter().map(|(_, node)| node).collect(),
        _ => return,
    };
    let before = children.partition_point(|child| child.at <= place);
    if let Some((index, child)) = before.checked_sub(1).and_then(|i| Some((i, children.get(i)?))) {
        steps.push(index);
        last.clone_from(steps);
        last_before(child, place, steps, last);
    }
}

//! A text as fields and lists, whether it is a sound flow or not.

use super::{
    MAX_BYTES,
    tree::{NO_VALUE, Node, Tree, What},
};
use crate::flow::Written;

impl Written {
    /// Reads YAML. `None` where it cannot be read at all, has what is no part of the language such as
    /// anchors, or is over the limits of a flow's text; [`parse::flow`](super::flow) says why.
    ///
    /// A word without quotes stays the word that was written, but for `true`, `false` and whole numbers: what
    /// `yes` and `1.50` mean is up to the field that they stand in.
    pub fn read(text: &str) -> Option<Self> {
        let short = (text.len() <= MAX_BYTES).then_some(text)?;
        let tree = Tree::of(short);
        let whole = tree.broken.is_none() && tree.second.is_none();
        let sound = whole && tree.flaws.iter().all(|(_, why)| why == NO_VALUE);
        tree.root.filter(|_| sound).map(written)
    }
}

fn written(node: Node) -> Written {
    match node.what {
        What::Scalar { text, plain: true } => word(text),
        What::Scalar { text, plain: false } => Written::Text(text),
        What::List(items) => Written::List(items.into_iter().map(written).collect()),
        What::Fields(fields) => {
            Written::Fields(fields.into_iter().map(|(name, node)| (name, written(node))).collect())
        }
        What::Blank | What::Gone => Written::Nothing,
    }
}

/// A number only where it would be written the same again.
fn word(text: String) -> Written {
    match text.as_str() {
        "true" => Written::Truth(true),
        "false" => Written::Truth(false),
        digits => match digits.parse::<i64>() {
            Ok(number) if number.to_string() == digits => Written::Whole(number),
            _ => Written::Text(text),
        },
    }
}

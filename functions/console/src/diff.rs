//! What differs between two texts, line by line.

use similar::{ChangeTag, TextDiff, TextDiffConfig};
use std::time::Duration;

/// Lines around a difference that are shown with it.
const CONTEXT: usize = 3;
/// Beyond it whatever is left is told as replaced: two long texts without a line in common would take minutes.
const LIMIT: Duration = Duration::from_millis(300);

fn lines<'a>(before: &'a str, after: &'a str) -> TextDiff<'a, 'a, 'a, str> {
    let mut config: TextDiffConfig = TextDiff::configure();
    config.timeout(LIMIT).diff_lines(before, after)
}

/// The differences as `diff -u` tells them; empty for two texts that are the same.
pub fn unified(before: &str, after: &str, (from, to): (&str, &str)) -> String {
    lines(before, after).unified_diff().context_radius(CONTEXT).header(from, to).to_string()
}

/// A line of a page's diff.
pub(crate) struct Line {
    /// `add`, `del`, `same`, or `gap` where lines were left out before it.
    pub(crate) kind: &'static str,
    /// `+`, `-` or nothing.
    pub(crate) sign: &'static str,
    /// Without its end.
    pub(crate) text: String,
}

/// The differences for a page; empty for two texts that are the same.
pub(crate) fn page(before: &str, after: &str) -> Vec<Line> {
    let diff = lines(before, after);
    let mut found = Vec::new();
    for (place, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if place > 0 {
            found.push(Line { kind: "gap", sign: "", text: "…".to_owned() });
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (kind, sign) = match change.tag() {
                ChangeTag::Equal => ("same", " "),
                ChangeTag::Insert => ("add", "+"),
                ChangeTag::Delete => ("del", "-"),
            };
            found.push(Line { kind, sign, text: change.value().trim_end_matches(['\r', '\n']).to_owned() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_told_with_those_around_them() {
        let before = (1..=20).map(|n| format!("line {n}\n")).collect::<String>();
        let after = before.replace("line 2\n", "line two\n").replace("line 19\n", "");
        let told: Vec<String> =
            page(&before, &after).iter().map(|line| format!("{}{}", line.sign, line.text)).collect();
        let expected = [
            " line 1",
            "-line 2",
            "+line two",
            " line 3",
            " line 4",
            " line 5",
            "…",
            " line 16",
            " line 17",
            " line 18",
            "-line 19",
            " line 20",
        ];
        assert_eq!(told, expected);
        assert!(page(&before, &before).is_empty() && unified(&before, &before, ("a", "b")).is_empty());
        assert!(
            unified(&before, &after, ("a", "b"))
                .starts_with("--- a\n+++ b\n@@ -1,5 +1,5 @@\n line 1\n-line 2\n")
        );
    }

    #[test]
    fn two_long_texts_without_a_line_in_common_take_no_longer_than_the_limit() {
        let text = |from: u32| (from..from + 12_000).map(|n| format!("{n}\n")).collect::<String>();
        let begun = std::time::Instant::now();
        assert_eq!(page(&text(10_000), &text(50_000)).len(), 24_000);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

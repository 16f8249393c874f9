//! What several channels ask of a text.

/// One line: white space and control characters collapse into single blanks. Meta refuses template
/// parameters with newlines, tabs or more than four blanks in a row, and a subject is one header line.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// At most `max` characters; what is cut is shown by an ellipsis, which counts.
pub(crate) fn at_most(mut text: String, max: usize) -> String {
    if text.chars().count() > max {
        let keep = text.char_indices().nth(max.saturating_sub(1)).map_or(0, |(at, _)| at);
        text.truncate(keep);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_breaks_and_no_runs_of_blanks() {
        assert_eq!(one_line(" Ali\r\n\tKhan \u{a0} \u{0} Jr"), "Ali Khan Jr");
        assert_eq!(one_line(" \n "), "");
    }

    #[test]
    fn cutting_counts_characters_and_not_bytes() {
        assert_eq!(at_most("شکریہ".into(), 5), "شکریہ");
        assert_eq!(at_most("شکریہ".into(), 3), "شک…");
        assert_eq!(at_most("ab".into(), 0), "…");
    }
}

//! What people write, as words that can be compared, and the phrases that are looked for in them.
//!
//! People write Urdu in its own letters and in Latin ones, each word in many spellings. The words of a
//! text are brought to one spelling first ([`spelling`]), so that a phrase is listed once.

mod spelling;

use unicode_normalization::char::is_combining_mark;

use crate::place::normalise;

/// A text as words in one spelling. Of a long text only the beginning counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Speech {
    words: Vec<String>,
}

/// What separates clauses; no word is written so.
const BREAK: &str = ",";
/// The same, after a question.
const QUESTION: &str = "?";

/// Where a phrase was found: the clause that it stands in, and its words in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// The words of the clause before the phrase.
    pub(crate) before: &'a [String],
    /// The words of the clause behind it.
    pub(crate) after: &'a [String],
}

/// A part of a text without a break in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause<'a> {
    pub(crate) words: &'a [String],
    /// It ends with a question mark.
    pub(crate) asks: bool,
}

impl Speech {
    /// The most characters of a text that count.
    const MAX_CHARACTERS: usize = 1_000;

    /// The words of a text, in lower case, without accents and vowel signs, each in one spelling.
    pub(crate) fn of(text: &str) -> Self {
        let (mut words, mut word) = (Vec::new(), String::new());
        for c in text.chars().take(Self::MAX_CHARACTERS) {
            match c {
                // “Don't” is one word, whichever key it was written with.
                '\'' | '’' | '‘' | '`' | '´' | 'ʼ' => {}
                c if c.is_alphanumeric() || is_combining_mark(c) || is_joiner(c) => word.push(c),
                c => {
                    take(&mut words, &mut word);
                    match c {
                        '?' | '؟' => pause(&mut words, QUESTION),
                        '.' | ',' | '،' | '۔' | '!' | ';' | '؛' | '\n' => pause(&mut words, BREAK),
                        '👍' | '✅' | '👌' | '👎' | '❌' => words.push(c.to_string()),
                        _ => {}
                    }
                }
            }
        }
        take(&mut words, &mut word);
        Self { words }
    }

    /// Its clauses.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = Clause<'_>> {
        let ends = |word: &String| word == BREAK || word == QUESTION;
        self.words.split_inclusive(ends).filter_map(move |part| {
            let (last, words) = part.split_last()?;
            let clause = if ends(last) { words } else { part };
            Some(Clause { words: clause, asks: last == QUESTION })
        })
    }

    /// Its words, without what separates clauses.
    pub(crate) fn words(&self) -> Vec<&str> {
        let words = self.words.iter().map(String::as_str);
        words.filter(|word| *word != BREAK && *word != QUESTION).collect()
    }

    /// Whether a word or phrase is in it, within one clause.
    pub(crate) fn has(&self, phrase: &str) -> bool {
        let phrase = Self::of(phrase);
        let phrase = phrase.words();
        self.clauses().any(|clause| clause.find(&phrase).next().is_some())
    }

    /// Whether it says nothing but these phrases, once at least, with `fillers` between them.
    pub(crate) fn is_only(&self, phrases: &[Vec<&str>], fillers: &[&str]) -> bool {
        let words = self.words();
        let (mut rest, mut found) = (words.as_slice(), false);
        while let [first, tail @ ..] = rest {
            let longest = phrases.iter().filter(|phrase| begins(rest, phrase)).map(Vec::len).max();
            rest = match longest {
                Some(length) => {
                    found = true;
                    rest.get(length..).unwrap_or_default()
                }
                None if fillers.contains(first) || is_number(first) => tail,
                None => return false,
            };
        }
        found
    }
}

impl<'a> Clause<'a> {
    /// Everywhere that a phrase stands in it.
    pub(crate) fn find(self, phrase: &[&str]) -> impl Iterator<Item = Found<'a>> {
        let length = phrase.len();
        (0..self.words.len()).filter_map(move |at| {
            let (before, rest) = self.words.split_at_checked(at)?;
            (length > 0 && begins(rest, phrase))
                .then(|| Found { before, after: rest.get(length..).unwrap_or_default() })
        })
    }

    /// Whether it has one of these words.
    pub(crate) fn has_any(self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// The number of an order, say.
fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

fn begins<W: AsRef<str>>(words: &[W], phrase: &[&str]) -> bool {
    let head = words.get(..phrase.len()).unwrap_or_default();
    !phrase.is_empty() && head.iter().map(AsRef::as_ref).eq(phrase.iter().copied())
}

/// What keyboards put into the middle of a word: joiners and marks of direction.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{ad}')
}

fn take(words: &mut Vec<String>, word: &mut String) {
    let plain = squeezed(&normalise(&std::mem::take(word)));
    if !plain.is_empty() {
        words.extend(spelling::of(&plain));
    }
}

fn pause(words: &mut Vec<String>, mark: &str) {
    if words.last().is_some_and(|last| last != BREAK && last != QUESTION) {
        words.push(mark.to_owned());
    }
}

/// `stoppp` is `stop`: three and more of one letter are one.
fn squeezed(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let runs = letters.chunk_by(|a, b| a == b);
    runs.flat_map(|run| match run {
        [letter, _, _, ..] if letter.is_alphabetic() => run.get(..1).unwrap_or_default(),
        run => run,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_words_in_one_spelling() {
        let words = |text: &str| Speech::of(text).words.join(" ");
        assert_eq!(words("DON'T cancel!!"), "dont cancel ,");
        assert_eq!(words("Don’t CANCLE it"), "dont cancel it");
        assert_eq!(words("stopppp"), "stop");
        assert_eq!(words("Order 1000 kardo plz"), "order 1000 kar do please");
        assert_eq!(words("کینسل کر دیں"), "cancel kar do");
        assert_eq!(words("بند\u{200c} کرو۔"), "band kar do ,");
        assert_eq!(words("Kahaan hai?? mera order..."), "kahan hai ? mera order ,");
        assert_eq!(words("👍🏽"), "👍");
        assert_eq!(words("  \u{200f} ?! "), "");
    }

    #[test]
    fn a_phrase_is_whole_words_of_one_clause() {
        let said = Speech::of("I know. Return it to the shop");
        assert!(said.has("return it") && said.has("KNOW"));
        assert!(!said.has("no") && !said.has("know return") && !said.has(""));
    }

    #[test]
    fn a_long_text_counts_to_its_bound() {
        let long = format!("{} refund", "x ".repeat(Speech::MAX_CHARACTERS));
        assert!(!Speech::of(&long).has("refund"));
        assert!(Speech::of(&long[long.len() - 100..]).has("refund"));
    }
}

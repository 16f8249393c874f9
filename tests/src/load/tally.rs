//! Brings the book of orders and the mock's arrivals together: what came, late, twice or not at all.

use std::collections::HashMap;

use super::body::number_of;
use super::measure::Spread;
use super::post::{Fate, Ledger};

/// What became of the messages of a book's orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Messages that acknowledged orders must bring.
    pub(crate) expected: usize,
    /// Of those, the ones that came, each counted once.
    pub(crate) came: usize,
    /// Arrivals of a message that had come before.
    pub(crate) doubled: usize,
    /// The references that came again, without the attempt: order, run, stage.
    pub(crate) doubled_references: Vec<String>,
    /// Arrivals that no order of the book should bring.
    pub(crate) unexpected: usize,
    /// From when an order was to be posted to the arrival of each message of a first stage.
    pub(crate) order_to_message: Spread,
    /// From when a later stage was due, counted from its order's post, to its arrival.
    pub(crate) lateness: Option<Spread>,
    /// When the last message came (Unix, microseconds).
    pub(crate) last: i64,
}

impl Tally {
    /// Messages that never came.
    pub(crate) fn lost(&self) -> usize {
        self.expected.saturating_sub(self.came)
    }
}

/// Counts. `messages` names what each order must bring, as `<run>/<stage>`; stages but the first are
/// due `later` seconds after the order.
pub(crate) fn tally(
    ledger: &Ledger,
    messages: &[String],
    later: Option<u32>,
    arrivals: &[(i64, String)],
) -> Tally {
    let entries = ledger.entries().clone();
    let taken = entries.iter().filter(|entry| entry.fate == Fate::Taken).count();
    let mut tally = Tally { expected: taken * messages.len(), ..Tally::default() };
    let mut seen: HashMap<(usize, usize), usize> = HashMap::with_capacity(arrivals.len());
    let (mut waits, mut delays) = (Vec::with_capacity(arrivals.len()), Vec::new());
    for (at, reference) in arrivals {
        let Some((place, message)) = place(ledger, messages, reference) else {
            tally.unexpected += usize::from(!of_another_book(ledger, reference));
            continue;
        };
        let Some(entry) = entries.get(place) else { continue };
        tally.last = tally.last.max(*at);
        let times = seen.entry((place, message)).or_default();
        *times += 1;
        if *times > 1 {
            tally.doubled += 1;
            tally.doubled_references.push(without_attempt(reference).to_owned());
            continue;
        }
        tally.came += usize::from(entry.fate == Fate::Taken);
        let wait = at - entry.intended;
        match later.filter(|_| !reference_is_first(reference)) {
            Some(seconds) => delays.push(wait - i64::from(seconds) * 1_000_000),
            None => waits.push(wait),
        }
    }
    tally.order_to_message = Spread::of(waits);
    tally.lateness = later.map(|_| Spread::of(delays));
    tally
}

/// The place of the order and of the message that a reference, `<order>/<run>/<stage>/<attempt>`, names.
fn place(ledger: &Ledger, messages: &[String], reference: &str) -> Option<(usize, usize)> {
    let (order, message) = without_attempt(reference).split_once('/')?;
    let message = messages.iter().position(|known| known == message)?;
    Some((ledger.place(number_of(order)?)?, message))
}

/// Whether a reference is of an order before or behind the book's: the warm-up's.
fn of_another_book(ledger: &Ledger, reference: &str) -> bool {
    let number = reference.split_once('/').and_then(|(order, _)| number_of(order));
    number.is_some_and(|number| ledger.place(number).is_none())
}

fn without_attempt(reference: &str) -> &str {
    reference.rsplit_once('/').map_or(reference, |(rest, _)| rest)
}

fn reference_is_first(reference: &str) -> bool {
    without_attempt(reference).ends_with("/0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::post::Entry;

    fn book(fates: &[Fate]) -> Ledger {
        let ledger = Ledger::new(10, fates.len());
        for (place, fate) in fates.iter().enumerate() {
            let intended = 1_000_000 * (place as i64 + 1);
            ledger.entries()[place] = Entry { intended, posted: intended, answered: intended, fate: *fate };
        }
        ledger
    }

    fn came(at: i64, number: u64, message: &str, attempt: u32) -> (i64, String) {
        (at, format!("shopify-{}/{message}/{attempt}", 6_100_000_000_000 + number))
    }

    #[test]
    fn what_came_twice_or_not_at_all_is_told() {
        let messages = ["a~t/0".to_owned(), "b~t/0".to_owned()];
        let ledger = book(&[Fate::Taken, Fate::Taken, Fate::Unanswered]);
        let arrivals = [
            came(1_000_100, 10, "a~t/0", 1),
            came(1_000_300, 10, "b~t/0", 1),
            came(2_000_500, 11, "a~t/0", 1),
            came(9_000_000, 11, "a~t/0", 2),
            // Taken in after all, though its answer was lost: nothing of it is owed, or lost.
            came(3_000_000, 12, "b~t/0", 1),
            // A flow that should not have taken it; and an order of the warm-up.
            came(3_000_000, 12, "c~t/0", 1),
            came(3_000_000, 5, "a~t/0", 1),
        ];
        let tally = tally(&ledger, &messages, None, &arrivals);
        assert_eq!((tally.expected, tally.came, tally.lost()), (4, 3, 1));
        assert_eq!((tally.doubled, tally.unexpected, tally.last), (1, 1, 9_000_000));
        assert_eq!(tally.doubled_references, ["shopify-6100000000011/a~t/0"]);
        let wait = tally.order_to_message;
        assert_eq!((wait.count, wait.p50_ms, wait.max_ms), (4, 0.1, 0.5));
        assert_eq!(tally.lateness, None);
    }

    #[test]
    fn a_later_stage_is_measured_against_its_due_time() {
        let messages = ["a~t/0".to_owned(), "a~t/1".to_owned()];
        let ledger = book(&[Fate::Taken]);
        let arrivals = [came(1_000_200, 10, "a~t/0", 1), came(6_012_000, 10, "a~t/1", 1)];
        let tally = tally(&ledger, &messages, Some(5), &arrivals);
        assert_eq!((tally.lost(), tally.order_to_message.max_ms), (0, 0.2));
        assert_eq!(tally.lateness.map(|spread| spread.max_ms), Some(12.0));
    }
}

//! Rhythms: no false alarm in years of ordinary and unruly trade, and a feed that stops is noticed in time.

use harkara_domain::rhythm::{Rhythm, Verdict};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use proptest::prelude::*;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Karachi").unwrap()
}

fn monday() -> Timestamp {
    "2026-01-05T00:00".parse::<DateTime>().unwrap().to_zoned(zone()).unwrap().timestamp()
}

fn slot(number: i64) -> Timestamp {
    monday() + Rhythm::SLOT * i32::try_from(number).unwrap()
}

const A_DAY: i64 = 144;

/// Numbers that look drawn: SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        #[allow(clippy::cast_precision_loss)]
        let drawn = ((z ^ (z >> 31)) >> 11) as f64;
        drawn / (1u64 << 53) as f64
    }

    /// How often a Poisson process comes that is expected so often.
    fn comes(&mut self, expected: f64) -> u32 {
        let (limit, mut product, mut count) = ((-expected).exp(), self.next(), 0);
        while product > limit {
            product *= self.next();
            count += 1;
        }
        count
    }

    /// A factor around 1 whose logarithm is about normal.
    fn about_one(&mut self, sigma: f64) -> f64 {
        let normal: f64 = (0..12).map(|_| self.next()).sum::<f64>() - 6.0;
        (normal * sigma - sigma * sigma / 2.0).exp()
    }
}

/// How much of a day's trade an hour has: little at night, most in the evening.
const HOURS: [f64; 24] = [
    0.03, 0.01, 0.005, 0.002, 0.002, 0.002, 0.005, 0.01, 0.02, 0.03, 0.045, 0.05, 0.055, 0.05, 0.05, 0.055,
    0.06, 0.065, 0.07, 0.075, 0.09, 0.1, 0.08, 0.043,
];

/// A shop: orders come by chance, each makes a few webhooks in the hours after.
struct Shop {
    dice: Dice,
    orders_a_day: f64,
    /// Days differ from each other, sales triple them, and in two weeks of the year hardly anybody buys.
    unruly: bool,
    today: f64,
    later: std::collections::BTreeMap<i64, bool>,
}

impl Shop {
    fn new(seed: u64, orders_a_day: f64, unruly: bool) -> Self {
        Self { dice: Dice(seed), orders_a_day, unruly, today: 1.0, later: Default::default() }
    }

    fn heard(&mut self, number: i64) -> bool {
        let (day, of_day) = (number / A_DAY, number % A_DAY);
        if of_day == 0 {
            self.today = if self.unruly { self.dice.about_one(0.4) } else { 1.0 };
            if self.unruly && day % 41 < 3 {
                self.today *= 3.0;
            }
            if self.unruly && (matches!(day % 365, 80..84 | 147..151)) {
                self.today *= 0.25;
            }
        }
        let hour = HOURS[usize::try_from(of_day / 6).unwrap()];
        let orders = self.dice.comes(self.orders_a_day * self.today * hour / 6.0);
        for _ in 0..orders {
            for _ in 0..4 {
                #[allow(clippy::cast_possible_truncation)]
                let at = number + (self.dice.next().powi(3) * 60.0) as i64;
                self.later.insert(at, true);
            }
        }
        orders > 0 || self.later.remove(&number).is_some()
    }
}

/// A shop's rhythm after some days, and how often it was silent in them.
fn live(shop: &mut Shop, days: i64) -> (Rhythm, u32) {
    let (mut rhythm, mut alarms) = (Rhythm::new(slot(0), &zone()), 0);
    let (zone, mut silent) = (zone(), false);
    for number in 0..days * A_DAY {
        let heard = shop.heard(number);
        rhythm.pass(slot(number), &zone, heard, true);
        let is_silent = rhythm.verdict(slot(number + 1)) == Verdict::Silent;
        alarms += u32::from(is_silent && !silent);
        silent = is_silent;
    }
    (rhythm, alarms)
}

/// For how many hours nothing comes until it is noticed: the shop goes on until noon, then it is cut off.
fn noticed_after(shop: &mut Shop, rhythm: &Rhythm, days: i64) -> f64 {
    let (mut rhythm, zone) = (rhythm.clone(), zone());
    let noon = days * A_DAY + 72;
    for number in days * A_DAY..noon + 40 * A_DAY {
        rhythm.pass(slot(number), &zone, number < noon && shop.heard(number), true);
        if number >= noon && rhythm.verdict(slot(number + 1)) == Verdict::Silent {
            #[allow(clippy::cast_precision_loss)]
            let slots = (number + 1 - noon) as f64;
            return slots / 6.0;
        }
    }
    panic!("never noticed")
}

/// The figures of `docs/doctor.md`: run it with `--nocapture`.
#[test]
fn no_false_alarm_in_a_year_and_a_stop_at_noon_is_noticed_in_hours() {
    const YEARS: u64 = 6;
    // Orders a day, and within how many hours a stop is noticed: in plain trade, and in unruly.
    for (orders, plain, unruly) in [(3.0, 192.0, 288.0), (30.0, 10.0, 30.0), (300.0, 2.5, 4.0)] {
        for (kind, is_unruly, within) in [("plain", false, plain), ("unruly", true, unruly)] {
            let (mut alarms, mut latest, mut sum) = (0, 0f64, 0.0);
            for seed in 0..YEARS {
                let mut shop = Shop::new(seed, orders, is_unruly);
                let (rhythm, alarmed) = live(&mut shop, 365);
                alarms += alarmed;
                let hours = noticed_after(&mut shop, &rhythm, 365);
                (latest, sum) = (latest.max(hours), sum + hours);
            }
            #[allow(clippy::cast_precision_loss)]
            let mean = sum / YEARS as f64;
            println!(
                "{orders:>5} orders a day, {kind:<6}: {alarms} false alarms in {YEARS} years; \
                      a stop at noon is noticed after {mean:.1} hours, {latest:.1} at most"
            );
            assert!(alarms <= if is_unruly { 2 } else { 0 }, "{orders} a day, {kind}: {alarms} false alarms");
            assert!(latest <= within, "{orders} a day, {kind}: noticed after {latest:.1} hours");
        }
    }
}

#[test]
fn the_night_is_no_silence_and_the_young_are_not_judged() {
    let (zone, mut rhythm) = (zone(), Rhythm::new(slot(60), &zone()));
    for number in 60..30 * A_DAY {
        // Every ten minutes from ten to eight.
        let of_day = number % A_DAY;
        rhythm.pass(slot(number), &zone, (60..120).contains(&of_day), true);
        let verdict = rhythm.verdict(slot(number + 1));
        assert_ne!(verdict, Verdict::Silent, "{}", zone.to_datetime(slot(number)));
        let young = slot(number + 1).duration_since(slot(60)) < Rhythm::LEARNS_FOR;
        assert!(!young || verdict == Verdict::Learning);
    }
    // Of an hour and a half of the day something is known soon; the same at night goes on for hours.
    let silence = |from: i64| {
        let mut rhythm = rhythm.clone();
        let from = 30 * A_DAY + from;
        rhythm.pass(slot(from - 1), &zone, true, true);
        let silent = (from..).find(|number| {
            rhythm.pass(slot(*number), &zone, false, true);
            rhythm.verdict(slot(number + 1)) == Verdict::Silent
        });
        silent.unwrap() + 1 - from
    };
    assert!((6..40).contains(&silence(66)), "of ten minutes each, by day");
    assert!(silence(120) > 84, "over night");
}

#[test]
fn what_is_silent_for_good_is_not_learned_and_what_comes_again_is_heard() {
    let mut shop = Shop::new(7, 300.0, false);
    let (mut rhythm, alarms) = live(&mut shop, 40);
    assert_eq!(alarms, 0);
    let before = noticed_after(&mut shop, &rhythm, 40);
    for number in 40 * A_DAY..47 * A_DAY {
        rhythm.pass(slot(number), &zone(), false, true);
    }
    assert_eq!(rhythm.verdict(slot(47 * A_DAY)), Verdict::Silent);
    rhythm.pass(slot(47 * A_DAY), &zone(), true, true);
    assert_eq!(rhythm.verdict(slot(47 * A_DAY + 1)), Verdict::Coming);
    let after = noticed_after(&mut Shop::new(8, 300.0, false), &rhythm, 48);
    assert!(after <= 2.0 * before, "a second silence is noticed after {after} hours, not {before}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes and does not: no silence is told of that is shorter than an hour.
    #[test]
    fn never_within_the_hour(seed: u64, often in 0.0f64..1.0, days in 1i64..40) {
        let (zone, mut dice) = (zone(), Dice(seed));
        let mut rhythm = Rhythm::new(slot(0), &zone);
        let mut last = slot(0);
        for number in 0..days * A_DAY {
            let heard = dice.next() < often * HOURS[usize::try_from(number % A_DAY / 6).unwrap()] * 10.0;
            rhythm.pass(slot(number), &zone, heard, true);
            last = if heard { slot(number) } else { last };
            prop_assert_eq!(rhythm.last, last);
            let now = slot(number + 1);
            let short = now.duration_since(last + Rhythm::SLOT) < SignedDuration::from_hours(1);
            prop_assert!(!short || rhythm.verdict(now) != Verdict::Silent);
            prop_assert!(rhythm.missed.is_finite() && rhythm.missed >= 0.0);
        }
    }

    /// A longer silence is no smaller surprise; a record that was kept goes on as it was, to its rounding,
    /// until it is silent: of two so near to the limit one may be over it some slots before the other.
    #[test]
    fn surprise_grows_and_survives_the_table(seed: u64, orders in 1.0f64..500.0) {
        let (mut rhythm, _) = live(&mut Shop::new(seed, orders, true), 20);
        let text = serde_json::to_string(&rhythm).unwrap();
        prop_assert!(text.len() < 1_000, "{} bytes", text.len());
        let mut kept: Rhythm = serde_json::from_str(&text).unwrap();
        for number in 20 * A_DAY..22 * A_DAY {
            let before = rhythm.missed;
            rhythm.pass(slot(number), &zone(), false, true);
            kept.pass(slot(number), &zone(), false, true);
            prop_assert!(rhythm.missed >= before);
            prop_assert!((rhythm.missed - kept.missed).abs() < 0.02 * before + 0.2);
            if [&rhythm, &kept].iter().any(|one| one.missed >= one.limit()) {
                break;
            }
        }
    }

    /// A slot that tells nothing moves nothing but the last word.
    #[test]
    fn a_closed_day_is_no_surprise(seed: u64) {
        let (mut rhythm, _) = live(&mut Shop::new(seed, 100.0, false), 20);
        let before = rhythm.missed;
        for number in 20 * A_DAY..23 * A_DAY {
            rhythm.pass(slot(number), &zone(), false, false);
        }
        prop_assert_eq!(rhythm.missed, before);
    }
}

//! What comes with a date: where its lists lie, and which stretch of them a day brings.

use harkara_domain::{CustomerId, FlowId, StoreId, Trigger, calendar::MonthDay, flow::Delay};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

use crate::{
    catalog::FlowHead,
    keys,
    port::{Expect, Query, Write},
    record::{self, decode},
};

/// The most years after which the day of a first order is remembered.
const MAX_YEARS: i16 = 20;

/// A subscription with the day on which it renews, in the list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Renewal {
    /// Whose.
    pub(crate) customer: CustomerId,
    /// The shop's id of it.
    pub(crate) subscription: String,
    /// The day; `None` once it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<Date>,
}

impl Renewal {
    /// Puts it into the list, or out of it.
    pub(crate) fn put(&self, store: &StoreId) -> Write {
        let mut item = record::item(keys::renewal(store, &self.customer, &self.subscription), self);
        item.list = self.on.map(|on| keys::renewal_list(store, on, &self.customer, &self.subscription));
        Write::Put(item, Expect::Any)
    }
}

/// Entries in the list of flows that wait for dates, for those among some writes that begin to. They stay
/// there: whoever reads the list looks at the flow itself.
pub(crate) fn registered(store: &StoreId, writes: &[Write]) -> Vec<Write> {
    let heads = writes.iter().filter_map(|write| match write {
        Write::Put(item, _) if item.key.sk.starts_with(keys::FLOW) => {
            Some(decode::<FlowHead>(item).ok()?.value)
        }
        _ => None,
    });
    let begun = heads.filter(|head| {
        head.is_active() && head.flow.as_ref().is_some_and(|flow| flow.trigger.kind().comes_by_date())
    });
    begun
        .map(|head| {
            record::put(keys::date_flow(store, &head.id), &DateFlow::new(store, head.id), Expect::Any)
        })
        .collect()
}

/// A flow that waits for dates, or has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DateFlow {
    /// Whose.
    pub(crate) store: StoreId,
    /// Which.
    pub(crate) flow: FlowId,
}

impl DateFlow {
    fn new(store: &StoreId, flow: FlowId) -> Self {
        Self { store: store.clone(), flow }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The list: a partition of its index.
    pub(crate) list: String,
    /// Its first place.
    pub(crate) from: String,
    /// Its last place.
    pub(crate) to: String,
}

impl Stretch {
    /// What is behind a place of it.
    pub(crate) fn behind(&self, after: Option<&str>) -> Query {
        let mut query = Query::index(crate::port::Index::List, self.list.as_str());
        // No key has a character before the blank.
        let from = after.map(|after| format!("{after} "));
        query.from = Some(from.map_or_else(|| self.from.clone(), |from| from.max(self.from.clone())));
        query.to = Some(self.to.clone());
        query
    }
}

/// Whether a trigger has a stretch of its own for each day; the others have one, which grows with time.
pub(crate) fn is_daily(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Birthday | Trigger::PurchaseAnniversary)
}

/// What is to be gone through for a trigger, on a day of the shop's and by `now`.
pub(crate) fn stretches(
    trigger: &Trigger,
    store: &StoreId,
    day: Date,
    now: Timestamp,
    zone: &TimeZone,
) -> Vec<Stretch> {
    match trigger {
        Trigger::CustomerInactive(after) => {
            let list = keys::order_list_partition(store);
            vec![Stretch {
                list,
                from: String::new(),
                to: Query::end_of(&keys::stamp(quiet_since(*after, now, zone))),
            }]
        }
        Trigger::SubscriptionRenewal(before) => {
            let days = renewals(*before, now, zone);
            let list = keys::renewal_list_partition(store);
            vec![Stretch { list, from: days.start().to_string(), to: Query::end_of(&days.end().to_string()) }]
        }
        Trigger::Birthday => born_on(day)
            .map(|born| {
                let from = born.to_string();
                let to = Query::end_of(&from);
                Stretch { list: keys::birthday_list_partition(store), from, to }
            })
            .collect(),
        Trigger::PurchaseAnniversary => (1..=MAX_YEARS)
            .filter_map(|years| {
                let (first, last) = years_before(day, years)?;
                let [from, to] = [first, last.tomorrow().ok()?].map(|day| keys::stamp(midnight(day, zone)));
                Some(Stretch { list: keys::order_list_partition(store), from, to })
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The latest time of an order after which it has been quiet for so long by now. Where a clock was changed
/// between the two, up to an hour may be kept back.
fn quiet_since(after: Delay, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let hour = SignedDuration::from_hours(1);
    let about = now.saturating_sub(after.nominal()).unwrap_or(Timestamp::MIN);
    let near = [about.saturating_add(hour), Ok(about), about.saturating_sub(hour)];
    let mut near = near.into_iter().filter_map(Result::ok);
    near.find(|since| after.from(*since, zone) <= now).unwrap_or(about)
}

/// The days of renewals that are so near: from tomorrow on.
pub(crate) fn renewals(before: Delay, now: Timestamp, zone: &TimeZone) -> RangeInclusive<Date> {
    let today = zone.to_datetime(now).date();
    today.saturating_add(1.day())..=zone.to_datetime(before.from(now, zone)).date()
}

/// The days of the year that fall on a date: 29 February has its turn on 28 February in most years.
fn born_on(day: Date) -> impl Iterator<Item = MonthDay> {
    let leap_day = Date::new(2000, 2, 29).ok().map(MonthDay::of);
    let own = MonthDay::of(day);
    [Some(own), leap_day.filter(|leap| *leap != own && leap.falls_on(day))].into_iter().flatten()
}

/// The days so many years before that have their anniversary on a date: the first and the last of them.
fn years_before(day: Date, years: i16) -> Option<(Date, Date)> {
    let year = day.year().checked_sub(years)?;
    let in_year = |born: MonthDay| born.in_year(year).filter(|date| MonthDay::of(*date) == born);
    let days: Vec<Date> = born_on(day).filter_map(in_year).collect();
    days.iter().min().copied().zip(days.iter().max().copied())
}

/// The first moment of a date.
pub(crate) fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MIN, |start| start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_leap_day_has_its_turn_in_every_year() {
        let born = |day: &str| born_on(date(day)).map(|born| born.to_string()).collect::<Vec<_>>();
        assert_eq!(born("2027-02-28"), ["02-28", "02-29"]);
        assert_eq!(born("2028-02-28"), ["02-28"]);
        assert_eq!(born("2028-02-29"), ["02-29"]);
        assert_eq!(born("2027-03-01"), ["03-01"]);
    }

    #[test]
    fn an_anniversary_looks_for_the_days_that_there_were() {
        let days = |day: &str, years| years_before(date(day), years);
        assert_eq!(days("2025-02-28", 1), Some((date("2024-02-28"), date("2024-02-29"))));
        assert_eq!(days("2026-02-28", 1), Some((date("2025-02-28"), date("2025-02-28"))));
        assert_eq!(days("2028-02-29", 1), None);
        assert_eq!(days("2028-02-29", 4), Some((date("2024-02-29"), date("2024-02-29"))));
    }

    #[test]
    fn nobody_is_quiet_before_their_time_though_a_clock_was_changed() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let after: Delay = "30d".parse().unwrap();
        // Over both changes of a year, hour by hour.
        let first: Timestamp = "2026-01-01T00:30:00Z".parse().unwrap();
        for hours in 0..24 * 365 {
            let now = first + SignedDuration::from_hours(hours);
            let since = quiet_since(after, now, &zone);
            assert!(after.from(since, &zone) <= now, "{now}");
            let later = since + SignedDuration::from_hours(1) + SignedDuration::from_secs(1);
            assert!(after.from(later, &zone) > now, "{now}");
        }
    }
}

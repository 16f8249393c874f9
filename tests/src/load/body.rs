//! Orders as Shopify posts them: unique, signed, about 3 KB, of invented people.

use std::io::Write;

use harkara_sources::shopify;
use jiff::Timestamp;

use super::client::Loopback;
use super::store;

const TEMPLATE: &str = include_str!("order.json");

/// The id of order 0. Ids of this size are what the shops have; the number is added to it.
const FIRST_ID: u64 = 6_100_000_000_000;

/// Cities that every matching flow of the load store takes.
pub(crate) const CITIES: [&str; 5] = ["Karachi", "Lahore", "Islamabad", "Faisalabad", "Multan"];

const FIRST_NAMES: [&str; 6] = ["Ayesha", "Bilal", "Chand", "Danish", "Erum", "Faiza"];

/// What the template leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Id,
    Number,
    At,
    Total,
    Phone,
    First,
    City,
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ID" => Self::Id,
            "NUMBER" => Self::Number,
            "AT" => Self::At,
            "TOTAL" => Self::Total,
            "PHONE" => Self::Phone,
            "FIRST" => Self::First,
            "CITY" => Self::City,
            _ => return None,
        })
    }
}

/// A part of the template.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Text(&'static str),
    Open(Field),
}

/// Cuts the template at its `@@NAME@@`s; what is no name stays text.
fn pieces(template: &'static str) -> Vec<Piece> {
    let parts = template.split("@@");
    parts.map(|part| Field::named(part).map_or(Piece::Text(part), Piece::Open)).collect()
}

/// Makes requests that post orders. One for each connection: it reuses its buffers.
pub(crate) struct Orders {
    pieces: Vec<Piece>,
    head: String,
    body: Vec<u8>,
    /// The second that `at` stands for; writing a date is dear, and thousands of orders share one.
    second: i64,
    at: String,
}

impl Orders {
    /// Posts go to the load store of the harkara at `to`.
    pub(crate) fn new(to: Loopback) -> Self {
        // As Shopify sends them ("Webhooks delivery structure"); what differs by order follows.
        let head = format!(
            "POST /webhooks/{store}/shopify HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\n\
             accept: */*\r\naccept-encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n\
             user-agent: Shopify-Captain-Hook\r\nx-shopify-api-version: 2026-04\r\n\
             x-shopify-shop-domain: load.example\r\nx-shopify-topic: orders/create\r\n",
            store = store::NAME,
        );
        Self {
            pieces: pieces(TEMPLATE),
            head,
            body: Vec::with_capacity(4096),
            second: i64::MIN,
            at: String::new(),
        }
    }

    /// Writes the request that posts order `number` of the second `at` (Unix) into `request`.
    pub(crate) fn write(&mut self, number: u64, at: i64, request: &mut Vec<u8>) {
        self.write_body(number, at);
        let signature = shopify::sign(store::SHOPIFY_SECRET, &self.body);
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        // Writing into memory does not fail.
        let _ = write!(
            request,
            "x-shopify-hmac-sha256: {signature}\r\nx-shopify-event-id: e0a1-{number:012}\r\n\
             x-shopify-webhook-id: b7c2-{number:012}\r\nx-shopify-triggered-at: {at}\r\n\
             content-length: {length}\r\n\r\n",
            at = self.at,
            length = self.body.len(),
        );
        request.extend_from_slice(&self.body);
    }

    fn write_body(&mut self, number: u64, at: i64) {
        if self.second != at {
            self.second = at;
            self.at = Timestamp::from_second(at).unwrap_or_default().to_string();
        }
        let body = &mut self.body;
        body.clear();
        for piece in &self.pieces {
            let _ = match piece {
                Piece::Text(text) => body.write_all(text.as_bytes()),
                Piece::Open(Field::Id) => write!(body, "{}", FIRST_ID + number),
                Piece::Open(Field::Number) => write!(body, "{number}"),
                Piece::Open(Field::At) => body.write_all(self.at.as_bytes()),
                Piece::Open(Field::Total) => write!(body, "{}.00", 1_500 + number % 7_000),
                // 0300 to 0309: Pakistani mobile numbers, a new one for each order.
                Piece::Open(Field::Phone) => {
                    write!(body, "030{}-{:07}", number / 10_000_000 % 10, number % 10_000_000)
                }
                Piece::Open(Field::First) => body.write_all(pick(&FIRST_NAMES, number).as_bytes()),
                Piece::Open(Field::City) => body.write_all(pick(&CITIES, number).as_bytes()),
            };
        }
    }
}

fn pick(from: &[&'static str], number: u64) -> &'static str {
    let place = usize::try_from(number % from.len().max(1) as u64).unwrap_or_default();
    from.get(place).copied().unwrap_or_default()
}

/// The number of an order out of harkara's id of it, `shopify-6100000000042`.
pub(crate) fn number_of(order: &str) -> Option<u64> {
    order.strip_prefix("shopify-")?.parse::<u64>().ok()?.checked_sub(FIRST_ID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harkara_domain::{
        CustomerView, Fact, FactBody, OrderId,
        flow::{condition::Circumstances, parse},
        order::fold,
        place::{Destination, Ground},
    };
    use std::collections::BTreeSet;

    const AT: i64 = 1_795_300_000;

    fn now() -> Timestamp {
        Timestamp::from_second(AT).unwrap()
    }

    /// What harkara's own source makes of a request.
    fn taken_in(request: &[u8]) -> Fact {
        let mut parsed = super::super::taken::taken_in("shopify", request, now());
        assert_eq!((parsed.facts.len(), parsed.ignored.len()), (1, 0));
        parsed.facts.remove(0)
    }

    fn fact(number: u64) -> Fact {
        let mut request = Vec::new();
        Orders::new(Loopback(9)).write(number, AT, &mut request);
        taken_in(&request)
    }

    #[test]
    fn orders_are_taken_in_and_no_two_are_the_same() {
        let (mut facts, mut customers) = (BTreeSet::new(), BTreeSet::new());
        for number in [0, 1, 9_999_999, 10_000_000, 99_999_999] {
            let fact = fact(number);
            let FactBody::Order(order) = &fact.body else { panic!("not an order") };
            assert_eq!(number_of(order.snapshot.id.as_str()), Some(number));
            assert!(order.snapshot.customer.phone.is_some(), "{number} has no phone that can be written to");
            assert_eq!((order.snapshot.created_at, fact.occurred_at), (now(), now()));
            facts.insert(fact.id.as_str().to_owned());
            customers.insert(order.snapshot.customer.id.clone().unwrap());
        }
        assert_eq!((facts.len(), customers.len()), (5, 5));
    }

    #[test]
    fn the_same_order_is_the_same_bytes_and_about_3_kb() {
        let (mut first, mut again) = (Vec::new(), Vec::new());
        let mut orders = Orders::new(Loopback(9));
        orders.write(7, AT, &mut first);
        orders.write(8, AT + 1, &mut again);
        orders.write(7, AT, &mut again);
        assert_eq!(first, again);
        assert!(!String::from_utf8(first).unwrap().contains("@@"));
        assert!((2_700..3_500).contains(&orders.body.len()), "{} bytes", orders.body.len());
    }

    #[test]
    fn exactly_two_of_twenty_flows_take_each_order() {
        let flows: Vec<_> = store::flows(None).iter().map(|text| parse::flow(text).unwrap()).collect();
        assert_eq!(flows.len(), 20);
        for number in 0..100 {
            let fact = fact(number);
            let order: OrderId = match &fact.body {
                FactBody::Order(order) => order.snapshot.id.clone(),
                other => panic!("{other:?}"),
            };
            let view = fold(None, &fact, &order).view;
            let contribution = view.contribution().unwrap();
            let mut customer = CustomerView::empty(&fact.store, &contribution.customer);
            customer.exchange(None, Some(&contribution));
            let (rules, zone) = (harkara_domain::Rules::default(), jiff::tz::TimeZone::UTC);
            let ground = Ground::of(&rules);
            let destination = Destination::of(Some(&view), &ground);
            let on = Circumstances {
                order: Some(&view),
                customer: Some(&customer),
                cart: None,
                run: None,
                runs: &[],
                rules: &rules,
                ground: &ground,
                destination: &destination,
                zone: &zone,
                now: now(),
            };
            let takes = |flow: &&harkara_domain::Flow| flow.conditions.as_ref().unwrap().holds(on);
            let takers: Vec<String> = flows.iter().filter(takes).map(|flow| flow.id().to_string()).collect();
            assert_eq!(takers, store::MATCHING, "order {number}");
        }
    }
}

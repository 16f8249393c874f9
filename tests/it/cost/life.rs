//! The lives that are billed.

use harkara_domain::fact::Choice;
use jiff::SignedDuration;
use std::collections::BTreeMap;

use super::meter::Bill;
use crate::{
    bodies::Order,
    provider::Call,
    world::{TestWorld, minutes, with_flows},
};

/// The bills of a stretch of a life, by function.
pub(crate) type Bills = BTreeMap<&'static str, Bill>;

/// A stretch of a life.
pub(crate) struct Stretch {
    pub(crate) name: &'static str,
    pub(crate) bills: Bills,
}

impl Stretch {
    pub(crate) fn total(&self) -> Bill {
        total(&self.bills)
    }
}

pub(crate) fn total(bills: &Bills) -> Bill {
    let mut sum = Bill::default();
    bills.values().for_each(|bill| sum += *bill);
    sum
}

/// Bills stretch after stretch.
struct Life {
    world: TestWorld,
    stretches: Vec<Stretch>,
    calls: usize,
    mails: usize,
    /// What is no order's: the set-up, and reads for the bill itself.
    beside: Bill,
}

impl Life {
    fn new(world: TestWorld) -> Self {
        Self { world, stretches: Vec::new(), calls: 0, mails: 0, beside: Bill::default() }
    }

    fn ends(&mut self, name: &'static str) {
        let meter = self.world.probe.meter(std::mem::take);
        self.beside += meter.set_up;
        self.beside.read_units += meter.peeked;
        let mut bills = meter.bills();
        let calls: Vec<Call> = self.world.calls().split_off(self.calls);
        let mails = self.world.mails().len() - self.mails;
        if !calls.is_empty() || mails > 0 {
            let stage = bills.entry("stage").or_default();
            stage.calls += calls.len() as u64;
            stage.bytes_out += calls.iter().map(|call| call.body.to_string().len() as u64).sum::<u64>();
            stage.mails += mails as u64;
        }
        self.calls += calls.len();
        self.mails += mails;
        self.stretches.push(Stretch { name, bills });
    }

    /// Where the table is DynamoDB, it must have billed what is counted here.
    fn compare(&self) {
        let Some(capacity) = &self.world.capacity else { return };
        let mut counted = self.beside;
        self.stretches.iter().for_each(|stretch| counted += stretch.total());
        let counted = (counted.read_units, counted.write_units, counted.index_units);
        let billed = capacity.taken();
        assert_eq!(billed, counted, "read, write and index units, as billed and as counted");
    }

    /// What WhatsApp reports of the latest message.
    async fn receipts(&mut self) {
        let call = self.world.calls().pop().expect("no message");
        for status in ["sent", "delivered", "read"] {
            self.world.receipt(&call, status, None).await;
        }
        self.ends("its receipts: sent, delivered, read");
    }

    /// Goes to a time at which something is due, without the sweeps between, which cost the same
    /// however many orders there are.
    async fn until(&self, span: SignedDuration) {
        self.world.stall(span + SignedDuration::from_millis(1));
        self.world.run().await;
    }
}

/// The life of an order in the default flows.
pub(crate) async fn whole() -> Vec<Stretch> {
    let mut life = Life::new(TestWorld::at("2026-11-22T10:00").await);
    let order = Order::cod(1, life.world.now());
    life.world.place(&order).await;
    life.ends("placed, and asked to confirm");
    life.receipts().await;
    life.until(minutes(30)).await;
    life.ends("reminded");
    life.receipts().await;
    life.world.tap(&order, Choice::Confirm).await;
    life.ends("confirmed by a tap");
    life.until(minutes(90)).await;
    life.ends("neither escalated nor reviewed");
    life.world.post("fulfillments/create", &order.parcel(None, life.world.now())).await;
    life.world.post("fulfillment_events/create", &order.scan("in_transit", life.world.now())).await;
    life.ends("booked and dispatched");
    life.until(minutes(6 * 60)).await;
    life.ends("told of the dispatch in the evening");
    life.receipts().await;
    life.until(minutes(18 * 60)).await;
    life.world.post("fulfillment_events/create", &order.scan("out_for_delivery", life.world.now())).await;
    life.world.post("fulfillment_events/create", &order.scan("delivered", life.world.now())).await;
    life.ends("delivered");
    for (name, days) in
        [("asked on day 1", 1), ("asked on day 7", 6), ("asked on day 21", 14), ("asked on day 45", 24)]
    {
        life.until(minutes(days * 24 * 60)).await;
        life.ends(name);
        life.receipts().await;
    }
    assert_eq!(life.world.calls().len(), 7);
    life.compare();
    life.world.finish().await;
    life.stretches
}

/// Three messages, each at its time, and nothing said about them.
const THREE: &str = "
name: Three stages
trigger: order_created
stages:
  - { name: Ask, after: 0m, message: { channels: [whatsapp], template: cod_confirmation } }
  - { name: Remind, after: 30m, message: { channels: [whatsapp], template: cod_reminder } }
  - { name: Last call, after: 2h, message: { channels: [whatsapp], template: cod_reminder } }
";

/// An order with three stages, from its webhook to its third message.
pub(crate) async fn three_stages() -> Bills {
    let mut life = Life::new(with_flows("2026-11-22T10:00", &[THREE]).await);
    let order = Order::cod(1, life.world.now());
    life.world.place(&order).await;
    life.until(minutes(30)).await;
    life.until(minutes(90)).await;
    assert_eq!(life.world.calls().len(), 3);
    life.ends("three stages");
    life.stretches.pop().map(|stretch| stretch.bills).unwrap_or_default()
}

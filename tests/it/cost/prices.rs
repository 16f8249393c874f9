//! AWS's list prices of us-east-1, in dollars, and what they are asked for.

use super::{life::Bills, meter::Bill};

/// A million requests at an HTTP API, of up to 512 KB each.
const API: f64 = 1.00;
/// A million invocations of a function.
const INVOCATION: f64 = 0.20;
/// A GB-second of a function on x86_64; arm64 costs a fifth less.
const GB_SECOND: f64 = 0.000_016_666_7;
/// A million requests of SQS, of up to 64 KB each; fair queues cost $0.10 more.
pub(crate) const SQS: f64 = 0.40;
/// A million invocations of EventBridge Scheduler.
const SCHEDULE: f64 = 1.00;
/// A million write units of a table on demand.
pub(crate) const WRITE: f64 = 0.625;
/// A million read units.
pub(crate) const READ: f64 = 0.125;
/// A thousand mails of SES.
const MAILS: f64 = 0.10;
/// A GB that leaves AWS, after the first 100 of a month.
const OUT: f64 = 0.09;

/// The memory of a function, in GB: the template's defaults.
fn memory(function: &str) -> f64 {
    if function == "ingest" { 0.25 } else { 0.125 }
}
/// What a request to AWS takes, in seconds: a cautious figure for DynamoDB, SQS and Scheduler alike.
const REQUEST: f64 = 0.008;
/// What a call to a provider takes, in seconds.
const CALL: f64 = 0.3;
/// What a function does by itself, in seconds, on a fourteenth of a processor.
const OWN: f64 = 0.01;
/// What TLS and HTTP put around the body of a call to a provider, in bytes, on a kept connection.
const AROUND: u64 = 700;

/// How messages come to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batches {
    /// Each by itself: a shop with little to do.
    OneByOne,
    /// Two at a time: a million orders a month, gathered for two seconds by each of Lambda's pollers.
    InPairs,
    /// Ten at a time: full batches.
    InTens,
}

impl Batches {
    pub(crate) const ALL: [Self; 3] = [Self::OneByOne, Self::InPairs, Self::InTens];

    fn share(self) -> f64 {
        match self {
            Self::OneByOne => 1.0,
            Self::InPairs => 0.5,
            Self::InTens => 0.1,
        }
    }
}

/// What a million orders cost that cost one of them this.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dollars {
    pub(crate) api: f64,
    pub(crate) functions: f64,
    pub(crate) queues: f64,
    pub(crate) schedules: f64,
    pub(crate) writes: f64,
    pub(crate) reads: f64,
    pub(crate) mails: f64,
    pub(crate) out: f64,
}

#[allow(clippy::cast_precision_loss)] // counts of one order
fn count(of: u64) -> f64 {
    of as f64
}

impl Dollars {
    fn of(function: &str, bill: &Bill, batches: Batches) -> Self {
        // Requests at the API come one by one, whatever there is to do.
        let alone = count(bill.api) / count(bill.invocations.max(1));
        let share = alone + (1.0 - alone) * batches.share();
        let seconds =
            OWN * count(bill.invocations) + REQUEST * count(bill.requests()) + CALL * count(bill.calls);
        // The messages of a batch are worked on side by side: they share the waits.
        let functions = INVOCATION * count(bill.invocations) + 1e6 * GB_SECOND * memory(function) * seconds;
        Self {
            api: API * count(bill.api),
            functions: functions * share,
            queues: SQS * (count(bill.sends + bill.visibilities) + count(bill.takes) * batches.share()),
            schedules: SCHEDULE * count(bill.schedules),
            writes: WRITE * bill.all_write_units(),
            reads: READ * bill.read_units,
            mails: MAILS * 1e3 * count(bill.mails),
            out: OUT * count(bill.bytes_out + AROUND * bill.calls) * 1e6 / 1e9,
        }
    }

    /// Of all functions together.
    pub(crate) fn sum(bills: &Bills, batches: Batches) -> Self {
        bills.iter().map(|(function, bill)| Self::of(function, bill, batches)).fold(
            Self::default(),
            |sum, one| Self {
                api: sum.api + one.api,
                functions: sum.functions + one.functions,
                queues: sum.queues + one.queues,
                schedules: sum.schedules + one.schedules,
                writes: sum.writes + one.writes,
                reads: sum.reads + one.reads,
                mails: sum.mails + one.mails,
                out: sum.out + one.out,
            },
        )
    }

    pub(crate) fn parts(&self) -> [(&'static str, f64); 8] {
        [
            ("HTTP API", self.api),
            ("Lambda", self.functions),
            ("SQS", self.queues),
            ("EventBridge Scheduler", self.schedules),
            ("DynamoDB writes", self.writes),
            ("DynamoDB reads", self.reads),
            ("SES", self.mails),
            ("Data out", self.out),
        ]
    }

    pub(crate) fn total(&self) -> f64 {
        self.parts().iter().map(|(_, dollars)| dollars).sum()
    }
}

//! `docs/cost.md`, made of what was counted.

use std::fmt::Write;

use super::{
    life::{Bills, Stretch, total},
    prices::{Batches, Dollars, READ, SQS, WRITE},
};

const ORDER: [&str; 4] = ["ingest", "matcher", "stage", "dead-letter"];

/// The page.
pub(crate) fn page(life: &[Stretch], three: &Bills) -> String {
    let mut page = HEAD.to_owned();
    page += "\n## One order with three stages\n\n";
    page += "A webhook, then three WhatsApp messages, at once, after 30 minutes and after 2 hours; nobody answers.\n\n";
    functions(&mut page, three);
    dollars(&mut page, three);
    floor(&mut page, three);
    page += "\n## The whole life of an order\n\n";
    page += "The default flows: asked to confirm, reminded, confirmed by a tap; booked, dispatched, told of it in \
             the evening; delivered, and asked four times in 45 days how it is. Seven messages, with all their \
             receipts.\n\n";
    stretches(&mut page, life);
    let mut whole = Bills::new();
    for (function, bill) in life.iter().flat_map(|stretch| &stretch.bills) {
        *whole.entry(function).or_default() += *bill;
    }
    page += "\nBy function:\n\n";
    functions(&mut page, &whole);
    dollars(&mut page, &whole);
    page += TAIL;
    page
}

fn functions(page: &mut String, bills: &Bills) {
    page.push_str(
        "| | invoked | gets | queries | writes | transactions | read units | write units | of indexes | sends | schedules |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let named = ORDER.iter().filter_map(|name| Some((*name, *bills.get(name)?)));
    for (name, bill) in named.chain([("**together**", total(bills))]) {
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            bill.invocations,
            bill.gets,
            bill.queries,
            bill.writes,
            bill.transactions,
            bill.read_units,
            bill.write_units,
            bill.index_units,
            bill.sends,
            bill.schedules,
        );
    }
}

fn dollars(page: &mut String, bills: &Bills) {
    let sums = Batches::ALL.map(|batches| Dollars::sum(bills, batches));
    page.push_str(
        "\n| dollars a million orders | one by one | in pairs | in batches of ten |\n|---|---|---|---|\n",
    );
    for (place, (name, _)) in sums[0].parts().into_iter().enumerate() {
        let [one, two, ten] = sums.map(|sum| sum.parts()[place].1);
        let _ = writeln!(page, "| {name} | {one:.2} | {two:.2} | {ten:.2} |");
    }
    let [one, two, ten] = sums.map(|sum| sum.total());
    let _ = writeln!(page, "| **together** | **{one:.2}** | **{two:.2}** | **{ten:.2}** |");
}

fn stretches(page: &mut String, life: &[Stretch]) {
    page.push_str(
        "| | invoked | requests to AWS | read units | write units | with indexes | dollars a million, one by one |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for stretch in life {
        let bill = stretch.total();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {:.2} |",
            stretch.name,
            bill.invocations,
            bill.requests(),
            bill.read_units,
            bill.write_units,
            bill.all_write_units(),
            Dollars::sum(&stretch.bills, Batches::OneByOne).total(),
        );
    }
}

/// What a stage costs, line by line, and what each line buys.
fn floor(page: &mut String, three: &Bills) {
    let stage = three.get("stage").copied().unwrap_or_default();
    let each = |units: f64| units / 3.0;
    let _ = write!(
        page,
        "\nA stage takes {:.2} write units and {:.2} read units: the claim and the outcome (a unit each, of the \
         table), the move of the run to its next due time (a unit where it leaves and one where it arrives, of \
         the index `due`), the order with its runs in one query, and the customer.\n",
        each(stage.all_write_units()),
        each(stage.read_units),
    );
    let matcher = three.get("matcher").copied().unwrap_or_default();
    // The matcher's units of indexes: the order's and the run's place in their lists, and the run's
    // first place among what is due.
    let due = stage.index_units + matcher.index_units - 2.0;
    let stages = stage.takes / 2;
    let left_out = [
        ("the claim before a send", WRITE * 3.0, "a message whose function died after sending is sent again"),
        ("the index of what is due", WRITE * due, "the sweep: a schedule that never came is never noticed"),
        ("the list of runs", WRITE, "the team's view of what is under way"),
        (
            "transactions in the matcher",
            // The journal's two units have a line of their own.
            WRITE * (matcher.write_units / 2.0 - 1.0),
            "view, runs and timeline that always agree; a fact that counts once",
        ),
        ("the journal (`journal_days: 0`)", WRITE * 2.0, "the time machine"),
        (
            "the queue between schedule and stage",
            SQS * 3.0 * f64::from(u32::try_from(stages).unwrap_or_default()),
            "retries at 2, 10, 30 and 120 minutes, dead letters, a storm that waits",
        ),
        ("reading order and customer anew", READ * stage.read_units, "never telling of a cancelled order"),
    ];
    page.push_str(FLOOR);
    for (what, saves, loses) in left_out {
        let _ = writeln!(page, "| {what} | {saves:.2} | {loses} |");
    }
    let saved: f64 = left_out.iter().map(|(_, saves, _)| saves).sum();
    let all = Dollars::sum(three, Batches::OneByOne).total();
    let _ = write!(
        page,
        "\nWhat remains is ${:.2}: a request at the API, a schedule for each wait, an invocation for each step, a call \
         for each message, and one write for each thing that must not be forgotten. The other ${saved:.2} buy that \
         nothing is lost, doubled or stale.\n",
        all - saved,
    );
}

const HEAD: &str = "# What an order costs on AWS

Made by `make cost`, held by `make test`: do not edit. Requests and capacity units are counted by a layer on the \
ports while one order lives its life through the functions; what an item weighs is what the DynamoDB adapter \
stores. `make aws-test` compares the units with what an emulator of DynamoDB bills for the same life. Prices are AWS's list prices of us-east-1 without any free tier (HTTP API $1.00, Lambda $0.20 and \
$0.0000166667 a GB-second on x86_64, SQS $0.40 (`FairQueues` makes it $0.50), EventBridge Scheduler $1.00, DynamoDB on demand $0.625 and $0.125, \
each a million; SES $0.10 a thousand; data out $0.09 a GB). Assumed, not measured: functions of 128 MB (ingest 256), 10 ms of \
their own, 8 ms a request to AWS, 300 ms a call to WhatsApp, 700 bytes of HTTP and TLS around it. \"One by one\" is \
a small shop, where every message wakes a function by itself; \"in pairs\" is some million orders a month, as the \
event sources gather messages for two seconds; \"in batches of ten\" is a storm. WhatsApp's \
own price a message is not in it, nor are logs and metrics (some $2.50 a million \
such orders, $0.70 with `LogLevel: WARN`: `watching.md`), storage (some 6 GB a million \
orders, $0.25 a GB and month), the sweep and the idle polling of the queues, which cost the same however many \
orders there are (`deploy.md`). What a process holds of a store's set-up is looked at again every five seconds \
while there is work, for one read unit.
";

const FLOOR: &str = "
Where it could be cheaper, and what that would lose (dollars a million orders with three stages):

| left out | saves | loses |
|---|---|---|
";

const TAIL: &str = "
Receipts cost as much as stages: WhatsApp reports each message up to three times, each a webhook. A report that \
says nothing new (`sent`, of a message whose acceptance is recorded) is read and not written.

Of the matcher's write units two a transaction are the journal's, one entry for all facts of a write: $1.25 a million \
writes, and some 1 KB kept for `journal_days`. A day of 1,000 orders that live as the one above, in six writes each, \
puts 6,000 entries into it for $0.0075, and 30 such days keep less than 200 MB at $0.05 a month. `journal_days: 0` \
saves both.

A state machine of Step Functions Standard is billed $25 a million transitions: with three waits and sends at some \
two transitions each it comes to about $154 a million orders of three stages, and to $283 drawn naively, before the \
functions, the table and the API that it needs as well.
";

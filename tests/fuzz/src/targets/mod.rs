//! The targets.

mod answers;
mod bundle;
mod condition;
mod connection;
mod console;
mod expression;
mod flow;
mod ingest;
mod job;
mod record;
mod settings;
mod shopify;
mod signature;
mod store;
mod template;
mod track;
mod whatsapp;
mod words;

use crate::Target;

const KB: usize = 1024;

/// Every target. A new one is its file and its line here.
pub static TARGETS: &[Target] = &[
    Target { name: "words", reads: "phones, money, references, waits, links", run: words::run, longest: 256 },
    Target { name: "signature", reads: "signatures and handshakes", run: signature::run, longest: 512 },
    Target { name: "answers", reads: "providers' answers to sends", run: answers::run, longest: 2 * KB },
    Target {
        name: "whatsapp",
        reads: "WhatsApp's replies and receipts",
        run: whatsapp::run,
        longest: 4 * KB,
    },
    Target { name: "shopify", reads: "Shopify's webhooks", run: shopify::run, longest: 8 * KB },
    Target { name: "track", reads: "facts told by the shop's programs", run: track::run, longest: 4 * KB },
    Target { name: "ingest", reads: "requests to the webhooks' address", run: ingest::run, longest: 8 * KB },
    Target { name: "connection", reads: "connections as they are stored", run: connection::run, longest: KB },
    Target { name: "job", reads: "bodies of queues", run: job::run, longest: 4 * KB },
    Target { name: "record", reads: "records and keys of the table", run: record::run, longest: 4 * KB },
    Target { name: "settings", reads: "a store's settings", run: settings::run, longest: 4 * KB },
    Target { name: "expression", reads: "expressions", run: expression::run, longest: 600 },
    Target { name: "condition", reads: "conditions", run: condition::run, longest: 2 * KB },
    Target { name: "template", reads: "templates", run: template::run, longest: 4 * KB },
    Target { name: "flow", reads: "flows", run: flow::run, longest: 4 * KB },
    Target { name: "bundle", reads: "folders of flows and templates", run: bundle::run, longest: 8 * KB },
    Target {
        name: "store",
        reads: "a store's file, and the file of connections",
        run: store::run,
        longest: 4 * KB,
    },
    Target {
        name: "console",
        reads: "requests to the console and its API",
        run: console::run,
        longest: 4 * KB,
    },
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

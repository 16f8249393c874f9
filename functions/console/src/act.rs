//! What people of the team do about orders. Each is a fact, as everything else that happens to them.

use axum::{Form, extract::Path, response::Response};
use harkara_domain::{
    Fact, FactBody, FactId, OrderId, OrderView, Point,
    fact::{Actor, OrderAction},
    flow::Action,
};
use harkara_engine::{
    job::{FactsJob, Job},
    keys,
    people::{self, token},
    port::{Outgoing, QueueName},
    record::load,
};
use serde::Deserialize;
use std::time::Duration;

use crate::{
    desk::{Desk, Notice, encoded},
    failure::Failure,
    words,
};

/// What to do about an order.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Asked {
    /// `confirm`, `cancel`, `note`, `flag`, `unflag`, `assign`.
    pub(crate) act: String,
    /// The note, the flag, or the e-mail address of whom it is given to.
    #[serde(default)]
    pub(crate) text: String,
}

impl Asked {
    /// # Errors
    /// 400 for what cannot be done, in words.
    pub(crate) fn action(&self) -> Result<OrderAction, Failure> {
        let text = self.text.trim();
        let within = |most: usize, what: &str| {
            let fits = !text.is_empty() && text.chars().count() <= most;
            if fits {
                Ok(text.to_owned())
            } else {
                Err(Failure::bad(format!("{what} has 1 to {most} characters.")))
            }
        };
        let flag = |on| -> Result<OrderAction, Failure> {
            Ok(OrderAction::SetFlag { flag: within(Action::MAX_NAME, "A flag")?, on })
        };
        match self.act.as_str() {
            "confirm" => Ok(OrderAction::Reach(Point::Confirmed)),
            "cancel" => Ok(OrderAction::Reach(Point::Cancelled)),
            "note" => Ok(OrderAction::AddNote(within(Action::MAX_TEXT, "A note")?)),
            "flag" => flag(true),
            "unflag" => flag(false),
            "assign" => Ok(OrderAction::Assign(people::address(text)?)),
            _ => Err(Failure::bad("An action is one of confirm, cancel, note, flag, unflag, assign.")),
        }
    }
}

/// How often, and at what distance, the timeline is looked at for a new fact.
const LOOKS: u32 = 6;
const BETWEEN_LOOKS: Duration = Duration::from_millis(150);

/// Makes the fact; its id, and whether the timeline had it by the time this came back.
pub(crate) async fn act(desk: &Desk, order: &OrderId, asked: &Asked) -> Result<(FactId, bool), Failure> {
    let (console, store) = (&desk.console, desk.store());
    let action = asked.action()?;
    let known = load::<OrderView>(&*console.table, &keys::view(store, &order.clone().into())).await?;
    known.ok_or_else(|| Failure::missing("order"))?;
    let id = FactId::new(format!("console/{}", token::fresh()?.get(..24).unwrap_or_default()));
    let by = Actor::Person(desk.caller.name.clone());
    // The log comes first: a change that nobody can be asked about must not happen.
    let mut done = words::action(&action);
    if matches!(action, OrderAction::AddNote(_)) {
        "added a note".clone_into(&mut done);
    }
    console.people().log(store, &desk.caller.name, &done, order.as_str()).await?;
    let fact = Fact {
        id: id.clone(),
        store: store.clone(),
        source: "console".into(),
        occurred_at: desk.now,
        received_at: desk.now,
        body: FactBody::Action { order: order.clone(), action, by },
    };
    let body = Job::Facts(FactsJob { facts: vec![fact] }).body();
    console.queue.send(QueueName::Events, vec![Outgoing::now(body)]).await?;
    let key = keys::history(store, &order.clone().into(), desk.now, &id);
    for _ in 0..LOOKS {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        if console.table.get(&key).await?.is_some() {
            return Ok((id, true));
        }
    }
    Ok((id, false))
}

/// The forms of an order's page.
pub(crate) async fn post(
    desk: Desk,
    Path(order): Path<String>,
    Form(asked): Form<Asked>,
) -> Result<Response, Failure> {
    let (_, seen) = act(&desk, &OrderId::from(order.as_str()), &asked).await?;
    let notice = if seen { Notice::Done } else { Notice::OnItsWay };
    Ok(notice.at(&format!("/orders/{}", encoded(&order))))
}

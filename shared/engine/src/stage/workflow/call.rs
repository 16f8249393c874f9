//! Calls an address of the shop's own. It is told what came about and what it is about by ids, states and
//! numbers: no name, address, phone, e-mail or word of a customer. Whoever needs those has them in the
//! shop, or asks the API for them.

use harkara_channels::{
    Policy, Verdict,
    webhook::{self, WebhookCall},
};
use harkara_domain::{
    CustomerId, FlowId, OrderId, OrderStatus, Reason, RunId, StoreId,
    fact::{Deed, PaymentMethod, ProviderError},
    flow::action::Webhook,
    money::Money,
    order::Confirmation,
    run::Coupon,
    web,
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

use super::{Came, Loaded, StageRunner, coupon::action_ref, coupon_of, facts::first_due};
use crate::{count::Work, job::StageJob, port::HttpError};

/// What a webhook is told, under `data`.
#[derive(Serialize)]
struct Told<'a> {
    store: &'a StoreId,
    flow: &'a FlowId,
    stage: &'a str,
    run: &'a RunId,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Order<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cart: Option<Cart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coupon: Option<&'a Coupon>,
    /// What the flow says itself.
    data: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Order<'a> {
    id: &'a OrderId,
    status: OrderStatus,
    confirmation: Confirmation,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    shop: Option<Shop<'a>>,
}

/// What the shop says of an order.
#[derive(Serialize)]
struct Shop<'a> {
    name: &'a str,
    placed_at: Timestamp,
    payment: PaymentMethod,
    paid: bool,
    total: Money,
    pieces: u32,
}

#[derive(Serialize)]
struct Cart {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
    pieces: u32,
}

#[derive(Serialize)]
struct Customer<'a> {
    id: &'a CustomerId,
    orders: u32,
    points: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'a str>,
}

impl StageRunner {
    pub(super) async fn call_webhook(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        place: u16,
        webhook: &Webhook,
    ) -> Came {
        let connection = match self.connection::<webhook::Connection>(job, "webhooks").await {
            Ok(connection) => connection.unwrap_or_default(),
            Err(problem) => return Came::Again(problem),
        };
        let secrets = connection.secrets(&webhook.url);
        if secrets.is_empty() {
            let what = "a secret to sign webhooks with: `secrets` of the connection `webhooks`".to_owned();
            return Came::Never(Reason::NotSetUp { what });
        }
        let subject = job.subject.to_string();
        let id = webhook::id(&action_ref(job, &subject, place));
        let kind = format!("flow.{}", loaded.run.value.occurrence.kind().as_str());
        let request = webhook::body(&kind, first_due(loaded, job), &told(loaded, job, webhook));
        let request = request.and_then(|body| {
            let call = WebhookCall { id: &id, at: self.clock.now(), url: &webhook.url, body: &body };
            webhook::request(&call, secrets)
        });
        match request {
            Ok(request) => {
                let host = web::target(&webhook.url).map_or("", |target| target.host);
                self.answer(request, host).await
            }
            Err(problem) => Came::Never(Reason::NotSetUp { what: format!("the webhook: {problem}") }),
        }
    }

    async fn answer(&self, request: crate::port::HttpRequest, host: &str) -> Came {
        let refused =
            |error| Came::Never(Reason::Refused { channel: format!("The webhook at {host}"), error });
        match self.http.call(request).await {
            Ok(response) => match webhook::verdict(&response) {
                Verdict::Accepted(_) => {
                    self.counters.workflows.add(Work::WebhookCalled);
                    Came::Done(Some(Deed::Called { host: host.to_owned() }))
                }
                Verdict::Refused(error, Policy::Throttled(length)) => {
                    Came::Later(self.clock.now() + length, Reason::Throttled { error })
                }
                Verdict::Refused(error, Policy::Retry) | Verdict::Unclear(error) => {
                    Came::Again(error.to_string())
                }
                Verdict::Refused(error, _) => refused(error),
            },
            // A receiver takes an id once, so calling again is safe.
            Err(HttpError::NotSent(problem) | HttpError::AnswerLost(problem)) => Came::Again(problem),
            Err(HttpError::NotPublic(message)) => refused(ProviderError { code: 0, message }),
        }
    }
}

fn told<'a>(loaded: &'a Loaded, job: &'a StageJob, webhook: &'a Webhook) -> Told<'a> {
    let order = loaded.order().map(|order| Order {
        id: &order.id,
        status: order.status(),
        confirmation: order.confirmation(),
        shop: order.snapshot.as_ref().map(|snapshot| Shop {
            name: &snapshot.name,
            placed_at: snapshot.created_at,
            payment: snapshot.payment,
            paid: snapshot.paid,
            total: snapshot.total,
            pieces: snapshot.item_count,
        }),
    });
    let cart = loaded.view.cart().map(|cart| Cart {
        id: cart.id.to_string(),
        total: cart.total(),
        pieces: cart.items().iter().fold(0, |sum, item| item.quantity.saturating_add(sum)),
    });
    let customer = loaded.customer().map(|customer| Customer {
        id: &customer.id,
        orders: customer.orders,
        points: customer.points(),
        tier: customer.tier_name(),
    });
    Told {
        store: &job.store,
        flow: &loaded.run.value.flow,
        stage: loaded.stage(job).map_or("", |(_, stage)| stage.name.as_str()),
        run: &job.run,
        order,
        cart,
        customer,
        coupon: coupon_of(loaded),
        data: &webhook.data,
    }
}

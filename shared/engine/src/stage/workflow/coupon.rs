//! Makes a coupon: in the shop where that is connected, else only its code, for the team to enter.

use harkara_channels::{
    ActionRef, Policy, Verdict,
    coupon::{self, Discount, shopify},
};
use harkara_domain::{
    Reason,
    fact::Deed,
    flow::action::{CouponOffer, Worth},
    reference::ReferenceKey,
    run::Coupon,
};
use serde::Deserialize;

use super::{Came, Loaded, StageRunner};
use crate::{count::Work, job::StageJob, port::HttpError};

/// The store's key, which is kept with the connection whose buttons it signs.
#[derive(Deserialize)]
struct Keyed {
    #[serde(default)]
    reference_key: Option<ReferenceKey>,
}

/// The name that reasons know the shop by.
const SHOP: &str = "Shopify";

impl StageRunner {
    /// Makes a coupon; it is in `made` then.
    pub(super) async fn coupon(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        place: u16,
        offer: &CouponOffer,
        made: &mut Option<Coupon>,
    ) -> Came {
        let (key, shop) = match self.coupon_connections(job).await {
            Ok(connections) => connections,
            Err(problem) => return Came::Again(problem),
        };
        let Some(key) = key else {
            let what = "the key that coupon codes are made with: `reference_key` of its WhatsApp connection";
            return Came::Never(Reason::NotSetUp { what: what.to_owned() });
        };
        let Some(worth) = offer.worth() else { return Came::Done(None) };
        let subject = job.subject.to_string();
        let code = coupon::code(
            &key,
            &action_ref(job, &subject, place),
            offer.prefix.as_deref().unwrap_or_default(),
        );
        let since = loaded.acting_since(job);
        let ends_at = offer.ends_at(since, &loaded.shelf.zone);
        let in_shop = shop.is_connected();
        if in_shop {
            let wanted = coupon::Coupon {
                code: &code,
                title: &format!("{}: {worth}", loaded.flow.name),
                discount: match worth {
                    Worth::Percent(percent) => Discount::Percent(percent),
                    Worth::Amount(amount) => Discount::Amount(amount),
                },
                starts_at: since,
                ends_at: Some(ends_at),
                once: offer.once_per_customer,
            };
            if let Some(came) = self.enter(&wanted, &shop).await {
                return came;
            }
        }
        *made = Some(Coupon { code: code.clone(), ends_at });
        self.counters.workflows.add(Work::CouponMade);
        Came::Done(Some(Deed::CouponMade { code, ends_at, in_shop }))
    }

    async fn coupon_connections(
        &self,
        job: &StageJob,
    ) -> Result<(Option<ReferenceKey>, shopify::Connection), String> {
        let key = self.connection::<Keyed>(job, "whatsapp").await?.and_then(|keyed| keyed.reference_key);
        let shop = self.connection::<shopify::Connection>(job, "shopify").await?;
        Ok((key, shop.unwrap_or_default()))
    }

    /// Enters a coupon in the shop; `None` once it is there.
    async fn enter(&self, wanted: &coupon::Coupon<'_>, shop: &shopify::Connection) -> Option<Came> {
        let request = match shopify::request(wanted, shop) {
            Ok(request) => request,
            Err(problem) => return Some(Came::Never(Reason::NotSetUp { what: problem.to_string() })),
        };
        Some(match self.http.call(request).await {
            Ok(response) => match shopify::verdict(&response) {
                Verdict::Accepted(_) => return None,
                Verdict::Refused(error, Policy::Throttled(length)) => {
                    Came::Later(self.clock.now() + length, Reason::Throttled { error })
                }
                Verdict::Refused(error, Policy::Retry) | Verdict::Unclear(error) => {
                    Came::Again(error.to_string())
                }
                Verdict::Refused(error, _) => {
                    Came::Never(Reason::Refused { channel: SHOP.to_owned(), error })
                }
            },
            // A shop has a code once, so asking again is safe.
            Err(HttpError::NotSent(problem) | HttpError::AnswerLost(problem)) => Came::Again(problem),
            Err(HttpError::NotPublic(problem)) => Came::Never(Reason::Fault { problem }),
        })
    }
}

/// What the effect of an action is known by outside.
pub(super) fn action_ref<'a>(job: &'a StageJob, subject: &'a str, place: u16) -> ActionRef<'a> {
    ActionRef { store: &job.store, subject, run: &job.run, stage: job.stage, action: place }
}

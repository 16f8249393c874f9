//! Actions of a rehearsal: what they would say, and nothing of what they would do outside.

use harkara_domain::{
    Fact, FactBody, Reason,
    fact::{Actor, Deed, OrderAction},
    flow::{Action, action::Effect},
    run::Coupon,
    web,
};

use super::Stand;
use crate::{
    job::StageJob,
    rehearsal::{Shown, ShownAction, words},
    settings::Settings,
    stage::workflow::{facts, mail},
};

/// The code of a coupon that is only rehearsed.
const COUPON: &str = "REHEARSAL-0000";

impl Stand {
    /// What the actions of a stage say, in the order in which they are done.
    pub(super) fn workflow(
        &self,
        job: &StageJob,
        actions: &[Action],
        shown: &mut Shown,
    ) -> (Vec<Fact>, Option<Coupon>, Option<Reason>) {
        let (mut said, mut deeds, mut made, mut trouble) = (Vec::new(), Vec::new(), None, None);
        for (place, action) in (0..).zip(actions) {
            let mut told = ShownAction::of(action);
            let body =
                match action.effect(&job.run) {
                    Effect::Order(action) => facts::of_order(&self.loaded, job, action),
                    Effect::Customer(action) => facts::of_customer(&self.loaded, action),
                    Effect::Start(flow) => facts::start(&self.loaded, job, flow),
                    Effect::Alert(team) => {
                        if self.loaded.shelf.settings.team(team).is_empty() {
                            told.problem = Some(nobody(team).to_string());
                        }
                        let escalated = OrderAction::Escalated { team: team.to_owned() };
                        facts::of_order(&self.loaded, job, escalated)
                            .or_else(|_| Ok(self.done(job, mailed(team))))
                    }
                    other => {
                        let deed = self.deed(&other, &mut told, &mut made, &mut trouble);
                        deeds.extend(deed.map(|deed| {
                            facts::fact(&self.loaded, job, (place, "/done"), self.done(job, deed))
                        }));
                        shown.actions.push(told);
                        continue;
                    }
                };
            match body {
                Ok(body) => said.push(facts::fact(&self.loaded, job, (place, ""), body)),
                Err(reason) => {
                    told.problem = Some(reason.to_string());
                    let deed = Deed::NotDone { action: words::name(action), reason };
                    deeds.push(facts::fact(&self.loaded, job, (place, "/done"), self.done(job, deed)));
                }
            }
            shown.actions.push(told);
        }
        said.extend(deeds);
        (said, made, trouble)
    }

    fn done(&self, job: &StageJob, deed: Deed) -> FactBody {
        let by = Actor::Flow(self.loaded.flow.name.clone());
        FactBody::Done { subject: job.subject.clone(), deed, by }
    }

    /// What an action that is more than a fact leaves in the timeline.
    fn deed(
        &self,
        effect: &Effect<'_>,
        told: &mut ShownAction,
        made: &mut Option<Coupon>,
        trouble: &mut Option<Reason>,
    ) -> Option<Deed> {
        let loaded = &self.loaded;
        match effect {
            Effect::Task(task) => {
                let team = task.team.clone().unwrap_or_else(|| Settings::OPS.to_owned());
                Some(Deed::TaskMade { title: task.title.clone(), team })
            }
            Effect::Coupon(offer) => {
                if self.key().is_none() {
                    let what = "the key that coupon codes are made with".to_owned();
                    let reason = Reason::NotSetUp { what };
                    told.problem = Some(reason.to_string());
                    trouble.get_or_insert(reason);
                    return None;
                }
                let prefix = offer.prefix.as_deref().map_or_else(String::new, |prefix| format!("{prefix}-"));
                let (code, ends_at) =
                    (format!("{prefix}{COUPON}"), offer.ends_at(loaded.now, &loaded.shelf.zone));
                *made = Some(Coupon { code: code.clone(), ends_at });
                Some(Deed::CouponMade { code, ends_at, in_shop: false })
            }
            Effect::Call(webhook) => {
                let target = web::target(&webhook.url);
                Some(Deed::Called {
                    host: target.map_or_else(|_| String::new(), |target| target.host.to_owned()),
                })
            }
            Effect::Mail(letter) => match mail::written(loaded, letter) {
                Ok(mail) if mail.to.is_empty() => {
                    let reason = nobody(&letter.to);
                    told.problem = Some(reason.to_string());
                    Some(Deed::NotDone { action: told.name.clone(), reason })
                }
                Ok(mail) => {
                    told.mail = Some((mail.subject, mail.text));
                    Some(mailed(&letter.to))
                }
                Err(problem) => {
                    let reason = Reason::Template { problem };
                    told.problem = Some(reason.to_string());
                    trouble.get_or_insert(reason);
                    None
                }
            },
            Effect::Order(_) | Effect::Customer(_) | Effect::Start(_) | Effect::Alert(_) => None,
        }
    }
}

fn nobody(team: &str) -> Reason {
    Reason::NotSetUp { what: format!("an e-mail address for the team {team}") }
}

fn mailed(to: &str) -> Deed {
    Deed::Mailed { to: to.to_owned(), unsure: false }
}

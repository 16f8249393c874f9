//! What comes with a date: goes through the lists of customers who have been quiet, were born, first
//! ordered or renew, for every flow that waits for that. Each list is gone through once, a part at a time,
//! and how far is kept: a flow that is activated today begins at the beginning, and a crowd that has been
//! quiet for years does not come all at once.

use harkara_domain::{FlowId, StoreId, Trigger};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Sweeper, walk::Walk};
use crate::{
    catalog::FlowHead,
    clocks::dates::{self, DateFlow},
    count::Found,
    fault::Fault,
    keys,
    port::{Query, WriteError},
    record::{all, decode, expect, load, put},
    settings::Settings,
};

/// How far a flow's dates have been gone through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// What for: a flow with another trigger begins anew.
    pub(super) trigger: Trigger,
    /// On which day, of the shop's.
    pub(super) day: Date,
    /// At which stretch of that day; after the last, the day is done with.
    #[serde(default)]
    pub(super) stretch: usize,
    /// Behind which place of that stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
}

impl Progress {
    fn on(trigger: &Trigger, day: Date) -> Self {
        Self { trigger: trigger.clone(), day, stretch: 0, after: None }
    }
}

/// A flow whose dates are gone through.
pub(super) struct Dated<'a> {
    pub(super) store: &'a StoreId,
    pub(super) flow: &'a FlowId,
    pub(super) trigger: &'a Trigger,
    pub(super) zone: &'a TimeZone,
    /// Dates before this one, of the shop's, are not what it was activated for.
    pub(super) activated: Date,
}

impl Sweeper {
    /// The most that one sweep looks at for one flow: so many customers can come at once.
    pub const DATES_A_FLOW: usize = 300;
    /// The most that it looks at in all.
    const DATES: usize = 3000;

    /// Goes on with the dates of every store; says how many have come.
    pub(super) async fn dates(&self) -> Result<usize, Fault> {
        let mut flows: Vec<DateFlow> = Vec::new();
        for item in all(&*self.table, Query::partition(keys::DATE_FLOWS)).await? {
            flows.push(decode::<DateFlow>(&item)?.value);
        }
        // Whoever is last today is not last in the next sweep.
        let minute = usize::try_from(self.clock.now().as_second() / 60).unwrap_or(0);
        let turn = minute.checked_rem(flows.len()).unwrap_or(0);
        flows.rotate_left(turn);
        let (mut room, mut found, mut failed) = (Self::DATES, 0, None);
        for DateFlow { store, flow } in &flows {
            let looks = room.min(Self::DATES_A_FLOW);
            if looks == 0 {
                break;
            }
            match self.dates_of(store, flow, looks).await {
                Ok(walked) => {
                    room -= walked.looked.min(room);
                    found += walked.found;
                }
                // One store's trouble is not another's.
                Err(error) => {
                    tracing::error!(%store, %flow, problem = %error.logged(), "dates not gone through");
                    failed = Some(error);
                }
            }
        }
        if found > 0 {
            self.counters.sweep_finds.add_many(Found::Date, found);
            tracing::info!(found, "dates have come");
        }
        failed.map_or(Ok(found), Err)
    }

    async fn dates_of(&self, store: &StoreId, flow: &FlowId, looks: usize) -> Result<Walked, Fault> {
        let head = load::<FlowHead>(&*self.table, &keys::flow(store, flow)).await?;
        let settings = load::<Settings>(&*self.table, &keys::settings(store)).await?;
        let (Some(head), Some(settings)) = (head, settings) else { return Ok(Walked::default()) };
        let Some(kept) = head.value.flow.as_ref().filter(|_| head.value.is_active()) else {
            return Ok(Walked::default());
        };
        if !kept.trigger.kind().comes_by_date() {
            return Ok(Walked::default());
        }
        let zone = settings.value.zone();
        let activated = zone.to_datetime(head.value.changed_at).date();
        let dated = Dated { store, flow, trigger: &kept.trigger, zone: &zone, activated };
        let place = keys::progress(store, flow);
        let held = load::<Progress>(&*self.table, &place).await?;
        let now = self.clock.now();
        let begin = start(&dated, held.as_ref().map(|held| &held.value), now);
        let mut walk = Walk { sweeper: self, dated: &dated, progress: begin, now, walked: Walked::default() };
        walk.go(looks).await?;
        let Walk { progress, walked, .. } = walk;
        if held.as_ref().map(|held| &held.value) != Some(&progress) {
            match self.table.write(vec![put(place, &progress, expect(held.as_ref()))]).await {
                // Another sweep was at it, too; what both have found counts once.
                Ok(()) | Err(WriteError::Expectation(_) | WriteError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(walked)
    }
}

/// What one sweep made of one flow's dates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walked {
    /// Items looked at.
    pub(super) looked: usize,
    /// Dates that have come.
    pub(super) found: usize,
}

/// Where to go on. A day that nobody came to goes by, but for yesterday: nobody is wished a happy birthday
/// a week late, nor for a day before the flow was activated.
fn start(dated: &Dated<'_>, held: Option<&Progress>, now: Timestamp) -> Progress {
    let today = dated.zone.to_datetime(now).date();
    let Some(held) = held.filter(|held| held.trigger == *dated.trigger) else {
        return Progress::on(dated.trigger, today);
    };
    let earliest = today.yesterday().unwrap_or(today).max(dated.activated);
    if dates::is_daily(dated.trigger) && held.day < earliest {
        Progress::on(dated.trigger, earliest)
    } else {
        held.clone()
    }
}

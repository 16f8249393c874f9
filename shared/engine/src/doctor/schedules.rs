//! Schedules against the runs that they are for.

use harkara_domain::{Run, StoreId, run::RunStatus};
use jiff::SignedDuration;
use std::collections::HashSet;

use super::{Check, Doctor, Finding};
use crate::{
    hand_on,
    job::Job,
    keys,
    matching::open_stages,
    port::{Index, Outgoing, Query, TableError},
    record::{decode, load},
};

/// A schedule that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// What it will send, where that could be read.
    pub body: Option<String>,
}

impl Doctor {
    /// The most runs that are compared with schedules.
    const MOST_RUNS: usize = 5000;

    /// Waiting runs without a schedule are found by the sweep, late by its grace; schedules whose run is gone
    /// fire in vain.
    pub(super) async fn schedules(
        &self,
        store: &StoreId,
        planned: Option<&[Planned]>,
    ) -> Result<Vec<Finding>, TableError> {
        let check = Check::Schedules;
        let Some(planned) = planned else { return Ok(Vec::new()) };
        let names: HashSet<&str> = planned.iter().map(|planned| planned.name.as_str()).collect();
        let (waiting, without) = self.without_schedule(store, &names).await?;
        let (over, unknown) = self.orphans(store, planned).await?;
        let mut found = Vec::new();
        if without > 0 {
            let todo = "nothing now: the sweep hands them on, up to five minutes late. If they grow, see that \
                        schedules can be made";
            found.push(Finding::warning(
                check,
                format!("{without} of {waiting} waits have no schedule"),
                todo,
            ));
        }
        if unknown > 0 {
            let todo = "nothing: they fire in vain. After a restored backup they are what was planned since";
            found.push(Finding::warning(
                check,
                format!("{unknown} schedules are of runs that are not there"),
                todo,
            ));
        }
        if found.is_empty() {
            let idle = match over {
                0 => String::new(),
                over => format!("; {over} more are of stages that are over, and fire in vain"),
            };
            let what = format!("{waiting} waits have their schedules{idle}");
            found.push(Finding::ok(check, what));
        }
        Ok(found)
    }

    /// How many stages wait for longer than a queue holds them, and how many of those have no schedule.
    async fn without_schedule(
        &self,
        store: &StoreId,
        names: &HashSet<&str>,
    ) -> Result<(usize, usize), TableError> {
        let now = self.clock.now();
        let longest = SignedDuration::try_from(Outgoing::MAX_DELAY).unwrap_or_default();
        let (mut waiting, mut without) = (0, 0);
        for shard in 0..keys::DUE_SHARDS {
            let mut query = Query::index(Index::Due, keys::due_partition(shard)).limit(Self::MOST_RUNS);
            query.from = Some(keys::stamp(now + longest));
            for item in self.table.query(query).await?.items {
                if keys::subject_of(&item.key).is_some() {
                    continue;
                }
                let run = decode::<Run>(&item)?.value;
                if run.store != *store || run.status != RunStatus::Running {
                    continue;
                }
                for (stage, due) in open_stages(&run, now).into_iter().filter(|(_, due)| *due > now + longest)
                {
                    waiting += 1;
                    without += usize::from(!names.contains(hand_on::schedule_of(&run, stage, due).as_str()));
                }
            }
        }
        Ok((waiting, without))
    }

    /// How many schedules are of runs that are over, and of runs that nobody knows.
    async fn orphans(&self, store: &StoreId, planned: &[Planned]) -> Result<(usize, usize), TableError> {
        let (mut over, mut unknown) = (0, 0);
        for body in planned.iter().filter_map(|planned| planned.body.as_deref()).take(Self::MOST_RUNS) {
            let Ok(Job::Stage(job)) = Job::read(body) else { continue };
            if job.store != *store {
                continue;
            }
            match load::<Run>(&*self.table, &keys::run(&job.store, &job.subject, &job.run)).await? {
                None => unknown += 1,
                Some(run) => {
                    let stage = run.value.stages.get(usize::from(job.stage));
                    over += usize::from(!stage.is_some_and(|stage| stage.is_open()));
                }
            }
        }
        Ok((over, unknown))
    }
}

//! What the team does with flows while orders are under way.

use harkara_onebox::world::World as Harkara;
use jiff::Timestamp;

use super::{Deed, Truth, hours};
use crate::{fate::Fate, stores::Kind, world::World};

/// What the team does with a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TeamDeed {
    /// Pauses it, and resumes it later.
    Pause(&'static str),
    Resume(&'static str),
    /// Saves another version.
    Edit(&'static str),
    /// Puts it away, and may bring it back.
    Archive(&'static str),
    Restore(&'static str),
}

impl TeamDeed {
    /// Does it; whether it could be done.
    pub(crate) async fn done(self, harkara: &Harkara) -> bool {
        let (store, by, setup) = (World::store(), "team", &harkara.setup);
        let done = match self {
            Self::Pause(flow) => setup.pause(&store, &flow.into(), by).await.map(|_| ()),
            Self::Resume(flow) => setup.resume(&store, &flow.into(), by).await.map(|_| ()),
            Self::Archive(flow) => setup.archive(&store, &flow.into(), by).await.map(|_| ()),
            Self::Restore(flow) => {
                // It comes back as a draft; whether it has already shows when it is switched on.
                _ = setup.restore(&store, &flow.into(), by).await;
                setup.resume(&store, &flow.into(), by).await.map(|_| ())
            }
            Self::Edit(flow) => match setup.flow_head(&store, &flow.into()).await {
                Ok(head) => {
                    // Another stage in front, so that a run that took the wrong version would show.
                    let stage = "stages:\n  - name: Before all else\n    workflow: [{ log_event: edited }]\n";
                    let text = head.value.text.replacen("stages:\n", stage, 1);
                    setup.flow(&store, &text, by).await.map(|_| ())
                }
                Err(error) => Err(error),
            },
        };
        done.is_ok()
    }
}

impl Truth {
    /// Flows are paused, edited and put away under way, now and then all of that.
    pub(super) fn team(&mut self, fate: &Fate, begin: Timestamp, kind: Kind) {
        for _ in 0..=fate.below(3) {
            let flow =
                kind.flows().get(fate.below(kind.flows().len())).copied().unwrap_or("cod-confirmation");
            let at = begin + hours(0, 60, fate);
            let later = at + hours(0, 20, fate);
            let deeds: &[(Timestamp, TeamDeed)] = match fate.below(4) {
                0 => &[(at, TeamDeed::Pause(flow)), (later, TeamDeed::Resume(flow))],
                1 => &[(at, TeamDeed::Edit(flow))],
                2 => &[(at, TeamDeed::Archive(flow)), (later, TeamDeed::Restore(flow))],
                _ => &[(at, TeamDeed::Archive(flow))],
            };
            self.deeds.extend(deeds.iter().map(|(at, deed)| (*at, Deed::Team(*deed))));
        }
    }
}

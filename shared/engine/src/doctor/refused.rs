//! Webhooks that were refused for their signature: by a secret that is not the vendor's any more, or rightly.

use harkara_domain::StoreId;
use jiff::Timestamp;

use super::{Check, Doctor, Finding};
use crate::{
    catalog::Shelf,
    keys,
    port::TableError,
    record::load,
    refusals::{self, Refusals, Refused},
    sentinel::Watch,
};

impl Doctor {
    /// What of the last day says so, a finding for each source.
    pub(super) async fn refused(&self, store: &StoreId, shelf: &Shelf) -> Result<Vec<Finding>, TableError> {
        let now = self.clock.now();
        let since = now - self.clock.real(Refused::LATELY);
        let all = refusals::refused(&*self.table, store, since, now).await?;
        let mut found = Vec::new();
        for refused in all {
            let heard = match refused.heard {
                None => self.heard_before(store, &refused.source, now).await?,
                heard => heard,
            };
            found.push(self.refusal(&refused, heard, shelf.settings.journal_days > 0));
        }
        Ok(found)
    }

    /// When a source was last heard: to ten minutes by the sentinel, or since by the journal.
    async fn heard_before(
        &self,
        store: &StoreId,
        source: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, TableError> {
        let watch = load::<Watch>(&*self.table, &keys::watch(store)).await?.map(|held| held.value);
        let since = watch.as_ref().map_or(now - self.clock.real(Refused::LATELY), |watch| watch.heard_to);
        let since_then = refusals::heard(&*self.table, store, source, since, now).await?;
        let feeds = watch.into_iter().flat_map(|watch| watch.feeds);
        let mut of_source = feeds.filter(|(feed, _)| feed.as_str() == source);
        Ok(since_then.or_else(|| of_source.next().map(|(_, held)| held.rhythm.last)))
    }

    fn refusal(&self, refused: &Refused, heard: Option<Timestamp>, is_heard: bool) -> Finding {
        let (source, check) = (&refused.source, Check::Signatures);
        let times = refused.first().zip(refused.last());
        let when = times.map_or_else(String::new, |(first, last)| match first == last {
            true => format!(" at {first}"),
            false => format!(" since {first}, the last at {last}"),
        });
        let what =
            format!("{source}: at least {} webhooks refused for their signature{when}", refused.known());
        let shown =
            harkara_sources::source(source).map_or("the vendor's page", |source| source.secret_shown());
        let compare = format!(
            "compare `connections.{source}.secrets` with {shown}. If it is another, put it beside the old one: \
             `{} FILE`",
            self.put
        );
        if !is_heard {
            let what = format!("{what}; without a journal nobody knows whether others were taken in");
            return Finding::warning(check, what, compare);
        }
        let last = heard.map_or_else(
            || "nothing of it is known to have been taken in".to_owned(),
            |heard| format!("the last that was taken in came around {heard}"),
        );
        let what = format!("{what}; {last}");
        let elsewhere = "either a stranger tries, who is rightly refused, or some of the vendor's webhooks are \
                         signed with another secret";
        match refused.unheard() {
            None => Finding::warning(check, what, format!("{elsewhere}: {compare}")),
            Some(lasts) if lasts < self.clock.real(Refusals::EVERY) => {
                let todo = format!(
                    "look again in a quarter of an hour: a vendor tries again, a stranger may not; or {compare}"
                );
                Finding::warning(check, what, todo)
            }
            Some(_) => {
                let soon = "soon, for vendors give up an address that refuses them for hours";
                Finding::trouble(check, what, format!("{soon}: {compare}"))
            }
        }
    }
}

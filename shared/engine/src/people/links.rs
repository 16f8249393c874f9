//! Links that let somebody in once: the first owner's, and invitations.

use harkara_domain::{StoreId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{People, PeopleError, Person, Role, address, person_digest, token};
use crate::{
    keys,
    port::{Expect, Key, Query, Write, WriteError},
    record::{Stored, decode, expect, item, load, put},
};

/// What a link lets somebody become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The digest of the link's token.
    pub digest: String,
    /// What they will be.
    pub role: Role,
    /// Who offers it; `None` for the first owner's link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Until when.
    pub until: Timestamp,
}

/// An invitation, with the token that only its maker sees.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// For the link.
    pub token: String,
    /// What it offers.
    pub offer: Offer,
}

impl People {
    /// How long a link is good, in real time.
    pub const LINK: SignedDuration = SignedDuration::from_hours(24);

    /// A link that makes the first owner, in the place of an earlier one; `None` once there is an owner.
    ///
    /// # Errors
    /// When no token can be made, or the table fails.
    pub async fn first_link(&self, store: &StoreId) -> Result<Option<Invitation>, PeopleError> {
        if self.has_owner(store).await? {
            return Ok(None);
        }
        let invitation = self.invitation(Role::Owner, None)?;
        self.save(keys::first_link(store), &invitation.offer).await?;
        Ok(Some(invitation))
    }

    /// An invitation into the team.
    ///
    /// # Errors
    /// When no token can be made, or the write fails.
    pub async fn invite(&self, store: &StoreId, role: Role, by: &str) -> Result<Invitation, PeopleError> {
        let invitation = self.invitation(role, Some(by.to_owned()))?;
        self.save(keys::invitation(store, &invitation.offer.digest), &invitation.offer).await?;
        Ok(invitation)
    }

    fn invitation(&self, role: Role, by: Option<String>) -> Result<Invitation, PeopleError> {
        let token = token::fresh()?;
        let digest = token::digest("link", &token);
        Ok(Invitation { token, offer: Offer { digest, role, by, until: self.ends_after(Self::LINK) } })
    }

    async fn save(&self, key: Key, offer: &Offer) -> Result<(), PeopleError> {
        let mut item = item(key, offer);
        item.expires_at = Some(offer.until);
        Ok(self.table.write(vec![Write::Put(item, Expect::Any)]).await?)
    }

    /// Invitations that nobody has taken up.
    ///
    /// # Errors
    /// When the read fails.
    pub async fn open_invitations(&self, store: &StoreId) -> Result<Vec<Offer>, PeopleError> {
        let query = Query::partition(keys::people(store)).prefix(keys::INVITATION);
        let (page, now) = (self.table.query(query).await?, self.clock.now());
        let mut open = Vec::new();
        for item in &page.items {
            open.push(decode::<Offer>(item)?.value);
        }
        open.retain(|offer| offer.until > now);
        Ok(open)
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// When the write fails.
    pub async fn withdraw(&self, store: &StoreId, digest: &str) -> Result<(), PeopleError> {
        Ok(self.table.write(vec![Write::Delete(keys::invitation(store, digest), Expect::Any)]).await?)
    }

    /// What a link's token offers; `None` when it was used, has expired or never was.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn offer(&self, store: &StoreId, token: &str) -> Result<Option<Offer>, PeopleError> {
        Ok(self.find(store, token).await?.map(|(_, stored)| stored.value))
    }

    async fn find(&self, store: &StoreId, token: &str) -> Result<Option<(Key, Stored<Offer>)>, PeopleError> {
        let digest = token::digest("link", token);
        for key in [keys::first_link(store), keys::invitation(store, &digest)] {
            let Some(stored) = load::<Offer>(&*self.table, &key).await? else { continue };
            if token::same(&stored.value.digest, &digest) && stored.value.until > self.clock.now() {
                return Ok(Some((key, stored)));
            }
        }
        Ok(None)
    }

    /// Takes up what a link offers, once. The password comes hashed, see [`super::password::hash`].
    ///
    /// # Errors
    /// [`PeopleError::Gone`] for a link that is not good any more, [`PeopleError::Taken`] for an address
    /// that is in the team already, [`PeopleError::Invalid`] for a bad one, and when the table fails.
    pub async fn accept(
        &self,
        store: &StoreId,
        token: &str,
        email: &str,
        password: String,
    ) -> Result<Person, PeopleError> {
        let email = address(email)?;
        let (link, stored) = self.find(store, token).await?.ok_or(PeopleError::Gone)?;
        let id = token::fresh()?.chars().take(24).collect::<String>();
        let person = Person {
            id: UserId::from(id),
            role: stored.value.role,
            password,
            joined_at: self.clock.now(),
            email,
        };
        let key = keys::person(store, &person_digest(store, &person.email));
        let writes = vec![Write::Delete(link, expect(Some(&stored))), put(key, &person, Expect::Absent)];
        match self.table.write(writes).await {
            Ok(()) => Ok(person),
            Err(WriteError::Expectation(failed)) if failed.contains(&0) => Err(PeopleError::Gone),
            Err(WriteError::Expectation(_)) => Err(PeopleError::Taken),
            Err(error) => Err(error.into()),
        }
    }
}

//! Who is in the team.

use harkara_domain::StoreId;

use super::{People, PeopleError, Person, Role, person_digest};
use crate::{
    keys,
    port::{Expect, Query, Write, WriteError},
    record::{Stored, decode, load},
};

impl People {
    /// The person with an e-mail address, as [`super::address`] makes it.
    ///
    /// # Errors
    /// When the read fails.
    pub async fn person(&self, store: &StoreId, email: &str) -> Result<Option<Person>, PeopleError> {
        let key = keys::person(store, &person_digest(store, email));
        Ok(load::<Person>(&*self.table, &key).await?.map(|stored| stored.value))
    }

    /// Everybody, by e-mail address.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn everybody(&self, store: &StoreId) -> Result<Vec<Person>, PeopleError> {
        let mut people: Vec<Person> =
            self.stored_people(store).await?.into_iter().map(|stored| stored.value).collect();
        people.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(people)
    }

    async fn stored_people(&self, store: &StoreId) -> Result<Vec<Stored<Person>>, PeopleError> {
        let query = Query::partition(keys::people(store)).prefix(keys::PERSON);
        let (mut people, mut after) = (Vec::new(), None);
        loop {
            let page = self.table.query(query.clone().after(after)).await?;
            for item in &page.items {
                people.push(decode::<Person>(item)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(people);
            }
        }
    }

    /// Whether the store has an owner yet.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn has_owner(&self, store: &StoreId) -> Result<bool, PeopleError> {
        Ok(self.everybody(store).await?.iter().any(|person| person.role == Role::Owner))
    }

    /// Removes somebody; their sessions are void from then on. Whether they were there.
    ///
    /// # Errors
    /// [`PeopleError::LastOwner`] for the only owner, and when the table fails.
    pub async fn remove(&self, store: &StoreId, email: &str) -> Result<bool, PeopleError> {
        let people = self.stored_people(store).await?;
        let Some(gone) = people.iter().find(|stored| stored.value.email == email) else { return Ok(false) };
        let mut writes = Vec::new();
        if gone.value.role == Role::Owner {
            let other =
                people.iter().find(|other| other.value.role == Role::Owner && other.value.email != email);
            let stays = other.ok_or(PeopleError::LastOwner)?;
            // Written as it was: two owners who remove each other at once must not both succeed.
            let key = keys::person(store, &person_digest(store, &stays.value.email));
            writes.push(crate::record::put(key, &stays.value, Expect::Version(stays.version)));
        }
        let key = keys::person(store, &person_digest(store, email));
        writes.push(Write::Delete(key, Expect::Version(gone.version)));
        match self.table.write(writes).await {
            Ok(()) => Ok(true),
            Err(WriteError::Expectation(_)) => Err(PeopleError::Write(WriteError::Conflict)),
            Err(error) => Err(error.into()),
        }
    }
}

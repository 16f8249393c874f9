//! People and API keys.

use askama::Template;
use axum::{Form, response::Response};
use harkara_engine::people::Role;
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, Notice, page},
    failure::Failure,
};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    people: Vec<PersonRow>,
    invitations: Vec<InvitationRow>,
    keys: Vec<KeyRow>,
    timezone: String,
    languages: String,
    teams: Vec<(String, String)>,
    /// Shown this once.
    link: Option<(Role, String)>,
    secret: Option<(String, String)>,
}

struct PersonRow {
    email: String,
    role: Role,
    joined: String,
    you: bool,
}

struct InvitationRow {
    digest: String,
    role: Role,
    by: String,
    until: String,
}

struct KeyRow {
    id: String,
    name: String,
    role: Role,
    made: String,
    by: String,
}

async fn template(desk: &Desk) -> Result<SettingsPage, Failure> {
    let (people, store, zoned) = (desk.console.people(), desk.store(), desk.zoned());
    let everybody = people.everybody(store).await?.into_iter().map(|person| PersonRow {
        you: person.email == desk.caller.name,
        role: person.role,
        joined: zoned.words(person.joined_at),
        email: person.email,
    });
    let invitations = people.open_invitations(store).await?.into_iter().map(|offer| InvitationRow {
        digest: offer.digest,
        role: offer.role,
        by: offer.by.unwrap_or_default(),
        until: zoned.words(offer.until),
    });
    let keys = people.keys(store).await?.into_iter().map(|key| KeyRow {
        id: key.id,
        name: key.name,
        role: key.role,
        made: zoned.words(key.made_at),
        by: key.by,
    });
    let settings = &desk.shelf.settings;
    Ok(SettingsPage {
        frame: desk.frame("/settings", "Settings"),
        people: everybody.collect(),
        invitations: invitations.collect(),
        keys: keys.collect(),
        timezone: settings.timezone.clone(),
        languages: settings.languages.join(", "),
        teams: settings.teams.iter().map(|(name, addresses)| (name.clone(), addresses.join(", "))).collect(),
        link: None,
        secret: None,
    })
}

pub(crate) async fn settings(desk: Desk) -> Result<Response, Failure> {
    page(&template(&desk).await?)
}

fn role(text: &str) -> Result<Role, Failure> {
    Role::parse(text).ok_or_else(|| Failure::bad("A role is viewer, operator or owner."))
}

async fn log(desk: &Desk, what: &str, on: &str) -> Result<(), Failure> {
    Ok(desk.console.people().log(desk.store(), &desk.caller.name, what, on).await?)
}

#[derive(Deserialize)]
pub(crate) struct MakeKey {
    name: String,
    role: String,
}

/// The secret is on the page that answers, and nowhere else.
pub(crate) async fn make_key(desk: Desk, Form(form): Form<MakeKey>) -> Result<Response, Failure> {
    let (people, role) = (desk.console.people(), role(&form.role)?);
    log(&desk, &format!("made an API key as {role}"), form.name.trim()).await?;
    let made = people.make_key(desk.store(), &form.name, role, &desk.caller.name).await?;
    let mut template = template(&desk).await?;
    template.secret = Some((made.key.name, made.secret));
    page(&template)
}

#[derive(Deserialize)]
pub(crate) struct Revoke {
    id: String,
}

pub(crate) async fn revoke(desk: Desk, Form(form): Form<Revoke>) -> Result<Response, Failure> {
    let revoked = desk.console.people().revoke(desk.store(), &form.id).await?;
    let key = revoked.ok_or_else(|| Failure::missing("key"))?;
    log(&desk, "revoked an API key", &key.name).await?;
    Ok(Notice::Revoked.at("/settings"))
}

#[derive(Deserialize)]
pub(crate) struct Invite {
    role: String,
}

pub(crate) async fn invite(desk: Desk, Form(form): Form<Invite>) -> Result<Response, Failure> {
    let role = role(&form.role)?;
    log(&desk, &format!("invited somebody as {role}"), "").await?;
    let invitation = desk.console.people().invite(desk.store(), role, &desk.caller.name).await?;
    let mut template = template(&desk).await?;
    template.link = Some((role, format!("{}/setup/{}", desk.console.base_url, invitation.token)));
    page(&template)
}

#[derive(Deserialize)]
pub(crate) struct Withdraw {
    digest: String,
}

pub(crate) async fn withdraw(desk: Desk, Form(form): Form<Withdraw>) -> Result<Response, Failure> {
    log(&desk, "took an invitation back", "").await?;
    desk.console.people().withdraw(desk.store(), &form.digest).await?;
    Ok(Notice::Withdrawn.at("/settings"))
}

#[derive(Deserialize)]
pub(crate) struct Remove {
    email: String,
}

pub(crate) async fn remove(desk: Desk, Form(form): Form<Remove>) -> Result<Response, Failure> {
    if !desk.console.people().remove(desk.store(), &form.email).await? {
        return Err(Failure::missing("person"));
    }
    log(&desk, "removed somebody", &form.email).await?;
    Ok(Notice::Removed.at("/settings"))
}

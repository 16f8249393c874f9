//! Performs a stage's message: through its channels in turn, until one takes it, one says to wait, or
//! none is left.

use harkara_channels::{
    Button, OutgoingMessage, Policy, Unsendable, Verdict, email,
    template::{Category, Variables},
    whatsapp,
};
use harkara_domain::{
    Reason,
    fact::{Contact, ProviderError},
    flow::{Channel, Message},
    reference::ReferenceKey,
    run::{Attempt, Outcome},
};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{Loaded, Performed, StageRunner, record_outcome::End};
use crate::{
    fault::Fault,
    job::StageJob,
    outbox,
    port::{HttpError, MailError},
};

/// What a channel came to.
enum Delivered {
    Accepted(String),
    Refused(ProviderError, Policy),
    Lost(String),
    NotSent(String),
    Unsendable(Unsendable),
}

/// How WhatsApp is connected, with the key of our references.
#[derive(Deserialize)]
struct WhatsApp {
    #[serde(flatten)]
    connection: whatsapp::Connection,
    #[serde(default)]
    reference_key: Option<ReferenceKey>,
}

/// WhatsApp takes free text this long after the customer last wrote (Meta's customer service window).
const FREE_TEXT_WINDOW: SignedDuration = SignedDuration::from_hours(24);

impl StageRunner {
    /// Sends the message; says what came of it.
    pub(super) async fn message(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        message: &Message,
        mut performed: Performed,
    ) -> Result<Performed, Fault> {
        let whatsapp = match self.whatsapp(job).await {
            Ok(connection) => connection,
            Err(problem) => return Ok(performed.not_done(loaded.now, problem)),
        };
        let key = whatsapp.as_ref().and_then(|whatsapp| whatsapp.reference_key.as_ref());
        if unwanted(loaded, message) {
            return Ok(performed.skipped(Reason::OptedOut));
        }
        let mut outgoing = match compose(loaded, job, message, key) {
            Ok(outgoing) => outgoing,
            Err(reason) => return Ok(performed.failed(reason)),
        };
        while let Some(&channel) = message.channels.get(usize::from(performed.channel)) {
            if let Some(pause) = loaded.shelf.paused(channel, loaded.now) {
                let reason =
                    Reason::ChannelPaused { channel: channel.to_string(), because: pause.because.clone() };
                return Ok(performed.later(pause.until, reason));
            }
            outgoing.reference = loaded.run.value.reference(job.stage, performed.tries);
            let connection = whatsapp.as_ref().map(|whatsapp| &whatsapp.connection);
            let delivered = self.deliver(job, channel, &outgoing, connection, performed.as_template).await?;
            if performed.take(channel, delivered, self.clock.now()) {
                return Ok(performed);
            }
        }
        Ok(performed.none_left(message))
    }

    async fn whatsapp(&self, job: &StageJob) -> Result<Option<WhatsApp>, String> {
        let text =
            self.secrets.get(job.store.as_str(), "whatsapp").await.map_err(|error| error.to_string())?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| format!("the connection to WhatsApp cannot be read: {error}"))
    }

    async fn deliver(
        &self,
        job: &StageJob,
        channel: Channel,
        message: &OutgoingMessage,
        connection: Option<&whatsapp::Connection>,
        as_template: bool,
    ) -> Result<Delivered, Fault> {
        Ok(match channel {
            Channel::Whatsapp => {
                if message.to.phone.is_none() {
                    return Ok(Delivered::Unsendable(Unsendable::NoAddress));
                }
                match connection.filter(|connection| connection.credentials().is_some()) {
                    Some(connection) => self.call(message, connection, as_template).await,
                    None => {
                        let kept = outbox::keep(&*self.table, &job.store, channel, message, self.clock.now());
                        Delivered::Accepted(kept.await?)
                    }
                }
            }
            Channel::Email => match email::mail(message) {
                Err(unsendable) => Delivered::Unsendable(unsendable),
                Ok(mail) => match self.mailer.send(&job.store, mail).await {
                    Ok(id) => Delivered::Accepted(id),
                    Err(MailError::Refused(problem)) => {
                        Delivered::Refused(ProviderError { code: 550, message: problem }, Policy::NextChannel)
                    }
                    Err(MailError::Failed(problem)) => Delivered::NotSent(problem),
                    Err(MailError::AnswerLost(problem)) => Delivered::Lost(problem),
                },
            },
        })
    }

    async fn call(
        &self,
        message: &OutgoingMessage,
        connection: &whatsapp::Connection,
        as_template: bool,
    ) -> Delivered {
        let request = match whatsapp::request(message, connection, as_template) {
            Ok(request) => request,
            Err(unsendable) => return Delivered::Unsendable(unsendable),
        };
        match self.http.call(request).await {
            Ok(response) => match whatsapp::verdict(&response) {
                Verdict::Accepted(id) => Delivered::Accepted(id),
                Verdict::Refused(error, policy) => Delivered::Refused(error, policy),
                Verdict::Unclear(error) => Delivered::Lost(error.to_string()),
            },
            Err(HttpError::NotSent(problem)) => Delivered::NotSent(problem),
            Err(HttpError::AnswerLost(problem)) => Delivered::Lost(problem),
        }
    }
}

/// The customer has asked for no more marketing, and this is some.
fn unwanted(loaded: &Loaded, message: &Message) -> bool {
    let opted_out = loaded.customer.as_ref().is_some_and(|customer| customer.opted_out);
    let marketing = || loaded.shelf.template(&message.template)?.ok().map(|template| template.category());
    opted_out && marketing() == Some(Category::Marketing)
}

/// Fills the template in, and signs the buttons.
fn compose(
    loaded: &Loaded,
    job: &StageJob,
    message: &Message,
    key: Option<&ReferenceKey>,
) -> Result<OutgoingMessage, Reason> {
    let problem = |problem: String| Reason::Template { problem };
    let shelf = &loaded.shelf;
    let template = shelf
        .template(&message.template)
        .ok_or_else(|| problem(format!("there is no template {}", message.template)))?
        .map_err(|problems| problem(problems.to_owned()))?;
    let variables = Variables::of(&loaded.order, loaded.customer.as_ref(), &shelf.settings.name);
    let languages: Vec<&str> = shelf.settings.languages.iter().map(String::as_str).collect();
    let content = template.render(&variables, &languages).map_err(|error| problem(error.to_string()))?;
    let mut buttons = Vec::new();
    for &choice in &message.buttons {
        let key = key.ok_or_else(|| problem("WhatsApp has no key for signed buttons".to_owned()))?;
        let label = content.labels.get(&choice);
        let title = label.ok_or_else(|| problem(format!("no words for the button {}", choice.as_str())))?;
        let payload = key.payload(&job.store, choice, &job.order);
        buttons.push(Button { choice, title: title.clone(), payload });
    }
    let heard = loaded.customer.as_ref().and_then(|customer| customer.last_inbound_at);
    Ok(OutgoingMessage {
        to: loaded.order.contact().cloned().unwrap_or_else(Contact::default),
        content,
        buttons,
        window_open: heard.is_some_and(|at| loaded.now.duration_since(at) < FREE_TEXT_WINDOW),
        reference: loaded.run.value.reference(job.stage, 0),
    })
}

impl Performed {
    /// Notes what a channel came to; `true` when that settles this performance.
    fn take(&mut self, channel: Channel, delivered: Delivered, now: jiff::Timestamp) -> bool {
        match delivered {
            Delivered::Accepted(id) => self.attempt(channel, now, Outcome::Accepted(id)),
            Delivered::Lost(problem) => {
                self.attempt(channel, now, Outcome::Ambiguous);
                self.end = End::Retry(format!("the answer was lost: {problem}"));
            }
            Delivered::NotSent(problem) => {
                self.attempt(channel, now, Outcome::NotSent(problem.clone()));
                self.end = End::Retry(problem);
            }
            Delivered::Unsendable(unsendable) => {
                self.unsendable.push((channel, unsendable));
                self.channel += 1;
                return false;
            }
            Delivered::Refused(error, policy) => return self.refused(channel, error, policy, now),
        }
        true
    }

    fn refused(
        &mut self,
        channel: Channel,
        error: ProviderError,
        policy: Policy,
        now: jiff::Timestamp,
    ) -> bool {
        let refused = Reason::Refused { channel: channel.to_string(), error: error.clone() };
        if !matches!(policy, Policy::Throttled(_) | Policy::PauseSender(_) | Policy::StopAccount) {
            self.attempt(channel, now, Outcome::Refused(error.clone()));
        }
        match policy {
            Policy::Retry => self.end = End::Retry(error.to_string()),
            Policy::Throttled(length) => self.end = End::Later(now + length, Reason::Throttled { error }),
            Policy::PauseSender(length) => self.pause(channel, now + length, &error, false),
            Policy::StopAccount => self.pause(channel, now + Self::ACCOUNT_PAUSE, &error, true),
            Policy::UseTemplate if !self.as_template => {
                self.as_template = true;
                self.tries += 1;
                return false;
            }
            Policy::NextChannel => {
                self.last_refusal = Some(refused);
                self.channel += 1;
                self.tries += 1;
                return false;
            }
            Policy::OptedOut => {
                self.opted_out = true;
                self.end = End::Skipped(Reason::OptedOut);
            }
            Policy::PauseFlow => {
                self.flow_off = Some(refused.to_string());
                self.end = End::Failed(refused);
            }
            Policy::Permanent | Policy::UseTemplate => self.end = End::Failed(refused),
        }
        true
    }

    fn none_left(mut self, message: &Message) -> Self {
        let refusal = self.last_refusal.take();
        let names: Vec<String> = message.channels.iter().map(ToString::to_string).collect();
        let content = self.unsendable.iter().find(|(_, why)| *why != Unsendable::NoAddress);
        let reason = match (refusal, content) {
            (Some(refusal), _) => refusal,
            (None, Some((channel, why))) => Reason::Template { problem: format!("{channel}: {why}") },
            (None, None) => Reason::Unreachable { channels: names.join(" or ") },
        };
        // Back to the first channel: the place behind the last is none.
        self.channel = 0;
        self.failed(reason)
    }

    fn attempt(&mut self, channel: Channel, at: jiff::Timestamp, outcome: Outcome) {
        self.attempts.push(Attempt { number: self.tries, at, channel: Some(channel), outcome });
    }
}

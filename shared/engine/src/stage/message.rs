//! Performs a stage's message: through its channels in turn, until one takes it, one says to wait, or
//! none is left.

use harkara_channels::{Button, OutgoingMessage, Policy, Rendered, Unsendable, Verdict, email, whatsapp};
use harkara_domain::{
    Reason, Subject,
    decide::{may_use, unwanted},
    fact::{Choice, ProviderError},
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
pub(super) enum Delivered {
    Accepted(String),
    Refused(ProviderError, Policy),
    Lost(String),
    NotSent(String),
    Unsendable(Unsendable),
}

/// How WhatsApp is connected, with the key of our references.
#[derive(Deserialize)]
pub(super) struct WhatsApp {
    #[serde(flatten)]
    pub(super) connection: whatsapp::Connection,
    #[serde(default)]
    pub(super) reference_key: Option<ReferenceKey>,
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
        let whatsapp = match self.connection::<WhatsApp>(job, "whatsapp").await {
            Ok(connection) => connection,
            Err(problem) => return Ok(performed.not_done(loaded.now, problem)),
        };
        let key = whatsapp.as_ref().and_then(|whatsapp| whatsapp.reference_key.as_ref());
        let scene = loaded.scene(job.stage);
        if let Some(reason) = unwanted(scene, message) {
            return Ok(performed.skipped(reason));
        }
        while let Some(&channel) = message.channels.get(usize::from(performed.channel)) {
            if !scene.class.is_none_or(|class| may_use(scene, class, channel)) {
                performed.without_consent();
                continue;
            }
            if let Some(pause) = loaded.shelf.paused(channel, loaded.now) {
                let reason =
                    Reason::ChannelPaused { channel: channel.to_string(), because: pause.because.clone() };
                return Ok(performed.later(pause.until, reason));
            }
            let mut outgoing = match compose(loaded, job, (channel, message), key) {
                Ok(outgoing) => outgoing,
                Err(reason) => return Ok(performed.failed(reason)),
            };
            outgoing.reference = loaded.run.value.reference(job.stage, performed.tries);
            let connection = whatsapp.as_ref().map(|whatsapp| &whatsapp.connection);
            let delivered = self.deliver(job, channel, &outgoing, connection, performed.as_template).await?;
            if performed.take(channel, delivered, self.clock.now()) {
                return Ok(performed);
            }
        }
        Ok(performed.none_left(message))
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
            Err(HttpError::NotSent(problem) | HttpError::NotPublic(problem)) => Delivered::NotSent(problem),
            Err(HttpError::AnswerLost(problem)) => Delivered::Lost(problem),
        }
    }
}

/// Fills a channel's template in, in the customer's language or the first of the store's, and signs the
/// buttons.
pub(super) fn compose(
    loaded: &Loaded,
    job: &StageJob,
    (channel, message): (Channel, &Message),
    key: Option<&ReferenceKey>,
) -> Result<OutgoingMessage, Reason> {
    let problem = |problem: String| Reason::Template { problem };
    let (shelf, name, to) = (&loaded.shelf, message.template(channel), loaded.contact());
    let template = shelf
        .template(name)
        .ok_or_else(|| problem(format!("there is no template {name}")))?
        .map_err(|problems| problem(problems.to_owned()))?;
    let languages: Vec<&str> =
        to.language.iter().chain(&shelf.settings.languages).map(String::as_str).collect();
    let content =
        template.render(&loaded.variables(), &languages).map_err(|error| problem(error.to_string()))?;
    let buttons = match channel {
        Channel::Whatsapp => buttons(loaded, job, message, &content, key).map_err(problem)?,
        // A mail has nothing to tap that would reach us.
        Channel::Email => Vec::new(),
    };
    let heard = loaded.customer().and_then(|customer| customer.last_inbound_at);
    Ok(OutgoingMessage {
        to,
        content,
        buttons,
        window_open: heard.is_some_and(|at| loaded.now.duration_since(at) < FREE_TEXT_WINDOW),
        reference: loaded.run.value.reference(job.stage, 0),
    })
}

/// The answers to offer. They are about what the run is about; of a cart, about its customer.
fn buttons(
    loaded: &Loaded,
    job: &StageJob,
    message: &Message,
    content: &Rendered,
    key: Option<&ReferenceKey>,
) -> Result<Vec<Button>, String> {
    let subject = match &job.subject {
        Subject::Cart(_) => loaded.view.customer_id().cloned().map(Subject::Customer),
        subject => Some(subject.clone()),
    };
    let button = |choice: Choice| {
        let key = key.ok_or("WhatsApp has no key for signed buttons")?;
        let subject = subject.as_ref().ok_or("nobody knows whose answer it would be")?;
        let label = content.labels.get(&choice);
        let title = label.ok_or_else(|| format!("no words for the button {}", choice.as_str()))?;
        Ok(Button { choice, title: title.clone(), payload: key.payload(&job.store, choice, subject) })
    };
    message.buttons.iter().map(|choice| button(*choice)).collect()
}

impl Performed {
    /// The customer has not agreed to marketing by this channel: on to the next.
    pub(super) fn without_consent(&mut self) {
        self.no_consent = true;
        self.channel += 1;
    }

    /// Notes what a channel came to; `true` when that settles this performance.
    pub(super) fn take(&mut self, channel: Channel, delivered: Delivered, now: jiff::Timestamp) -> bool {
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

    pub(super) fn none_left(mut self, message: &Message) -> Self {
        let refusal = self.last_refusal.take();
        let names: Vec<String> = message.channels.iter().map(ToString::to_string).collect();
        let content = self.unsendable.iter().find(|(_, why)| *why != Unsendable::NoAddress);
        // They could be reached, but do not want it.
        if refusal.is_none() && content.is_none() && self.no_consent {
            self.channel = 0;
            return self.skipped(Reason::NoConsent);
        }
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

//! Messages of a rehearsal: composed as they would be, and sent to nobody.

use harkara_channels::{OutgoingMessage, Unsendable, email, whatsapp};
use harkara_domain::{
    Reason,
    decide::{may_use, unwanted},
    flow::{Channel, Message},
    reference::ReferenceKey,
    rehearse::End,
};

use super::Stand;
use crate::{
    job::StageJob,
    rehearsal::{Shown, ShownMessage},
    stage::{
        message::{Delivered, compose},
        record_outcome::{self, Performed as Performance},
    },
};

impl Stand {
    /// Takes a message through its channels, as far as that can be known.
    pub(super) fn message(&self, job: &StageJob, message: &Message, shown: &mut Shown) -> End {
        let loaded = &self.loaded;
        let scene = loaded.scene(job.stage);
        let reason = unwanted(scene, message);
        let mut performance = Performance::sent((1, 0, false));
        let mut end = reason.map(End::Skipped);
        for &channel in &message.channels {
            let allowed = scene.class.is_none_or(|class| may_use(scene, class, channel));
            let pause = loaded.shelf.paused(channel, loaded.now);
            let composed = compose(loaded, job, (channel, message), self.key());
            let mut told = ShownMessage::of(channel, message, &composed);
            told.problem = told.problem.or_else(|| (!allowed).then(|| Reason::NoConsent.to_string()));
            let open = end.is_none();
            if open && !allowed {
                performance.without_consent();
            } else if let (true, Some(pause)) = (open, pause) {
                let reason =
                    Reason::ChannelPaused { channel: channel.to_string(), because: pause.because.clone() };
                end = Some(End::Later(pause.until, reason));
            } else if open {
                match composed {
                    Err(reason) => end = Some(End::Failed(reason)),
                    Ok(outgoing) => match self.unsendable(channel, &outgoing) {
                        None => {
                            told.goes = true;
                            end = Some(End::Sent);
                        }
                        Some(unsendable) => {
                            told.problem = Some(unsendable.to_string());
                            performance.take(channel, Delivered::Unsendable(unsendable), loaded.now);
                        }
                    },
                }
            }
            shown.messages.push(told);
        }
        end.unwrap_or_else(|| match performance.none_left(message).end {
            record_outcome::End::Skipped(reason) | record_outcome::End::Failed(reason) => End::Failed(reason),
            _ => End::Sent,
        })
    }

    pub(super) fn key(&self) -> Option<&ReferenceKey> {
        self.whatsapp.0.as_ref().and_then(|whatsapp| whatsapp.reference_key.as_ref())
    }

    /// Why a channel cannot carry a message to this customer.
    fn unsendable(&self, channel: Channel, message: &OutgoingMessage) -> Option<Unsendable> {
        match channel {
            Channel::Email => email::mail(message).err(),
            Channel::Whatsapp if message.to.phone.is_none() => Some(Unsendable::NoAddress),
            Channel::Whatsapp => {
                let connection = self.whatsapp.0.as_ref().map(|whatsapp| &whatsapp.connection);
                let connection = connection.filter(|connection| connection.credentials().is_some())?;
                whatsapp::request(message, connection, false).err()
            }
        }
    }
}

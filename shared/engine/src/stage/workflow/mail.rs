//! Sends a workflow's mails. A mail that went twice cannot be told from two, so each is noted in the run
//! before it is sent: whoever finds such a note takes it for sent.

use harkara_channels::{email, template::Words};
use harkara_domain::{
    Reason, Run,
    fact::{Deed, ProviderError},
    flow::{
        Action,
        action::{Effect, Letter},
    },
};
use std::collections::BTreeSet;

use super::{Came, Loaded, StageRunner};
use crate::{
    count::Work,
    fault::Fault,
    job::StageJob,
    keys,
    port::{Mail, MailError},
    record::{MAX_ROUNDS, load},
    rehearsal::words,
};

/// To whom an action writes, as the flow says it.
pub(super) fn to(action: &Action) -> Option<&str> {
    match action {
        Action::EscalateTeam(team) => Some(team),
        Action::SendEmail(letter) => Some(&letter.to),
        _ => None,
    }
}

impl StageRunner {
    /// Sends the mail of an action; `acted` are the actions that are done.
    pub(super) async fn mail(
        &self,
        loaded: &mut Loaded,
        job: &StageJob,
        (place, action): (u16, &Action),
        acted: &BTreeSet<u16>,
    ) -> Came {
        let mail = match action.effect(&job.run) {
            Effect::Alert(team) => Ok(alert(loaded, job, team)),
            Effect::Mail(letter) => written(loaded, letter),
            _ => return Came::Done(None),
        };
        let mail = match mail {
            Ok(mail) => mail,
            Err(problem) => return Came::Never(Reason::Template { problem }),
        };
        let to = to(action).unwrap_or_default().to_owned();
        if mail.to.is_empty() {
            let reason = Reason::NotSetUp { what: format!("an e-mail address for the team {to}") };
            return Came::Done(Some(Deed::NotDone { action: words::name(action), reason }));
        }
        if let Err(fault) = self.begin_mail(loaded, job, place, acted).await {
            return Came::Again(fault.to_string());
        }
        // The timeline of an order says of an alert that the team was alerted.
        let said = matches!(action, Action::EscalateTeam(_)) && loaded.order().is_some();
        match self.mailer.send(&job.store, mail).await {
            Ok(_) => Came::Done((!said).then_some(Deed::Mailed { to, unsure: false })),
            Err(MailError::AnswerLost(_)) => {
                self.counters.workflows.add(Work::MailUnsure);
                Came::Done(Some(Deed::Mailed { to, unsure: true }))
            }
            Err(MailError::Failed(problem)) => Came::Again(problem),
            Err(MailError::Refused(message)) => {
                let error = ProviderError { code: 550, message };
                Came::Never(Reason::Refused { channel: "The mail server".to_owned(), error })
            }
        }
    }

    /// Notes in the run that the mail is about to be sent, and what is done so far. Somebody else may
    /// change the run meanwhile, but for the claim.
    async fn begin_mail(
        &self,
        loaded: &mut Loaded,
        job: &StageJob,
        place: u16,
        acted: &BTreeSet<u16>,
    ) -> Result<(), Fault> {
        let claim = loaded.stage(job).and_then(|(state, _)| state.claim.clone());
        for _ in 0..MAX_ROUNDS {
            let coupon = loaded.run.value.coupon.clone();
            if let Some(state) = loaded.run.value.stages.get_mut(usize::from(job.stage)) {
                state.acted.extend(acted);
                state.mailing = Some(place);
            }
            if self.try_write(&loaded.run.value, loaded.run.version, None).await? {
                loaded.run.version += 1;
                return Ok(());
            }
            let key = keys::run(&job.store, &job.subject, &job.run);
            let Some(mut now) = load::<Run>(&*self.table, &key).await? else { break };
            let held = now.value.stages.get(usize::from(job.stage)).and_then(|state| state.claim.clone());
            if held != claim {
                break;
            }
            now.value.coupon = coupon;
            loaded.run = now;
        }
        Err(crate::port::WriteError::Conflict.into())
    }
}

/// A mail to a team, about what the run is about.
fn alert(loaded: &Loaded, job: &StageJob, team: &str) -> Mail {
    let settings = &loaded.shelf.settings;
    let stage = loaded.stage(job).map_or("", |(_, stage)| stage.name.as_str());
    let mut lines =
        vec![format!("The flow “{}” asks for a person, at its stage “{stage}”.", loaded.flow.name)];
    let (mut subject, mut link) = (format!("{}: {} needs {team}", settings.name, job.subject), None);
    if let Some(order) = loaded.order() {
        let name = order.snapshot.as_ref().map_or_else(|| order.id.to_string(), |s| s.name.clone());
        let (status, confirmation) = (order.status(), order.confirmation().as_str());
        lines.push(format!("The order is {status}; its confirmation is {confirmation}."));
        lines.extend(order.snapshot.as_ref().map(|snapshot| format!("Total: {}.", snapshot.total)));
        link = settings.link(&format!("/orders/{}", order.id));
        subject = format!("{}: order {name} needs {team}", settings.name);
    }
    email::alert(settings.team(team), subject, &lines, link.as_deref())
}

/// A mail in the flow's words.
pub(in crate::stage) fn written(loaded: &Loaded, letter: &Letter) -> Result<Mail, String> {
    let variables = loaded.variables();
    let fill = |words: &str| {
        let words = Words::parse(words).map_err(|problems| problems.join("; "))?;
        words.fill(&variables).map_err(|error| error.to_string())
    };
    let address = letter.to.trim().to_owned();
    let to = if letter.is_to_address() { vec![address] } else { loaded.shelf.settings.team(&letter.to) };
    Ok(email::alert(to, fill(&letter.subject)?, &[fill(&letter.text)?], None))
}

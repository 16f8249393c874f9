//! What a store has set up: whether it can be meant so, and whether it is complete.

use harkara_domain::flow::Channel;
use jiff::tz::TimeZone;

use super::{Check, Doctor, Finding};
use crate::{catalog::Shelf, settings::Settings};

impl Doctor {
    pub(super) fn settings(&self, shelf: &Shelf) -> Vec<Finding> {
        let (settings, check) = (&shelf.settings, Check::Settings);
        let put = format!("correct `settings` in the store's file and put it again: `{} FILE`", self.put);
        let mut found = Vec::new();
        for (path, why) in settings.flaws() {
            found.push(Finding::trouble(check, format!("{path} {why}"), &put));
        }
        if TimeZone::get(&settings.timezone).is_err() {
            let what = format!("timezone: {} is no IANA time zone; UTC is used", settings.timezone);
            found.push(Finding::trouble(check, what, &put));
        }
        if settings.languages.is_empty() {
            found.push(Finding::trouble(check, "languages: there is none", &put));
        }
        if settings.team(Settings::OPS).is_empty() {
            let todo = format!("name addresses under `teams.ops`, and put it again: `{} FILE`", self.put);
            found.push(Finding::trouble(check, "no team has an address: nobody hears of failures", todo));
        }
        found.extend(self.console_url(settings));
        if found.iter().all(|finding| finding.todo.is_none()) {
            found.insert(0, Finding::ok(check, format!("{} is set up", settings.name)));
        }
        found
    }

    fn console_url(&self, settings: &Settings) -> Option<Finding> {
        let put = format!("set `console_url` to the public address, and put it again: `{} FILE`", self.put);
        let check = Check::Settings;
        let Some(url) = &settings.console_url else {
            return Some(Finding::warning(check, "no console_url: mails to the team have no links", put));
        };
        let address =
            url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let host = address.split('/').next().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .and_then(|v6| v6.split(']').next())
            .unwrap_or_else(|| host.split(':').next().unwrap_or_default());
        if matches!(host, "" | "localhost" | "::1" | "0.0.0.0") || host.starts_with("127.") {
            let what =
                format!("console_url is {url}: nobody else reaches this machine by it, and no webhook");
            let todo = format!("serve it behind TLS under a name of its own (`--public-url`), and {put}");
            return Some(Finding::warning(check, what, todo));
        }
        if !url.starts_with("https://") {
            let what = format!("console_url is {url}: passwords and webhooks go over the wire in the open");
            return Some(Finding::trouble(check, what, format!("put it behind TLS, and {put}")));
        }
        None
    }

    pub(super) fn flows(&self, shelf: &Shelf) -> Vec<Finding> {
        let mut found = Vec::new();
        let active: Vec<_> = shelf.flows.iter().filter(|loaded| loaded.head.is_active()).collect();
        for loaded in &active {
            for (stage, message) in loaded.flow.messages() {
                for (_, name) in message.all_templates() {
                    let place = format!("“{}” of {}", stage.name, loaded.flow.name);
                    found.extend(missing(shelf, &place, name));
                }
            }
        }
        found.dedup();
        let now = self.clock.now();
        for pause in
            Channel::ALL.into_iter().filter_map(|channel| Some((channel, shelf.paused(channel, now)?)))
        {
            let (channel, pause) = (pause.0.as_str(), pause.1);
            let what = format!("{channel} is paused until {}: {}", pause.until, pause.because);
            let todo = "mend the cause with the provider; what waits goes out by itself when the pause ends";
            found.push(Finding::warning(Check::Flows, what, todo));
        }
        if active.is_empty() {
            let todo = "activate one: in the console under Flows, or with `harkara flow put --activate`";
            found.push(Finding::warning(Check::Flows, "no flow is active: nothing is ever sent", todo));
        } else if found.is_empty() {
            found.push(Finding::ok(Check::Flows, format!("{} active, with their templates", active.len())));
        }
        found
    }
}

fn missing(shelf: &Shelf, place: &str, name: &str) -> Option<Finding> {
    let todo = "put it: in the console under Templates, or with `harkara flow put FOLDER`";
    match shelf.template(name) {
        None => {
            let what = format!("{place} sends the template {name}, and there is none of that name");
            Some(Finding::trouble(Check::Flows, what, todo))
        }
        Some(Err(problem)) => Some(Finding::trouble(
            Check::Flows,
            format!("the template {name} cannot be read: {problem}"),
            todo,
        )),
        Some(Ok(_)) => None,
    }
}

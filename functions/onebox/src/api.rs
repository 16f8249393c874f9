//! The command line's way to a running server: its JSON API, with the key that the server left in
//! its data folder.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use harkara_engine::{
    port::{Http, HttpRequest, HttpResponse, Reach},
    replay::{Filter, Replay},
};
use http_body_util::BodyExt;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    io::{IsTerminal, Write},
    path::Path,
    time::Duration,
};

use harkara_http::HttpClient;

/// A client of the JSON API.
pub struct Client {
    http: HttpClient,
    url: String,
    key: String,
}

#[derive(Deserialize)]
struct Preview {
    total: usize,
    first: Vec<Previewed>,
}

#[derive(Deserialize)]
struct Previewed {
    letter: harkara_engine::bury::DeadLetter,
    prospect: harkara_engine::replay::Prospect,
}

impl Client {
    /// A client of a server anywhere, with the API key in the variable `HARKARA_KEY`, or of the one
    /// that runs on a data folder.
    ///
    /// # Errors
    /// When there is no key in either place.
    pub fn of(data: &Path, url: &str) -> Result<Self> {
        let url = url.trim_end_matches('/').to_owned();
        if let Ok(key) = std::env::var("HARKARA_KEY") {
            return Ok(Self { http: HttpClient::new(), url, key });
        }
        let file = data.join(crate::serve::LOCAL_KEY);
        let key = std::fs::read_to_string(&file).with_context(|| {
            format!("{} is missing: is the server running on this folder?", file.display())
        })?;
        Ok(Self { http: HttpClient::new(), url, key })
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<T> {
        Self::read(path, &self.answer(method, path, body).await?)
    }

    /// Asks. Any status is an answer.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn answer(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<HttpResponse> {
        let headers = vec![
            ("authorization", format!("Bearer {}", self.key.trim())),
            ("content-type", "application/json".to_owned()),
        ];
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let (url, reach) = (format!("{}{path}", self.url), Reach::Anywhere);
        let request = HttpRequest { method, url, reach, headers, body };
        Ok(self.http.call(request).await?)
    }

    /// Asks for an answer that comes line by line for as long as it takes, and gives each line as it comes.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, the answer is cut off, or `each` says so.
    pub(crate) async fn lines(
        &self,
        path: &str,
        body: &Value,
        mut each: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let request = http::Request::post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.key.trim()))
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))?;
        let answer = self.http.exchange(request).await?;
        let (status, mut body, mut held) = (answer.status(), answer.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            held.extend_from_slice(frame?.data_ref().map_or(&[][..], |data| data));
            if held.len() > Self::MAX_LINE {
                bail!("{path} answered a line that is too long");
            }
            while status.is_success()
                && let Some(end) = held.iter().position(|byte| *byte == b'\n')
            {
                let line: Vec<u8> = held.drain(..=end).collect();
                each(&line)?;
            }
        }
        if !status.is_success() {
            Self::read::<Value>(
                path,
                &HttpResponse { status: status.as_u16(), body: held, retry_after: None },
            )?;
        }
        Ok(())
    }

    /// The longest line of an answer, in bytes.
    const MAX_LINE: usize = 16 * 1024 * 1024;

    /// What an answer says.
    ///
    /// # Errors
    /// The server's words, where it refused.
    pub(crate) fn read<T: DeserializeOwned>(path: &str, answer: &HttpResponse) -> Result<T> {
        if !(200..300).contains(&answer.status) {
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let error = said.get("error").and_then(Value::as_str).unwrap_or_default();
            bail!("{path} answered {}: {error}", answer.status);
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Shows what a replay would do; unless that is all, asks, starts it, and shows its progress.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn replay(&self, filter: &Filter, preview_only: bool, yes: bool) -> Result<()> {
        let filter = serde_json::to_value(filter)?;
        let preview: Preview =
            self.call("POST", "/api/v1/dead-letters/preview", Some(filter.clone())).await?;
        for Previewed { letter, prospect } in &preview.first {
            use harkara_engine::replay::Prospect;
            let becomes = match prospect {
                Prospect::Run => "would run".to_owned(),
                Prospect::LeaveOut(reason) => format!("would be left out: {reason}"),
                Prospect::Gone => "nothing to run any more".to_owned(),
            };
            println!("{}  {}\n    {becomes}", letter.id, letter.reason);
        }
        if preview.total > preview.first.len() {
            println!("… and {} more", preview.total - preview.first.len());
        }
        if preview_only || preview.total == 0 {
            println!("{} dead letters.", preview.total);
            return Ok(());
        }
        if !yes && !agreed(preview.total)? {
            return Ok(());
        }
        let mut replay: Replay = self.call("POST", "/api/v1/replays", Some(filter)).await?;
        while replay.ended_at.is_none() {
            bar(&replay);
            tokio::time::sleep(Duration::from_millis(250)).await;
            replay = self.call("GET", &format!("/api/v1/replays/{}", replay.id), None).await?;
        }
        bar(&replay);
        println!("\n{} of {} run again.", replay.started, replay.total);
        Ok(())
    }
}

fn agreed(total: usize) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("say --yes to run {total} dead letters again");
    }
    print!("Run {total} dead letters again? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

fn bar(replay: &Replay) {
    print!("\r{}", drawn(replay.done, replay.total));
    // A bar that cannot be drawn is no reason to stop.
    let _ = std::io::stdout().flush();
}

/// A bar with its numbers.
pub(crate) fn drawn(done: usize, of: usize) -> String {
    const WIDTH: usize = 40;
    let full = (done * WIDTH).checked_div(of).map_or(WIDTH, |full| full.min(WIDTH));
    format!("[{}{}] {done}/{of}", "#".repeat(full), ".".repeat(WIDTH - full))
}

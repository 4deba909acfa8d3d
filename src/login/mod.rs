//! Signing in with the browser: the provider makes a key for this machine, and nobody has to copy one.
//!
//! The code, the verifier and the key are never shown; the address that is shown holds the challenge, which proves nothing.

mod browser;
pub mod by_goose;
mod callback;
mod directions;
mod exchange;
mod listener;
mod pkce;
mod request;

use std::time::{Duration, Instant};

use url::Url;

use crate::catalog::{self, Login, Provider};
use crate::cli::Writing;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::prompt::{Heard, Prompt};
use crate::secret::Secret;

use browser::Reach;
use callback::Answer;
use directions::Directions;
use listener::Listener;
use pkce::{METHOD, Pkce};

/// A person's time, which `--timeout` does not bound: that one is for the network.
const PATIENCE: Duration = Duration::from_secs(180);
const QUESTION: &str = "Code or address (hidden; Enter alone gives up)";

/// The provider's sign-in, unless something stands against it, which is found before anything is asked.
pub fn allowed(
    provider: &'static Provider,
    own_host: bool,
    writing: Writing,
) -> Result<&'static Login> {
    let Some(login) = &provider.login else {
        let others: Vec<_> = catalog::all()
            .iter()
            .filter(|other| other.login.is_some())
            .map(|other| other.title)
            .collect();
        return Err(Error::usage(
            format!("{} has no sign-in that makes a key", provider.title),
            format!(
                "give its key with --key-stdin; --login is for {}",
                others.join(" and ")
            ),
        ));
    };
    if !own_host {
        return Err(Error::usage(
            format!(
                "{} makes a key for itself, not for another host",
                login.authorize
            ),
            "leave --login out, or set the host back to the provider's own",
        ));
    }
    if writing.dry_run {
        return Err(Error::usage(
            "--login makes a key, which --dry-run would throw away",
            "leave one of the two out",
        ));
    }
    Ok(login)
}

/// Sends the person to the provider's page, waits for them to come back, and takes the key that was made.
pub fn sign_in(
    provider: &'static Provider,
    login: &'static Login,
    cx: &Context,
    prompt: Option<&Prompt>,
) -> Result<Secret> {
    let pkce = Pkce::new()?;
    let listener = Listener::open()?;
    introduce(provider, login, &pkce, &listener, cx, prompt.is_some())?;
    let answer = wait(provider, &listener, cx, prompt)?;
    drop(listener);
    let code = match answer {
        Answer::Code(code) => code,
        Answer::Key(key) => return Ok(key),
        Answer::Refused(reason) => {
            return Err(Error::SignIn {
                detail: format!("{} did not sign you in: {reason}", provider.title),
                action: by_hand(provider),
            });
        }
    };
    let key = {
        let _busy = cx
            .talk
            .busy(&format!("fetching the key from {}", provider.title));
        let http = cx.network()?;
        let key = exchange::key_for(&code, &pkce, provider, login, &http);
        cx.tell_requests(&http);
        key?
    };
    cx.talk.good(match page(provider) {
        Some(page) => format!(
            "{} made a key for goose; it is listed at {page}",
            provider.title
        ),
        None => format!("{} made a key for goose", provider.title),
    });
    Ok(key)
}

/// Says where to go, and goes there where a browser can be reached.
fn introduce(
    provider: &Provider,
    login: &Login,
    pkce: &Pkce,
    listener: &Listener,
    cx: &Context,
    can_paste: bool,
) -> Result<()> {
    let reach = Reach::of(&cx.env);
    let returning = page_url(login, pkce, Some(&listener.url()))?;
    let showing = (login.shows_code && can_paste)
        .then(|| page_url(login, pkce, None))
        .transpose()?;
    let directions = Directions {
        title: provider.title,
        reach: &reach,
        returning: returning.clone(),
        showing,
        can_paste,
        port: listener.port(),
    };
    for line in directions.lines() {
        cx.talk.say(format!("  {line}"));
    }
    if let Reach::Here(opener) = &reach
        && let Err(error) = opener.show(&returning)
    {
        cx.talk.warn(error.to_string());
    }
    Ok(())
}

fn page_url(login: &Login, pkce: &Pkce, callback: Option<&str>) -> Result<String> {
    let mut url = Url::parse(login.authorize).map_err(|error| {
        Error::unexpected(format!("{} is no address: {error}", login.authorize))
    })?;
    {
        let mut query = url.query_pairs_mut();
        if let Some(callback) = callback {
            query.append_pair(login.callback, callback);
        }
        query.append_pair("code_challenge", &pkce.challenge);
        if let Some(method) = login.method {
            query.append_pair(method, METHOD);
        }
        query.extend_pairs(&login.extra);
    }
    Ok(url.into())
}

fn wait(
    provider: &Provider,
    listener: &Listener,
    cx: &Context,
    prompt: Option<&Prompt>,
) -> Result<Answer> {
    let until = Instant::now() + PATIENCE;
    let Some(prompt) = prompt else {
        return listener.wait(until).ok_or_else(|| too_late(provider));
    };
    loop {
        match prompt.hidden_or(QUESTION, until, || listener.heard())? {
            Heard::Event(answer) => return Ok(answer),
            Heard::Nothing => return Err(too_late(provider)),
            Heard::Line(line) if line.trim().is_empty() => return Err(Error::Cancelled),
            Heard::Line(line) => match callback::in_paste(&line, provider, listener.path()) {
                Ok(answer) => return Ok(answer),
                Err(reason) => cx.talk.bad(reason),
            },
        }
    }
}

fn too_late(provider: &Provider) -> Error {
    Error::SignIn {
        detail: format!(
            "nobody signed in to {} within {} minutes",
            provider.title,
            PATIENCE.as_secs() / 60
        ),
        action: by_hand(provider),
    }
}

/// The way that is always open.
fn by_hand(provider: &Provider) -> String {
    match page(provider) {
        Some(page) => format!("make a key at {page} and give that instead"),
        None => "give a key instead".into(),
    }
}

fn page(provider: &Provider) -> Option<&'static str> {
    provider.key.as_ref().and_then(|key| key.page)
}

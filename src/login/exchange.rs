//! The code and its proof for a key.

use serde_json::{Map, Value};

use super::pkce::{METHOD, Pkce};
use crate::catalog::{Auth, Login, Method, Provider};
use crate::check::http::{Call, Http, Reply};
use crate::check::{self, Finding};
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::verdict::{Cause, Verdict};

const LIMIT: u64 = 64 * 1024;

pub(super) fn key_for(
    code: &Secret,
    pkce: &Pkce,
    provider: &Provider,
    login: &Login,
    http: &Http,
) -> Result<Secret> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: &str| fields.insert(name.to_owned(), value.into());
    put("code", code.expose());
    put("code_verifier", &pkce.verifier);
    if let Some(method) = login.method {
        put(method, METHOD);
    }
    let body = Value::Object(fields).to_string();
    let call = Call {
        url: login.exchange.to_owned(),
        method: Method::Post,
        auth: Auth::None,
        key: None,
        headers: login.headers.clone(),
        body: Some(&body),
        limit: LIMIT,
    };
    match http.send(&call, &mut 0) {
        Ok(reply) => judge(&reply, provider, login).map_err(|why| why.error(&reply, code, pkce)),
        Err(trouble) => Err(Finding::from(trouble).into_error()),
    }
}

/// Why there is no key, with the one thing to do.
struct Why {
    what: String,
    action: String,
    /// The failure is not this sign-in's but the way's or the server's.
    unreachable: Option<Cause>,
}

fn judge(reply: &Reply, provider: &Provider, login: &Login) -> Result<Secret, Why> {
    let title = provider.title;
    let by_hand = super::by_hand(provider);
    let failed = |what: String, action: &str| Why {
        what,
        action: action.to_owned(),
        unreachable: None,
    };
    let astray = |what: String, action: &str, cause| Why {
        unreachable: Some(cause),
        ..failed(what, action)
    };
    let key = reply.json.as_ref().and_then(|json| json.pointer(login.key));
    match reply.status {
        200..=299 => match key.and_then(Value::as_str).map(Secret::parse) {
            Some(Ok(key)) => Ok(key),
            _ if reply.is_page => Err(astray(
                format!("a web page answered instead of {title}"),
                "sign in to this network first, then run this again",
                Cause::NotThisApi,
            )),
            _ => Err(failed(
                format!("{title} took the code and gave no key"),
                &by_hand,
            )),
        },
        400 => Err(failed(
            format!("{title} did not understand the sign-in (400)"),
            &by_hand,
        )),
        401 | 403 => Err(failed(
            format!(
                "{title} refused the code ({}): it was used before, is too old, or belongs to another sign-in",
                reply.status
            ),
            "sign in again and use the new code at once",
        )),
        404 | 405 | 410 => Err(astray(
            format!(
                "{title} takes no sign-in at {} ({})",
                login.exchange, reply.status
            ),
            &by_hand,
            Cause::NotThisApi,
        )),
        429 => Err(failed(
            format!("{title} has too many sign-ins at the moment (429)"),
            "wait a minute, then sign in again",
        )),
        500..=599 => Err(astray(
            format!("{title} has trouble of its own ({})", reply.status),
            "wait a minute, then sign in again",
            Cause::ServerError,
        )),
        status => Err(astray(
            format!("{title} answered the sign-in with {status}"),
            &by_hand,
            Cause::NotThisApi,
        )),
    }
}

impl Why {
    fn error(self, reply: &Reply, code: &Secret, pkce: &Pkce) -> Error {
        // Text that is neither JSON nor an error may be anything, even a key.
        let may_be_quoted = !reply.is_page && (reply.json.is_some() || reply.status >= 400);
        let said = may_be_quoted
            .then(|| check::said(reply, Some(code)))
            .flatten()
            .filter(|said| !said.contains(&pkce.verifier[..16]));
        let detail = match said {
            Some(said) => format!("{}: \"{said}\"", self.what),
            None => self.what,
        };
        match self.unreachable {
            Some(cause) => Error::Check {
                verdict: Verdict::Unreachable,
                cause: Some(cause),
                detail,
                action: self.action,
            },
            None => Error::SignIn {
                detail,
                action: self.action,
            },
        }
    }
}

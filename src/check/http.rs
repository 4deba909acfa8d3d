//! The only code that touches the network: bounded in time and size, and it never takes a key to another host.

mod date;
pub mod local;
mod proxy;
mod trouble;

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use reqwest::Certificate;
use reqwest::blocking::{Client, ClientBuilder};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::catalog::{Auth, Method};
use crate::clock::Clock;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::fsio;
use crate::secret::Secret;

use proxy::Proxies;
pub use trouble::Trouble;

const AGENT: &str = concat!("goose-setup/", env!("CARGO_PKG_VERSION"));
const HOPS: usize = 3;
/// What goose trusts in addition to the system's own certificate authorities.
const CA_VARIABLE: &str = "GOOSE_CA_CERT_PATH";

/// A pool of connections with one clock for all that is asked through it; usable from several threads at once.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    clock: Clock,
    proxies: Proxies,
    log: Option<Arc<Mutex<Vec<String>>>>,
    /// Seconds, by the first answer that tells.
    clock_ahead: Arc<OnceLock<i64>>,
    /// Below `client`, so that it goes after it.
    _last: Arc<Last>,
}

/// The last of a client's clones waits, when it goes, for a name server's answer that nobody needs any more. It does so aside.
#[derive(Debug)]
struct Last(Option<Client>);

impl Drop for Last {
    fn drop(&mut self) {
        let client = self.0.take();
        std::thread::spawn(move || drop(client));
    }
}

pub(crate) struct Call<'a> {
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) auth: Auth,
    pub(crate) key: Option<&'a Secret>,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Option<&'a str>,
    /// Most bytes an answer may have, after decompression.
    pub(crate) limit: u64,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) json: Option<Value>,
    pub(crate) is_page: bool,
    pub(crate) retry_after: Option<String>,
    /// Those that speak of limits, by their names in lower case.
    pub(crate) limit_headers: Vec<(String, String)>,
}

impl Http {
    /// `verbose` keeps a line per request for [`Http::take_log`].
    pub fn new(env: &Env, clock: Clock, verbose: bool) -> Result<Self> {
        install_ring();
        let extra = extra_roots(env)?;
        let client = trusting(extra)?;
        Ok(Self::with(client, env, clock, verbose))
    }

    fn with(client: Client, env: &Env, clock: Clock, verbose: bool) -> Self {
        Self {
            _last: Arc::new(Last(Some(client.clone()))),
            client,
            clock,
            proxies: Proxies::of(env),
            log: verbose.then(Arc::default),
            clock_ahead: Arc::default(),
        }
    }

    /// The requests since the last call, one line each, without any key.
    pub fn take_log(&self) -> Vec<String> {
        match &self.log {
            Some(log) => std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Vec::new(),
        }
    }

    /// How many seconds this machine's clock is ahead of the provider's, if an answer told the time.
    pub fn clock_ahead(&self) -> Option<i64> {
        self.clock_ahead.get().copied()
    }

    /// Sends once; and once more where the connection broke before any answer.
    pub(crate) fn send(&self, call: &Call, requests: &mut u32) -> Result<Reply, Trouble> {
        let start = Instant::now();
        *requests += 1;
        let mut outcome = self.send_once(call);
        if let Err((_, true)) = outcome {
            *requests += 1;
            outcome = self.send_once(call);
        }
        let outcome = outcome.map_err(|(trouble, _)| trouble);
        self.note(call, start, &outcome);
        outcome
    }

    /// On failure also whether the connection broke before any answer.
    fn send_once(&self, call: &Call) -> Result<Reply, (Trouble, bool)> {
        let fail =
            |error: &reqwest::Error| (self.trouble(&call.url, error), trouble::is_reset(error));
        let Some(left) = self.clock.left() else {
            return Err((Trouble::late(&call.url), false));
        };
        let _wait = self.clock.wait();
        let mut request = match call.method {
            Method::Get => self.client.get(&call.url),
            Method::Post => self.client.post(&call.url),
        }
        .timeout(left)
        .headers(headers(call));
        if let Some(body) = body(call) {
            request = request.body(body);
        }
        let response = request.send().map_err(|error| fail(&error))?;
        let status = response.status().as_u16();
        let heading = |name: HeaderName| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        // An answer that a cache kept has an old date.
        if let (Some(theirs), None) = (heading(DATE).and_then(|it| date::parse(&it)), heading(AGE))
        {
            let _ = self
                .clock_ahead
                .set(date::ahead_of(theirs, SystemTime::now()));
        }
        let retry_after = heading(RETRY_AFTER);
        let limit_headers = limit_headers(response.headers());
        let is_html = heading(reqwest::header::CONTENT_TYPE).is_some_and(|t| t.contains("html"));
        let mut bytes = Vec::new();
        response
            .take(call.limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| {
                let trouble = match self.clock.left() {
                    Some(_) => Trouble::broken(&call.url),
                    None => Trouble::late(&call.url),
                };
                (trouble, false)
            })?;
        if bytes.len() as u64 > call.limit {
            return Err((Trouble::too_large(&call.url, call.limit), false));
        }
        if status == 407 {
            return Err((self.proxies.login_wanted(&call.url), false));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Reply {
            status,
            json: serde_json::from_slice(&bytes).ok(),
            is_page: is_html || text.trim_start().starts_with('<'),
            text,
            retry_after,
            limit_headers,
        })
    }

    fn trouble(&self, url: &str, error: &reqwest::Error) -> Trouble {
        Trouble::of(url, error, &self.proxies)
    }

    fn note(&self, call: &Call, start: Instant, outcome: &Result<Reply, Trouble>) {
        let Some(log) = &self.log else { return };
        let method = match call.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let end = match outcome {
            Ok(reply) => format!("{}, {} bytes", reply.status, reply.text.len()),
            Err(trouble) => trouble.cause.word().to_owned(),
        };
        let took = start.elapsed().as_millis();
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(format!("{method} {}: {end}, {took} ms", call.url));
    }
}

fn limit_headers(all: &HeaderMap) -> Vec<(String, String)> {
    let speaks_of_limits = |name: &str| {
        ["ratelimit", "rate-limit", "tokenlimit", "retry-after"]
            .iter()
            .any(|part| name.contains(part))
    };
    all.iter()
        .filter(|(name, _)| speaks_of_limits(name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect()
}

fn headers(call: &Call) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &[u8], is_secret: bool| {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_bytes(value)) {
            value.set_sensitive(is_secret);
            headers.insert(name, value);
        }
    };
    put("accept", b"application/json", false);
    match (call.auth, call.body) {
        (Auth::Form(_), _) => put("content-type", b"application/x-www-form-urlencoded", false),
        (_, Some(_)) => put("content-type", b"application/json", false),
        (_, None) => {}
    }
    for (name, value) in &call.headers {
        put(name, value.as_bytes(), false);
    }
    match (call.auth, call.key) {
        (Auth::Bearer, Some(key)) => {
            let value = Zeroizing::new(format!("Bearer {}", key.expose()));
            put("authorization", value.as_bytes(), true);
        }
        (Auth::Header(name), Some(key)) => put(name, key.expose().as_bytes(), true),
        (Auth::None | Auth::Form(_), _) | (_, None) => {}
    }
    headers
}

fn body(call: &Call) -> Option<String> {
    match (call.auth, call.key) {
        (Auth::Form(field), Some(key)) => Some(
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair(field, key.expose())
                .finish(),
        ),
        _ => call.body.map(str::to_owned),
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(AGENT)
        .referer(false)
        .timeout(None)
        .redirect(Policy::custom(|attempt| {
            if stays_at_home(&attempt) {
                attempt.follow()
            } else {
                attempt.stop()
            }
        }))
}

/// Headers with keys in them go along on a redirect, so only the very same origin may have one.
fn stays_at_home(attempt: &Attempt) -> bool {
    attempt.previous().len() <= HOPS
        && attempt
            .previous()
            .first()
            .is_some_and(|first| first.origin() == attempt.url().origin())
}

/// A client that trusts the system's authorities and `extra`; on a machine that has none, the ones compiled in.
fn trusting(extra: Vec<Certificate>) -> Result<Client> {
    let has_extra = !extra.is_empty();
    match builder().build() {
        Ok(client) if !has_extra => Ok(client),
        Ok(_) => builder().tls_certs_merge(extra).build(),
        Err(_) => {
            let known = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .filter_map(|root| Certificate::from_der(root).ok());
            builder().tls_certs_only(known.chain(extra)).build()
        }
    }
    .map_err(|error| {
        let what = format!(
            "the network client cannot be set up: {}",
            trouble::root_of(&error)
        );
        if has_extra {
            Error::usage(what, mend(CA_VARIABLE))
        } else {
            Error::unexpected(what)
        }
    })
}

fn extra_roots(env: &Env) -> Result<Vec<Certificate>> {
    // The system's reader only logs what it could not read of this one.
    certificates(env, "SSL_CERT_FILE")?;
    certificates(env, CA_VARIABLE)
}

fn certificates(env: &Env, variable: &str) -> Result<Vec<Certificate>> {
    let Some(path) = env.filled(variable) else {
        return Ok(Vec::new());
    };
    let unusable =
        |reason: &str| Error::usage(format!("{variable} names {path}, {reason}"), mend(variable));
    let bytes = fsio::read(Path::new(path))
        .map_err(|_| unusable("which cannot be read"))?
        .bytes
        .ok_or_else(|| unusable("which does not exist"))?;
    let found = Certificate::from_pem_bundle(&bytes)
        .map_err(|_| unusable("which holds a certificate that does not parse"))?;
    if found.is_empty() {
        return Err(unusable("which holds no certificate"));
    }
    Ok(found)
}

fn mend(variable: &str) -> String {
    format!("set {variable} to a PEM file of certificate authorities, or unset it")
}

fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error would mean that another one is installed, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests;

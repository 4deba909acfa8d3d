//! Signing in at the providers of the small internet: the page hands out a code, and the exchange gives a key for it, once, to
//! whoever can prove to have sent the person there.

use super::http::{Answer, Seen};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Host and path of each exchange, and whether it wants the method named.
const EXCHANGES: [(&str, &str, bool); 2] = [
    ("openrouter.ai", "/api/v1/auth/keys", true),
    ("router.tetrate.ai", "/api/api-keys/verify", false),
];

/// What a person who agrees takes away from the page.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) code: String,
    /// Where the page sends the browser, with the code; without it the page shows the code.
    pub(crate) back: Option<String>,
}

#[derive(Default)]
pub(crate) struct Grants(Vec<Grant>);

struct Grant {
    code: String,
    challenge: String,
    key: Option<String>,
}

impl Grants {
    /// Somebody opens `url` and agrees that `key` is made.
    pub(crate) fn agree(&mut self, url: &str, key: &str) -> Visit {
        let url = url::Url::parse(url).unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let seed = format!("{}{url}{key}", self.0.len());
        let code = URL_SAFE_NO_PAD.encode(Sha256::digest(seed));
        self.0.push(Grant {
            code: code.clone(),
            challenge: query["code_challenge"].clone(),
            key: Some(key.to_owned()),
        });
        let back = query.get("callback_url").or(query.get("callback"));
        Visit {
            back: back.map(|back| format!("{back}?code={code}")),
            code,
        }
    }

    /// `None`: the request is for somebody else.
    pub(crate) fn answer(&mut self, seen: &Seen) -> Option<Answer> {
        let (_, _, wants_method) = EXCHANGES
            .into_iter()
            .find(|(host, path, _)| *host == seen.host && *path == seen.path())?;
        let sorry = |status: u16, text: &str| {
            Answer::json(status, &json!({"error": {"message": text, "code": status}}))
        };
        if seen.method != "POST" {
            return Some(sorry(405, "Method Not Allowed"));
        }
        let body: Value = serde_json::from_str(&seen.body).unwrap_or_default();
        if wants_method && body["code_challenge_method"] != "S256" {
            return Some(sorry(400, "Invalid code_challenge_method"));
        }
        let verifier = body["code_verifier"].as_str().unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let key = self
            .0
            .iter_mut()
            .find(|grant| body["code"] == json!(grant.code) && grant.challenge == challenge)
            .and_then(|grant| grant.key.take());
        Some(match key {
            Some(key) => Answer::json(200, &json!({"key": key, "user_id": "user_1"})),
            None => sorry(403, "Invalid code or code_verifier"),
        })
    }

    pub(crate) fn lives_at(host: &str) -> bool {
        EXCHANGES.iter().any(|(name, _, _)| *name == host)
    }
}

/// A request as a browser, or somebody less welcome, makes it; the whole answer.
pub(crate) fn visit(url: &str, method: &str, host: Option<&str>) -> String {
    let url = url::Url::parse(url).unwrap();
    let port = url.port().unwrap();
    let own = format!("{}:{port}", url.host_str().unwrap());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let target = &url[url::Position::BeforePath..];
    let host = host.unwrap_or(&own);
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::*;
use crate::catalog;
use crate::clock::Clock;
use crate::env::Env;
use crate::limits::book;
use crate::secret::Secret;

/// A server that answers each request with what `answer` makes of its first line, `delay` later, all of them at once.
fn server(delay: Duration, answer: fn(&str) -> (u16, &'static str, &'static str)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                thread::sleep(delay);
                let (status, headers, body) = answer(head.lines().next().unwrap_or_default());
                let reply = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(reply.as_bytes());
            });
        }
    });
    url
}

fn http() -> Http {
    Http::new(&Env::of([]), Clock::of(Duration::from_secs(10)), false).unwrap()
}

fn question<'a>(id: &str, url: &str, key: &'a Secret, model: &str) -> Question<'a> {
    let provider = catalog::by_id(id).unwrap();
    Question {
        target: Target {
            base: url.to_owned(),
            ..Target::new(provider, None, Some(key))
        },
        entry: book::of(id),
        model: Some(model.into()),
    }
}

fn key(id: &str) -> Secret {
    let provider = catalog::by_id(id).unwrap();
    Secret::parse(provider.key.as_ref().unwrap().sample).unwrap()
}

const OPENROUTER_KEY: &str = r#"{"data": {"label": "x", "limit": 10, "limit_remaining": 4.2, "limit_reset": "daily",
    "usage": 5.8, "usage_daily": 1, "is_free_tier": false}}"#;

fn openrouter(line: &str) -> (u16, &'static str, &'static str) {
    if line.contains("/credits") {
        return (
            403,
            "",
            r#"{"error": {"message": "Only management keys can do this"}}"#,
        );
    }
    (200, "", OPENROUTER_KEY)
}

#[test]
fn twenty_providers_take_no_longer_than_the_slowest() {
    let wait = Duration::from_millis(300);
    let servers: Vec<_> = (0..20).map(|_| server(wait, openrouter)).collect();
    let key = key("openrouter");
    let questions: Vec<_> = servers
        .iter()
        .map(|url| question("openrouter", url, &key, "m"))
        .collect();
    let http = http();
    let mut answers = Vec::new();
    // The machine may be busy with something else; the best of three counts.
    let best = (0..3)
        .map(|_| {
            let start = Instant::now();
            answers = all(&http, &questions, Timestamp::now());
            start.elapsed()
        })
        .find(|took| *took < 2 * wait);
    assert!(best.is_some());
    assert_eq!(answers.len(), 20);
    for live in &answers {
        assert_eq!(live.finding.verdict, Verdict::Valid);
        assert_eq!(live.figures.purses.len(), 1);
        assert_eq!(live.finding.requests, 2);
    }
}

#[test]
fn a_refused_management_page_is_no_failure() {
    let url = server(Duration::ZERO, openrouter);
    let key = key("openrouter");
    let live = one(
        &http(),
        &question("openrouter", &url, &key, "m"),
        Timestamp::now(),
    );
    assert_eq!(live.finding.verdict, Verdict::Valid);
    let purse = &live.figures.purses[0];
    assert_eq!(purse.owner, "this key");
    assert!(purse.source.ends_with("/api/v1/key"), "{}", purse.source);
}

#[test]
fn a_proxy_without_a_database_has_no_figures_and_no_error() {
    let url = server(Duration::ZERO, |line| {
        if line.contains("/key/info") {
            return (500, "", r#"{"error": {"message": "No DB Connected"}}"#);
        }
        (200, "", r#"{"data": [{"id": "gpt-4o-mini"}]}"#)
    });
    let key = Secret::parse("sk-1234567890").unwrap();
    let live = one(
        &http(),
        &question("litellm", &url, &key, "gpt-4o-mini"),
        Timestamp::now(),
    );
    assert_eq!(live.finding.verdict, Verdict::Valid);
    assert_eq!(live.figures, Figures::default());
}

#[test]
fn headers_of_the_free_request_are_figures_too() {
    let url = server(Duration::ZERO, |_| {
        (
            200,
            "x-ratelimit-limit-requests: 1000\r\nx-ratelimit-remaining-requests: 0\r\n",
            r#"{"data": []}"#,
        )
    });
    let key = key("groq");
    let live = one(
        &http(),
        &question("groq", &url, &key, "m"),
        Timestamp::now(),
    );
    assert_eq!(live.figures.rates[0].name, "requests a day");
    assert_eq!(live.figures.rates[0].source, "x-ratelimit-* headers");
    assert!(live.is_exhausted());
}

#[test]
fn a_refused_key_has_no_figures() {
    let url = server(Duration::ZERO, |_| {
        (
            401,
            "retry-after: 30\r\n",
            r#"{"error": {"message": "User not found.", "code": 401}}"#,
        )
    });
    let key = key("openrouter");
    let live = one(
        &http(),
        &question("openrouter", &url, &key, "m"),
        Timestamp::now(),
    );
    assert_eq!(live.finding.verdict, Verdict::Invalid);
    assert_eq!(live.figures, Figures::default());
}

#[test]
fn a_key_goes_to_its_own_provider_only() {
    let url = server(Duration::ZERO, |_| (200, "", "{}"));
    let key = key("openrouter");
    let mut question = question("xai", &url, &key, "m");
    question.target.own_host = true;
    let live = one(&http(), &question, Timestamp::now());
    assert_eq!(live.finding.verdict, Verdict::WrongProvider);
    assert_eq!(live.finding.requests, 0);
    let reader = &book::of("xai").unwrap().readers[0];
    question.target.own_host = false;
    assert_eq!(address(reader, &question.target), None);
}

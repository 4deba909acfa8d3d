//! Asking providers for figures: free requests only, all providers and all requests at once.

use std::thread;

use jiff::Timestamp;

use super::book::{Entry, Reader};
use super::figures::Figures;
use super::headers;
use super::readers::{self, Asked};
use crate::check::http::{Call, Http, Reply};
use crate::check::{self, Finding, Target};
use crate::verdict::Verdict;

/// No answer with figures is longer.
const LIMIT: u64 = 1024 * 1024;

/// Whom to ask, and what is known beforehand.
pub struct Question<'a> {
    pub target: Target<'a>,
    pub entry: Option<&'static Entry>,
    pub model: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    pub finding: Finding,
    pub figures: Figures,
}

impl Live {
    /// goose gets nothing done here now.
    pub fn is_exhausted(&self) -> bool {
        is_exhausted(self.finding.verdict) || self.figures.is_used_up()
    }
}

pub fn is_exhausted(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::NoCredit | Verdict::LimitReached | Verdict::RateLimited
    )
}

/// The answers, in the order of the questions.
pub fn all(http: &Http, questions: &[Question<'_>], now: Timestamp) -> Vec<Live> {
    thread::scope(|scope| {
        let asked: Vec<_> = questions
            .iter()
            .map(|question| scope.spawn(move || one(http, question, now)))
            .collect();
        asked
            .into_iter()
            .map(|asked| {
                asked
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

pub fn one(http: &Http, question: &Question<'_>, now: Timestamp) -> Live {
    let target = &question.target;
    // A key that is wrong by its looks goes to nobody.
    if let Some(finding) = check::before_asking(target) {
        return Live {
            finding,
            figures: Figures::default(),
        };
    }
    let check_url = target
        .provider
        .check
        .as_ref()
        .map(|check| target.url(check.path));
    let wanted: Vec<(&Reader, String)> = question
        .entry
        .into_iter()
        .flat_map(|entry| &entry.readers)
        .filter(|_| target.key.is_some())
        .filter_map(|reader| Some((reader, address(reader, target)?)))
        .collect();
    thread::scope(|scope| {
        let check = scope.spawn(|| check::examine(http, target));
        let fetched: Vec<_> = wanted
            .iter()
            .map(|(reader, url)| {
                let is_the_check = check_url.as_ref() == Some(url);
                (!is_the_check).then(|| scope.spawn(move || fetch(http, target, reader, url)))
            })
            .collect();
        let (mut finding, reply) = check
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut figures = Figures::default();
        let mut header_rates = reply.as_ref().map_or_else(Vec::new, |reply| {
            headers::rates(&reply.limit_headers, question.entry, now)
        });
        for ((reader, url), fetched) in wanted.iter().zip(fetched) {
            let own;
            let answer = match fetched {
                None => reply.as_ref(),
                Some(fetched) => {
                    let (requests, answer) = fetched
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                    finding.requests += requests;
                    own = answer;
                    own.as_ref()
                }
            };
            let Some(answer) = answer else { continue };
            if header_rates.is_empty() {
                header_rates = headers::rates(&answer.limit_headers, question.entry, now);
            }
            if let (200..=299, Some(json)) = (answer.status, &answer.json) {
                let source = name(url);
                let asked = Asked {
                    now,
                    model: question.model.as_deref(),
                    source: &source,
                };
                figures.absorb(readers::read(reader.shape, json, asked));
            }
        }
        figures.rates.extend(header_rates);
        if finding.verdict.is_refusal() {
            // What a refused key gets told is about nobody.
            figures = Figures::default();
        }
        Live { finding, figures }
    })
}

/// Where to ask; a provider's own address is no use behind somebody's proxy.
fn address(reader: &Reader, target: &Target<'_>) -> Option<String> {
    match (reader.path, reader.url) {
        (Some(path), _) => Some(target.url(path)),
        (None, Some(url)) => target.own_host.then(|| url.to_owned()),
        (None, None) => None,
    }
}

/// An endpoint that does not answer has no figures, which is no failure.
fn fetch(http: &Http, target: &Target<'_>, reader: &Reader, url: &str) -> (u32, Option<Reply>) {
    let call = Call {
        url: url.to_owned(),
        method: reader.method,
        auth: reader.auth,
        key: target.key,
        headers: target.headers().collect(),
        body: None,
        limit: LIMIT,
    };
    let mut requests = 0;
    let reply = http.send(&call, &mut requests).ok();
    (requests, reply)
}

/// How a figure names its endpoint: without scheme and query.
fn name(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.split('?').next().unwrap_or(bare).to_owned()
}

#[cfg(test)]
mod tests;

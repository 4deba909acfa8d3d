//! From an answer to a verdict; nothing here asks anybody.

use serde_json::Value;

use super::account::{Account, number};
use super::finding::{Finding, Target};
use super::http::Reply;
use super::models;
use crate::catalog::{self, Answer, Check, Confidence, Form, Kind, ModelShape, Provider};
use crate::sanitize;
use crate::verdict::{Cause, Verdict};

/// What an answer has to hold to be a good one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Something at this JSON pointer.
    At(&'static str),
    List(ModelShape),
    /// No answer is good.
    Nothing,
}

impl Wanted {
    pub(super) fn of(check: &Check, provider: &Provider) -> Self {
        match (check.expects, &provider.models) {
            (Some(place), _) => Self::At(place),
            (None, Some(list)) => Self::List(list.shape),
            (None, None) => Self::List(ModelShape::Openai),
        }
    }
}

/// What is left to do where nothing that was asked proves the key.
pub(super) fn if_sure(provider: &Provider) -> String {
    match provider.proof {
        Some(line) => {
            format!("`{line}` shows whether it is good at all; then go on with --no-check")
        }
        None => "go on with --no-check if you are sure of the key".to_owned(),
    }
}

/// What can be said of a key without asking anybody.
pub(crate) fn before_asking(target: &Target) -> Option<Finding> {
    let provider = target.provider;
    let title = provider.title;
    let row = provider.key.as_ref()?;
    let Some(key) = target.key else {
        return (!row.optional).then(|| {
            Finding::new(
                Verdict::Malformed,
                format!("there is no key for {title}"),
                format!("run `goose-setup {}` and paste one", provider.id),
            )
        });
    };
    // Whoever runs a proxy makes up the keys it takes.
    if !target.own_host || matches!(provider.kind, Kind::Gateway | Kind::Local) {
        return None;
    }
    if let Some(reason) = provider.refusal_of(key) {
        return Some(Finding::new(
            Verdict::Invalid,
            reason,
            another_key(target, "make an ordinary key"),
        ));
    }
    let owner = catalog::owner_of_key(key).filter(|owner| owner.id != provider.id)?;
    Some(Finding::new(
        Verdict::WrongProvider,
        format!(
            "this is {} of {}, not of {title}",
            owner.a_key(),
            owner.title
        ),
        format!(
            "run `goose-setup {}` with it, or paste {} of {title}",
            owner.id,
            provider.a_key()
        ),
    ))
}

/// What `reply` says of the key.
pub(super) fn judge(target: &Target, reply: &Reply, wanted: Wanted) -> Finding {
    let mut finding = verdict_of(target, reply, wanted);
    if is_guess(target.provider) {
        finding = guessed(target, reply, finding);
    }
    finding.http_status = Some(reply.status);
    finding
}

/// Nobody documents that this is the right thing to ask.
fn is_guess(provider: &Provider) -> bool {
    provider.confidence == Confidence::Low
}

/// What is left of a finding where it is a guess that this was the right thing to ask.
fn guessed(target: &Target, reply: &Reply, finding: Finding) -> Finding {
    let title = target.provider.title;
    // Where everybody has an address of their own, a page that was only guessed says nothing against that address.
    let is_its_place = target.own_host || target.provider.base.is_empty();
    let is_nowhere = is_its_place && !reply.is_page && matches!(reply.status, 404 | 405 | 410);
    let detail = match finding.verdict {
        Verdict::Valid | Verdict::ValidRestricted => {
            format!("{title} takes this key for a list of models, but no check of it is documented")
        }
        Verdict::Unreachable if is_nowhere => {
            format!("{title} has nothing where a key could be checked free of charge")
        }
        _ => return finding,
    };
    Finding {
        account: finding.account,
        ..Finding::new(Verdict::Unproven, detail, if_sure(target.provider))
    }
}

/// What the answer to a request without content says of the key: a complaint about the content comes after the key was let in.
pub(crate) fn judge_empty(target: &Target, reply: &Reply) -> Finding {
    let is_known = known_answer(target, reply, Some(reply.status)).is_some();
    let is_refusal = matches!(hidden_error(reply), Hidden::Status(401 | 403));
    // Some servers break down over the missing messages instead of complaining of them.
    let stumbles = reply.status == 500 && reply.text.contains("messages");
    let is_about_content =
        stumbles || matches!(reply.status, 200..=299 | 400 | 422) || lacks_model(reply);
    let mut finding = if is_known || reply.is_page || !is_about_content {
        verdict_of(target, reply, Wanted::Nothing)
    } else if is_refusal {
        plain(target, reply, Verdict::Invalid)
    } else {
        accepts(target)
    };
    finding.http_status = Some(reply.status);
    finding
}

/// There is such a function, but no such model.
pub(crate) fn lacks_model(reply: &Reply) -> bool {
    let json = reply.json.as_ref();
    reply.status == 404
        && json.is_some_and(|json| json.to_string().to_lowercase().contains("model"))
}

fn accepts(target: &Target) -> Finding {
    let title = target.provider.title;
    let detail = match target.key {
        Some(_) => format!("{title} accepts this {}", target.provider.key_in_short()),
        None => format!("{title} answers"),
    };
    Finding::new(Verdict::Valid, detail, "")
}

fn verdict_of(target: &Target, reply: &Reply, wanted: Wanted) -> Finding {
    let status = match (reply.status, hidden_error(reply)) {
        (200..=299, Hidden::Status(status)) => Some(status),
        (200..=299, Hidden::Unknown) => None,
        (status, _) => Some(status),
    };
    if reply.is_page && !matches!(status, Some(429 | 500..)) {
        return not_this_api(target, "a web page");
    }
    if let Some(answer) = known_answer(target, reply, status) {
        return explained(target, reply, answer);
    }
    let title = target.provider.title;
    match status {
        Some(200..=299) => good(target, reply, wanted),
        Some(300..=399) => not_this_api(target, "a redirect to another address"),
        // Where no key was sent, none was refused.
        Some(401 | 403) if target.key.is_none() => match &target.provider.key {
            Some(_) => Finding::new(
                Verdict::Malformed,
                format!("{title} wants a key"),
                "give it with --key-stdin, --key-env VAR or --key-command CMD",
            ),
            None => not_this_api(target, "a demand for a key"),
        },
        Some(401 | 403) => plain(target, reply, Verdict::Invalid),
        Some(402) => plain(target, reply, Verdict::NoCredit),
        Some(429) => plain(target, reply, Verdict::RateLimited),
        Some(451) => plain(target, reply, Verdict::NotAllowed),
        Some(404 | 405 | 410) => {
            not_this_api(target, &format!("\"no such page\" ({})", reply.status))
        }
        Some(status @ 500..) => Finding::new(
            Verdict::Unreachable,
            format!("{title} has trouble of its own ({status})"),
            "try again in a few minutes",
        )
        .because(Cause::ServerError),
        _ => plain(target, reply, Verdict::Unproven),
    }
}

fn good(target: &Target, reply: &Reply, wanted: Wanted) -> Finding {
    let title = target.provider.title;
    let body = match &reply.json {
        Some(json) => json,
        None => return not_this_api(target, "something that is not JSON"),
    };
    let (is_good, is_empty) = match wanted {
        Wanted::At(place) => (body.pointer(place).is_some(), false),
        Wanted::List(shape) => match models::read(shape, body) {
            Some(list) => (true, list.is_empty()),
            None => (false, false),
        },
        Wanted::Nothing => (false, false),
    };
    if !is_good {
        return not_this_api(target, "JSON of another kind");
    }
    let check = target.provider.check.as_ref();
    let fill = check.and_then(|check| check.fill);
    if let Some(fill) = fill
        && is_empty
    {
        return Finding::new(
            Verdict::Unproven,
            format!("{title} runs, but has no model yet"),
            fill,
        );
    }
    let shape = check.and_then(|check| check.account);
    let account = shape.and_then(|shape| Account::of(shape, body));
    let mut finding = if account.as_ref().is_some_and(Account::is_used_up) {
        plain(target, reply, Verdict::LimitReached)
    } else if is_guess(target.provider) || check.is_some_and(|check| check.proves || check.control)
    {
        accepts(target)
    } else {
        answers_everybody(target.provider)
    };
    finding.account = account.map(Box::new);
    finding
}

pub(super) fn answers_everybody(provider: &Provider) -> Finding {
    Finding::new(
        Verdict::Unproven,
        format!(
            "{} answers, but answers a wrong key as well",
            provider.title
        ),
        if_sure(provider),
    )
}

enum Hidden {
    /// No error in the body.
    Nothing,
    Status(u16),
    /// An error that does not say of what kind.
    Unknown,
}

/// An error can hide in an answer that is called good.
fn hidden_error(reply: &Reply) -> Hidden {
    let error = reply.json.as_ref().and_then(|json| json.get("error"));
    let Some(error) = error.filter(|error| !matches!(error, Value::Null | Value::Bool(false)))
    else {
        return Hidden::Nothing;
    };
    let code = ["code", "status", "http_status"]
        .into_iter()
        .find_map(|name| {
            let code = error.get(name)?;
            code.as_u64().or_else(|| code.as_str()?.parse().ok())
        })
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code));
    if let Some(code) = code {
        return Hidden::Status(code);
    }
    let said = error.to_string().to_lowercase();
    let is_refusal = [
        "unauthorized",
        "authentication",
        "invalid api key",
        "invalid_api_key",
    ]
    .into_iter()
    .any(|sign| said.contains(sign));
    if is_refusal {
        Hidden::Status(401)
    } else {
        Hidden::Unknown
    }
}

/// The row that knows this answer: the provider's own with a text to look for, then those that hold everywhere, then
/// the provider's own by status alone.
fn known_answer(target: &Target, reply: &Reply, status: Option<u16>) -> Option<&'static Answer> {
    let own = target
        .provider
        .check
        .as_ref()
        .map_or(&[][..], |check| &check.answers);
    let (specific, by_status): (Vec<_>, Vec<_>) =
        own.iter().partition(|answer| answer.is_specific());
    let body = reply.text.to_lowercase();
    specific
        .into_iter()
        .chain(catalog::common_answers())
        .chain(by_status)
        .find(|answer| {
            let is_status = match answer.status {
                Some(wanted) => status == Some(wanted),
                None => status.is_none_or(|status| status >= 400),
            };
            let is_text = answer.contains.is_none_or(|text| body.contains(text));
            let is_missing = answer.lacks.is_none_or(|text| !body.contains(text));
            let is_value = answer.pointer.is_none_or(|pointer| {
                let found = reply.json.as_ref().and_then(|json| json.pointer(pointer));
                found.is_some_and(|found| match answer.at_most {
                    Some(most) => is_at_most(found, most),
                    None => Some(found) == answer.value.as_ref(),
                })
            });
            is_status && is_text && is_missing && is_value && (target.own_host || !answer.own_host)
        })
}

/// So are all the numbers there, and there is one.
fn is_at_most(found: &Value, most: f64) -> bool {
    let numbers: Vec<f64> = match found {
        Value::Object(fields) => fields.values().filter_map(number).collect(),
        single => number(single).into_iter().collect(),
    };
    !numbers.is_empty() && numbers.iter().all(|number| *number <= most)
}

fn explained(target: &Target, reply: &Reply, answer: &Answer) -> Finding {
    let mut finding = plain(target, reply, answer.verdict);
    finding.cause = answer.cause;
    if let Some(detail) = answer.detail {
        finding.detail = detail.to_owned();
    }
    if let Some(action) = answer.action {
        finding.action = action.to_owned();
    }
    let shape = target
        .provider
        .check
        .as_ref()
        .and_then(|check| check.account);
    finding.account = shape
        .zip(reply.json.as_ref())
        .and_then(|(shape, body)| Account::of(shape, body))
        .map(Box::new);
    finding
}

/// What a verdict means where no row says it better.
fn plain(target: &Target, reply: &Reply, verdict: Verdict) -> Finding {
    let provider = target.provider;
    let title = provider.title;
    let word = provider.key_in_short();
    let status = reply.status;
    let quoted = match said(reply, target.key) {
        Some(text) => format!("; it says: {text}"),
        None => String::new(),
    };
    let (detail, action) = match verdict {
        Verdict::Invalid => {
            let form = target.key.map(|key| provider.form_of(key));
            let doubt = if target.own_host && form == Some(Form::Unusual) {
                ", which does not look like one of its keys"
            } else {
                ""
            };
            (
                format!("{title} does not accept this {word}{doubt}"),
                another_key(target, "copy it again, or make a new one"),
            )
        }
        Verdict::Blocked => (
            format!("this {word} is blocked{quoted}"),
            another_key(target, &format!("make a new {word}")),
        ),
        Verdict::NoCredit => (
            format!("the account at {title} has no credit left"),
            at(provider.links.upgrade, "add credit"),
        ),
        Verdict::LimitReached => (
            format!("the {word} has used up its own spending cap"),
            at(provider.links.keys, "raise the cap, or wait for its reset"),
        ),
        Verdict::RateLimited => {
            let wait = reply
                .retry_after
                .as_deref()
                .and_then(|text| text.trim().parse::<u32>().ok());
            (
                format!("{title} limits requests right now"),
                match wait {
                    Some(seconds) => format!("try again in {seconds} s"),
                    None => "try again in a minute".to_owned(),
                },
            )
        }
        Verdict::NotAllowed => (
            format!("{title} does not let this {word} in from here ({status}){quoted}"),
            at(
                provider.links.keys,
                &format!("look at the {word}'s permissions"),
            ),
        ),
        _ => (
            format!("{title} answers with {status}, which proves nothing{quoted}"),
            "try again later, or go on with --no-check if you are sure of the key".to_owned(),
        ),
    };
    Finding::new(verdict, detail, action)
}

fn not_this_api(target: &Target, what: &str) -> Finding {
    let title = target.provider.title;
    let action = if target.own_host {
        "check for a login page, proxy or VPN on the way"
    } else {
        "check that the host is the address of its API"
    };
    Finding::new(
        Verdict::Unreachable,
        format!(
            "what answers at {} is not {title}: it sends {what}",
            target.address()
        ),
        action,
    )
    .because(Cause::NotThisApi)
}

fn another_key(target: &Target, action: &str) -> String {
    let page = target.provider.key.as_ref().and_then(|key| key.page);
    match page {
        Some(_) => at(page, action),
        None => format!(
            "ask whoever gave you the {}",
            target.provider.key_in_short()
        ),
    }
}

fn at(page: Option<&str>, action: &str) -> String {
    match page {
        Some(page) => format!("{action}: {page}"),
        None => action.to_owned(),
    }
}

/// The provider's own words, fit to be shown.
pub(crate) fn said(reply: &Reply, key: Option<&crate::secret::Secret>) -> Option<String> {
    let json = reply.json.as_ref();
    let text = [
        "/error/message",
        "/message",
        "/error",
        "/detail",
        "/detail/0/msg",
    ]
    .into_iter()
    .find_map(|place| json?.pointer(place)?.as_str())
    .or_else(|| json.is_none().then_some(reply.text.as_str()))?;
    let text = sanitize::line(text, key);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;

//! Asking: one request that proves the key, and one at the same time for the models, or one for both.

use super::control;
use super::finding::{Finding, Target, is_whole};
use super::http::{Call, Http, Reply, Trouble};
use super::judge::{Wanted, before_asking, if_sure, judge};
use super::models::{self, Model};
use crate::catalog::{Auth, Check, Kind, Method, Models, Provider};
use crate::verdict::{Cause, Verdict};

const CHECK_LIMIT: u64 = 1024 * 1024;
const LIST_LIMIT: u64 = 16 * 1024 * 1024;

/// A list, or why there is none; a refused key has none.
pub type Listed = Result<Vec<Model>, Finding>;

/// What a check and a list that were asked for together say.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    pub finding: Finding,
    pub models: Listed,
}

/// Asks whether the key is right. Never a chat request, never a token.
pub fn prove(http: &Http, target: &Target) -> Finding {
    examine(http, target).0
}

/// The same, and what was answered, for whoever reads more from it.
pub(crate) fn examine(http: &Http, target: &Target) -> (Finding, Option<Reply>) {
    let check = match checkable(target) {
        Ok(check) => check,
        Err(finding) => return (finding, None),
    };
    let limit = if is_also_list(target.provider) {
        LIST_LIMIT
    } else {
        CHECK_LIMIT
    };
    let (finding, reply) = ask(http, target, check, limit);
    (finding, reply.ok())
}

/// Asks for the models.
pub fn list(http: &Http, target: &Target) -> Listed {
    let Some(row) = &target.provider.models else {
        return Err(no_list(target));
    };
    let mut requests = 0;
    let first = ask_list(http, target, row, row.path, &mut requests);
    match (first, row.also) {
        // Whoever did not answer at all would not answer there either.
        (Err(finding), Some(also)) if finding.http_status.is_some() => {
            ask_list(http, target, row, also, &mut requests)
        }
        (outcome, _) => outcome,
    }
    .map_err(|finding| Finding {
        requests,
        ..finding
    })
}

/// The list of what this very key may use, where the provider has one and there is a key, and beside it the general one.
pub fn lists(http: &Http, target: &Target) -> (Option<Listed>, Listed) {
    std::thread::scope(|scope| {
        let own = scope.spawn(|| own_list(http, target));
        let general = list(http, target);
        let own = own
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (own, general)
    })
}

fn own_list(http: &Http, target: &Target) -> Option<Listed> {
    let row = target.provider.models.as_ref()?;
    let call = Call {
        url: target.url(row.own?),
        method: Method::Get,
        auth: target.provider.check.as_ref()?.auth,
        key: Some(target.key?),
        headers: Vec::new(),
        body: None,
        limit: LIST_LIMIT,
    };
    let reply = match http.send(&call, &mut 0) {
        Ok(reply) => reply,
        Err(trouble) => return Some(Err(trouble.into())),
    };
    let models = reply
        .json
        .as_ref()
        .filter(|_| (200..300).contains(&reply.status))
        .and_then(|json| models::read(row.shape, json));
    Some(models.ok_or_else(|| judge(target, &reply, Wanted::Nothing)))
}

/// Both at once: one request where the list proves the key, else two side by side.
pub fn prove_and_list(http: &Http, target: &Target) -> Proof {
    let check = match checkable(target) {
        Ok(check) => check,
        Err(finding) => {
            let models = match finding.verdict {
                Verdict::Unproven => list(http, target),
                _ => Err(finding.clone()),
            };
            return Proof { finding, models };
        }
    };
    let (finding, models) = if is_also_list(target.provider) {
        let (finding, reply) = ask(http, target, check, LIST_LIMIT);
        let models = match &reply {
            Ok(reply) => read_list(target, reply),
            Err(_) => Err(finding.clone()),
        };
        (finding, models)
    } else {
        std::thread::scope(|scope| {
            let list = scope.spawn(|| list(http, target));
            let finding = prove(http, target);
            let models = list
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (finding, models)
        })
    };
    let models = if finding.verdict.is_refusal() {
        Err(finding.clone())
    } else {
        models
    };
    Proof { finding, models }
}

/// The list of a provider that shows it to everybody, to have it ready before there is a key.
///
/// `None` where a key is needed.
pub fn prefetch(http: &Http, target: &Target) -> Option<Listed> {
    let row = target.provider.models.as_ref()?;
    (row.auth == Auth::None).then(|| list(http, target))
}

/// The check of this target, or what is clear without one.
fn checkable(target: &Target) -> Result<&'static Check, Finding> {
    if let Some(finding) = before_asking(target) {
        return Err(finding);
    }
    if let Some(finding) = nowhere(target) {
        return Err(finding);
    }
    let provider = target.provider;
    let is_keyless = target.key.is_none() && provider.kind != Kind::Local;
    provider
        .check
        .as_ref()
        // Where goose has other ways in, a request without a key proves nothing of them.
        .filter(|_| !is_keyless || provider.key.is_none())
        .filter(|check| target.own_host || !is_whole(check.path))
        .ok_or_else(|| unchecked(target))
}

fn unchecked(target: &Target) -> Finding {
    let provider = target.provider;
    let title = provider.title;
    let detail = match provider.unasked {
        Some(reason) => {
            format!("{title} is not asked: {reason}; a first chat will show whether it answers")
        }
        None => {
            let what = match target.key {
                Some(_) => provider.a_key(),
                None => "the credentials".to_owned(),
            };
            format!("nothing that is free of charge proves {what} of {title}; a first chat will")
        }
    };
    Finding::new(Verdict::Unproven, detail, if_sure(provider))
}

/// Some providers have no address before somebody says it.
fn nowhere(target: &Target) -> Option<Finding> {
    let provider = target.provider;
    let has_place = provider.host.is_some() && target.address().is_empty();
    has_place.then(|| {
        Finding::new(
            Verdict::Unreachable,
            format!("the address of {} is not set", provider.title),
            format!("run `goose-setup {} --host URL`", provider.id),
        )
        .because(Cause::NotThisApi)
    })
}

/// The check, and where it needs one the control beside it.
fn ask(
    http: &Http,
    target: &Target,
    check: &'static Check,
    limit: u64,
) -> (Finding, Result<Reply, Trouble>) {
    let send = |target: &Target| {
        let mut requests = 0;
        let reply = http.send(&check_call(target, check, limit), &mut requests);
        (reply, requests)
    };
    let made_up = control::key_for(target, check);
    let ((reply, requests), control) = match &made_up {
        None => (send(target), None),
        Some(key) => {
            let twin = target.with_key(key);
            std::thread::scope(|scope| {
                let control = scope.spawn(|| {
                    let (reply, requests) = send(&twin);
                    (concluded(&twin, check, reply.as_ref(), requests), requests)
                });
                let own = send(target);
                let control = control
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (own, Some(control))
            })
        }
    };
    let mut finding = concluded(target, check, reply.as_ref(), requests);
    if let Some((control, requests)) = control {
        finding.requests += requests;
        finding = control::weighed(target.provider, finding, &control);
    }
    (finding, reply)
}

fn is_also_list(provider: &Provider) -> bool {
    match (&provider.check, &provider.models) {
        (Some(check), Some(list)) => {
            check.path == list.path && check.auth == list.auth && check.method == Method::Get
        }
        _ => false,
    }
}

fn check_call<'a>(target: &'a Target, check: &'static Check, limit: u64) -> Call<'a> {
    Call {
        url: target.url(check.path),
        method: check.method,
        auth: check.auth,
        key: target.key,
        headers: check
            .headers
            .iter()
            .copied()
            .chain(target.headers())
            .collect(),
        body: check.body,
        limit,
    }
}

fn concluded(
    target: &Target,
    check: &Check,
    reply: Result<&Reply, &Trouble>,
    requests: u32,
) -> Finding {
    let finding = match reply {
        Ok(reply) => judge(target, reply, Wanted::of(check, target.provider)),
        Err(trouble) => with_help(target, check, trouble.clone().into()),
    };
    Finding {
        requests,
        ..finding
    }
}

/// A server of the user's own that does not run needs another word than a provider that is away.
fn with_help(target: &Target, check: &Check, finding: Finding) -> Finding {
    let is_own = target.own_host || target.provider.kind == Kind::Local;
    match check.start.filter(|_| is_own) {
        Some(start) if finding.cause == Some(Cause::Refused) => Finding {
            detail: format!(
                "{} is not running: {}",
                target.provider.title, finding.detail
            ),
            action: start.to_owned(),
            ..finding
        },
        _ => finding,
    }
}

fn ask_list(
    http: &Http,
    target: &Target,
    row: &'static Models,
    path: &str,
    requests: &mut u32,
) -> Listed {
    if let Some(finding) = nowhere(target) {
        return Err(finding);
    }
    let call = Call {
        url: target.url(path),
        method: Method::Get,
        auth: row.auth,
        key: target.key,
        headers: row
            .headers
            .iter()
            .copied()
            .chain(target.headers())
            .collect(),
        body: None,
        limit: LIST_LIMIT,
    };
    let reply = http.send(&call, requests).map_err(|trouble| {
        let finding = Finding::from(trouble);
        match &target.provider.check {
            Some(check) => with_help(target, check, finding),
            None => finding,
        }
    })?;
    read_list(target, &reply)
}

fn read_list(target: &Target, reply: &Reply) -> Listed {
    let Some(row) = &target.provider.models else {
        return Err(no_list(target));
    };
    let models = match (reply.status, &reply.json) {
        (200..=299, Some(json)) => models::read(row.shape, json),
        _ => None,
    };
    models.ok_or_else(|| {
        // An answer that is neither a list nor a known error is no good answer to anything else.
        let finding = judge(target, reply, Wanted::Nothing);
        if row.auth == Auth::None && finding.verdict.is_refusal() {
            // No key was sent, so none was refused.
            no_list(target)
        } else {
            finding
        }
    })
}

fn no_list(target: &Target) -> Finding {
    Finding::new(
        Verdict::Unproven,
        format!("{} shows no list of models", target.provider.title),
        "give the model with --model",
    )
}

#[cfg(test)]
mod tests;

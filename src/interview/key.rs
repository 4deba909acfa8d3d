//! The key: given, typed or already there; and proven before anything else is decided.

use std::thread::JoinHandle;

use crate::catalog::{self, Auth, Kind, Provider};
use crate::check::http::Http;
use crate::check::models::Model;
use crate::check::verdict::Verdict;
use crate::check::{self, Finding, Target};
use crate::elsewhere;
use crate::error::{Error, Result};
use crate::interview::settings::Settings;
use crate::interview::{Interview, Topic};
use crate::key_source;
use crate::login;
use crate::secret::Secret;

pub(super) enum Decided {
    Verified(Box<Verified>),
    /// It is another provider's key, and the person wants that provider.
    Belongs(&'static Provider, Secret),
}

pub(super) struct Verified {
    pub key: Option<Secret>,
    pub finding: Option<Finding>,
    pub models: Option<Vec<Model>>,
    pub notes: Vec<String>,
}

impl Decided {
    fn verified(verified: Verified) -> Self {
        Self::Verified(Box::new(verified))
    }
}

impl Verified {
    fn unasked(key: Option<Secret>) -> Self {
        Self {
            key,
            finding: None,
            models: None,
            notes: Vec::new(),
        }
    }
}

/// What came of the question for a key.
enum Asked {
    Key(Secret),
    /// The provider can do without, and shall.
    Without,
    /// The provider shall make one.
    SignIn,
    /// What was typed is no key and was said to be none.
    Again,
}

/// What a finding means for storing the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Good,
    /// A real key perhaps, but goose may not work with it now: for a person to decide, never for a script.
    Doubtful,
    Refused,
}

impl Judged {
    /// `replaces`: a stored key would go for it, so little proof is not enough.
    pub fn of(verdict: Verdict, replaces: bool) -> Self {
        match verdict {
            Verdict::Valid | Verdict::ValidRestricted => Self::Good,
            Verdict::RateLimited if !replaces => Self::Good,
            verdict if verdict.is_refusal() => Self::Refused,
            _ => Self::Doubtful,
        }
    }
}

pub(super) fn decide(
    interview: &mut Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
) -> Result<Decided> {
    let Some(fact) = &provider.key else {
        return match without_key(interview, provider, settings)? {
            Some(verified) => Ok(Decided::verified(verified)),
            None => Err(Error::unexpected(format!(
                "{} wants a key, and goose has no place for one",
                provider.title
            ))),
        };
    };
    let mut signs_in = interview.args.login;
    if signs_in {
        login::check_allowed(provider, settings.host.is_none(), interview.args.writing)?;
    }
    // A server of one's own seldom wants a key, so it is asked first and no store is touched.
    if fact.optional
        && provider.kind == Kind::Local
        && !interview.args.key.is_given()
        && let Some(verified) = without_key(interview, provider, settings)?
    {
        return Ok(Decided::verified(verified));
    }
    let stored = if settings.is_new_host {
        None
    } else {
        interview.state.secrets()?.secret(fact.variable)
    };
    let mut candidate = match interview.brought.take() {
        Some(key) => Some(key),
        None => key_source::read(&interview.args.key, interview.cx)?,
    };
    let interview = &*interview;
    let may_be_asked = interview.is_guided() && interview.topic == Topic::Everything;
    if candidate.is_none() && !signs_in && !may_be_asked {
        candidate.clone_from(&stored);
    }
    if candidate.is_none() && fact.optional && !interview.is_guided() {
        let verified = without_key(interview, provider, settings)?;
        return verified.map(Decided::verified).ok_or_else(|| {
            Error::missing(
                format!("the API key of {}", provider.title),
                "--key-stdin, --key-env VAR or --key-command CMD",
            )
        });
    }
    let http = interview.cx.network()?;
    let ahead = (candidate.is_none() && !interview.args.no_check)
        .then(|| list_ahead(&http, provider, settings))
        .flatten();
    if candidate.is_none() && !signs_in {
        introduce(interview, provider);
    }
    let mut ahead = ahead;
    let mut doubted = None;
    loop {
        let key = match candidate.take() {
            Some(key) => key,
            None if std::mem::take(&mut signs_in) => {
                login::sign_in(provider, interview.cx, interview.prompt.as_ref())?
            }
            None => match ask(
                interview,
                provider,
                settings,
                stored.as_ref(),
                doubted.as_ref(),
            )? {
                Asked::Key(key) => key,
                Asked::Again => continue,
                Asked::SignIn => match signed_in(interview, provider)? {
                    Some(key) => key,
                    None => continue,
                },
                Asked::Without => match without_key(interview, provider, settings)? {
                    Some(verified) => return Ok(Decided::verified(verified)),
                    None => continue,
                },
            },
        };
        if interview.args.no_check {
            return Ok(Decided::verified(Verified::unasked(Some(key))));
        }
        let target = target(provider, settings, Some(&key), interview);
        // The person's own time at the question does not count against the network's.
        let http = http.until(interview.cx.deadline());
        let busy = interview
            .cx
            .talk
            .busy(&format!("asking {} about the key", provider.title));
        let (finding, models) = match ahead.take() {
            Some(list) => {
                let finding = check::prove(&http, &target);
                (finding, list.join().ok().flatten())
            }
            None => {
                let proof = check::prove_and_list(&http, &target);
                (proof.finding, proof.models.ok())
            }
        };
        drop(busy);
        interview.cx.tell_requests(&http);
        let replaces = stored
            .as_ref()
            .is_some_and(|stored| !stored.is_same_as(&key));
        let verified = Verified {
            key: Some(key),
            models,
            finding: Some(finding),
            notes: Vec::new(),
        };
        match settle(interview, provider, &verified, replaces)? {
            Settled::Take => return Ok(Decided::verified(verified)),
            Settled::Belongs(other, key) => return Ok(Decided::Belongs(other, key)),
            Settled::AskAgain => doubted = None,
            Settled::Doubted => doubted = verified.key,
        }
    }
}

enum Settled {
    Take,
    Belongs(&'static Provider, Secret),
    AskAgain,
    /// Nothing is wrong with the key itself, so it may be tried again.
    Doubted,
}

fn settle(
    interview: &Interview<'_>,
    provider: &'static Provider,
    verified: &Verified,
    replaces: bool,
) -> Result<Settled> {
    let Some(finding) = &verified.finding else {
        return Ok(Settled::Take);
    };
    let talk = &interview.cx.talk;
    let judged = Judged::of(finding.verdict, replaces);
    if finding.verdict == Verdict::RateLimited && judged == Judged::Good {
        talk.warn(format!("{}, so the key is not proven", finding.detail));
        return Ok(Settled::Take);
    }
    if judged == Judged::Good {
        let account = finding
            .account
            .as_ref()
            .map(|account| format!(" · {}", account.summary()));
        talk.good(format!(
            "{} accepts the key{}",
            provider.title,
            account.unwrap_or_default()
        ));
        if finding.verdict != Verdict::Valid {
            talk.warn(&finding.detail);
        }
        return Ok(Settled::Take);
    }
    let Some(prompt) = interview.prompt.as_ref().filter(|_| interview.is_guided()) else {
        return Err(finding.clone().into_error());
    };
    talk.bad(&finding.detail);
    if judged == Judged::Refused {
        let owned = verified
            .key
            .as_ref()
            .and_then(|key| Some((catalog::owner_of_key(key)?, key)));
        if let (Verdict::WrongProvider, Some((owner, key))) = (finding.verdict, owned) {
            if prompt.confirm(&format!("Set up {} instead?", owner.title), true)? {
                return Ok(Settled::Belongs(owner, key.clone()));
            }
        } else {
            talk.hint(&finding.action);
        }
        return Ok(Settled::AskAgain);
    }
    talk.hint(&finding.action);
    let question = if replaces {
        "Replace the stored key with this one all the same?"
    } else {
        "Go on with this key all the same?"
    };
    Ok(if prompt.confirm(question, false)? {
        Settled::Take
    } else {
        Settled::Doubted
    })
}

fn introduce(interview: &Interview<'_>, provider: &Provider) {
    let page = provider.key.as_ref().and_then(|key| key.page);
    if let Some(page) = page.filter(|_| interview.prompt.is_some()) {
        interview
            .cx
            .talk
            .say(format!("  {} keys are made at {page}", provider.title));
    }
}

fn ask(
    interview: &Interview<'_>,
    provider: &Provider,
    settings: &Settings,
    stored: Option<&Secret>,
    doubted: Option<&Secret>,
) -> Result<Asked> {
    let can_sign_in =
        login::check_allowed(provider, settings.host.is_none(), interview.args.writing).is_ok();
    let Some(prompt) = &interview.prompt else {
        return Err(Error::missing(
            format!("the API key of {}", provider.title),
            if can_sign_in {
                "--key-stdin, --key-env VAR, --key-command CMD or --login"
            } else {
                "--key-stdin, --key-env VAR or --key-command CMD"
            },
        ));
    };
    let variable = provider.key.as_ref().map_or("", |key| key.variable);
    let is_optional = provider.key.as_ref().is_some_and(|key| key.optional);
    let found = interview
        .cx
        .env
        .filled(variable)
        .and_then(|value| Secret::parse(value).ok());
    let enter = match (stored, doubted, &found) {
        (Some(_), ..) => "; Enter keeps the stored one".to_owned(),
        (None, Some(_), _) => "; Enter tries the same one again".to_owned(),
        (None, None, Some(_)) => format!("; Enter takes the one in ${variable}"),
        (None, None, None) if is_optional => "; Enter goes without one".to_owned(),
        (None, None, None) if can_sign_in => "; Enter signs in with the browser".to_owned(),
        (None, None, None) => String::new(),
    };
    let typed = prompt.hidden(&format!("{} API key (hidden{enter})", provider.title))?;
    if typed.trim().is_empty() {
        match stored.or(doubted).cloned().or(found) {
            Some(key) => return Ok(Asked::Key(key)),
            None if is_optional => return Ok(Asked::Without),
            None if can_sign_in => return Ok(Asked::SignIn),
            None => {}
        }
    }
    match Secret::parse(&typed) {
        Ok(key) => Ok(Asked::Key(key)),
        Err(reason) => {
            interview.cx.talk.bad(reason.to_string());
            Ok(Asked::Again)
        }
    }
}

/// A sign-in that comes to nothing leads back to the question.
fn signed_in(interview: &Interview<'_>, provider: &'static Provider) -> Result<Option<Secret>> {
    match login::sign_in(provider, interview.cx, interview.prompt.as_ref()) {
        Ok(key) => Ok(Some(key)),
        Err(Error::Cancelled) => Ok(None),
        Err(error @ (Error::SignIn { .. } | Error::Check { .. })) => {
            interview.cx.talk.bad(error.to_string());
            interview.cx.talk.hint(error.action());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A provider without a key: nothing to prove, but its server, program or credentials have to be there. `None`: it wants
/// a key after all.
fn without_key(
    interview: &Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
) -> Result<Option<Verified>> {
    let is_given = interview.args.key.is_given() || interview.args.login;
    if is_given && provider.key.is_none() {
        return Err(Error::usage(
            format!("{} takes no API key", provider.title),
            "leave the key flag out",
        ));
    }
    if interview.args.no_check {
        return Ok(Some(Verified::unasked(None)));
    }
    if elsewhere::look(provider, &interview.state.paths, &interview.cx.env).is_some() {
        return elsewhere(interview, provider).map(Some);
    }
    let http = interview.cx.network()?;
    let target = target(provider, settings, None, interview);
    loop {
        let busy = interview
            .cx
            .talk
            .busy(&format!("looking for {}", provider.title));
        let proof = check::prove_and_list(&http.until(interview.cx.deadline()), &target);
        drop(busy);
        let verified = Verified {
            key: None,
            models: proof.models.ok(),
            finding: Some(proof.finding),
            notes: Vec::new(),
        };
        let verdict = verified.finding.as_ref().map(|finding| finding.verdict);
        if verdict == Some(Verdict::Malformed) {
            return Ok(None);
        }
        if is_server_settled(interview, provider, &verified)? {
            return Ok(Some(verified));
        }
    }
}

/// What goose uses in place of a key: what can be prepared is, and what is left to do is a note.
fn elsewhere(interview: &Interview<'_>, provider: &'static Provider) -> Result<Verified> {
    loop {
        let look = elsewhere::look(provider, &interview.state.paths, &interview.cx.env);
        let Some(look) = look else {
            return Ok(Verified::unasked(None));
        };
        let note = format!("{}; {}", look.finding.detail, look.finding.action);
        let verified = Verified {
            finding: Some(look.finding),
            notes: vec![note],
            ..Verified::unasked(None)
        };
        if look.is_ready || is_server_settled(interview, provider, &verified)? {
            return Ok(verified);
        }
    }
}

/// `false`: look again.
fn is_server_settled(
    interview: &Interview<'_>,
    provider: &Provider,
    verified: &Verified,
) -> Result<bool> {
    let Some(finding) = &verified.finding else {
        return Ok(true);
    };
    let talk = &interview.cx.talk;
    if Judged::of(finding.verdict, false) == Judged::Good {
        talk.good(format!("{} answers", provider.title));
        return Ok(true);
    }
    let Some(prompt) = interview.prompt.as_ref().filter(|_| interview.is_guided()) else {
        return Err(finding.clone().into_error());
    };
    talk.bad(&finding.detail);
    talk.hint(&finding.action);
    if prompt.confirm("Look again?", true)? {
        return Ok(false);
    }
    if prompt.confirm("Set it up all the same?", false)? {
        Ok(true)
    } else {
        Err(Error::Cancelled)
    }
}

fn target<'k>(
    provider: &'static Provider,
    settings: &Settings,
    key: Option<&'k Secret>,
    interview: &Interview<'_>,
) -> Target<'k> {
    let values = settings
        .plain
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
        .chain(
            provider
                .settings
                .iter()
                .filter(|setting| !setting.secret)
                .filter_map(|setting| {
                    let value = interview.state.config.file_setting(setting.name)?;
                    Some((setting.name.to_owned(), value))
                }),
        )
        .collect();
    Target::new(provider, settings.host.as_deref(), key).with_settings(values)
}

/// A public model list needs no key, so it loads while the person pastes theirs.
fn list_ahead(
    http: &Http,
    provider: &'static Provider,
    settings: &Settings,
) -> Option<JoinHandle<Option<Vec<Model>>>> {
    let is_public = provider
        .models
        .as_ref()
        .is_some_and(|models| models.auth == Auth::None);
    let (http, host) = (http.clone(), settings.host.clone());
    is_public.then(|| {
        std::thread::spawn(move || check::prefetch(&http, provider, host.as_deref())?.ok())
    })
}

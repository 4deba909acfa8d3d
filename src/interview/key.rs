//! The key: given, typed or already there; and proven before anything else is decided.

use std::thread::JoinHandle;

use crate::catalog::{self, Auth, Kind, Login, Provider};
use crate::check::http::Http;
use crate::check::models::Model;
use crate::check::{self, Target};
use crate::error::{Error, Result};
use crate::import::Found;
use crate::interview::settings::Settings;
use crate::interview::verified::{Judged, Verified, target};
use crate::interview::{Interview, Topic, without_key};
use crate::key_source;
use crate::login;
use crate::secret::Secret;
use crate::verdict::Verdict;

pub(super) enum Decided {
    Verified(Box<Verified>),
    /// It is another provider's key, and the person wants that provider.
    Belongs(&'static Provider, Secret),
}

impl Decided {
    fn verified(verified: Verified) -> Self {
        Self::Verified(Box::new(verified))
    }
}

/// What came of the question for a key.
enum Asked {
    Key(Secret),
    /// The provider can do without, and shall.
    Without,
    /// The provider shall make one.
    SignIn(&'static Login),
    /// What was typed is no key and was said to be none.
    Again,
}

/// The keys that Enter alone may stand for, the first of them first.
struct AtHand<'i> {
    stored: Option<Secret>,
    /// Nothing was wrong with the key itself, so it may be tried again.
    doubted: Option<Secret>,
    found: Vec<&'i Found>,
}

impl AtHand<'_> {
    fn first(&self) -> Option<&Secret> {
        let found = self.found.first().map(|found| &found.key);
        self.stored.as_ref().or(self.doubted.as_ref()).or(found)
    }

    /// What Enter would take, in words.
    fn words(&self) -> Option<String> {
        if self.stored.is_some() {
            return Some("keeps the stored one".into());
        }
        if self.doubted.is_some() {
            return Some("tries the same one again".into());
        }
        let found = self.found.first()?;
        Some(format!(
            "takes {} from {}",
            found.key.fingerprint(),
            found.places()
        ))
    }

    /// It is not offered again.
    fn refused(&mut self, key: Option<&Secret>) {
        self.doubted = None;
        self.found
            .retain(|found| !key.is_some_and(|key| key.is_same_as(&found.key)));
    }

    /// What is to be said of copies of `key` that anybody can read.
    fn copies(&self, key: &Secret) -> Vec<String> {
        let known = self.found.iter().find(|found| found.key.is_same_as(key));
        known.into_iter().flat_map(|found| found.copies()).collect()
    }
}

pub(super) fn decide(
    interview: &mut Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
) -> Result<Decided> {
    let Some(fact) = &provider.key else {
        return match without_key::decide(interview, provider, settings)? {
            Some(verified) => Ok(Decided::verified(verified)),
            None => Err(Error::unexpected(format!(
                "{} wants a key, and goose has no place for one",
                provider.title
            ))),
        };
    };
    let may_sign_in = || login::allowed(provider, settings.host.is_none(), interview.args.writing);
    let mut sign_in = interview.args.login.then(may_sign_in).transpose()?;
    // A server of one's own seldom wants a key, so it is asked first and no store is touched.
    if fact.optional
        && provider.kind == Kind::Local
        && !interview.args.key.is_given()
        && let Some(verified) = without_key::decide(interview, provider, settings)?
    {
        return Ok(Decided::verified(verified));
    }
    let held = interview.state.secrets()?.secret(fact.variable);
    // It was not meant for a new host, but it is what a key for that would replace.
    let stored = held.clone().filter(|_| !settings.is_new_host);
    let mut candidate = match interview.brought.take() {
        Some(key) => Some(key),
        None => key_source::read(&interview.args.key, interview.cx)?,
    };
    let interview = &*interview;
    let may_be_asked = interview.is_guided() && interview.topic == Topic::Everything;
    if candidate.is_none() && sign_in.is_none() && !may_be_asked {
        candidate.clone_from(&stored);
    }
    if candidate.is_none() && fact.optional && !interview.is_guided() {
        let verified = without_key::decide(interview, provider, settings)?;
        return verified.map(Decided::verified).ok_or_else(|| {
            Error::missing(
                format!("the {} of {}", provider.name_of_key(), provider.title),
                "--key-stdin, --key-env VAR or --key-command CMD",
            )
        });
    }
    let http = interview.cx.network()?;
    let ahead = (candidate.is_none() && !interview.args.no_check)
        .then(|| list_ahead(&http, target(provider, settings, None, interview)))
        .flatten();
    if candidate.is_none() && sign_in.is_none() {
        introduce(interview, provider);
    }
    let mut ahead = ahead;
    let mut at_hand = AtHand {
        stored,
        doubted: None,
        found: interview.keys_around(provider),
    };
    loop {
        let asked = match (candidate.take(), sign_in) {
            (Some(key), _) => Asked::Key(key),
            (None, Some(login)) => {
                sign_in = None;
                let prompt = interview.prompt.as_ref();
                Asked::Key(login::sign_in(provider, login, interview.cx, prompt)?)
            }
            (None, None) => ask(interview, provider, settings, &at_hand)?,
        };
        let key = match asked {
            Asked::Key(key) => key,
            Asked::Again => continue,
            Asked::SignIn(login) => match signed_in(interview, provider, login)? {
                Some(key) => key,
                None => continue,
            },
            Asked::Without => match without_key::decide(interview, provider, settings)? {
                Some(verified) => return Ok(Decided::verified(verified)),
                None => continue,
            },
        };
        let copies = at_hand.copies(&key);
        if interview.args.no_check {
            return Ok(Decided::verified(Verified {
                notes: copies,
                ..Verified::unasked(Some(key))
            }));
        }
        let target = target(provider, settings, Some(&key), interview);
        let busy = interview
            .cx
            .talk
            .busy(&format!("asking {} about the key", provider.title));
        let (finding, models) = match ahead.take() {
            Some(list) => {
                let finding = check::prove(&http, &target);
                let models = list.join().ok().flatten();
                // The person's time at the question was long enough for whatever went wrong to pass.
                let is_wanted = models.is_none() && !finding.verdict.is_refusal();
                let again = is_wanted.then(|| check::list(&http, &target).ok());
                (finding, models.or(again.flatten()))
            }
            None => {
                let proof = check::prove_and_list(&http, &target);
                (proof.finding, proof.models.ok())
            }
        };
        drop(busy);
        interview.cx.tell_requests(&http);
        let replaces = held.as_ref().is_some_and(|held| !held.is_same_as(&key));
        let verified = Verified {
            key: Some(key),
            models,
            finding: Some(finding),
            notes: copies,
            ..Verified::unasked(None)
        };
        match settle(interview, provider, &verified, replaces)? {
            Settled::Take => return Ok(Decided::verified(verified)),
            Settled::Belongs(other, key) => return Ok(Decided::Belongs(other, key)),
            Settled::AskAgain => at_hand.refused(verified.key.as_ref()),
            Settled::Doubted => at_hand.doubted = verified.key,
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
            "{} accepts the {}{}",
            provider.title,
            provider.key_in_short(),
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
    if judged == Judged::Refused {
        talk.bad(&finding.detail);
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
    // Nothing that could prove it exists: that is no fault of the key, and the question says all there is to do.
    let is_unprovable = finding.verdict == Verdict::Unproven;
    if is_unprovable {
        talk.warn(&finding.detail);
    } else {
        talk.bad(&finding.detail);
        talk.hint(&finding.action);
    }
    let word = provider.key_in_short();
    let question = if replaces {
        format!("Replace the stored {word} with this one all the same?")
    } else {
        format!("Go on with this {word} all the same?")
    };
    Ok(if prompt.confirm(&question, is_unprovable && !replaces)? {
        Settled::Take
    } else {
        Settled::Doubted
    })
}

fn introduce(interview: &Interview<'_>, provider: &Provider) {
    let page = provider.key.as_ref().and_then(|key| key.page);
    if let Some(page) = page.filter(|_| interview.prompt.is_some()) {
        interview.cx.talk.say(format!(
            "  {} {}s are made at {page}",
            provider.title,
            provider.key_in_short()
        ));
    }
}

fn ask(
    interview: &Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
    at_hand: &AtHand<'_>,
) -> Result<Asked> {
    let login = login::allowed(provider, settings.host.is_none(), interview.args.writing).ok();
    let Some(prompt) = &interview.prompt else {
        return Err(Error::missing(
            format!("the {} of {}", provider.name_of_key(), provider.title),
            if login.is_some() {
                "--key-stdin, --key-env VAR, --key-command CMD or --login"
            } else {
                "--key-stdin, --key-env VAR or --key-command CMD"
            },
        ));
    };
    // A server of one's own was asked before, and wants one.
    let is_optional =
        provider.kind != Kind::Local && provider.key.as_ref().is_some_and(|key| key.optional);
    let enter = at_hand.words().or_else(|| {
        Some(match (&provider.chain, &provider.sign_in) {
            (Some(chain), _) if is_optional => format!("uses the credentials of {}", chain.title),
            (_, Some(_)) if is_optional => "lets goose sign in".into(),
            _ if is_optional => "goes without one".into(),
            _ if login.is_some() => "signs in with the browser".into(),
            _ => return None,
        })
    });
    let enter = enter.map_or(String::new(), |does| format!("; Enter {does}"));
    let typed = prompt.hidden(&format!(
        "{} {} (hidden{enter})",
        provider.title,
        provider.name_of_key()
    ))?;
    if typed.trim().is_empty() {
        match (at_hand.first(), login) {
            (Some(key), _) => return Ok(Asked::Key(key.clone())),
            (None, _) if is_optional => return Ok(Asked::Without),
            (None, Some(login)) => return Ok(Asked::SignIn(login)),
            (None, None) => {}
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
fn signed_in(
    interview: &Interview<'_>,
    provider: &'static Provider,
    login: &'static Login,
) -> Result<Option<Secret>> {
    match login::sign_in(provider, login, interview.cx, interview.prompt.as_ref()) {
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

/// A public model list needs no key, so it loads while the person pastes theirs.
fn list_ahead(http: &Http, target: Target<'static>) -> Option<JoinHandle<Option<Vec<Model>>>> {
    let models = target.provider.models.as_ref();
    let is_public = models.is_some_and(|models| models.auth == Auth::None);
    let http = http.clone();
    is_public.then(|| std::thread::spawn(move || check::prefetch(&http, &target)?.ok()))
}

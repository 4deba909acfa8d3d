//! `goose-setup key set`: a new key takes the place of the stored one, once it is proven.

use serde_json::json;

use super::key_of;
use crate::catalog::Provider;
use crate::check::{self, Finding};
use crate::cli::KeySetArgs;
use crate::consent::Outcome;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::goose::activate::Change;
use crate::interview::Judged;
use crate::interview::provider::named;
use crate::key_source;
use crate::login;
use crate::plan::{self, Plan};
use crate::prompt::Prompt;
use crate::report::{Report, Written};
use crate::secret::Secret;
use crate::secrets::StoreKind;
use crate::shadows;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;
use crate::{consent, running, view};

pub(super) fn run(args: &KeySetArgs, cx: &Context) -> Result<Report> {
    let provider = named(&args.provider)?;
    let fact = key_of(provider)?;
    consent::begin(args.writing, cx)?;
    let state = cx.look()?.with_store(args.store);
    let seen = state.secrets()?;
    let store = match args.store {
        Some(store) => store,
        None => seen.used()?,
    };
    seen.usable(store)?;
    let prompt = cx.prompt();
    let given = match key_source::read(&args.key, cx)? {
        None if args.login => {
            let own_host = stored_key::target(provider, None, cx, &state).own_host;
            let login = login::allowed(provider, own_host, args.writing)?;
            Some(login::sign_in(provider, login, cx, prompt.as_ref())?)
        }
        given => given,
    };
    let proving = Proving {
        provider,
        stored: seen.secret(fact.variable),
        is_asked: !args.no_check,
        prompt: prompt.as_ref().filter(|_| !args.writing.yes),
        cx,
        state: &state,
    };
    let (key, finding) = match (given, prompt.as_ref()) {
        (Some(key), _) => {
            let finding = proving.prove(&key)?;
            (key, finding)
        }
        (None, Some(prompt)) => proving.ask_until_proven(prompt)?,
        (None, None) => {
            return Err(Error::missing(
                format!("the new key of {}", provider.title),
                "--key-stdin, --key-env VAR or --key-command CMD",
            ));
        }
    };
    let mut plan = Plan {
        secrets: plan::secret_change(seen, store, &[(fact.variable.to_owned(), key.clone())], &[]),
        ..Plan::titled(format!("replace the key of {}", provider.title))
    };
    if args.store.is_some() {
        plan.change_config(
            &state.config,
            &Change {
                activate: false,
                provider: provider.id.to_owned(),
                model: None,
                settings: Vec::new(),
                keyring_off: Some(store == StoreKind::File),
            },
        )?;
    }
    let verdict = finding
        .as_ref()
        .map_or(Verdict::Unproven, |finding| finding.verdict);
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    let running = matches!(outcome, Outcome::Changed).then(|| running::note(cx));
    let head = match outcome {
        Outcome::Shown(text) => text,
        Outcome::NothingToDo => format!(
            "nothing to change: this key of {} is stored already\n",
            provider.title
        ),
        Outcome::Changed => format!(
            "the key of {} is {} in {}\n",
            provider.title,
            key.fingerprint(),
            view::store(store, &state.paths.secrets, &cx.env)
        ),
    };
    let written = Written::of(&plan, args.writing.dry_run)
        .noting(running.flatten())
        .against(Some(shadows::of_key(&cx.env, provider, &key)));
    let text = format!("{head}{}", written.lines());
    let own = json!({"provider": provider.id, "verdict": verdict, "store": store});
    Ok(written.report(own, text))
}

/// What a new key has to stand up to before it takes the place of the stored one.
struct Proving<'a> {
    provider: &'static Provider,
    stored: Option<Secret>,
    /// `false` with `--no-check`.
    is_asked: bool,
    /// Somebody who decides where the provider's answer leaves a doubt.
    prompt: Option<&'a Prompt>,
    cx: &'a Context,
    state: &'a State,
}

impl Proving<'_> {
    /// A key that is typed may be typed again.
    fn ask_until_proven(&self, prompt: &Prompt) -> Result<(Secret, Option<Finding>)> {
        loop {
            let provider = self.provider;
            let typed = prompt.hidden(&format!(
                "New {} {} (hidden)",
                provider.title,
                provider.name_of_key()
            ))?;
            let proven = Secret::parse(&typed)
                .map_err(key_source::malformed)
                .and_then(|key| Ok((key.clone(), self.prove(&key)?)));
            match proven {
                Err(error) if error.exit() == Exit::KeyRefused && self.prompt.is_some() => {
                    self.cx.talk.bad(error.to_string());
                    self.cx.talk.hint(error.action());
                }
                settled => return settled,
            }
        }
    }

    fn prove(&self, key: &Secret) -> Result<Option<Finding>> {
        if !self.is_asked {
            return Ok(None);
        }
        let (cx, title) = (self.cx, self.provider.title);
        let finding = {
            let http = cx.network()?;
            let _busy = cx.talk.busy(&format!("asking {title} about the key"));
            let target = stored_key::target(self.provider, Some(key), cx, self.state);
            let finding = check::prove(&http, &target);
            cx.tell_requests(&http);
            finding
        };
        let replaces = self
            .stored
            .as_ref()
            .is_some_and(|stored| !stored.is_same_as(key));
        match (Judged::of(finding.verdict, replaces), self.prompt) {
            (Judged::Good, _) => Ok(Some(finding)),
            (Judged::Doubtful, Some(prompt)) => {
                cx.talk.bad(&finding.detail);
                cx.talk.hint(&finding.action);
                if prompt.confirm("Store this key all the same?", false)? {
                    Ok(Some(finding))
                } else {
                    Err(Error::Cancelled)
                }
            }
            _ => Err(finding.into_error()),
        }
    }
}

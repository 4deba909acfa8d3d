//! A new endpoint, or another look at one that is set up: find out, ask what is open, plan, show, apply, prove.

use serde_json::{Map, Value, json};

use crate::catalog::{self, Provider};
use crate::check::http::Http;
use crate::check::models::Model;
use crate::check::verdict::{Cause, Verdict};
use crate::check::{self, Finding, Target};
use crate::cli::{CustomEditArgs, CustomWishes, EngineArg, SetupArgs, StoreArg};
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::custom::definition::{self, Served, Wanted};
use crate::custom::details;
use crate::custom::endpoint::Endpoint;
use crate::custom::probe::{self, Found};
use crate::custom::row;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::fsio::{self, Privacy, Snapshot};
use crate::goose::activate::Change;
use crate::goose::custom::{Custom, Definition, Engine, key_name};
use crate::interview::{Interview, Judged, model, store};
use crate::key_source;
use crate::plan::{self, FileChange, Plan, StoreChoice};
use crate::proof;
use crate::report::Report;
use crate::secret::Secret;
use crate::secrets::StoreKind;
use crate::shadows::{Expected, Shadow};
use crate::state::State;
use crate::view;

pub(super) fn add(url: Option<&str>, wishes: &CustomWishes, cx: &Context) -> Result<Report> {
    run(url, wishes, None, cx)
}

pub(super) fn edit(args: &CustomEditArgs, cx: &Context) -> Result<Report> {
    run(args.url.as_deref(), &args.wishes, Some(&args.id), cx)
}

fn run(url: Option<&str>, wishes: &CustomWishes, id: Option<&str>, cx: &Context) -> Result<Report> {
    if url.is_none() && id.is_none() && !cx.env.can_prompt() {
        return Err(Error::missing(
            "the address of the endpoint",
            "it, such as `goose-setup custom https://llm.example.com/v1`",
        ));
    }
    consent::begin(wishes.writing, cx)?;
    let mut state = cx.look()?;
    if wishes.store == Some(StoreArg::Keychain) {
        state.places.keyring_off = false;
    }
    let custom = Custom::read(&state.paths)?;
    // With one of these in the folder goose would not know the new provider's neighbours any more.
    if let Some(broken) = custom.broken.first() {
        return Err(broken.clone().into());
    }
    let former = id.map(|id| Former::read(id, &custom)).transpose()?;
    let args = SetupArgs {
        model: wishes.model.clone(),
        key: wishes.key.clone(),
        store: wishes.store,
        no_check: wishes.no_check,
        writing: wishes.writing,
        ..SetupArgs::default()
    };
    let mut interview = Interview::new(cx, &args, &state, cx.prompt());
    for (definition, path) in &custom.providers {
        if catalog::is_goose_id(&definition.name) {
            interview.notes.push(format!(
                "{} takes the place of goose's own {}",
                view::path(path, &cx.env),
                definition.name
            ));
        }
    }
    let mut answers = decide(&mut interview, url, wishes, former.as_ref(), &custom)?;
    let plan = draw_up(&answers, former.as_ref(), &state)?;
    let outcome = consent::carry_out(&plan, wishes.writing, interview.prompt.as_ref(), cx, &state)?;
    answers.notes.append(&mut interview.notes);
    finish(&answers, &plan, outcome, cx, &state)
}

/// The endpoint as it is set up now.
struct Former {
    definition: Definition,
    file: Snapshot,
    fields: Map<String, Value>,
}

impl Former {
    fn read(id: &str, custom: &Custom) -> Result<Self> {
        let (definition, path) = super::named(id, custom)?;
        let file = fsio::read(path)?;
        let bytes = file.bytes.as_deref().unwrap_or_default();
        Ok(Self {
            definition: definition.clone(),
            fields: serde_json::from_slice(bytes)
                .map_err(|_| Error::Changed { path: path.clone() })?,
            file,
        })
    }
}

struct Answers {
    wanted: Wanted,
    row: &'static Provider,
    model: String,
    key: Option<Secret>,
    store: Option<StoreChoice>,
    finding: Option<Finding>,
    requests: u32,
    /// It becomes the active provider; a change of an idle one leaves it idle.
    activates: bool,
    notes: Vec<String>,
}

fn decide(
    interview: &mut Interview<'_>,
    url: Option<&str>,
    wishes: &CustomWishes,
    former: Option<&Former>,
    custom: &Custom,
) -> Result<Answers> {
    let typed = match (url, former, &interview.prompt) {
        (Some(url), _, _) => url.to_owned(),
        (None, Some(former), _) => former.definition.base_url.clone(),
        (None, None, Some(prompt)) => prompt.text(
            "Address of the endpoint (host, base address or full path)",
            "",
        )?,
        (None, None, None) => {
            return Err(Error::missing("the address of the endpoint", "it"));
        }
    };
    let mut endpoint = Endpoint::parse(&typed)?;
    let only = wishes.engine.map(|engine| match engine {
        EngineArg::Openai => Engine::Openai,
        EngineArg::Anthropic => Engine::Anthropic,
        EngineArg::Ollama => Engine::Ollama,
    });
    let mut notes = Vec::new();
    let survey = if wishes.no_check {
        Survey::unasked(&endpoint, only, interview)?
    } else {
        let first = look(interview, &mut endpoint, only)?;
        Survey::with_key(first, &endpoint, only, former, interview)?
    };
    if survey.key.is_some() && endpoint.is_readable_by_others() {
        notes.push(format!(
            "{} is not encrypted: everybody on the way can read the key",
            endpoint.origin
        ));
    }
    if endpoint.query.is_some() && survey.engine != Engine::Openai {
        notes.push("goose leaves out what stands after the `?` of this address".into());
    }
    if let Some(known) = built_in_at(&endpoint) {
        notes.push(format!(
            "goose knows this address as {id}: `goose-setup {id}` sets it up with all that goose knows of it",
            id = known.id
        ));
    }
    let title = match (&wishes.name, former) {
        (Some(name), _) => name.trim().to_owned(),
        (None, Some(former)) => former.definition.display_name.clone(),
        (None, None) => endpoint.host().to_owned(),
    };
    let id = match former {
        Some(former) => former.definition.name.clone(),
        None => again(&title, custom, &survey, &endpoint).map_or_else(
            || {
                let folder = &interview.state.paths.custom_providers;
                let is_file = |id: &str| fsio::is_file(&folder.join(format!("{id}.json")));
                definition::id_for(&title, custom, &is_file)
            },
            Ok,
        )?,
    };
    let key_name = survey.key.as_ref().map(|_| {
        let kept = former.map(|former| former.definition.api_key_env.clone());
        kept.filter(|name| !name.is_empty())
            .unwrap_or_else(|| key_name(&id))
    });
    let mut wanted = Wanted {
        id,
        title,
        engine: survey.engine,
        base_url: endpoint.base_url(survey.engine, &survey.base),
        models: Vec::new(),
        key_name,
        lists: survey.lists,
    };
    let model = choose_model(interview, &wanted, &survey.models, &mut notes)?;
    wanted.models = served(&model, &survey.models, former);
    let row = row_of(&wanted)?;
    let active = interview.state.config.active(&Env::default()).provider;
    let store = survey
        .key
        .is_some()
        .then(|| store::decide(interview))
        .transpose()?;
    Ok(Answers {
        activates: former.is_none() || active.is_some_and(|active| active.value == wanted.id),
        row,
        model,
        key: survey.key,
        store,
        finding: survey.finding,
        requests: survey.requests,
        wanted,
        notes,
    })
}

/// What was found out of the endpoint, and the key for it.
struct Survey {
    engine: Engine,
    base: String,
    models: Vec<Model>,
    lists: bool,
    key: Option<Secret>,
    finding: Option<Finding>,
    requests: u32,
}

impl Survey {
    /// `--no-check`: believes what is said, and what the address itself tells.
    fn unasked(
        endpoint: &Endpoint,
        only: Option<Engine>,
        interview: &Interview<'_>,
    ) -> Result<Self> {
        let engine = only.or(endpoint.hint).unwrap_or(Engine::Openai);
        Ok(Self {
            engine,
            base: first_base(endpoint, engine),
            models: Vec::new(),
            lists: true,
            key: key_source::read(&interview.args.key, interview.cx)?,
            finding: None,
            requests: 0,
        })
    }

    fn with_key(
        first: Found,
        endpoint: &Endpoint,
        only: Option<Engine>,
        former: Option<&Former>,
        interview: &Interview<'_>,
    ) -> Result<Self> {
        let wants_key = first.door.wants_key();
        let mut candidate = key_source::read(&interview.args.key, interview.cx)?;
        let talk = &interview.cx.talk;
        if interview.prompt.is_some() {
            talk.good(format!(
                "{} answers in the style of {}{}",
                first.door.base,
                first.door.engine.title(),
                if wants_key { ", and wants a key" } else { "" }
            ));
        }
        if !wants_key && candidate.is_none() {
            return Ok(Self::of(
                first,
                None,
                None,
                endpoint,
                &interview.cx.network()?,
            ));
        }
        let stored = stored_key(endpoint, former, interview)?;
        if candidate.is_none() && !interview.is_guided() {
            candidate.clone_from(&stored);
        }
        loop {
            let key = match candidate.take() {
                Some(key) => key,
                None => match ask_key(interview, endpoint, stored.as_ref())? {
                    Some(key) => key,
                    None => continue,
                },
            };
            let http = interview.cx.network()?;
            let busy = talk.busy("asking the endpoint about the key");
            let outcome = probe::look(&http, endpoint, only, Some(&key))
                .map(|with| judged(&first, with, &key, endpoint, &http));
            drop(busy);
            interview.cx.tell_requests(&http);
            let (with, finding) = match outcome {
                Ok((with, finding)) => (Some(with), finding),
                Err(finding) => (None, finding),
            };
            let replaces = stored
                .as_ref()
                .is_some_and(|stored| !stored.is_same_as(&key));
            if is_taken(interview, &finding, replaces)? {
                let mut found = with.unwrap_or(first);
                found.requests += finding.requests;
                return Ok(Self::of(found, Some(key), Some(finding), endpoint, &http));
            }
        }
    }

    fn of(
        found: Found,
        key: Option<Secret>,
        finding: Option<Finding>,
        endpoint: &Endpoint,
        http: &Http,
    ) -> Self {
        let models = details::models(http, endpoint, &found.door, key.as_ref());
        Self {
            engine: found.door.engine,
            lists: found.door.lists(),
            finding: finding.or_else(|| {
                Some(Finding::new(
                    Verdict::Valid,
                    "the endpoint answers without a key",
                    "",
                ))
            }),
            base: found.door.base,
            models,
            key,
            requests: found.requests,
        }
    }
}

/// Knocks without a key. A scheme that was only guessed is tried the other way round too.
fn look(interview: &Interview<'_>, endpoint: &mut Endpoint, only: Option<Engine>) -> Result<Found> {
    let http = interview.cx.network()?;
    let _busy = interview
        .cx
        .talk
        .busy(&format!("looking at {}", endpoint.host()));
    let mut outcome = probe::look(&http, endpoint, only, None);
    let is_other_scheme_worth_it = |finding: &Finding| {
        endpoint.is_scheme_guessed
            && matches!(
                finding.cause,
                Some(Cause::Tls | Cause::Refused | Cause::NotThisApi)
            )
    };
    if outcome.as_ref().is_err_and(is_other_scheme_worth_it) {
        let other = endpoint.with_other_scheme();
        if let Err(finding) = &outcome
            && other.is_readable_by_others()
        {
            // Whoever stands between could have broken https so that the key comes along in the clear.
            return Err(Error::usage(
                format!("https does not work there: {}", finding.detail),
                "write http:// yourself if you mean it: everybody on the way could read the key",
            ));
        }
        let http = http.until(interview.cx.deadline());
        if let Ok(found) = probe::look(&http, &other, only, None) {
            *endpoint = other;
            outcome = Ok(found);
        }
    }
    interview.cx.tell_requests(&http);
    outcome.map_err(Finding::into_error)
}

/// What two looks, without the key and with it, say of the key.
fn judged(
    without: &Found,
    with: Found,
    key: &Secret,
    endpoint: &Endpoint,
    http: &Http,
) -> (Found, Finding) {
    let refuses = |answer: &probe::Answer| answer.as_ref().is_ok_and(probe::is_refusal);
    let title = endpoint.host();
    let finding = if !without.door.wants_key() {
        Finding::new(
            Verdict::Unproven,
            format!("{title} answers without a key too, so nothing proves this one"),
            "leave the key out, or go on with --no-check if you are sure of it",
        )
    } else if refuses(&without.door.list) && !with.door.has_no_list() {
        proven_by_list(&with, key, endpoint, http)
    } else if refuses(&with.door.chat) {
        Finding::new(
            Verdict::Invalid,
            format!("{title} does not accept this key"),
            "copy it again, or make a new one",
        )
    } else {
        Finding::new(Verdict::Valid, format!("{title} accepts this key"), "")
    };
    (with, finding)
}

/// The list is behind the key, so what it answers is judged as for every other provider.
fn proven_by_list(with: &Found, key: &Secret, endpoint: &Endpoint, http: &Http) -> Finding {
    let wanted = Wanted {
        id: "custom".into(),
        title: endpoint.host().to_owned(),
        engine: with.door.engine,
        base_url: endpoint.base_url(with.door.engine, &with.door.base),
        models: Vec::new(),
        key_name: Some(key_name("custom")),
        lists: true,
    };
    match row_of(&wanted) {
        Ok(row) => check::prove(http, &Target::new(row, None, Some(key))),
        Err(error) => Finding::new(Verdict::Unproven, error.to_string(), error.action()),
    }
}

fn is_taken(interview: &Interview<'_>, finding: &Finding, replaces: bool) -> Result<bool> {
    let talk = &interview.cx.talk;
    let judged = Judged::of(finding.verdict, replaces);
    if judged == Judged::Good {
        if interview.prompt.is_some() {
            talk.good(&finding.detail);
        }
        return Ok(true);
    }
    let Some(prompt) = interview.prompt.as_ref().filter(|_| interview.is_guided()) else {
        return Err(finding.clone().into_error());
    };
    talk.bad(&finding.detail);
    talk.hint(&finding.action);
    if judged == Judged::Refused {
        return Ok(false);
    }
    prompt.confirm("Go on with this key all the same?", false)
}

/// The key that is stored for this endpoint, unless the address is another one now: it was not meant for that.
fn stored_key(
    endpoint: &Endpoint,
    former: Option<&Former>,
    interview: &Interview<'_>,
) -> Result<Option<Secret>> {
    let Some(former) = former.filter(|former| former.definition.requires_auth) else {
        return Ok(None);
    };
    let is_same_place = Endpoint::parse(&former.definition.base_url)
        .is_ok_and(|before| before.origin == endpoint.origin);
    if !is_same_place {
        return Ok(None);
    }
    Ok(interview
        .state
        .secrets()?
        .secret(&former.definition.api_key_env))
}

fn ask_key(
    interview: &Interview<'_>,
    endpoint: &Endpoint,
    stored: Option<&Secret>,
) -> Result<Option<Secret>> {
    let host = endpoint.host();
    let Some(prompt) = &interview.prompt else {
        return Err(Error::missing(
            format!("the key that {host} wants"),
            "--key-stdin, --key-env VAR or --key-command CMD",
        ));
    };
    let question = match stored {
        Some(_) => format!("Key for {host} (hidden; Enter keeps the stored one)"),
        None => format!("Key for {host} (hidden)"),
    };
    let typed = prompt.hidden(&question)?;
    if typed.trim().is_empty()
        && let Some(stored) = stored
    {
        return Ok(Some(stored.clone()));
    }
    match Secret::parse(&typed) {
        Ok(key) => Ok(Some(key)),
        Err(reason) => {
            interview.cx.talk.bad(reason.to_string());
            Ok(None)
        }
    }
}

fn choose_model(
    interview: &Interview<'_>,
    wanted: &Wanted,
    models: &[Model],
    notes: &mut Vec<String>,
) -> Result<String> {
    let configured = interview.state.config.model_of(&wanted.id);
    let given = interview.args.model.as_deref().map(str::trim);
    if let Some(given) = given {
        if given.is_empty() || given.chars().any(char::is_control) {
            return Err(Error::usage(
                "--model is empty",
                "name a model, or leave the flag out",
            ));
        }
        notes.extend(model::doubt(given, models, row_of(wanted)?));
        return Ok(given.to_owned());
    }
    if interview.is_guided() {
        return model::ask(
            interview,
            row_of(wanted)?,
            Some(models),
            configured.as_deref(),
        );
    }
    match (configured, models) {
        (Some(model), _) => Ok(model),
        (None, [only]) => Ok(only.id.clone()),
        (None, []) => Err(Error::missing("the model", "--model MODEL")),
        (None, models) => {
            let some: Vec<&str> = models.iter().take(3).map(|model| &*model.id).collect();
            Err(Error::missing(
                "the model",
                format!("--model MODEL, such as {}", some.join(", ")),
            ))
        }
    }
}

/// The chosen model first. What the endpoint does not list now stays as the file has it.
fn served(model: &str, models: &[Model], former: Option<&Former>) -> Vec<Served> {
    let mut all: Vec<Served> = models
        .iter()
        .map(|model| Served {
            id: model.id.clone(),
            context: model.context,
        })
        .collect();
    if let Some(former) = former.filter(|_| all.is_empty()) {
        all.extend(former.definition.models.iter().map(|model| Served {
            id: model.name.clone(),
            context: model.context_limit,
        }));
    }
    if all.iter().all(|served| served.id != model) {
        all.push(Served {
            id: model.to_owned(),
            context: None,
        });
    }
    all.sort_by_key(|served| served.id != model);
    all
}

/// The very endpoint is set up already under this name, so this is another look at it and no second one.
fn again(title: &str, custom: &Custom, survey: &Survey, endpoint: &Endpoint) -> Option<String> {
    let base_url = endpoint.base_url(survey.engine, &survey.base);
    custom
        .providers
        .iter()
        .find(|(known, _)| known.display_name == title && known.base_url == base_url)
        .map(|(known, _)| known.name.clone())
}

fn built_in_at(endpoint: &Endpoint) -> Option<&'static Provider> {
    catalog::all().iter().find(|provider| {
        let is_public = provider.base.starts_with("https://");
        is_public
            && Endpoint::parse(provider.base).is_ok_and(|known| known.origin == endpoint.origin)
    })
}

fn first_base(endpoint: &Endpoint, engine: Engine) -> String {
    let mut bases = endpoint.bases(engine);
    if bases.is_empty() {
        endpoint.origin.clone()
    } else {
        bases.swap_remove(0)
    }
}

fn row_of(wanted: &Wanted) -> Result<&'static Provider> {
    serde_json::from_str::<Definition>(&wanted.text(None))
        .ok()
        .and_then(|definition| row::of(&definition))
        .map(|row| &*Box::leak(Box::new(row)))
        .ok_or_else(|| Error::unexpected(format!("{} cannot be described", wanted.base_url)))
}

fn draw_up(answers: &Answers, former: Option<&Former>, state: &State) -> Result<Plan> {
    let wanted = &answers.wanted;
    let mut plan = Plan::titled(format!("set up {}", wanted.title));
    if let (Some(key), Some(name), Some(store)) = (&answers.key, &wanted.key_name, answers.store) {
        let set = [(name.clone(), key.clone())];
        plan.secrets = plan::secret_change(state.secrets()?, store.kind, &set, &[]);
    } else if former.is_some_and(|former| former.definition.api_key_env == key_name(&wanted.id)) {
        // The endpoint asks for no key any more, and this name was made for it alone.
        let seen = state.secrets()?;
        if let Some(store) = seen.read_from() {
            plan.secrets = plan::secret_change(seen, store, &[], &[key_name(&wanted.id)]);
        }
    }
    let file = match former {
        Some(former) => former.file.clone(),
        None => fsio::read(
            &state
                .paths
                .custom_providers
                .join(format!("{}.json", wanted.id)),
        )?,
    };
    let fields: Option<Map<String, Value>> = match former {
        Some(former) => Some(former.fields.clone()),
        None => file
            .bytes
            .as_deref()
            .and_then(|bytes| serde_json::from_slice(bytes).ok()),
    };
    let text = wanted.text(fields.as_ref());
    // Before the config, which names it.
    plan.files
        .extend(FileChange::to(&file, text.into_bytes(), Privacy::Private));
    plan.change_config(
        &state.config,
        &Change {
            activate: answers.activates,
            provider: wanted.id.clone(),
            model: Some(answers.model.clone()),
            settings: Vec::new(),
            keyring_off: answers
                .store
                .filter(|store| store.on_request)
                .map(|store| store.kind == StoreKind::File),
        },
    )?;
    Ok(plan)
}

fn finish(
    answers: &Answers,
    plan: &Plan,
    outcome: Outcome,
    cx: &Context,
    state: &State,
) -> Result<Report> {
    let title = &answers.wanted.title;
    let (is_dry, mut text) = match outcome {
        Outcome::Shown(text) => (true, text),
        Outcome::NothingToDo => (false, "nothing to change: ".to_owned()),
        Outcome::Changed => (false, String::new()),
    };
    let mut shadows = None;
    if !is_dry {
        let found = proven(answers, cx)?;
        text.push_str(&match &found {
            None => format!("{title} is as you said; goose goes on using another provider\n"),
            Some(shadows) => format!(
                "goose {} {title} with {}\n",
                if shadows.is_empty() {
                    "uses"
                } else {
                    "would use"
                },
                answers.model
            ),
        });
        for note in plan.notes.iter().chain(&answers.notes) {
            text.push_str(&format!("note: {note}\n"));
        }
        for shadow in found.iter().flatten() {
            text.push_str(&format!("warning: {}\n", shadow.sentence()));
        }
        shadows = found;
    }
    let agrees = shadows.as_ref().map(Vec::is_empty);
    let wanted = &answers.wanted;
    Ok(Report::new(
        if agrees == Some(false) {
            Exit::Shadowed
        } else {
            Exit::Done
        },
        json!({
            "provider": wanted.id,
            "title": wanted.title,
            "engine": wanted.engine,
            "url": wanted.base_url,
            "model": answers.model,
            "models": wanted.models.iter().map(|model| json!({"id": model.id, "context": model.context})).collect::<Vec<_>>(),
            "needs_key": answers.key.is_some(),
            "verdict": answers.finding.as_ref().map_or(Verdict::Unproven, |finding| finding.verdict),
            "requests": answers.requests,
            "store": answers.store.map(|store| store.kind),
            "dry_run": is_dry,
            "changes": plan.changes(),
            "notes": plan.notes.iter().chain(&answers.notes).collect::<Vec<_>>(),
            "goose_agrees": agrees,
            "shadows": shadows,
            "config": state.paths.config,
        }),
        text,
    ))
}

/// What outranks it; `None` where it was not to become the active provider.
fn proven(answers: &Answers, cx: &Context) -> Result<Option<Vec<Shadow>>> {
    let again = cx.look()?;
    let custom = Custom::read(&again.paths)?;
    let is_there = custom
        .by_id(&answers.wanted.id)
        .is_some_and(|(now, _)| now.base_url == answers.wanted.base_url);
    if !is_there {
        return Err(Error::unexpected(format!(
            "{} was written, but goose would not find it",
            answers.wanted.id
        )));
    }
    if !answers.activates {
        return Ok(None);
    }
    let proof = proof::prove(
        &cx.env,
        &Expected {
            id: &answers.wanted.id,
            provider: Some(answers.row),
            model: Some(&answers.model),
            key: answers.key.as_ref(),
            store: answers.store.map(|store| store.kind),
        },
    )?;
    Ok(Some(proof.shadows))
}

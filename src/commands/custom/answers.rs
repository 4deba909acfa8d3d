//! From flags and questions to what the endpoint's file shall say; nothing is left open.

use crate::catalog::{self, Provider};
use crate::check::Finding;
use crate::check::models::Model;
use crate::cli::{CustomWishes, EngineArg, YesNo};
use crate::commands::custom::former::{self, Former};
use crate::commands::custom::survey::{self, Given, Survey};
use crate::custom::definition::{self, Served, Wanted};
use crate::custom::endpoint::Endpoint;
use crate::custom::probe::Found;
use crate::custom::streaming::{self, Streaming};
use crate::custom::{header, row};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::fsio;
use crate::goose::custom::{Custom, Definition, Engine, Headers};
use crate::interview::{Interview, model, store};
use crate::plan::StoreChoice;
use crate::secret::Secret;
use crate::shell::exports;

/// Every answer, and what the endpoint said on the way.
pub(super) struct Answers {
    pub(super) wanted: Wanted,
    /// The endpoint as it is set up now.
    pub(super) former: Option<Former>,
    pub(super) row: &'static Provider,
    pub(super) model: String,
    pub(super) key: Option<Secret>,
    pub(super) store: Option<StoreChoice>,
    pub(super) finding: Option<Finding>,
    pub(super) requests: u32,
    /// The name under which the key of this endpoint stood before, and will not any more.
    pub(super) outgrown: Option<String>,
    pub(super) streaming: Streaming,
    /// It becomes the active provider; a change of an idle one leaves it idle.
    pub(super) activates: bool,
    pub(super) notes: Vec<String>,
}

pub(super) fn decide(
    interview: &mut Interview<'_>,
    url: Option<&str>,
    wishes: &CustomWishes,
    edited: Option<Former>,
    custom: &Custom,
) -> Result<Answers> {
    let typed = match (url, &edited, &interview.prompt) {
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
    let mut headers = said_and_kept(wishes, edited.as_ref(), &endpoint, &mut notes)?;
    let first = if wishes.no_check {
        None
    } else {
        let given = Given {
            only,
            headers: &headers,
            former: edited.as_ref(),
        };
        Some(survey::look(interview, &mut endpoint, &given)?)
    };
    let title = match (&wishes.name, &edited) {
        (Some(name), _) => name.trim().to_owned(),
        (None, Some(former)) => former.definition.display_name.clone(),
        (None, None) => endpoint.host().to_owned(),
    };
    let is_edit = edited.is_some();
    let former = match edited {
        Some(former) => Some(former),
        None => again(&title, custom, &endpoint, first.as_ref(), only)?,
    };
    if !is_edit {
        headers = said_and_kept(wishes, former.as_ref(), &endpoint, &mut notes)?;
    }
    let given = Given {
        only,
        headers: &headers,
        former: former.as_ref(),
    };
    let survey = match first {
        Some(first) => Survey::with_key(first, &endpoint, &given, interview)?,
        None => Survey::unasked(&endpoint, &given, interview)?,
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
    let known = former.as_ref().map(|former| &former.definition);
    let id = match known {
        Some(known) => known.name.clone(),
        None => {
            let folder = &interview.state.paths.custom_providers;
            let is_file = |id: &str| fsio::is_file(&folder.join(format!("{id}.json")));
            definition::id_for(&title, custom, &is_file)?
        }
    };
    let key_name = survey.needs_key.then(|| match known {
        // A file that names no key has another way to one, which a name would bar.
        Some(known) if survey.key.is_none() => known.api_key_env.clone(),
        _ => name_of_key(&id, known, custom),
    });
    let outgrown = known
        .filter(|known| key_name.as_ref() != Some(&known.api_key_env))
        .filter(|known| definition::is_keys_only_owner(known, custom))
        .map(|known| known.api_key_env.clone());
    let before = known.and_then(|known| known.supports_streaming);
    let mut wanted = Wanted {
        id,
        title,
        engine: survey.engine,
        base_url: survey.base_url,
        models: Vec::new(),
        key_name,
        lists: survey.lists,
        headers,
        streams: true,
    };
    let models = survey.details.models.as_slice();
    let model = choose_model(interview, &wanted, models, &mut notes)?;
    wanted.models = served(&model, models, known);
    let said = wishes.streaming.map(|word| word == YesNo::Yes);
    let told = survey.details.streaming(&model);
    let streaming = streaming::decide(survey.engine, said, before, told)?;
    wanted.streams = streaming.used;
    notes.extend(unknown_of(&model, &wanted.models));
    notes.extend(streaming.note.clone());
    let row = row::described(&wanted)?;
    let active = interview.state.config.active(&Env::default()).provider;
    let store = survey
        .key
        .is_some()
        .then(|| store::decide(interview))
        .transpose()?;
    Ok(Answers {
        activates: !is_edit || active.is_some_and(|active| active.value == wanted.id),
        row,
        model,
        key: survey.key,
        store,
        finding: survey.finding,
        requests: survey.requests,
        outgrown,
        streaming,
        wanted,
        former,
        notes,
    })
}

fn choose_model(
    interview: &Interview<'_>,
    wanted: &Wanted,
    models: &[Model],
    notes: &mut Vec<String>,
) -> Result<String> {
    let configured = interview.state.config.model_of(&wanted.id);
    if let Some(given) = &interview.args.model {
        let given = model::given(given)?;
        notes.extend(model::doubt(&given, models, row::described(wanted)?));
        return Ok(given);
    }
    if interview.is_guided() {
        return model::ask(
            interview,
            row::described(wanted)?,
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
fn served(model: &str, models: &[Model], known: Option<&Definition>) -> Vec<Served> {
    let mut all: Vec<Served> = models
        .iter()
        .map(|model| Served {
            id: model.id.clone(),
            context: model.context,
            tools: model.tools,
        })
        .collect();
    if let Some(known) = known.filter(|_| all.is_empty()) {
        all.extend(known.models.iter().map(|model| Served {
            id: model.name.clone(),
            context: model.context_limit,
            tools: None,
        }));
    }
    if all.iter().all(|served| served.id != model) {
        all.push(Served {
            id: model.to_owned(),
            context: None,
            tools: None,
        });
    }
    all.sort_by_key(|served| served.id != model);
    all
}

/// The very endpoint is set up already under this name, so this is another look at it and no second one.
fn again(
    title: &str,
    custom: &Custom,
    endpoint: &Endpoint,
    found: Option<&Found>,
    only: Option<Engine>,
) -> Result<Option<Former>> {
    let is_there = |known: &Definition| match found.map(|found| &found.door) {
        Some(door) => known.base_url == endpoint.base_url(door.engine, &door.base),
        None => only.is_none_or(|only| only == known.engine) && former::is_meant(known, endpoint),
    };
    let known = custom.providers.iter().map(|(known, _)| known);
    known
        .filter(|known| known.display_name == title)
        .find(|known| is_there(known))
        .map(|known| Former::read(&known.name, custom))
        .transpose()
}

/// The headers of the file with what is said now. A secret among them was not meant for another address.
fn said_and_kept(
    wishes: &CustomWishes,
    former: Option<&Former>,
    endpoint: &Endpoint,
    notes: &mut Vec<String>,
) -> Result<Headers> {
    let mut before = Headers::new();
    if let Some(former) = former {
        before = former.definition.headers.clone().unwrap_or_default();
        if !former.is_at(endpoint) {
            let count = before.len();
            before = header::without_secrets(before);
            if before.len() < count {
                notes.push(
                    "headers with secrets are left behind: they were not meant for this address"
                        .into(),
                );
            }
        }
    }
    header::merged(before, &wishes.headers)
}

/// The name the file has for the key, unless no shell could export it and the name is ours to change.
fn name_of_key(id: &str, known: Option<&Definition>, custom: &Custom) -> String {
    let made_up = definition::exportable_key_name(id);
    let Some(known) = known.filter(|known| !known.api_key_env.is_empty()) else {
        return made_up;
    };
    let is_taken = custom
        .providers
        .iter()
        .any(|(other, _)| other.name != id && other.api_key_env == made_up);
    let is_ours = definition::is_keys_only_owner(known, custom);
    if is_ours && !is_taken && !exports::is_variable(&known.api_key_env) {
        made_up
    } else {
        known.api_key_env.clone()
    }
}

/// What the endpoint does not tell of the model, in words.
fn unknown_of(model: &str, models: &[Served]) -> Option<String> {
    let served = models.iter().find(|served| served.id == model)?;
    let unknown = match (served.context, served.tools) {
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => "how much context it has",
        (Some(_), None) => "whether it calls tools, which goose needs",
        (None, None) => "how much context it has and whether it calls tools, which goose needs",
    };
    Some(format!("nothing tells of {model} {unknown}"))
}

fn built_in_at(endpoint: &Endpoint) -> Option<&'static Provider> {
    catalog::all().iter().find(|provider| {
        let is_public = provider.base.starts_with("https://");
        is_public
            && Endpoint::parse(provider.base).is_ok_and(|known| known.origin == endpoint.origin)
    })
}

//! From flags and questions to what the endpoint's file shall say; nothing is left open.

use crate::catalog::{self, Provider};
use crate::check::Finding;
use crate::check::models::Model;
use crate::cli::{CustomWishes, EngineArg};
use crate::commands::custom::former::Former;
use crate::commands::custom::survey::{self, Survey};
use crate::custom::definition::{self, Served, Wanted};
use crate::custom::endpoint::Endpoint;
use crate::custom::row;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::fsio;
use crate::goose::custom::{Custom, Engine, key_name};
use crate::interview::{Interview, model, store};
use crate::plan::StoreChoice;
use crate::secret::Secret;

/// Every answer, and what the endpoint said on the way.
pub(super) struct Answers {
    pub(super) wanted: Wanted,
    pub(super) row: &'static Provider,
    pub(super) model: String,
    pub(super) key: Option<Secret>,
    pub(super) store: Option<StoreChoice>,
    pub(super) finding: Option<Finding>,
    pub(super) requests: u32,
    /// It becomes the active provider; a change of an idle one leaves it idle.
    pub(super) activates: bool,
    pub(super) notes: Vec<String>,
}

pub(super) fn decide(
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
        let first = survey::look(interview, &mut endpoint, only)?;
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
    let row = row::described(&wanted)?;
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
        notes.extend(model::doubt(given, models, row::described(wanted)?));
        return Ok(given.to_owned());
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

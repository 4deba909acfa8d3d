//! What an endpoint tells of what it serves, beside its list of models: context, tools, streaming. All of it is asked for
//! with requests that cost nothing, and what nobody tells stays unknown.

mod readers;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::Value;

use crate::catalog::{Method, ModelShape};
use crate::check::http::Call;
use crate::check::models::{self, Model};
use crate::custom::probe::{self, Caller, Door};
use crate::custom::streaming::Told;
use crate::goose::custom::Engine;

const LIMIT: u64 = 16 * 1024 * 1024;
/// More than anybody has pulled; beyond it a model's context is not asked for.
const SHOWN: usize = 32;
/// Adds what an answer tells to what is known.
type Reader = fn(&Value, &mut Details);

/// Where servers tell besides what their lists of models leave out; the surest first.
const PAGES: [(&str, Reader); 4] = [
    ("/api/v0/models", readers::lm_studio),
    ("/model/info", readers::litellm),
    ("/props", readers::llama_cpp),
    ("/openapi.json", readers::description),
];

#[derive(Debug, Default)]
pub(crate) struct Details {
    /// In the order of the endpoint's list; empty where it has none.
    pub(crate) models: Vec<Model>,
    pub(crate) requests: u32,
    /// What the rows of the list say of streaming.
    by_model: HashMap<String, Told>,
    /// What the server says, or is, whatever the model.
    of_all: Option<Told>,
}

impl Details {
    /// What is asked behind this door, and what it answers.
    pub(crate) fn ask(caller: Caller<'_>, door: &Door) -> Self {
        let Some(list) = probe::json_of(&door.list) else {
            return Self::default();
        };
        let mut details = Self::listed(door.engine, list);
        let asker = Asker {
            caller,
            requests: AtomicU32::new(0),
        };
        match door.engine {
            Engine::Ollama => {
                if door.is_ollama() {
                    details.of_all = Some(Told::of(true, "it is an Ollama, which streams"));
                }
                asker.about_each(&door.base, &mut details.models);
            }
            Engine::Openai if details.is_incomplete() => {
                asker.pages(&door.base, &mut details);
            }
            Engine::Openai | Engine::Anthropic => {}
        }
        details.requests = asker.requests.into_inner();
        details
    }

    /// What the list itself says.
    fn listed(engine: Engine, list: &Value) -> Self {
        let mut details = Self {
            models: models::read(shape(engine, list), list).unwrap_or_default(),
            ..Self::default()
        };
        for model in &mut details.models {
            if engine == Engine::Anthropic && !model.id.contains("claude") {
                // Whose models these are is not known, so neither is what they can do.
                model.tools = None;
            }
            let Some(row) = readers::row_of(list, &model.id) else {
                continue;
            };
            model.context = model.context.or_else(|| readers::context(row));
            model.tools = model.tools.or_else(|| readers::tools(row));
            let told = readers::streams(row, &model.id);
            details
                .by_model
                .extend(told.map(|told| (model.id.clone(), told)));
        }
        details
    }

    /// There is something that another question may answer.
    fn is_incomplete(&self) -> bool {
        self.models.is_empty()
            || self.models.iter().any(|model| {
                model.context.is_none()
                    || model.tools.is_none()
                    || !self.by_model.contains_key(&model.id)
            })
    }

    /// What is known of this model's streaming.
    pub(crate) fn streaming(&self, model: &str) -> Option<Told> {
        self.by_model.get(model).or(self.of_all.as_ref()).cloned()
    }
}

fn shape(engine: Engine, list: &Value) -> ModelShape {
    let has = |field: &str, is_so: fn(&Value) -> bool| {
        list["data"]
            .as_array()
            .is_some_and(|rows| rows.iter().any(|row| row.get(field).is_some_and(is_so)))
    };
    match engine {
        Engine::Anthropic => ModelShape::Anthropic,
        Engine::Ollama => ModelShape::Ollama,
        Engine::Openai if has("supported_parameters", Value::is_array) => ModelShape::Openrouter,
        Engine::Openai if has("capabilities", Value::is_object) => ModelShape::Mistral,
        Engine::Openai => ModelShape::Openai,
    }
}

/// Asks further, and counts.
struct Asker<'a> {
    caller: Caller<'a>,
    requests: AtomicU32,
}

impl Asker<'_> {
    fn ask(&self, url: String, body: Option<&str>) -> Option<Value> {
        let call = Call {
            url,
            method: if body.is_some() {
                Method::Post
            } else {
                Method::Get
            },
            auth: probe::auth(Engine::Openai),
            key: self.caller.key,
            headers: self.caller.headers(Engine::Openai),
            body,
            limit: LIMIT,
        };
        let mut requests = 0;
        let answer = self.caller.http.send(&call, &mut requests);
        self.requests.fetch_add(requests, Ordering::Relaxed);
        probe::json_of(&answer).cloned()
    }

    fn about_each(&self, base: &str, models: &mut [Model]) {
        thread::scope(|scope| {
            for model in models.iter_mut().take(SHOWN) {
                scope.spawn(move || {
                    let body = serde_json::json!({"model": model.id}).to_string();
                    let shown = self.ask(format!("{base}/api/show"), Some(&body));
                    if let Some(shown) = shown {
                        readers::ollama(&shown, model);
                    }
                });
            }
        });
    }

    /// Beside the API, and at the top of the host.
    fn pages(&self, base: &str, details: &mut Details) {
        let beside = base.strip_suffix("/v1").unwrap_or(base);
        let mut places = vec![beside];
        let origin = self.caller.endpoint.origin.as_str();
        if beside != origin {
            places.push(origin);
        }
        let answers: Vec<_> = thread::scope(|scope| {
            let asked: Vec<_> = PAGES
                .into_iter()
                .flat_map(|(path, read)| places.iter().map(move |place| (place, path, read)))
                .map(|(place, path, read)| {
                    let url = format!("{place}{path}");
                    (scope.spawn(move || self.ask(url, None)), read)
                })
                .collect();
            asked
                .into_iter()
                .map(|(asked, read)| (asked.join().ok().flatten(), read))
                .collect()
        });
        for (answer, read) in answers {
            if let Some(answer) = answer {
                read(&answer, details);
            }
        }
    }
}

#[cfg(test)]
mod tests;

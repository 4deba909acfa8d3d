//! The models of an endpoint with what servers tell of them: context, tools.

use std::thread;

use serde_json::Value;

use crate::catalog::{Method, ModelShape};
use crate::check::http::{Call, Http};
use crate::check::models::{self, Model};
use crate::custom::endpoint::Endpoint;
use crate::custom::probe::{self, Door};
use crate::goose::custom::Engine;
use crate::secret::Secret;

const LIMIT: u64 = 16 * 1024 * 1024;
/// More than anybody has pulled; beyond it a model's context is not asked for.
const SHOWN: usize = 32;
/// Adds what an answer tells to the models it tells of.
type Reader = fn(&Value, &mut [Model]);

/// Where servers that list models without their context tell it besides.
const ELSEWHERE: [(&str, Reader); 3] = [
    ("/api/v0/models", lm_studio),
    ("/model/info", litellm),
    ("/props", llama_cpp),
];

/// The models behind a door, in its order; empty where it lists none.
pub(crate) fn models(
    http: &Http,
    endpoint: &Endpoint,
    door: &Door,
    key: Option<&Secret>,
) -> Vec<Model> {
    let Some(list) = probe::json_of(&door.list) else {
        return Vec::new();
    };
    let mut found = models::read(shape(door.engine, list), list).unwrap_or_default();
    for model in &mut found {
        if model.context.is_none() {
            model.context = row_of(list, &model.id).and_then(context);
        }
    }
    match door.engine {
        Engine::Ollama => ask_ollama(http, door, key, &mut found),
        Engine::Openai if found.iter().any(|model| model.context.is_none()) => {
            ask_elsewhere(http, endpoint, key, &mut found);
        }
        Engine::Openai | Engine::Anthropic => {}
    }
    found
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

fn row_of<'a>(list: &'a Value, id: &str) -> Option<&'a Value> {
    list["data"]
        .as_array()?
        .iter()
        .find(|row| row["id"].as_str() == Some(id))
}

/// Tokens, under the names that servers have for them; what is loaded counts before what would be possible.
fn context(row: &Value) -> Option<u64> {
    let tokens = |value: &Value| value.as_u64().filter(|tokens| *tokens > 0);
    [
        "/loaded_context_length",
        "/max_model_len",
        "/context_window",
        "/context_length",
        "/max_context_length",
        "/max_input_tokens",
        "/meta/n_ctx",
        "/meta/n_ctx_train",
    ]
    .into_iter()
    .find_map(|place| row.pointer(place).and_then(tokens))
}

fn ask(http: &Http, url: String, body: Option<&str>, key: Option<&Secret>) -> Option<Value> {
    let call = Call {
        url,
        method: if body.is_some() {
            Method::Post
        } else {
            Method::Get
        },
        auth: probe::auth(Engine::Openai),
        key,
        headers: Vec::new(),
        body,
        limit: LIMIT,
    };
    let answer = http.send(&call, &mut 0);
    probe::json_of(&answer).cloned()
}

fn ask_ollama(http: &Http, door: &Door, key: Option<&Secret>, models: &mut [Model]) {
    thread::scope(|scope| {
        for model in models.iter_mut().take(SHOWN) {
            scope.spawn(move || {
                let body = serde_json::json!({"model": model.id}).to_string();
                let shown = ask(http, format!("{}/api/show", door.base), Some(&body), key);
                if let Some(shown) = shown {
                    ollama(&shown, model);
                }
            });
        }
    });
}

fn ollama(shown: &Value, model: &mut Model) {
    // What its Modelfile sets is what runs; else what the model was made for.
    let set = shown["parameters"].as_str().and_then(|lines| {
        let line = lines
            .lines()
            .find_map(|line| line.trim().strip_prefix("num_ctx"))?;
        line.trim().parse().ok()
    });
    let made_for = || {
        let info = shown["model_info"].as_object()?;
        let (_, value) = info
            .iter()
            .find(|(name, _)| name.ends_with(".context_length"))?;
        value.as_u64()
    };
    model.context = set.or_else(made_for).or(model.context);
    if let Some(capabilities) = shown["capabilities"].as_array() {
        model.tools = Some(capabilities.iter().any(|name| name == "tools"));
    }
}

fn ask_elsewhere(http: &Http, endpoint: &Endpoint, key: Option<&Secret>, models: &mut [Model]) {
    let answers: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = ELSEWHERE
            .into_iter()
            .map(|(path, read)| {
                let url = format!("{}{path}", endpoint.origin);
                (scope.spawn(move || ask(http, url, None, key)), read)
            })
            .collect();
        asked
            .into_iter()
            .map(|(asked, read)| (asked.join().ok().flatten(), read))
            .collect()
    });
    for (answer, read) in answers {
        if let Some(answer) = answer {
            read(&answer, models);
        }
    }
}

fn lm_studio(answer: &Value, models: &mut [Model]) {
    for model in models {
        let Some(row) = row_of(answer, &model.id) else {
            continue;
        };
        model.context = model.context.or_else(|| context(row));
        if let Some(capabilities) = row["capabilities"].as_array() {
            model.tools = Some(capabilities.iter().any(|name| name == "tool_use"));
        }
    }
}

fn litellm(answer: &Value, models: &mut [Model]) {
    let known = models::read(ModelShape::Litellm, answer).unwrap_or_default();
    for model in models {
        if let Some(known) = known.iter().find(|known| known.id == model.id) {
            model.context = model.context.or(known.context);
            model.tools = model.tools.or(known.tools);
        }
    }
}

/// It serves one model, and tells its context apart from the list.
fn llama_cpp(answer: &Value, models: &mut [Model]) {
    let tokens = answer
        .pointer("/default_generation_settings/n_ctx")
        .and_then(Value::as_u64);
    if let [only] = models {
        only.context = tokens.or(only.context);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use serde_json::json;

    use super::*;

    fn model(id: &str) -> Model {
        let list = json!({"data": [{"id": id}]});
        models::read(ModelShape::Openai, &list).unwrap().remove(0)
    }

    #[test]
    fn each_server_tells_the_context_in_its_own_way() {
        for (row, tokens) in [
            (json!({"max_model_len": 32768}), Some(32768)),
            (json!({"meta": {"n_ctx_train": 131_072}}), Some(131_072)),
            (
                json!({"max_context_length": 8192, "loaded_context_length": 4096}),
                Some(4096),
            ),
            (json!({"context_window": 0}), None),
            (json!({}), None),
        ] {
            assert_eq!(context(&row), tokens, "{row}");
        }
        let mut one = [model("m")];
        llama_cpp(
            &json!({"default_generation_settings": {"n_ctx": 16384}}),
            &mut one,
        );
        assert_eq!(one[0].context, Some(16384));
        let mut two = [model("a"), model("b")];
        lm_studio(
            &json!({"data": [{"id": "b", "max_context_length": 40960, "capabilities": ["tool_use"]}]}),
            &mut two,
        );
        assert_eq!((two[1].context, two[1].tools), (Some(40960), Some(true)));
        assert_eq!((two[0].context, two[0].tools), (None, None));
        litellm(
            &json!({"data": [{"model_name": "a", "model_info": {"mode": "chat", "max_input_tokens": 128_000,
                "supports_function_calling": true}}]}),
            &mut two,
        );
        assert_eq!((two[0].context, two[0].tools), (Some(128_000), Some(true)));
    }

    #[test]
    fn what_an_ollama_runs_with_counts_before_what_its_model_could() {
        let mut qwen = model("qwen3");
        let shown = json!({"capabilities": ["completion", "tools"], "parameters": "stop \"x\"\nnum_ctx    8192",
            "model_info": {"qwen3.context_length": 40960}});
        ollama(&shown, &mut qwen);
        assert_eq!((qwen.context, qwen.tools), (Some(8192), Some(true)));
        ollama(
            &json!({"model_info": {"qwen3.context_length": 40960}}),
            &mut qwen,
        );
        assert_eq!(qwen.context, Some(40960));
    }
}

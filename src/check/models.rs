//! The models a provider offers, from the shapes in which providers list them.

use std::collections::HashSet;

use serde_json::Value;

use super::account::number;
use crate::catalog::ModelShape;
use crate::sanitize;

const MILLION: f64 = 1_000_000.0;

/// Parts of names of models that do not chat, in lists that do not say what a model is for.
const NO_CHAT: [&str; 19] = [
    "audio",
    "babbage",
    "computer-use",
    "dall-e",
    "davinci",
    "embed",
    "guard",
    "image",
    "imagine",
    "moderation",
    "ocr",
    "orpheus",
    "realtime",
    "rerank",
    "sora",
    "transcribe",
    "tts",
    "video",
    "whisper",
];

#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub id: String,
    pub name: String,
    /// Tokens.
    pub context: Option<u64>,
    /// US dollars for a million tokens.
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
    /// `None`: the list does not say.
    pub tools: Option<bool>,
    pub free: bool,
    /// The day after which the provider may take it away, as it writes it.
    pub expires: Option<String>,
}

/// The models in the provider's order; `None` where this is no list of that shape.
pub(crate) fn read(shape: ModelShape, answer: &Value) -> Option<Vec<Model>> {
    let place = match shape {
        ModelShape::Google | ModelShape::Ollama => "models",
        ModelShape::Databricks => "endpoints",
        _ => "data",
    };
    // Some leave the wrapping away.
    let bare = answer
        .is_array()
        .then_some(answer)
        .filter(|_| shape == ModelShape::Openai);
    let rows = answer.get(place).or(bare)?.as_array()?;
    let mut seen = HashSet::new();
    let models = rows
        .iter()
        .filter_map(|row| match shape {
            ModelShape::Openrouter => openrouter(row),
            ModelShape::Openai => openai(row),
            ModelShape::Anthropic => anthropic(row),
            ModelShape::Google => google(row),
            ModelShape::Mistral => mistral(row),
            ModelShape::Litellm => litellm(row),
            ModelShape::Ollama => ollama(row),
            ModelShape::Databricks => databricks(row),
        })
        .filter(|model| seen.insert(model.id.clone()))
        .collect();
    Some(models)
}

impl Model {
    fn named(id: &str, name: Option<&str>) -> Option<Self> {
        let id = sanitize::word(id)?.to_owned();
        let name = sanitize::line(name.unwrap_or(&id), None);
        Some(Self {
            name: if name.is_empty() { id.clone() } else { name },
            id,
            context: None,
            input_price: None,
            output_price: None,
            tools: None,
            free: false,
            expires: None,
        })
    }

    /// Prices for one token each.
    fn priced(mut self, input: Option<f64>, output: Option<f64>) -> Self {
        // A negative price stands for "depends".
        let per_million = |price: Option<f64>| price.filter(|p| *p >= 0.0).map(|p| p * MILLION);
        self.input_price = per_million(input);
        self.output_price = per_million(output);
        self.free = self.input_price == Some(0.0) && self.output_price == Some(0.0);
        self
    }
}

fn openrouter(row: &Value) -> Option<Model> {
    let price = |name| row.get("pricing")?.get(name).and_then(number);
    let mut model = Model::named(text(row, "id")?, text(row, "name"))?
        .priced(price("prompt"), price("completion"));
    model.context = count(row, "context_length");
    model.expires = day(row, "expiration_date");
    model.tools = row
        .get("supported_parameters")
        .and_then(Value::as_array)
        .map(|names| names.iter().any(|name| name == "tools"));
    Some(model)
}

fn openai(row: &Value) -> Option<Model> {
    let mut model = Model::named(text(row, "id")?, None)?;
    let id = model.id.to_lowercase();
    let is_off = row.get("active") == Some(&Value::Bool(false));
    if is_off || NO_CHAT.iter().any(|part| id.contains(part)) {
        return None;
    }
    model.context = ["context_window", "context_length", "max_model_len"]
        .into_iter()
        .find_map(|name| count(row, name));
    Some(model)
}

fn anthropic(row: &Value) -> Option<Model> {
    let mut model = Model::named(text(row, "id")?, text(row, "display_name"))?;
    model.context = count(row, "max_input_tokens");
    model.tools = Some(true);
    Some(model)
}

fn google(row: &Value) -> Option<Model> {
    let methods = row.get("supportedGenerationMethods")?.as_array()?;
    if !methods.iter().any(|method| method == "generateContent") {
        return None;
    }
    let name = text(row, "name")?;
    let id = name.strip_prefix("models/").unwrap_or(name);
    if NO_CHAT.iter().any(|part| id.contains(part)) {
        return None;
    }
    let mut model = Model::named(id, text(row, "displayName"))?;
    model.context = count(row, "inputTokenLimit");
    Some(model)
}

fn mistral(row: &Value) -> Option<Model> {
    let can = |name| row.get("capabilities")?.get(name)?.as_bool();
    if can("completion_chat") == Some(false) {
        return None;
    }
    let mut model = openai(row)?;
    if let Some(name) = text(row, "name") {
        model = Model {
            name: sanitize::line(name, None),
            ..model
        };
    }
    model.context = count(row, "max_context_length").or(model.context);
    model.tools = can("function_calling");
    model.expires = day(row, "deprecation");
    Some(model)
}

/// Rows of `/model/info`, which know prices, or of `/v1/models`, which know names.
fn litellm(row: &Value) -> Option<Model> {
    let Some(id) = text(row, "model_name") else {
        return openai(row);
    };
    let info = row.get("model_info").unwrap_or(&Value::Null);
    if text(info, "mode").is_some_and(|mode| !matches!(mode, "chat" | "completion" | "responses")) {
        return None;
    }
    let price = |name| info.get(name).and_then(number);
    let mut model = Model::named(id, None)?.priced(
        price("input_cost_per_token"),
        price("output_cost_per_token"),
    );
    // A model LiteLLM knows nothing of has zero prices too.
    model.free = false;
    model.context = count(info, "max_input_tokens").or_else(|| count(info, "max_tokens"));
    model.tools = info
        .get("supports_function_calling")
        .and_then(Value::as_bool);
    Some(model)
}

/// The date of a day or moment.
fn day(row: &Value, name: &str) -> Option<String> {
    let text = sanitize::word(text(row, name)?)?;
    Some(text.split('T').next().unwrap_or(text).to_owned())
}

fn ollama(row: &Value) -> Option<Model> {
    let id = text(row, "name").or_else(|| text(row, "model"))?;
    if NO_CHAT.iter().any(|part| id.contains(part)) {
        return None;
    }
    // `qwen3` is what people say and goose's own default; ollama takes both.
    let mut model = Model::named(id.strip_suffix(":latest").unwrap_or(id), None)?;
    model.tools = row
        .get("capabilities")
        .and_then(Value::as_array)
        .map(|names| names.iter().any(|name| name == "tools"));
    model.free = true;
    Some(model)
}

fn databricks(row: &Value) -> Option<Model> {
    if text(row, "task").is_some_and(|task| task != "llm/v1/chat") {
        return None;
    }
    Model::named(text(row, "name")?, None)
}

fn text<'a>(row: &'a Value, name: &str) -> Option<&'a str> {
    row.get(name)?.as_str()
}

fn count(row: &Value, name: &str) -> Option<u64> {
    let value = row.get(name)?;
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use serde_json::json;

    use super::*;

    fn ids(models: &[Model]) -> Vec<&str> {
        models.iter().map(|model| model.id.as_str()).collect()
    }

    #[test]
    fn openrouter_tells_price_context_tools_and_free() {
        let models = read(ModelShape::Openrouter, &json!({"data": [
            {"id": "anthropic/claude-sonnet-4", "name": "Claude Sonnet 4", "context_length": 200000,
             "pricing": {"prompt": "0.000003", "completion": "0.000015"}, "supported_parameters": ["tools", "seed"]},
            {"id": "meta/llama:free", "name": "Llama (free)", "context_length": 8192,
             "pricing": {"prompt": "0", "completion": "0"}, "supported_parameters": []},
            {"id": "openrouter/auto", "name": "Auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        ]})).unwrap();
        let sonnet = &models[0];
        assert_eq!(sonnet.context, Some(200_000));
        assert!((sonnet.input_price.unwrap() - 3.0).abs() < 1e-9);
        assert!((sonnet.output_price.unwrap() - 15.0).abs() < 1e-9);
        assert_eq!((sonnet.tools, sonnet.free), (Some(true), false));
        assert_eq!((models[1].tools, models[1].free), (Some(false), true));
        assert_eq!((models[2].input_price, models[2].tools), (None, None));
        assert!(!models[2].free);
    }

    #[test]
    fn a_list_that_does_not_say_is_rid_of_what_cannot_chat() {
        let rows: Vec<Value> = [
            "gpt-4o",
            "text-embedding-3-large",
            "whisper-1",
            "tts-1",
            "dall-e-3",
            "gpt-image-1",
            "omni-moderation-latest",
            "gpt-4o-realtime-preview",
            "meta-llama/llama-guard-4-12b",
            "grok-4.5",
        ]
        .into_iter()
        .map(|id| json!({"id": id, "object": "model"}))
        .collect();
        let models = read(ModelShape::Openai, &json!({ "data": rows })).unwrap();
        assert_eq!(ids(&models), ["gpt-4o", "grok-4.5"]);
    }

    #[test]
    fn groq_tells_context_and_what_is_switched_off() {
        let models = read(
            ModelShape::Openai,
            &json!({"data": [
                {"id": "openai/gpt-oss-120b", "active": true, "context_window": 131072},
                {"id": "old", "active": false},
            ]}),
        )
        .unwrap();
        assert_eq!(ids(&models), ["openai/gpt-oss-120b"]);
        assert_eq!(models[0].context, Some(131_072));
    }

    #[test]
    fn google_names_lose_their_folder_and_embeddings_go() {
        let models = read(ModelShape::Google, &json!({"models": [
            {"name": "models/gemini-2.5-pro", "displayName": "Gemini 2.5 Pro", "inputTokenLimit": 1048576,
             "supportedGenerationMethods": ["generateContent", "countTokens"]},
            {"name": "models/text-embedding-004", "supportedGenerationMethods": ["embedContent"]},
        ]}))
        .unwrap();
        assert_eq!(ids(&models), ["gemini-2.5-pro"]);
        assert_eq!(models[0].name, "Gemini 2.5 Pro");
        assert_eq!(models[0].context, Some(1_048_576));
    }

    #[test]
    fn mistral_tells_who_calls_tools() {
        let models = read(ModelShape::Mistral, &json!({"data": [
            {"id": "mistral-medium-latest", "name": "mistral-medium-2508", "max_context_length": 131072,
             "capabilities": {"completion_chat": true, "function_calling": true}},
            {"id": "mistral-medium-latest", "capabilities": {"completion_chat": true}},
            {"id": "mistral-embed", "capabilities": {"completion_chat": false}},
        ]}))
        .unwrap();
        assert_eq!(ids(&models), ["mistral-medium-latest"]);
        assert_eq!(models[0].tools, Some(true));
    }

    #[test]
    fn litellm_is_read_in_both_its_shapes() {
        let info = json!({"data": [
            {"model_name": "team-gpt", "litellm_params": {}, "model_info": {"mode": "chat", "max_input_tokens": 128000,
             "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5, "supports_function_calling": true}},
            {"model_name": "team-gpt", "model_info": {}},
            {"model_name": "team-embed", "model_info": {"mode": "embedding"}},
            {"model_name": "bare", "model_info": null},
        ]});
        let models = read(ModelShape::Litellm, &info).unwrap();
        assert_eq!(ids(&models), ["team-gpt", "bare"]);
        assert_eq!(models[0].tools, Some(true));
        assert!((models[0].input_price.unwrap() - 2.5).abs() < 1e-9);
        let names = json!({"data": [{"id": "team-gpt", "object": "model"}]});
        assert_eq!(
            ids(&read(ModelShape::Litellm, &names).unwrap()),
            ["team-gpt"]
        );
    }

    #[test]
    fn ollama_names_are_short_and_free() {
        let models = read(
            ModelShape::Ollama,
            &json!({"models": [{"name": "qwen3:latest"}, {"name": "qwen3-coder:30b"}, {"name": "nomic-embed-text:latest"}]}),
        )
        .unwrap();
        assert_eq!(ids(&models), ["qwen3", "qwen3-coder:30b"]);
        assert!(models[0].free);
    }

    #[test]
    fn anthropic_models_have_their_names() {
        let models = read(
            ModelShape::Anthropic,
            &json!({"data": [{"id": "claude-sonnet-4-5", "display_name": "Claude Sonnet 4.5", "type": "model"}]}),
        )
        .unwrap();
        assert_eq!(models[0].name, "Claude Sonnet 4.5");
        assert_eq!(models[0].tools, Some(true));
    }

    #[test]
    fn hostile_ids_are_dropped_and_hostile_names_cleaned() {
        let models = read(
            ModelShape::Openrouter,
            &json!({"data": [
                {"id": "evil\u{1b}[2J"}, {"id": ""}, {"id": 7}, {}, null,
                {"id": "good", "name": "\u{1b}[31mGood\u{202e}"},
            ]}),
        )
        .unwrap();
        assert_eq!(ids(&models), ["good"]);
        assert_eq!(models[0].name, "[31mGood");
    }

    #[test]
    fn a_list_without_its_wrapping_is_a_list_all_the_same() {
        let models = read(
            ModelShape::Openai,
            &json!([{"id": "a/b", "context_length": 8192}]),
        )
        .unwrap();
        assert_eq!(ids(&models), ["a/b"]);
        assert_eq!(models[0].context, Some(8192));
    }

    #[test]
    fn databricks_lists_the_endpoints_that_chat() {
        let answer = json!({"endpoints": [
            {"name": "databricks-claude-sonnet-4-5", "task": "llm/v1/chat"},
            {"name": "databricks-gte", "task": "llm/v1/embeddings"},
        ]});
        let models = read(ModelShape::Databricks, &answer).unwrap();
        assert_eq!(ids(&models), ["databricks-claude-sonnet-4-5"]);
    }

    #[test]
    fn what_is_no_list_is_no_list() {
        for answer in [json!(null), json!({}), json!({"data": {}}), json!("[]")] {
            assert_eq!(read(ModelShape::Openai, &answer), None);
            assert_eq!(read(ModelShape::Ollama, &answer), None);
        }
    }
}

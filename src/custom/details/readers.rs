//! What each kind of server says of its models, and where it says it.

use serde_json::{Map, Value};

use super::Details;
use crate::catalog::ModelShape;
use crate::check::models::{self, Model};
use crate::custom::streaming::Told;

/// Servers that call themselves by name in the rows of their list, and that can all stream.
const BY_OWNER: [(&str, &str); 6] = [
    ("vllm", "vLLM"),
    ("sglang", "SGLang"),
    ("llamacpp", "llama.cpp"),
    ("llama-swap", "llama-swap"),
    ("library", "Ollama"),
    ("organization_owner", "LM Studio"),
];
/// What servers call the calling of tools in a list of what a model can do.
const TOOL_WORDS: [&str; 6] = [
    "tools",
    "tool_use",
    "tool-use",
    "tool_calling",
    "function_calling",
    "function-calling",
];

pub(super) fn row_of<'a>(list: &'a Value, id: &str) -> Option<&'a Value> {
    let rows = list.get("data").unwrap_or(list).as_array()?;
    rows.iter().find(|row| row["id"].as_str() == Some(id))
}

/// Tokens, under the names that servers have for them; what is loaded counts before what would be possible.
pub(super) fn context(row: &Value) -> Option<u64> {
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

/// Whether a model calls tools, under the names that servers have for it.
pub(super) fn tools(row: &Value) -> Option<bool> {
    let flag = [
        "/supports_tools",
        "/supports_tool_calling",
        "/supports_function_calling",
        "/capabilities/tools",
        "/capabilities/tool_calling",
        "/capabilities/function_calling",
        "/capabilities/supports/tool_calls",
    ]
    .into_iter()
    .find_map(|place| row.pointer(place)?.as_bool());
    let listed = ["capabilities", "supported_features", "features"]
        .into_iter()
        .find_map(|name| row.get(name)?.as_array())
        .map(|words| has_any(words, &TOOL_WORDS));
    // Loose words: one that is missing says nothing.
    let tagged = row["tags"]
        .as_array()
        .filter(|words| has_any(words, &TOOL_WORDS));
    flag.or(listed).or(tagged.map(|_| true))
}

/// Whether a model streams: its row says so, or names a server that always can.
pub(super) fn streams(row: &Value, model: &str) -> Option<Told> {
    let flag = [
        "/supports_streaming",
        "/capabilities/streaming",
        "/capabilities/supports/streaming",
    ]
    .into_iter()
    .find_map(|place| row.pointer(place)?.as_bool());
    let listed = ["capabilities", "supported_features", "features"]
        .into_iter()
        .filter_map(|name| row.get(name)?.as_array())
        .any(|words| has_any(words, &["streaming"]));
    match flag.or(listed.then_some(true)) {
        Some(true) => Some(Told::of(
            true,
            format!("the list says that {model} streams"),
        )),
        Some(false) => Some(Told::of(
            false,
            format!("the list says that {model} does not stream its answers"),
        )),
        None => {
            let owner = row["owned_by"].as_str()?;
            let (_, server) = BY_OWNER.iter().find(|(known, _)| *known == owner)?;
            Some(server_streams(server))
        }
    }
}

fn has_any(words: &[Value], wanted: &[&str]) -> bool {
    words
        .iter()
        .filter_map(Value::as_str)
        .any(|word| wanted.contains(&word))
}

fn server_streams(server: &str) -> Told {
    Told::of(true, format!("it is {server}, which streams"))
}

impl Details {
    fn is_served_by(&mut self, server: &str) {
        self.of_all.get_or_insert_with(|| server_streams(server));
    }
}

pub(super) fn ollama(shown: &Value, model: &mut Model) {
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
    model.tools = tools(shown).or(model.tools);
}

pub(super) fn lm_studio(answer: &Value, details: &mut Details) {
    let mut is_one = false;
    for model in &mut details.models {
        let Some(row) = row_of(answer, &model.id) else {
            continue;
        };
        is_one = true;
        model.context = model.context.or_else(|| context(row));
        model.tools = tools(row).or(model.tools);
    }
    if is_one {
        details.is_served_by("LM Studio");
    }
}

pub(super) fn litellm(answer: &Value, details: &mut Details) {
    let known = models::read(ModelShape::Litellm, answer).unwrap_or_default();
    let mut is_one = false;
    for model in &mut details.models {
        if let Some(known) = known.iter().find(|known| known.id == model.id) {
            is_one = true;
            model.context = model.context.or(known.context);
            model.tools = model.tools.or(known.tools);
        }
    }
    if is_one {
        details.is_served_by("LiteLLM");
    }
}

/// It serves one model, and tells its context and what its template can do apart from the list.
pub(super) fn llama_cpp(answer: &Value, details: &mut Details) {
    let Some(settings) = answer.get("default_generation_settings") else {
        return;
    };
    details.is_served_by("llama.cpp");
    if let [only] = details.models.as_mut_slice() {
        only.context = settings["n_ctx"].as_u64().or(only.context);
        let can = answer.pointer("/chat_template_caps/supports_tools");
        only.tools = only.tools.or_else(|| can?.as_bool());
    }
}

/// An API's description of itself names what a chat request may hold.
pub(super) fn description(answer: &Value, details: &mut Details) {
    let Some(request) = chat_request(answer) else {
        return;
    };
    details.of_all.get_or_insert_with(|| {
        let streams = request.contains_key("stream");
        let by = if streams {
            "its own description (/openapi.json) says that it streams"
        } else {
            "its own description (/openapi.json) knows no streaming"
        };
        Told::of(streams, by)
    });
    if !request.contains_key("tools") {
        for model in &mut details.models {
            model.tools = model.tools.or(Some(false));
        }
    }
}

fn chat_request(answer: &Value) -> Option<&Map<String, Value>> {
    let paths = answer.get("paths")?.as_object()?;
    let (_, chat) = paths
        .iter()
        .find(|(path, _)| path.ends_with("/chat/completions"))?;
    let schema = chat.pointer("/post/requestBody/content/application~1json/schema")?;
    let schema = match schema["$ref"].as_str() {
        Some(place) => answer.pointer(place.strip_prefix('#')?)?,
        None => schema,
    };
    let properties = schema.get("properties")?.as_object()?;
    properties.contains_key("messages").then_some(properties)
}

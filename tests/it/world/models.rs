//! The providers' model lists, in the shapes they document. Each has models that call tools and one that does not.

use super::provider::Provider;
use serde_json::{Value, json};

/// OpenRouter: prices are strings in dollars per token, `supported_parameters` says what a model can do.
pub(crate) fn openrouter() -> Value {
    let model = |id: &str, context: u64, input: &str, output: &str, parameters: &[&str]| {
        json!({
            "id": id, "canonical_slug": id, "name": id, "created": 1_747_930_371, "description": "",
            "context_length": context,
            "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"],
                             "tokenizer": "Other", "instruct_type": null},
            "pricing": {"prompt": input, "completion": output, "request": "0", "image": "0"},
            "top_provider": {"context_length": context, "max_completion_tokens": 64000, "is_moderated": false},
            "per_request_limits": null, "supported_parameters": parameters,
        })
    };
    let all = ["max_tokens", "temperature", "tool_choice", "tools"];
    json!({"data": [
        model("anthropic/claude-sonnet-4", 1_000_000, "0.000003", "0.000015", &all),
        model("openai/gpt-4o", 128_000, "0.0000025", "0.00001", &all),
        model("meta-llama/llama-3.3-70b-instruct:free", 65_536, "0", "0", &all),
        model("openrouter/auto", 2_000_000, "-1", "-1", &all),
        model("old/talker-without-tools", 8192, "0.000001", "0.000002", &["max_tokens", "temperature"]),
    ]})
}

/// The OpenAI form, with nothing but ids; a model that cannot chat is told only by its name.
pub(crate) fn openai(provider: Provider) -> Value {
    let model = |id: &str| json!({"id": id, "object": "model", "created": 1_715_367_049, "owned_by": provider.id});
    json!({"object": "list", "data": [model(provider.model), model(provider.other_model), model("text-embedding-3-small")]})
}

pub(crate) fn anthropic(provider: Provider) -> Value {
    let model = |id: &str| json!({"type": "model", "id": id, "display_name": id, "created_at": "2025-09-29T00:00:00Z"});
    json!({"data": [model(provider.model), model(provider.other_model)], "has_more": false,
           "first_id": provider.model, "last_id": provider.other_model})
}

pub(crate) fn google(provider: Provider) -> Value {
    let model = |id: &str, methods: &[&str]| {
        json!({"name": format!("models/{id}"), "version": "001", "displayName": id, "description": "",
               "inputTokenLimit": 1_048_576, "outputTokenLimit": 65536, "supportedGenerationMethods": methods})
    };
    json!({"models": [
        model(provider.model, &["generateContent", "countTokens"]),
        model(provider.other_model, &["generateContent", "countTokens"]),
        model("gemini-embedding-001", &["embedContent"]),
    ]})
}

pub(crate) fn groq(provider: Provider) -> Value {
    let model = |id: &str| {
        json!({"id": id, "object": "model", "created": 1_754_408_224, "owned_by": "Groq", "active": true,
               "context_window": 131_072, "public_apps": null, "max_completion_tokens": 65536})
    };
    json!({"object": "list", "data": [model(provider.model), model(provider.other_model), model("whisper-large-v3")]})
}

pub(crate) fn mistral(provider: Provider) -> Value {
    let model = |id: &str, tools: bool| {
        json!({"id": id, "object": "model", "created": 1_746_000_000, "owned_by": "mistralai", "name": id,
               "capabilities": {"completion_chat": true, "function_calling": tools, "completion_fim": false,
                                "fine_tuning": false, "vision": false},
               "max_context_length": 131_072, "aliases": [], "deprecation": null, "type": "base"})
    };
    json!({"object": "list", "data": [model(provider.model, true), model(provider.other_model, true), model("mistral-embed", false)]})
}

/// LiteLLM's `/model/info`, which goose asks before each run.
pub(crate) fn litellm_info(provider: Provider) -> Value {
    let model = |id: &str, tools: bool| {
        json!({"model_name": id, "litellm_params": {"model": format!("openai/{id}")},
               "model_info": {"id": id, "max_input_tokens": 128_000, "max_tokens": 16384, "mode": "chat",
                              "input_cost_per_token": 1.5e-7, "output_cost_per_token": 6e-7,
                              "supports_function_calling": tools}})
    };
    json!({"data": [model(provider.model, true), model(provider.other_model, true), model("talker-without-tools", false)]})
}

pub(crate) fn ollama(provider: Provider) -> Value {
    let model = |id: &str| {
        json!({"name": id, "model": id, "modified_at": "2026-01-02T03:04:05Z", "size": 5_200_000_000_u64, "digest": "500a1f067a9f",
               "details": {"format": "gguf", "family": "qwen3", "parameter_size": "8.2B", "quantization_level": "Q4_K_M"}})
    };
    json!({"models": [model(provider.model), model(provider.other_model)]})
}

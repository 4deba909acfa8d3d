//! How each provider answers: to a good key, to a wrong one, and to a path it does not have.

use super::chat;
use super::http::{Answer, Seen};
use super::models;
use super::provider::{self, Provider};
use serde_json::{Value, json};

/// The answer of `provider` when `keys` are the ones it knows.
pub(crate) fn answer(provider: Provider, keys: &[String], seen: &Seen) -> Answer {
    let known = seen
        .key()
        .is_some_and(|key| keys.iter().any(|good| good == key));
    let open = public(provider, seen);
    if !known && !open {
        return refusal(provider, seen);
    }
    if seen.is_chat() {
        return talk(provider, seen);
    }
    match (seen.method.as_str(), page(provider, seen)) {
        ("GET", Some(body)) | ("POST", Some(body))
            if seen.method == "GET" || provider == provider::OLLAMA =>
        {
            Answer::json(200, &body)
        }
        (_, Some(_)) => Answer::json(405, &json!({"error": {"message": "Method Not Allowed"}})),
        (_, None) => missing(seen),
    }
}

/// OpenRouter's catalogue is public and Ollama knows no keys: a 200 there proves nothing.
fn public(provider: Provider, seen: &Seen) -> bool {
    provider == provider::OLLAMA
        || (provider == provider::OPENROUTER && seen.path() == "/api/v1/models")
}

fn page(provider: Provider, seen: &Seen) -> Option<Value> {
    let path = seen.path();
    match provider.id {
        "openrouter" => match path {
            "/api/v1/key" => Some(openrouter_key(&json!(null), &json!(null), 1.25)),
            "/api/v1/models" | "/api/v1/models/user" => Some(models::openrouter()),
            _ => None,
        },
        "anthropic" => (path == "/v1/models").then(|| models::anthropic(provider)),
        "google" => (path == "/v1beta/models").then(|| models::google(provider)),
        "groq" => (path == "/openai/v1/models").then(|| models::groq(provider)),
        "mistral" => (path == "/v1/models").then(|| models::mistral(provider)),
        "custom_deepseek" => match path {
            "/user/balance" => Some(deepseek_balance(true, "12.50")),
            "/models" | "/v1/models" => Some(models::openai(provider)),
            _ => None,
        },
        "xai" => match path {
            "/v1/api-key" => Some(xai_key(false, false, false)),
            "/v1/models" => Some(models::openai(provider)),
            _ => None,
        },
        "litellm" => match path {
            "/v1/models" | "/models" => Some(models::openai(provider)),
            "/model/info" | "/v1/model/info" => Some(models::litellm_info(provider)),
            "/key/info" => Some(
                json!({"key": "hash", "info": {"key_name": "sk-...", "spend": 1.0, "max_budget": 10.0,
                "expires": null, "models": [], "tpm_limit": null, "rpm_limit": null, "user_id": "u", "team_id": null}}),
            ),
            _ => None,
        },
        "ollama" => match path {
            "/" => Some(json!("Ollama is running")),
            "/api/version" => Some(json!({"version": "0.13.0"})),
            "/api/tags" => Some(models::ollama(provider)),
            "/api/show" => Some(
                json!({"capabilities": ["completion", "tools"], "details": {"family": "qwen3"},
                "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960}}),
            ),
            "/v1/models" => Some(models::openai(provider)),
            _ => None,
        },
        _ => (path == "/v1/models").then(|| models::openai(provider)),
    }
}

fn talk(provider: Provider, seen: &Seen) -> Answer {
    let model = seen.model().unwrap_or_default();
    match provider.id {
        "anthropic" => chat::anthropic(&model),
        "google" => chat::google(&model),
        "openai" if seen.path().ends_with("/responses") => chat::openai_responses(&model),
        _ if serde_json::from_str::<Value>(&seen.body)
            .is_ok_and(|body| body["stream"] == json!(true)) =>
        {
            chat::openai(&model)
        }
        _ => chat::openai_whole(&model),
    }
}

/// What a wrong or missing key gets, as each provider documents it.
pub(crate) fn refusal(provider: Provider, seen: &Seen) -> Answer {
    match provider.id {
        "openrouter" => Answer::json(
            401,
            &json!({"error": {"message": "User not found.", "code": 401}}),
        ),
        "anthropic" => Answer::json(
            401,
            &json!({"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}, "request_id": "req_1"}),
        ),
        "google" if seen.key().is_none() => Answer::json(
            403,
            &json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
                "message": "Method doesn't allow unregistered callers (callers without established identity)."}}),
        ),
        "google" => Answer::json(
            400,
            &json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "API key not valid. Please pass a valid API key.",
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
                             "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"}}]}}),
        ),
        "groq" => Answer::json(
            401,
            &json!({"error": {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"}}),
        ),
        "mistral" => Answer::json(401, &json!({"detail": "Unauthorized"})),
        "custom_deepseek" => Answer::json(
            401,
            &json!({"error": {"message": "Authentication Fails, Your api key is invalid", "type": "authentication_error",
                "param": null, "code": "invalid_request_error"}}),
        ),
        "xai" => Answer::json(
            400,
            &json!({"code": "Client specified an invalid argument",
                "error": "Incorrect API key provided. You can obtain an API key from the console."}),
        ),
        "litellm" => Answer::json(
            401,
            &json!({"error": {"message": "Authentication Error, Invalid proxy server token passed.", "type": "token_not_found_in_db",
                "param": "key", "code": "401"}}),
        ),
        _ => Answer::json(
            401,
            &json!({"error": {"message": "Incorrect API key provided.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
        ),
    }
}

fn missing(seen: &Seen) -> Answer {
    Answer::json(
        404,
        &json!({"error": {"message": format!("no such path: {}", seen.path()), "code": 404}}),
    )
}

/// OpenRouter's `/api/v1/key`: `limit` and `remaining` are dollars or null.
pub(crate) fn openrouter_key(limit: &Value, remaining: &Value, usage: f64) -> Value {
    json!({"data": {"label": "sk-or-v1-abc...123", "limit": limit, "limit_remaining": remaining, "limit_reset": null,
        "usage": usage, "usage_daily": 0.1, "usage_weekly": 0.5, "usage_monthly": usage, "byok_usage": 0,
        "include_byok_in_limit": false, "is_free_tier": false, "is_management_key": false, "is_provisioning_key": false,
        "expires_at": null, "creator_user_id": "user_1", "rate_limit": {"requests": -1, "interval": "10s"}}})
}

pub(crate) fn xai_key(key_blocked: bool, key_disabled: bool, team_blocked: bool) -> Value {
    json!({"redacted_api_key": "xai-...b14o", "user_id": "u", "name": "mine", "create_time": "2026-01-01T00:00:00Z", "team_id": "t",
        "acls": ["api-key:model:*", "api-key:endpoint:*"], "api_key_id": "k", "team_blocked": team_blocked,
        "api_key_blocked": key_blocked, "api_key_disabled": key_disabled})
}

pub(crate) fn deepseek_balance(available: bool, total: &str) -> Value {
    json!({"is_available": available, "balance_infos": [{"currency": "USD", "total_balance": total, "granted_balance": "0.00",
        "topped_up_balance": total}]})
}

//! A provider told as data: enough of one for goose to hold a conversation, and for a key to be right or wrong.

use super::chat;
use super::http::{Answer, Seen};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub(crate) struct Personality {
    /// The only key that is let in; without one everybody is.
    pub(crate) key: Option<String>,
    pub(crate) model: String,
    /// The path of the list of models, where there is one.
    pub(crate) models: Option<String>,
    /// The list is shown to everybody.
    pub(crate) is_open: bool,
    /// Other paths and what they say: a body, and a status other than 200 before it.
    pub(crate) pages: Vec<(String, u16, Value)>,
}

impl Personality {
    pub(crate) fn answer(&self, seen: &Seen) -> Answer {
        let is_list = self.models.as_deref() == Some(seen.path());
        let is_known = self.key.as_deref().is_none_or(|key| {
            seen.key() == Some(key) || (seen.key().is_none() && seen.body.contains(key))
        });
        let is_let_in = is_known || (is_list && self.is_open);
        if !is_let_in {
            let error = json!({"message": "Invalid API key", "type": "authentication_error", "code": "invalid_api_key"});
            return Answer::json(401, &json!({"type": "error", "error": error}));
        }
        if seen.is_chat() {
            return self.talk(seen);
        }
        if is_list {
            return Answer::json(200, &self.list(seen.path()));
        }
        let page = self.pages.iter().find(|(path, ..)| path == seen.path());
        match page {
            Some((_, status, body)) => Answer::json(*status, body),
            None => Answer::json(404, &json!({"error": {"message": "no such path"}})),
        }
    }

    fn list(&self, path: &str) -> Value {
        let model = &self.model;
        if path.ends_with("/api/tags") {
            return json!({"models": [{"name": model, "model": model}]});
        }
        if path.ends_with("/serving-endpoints") {
            return json!({"endpoints": [{"name": model, "task": "llm/v1/chat", "state": {"ready": "READY"}}]});
        }
        json!({"object": "list", "has_more": false,
               "data": [{"id": model, "object": "model", "type": "model", "display_name": model}]})
    }

    fn talk(&self, seen: &Seen) -> Answer {
        let model = seen.model().unwrap_or_default();
        let path = seen.path();
        let streams = serde_json::from_str::<Value>(&seen.body)
            .is_ok_and(|body| body["stream"] == json!(true));
        match path {
            _ if path.ends_with("/responses") => chat::openai_responses(&model),
            _ if path.ends_with("/v1/messages") => chat::anthropic(&model),
            _ if path.ends_with("/inference:complete") => chat::snowflake(&model),
            _ if path.ends_with("/converse") => chat::bedrock(),
            _ if streams => chat::openai(&model),
            _ => chat::openai_whole(&model),
        }
    }
}

//! The file that makes an endpoint a provider of goose: every field that goose's own commands write.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::catalog;
use crate::error::{Error, Result};
use crate::goose::custom::{Custom, Definition, Engine, Headers, key_name};

/// A model, and what the endpoint tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    pub id: String,
    /// Tokens.
    pub context: Option<u64>,
    pub tools: Option<bool>,
}

/// What was decided of an endpoint.
pub struct Wanted {
    pub id: String,
    pub title: String,
    pub engine: Engine,
    pub base_url: String,
    /// The one to use first; the others as the endpoint lists them.
    pub models: Vec<Served>,
    /// The name of the key in the store; `None` where no key is wanted.
    pub key_name: Option<String>,
    /// goose can ask the endpoint for its models.
    pub lists: bool,
    pub headers: Headers,
    /// goose asks for answers piece by piece.
    pub streams: bool,
}

/// The name for the key of a provider with this id. It is the one that goose itself makes up, but for the dashes, which
/// no shell takes in the name of a variable; goose looks for whatever name the file says.
pub fn exportable_key_name(id: &str) -> String {
    key_name(id).replace('-', "_")
}

/// The key stands under a name that was made for this provider alone.
pub fn is_keys_only_owner(definition: &Definition, custom: &Custom) -> bool {
    let name = &definition.api_key_env;
    let is_made_for_it = [
        key_name(&definition.name),
        exportable_key_name(&definition.name),
    ]
    .contains(name);
    // goose's own provider of that id has the key too.
    is_made_for_it
        && !catalog::is_goose_id(&definition.name)
        && custom
            .providers
            .iter()
            .all(|(other, _)| other.name == definition.name || other.api_key_env != *name)
}

/// The id that goose itself would make up for this title, but without dashes, so that the name of its key can be exported.
/// In use by nobody else, built-in providers included.
pub fn id_for(title: &str, custom: &Custom, is_file: &dyn Fn(&str) -> bool) -> Result<String> {
    let plain: String = title
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' => c,
            _ => '_',
        })
        .collect();
    let plain = plain.trim_matches('_');
    if plain.is_empty() {
        return Err(Error::usage(
            "the name has no letter or digit that an id could be made of",
            "give another one with --name",
        ));
    }
    let first = format!("custom_{plain}");
    let is_free =
        |id: &str| custom.by_id(id).is_none() && !catalog::is_goose_id(id) && !is_file(id);
    let numbered = (1..).map(|number| format!("{first}_{number}"));
    Ok(std::iter::once(first.clone())
        .chain(numbered)
        .find(|id| is_free(id))
        .unwrap_or(first))
}

impl Wanted {
    /// The text of the file; `before` is what it says now, whose other fields stay.
    pub fn text(&self, before: Option<&Map<String, Value>>) -> String {
        let mut fields = match before {
            Some(fields) => fields.clone(),
            None => self.fresh(),
        };
        let now: Headers = fields
            .get("headers")
            .and_then(|headers| serde_json::from_value(headers.clone()).ok())
            .unwrap_or_default();
        let streams = fields.get("supports_streaming").and_then(Value::as_bool);
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if self.headers != now {
            put(
                "headers",
                Some(&self.headers)
                    .filter(|it| !it.is_empty())
                    .map_or(Value::Null, |it| json!(it)),
            );
        }
        if streams.unwrap_or(true) != self.streams {
            put("supports_streaming", self.streams.into());
        }
        put("engine", self.engine.word().into());
        put("display_name", self.title.as_str().into());
        put(
            "api_key_env",
            self.key_name.as_deref().unwrap_or_default().into(),
        );
        put("base_url", self.base_url.as_str().into());
        put("requires_auth", self.key_name.is_some().into());
        put(
            "models",
            self.models
                .iter()
                .map(|model| entry(model, before))
                .collect(),
        );
        if !self.lists {
            // Without this goose would ask for a list in vain at every start.
            put("dynamic_models", false.into());
        }
        format!("{:#}\n", Value::Object(fields))
    }

    fn fresh(&self) -> Map<String, Value> {
        let fields = json!({
            "name": self.id,
            "engine": null,
            "display_name": null,
            "description": format!("Custom {} provider", self.title),
            "api_key_env": null,
            "base_url": null,
            "models": null,
            "headers": null,
            "session_id_header_override": null,
            "timeout_seconds": null,
            "supports_streaming": true,
            "requires_auth": null,
            "catalog_provider_id": null,
            "base_path": null,
            "env_vars": null,
            "auth": null,
            "dynamic_models": null,
            "skip_canonical_filtering": false,
            "model_doc_link": null,
            "setup_steps": [],
            "toolshim": false,
            // As goose's own commands write it: models behind an OpenAI API want their thinking back.
            "preserves_thinking": self.engine == Engine::Openai,
            "emit_clear_thinking": false,
            "setup": null,
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// A model's entry; what the file says of it already stays, unless the endpoint knows better.
fn entry(model: &Served, before: Option<&Map<String, Value>>) -> Value {
    let known = before
        .and_then(|fields| fields.get("models")?.as_array())
        .and_then(|entries| entries.iter().find(|entry| entry["name"] == *model.id));
    let mut entry = known.cloned().unwrap_or_else(|| {
        json!({
            "name": model.id,
            "context_limit": null,
            "input_token_cost": null,
            "output_token_cost": null,
            "currency": null,
            "supports_cache_control": null,
            "reasoning": false,
        })
    });
    if let (Some(tokens), Some(fields)) = (model.context, entry.as_object_mut()) {
        fields.insert("context_limit".into(), tokens.into());
    }
    entry
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::goose::custom::Definition;

    fn wanted(key_name: Option<&str>) -> Wanted {
        let served = |id: &str, context| Served {
            id: id.to_owned(),
            context,
            tools: None,
        };
        Wanted {
            id: "custom_x".into(),
            title: "The \"X\" box".into(),
            engine: Engine::Openai,
            base_url: "http://127.0.0.1:9/v1".into(),
            models: vec![served("m1", Some(32768)), served("m2", None)],
            key_name: key_name.map(str::to_owned),
            lists: true,
            headers: Headers::new(),
            streams: true,
        }
    }

    /// The fields and their order are those of a file that goose 1.52.0 wrote.
    #[test]
    fn a_new_file_has_every_field_that_goose_writes_in_its_order() {
        let text = wanted(Some("CUSTOM_X_API_KEY")).text(None);
        let value: Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "name",
                "engine",
                "display_name",
                "description",
                "api_key_env",
                "base_url",
                "models",
                "headers",
                "session_id_header_override",
                "timeout_seconds",
                "supports_streaming",
                "requires_auth",
                "catalog_provider_id",
                "base_path",
                "env_vars",
                "auth",
                "dynamic_models",
                "skip_canonical_filtering",
                "model_doc_link",
                "setup_steps",
                "toolshim",
                "preserves_thinking",
                "emit_clear_thinking",
                "setup",
            ]
        );
        let names: Vec<&String> = value["models"][0].as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "name",
                "context_limit",
                "input_token_cost",
                "output_token_cost",
                "currency",
                "supports_cache_control",
                "reasoning",
            ]
        );
        assert_eq!(value["models"][0]["context_limit"], 32768);
        assert_eq!(value["models"][1]["context_limit"], Value::Null);
        let definition: Definition = serde_json::from_str(&text).unwrap();
        assert!(definition.requires_auth);
        assert_eq!(definition.api_key_env, "CUSTOM_X_API_KEY");
    }

    #[test]
    fn a_change_keeps_every_field_it_does_not_know() {
        let mut before: Map<String, Value> =
            serde_json::from_str(&wanted(Some("CUSTOM_X_API_KEY")).text(None)).unwrap();
        before.insert("headers".into(), json!({"X-Team": "blue"}));
        before.insert("toolshim".into(), true.into());
        before.insert("new_in_goose_2".into(), 7.into());
        before["models"][1]["context_limit"] = 4096.into();
        let mut same = wanted(None);
        same.headers.insert("X-Team".into(), "blue".into());
        let after: Value = serde_json::from_str(&same.text(Some(&before))).unwrap();
        assert_eq!(after["headers"]["X-Team"], "blue");
        assert_eq!(after["toolshim"], true);
        assert_eq!(after["new_in_goose_2"], 7);
        assert_eq!(after["models"][1]["context_limit"], 4096);
        assert_eq!(
            (&after["api_key_env"], &after["requires_auth"]),
            (&json!(""), &json!(false))
        );
    }

    #[test]
    fn the_same_answers_make_the_same_text() {
        let text = wanted(Some("CUSTOM_X_API_KEY")).text(None);
        let before: Map<String, Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(wanted(Some("CUSTOM_X_API_KEY")).text(Some(&before)), text);
    }

    #[test]
    fn headers_and_streaming_are_written_where_they_change() {
        let before: Map<String, Value> = serde_json::from_str(&wanted(None).text(None)).unwrap();
        let mut other = wanted(None);
        other.headers.insert("X-Team".into(), "blue".into());
        other.streams = false;
        let after: Map<String, Value> = serde_json::from_str(&other.text(Some(&before))).unwrap();
        assert_eq!(after["headers"], json!({"X-Team": "blue"}));
        assert_eq!(after["supports_streaming"], false);
        let back: Map<String, Value> =
            serde_json::from_str(&wanted(None).text(Some(&after))).unwrap();
        assert_eq!(back, before);
    }

    /// The first was made by the real goose 1.52.0, which leaves dashes in.
    #[test]
    fn ids_are_made_as_goose_makes_them_but_for_dashes() {
        let nobody = |_: &str| false;
        for (title, id) in [
            ("My Prov! 1", "custom_my_prov__1"),
            ("_Über-x_ ", "custom_ber_x"),
            ("deepseek", "custom_deepseek_1"),
            ("127.0.0.1:8080", "custom_127_0_0_1_8080"),
        ] {
            assert_eq!(id_for(title, &Custom::default(), &nobody).unwrap(), id);
        }
        let taken = |id: &str| id == "custom_x" || id == "custom_x_1";
        assert_eq!(
            id_for("X", &Custom::default(), &taken).unwrap(),
            "custom_x_2"
        );
        assert!(id_for("!!", &Custom::default(), &nobody).is_err());
    }

    #[test]
    fn a_key_belongs_to_one_provider_where_its_name_was_made_for_it_and_nobody_else_uses_it() {
        let provider = |id: &str, key: &str| {
            let text = format!(
                r#"{{"name":"{id}","engine":"openai","display_name":"D","base_url":"http://x","models":[],"api_key_env":"{key}"}}"#
            );
            serde_json::from_str::<Definition>(&text).unwrap()
        };
        for (id, key, others, is_alone) in [
            ("custom_a-b", "CUSTOM_A-B_API_KEY", None, true),
            ("custom_a-b", "CUSTOM_A_B_API_KEY", None, true),
            (
                "custom_a-b",
                "CUSTOM_A_B_API_KEY",
                Some("custom_a_b"),
                false,
            ),
            ("custom_a", "OPENAI_API_KEY", None, false),
        ] {
            let mine = provider(id, key);
            let mut custom = Custom::default();
            custom.providers.push((mine.clone(), "a.json".into()));
            let other = others.map(|other: &str| (provider(other, key), "b.json".into()));
            custom.providers.extend(other);
            assert_eq!(is_keys_only_owner(&mine, &custom), is_alone, "{id} {key}");
        }
    }
}

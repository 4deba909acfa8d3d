//! A provider of the user's own as a row of the catalogue, so that every command knows it.

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::custom::definition::Wanted;
use crate::custom::endpoint;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::goose::custom::{Custom, Definition, Engine};
use crate::goose::paths::Paths;

/// Prefix of the ids that goose makes up; nobody wants to type it.
const OWN: &str = "custom_";

/// Adds the user's own providers to the catalogue. What cannot be read now is reported by the commands that need it.
pub fn take_in(env: &Env) {
    let Ok(custom) = Paths::of(env).and_then(|paths| Custom::read(&paths)) else {
        return;
    };
    let mut rows: Vec<Provider> = Vec::new();
    for (definition, _) in &custom.providers {
        let is_new = !catalog::is_goose_id(&definition.name)
            && rows.iter().all(|row| row.id != definition.name);
        rows.extend(is_new.then(|| of(definition)).flatten());
    }
    catalog::take_in(rows);
}

/// The row, which lives as long as the program. `None` where a value cannot stand in one.
pub fn of(definition: &Definition) -> Option<Provider> {
    let models = endpoint::models_url(definition.engine, &definition.base_url);
    let origin_end = models.find("://")? + 3;
    let path_start = origin_end + models[origin_end..].find('/')?;
    let (base, path) = models.split_at(path_start);
    let (auth, headers, shape, expects) = match definition.engine {
        Engine::Openai => ("bearer", json!([]), "openai", "/data"),
        Engine::Anthropic => (
            "x-api-key",
            json!([["anthropic-version", super::probe::ANTHROPIC_VERSION]]),
            "anthropic",
            "/data",
        ),
        Engine::Ollama => ("bearer", json!([]), "ollama", "/models"),
    };
    let has_key = definition.requires_auth && !definition.api_key_env.is_empty();
    let unasked = unasked(definition);
    let alias = definition
        .name
        .strip_prefix(OWN)
        .filter(|short| !short.is_empty() && catalog::find(short).is_err());
    let row = json!({
        "id": definition.name,
        "title": plain(&definition.display_name),
        "why": format!("your own endpoint at {}", plain(base)),
        "kind": "gateway",
        "aliases": alias.into_iter().collect::<Vec<_>>(),
        "key": has_key.then(|| json!({
            "variable": definition.api_key_env,
            "page": null,
            "sample": "sk-made-up-0000000000000000",
        })),
        "base": base,
        "default_model": definition.models.first().map(|model| plain(&model.name)),
        // Nobody has said whether the list is open to everybody, so a made-up key goes along to find out.
        "check": unasked.is_none().then(|| json!({
            "path": path, "auth": auth, "headers": headers, "expects": expects, "proves": !has_key, "control": has_key,
        })),
        "unasked": unasked,
        "models": unasked.is_none().then(|| json!({"path": path, "auth": auth, "headers": headers, "shape": shape})),
        "links": {},
        "source": "the user's own file",
        "confidence": "medium",
    });
    let mut row: Provider =
        serde_json::from_str(Box::leak(row.to_string().into_boxed_str())).ok()?;
    let headers = definition.headers.iter().flatten();
    let headers: Vec<_> = headers
        .map(|(name, value)| (kept(name), kept(value)))
        .collect();
    let of_check = row.check.iter_mut().map(|check| &mut check.headers);
    let of_models = row.models.iter_mut().map(|models| &mut models.headers);
    for list in of_check.chain(of_models) {
        list.extend(headers.iter().copied());
    }
    Some(row)
}

/// Why no question of ours would be the one that goose asks.
fn unasked(definition: &Definition) -> Option<&'static str> {
    if definition.has_key_command() {
        Some("goose gets its key from the command that its file names")
    } else if definition.base_url.contains("${") {
        Some("its address holds a variable that only goose fills in")
    } else {
        None
    }
}

fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// The row of an endpoint whose file is yet to be written.
pub fn described(wanted: &Wanted) -> Result<&'static Provider> {
    serde_json::from_str::<Definition>(&wanted.text(None))
        .ok()
        .and_then(|definition| of(&definition))
        .map(|row| &*Box::leak(Box::new(row)))
        .ok_or_else(|| Error::unexpected(format!("{} cannot be described", wanted.base_url)))
}

/// A row borrows its text, which a character that JSON has to escape would forbid.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::catalog::Auth;

    fn definition(engine: &str, base_url: &str, more: &str) -> Definition {
        serde_json::from_str(&format!(
            r#"{{"name":"custom_x","engine":"{engine}","display_name":"The \"X\" box","base_url":"{base_url}","models":[{{"name":"m1"}}]{more}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_file_of_each_engine_makes_a_row() {
        for (engine, base_url, path, auth) in [
            (
                "openai",
                "https://x.example.com/v1?a=b",
                "/v1/models?a=b",
                Auth::Bearer,
            ),
            (
                "anthropic",
                "https://x.example.com",
                "/v1/models",
                Auth::Header("x-api-key"),
            ),
            ("ollama", "https://x.example.com", "/api/tags", Auth::Bearer),
        ] {
            let definition = definition(engine, base_url, r#","api_key_env":"CUSTOM_X_API_KEY""#);
            let row = of(&definition).unwrap();
            assert_eq!((row.id, row.title), ("custom_x", "The 'X' box"));
            assert_eq!(row.base, "https://x.example.com");
            assert_eq!(row.default_model, Some("m1"));
            assert_eq!(row.aliases, ["x"]);
            assert_eq!(row.key.unwrap().variable, "CUSTOM_X_API_KEY");
            let check = row.check.unwrap();
            assert_eq!((check.path, check.auth), (path, auth));
        }
    }

    #[test]
    fn the_headers_of_a_file_go_along_with_every_question() {
        let more = r#","headers":{"X-Team":"\"blue\""}"#;
        let row = of(&definition("anthropic", "https://x.example.com", more)).unwrap();
        for headers in [row.check.unwrap().headers, row.models.unwrap().headers] {
            assert!(headers.contains(&("X-Team", "\"blue\"")), "{headers:?}");
            assert_eq!(headers.len(), 2);
        }
    }

    #[test]
    fn what_only_goose_can_ask_is_asked_by_nobody_else() {
        let by_command = r#","auth":{"command":"fetch-token"}"#;
        for (base_url, more) in [
            ("https://x.example.com", by_command),
            ("https://${HOST}/v1", ""),
            ("${BASE}", ""),
        ] {
            let row = of(&definition("openai", base_url, more)).unwrap();
            assert!(row.check.is_none() && row.models.is_none());
            assert!(row.unasked.is_some());
        }
    }

    #[test]
    fn an_endpoint_that_asks_for_no_key_has_none() {
        let row = of(&definition(
            "openai",
            "http://127.0.0.1:1/v1",
            r#","requires_auth":false"#,
        ));
        assert!(row.unwrap().key.is_none());
    }
}

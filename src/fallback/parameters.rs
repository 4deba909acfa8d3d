//! `OPENROUTER_PARAMETERS`: what goose merges into every request to OpenRouter, of which only `models` is ours.
//!
//! goose takes a YAML mapping, or a string that holds a JSON object. The form that is there stays.

use std::path::Path;

use serde_json::Value as Json;
use serde_yaml::{Mapping, Value};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::fallback::Chain;
use crate::goose::config::Config;
use crate::plan::Plan;
use crate::yaml_edit::Edit;

pub const SETTING: &str = "OPENROUTER_PARAMETERS";
const MODELS: &str = "models";

/// The chain in goose's files.
pub fn in_files(config: &Config) -> Vec<String> {
    config.file_value(SETTING).map(models).unwrap_or_default()
}

/// The chain in the environment, which outranks the files; `None`: the variable is not set.
pub fn in_environment(env: &Env) -> Option<Vec<String>> {
    env.text(SETTING)
        .map(|text| models(&Value::String(text.to_owned())))
}

/// The chain that goose will send.
pub fn in_force(config: &Config, env: &Env) -> Vec<String> {
    in_environment(env).unwrap_or_else(|| in_files(config))
}

/// Plans that goose's config says `chain`, or no chain at all. What the plan does to the file already counts.
pub fn write(plan: &mut Plan, config: &Config, chain: Option<&Chain>) -> Result<()> {
    let path = &config.user.path;
    plan.edit_config(config, |now| {
        let own = now.get(SETTING).filter(|value| !value.is_null());
        match (own, chain) {
            (Some(own), _) => edits(path, own, chain),
            // The user's file replaces the whole setting of the files below, so theirs is taken along.
            (None, Some(chain)) => first(path, config.file_value(SETTING), chain),
            (None, None) => Ok(Vec::new()),
        }
    })
}

fn edits(path: &Path, own: &Value, chain: Option<&Chain>) -> Result<Vec<Edit>> {
    match own {
        Value::Mapping(fields) => Ok(match chain {
            Some(chain) => vec![Edit::set([SETTING, MODELS], sequence(chain))],
            None if is_ours_alone(fields) => vec![Edit::remove([SETTING])],
            None => vec![Edit::remove([SETTING, MODELS])],
        }),
        Value::String(text) if text.trim().is_empty() => Ok(match chain {
            Some(chain) => first(path, None, chain)?,
            None => Vec::new(),
        }),
        Value::String(text) => {
            let mut fields = object(text).ok_or_else(|| broken(path))?;
            match chain {
                Some(chain) => {
                    fields.insert(MODELS.into(), chain.models().into());
                }
                None => {
                    fields.shift_remove(MODELS);
                }
            }
            Ok(if fields.is_empty() {
                vec![Edit::remove([SETTING])]
            } else if object(text).as_ref() == Some(&fields) {
                Vec::new()
            } else {
                vec![Edit::set([SETTING], Json::Object(fields).to_string())]
            })
        }
        _ => Err(broken(path)),
    }
}

/// The edit for a user's file that has no such setting yet.
fn first(path: &Path, below: Option<&Value>, chain: &Chain) -> Result<Vec<Edit>> {
    let mut fields = match below {
        None | Some(Value::Null) => Mapping::new(),
        Some(Value::Mapping(fields)) => fields.clone(),
        Some(Value::String(text)) => object(text)
            .and_then(|fields| serde_yaml::to_value(fields).ok()?.as_mapping().cloned())
            .ok_or_else(|| broken(path))?,
        Some(_) => return Err(broken(path)),
    };
    fields.insert(MODELS.into(), sequence(chain));
    Ok(vec![Edit::set([SETTING], fields)])
}

fn is_ours_alone(fields: &Mapping) -> bool {
    fields.keys().all(|key| key == MODELS)
}

fn sequence(chain: &Chain) -> Value {
    chain
        .models()
        .iter()
        .map(|model| Value::from(model.as_str()))
        .collect::<Vec<_>>()
        .into()
}

fn models(value: &Value) -> Vec<String> {
    let text = |model: &str| model.to_owned();
    match value {
        Value::String(json) => object(json)
            .as_ref()
            .and_then(|fields| fields.get(MODELS)?.as_array())
            .map(|models| models.iter().filter_map(Json::as_str).map(text).collect()),
        other => other
            .get(MODELS)
            .and_then(Value::as_sequence)
            .map(|models| models.iter().filter_map(Value::as_str).map(text).collect()),
    }
    .unwrap_or_default()
}

/// The JSON object in a text; goose also takes a JSON string that holds one.
fn object(text: &str) -> Option<serde_json::Map<String, Json>> {
    match serde_json::from_str(text).ok()? {
        Json::Object(fields) => Some(fields),
        Json::String(inner) => serde_json::from_str(&inner).ok(),
        _ => None,
    }
}

fn broken(path: &Path) -> Error {
    Error::BrokenFile {
        path: path.into(),
        line: None,
        column: None,
        reason: format!("{SETTING} in it is no mapping and no JSON object"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::yaml_edit;

    use super::*;

    const PATH: &str = "config.yaml";

    fn chain() -> Chain {
        Chain::parse(&["a/x".to_owned(), "b/y".to_owned()]).unwrap()
    }

    /// The file after its own setting was changed.
    fn after(text: &str, chain: Option<&Chain>) -> Result<String> {
        let path = Path::new(PATH);
        let now = yaml_edit::parse(path, text.as_bytes())?;
        let edits = match now.get(SETTING).filter(|own| !own.is_null()) {
            Some(own) => edits(path, own, chain)?,
            None => first(path, None, chain.unwrap())?,
        };
        let edited = yaml_edit::apply(path, text.as_bytes(), &edits)?;
        assert!(!edited.comments_lost, "{text}");
        Ok(String::from_utf8(edited.text).unwrap())
    }

    fn setting(text: &str) -> Value {
        let map = yaml_edit::parse(Path::new(PATH), text.as_bytes()).unwrap();
        map.get(SETTING).cloned().unwrap_or_default()
    }

    #[test]
    fn a_first_chain_goes_below_everything_and_comments_stay() {
        let text = after("# mine\nGOOSE_MODE: auto  # yes\n", Some(&chain())).unwrap();
        assert!(
            text.starts_with("# mine\nGOOSE_MODE: auto  # yes\n"),
            "{text}"
        );
        assert_eq!(models(&setting(&text)), ["a/x", "b/y"]);
    }

    #[test]
    fn foreign_parameters_survive_in_either_form() {
        for before in [
            "OPENROUTER_PARAMETERS:\n  provider:\n    sort: throughput # fast\n",
            "OPENROUTER_PARAMETERS: {provider: {sort: throughput}}\n",
            "OPENROUTER_PARAMETERS: '{\"provider\": {\"sort\": \"throughput\"}}'\n",
            "OPENROUTER_PARAMETERS:\n  models: [old/one]\n  provider:\n    sort: throughput\n",
        ] {
            let text = after(before, Some(&chain())).unwrap();
            assert_eq!(models(&setting(&text)), ["a/x", "b/y"], "{text}");
            assert!(text.contains("throughput"), "{text}");
            let text = after(&text, None).unwrap();
            assert_eq!(models(&setting(&text)), Vec::<String>::new());
            assert!(text.contains("throughput"), "{text}");
        }
    }

    #[test]
    fn clearing_takes_the_empty_setting_away_too() {
        for before in [
            "A: 1\nOPENROUTER_PARAMETERS:\n  models:\n    - a/x\n",
            "A: 1\nOPENROUTER_PARAMETERS: '{\"models\":[\"a/x\"]}'\n",
            "A: 1\nOPENROUTER_PARAMETERS: {}\n",
        ] {
            assert_eq!(after(before, None).unwrap(), "A: 1\n");
        }
    }

    #[test]
    fn the_same_chain_again_changes_no_byte() {
        for before in [
            "OPENROUTER_PARAMETERS: '{ \"models\": [\"a/x\", \"b/y\"] }'\n",
            "OPENROUTER_PARAMETERS: {models: [a/x, b/y]}\n",
        ] {
            assert_eq!(after(before, Some(&chain())).unwrap(), before);
        }
    }

    #[test]
    fn a_setting_that_goose_cannot_read_is_left_alone() {
        for before in [
            "OPENROUTER_PARAMETERS: 'not json'\n",
            "OPENROUTER_PARAMETERS: [a]\n",
            "OPENROUTER_PARAMETERS: 7\n",
        ] {
            let error = after(before, Some(&chain())).unwrap_err();
            assert!(matches!(error, Error::BrokenFile { .. }), "{before}");
        }
    }

    #[test]
    fn the_environment_is_read_as_goose_reads_it() {
        let env = |text| in_environment(&Env::of([(SETTING, text)]));
        assert_eq!(env(r#"{"models": ["a"]}"#).unwrap(), ["a"]);
        assert_eq!(env(r#""{\"models\": [\"a\"]}""#).unwrap(), ["a"]);
        assert_eq!(env("{}").unwrap(), Vec::<String>::new());
        assert_eq!(in_environment(&Env::default()), None);
    }
}

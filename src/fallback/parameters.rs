//! `OPENROUTER_PARAMETERS`: what goose merges into every request to OpenRouter, of which only `models` is ours.
//!
//! goose takes a YAML mapping, or a string that holds a JSON object, and with anything else, even with nothing, it does not
//! start OpenRouter. The form that is there stays.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use serde_yaml::{Mapping, Value};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::fallback::Chain;
use crate::goose::config::{Config, Source};
use crate::goose::env_value;
use crate::plan::Plan;
use crate::yaml_edit::Edit;

pub const SETTING: &str = "OPENROUTER_PARAMETERS";
const MODELS: &str = "models";

type Fields = serde_json::Map<String, Json>;

/// The chain in goose's files.
pub fn in_files(config: &Config) -> Vec<String> {
    models(config.file_value(SETTING).and_then(fields))
}

/// The chain in the environment, which outranks the files; `None`: the variable is not set.
pub fn in_environment(env: &Env) -> Option<Vec<String>> {
    env.text(SETTING)
        .map(|text| models(object(env_value::parsed(text))))
}

/// The chain that goose will send.
pub fn in_force(config: &Config, env: &Env) -> Vec<String> {
    in_environment(env).unwrap_or_else(|| in_files(config))
}

/// Who says something that goose cannot use.
pub fn unusable(config: &Config, env: &Env) -> Option<Source> {
    let (value, source) = config.lookup(env, SETTING)?;
    fields(&value).is_none().then_some(source)
}

/// The file below the user's that names a chain.
pub fn chain_below(config: &Config) -> Result<Option<PathBuf>> {
    let below = config.after(b"")?;
    Ok(match below.lookup(&Env::default(), SETTING) {
        Some((value, Source::System(path))) if !models(fields(&value)).is_empty() => Some(path),
        _ => None,
    })
}

/// Plans that goose's config says `chain`, or no chain at all. What the plan does to the file already counts.
pub fn write(plan: &mut Plan, config: &Config, chain: Option<&Chain>) -> Result<()> {
    let path = &config.user.path;
    let below = config.after(b"")?;
    let below = below.file_value(SETTING);
    plan.edit_config(config, |now| {
        let own = now.get(SETTING);
        match chain {
            Some(chain) => chained(path, own, below, chain),
            None => cleared(path, own, below),
        }
    })
}

fn chained(
    path: &Path,
    own: Option<&Value>,
    below: Option<&Value>,
    chain: &Chain,
) -> Result<Vec<Edit>> {
    let all = match own {
        // The user's file replaces the whole setting of the files below, so theirs is taken along.
        None => below,
        Some(own) => Some(own),
    };
    let all = match all {
        None | Some(Value::Null) => Fields::new(),
        Some(Value::String(text)) if text.trim().is_empty() => Fields::new(),
        Some(value) => fields(value).ok_or_else(|| broken(path))?,
    };
    match own {
        Some(Value::Mapping(_)) => Ok(vec![Edit::set([SETTING, MODELS], sequence(chain))]),
        Some(own @ Value::String(text)) if !text.trim().is_empty() => {
            let mut after = all;
            after.insert(MODELS.into(), chain.models().into());
            Ok(text_edit(own, after))
        }
        _ => {
            let mut after = mapping(path, all)?;
            after.insert(MODELS.into(), sequence(chain));
            Ok(vec![Edit::set([SETTING], after)])
        }
    }
}

/// After this goose sends no chain. An own setting, even an empty one, keeps the chain of a file below out.
fn cleared(path: &Path, own: Option<&Value>, below: Option<&Value>) -> Result<Vec<Edit>> {
    let below = below
        .and_then(fields)
        .filter(|below| !models(Some(below.clone())).is_empty());
    let without = |mut all: Fields| {
        all.shift_remove(MODELS);
        all
    };
    match (own.and_then(|own| Some((own, fields(own)?))), below) {
        (Some((own, all)), below) => {
            let had_chain = all.contains_key(MODELS);
            let rest = without(all);
            Ok(match own {
                _ if rest.is_empty() && below.is_none() => vec![Edit::remove([SETTING])],
                _ if !had_chain => Vec::new(),
                Value::String(_) => text_edit(own, rest),
                _ if rest.is_empty() => vec![Edit::set([SETTING], Mapping::new())],
                _ => vec![Edit::remove([SETTING, MODELS])],
            })
        }
        (None, Some(below)) => Ok(vec![Edit::set([SETTING], mapping(path, without(below))?)]),
        // Whatever goose cannot use goes, too: it keeps OpenRouter from starting.
        (None, None) if own.is_some() => Ok(vec![Edit::remove([SETTING])]),
        (None, None) => Ok(Vec::new()),
    }
}

/// The setting as text again, and as it is written where it says so already.
fn text_edit(own: &Value, after: Fields) -> Vec<Edit> {
    if fields(own).as_ref() == Some(&after) {
        return Vec::new();
    }
    vec![Edit::set([SETTING], Json::Object(after).to_string())]
}

fn sequence(chain: &Chain) -> Value {
    chain
        .models()
        .iter()
        .map(|model| Value::from(model.as_str()))
        .collect::<Vec<_>>()
        .into()
}

fn models(fields: Option<Fields>) -> Vec<String> {
    let models = fields.and_then(|mut fields| fields.shift_remove(MODELS));
    let models = models.as_ref().and_then(Json::as_array);
    models
        .into_iter()
        .flatten()
        .filter_map(|model| Some(model.as_str()?.to_owned()))
        .collect()
}

/// What goose makes of a value in a file. It refuses a mapping in which any name is no text.
fn fields(value: &Value) -> Option<Fields> {
    object(serde_yaml::from_value(value.clone()).ok()?)
}

fn object(value: Json) -> Option<Fields> {
    match value {
        Json::Object(fields) => Some(fields),
        Json::String(text) => serde_json::from_str(&text).ok(),
        _ => None,
    }
}

fn mapping(path: &Path, fields: Fields) -> Result<Mapping> {
    serde_yaml::to_value(fields)
        .ok()
        .and_then(|value| value.as_mapping().cloned())
        .ok_or_else(|| broken(path))
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
        over(None, text, chain)
    }

    /// The same where a file below has a setting of its own.
    fn over(below: Option<&str>, text: &str, chain: Option<&Chain>) -> Result<String> {
        let path = Path::new(PATH);
        let now = yaml_edit::parse(path, text.as_bytes())?;
        let own = now.get(SETTING);
        let below = below.map(setting);
        let edits = match chain {
            Some(chain) => chained(path, own, below.as_ref(), chain)?,
            None => cleared(path, own, below.as_ref())?,
        };
        let edited = yaml_edit::apply(path, text.as_bytes(), &edits)?;
        assert!(!edited.comments_lost, "{text}");
        Ok(String::from_utf8(edited.text).unwrap())
    }

    fn setting(text: &str) -> Value {
        let map = yaml_edit::parse(Path::new(PATH), text.as_bytes()).unwrap();
        map.get(SETTING).cloned().unwrap_or_default()
    }

    fn named(text: &str) -> Vec<String> {
        models(fields(&setting(text)))
    }

    #[test]
    fn a_first_chain_goes_below_everything_and_comments_stay() {
        let text = after("# mine\nGOOSE_MODE: auto  # yes\n", Some(&chain())).unwrap();
        assert!(
            text.starts_with("# mine\nGOOSE_MODE: auto  # yes\n"),
            "{text}"
        );
        assert_eq!(named(&text), ["a/x", "b/y"]);
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
            assert_eq!(named(&text), ["a/x", "b/y"], "{text}");
            assert!(text.contains("throughput"), "{text}");
            let text = after(&text, None).unwrap();
            assert_eq!(named(&text), Vec::<String>::new());
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
            "OPENROUTER_PARAMETERS: {provider: {1: 2}}\n",
        ] {
            let error = after(before, Some(&chain())).unwrap_err();
            assert!(matches!(error, Error::BrokenFile { .. }), "{before}");
            assert_eq!(after(&format!("A: 1\n{before}"), None).unwrap(), "A: 1\n");
        }
    }

    #[test]
    fn a_setting_that_says_nothing_gives_way_to_a_chain_and_to_none() {
        for before in ["''", "' '", "null", "~", "{}", "'{}'"] {
            let text = format!("A: 1\nOPENROUTER_PARAMETERS: {before}\n");
            assert_eq!(
                named(&after(&text, Some(&chain())).unwrap()),
                ["a/x", "b/y"]
            );
            assert_eq!(after(&text, None).unwrap(), "A: 1\n", "{before}");
        }
    }

    #[test]
    fn clearing_keeps_the_chain_of_a_file_below_out_and_the_rest_of_it_in() {
        const BELOW: &str = "OPENROUTER_PARAMETERS: {models: [c/z], provider: {sort: price}}\n";
        const LINE: &str = "OPENROUTER_PARAMETERS:";
        for (own, wanted) in [
            ("A: 1\n".to_owned(), "{provider: {sort: price}}"),
            (format!("{LINE} 'not json'\n"), "{provider: {sort: price}}"),
            (format!("{LINE}\n  models:\n    - a/x\n"), "{}"),
            (format!("{LINE} '{{\"models\":[\"a/x\"]}}'\n"), "'{}'"),
            (
                format!("{LINE} {{models: [a/x], route: x}}\n"),
                "{route: x}",
            ),
        ] {
            let text = over(Some(BELOW), &own, None).unwrap();
            assert_eq!(setting(&text), setting(&format!("{LINE} {wanted}\n")));
            assert_eq!(over(Some(BELOW), &text, None).unwrap(), text, "once more");
        }
        let text = over(Some(BELOW), "", Some(&chain())).unwrap();
        assert_eq!(named(&text), ["a/x", "b/y"]);
        assert!(text.contains("sort: price"), "{text}");
    }

    #[test]
    fn the_environment_is_read_as_goose_reads_it() {
        let env = |text| in_environment(&Env::of([(SETTING, text)]));
        assert_eq!(env(r#"{"models": ["a"]}"#).unwrap(), ["a"]);
        assert_eq!(env(r#""{\"models\": [\"a\"]}""#).unwrap(), ["a"]);
        assert_eq!(env("{}").unwrap(), Vec::<String>::new());
        assert_eq!(in_environment(&Env::default()), None);
        assert_eq!(
            env(r#""\"{\\\"models\\\": [\\\"a\\\"]}\"""#).unwrap(),
            Vec::<String>::new()
        );
    }
}

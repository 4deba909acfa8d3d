//! Providers that the user defined in files of their own. One of these can take the place of a built-in provider, and one
//! that goose cannot read takes all bundled ones away, without a word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Result;
use crate::fsio;
use crate::goose::paths::Paths;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custom {
    /// Every provider defined here: its id and its file.
    pub providers: Vec<(String, PathBuf)>,
    /// Files for which goose drops the bundled providers.
    pub broken: Vec<Broken>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub path: PathBuf,
    pub reason: String,
}

impl Custom {
    pub fn read(paths: &Paths) -> Result<Self> {
        let mut custom = Self::default();
        for path in fsio::list(&paths.custom_providers)? {
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match id(&path) {
                Ok(id) => custom.providers.push((id, path)),
                Err(reason) => custom.broken.push(Broken { path, reason }),
            }
        }
        Ok(custom)
    }

    /// The file that takes the place of a built-in provider: keys for it go where this file says.
    pub fn shadowing(&self, provider: &str) -> Option<&Path> {
        self.providers
            .iter()
            .find(|(id, _)| id == provider)
            .map(|(_, path)| path.as_path())
    }
}

/// What goose insists on. The values may be of use to nobody here, but their types are what it stumbles over.
#[derive(Deserialize)]
struct Definition {
    name: String,
    #[serde(rename = "engine")]
    _engine: Engine,
    #[serde(rename = "display_name")]
    _display_name: String,
    #[serde(rename = "base_url")]
    _base_url: String,
    #[serde(rename = "models")]
    _models: Vec<Model>,
    #[serde(rename = "headers", default)]
    _headers: Option<BTreeMap<String, String>>,
    #[serde(rename = "requires_auth", default)]
    _requires_auth: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Engine {
    #[serde(alias = "openai_compatible")]
    Openai,
    #[serde(alias = "anthropic_compatible")]
    Anthropic,
    #[serde(alias = "ollama_compatible")]
    Ollama,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "name")]
    _name: String,
}

fn id(path: &Path) -> std::result::Result<String, String> {
    let bytes = fsio::read(path)
        .map_err(|error| error.to_string())?
        .bytes
        .ok_or("it is a link to nothing")?;
    // By way of a value, since goose takes the last of two equal keys.
    serde_json::from_slice(&bytes)
        .and_then(serde_json::from_value)
        .map(|definition: Definition| definition.name)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::goose::config::tests::{paths, write};

    use super::*;

    const FULL: &str =
        r#"{"name":"groq","engine":"openai","display_name":"D","base_url":"http://x","models":[]}"#;

    fn custom(files: &[(&str, &str)]) -> Custom {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        for (name, text) in files {
            write(&paths.custom_providers.join(name), text);
        }
        Custom::read(&paths).unwrap()
    }

    #[test]
    fn a_file_with_the_id_of_a_built_in_provider_takes_its_place() {
        let custom = custom(&[("whatever.json", FULL)]);
        assert!(custom.shadowing("groq").unwrap().ends_with("whatever.json"));
        assert_eq!(custom.shadowing("whatever"), None);
        assert!(custom.broken.is_empty());
    }

    #[test]
    fn no_folder_means_no_custom_providers() {
        assert_eq!(custom(&[]), Custom::default());
    }

    /// Each of these was given to the real goose 1.52.0, which then had 35 providers instead of 83.
    #[test]
    fn a_file_that_makes_goose_drop_its_bundled_providers_is_named() {
        for text in [
            "",
            "[]",
            "junk",
            &format!("\u{feff}{FULL}"),
            &FULL.replace("\"name\":\"groq\",", ""),
            &FULL.replace("\"engine\":\"openai\",", ""),
            &FULL.replace("\"display_name\":\"D\",", ""),
            &FULL.replace("\"base_url\":\"http://x\",", ""),
            &FULL.replace(",\"models\":[]", ""),
            &FULL.replace("\"groq\"", "7"),
            &FULL.replace("\"openai\"", "\"foo\""),
            &FULL.replace("\"openai\"", "\"OpenAI\""),
            &FULL.replace("[]", "[\"a\"]"),
            &FULL.replace("[]", "[{\"context_limit\":1}]"),
            &FULL.replace("[]", "[],\"headers\":7"),
            &FULL.replace("[]", "[],\"requires_auth\":\"yes\""),
        ] {
            let custom = custom(&[("a.json", FULL), ("b.json", text)]);
            assert_eq!(custom.broken.len(), 1, "{text}");
            assert!(custom.broken[0].path.ends_with("b.json"));
            assert_eq!(custom.providers.len(), 1);
        }
    }

    /// These left the real goose 1.52.0 with all of its providers.
    #[test]
    fn what_goose_reads_or_never_looks_at_is_no_finding() {
        for (name, text) in [
            ("a.json", FULL.replace("openai", "openai_compatible")),
            (
                "a.json",
                FULL.replace("[]", "[{\"name\":\"a\"}],\"unknown\":1"),
            ),
            (
                "a.json",
                FULL.replace("\"groq\"", "\"one\",\"name\":\"two\""),
            ),
            ("a.txt", "junk".into()),
            ("a.JSON", "junk".into()),
            ("a.json.bak", "junk".into()),
        ] {
            assert!(custom(&[(name, &text)]).broken.is_empty(), "{name} {text}");
        }
    }
}

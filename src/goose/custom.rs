//! Providers that the user defined in files of their own. One of these can take the place of a built-in provider, and one
//! that goose cannot read takes all bundled ones away, without a word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fsio;
use crate::goose::paths::Paths;

/// Names and values.
pub type Headers = BTreeMap<String, String>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Custom {
    /// Every provider defined here, with its file.
    pub providers: Vec<(Definition, PathBuf)>,
    /// Files for which goose drops the bundled providers.
    pub broken: Vec<Broken>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub path: PathBuf,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub reason: String,
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        Self::BrokenFile {
            path: broken.path,
            line: broken.line,
            column: broken.column,
            reason: broken.reason,
        }
    }
}

impl Custom {
    pub fn read(paths: &Paths) -> Result<Self> {
        let mut custom = Self::default();
        for path in fsio::list(&paths.custom_providers)? {
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let read = fsio::read(&path).map(|file| file.bytes);
            match definition(&path, read) {
                Ok(definition) => custom.providers.push((definition, path)),
                Err(broken) => custom.broken.push(broken),
            }
        }
        Ok(custom)
    }

    pub fn by_id(&self, id: &str) -> Option<&(Definition, PathBuf)> {
        self.providers
            .iter()
            .find(|(definition, _)| definition.name == id)
    }

    /// The file that takes the place of a built-in provider: keys for it go where this file says.
    pub fn shadowing(&self, provider: &str) -> Option<&Path> {
        self.by_id(provider).map(|(_, path)| path.as_path())
    }
}

/// What goose 1.52.0 insists on: with any of these absent or of another type it stumbles over the file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Definition {
    /// The id; the name of the file does not matter.
    pub name: String,
    pub engine: Engine,
    pub display_name: String,
    pub base_url: String,
    pub models: Vec<ModelEntry>,
    #[serde(default)]
    pub api_key_env: String,
    #[serde(default = "yes")]
    pub requires_auth: bool,
    /// Sent as they stand: goose fills in no variable here.
    pub headers: Option<Headers>,
    /// goose takes absence for a yes.
    pub supports_streaming: Option<bool>,
    #[serde(flatten)]
    rest: Rest,
}

/// Fields of no use here, whose types goose insists on all the same.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Rest {
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "session_id_header_override")]
    _session_id_header_override: Option<String>,
    #[serde(rename = "timeout_seconds")]
    _timeout_seconds: Option<u64>,
    #[serde(rename = "catalog_provider_id")]
    _catalog_provider_id: Option<String>,
    #[serde(rename = "base_path")]
    _base_path: Option<String>,
    #[serde(rename = "env_vars")]
    _env_vars: Option<Vec<EnvVar>>,
    auth: Option<CommandAuth>,
    #[serde(rename = "dynamic_models")]
    _dynamic_models: Option<bool>,
    #[serde(rename = "skip_canonical_filtering", default)]
    _skip_canonical_filtering: bool,
    #[serde(rename = "model_doc_link")]
    _model_doc_link: Option<String>,
    #[serde(rename = "setup_steps", default)]
    _setup_steps: Vec<String>,
    #[serde(rename = "toolshim", default)]
    _toolshim: bool,
    #[serde(rename = "preserves_thinking", default)]
    _preserves_thinking: bool,
    #[serde(rename = "emit_clear_thinking", default)]
    _emit_clear_thinking: bool,
    #[serde(rename = "setup")]
    _setup: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Definition {
    /// goose gets the key from a command, each time anew.
    pub fn has_key_command(&self) -> bool {
        self.rest.auth.is_some()
    }
}

/// Whose way of speaking an endpoint has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    #[serde(alias = "openai_compatible")]
    Openai,
    #[serde(alias = "anthropic_compatible")]
    Anthropic,
    #[serde(alias = "ollama_compatible")]
    Ollama,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ModelEntry {
    pub name: String,
    pub context_limit: Option<u64>,
    #[serde(rename = "input_token_cost")]
    _input_token_cost: Option<f64>,
    #[serde(rename = "output_token_cost")]
    _output_token_cost: Option<f64>,
    #[serde(rename = "currency")]
    _currency: Option<String>,
    #[serde(rename = "supports_cache_control")]
    _supports_cache_control: Option<bool>,
    #[serde(rename = "reasoning", default)]
    _reasoning: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct EnvVar {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "required", default)]
    _required: bool,
    #[serde(rename = "secret", default)]
    _secret: bool,
    #[serde(rename = "primary")]
    _primary: Option<bool>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "default")]
    _default: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct CommandAuth {
    #[serde(rename = "command")]
    _command: String,
    #[serde(rename = "args", default)]
    _args: Vec<String>,
    #[serde(rename = "refresh_interval", default)]
    _refresh_interval: u64,
    #[serde(rename = "timeout_seconds", default)]
    _timeout_seconds: u64,
    #[serde(rename = "cwd")]
    _cwd: Option<String>,
}

impl Engine {
    pub fn word(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
        }
    }

    /// goose can ask for answers in one piece; with the other two it refuses to start.
    pub fn can_do_without_streaming(self) -> bool {
        self == Self::Openai
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Openai => "OpenAI",
            Self::Anthropic => "Anthropic",
            Self::Ollama => "Ollama",
        }
    }
}

/// The name under which goose's own commands keep the key of a custom provider.
pub fn key_name(id: &str) -> String {
    format!("{}_API_KEY", id.to_uppercase())
}

fn yes() -> bool {
    true
}

fn definition(
    path: &Path,
    read: Result<Option<Vec<u8>>>,
) -> std::result::Result<Definition, Broken> {
    let broken = |reason: String| Broken {
        path: path.to_owned(),
        line: None,
        column: None,
        reason,
    };
    let bytes = read
        .map_err(|error| broken(error.to_string()))?
        .ok_or_else(|| broken("it is a link to nothing".into()))?;
    // By way of a value, since goose takes the last of two equal keys.
    serde_json::from_slice(&bytes)
        .and_then(serde_json::from_value)
        .map_err(|error: serde_json::Error| {
            let (line, column) = place(&bytes, &error);
            Broken {
                line,
                column,
                ..broken(reason(&error))
            }
        })
}

/// Where goose would stumble. A value that was read once already has forgotten it, so the text is read once more.
fn place(bytes: &[u8], error: &serde_json::Error) -> (Option<usize>, Option<usize>) {
    let again = serde_json::from_slice::<Definition>(bytes).err();
    let place = |error: &serde_json::Error| (error.line(), error.column());
    let (line, column) = match (place(error), again) {
        ((0, _), Some(again)) => place(&again),
        (known, _) => known,
    };
    (
        (line > 0).then_some(line),
        (line > 0 && column > 0).then_some(column),
    )
}

/// In words that hold no value of the file, which may be a key.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if error.is_data() && !text.starts_with("missing field") {
        return "a field has a value of a kind that goose does not take".into();
    }
    text.to_owned()
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
            &FULL.replace("[]", "[],\"requires_auth\":null"),
            &FULL.replace("[]", "[],\"api_key_env\":null"),
            &FULL.replace("[]", "[],\"description\":7"),
            &FULL.replace("[]", "[],\"timeout_seconds\":\"60\""),
            &FULL.replace("[]", "[],\"supports_streaming\":1"),
            &FULL.replace("[]", "[],\"toolshim\":null"),
            &FULL.replace("[]", "[],\"setup_steps\":null"),
            &FULL.replace("[]", "[],\"headers\":{\"a\":1}"),
            &FULL.replace("[]", "[],\"env_vars\":[\"A\"]"),
            &FULL.replace("[]", "[],\"auth\":{\"args\":[]}"),
            &FULL.replace("[]", "[{\"name\":\"m\",\"context_limit\":1.5}]"),
            &FULL.replace("[]", "[{\"name\":\"m\",\"reasoning\":null}]"),
        ] {
            let custom = custom(&[("a.json", FULL), ("b.json", text)]);
            assert_eq!(custom.broken.len(), 1, "{text}");
            assert!(custom.broken[0].path.ends_with("b.json"));
            assert_eq!(custom.providers.len(), 1);
        }
    }

    #[test]
    fn a_broken_file_is_named_by_line_and_without_a_word_of_what_stands_in_it() {
        for (text, line) in [
            ("{\n  \"name\": \"x\",\n  oops\n}", 3),
            (
                "{\"name\":\"x\",\"engine\":\"openai\",\"display_name\":\"D\",\n\"base_url\":\"http://x\",\"models\":[],\n\"headers\":\"sk-hidden\"}",
                3,
            ),
        ] {
            let custom = custom(&[("b.json", text)]);
            assert_eq!(custom.broken[0].line, Some(line), "{:?}", custom.broken);
            assert!(!custom.broken[0].reason.contains("sk-hidden"));
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
            (
                "a.json",
                FULL.replace(
                    "[]",
                    "[{\"name\":\"a\",\"context_limit\":7,\"input_token_cost\":-1}],\"headers\":null,\"auth\":{\"command\":\"x\"},\"setup\":null",
                ),
            ),
            ("a.txt", "junk".into()),
            ("a.JSON", "junk".into()),
            ("a.json.bak", "junk".into()),
        ] {
            assert!(custom(&[(name, &text)]).broken.is_empty(), "{name} {text}");
        }
    }
}

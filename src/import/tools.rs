//! Where other tools keep keys, and in what form. Each row says where that was read.
//!
//! | tool | files | read in |
//! |---|---|---|
//! | aichat | `aichat/config.yaml` and `.env` in the config folder; `AICHAT_CONFIG_DIR` | sigoden/aichat wiki, config.example.yaml |
//! | llm | `io.datasette.llm/keys.json` in the config folder; `LLM_USER_PATH` | simonw/llm, `user_dir` |
//! | opencode | `opencode/auth.json` in the data folder, entries of type `api` | opencode, `Global.Path.data` |
//! | aider | `.aider.conf.yml` and `.env` in the home and the current folder, `~/.aider/oauth-keys.env` | aider.chat, config/api-keys and config/dotenv; aider's `main.py` |
//! | crush | `crush/crushrc` in the config folder, `crushrc` and `.crushrc` here; `crush/crush.json` in the config and the data folder, `crush.json` and `.crush.json` here | charmbracelet/crush, docs/config |
//! | Continue | `~/.continue/config.yaml`, `config.json` and `.env` | docs.continue.dev, reference |
//! | codex | `~/.codex/auth.json`, field `OPENAI_API_KEY`; `CODEX_HOME` | openai/codex, `AuthDotJson` |
//! | LiteLLM | `litellm_config.yaml` and `config.yaml` here | docs.litellm.ai, proxy/configs |
//!
//! A sign-in of another tool (a token of type `oauth`, the `tokens` of codex) is left to that tool.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::env::Env;
use crate::fsio;
use crate::import::{Name, assignment, crushrc};

pub(super) struct File {
    /// What `--from` takes.
    pub(super) source: &'static str,
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// One variable a line.
    Lines,
    Aichat,
    Llm,
    Opencode,
    Aider,
    Crush,
    Crushrc,
    Continue,
    Codex,
    Litellm,
}

/// Every word that `--from` takes.
pub const SOURCES: [&str; 13] = [
    "environment",
    "dotenv",
    "shell",
    "aichat",
    "llm",
    "opencode",
    "aider",
    "crush",
    "continue",
    "codex",
    "litellm",
    "goose-keychain",
    "goose-file",
];

/// Every place to look at, whether there is a file or not. Paths without a folder are in the current one.
pub(super) fn files(env: &Env) -> Vec<File> {
    let mut files = Vec::new();
    let mut add = |source, kind, path: PathBuf| files.push(File { source, path, kind });
    for here in [".env", ".env.local"] {
        add("dotenv", Kind::Lines, here.into());
    }
    add("aider", Kind::Aider, ".aider.conf.yml".into());
    for here in ["litellm_config.yaml", "litellm.yaml", "config.yaml"] {
        add("litellm", Kind::Litellm, here.into());
    }
    for here in ["crush.json", ".crush.json"] {
        add("crush", Kind::Crush, here.into());
    }
    for here in ["crushrc", ".crushrc"] {
        add("crush", Kind::Crushrc, here.into());
    }
    let Some(home) = env.home() else {
        return files;
    };
    let config = folder(env, "XDG_CONFIG_HOME", || home.join(".config"));
    let data = folder(env, "XDG_DATA_HOME", || home.join(".local/share"));
    add("dotenv", Kind::Lines, home.join(".env"));
    for rc in [".profile", ".bash_profile", ".bashrc", ".pam_environment"] {
        add("shell", Kind::Lines, home.join(rc));
    }
    let zsh = folder(env, "ZDOTDIR", || home.to_owned());
    for rc in [".zshenv", ".zprofile", ".zshrc"] {
        add("shell", Kind::Lines, zsh.join(rc));
    }
    for rc in [
        "fish/config.fish",
        "fish/fish_variables",
        "nushell/env.nu",
        "nushell/config.nu",
    ] {
        add("shell", Kind::Lines, config.join(rc));
    }
    for folder in ["fish/conf.d", "environment.d"] {
        for path in fsio::list(&config.join(folder)).unwrap_or_default() {
            add("shell", Kind::Lines, path);
        }
    }
    let aichat = folder(env, "AICHAT_CONFIG_DIR", || config.join("aichat"));
    add("aichat", Kind::Aichat, aichat.join("config.yaml"));
    add("aichat", Kind::Lines, aichat.join(".env"));
    let llm = folder(env, "LLM_USER_PATH", || config.join("io.datasette.llm"));
    add("llm", Kind::Llm, llm.join("keys.json"));
    add("opencode", Kind::Opencode, data.join("opencode/auth.json"));
    add("aider", Kind::Aider, home.join(".aider.conf.yml"));
    add("aider", Kind::Lines, home.join(".aider/oauth-keys.env"));
    add("crush", Kind::Crushrc, config.join("crush/crushrc"));
    add("crush", Kind::Crush, config.join("crush/crush.json"));
    add("crush", Kind::Crush, data.join("crush/crush.json"));
    for name in ["config.yaml", "config.json"] {
        add(
            "continue",
            Kind::Continue,
            home.join(".continue").join(name),
        );
    }
    add("continue", Kind::Lines, home.join(".continue/.env"));
    let codex = folder(env, "CODEX_HOME", || home.join(".codex"));
    add("codex", Kind::Codex, codex.join("auth.json"));
    files
}

fn folder(env: &Env, variable: &str, otherwise: impl FnOnce() -> PathBuf) -> PathBuf {
    env.absolute_dir(variable)
        .filter(|path| path != Path::new("/"))
        .unwrap_or_else(otherwise)
}

impl Kind {
    /// Hands on every key in the text; `false` where it is not what it should be.
    pub(super) fn read(self, text: &str, hand_on: &mut dyn FnMut(Name<'_>, &str)) -> bool {
        if let Self::Lines = self {
            for (name, value) in text.lines().filter_map(assignment::of) {
                hand_on(Name::Variable(name), &value);
            }
            return true;
        }
        if let Self::Crushrc = self {
            crushrc::read(text, hand_on);
            return true;
        }
        // JSON is YAML, but for the tabs that YAML forbids.
        let root: Value = match serde_json::from_str(text) {
            Ok(root) => root,
            Err(_) => match serde_yaml::from_str(text) {
                Ok(root) => root,
                Err(_) => return false,
            },
        };
        match self {
            Self::Lines | Self::Crushrc => {}
            Self::Aichat => each(&root["clients"], |client| {
                let name = word(client, "name").or_else(|| word(client, "type"));
                provider(
                    name,
                    word(client, "api_base"),
                    word(client, "api_key"),
                    hand_on,
                );
            }),
            Self::Llm => entries(&root, |name, value| {
                provider(Some(name), None, value.as_str(), hand_on);
            }),
            Self::Opencode => entries(&root, |name, entry| {
                if word(entry, "type") == Some("api") {
                    provider(Some(name), None, word(entry, "key"), hand_on);
                }
            }),
            Self::Aider => aider(&root, hand_on),
            Self::Crush => entries(&root["providers"], |name, entry| {
                let name = word(entry, "id").unwrap_or(name);
                provider(
                    Some(name),
                    word(entry, "base_url"),
                    word(entry, "api_key"),
                    hand_on,
                );
            }),
            Self::Continue => each(&root["models"], |model| {
                let address = word(model, "apiBase");
                provider(
                    word(model, "provider"),
                    address,
                    word(model, "apiKey"),
                    hand_on,
                );
            }),
            Self::Codex => {
                if let Some(key) = word(&root, "OPENAI_API_KEY") {
                    hand_on(Name::Variable("OPENAI_API_KEY"), key);
                }
            }
            Self::Litellm => litellm(&root, hand_on),
        }
        true
    }
}

fn aider(root: &Value, hand_on: &mut dyn FnMut(Name<'_>, &str)) {
    for name in ["openai", "anthropic"] {
        let key = word(root, &format!("{name}-api-key")).map(str::to_owned);
        provider(Some(name), None, key.as_deref(), hand_on);
    }
    for (list, is_variable) in [("api-key", false), ("set-env", true)] {
        let mut pair = |text: &str| {
            if let Some((name, value)) = text.split_once('=') {
                let name = if is_variable {
                    Name::Variable(name)
                } else {
                    Name::Provider(name, None)
                };
                hand_on(name, value);
            }
        };
        match &root[list] {
            Value::String(text) => pair(text),
            list => each(list, |item| pair(item.as_str().unwrap_or_default())),
        }
    }
}

fn litellm(root: &Value, hand_on: &mut dyn FnMut(Name<'_>, &str)) {
    each(&root["model_list"], |model| {
        let params = &model["litellm_params"];
        let maker = word(params, "model").and_then(|model| model.split('/').next());
        provider(
            maker,
            word(params, "api_base"),
            word(params, "api_key"),
            hand_on,
        );
    });
    entries(&root["environment_variables"], |name, value| {
        if let Some(value) = value.as_str() {
            hand_on(Name::Variable(name), value);
        }
    });
}

fn provider(
    name: Option<&str>,
    address: Option<&str>,
    key: Option<&str>,
    hand_on: &mut dyn FnMut(Name<'_>, &str),
) {
    if let (Some(name), Some(key)) = (name, key) {
        hand_on(Name::Provider(name, address), key);
    }
}

fn word<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value
        .get(field)?
        .as_str()
        .filter(|text| !text.trim().is_empty())
}

fn each(list: &Value, mut action: impl FnMut(&Value)) {
    list.as_sequence()
        .into_iter()
        .flatten()
        .for_each(&mut action);
}

fn entries(map: &Value, mut action: impl FnMut(&str, &Value)) {
    for (name, value) in map.as_mapping().into_iter().flatten() {
        if let Some(name) = name.as_str() {
            action(name, value);
        }
    }
}

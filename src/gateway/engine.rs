//! LiteLLM itself: where it is, and how it is started.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::process;

/// The version that was seen working. Runners that fetch LiteLLM fetch this one, not whatever is newest that day.
const PACKAGE: &str = "litellm[proxy]==1.108.7";

/// What LiteLLM needs of our environment besides the keys, and whoever starts it for us has by himself.
const USUAL: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TMP",
    "TEMP",
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// What it needs besides: where its files are, and the way to the providers.
const WAYS: [&str; 13] = [
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
];

/// How the settings of uv, pip and pipx begin.
const RUNNERS_OWN: [&str; 3] = ["UV_", "PIP_", "PIPX_"];

/// A program and the arguments before LiteLLM's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    pub program: PathBuf,
    arguments: Vec<&'static str>,
}

impl Engine {
    /// LiteLLM where it is installed, else a runner that fetches it.
    pub fn find(env: &Env) -> Result<Self> {
        let mut folders = process::search_path(env);
        folders.extend(env.home().map(|home| home.join(".local/bin")));
        let runners: [(&str, Vec<&'static str>); 3] = [
            ("litellm", Vec::new()),
            ("uvx", vec!["--from", PACKAGE, "litellm"]),
            ("pipx", vec!["run", "--spec", PACKAGE, "litellm"]),
        ];
        runners
            .into_iter()
            .find_map(|(name, arguments)| {
                let program = process::find(name, folders.iter().map(PathBuf::as_path))?;
                Some(Self { program, arguments })
            })
            .ok_or_else(|| {
                Error::usage(
                    "LiteLLM is not installed, and neither is uv or pipx, which could fetch it",
                    format!("install it with `uv tool install '{PACKAGE}'` or `pipx install '{PACKAGE}'`"),
                )
            })
    }

    #[cfg(test)]
    pub(super) fn stand_in(arguments: &[&'static str]) -> Self {
        Self {
            program: "litellm".into(),
            arguments: arguments.into(),
        }
    }

    /// It has to be fetched first, which may take minutes.
    pub fn fetches(&self) -> bool {
        !self.arguments.is_empty()
    }

    pub fn arguments(&self, config: &Path, port: u16) -> Vec<String> {
        let config = config.display().to_string();
        let port = port.to_string();
        let own = ["--config", &config, "--host", "127.0.0.1", "--port", &port];
        self.arguments
            .iter()
            .copied()
            .chain(own)
            .map(str::to_owned)
            .collect()
    }
}

/// LiteLLM's whole environment: the way to the world, and these keys. A runner has settings of its own, such as the mirror
/// that it fetches from.
pub fn environment(
    env: &Env,
    engine: &Engine,
    keys: Vec<(String, Zeroizing<String>)>,
) -> Vec<(String, Zeroizing<String>)> {
    let fixed = [
        // The price list that LiteLLM carries is good enough; without this it waits for one from the net.
        ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
        ("PYTHONUNBUFFERED", "1"),
    ];
    let usual = USUAL
        .into_iter()
        .filter_map(|name| Some((name, env.text(name)?)));
    usual
        .chain(ways(env, Some(engine)))
        .chain(fixed)
        .map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned())))
        .chain(keys)
        .collect()
}

/// What a service manager does not have by itself, and LiteLLM is in need of, wherever it is found.
pub fn ways<'e>(env: &'e Env, engine: Option<&Engine>) -> impl Iterator<Item = (&'e str, &'e str)> {
    let fetches = engine.is_some_and(Engine::fetches);
    let is_runners_own =
        move |name: &&str| fetches && RUNNERS_OWN.iter().any(|start| name.starts_with(start));
    WAYS.into_iter()
        .chain(env.names().filter(is_runners_own))
        .filter_map(|name| Some((name, env.text(name)?)))
}

/// A proxy that would be asked for addresses on this very machine too; goose would not reach the gateway.
pub fn proxy_in_the_way(env: &Env) -> Option<&'static str> {
    let exempt = ["NO_PROXY", "no_proxy"]
        .iter()
        .filter_map(|name| env.text(name))
        .flat_map(|list| list.split(','))
        .any(|name| matches!(name.trim(), "127.0.0.1" | "*"));
    if exempt {
        return None;
    }
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| env.filled(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litellm_gets_the_keys_it_needs_and_nothing_else_of_our_environment() {
        let env = Env::of([
            ("PATH", "/bin"),
            ("HTTPS_PROXY", "http://p"),
            ("AWS_SECRET_ACCESS_KEY", "no"),
            ("OPENAI_API_KEY", "the shell's"),
            ("UV_DEFAULT_INDEX", "https://mirror"),
        ]);
        let engine = |arguments| Engine {
            program: "litellm".into(),
            arguments,
        };
        let keys = vec![("OPENAI_API_KEY".to_owned(), Zeroizing::new("k".to_owned()))];
        let names: Vec<(String, String)> = environment(&env, &engine(Vec::new()), keys)
            .into_iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect();
        let has = |name: &str, value: &str| names.contains(&(name.into(), value.into()));
        assert!(
            has("PATH", "/bin") && has("HTTPS_PROXY", "http://p") && has("OPENAI_API_KEY", "k")
        );
        assert_eq!(names.len(), 5);
        let fetched = environment(&env, &engine(vec!["run"]), Vec::new());
        assert!(
            fetched.iter().any(|(name, _)| name == "UV_DEFAULT_INDEX"),
            "a runner needs its mirror"
        );
    }

    #[test]
    fn a_proxy_for_plain_http_stands_in_the_way_unless_loopback_is_exempt() {
        let way = |vars| proxy_in_the_way(&Env::of(vars));
        assert_eq!(
            way([("HTTP_PROXY", "http://p"), ("A", "")]),
            Some("HTTP_PROXY")
        );
        assert_eq!(way([("HTTPS_PROXY", "http://p"), ("A", "")]), None);
        assert_eq!(
            way([
                ("HTTP_PROXY", "http://p"),
                ("NO_PROXY", "localhost, 127.0.0.1")
            ]),
            None
        );
    }
}

//! Texts for the programs that keep a gateway running: systemd, launchd, and Docker Compose for a team.

use std::path::Path;

use crate::env::Env;
use crate::error::Result;
use crate::gateway::config::Written;
use crate::gateway::engine::{self, Engine};
use crate::secret::is_name_of_secret;

const SYSTEMD: &str = include_str!("../../templates/gateway.service");
const LAUNCHD: &str = include_str!("../../templates/gateway.plist");
const COMPOSE: &str = include_str!("../../templates/gateway.compose.yaml");

/// Docker's name for the machine that a container runs on.
pub const OUTSIDE: &str = "host.docker.internal";

/// What `gateway run` has to find again: programs, goose's files and its store.
const NEEDED: [&str; 6] = [
    "PATH",
    "GOOSE_PATH_ROOT",
    "GOOSE_ADDITIONAL_CONFIG_FILES",
    "GOOSE_DISABLE_KEYRING",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// The variables of a unit, which anybody may read: what holds a secret is left out by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Surroundings<'e> {
    named: Vec<(&'e str, &'e str)>,
    pub left_out: Vec<&'e str>,
}

impl<'e> Surroundings<'e> {
    /// The settings of a runner are for where LiteLLM would be fetched by one.
    pub fn of(env: &'e Env, engine: Option<&Engine>) -> Self {
        let (secret, named) = NEEDED
            .into_iter()
            .filter_map(|name| Some((name, env.filled(name)?)))
            .chain(engine::ways(env, engine))
            .partition(|(name, value)| is_name_of_secret(name) || has_sign_in(value));
        let secret: Vec<(&str, &str)> = secret;
        Self {
            named,
            left_out: secret.into_iter().map(|(name, _)| name).collect(),
        }
    }
}

/// An address in it, or one of several, begins with a user's name.
fn has_sign_in(value: &str) -> bool {
    let mut words = value.split(|c: char| c.is_whitespace() || c == ',');
    words.any(|word| {
        let address = word.split_once("//").map_or(word, |(_, rest)| rest);
        address
            .split('/')
            .next()
            .is_some_and(|host| host.contains('@'))
    })
}

pub fn systemd(program: &Path, surroundings: &Surroundings<'_>) -> String {
    let environment: String = surroundings
        .named
        .iter()
        .map(|(name, value)| format!("Environment=\"{name}={}\"\n", for_systemd(value)))
        .collect();
    SYSTEMD
        .replace(
            "{{program}}",
            &for_systemd(&program.display().to_string()).replace('$', "$$"),
        )
        .replace("{{environment}}", &environment)
}

pub fn launchd(program: &Path, surroundings: &Surroundings<'_>) -> String {
    let environment: String = surroundings
        .named
        .iter()
        .map(|(name, value)| {
            format!(
                "    <key>{name}</key>\n    <string>{}</string>\n",
                for_xml(value)
            )
        })
        .collect();
    LAUNCHD
        .replace("{{program}}", &for_xml(&program.display().to_string()))
        .replace("{{environment}}", &environment)
}

/// For a container, which reaches the machine it runs on by another name than its own loopback.
pub fn compose(written: &Written) -> Result<String> {
    let keys: Vec<String> = written
        .variables()
        .iter()
        .map(|name| format!("      {name}: ${{{name}:?a key that the configuration names}}"))
        .collect();
    let config: Vec<String> = written
        .shared(OUTSIDE)?
        .lines()
        // A dollar sign is Compose's own.
        .map(|line| {
            format!("      {}", line.replace('$', "$$"))
                .trim_end()
                .to_owned()
        })
        .collect();
    let hosts = if written.asks_this_machine() {
        format!("    extra_hosts: [\"{OUTSIDE}:host-gateway\"]\n")
    } else {
        String::new()
    };
    Ok(COMPOSE
        .replace("{{hosts}}\n", &hosts)
        .replace(
            "{{keys}}\n",
            &keys
                .iter()
                .map(|key| format!("{key}\n"))
                .collect::<String>(),
        )
        .replace("{{config}}", &config.join("\n")))
}

/// Inside double quotes of a unit file.
fn for_systemd(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('\n', "\\n")
}

fn for_xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::gateway::config::{Manners, render};
    use crate::gateway::route::Route;

    use super::*;

    fn env() -> Env {
        Env::of([
            ("PATH", "/usr/bin:/100%/a&b"),
            ("OPENAI_API_KEY", "sk-canary"),
            ("HTTPS_PROXY", "http://proxy:3128"),
            ("NO_PROXY", "127.0.0.1"),
            ("SSL_CERT_FILE", "/etc/ca.pem"),
            ("http_proxy", "ann:canary@proxy:3128"),
            ("UV_DEFAULT_INDEX", "https://mirror"),
            ("UV_INDEX", "https://one https://ann:canary@two/simple"),
            ("UV_INDEX_TWO_PASSWORD", "canary"),
        ])
    }

    #[test]
    fn a_unit_names_the_program_and_no_key() {
        let (env, engine) = (env(), Engine::stand_in(&[]));
        let around = Surroundings::of(&env, Some(&engine));
        assert_eq!(around.left_out, ["http_proxy"]);
        let unit = systemd(Path::new("/opt/goose setup"), &around);
        for line in [
            "HTTPS_PROXY=http://proxy:3128",
            "NO_PROXY=127.0.0.1",
            "SSL_CERT_FILE=/etc/ca.pem",
        ] {
            assert!(
                unit.contains(&format!("Environment=\"{line}\"\n")),
                "{unit}"
            );
        }
        assert!(!unit.contains("UV_"), "{unit}");
        assert!(
            unit.contains("ExecStart=\"/opt/goose setup\" gateway run --log\n"),
            "{unit}"
        );
        assert!(
            unit.contains("Environment=\"PATH=/usr/bin:/100%%/a&b\"\n"),
            "{unit}"
        );
        let plist = launchd(Path::new("/opt/goose"), &around);
        assert!(plist.contains("/100%/a&amp;b"), "{plist}");
        assert!(plist.contains("<key>NO_PROXY</key>"), "{plist}");
        for text in [unit, plist] {
            assert!(!text.contains("canary") && !text.contains("{{"), "{text}");
        }
    }

    #[test]
    fn a_unit_for_a_runner_has_its_mirror_and_no_password_of_it() {
        let (env, engine) = (env(), Engine::stand_in(&["run"]));
        let around = Surroundings::of(&env, Some(&engine));
        assert_eq!(
            around.left_out,
            ["http_proxy", "UV_INDEX", "UV_INDEX_TWO_PASSWORD"]
        );
        let unit = systemd(Path::new("/opt/goose"), &around);
        assert!(
            unit.contains("Environment=\"UV_DEFAULT_INDEX=https://mirror\"\n")
                && !unit.contains("canary"),
            "{unit}"
        );
    }

    #[test]
    fn a_team_gets_redis_and_keys_by_name() {
        let routes: Vec<Route> = ["openai/gpt-4o", "ollama/qwen3"]
            .iter()
            .map(|text| Route::parse(text, |_| None).unwrap())
            .collect();
        let manners = Manners {
            cooldown: 60,
            retries: 1,
        };
        let written = Written::parse(Path::new("g"), render(&routes, manners).as_bytes()).unwrap();
        let text = compose(&written).unwrap();
        let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        let environment = &yaml["services"]["litellm"]["environment"];
        assert_eq!(
            environment["OPENAI_API_KEY"],
            "${OPENAI_API_KEY:?a key that the configuration names}"
        );
        let inner: serde_yaml::Value =
            serde_yaml::from_str(yaml["configs"]["litellm"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(inner["router_settings"]["redis_host"], "redis");
        // Inside a container its own loopback would be asked.
        assert_eq!(
            inner["model_list"][1]["litellm_params"]["api_base"],
            "http://host.docker.internal:11434"
        );
        assert_eq!(
            yaml["services"]["litellm"]["extra_hosts"][0],
            "host.docker.internal:host-gateway"
        );
    }
}

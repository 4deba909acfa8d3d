//! Texts for the programs that keep a gateway running: systemd, launchd, and Docker Compose for a team.

use std::path::Path;

use crate::env::Env;
use crate::error::Result;
use crate::gateway::config::Written;

const SYSTEMD: &str = include_str!("../../templates/gateway.service");
const LAUNCHD: &str = include_str!("../../templates/gateway.plist");
const COMPOSE: &str = include_str!("../../templates/gateway.compose.yaml");

/// What `gateway run` has to find again: programs, and goose's files.
const NEEDED: [&str; 4] = [
    "PATH",
    "GOOSE_PATH_ROOT",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

pub fn systemd(program: &Path, env: &Env) -> String {
    let environment: String = needed(env)
        .map(|(name, value)| format!("Environment=\"{name}={}\"\n", for_systemd(value)))
        .collect();
    SYSTEMD
        .replace(
            "{{program}}",
            &for_systemd(&program.display().to_string()).replace('$', "$$"),
        )
        .replace("{{environment}}", &environment)
}

pub fn launchd(program: &Path, env: &Env) -> String {
    let environment: String = needed(env)
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

pub fn compose(written: &Written) -> Result<String> {
    let keys: Vec<String> = written
        .variables()
        .iter()
        .map(|name| format!("      {name}: ${{{name}:?a key that the configuration names}}"))
        .collect();
    let config: Vec<String> = written
        .shared()?
        .lines()
        // A dollar sign is Compose's own.
        .map(|line| {
            format!("      {}", line.replace('$', "$$"))
                .trim_end()
                .to_owned()
        })
        .collect();
    Ok(COMPOSE
        .replace(
            "{{keys}}\n",
            &keys
                .iter()
                .map(|key| format!("{key}\n"))
                .collect::<String>(),
        )
        .replace("{{config}}", &config.join("\n")))
}

fn needed(env: &Env) -> impl Iterator<Item = (&'static str, &str)> {
    NEEDED
        .into_iter()
        .filter_map(|name| Some((name, env.filled(name)?)))
}

/// Inside double quotes of a unit file.
fn for_systemd(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
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
        ])
    }

    #[test]
    fn a_unit_names_the_program_and_no_key() {
        let unit = systemd(Path::new("/opt/goose setup"), &env());
        assert!(
            unit.contains("ExecStart=\"/opt/goose setup\" gateway run --log\n"),
            "{unit}"
        );
        assert!(
            unit.contains("Environment=\"PATH=/usr/bin:/100%%/a&b\"\n"),
            "{unit}"
        );
        let plist = launchd(Path::new("/opt/goose"), &env());
        assert!(plist.contains("/100%/a&amp;b"), "{plist}");
        for text in [unit, plist] {
            assert!(!text.contains("canary") && !text.contains("{{"), "{text}");
        }
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
    }
}

//! LiteLLM's configuration: written from a template, read back for what it names.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use serde_yaml::{Mapping, Value};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use crate::catalog::is_local;
use crate::error::{Error, Result};
use crate::gateway::MASTER_KEY;
use crate::gateway::route::Route;
use crate::yaml_edit::{self, Edit};

const TEMPLATE: &str = include_str!("../../templates/gateway.yaml");
const REFERENCE: &str = "os.environ/";

/// What is tried how often, and how long a model rests.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    pub cooldown: u32,
    pub retries: u32,
}

/// The configuration for these models, the first being the one that goose asks for.
pub fn render(routes: &[Route], manners: Manners) -> String {
    let models: Vec<String> = routes.iter().map(deployment).collect();
    let fallbacks: Vec<String> = (1..routes.len())
        .filter_map(|from| fallback(routes, from))
        .collect();
    let is_limited = routes
        .iter()
        .any(|route| route.rpm.is_some() || route.tpm.is_some());
    let checks = if is_limited {
        "  # A model is passed over before it goes beyond its rpm or tpm.\n  optional_pre_call_checks: [enforce_model_rate_limits]\n"
    } else {
        ""
    };
    TEMPLATE
        .replace("{{models}}", &models.join("\n"))
        .replace("{{fallbacks}}", &fallbacks.join("\n"))
        .replace("{{cooldown}}", &manners.cooldown.to_string())
        .replace("{{retries}}", &manners.retries.to_string())
        .replace("{{checks}}", checks)
}

fn deployment(route: &Route) -> String {
    let mut lines = vec![
        format!("  - model_name: {}", quoted(&route.name)),
        "    litellm_params:".into(),
        format!("      model: {}", quoted(&route.call)),
    ];
    let mut add = |field: &str, value: String| lines.push(format!("      {field}: {value}"));
    if let Some(key) = route.key() {
        add("api_key", format!("{REFERENCE}{key}"));
    }
    if let Some(base) = &route.base {
        add("api_base", quoted(base));
    }
    for (field, cap) in [("rpm", &route.rpm), ("tpm", &route.tpm)] {
        if let Some(cap) = cap {
            add(field, format!("{} # {}", cap.count, cap.source));
        }
    }
    lines.join("\n")
}

/// Everything from place `from` on is what the model before it falls over to.
fn fallback(routes: &[Route], from: usize) -> Option<String> {
    let (before, after) = routes.split_at_checked(from)?;
    let after: Vec<String> = after.iter().map(|route| quoted(&route.name)).collect();
    Some(format!(
        "    - {}: [{}]",
        quoted(&before.last()?.name),
        after.join(", ")
    ))
}

/// A JSON text is a YAML text.
fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// A configuration of ours as it is on the disk, also after somebody edited it.
#[derive(Clone, Debug)]
pub struct Written {
    path: PathBuf,
    text: Vec<u8>,
    content: Mapping,
    pub models: Vec<String>,
}

impl Written {
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        let content = yaml_edit::parse(path, text)?;
        let rows = content.get("model_list").and_then(Value::as_sequence);
        let models: Vec<String> = rows
            .into_iter()
            .flatten()
            .filter_map(|row| row.get("model_name")?.as_str().map(str::to_owned))
            .collect();
        if models.is_empty() {
            return Err(Error::BrokenFile {
                path: path.into(),
                line: None,
                column: None,
                reason: "there is no model in its model_list".into(),
            });
        }
        Ok(Self {
            path: path.into(),
            text: text.into(),
            content,
            models,
        })
    }

    /// Tells this very text from any other one.
    pub fn mark(&self) -> u64 {
        let digest = Sha256::digest(&self.text);
        let start = digest.iter().take(8);
        start.fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }

    /// The environment variables that it takes values from, each once.
    pub fn variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        for value in self.content.values() {
            collect(value, &mut names);
        }
        names
    }

    /// A model is asked of a server on the very machine that LiteLLM runs on.
    pub fn asks_this_machine(&self) -> bool {
        !self.addresses_here().is_empty()
    }

    fn addresses_here(&self) -> Vec<Url> {
        let rows = self.content.get("model_list").and_then(Value::as_sequence);
        let bases = rows
            .into_iter()
            .flatten()
            .filter_map(|row| row.get("litellm_params")?.get("api_base")?.as_str());
        bases
            .filter_map(|base| Url::parse(base).ok())
            .filter(is_here)
            .collect()
    }

    /// The same for replicas that share what they know through Redis, and know this machine by the name `outside`.
    pub fn shared(&self, outside: &str) -> Result<String> {
        let edits = [
            ("redis_host", Value::from("redis")),
            ("redis_port", Value::from(6379)),
            (
                "redis_password",
                format!("{REFERENCE}REDIS_PASSWORD").into(),
            ),
        ]
        .map(|(name, value)| Edit::set(["router_settings", name], value));
        let edited = yaml_edit::apply(&self.path, &self.text, &edits)?;
        let mut text = String::from_utf8_lossy(&edited.text).into_owned();
        for address in self.addresses_here() {
            let Some(host) = address.host_str() else {
                continue;
            };
            // With what comes before and after the name, so that a longer one which begins alike is left alone.
            for end in [":", "/", "\"", "'", "\n"] {
                let scheme = address.scheme();
                let (here, there) = (
                    format!("{scheme}://{host}{end}"),
                    format!("{scheme}://{outside}{end}"),
                );
                text = text.replace(&here, &there);
            }
        }
        Ok(text)
    }
}

fn is_here(address: &Url) -> bool {
    let is_any = matches!(address.host(), Some(Host::Ipv4(ip)) if ip.is_unspecified());
    is_any || address.host_str().is_some_and(is_local)
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(REFERENCE)
                && name != MASTER_KEY
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
        Value::Sequence(rows) => rows.iter().for_each(|row| collect(row, names)),
        Value::Mapping(fields) => fields.values().for_each(|field| collect(field, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::gateway::cap::Cap;

    use super::*;

    const MANNERS: Manners = Manners {
        cooldown: 60,
        retries: 1,
    };

    fn routes() -> Vec<Route> {
        ["openai/gpt-4o", "anthropic/claude-sonnet-4-5", "groq/a/b"]
            .iter()
            .map(|text| Route::parse(text, |_| None).unwrap())
            .collect()
    }

    fn yaml(text: &str) -> Value {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn each_model_falls_over_to_all_that_come_after_it() {
        let text = render(&routes(), MANNERS);
        let router = &yaml(&text)["router_settings"];
        let wanted = yaml(
            "- openai/gpt-4o: [anthropic/claude-sonnet-4-5, groq/a/b]\n- anthropic/claude-sonnet-4-5: [groq/a/b]\n",
        );
        assert_eq!(router["fallbacks"], wanted);
        assert_eq!(router["cooldown_time"], Value::from(60));
        assert!(!text.contains("{{"), "{text}");
    }

    #[test]
    fn keys_are_references_only_and_each_is_found_again() {
        let text = render(&routes(), MANNERS);
        let written = Written::parse(Path::new("g"), text.as_bytes()).unwrap();
        assert_eq!(
            written.variables(),
            ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GROQ_API_KEY"]
        );
        assert_eq!(written.models.len(), 3);
        assert!(text.contains("master_key: os.environ/LITELLM_MASTER_KEY"));
    }

    #[test]
    fn limits_are_kept_by_litellm_only_where_there_are_some() {
        let mut routes = routes();
        assert!(!render(&routes, MANNERS).contains("enforce_model_rate_limits"));
        let cap = |count, source: &str| {
            Some(Cap {
                count,
                source: source.into(),
            })
        };
        routes[1].rpm = cap(20, "--rpm");
        routes[1].tpm = cap(
            30_000,
            "documented for the tier X, https://x.example (read 2026-11-24)",
        );
        let text = render(&routes, MANNERS);
        assert!(text.contains("      rpm: 20 # --rpm\n"), "{text}");
        assert!(text.contains("enforce_model_rate_limits"));
        let row = &yaml(&text)["model_list"][1]["litellm_params"];
        assert_eq!(
            (row["rpm"].as_u64(), row["tpm"].as_u64()),
            (Some(20), Some(30_000))
        );
    }

    #[test]
    fn replicas_share_through_redis() {
        let text = render(&routes(), MANNERS);
        let written = Written::parse(Path::new("g"), text.as_bytes()).unwrap();
        let shared = yaml(&written.shared("outside").unwrap());
        assert_eq!(
            shared["router_settings"]["redis_host"],
            Value::from("redis")
        );
        assert_eq!(shared["model_list"], yaml(&text)["model_list"]);
    }

    #[test]
    fn only_what_is_on_this_machine_gets_another_name_in_a_container() {
        let bases = [
            ("http://localhost:11434", "http://outside:11434"),
            ("http://127.0.0.1", "http://outside"),
            ("http://0.0.0.0:1/v1", "http://outside:1/v1"),
            ("http://[::1]:2", "http://outside:2"),
            (
                "https://localhost.example:3/v1",
                "https://localhost.example:3/v1",
            ),
            ("http://10.0.0.1:4", "http://10.0.0.1:4"),
        ];
        let rows: String = bases
            .iter()
            .map(|(base, _)| {
                format!("- {{model_name: m, litellm_params: {{api_base: \"{base}\"}}}}\n")
            })
            .collect();
        let text = format!("model_list:\n{rows}");
        let written = Written::parse(Path::new("g"), text.as_bytes()).unwrap();
        assert!(written.asks_this_machine());
        let shared = yaml(&written.shared("outside").unwrap());
        for (place, (_, wanted)) in bases.iter().enumerate() {
            let base = &shared["model_list"][place]["litellm_params"]["api_base"];
            assert_eq!(base, wanted);
        }
        let text = render(&routes(), MANNERS);
        let written = Written::parse(Path::new("g"), text.as_bytes()).unwrap();
        assert!(!written.asks_this_machine());
    }

    #[test]
    fn a_file_without_models_is_broken() {
        for text in ["", "model_list: []\n", "model_list: 7\n", "a: [\n"] {
            assert!(Written::parse(Path::new("g"), text.as_bytes()).is_err());
        }
    }
}

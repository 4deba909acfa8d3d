//! One model of one provider, as the gateway reaches it.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::{self, Provider};
use crate::error::{Error, Result};
use crate::gateway::cap::Cap;
use crate::interview::provider::named;

static ENGINES: LazyLock<Vec<Engine>> =
    // The tests prove that the rows parse; an empty table is what a broken build would have.
    LazyLock::new(|| serde_json::from_str(ROWS).unwrap_or_default());
const ROWS: &str = include_str!("../../templates/gateway.json");

/// How LiteLLM calls a provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    id: &'static str,
    /// What is before the name of a model.
    prefix: &'static str,
    /// The same for LiteLLM, where it is to speak to the address as to somebody else's.
    like: Option<&'static str>,
    /// What LiteLLM wants behind the address that goose has.
    #[serde(default)]
    tail: &'static str,
    /// LiteLLM is told the address also where it is goose's usual one, because its own is another.
    #[serde(default)]
    always: bool,
}

#[derive(Clone, Debug)]
pub struct Route {
    /// How goose asks for it.
    pub name: String,
    /// LiteLLM's own name for it.
    pub call: String,
    /// The provider's own name for it.
    pub model: String,
    pub provider: &'static Provider,
    /// Another address than LiteLLM would call by itself.
    pub base: Option<String>,
    /// Requests and tokens a minute that LiteLLM keeps below.
    pub rpm: Option<Cap>,
    pub tpm: Option<Cap>,
}

impl Route {
    /// `provider/model`: the first part is the provider, by id or usual name. `setting` is what goose's files say.
    pub fn parse(text: &str, setting: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let text = text.trim();
        let Some((provider, model)) = text.split_once('/').filter(|(provider, model)| {
            !provider.is_empty() && !model.is_empty() && !model.contains(char::is_whitespace)
        }) else {
            return Err(Error::usage(
                format!("`{text}` does not say whose model it is"),
                "write PROVIDER/MODEL, such as openai/gpt-4o or openrouter/anthropic/claude-sonnet-4",
            ));
        };
        Self::of(named(provider)?, model, setting)
    }

    pub fn of(
        provider: &'static Provider,
        model: &str,
        setting: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let engine = engine(provider).ok_or_else(|| {
            let known: Vec<_> = reachable().map(|provider| provider.id).collect();
            Error::usage(
                format!("the gateway does not know how to reach {}", provider.title),
                format!("it reaches {}", known.join(", ")),
            )
        })?;
        let usual = format!("{}{}", provider.base_url(None), engine.tail);
        let base = address(provider, engine, setting);
        Ok(Self {
            name: format!("{}/{model}", engine.prefix),
            call: format!("{}/{model}", engine.like.unwrap_or(engine.prefix)),
            model: model.to_owned(),
            base: (engine.always || base != usual).then_some(base),
            provider,
            rpm: None,
            tpm: None,
        })
    }

    /// The variable that LiteLLM finds the key in.
    pub fn key(&self) -> Option<&'static str> {
        self.provider.key.as_ref().map(|key| key.variable)
    }
}

/// Where goose calls with what its files say, in LiteLLM's form.
fn address(
    provider: &Provider,
    engine: &Engine,
    setting: impl Fn(&str) -> Option<String>,
) -> String {
    let host = provider.host.as_ref();
    let over = host.and_then(|host| setting(host.over.as_ref()?.setting));
    match over {
        // It has its version path already, or goose calls without one.
        Some(address) => address.trim().trim_end_matches('/').to_owned(),
        None => {
            let value = host.and_then(|host| setting(host.setting));
            format!("{}{}", provider.base_url(value.as_deref()), engine.tail)
        }
    }
}

fn engine(provider: &Provider) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.id == provider.id)
}

/// The providers that the gateway can call.
pub fn reachable() -> impl Iterator<Item = &'static Provider> {
    catalog::all()
        .iter()
        .filter(|provider| engine(provider).is_some())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn route(text: &str) -> Result<Route> {
        Route::parse(text, |_| None)
    }

    #[test]
    fn every_row_parses_and_is_a_provider_of_goose() {
        let rows: Vec<Engine> = serde_json::from_str(ROWS).unwrap();
        for row in &rows {
            assert!(catalog::is_goose_id(row.id), "{}", row.id);
        }
        assert!(reachable().count() >= 9);
    }

    #[test]
    fn the_first_part_is_the_provider_and_the_rest_the_model() {
        let deep = route("openrouter/anthropic/claude-sonnet-4").unwrap();
        assert_eq!(deep.name, "openrouter/anthropic/claude-sonnet-4");
        assert_eq!(deep.key(), Some("OPENROUTER_API_KEY"));
        assert_eq!(
            route("gemini/gemini-2.5-pro").unwrap().name,
            "gemini/gemini-2.5-pro"
        );
        assert_eq!(route("claude/opus").unwrap().name, "anthropic/opus");
        assert_eq!(
            route("deepseek/deepseek-v4-flash").unwrap().name,
            "deepseek/deepseek-v4-flash"
        );
    }

    #[test]
    fn what_names_no_provider_or_one_out_of_reach_is_refused() {
        for text in [
            "gpt-4o",
            "openai/",
            "/gpt",
            "nobody/x",
            "litellm/x",
            "openai/a b",
        ] {
            assert!(route(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_goes_where_goose_takes_it_also_where_litellm_would_go_elsewhere() {
        for (text, call, base) in [
            (
                // Keys of the Chinese platform are no good at the international one, which is LiteLLM's.
                "moonshot/kimi-k2.5",
                "moonshot/kimi-k2.5",
                "https://api.moonshot.cn/v1",
            ),
            (
                "zai/glm-4.7",
                "anthropic/glm-4.7",
                "https://api.z.ai/api/anthropic",
            ),
            (
                "huggingface/Qwen/Qwen3-Coder",
                "openai/Qwen/Qwen3-Coder",
                "https://router.huggingface.co/v1",
            ),
        ] {
            let route = route(text).unwrap();
            assert_eq!(route.name, text);
            assert_eq!(
                (route.call.as_str(), route.base.as_deref()),
                (call, Some(base))
            );
        }
        assert_eq!(route("groq/a/b").unwrap().call, "groq/a/b");
    }

    #[test]
    fn an_address_of_the_users_own_is_passed_on_in_litellms_form() {
        let at = |settings: &[(&str, &str)]| {
            let setting = |name: &str| {
                let found = settings.iter().find(|(known, _)| *known == name)?;
                Some(found.1.to_owned())
            };
            Route::parse("openai/gpt-4o", setting).unwrap().base
        };
        let host = ("OPENAI_HOST", "https://proxy.example");
        assert_eq!(at(&[host]).as_deref(), Some("https://proxy.example/v1"));
        for base in [
            "https://other.example/api/v1",
            "https://other.example/plain",
        ] {
            let over = ("OPENAI_BASE_URL", base);
            assert_eq!(at(&[host, over]).as_deref(), Some(base));
            assert_eq!(
                at(&[("OPENAI_BASE_URL", &format!("{base}/"))]).as_deref(),
                Some(base)
            );
        }
        let usual = ("OPENAI_BASE_URL", "https://api.openai.com/v1");
        assert_eq!(at(&[usual]), None);
        assert_eq!(route("openai/gpt-4o").unwrap().base, None);
        assert_eq!(
            route("ollama/qwen3").unwrap().base.as_deref(),
            Some("http://localhost:11434")
        );
    }
}

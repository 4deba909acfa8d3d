//! Whose key it is: by its own form first, then by what it is called.

use url::Url;

use crate::catalog::{self, Provider};
use crate::import::Name;
use crate::secret::Secret;

pub(super) enum Owner {
    Provider(&'static Provider),
    /// Meant for an address that no provider of goose has.
    Elsewhere,
    Nobody,
}

/// Names that other programs have for the keys of goose's providers.
const OTHER_VARIABLES: [(&str, &str); 14] = [
    ("GEMINI_API_KEY", "google"),
    ("GOOGLE_GENERATIVE_AI_API_KEY", "google"),
    ("GOOGLE_AI_API_KEY", "google"),
    ("CLAUDE_API_KEY", "anthropic"),
    ("GROK_API_KEY", "xai"),
    ("TOGETHERAI_API_KEY", "together"),
    ("TOGETHER_AI_API_KEY", "together"),
    ("FIREWORKS_AI_API_KEY", "fireworks-ai"),
    ("PERPLEXITYAI_API_KEY", "perplexity"),
    ("HUGGINGFACE_API_KEY", "huggingface"),
    ("HF_TOKEN", "huggingface"),
    ("MOONSHOTAI_API_KEY", "moonshot"),
    ("ZHIPUAI_API_KEY", "zhipu"),
    ("NVIDIA_NIM_API_KEY", "nvidia"),
];

/// What other tools call providers, where it is neither goose's id nor a usual name.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("together_ai", "together"),
    ("togetherai", "together"),
    ("fireworks_ai", "fireworks-ai"),
    ("fireworks", "fireworks-ai"),
    ("moonshotai", "moonshot"),
    ("nvidia_nim", "nvidia"),
    ("vertex-gemini", "google"),
    ("zhipuai", "zhipu"),
];

pub(super) fn of(name: &Name<'_>, key: &Secret) -> Owner {
    if let Name::Provider(_, Some(address)) = name {
        return match at(address) {
            Some(provider) => Owner::Provider(provider),
            None => Owner::Elsewhere,
        };
    }
    let called = match name {
        Name::Variable(variable) => by_variable(variable),
        Name::Provider(word, _) => by_word(word),
    };
    // A prefix that only one issuer has says more than the name of the box it was put into; a proxy's own keys may look
    // like anybody's.
    let is_gateway = called.is_some_and(|called| called.kind == catalog::Kind::Gateway);
    let found = match (called, catalog::owner_of_key(key)) {
        (Some(called), Some(issuer)) if !is_gateway => Some(if issuer.id == called.id {
            called
        } else {
            issuer
        }),
        (called, _) => called,
    };
    found
        .filter(|provider| provider.key.is_some())
        .map_or(Owner::Nobody, Owner::Provider)
}

fn by_variable(variable: &str) -> Option<&'static Provider> {
    let own = catalog::known().find(|provider| {
        provider
            .key
            .as_ref()
            .is_some_and(|key| key.variable == variable)
    });
    own.or_else(|| {
        let (_, id) = OTHER_VARIABLES
            .iter()
            .find(|(other, _)| *other == variable)?;
        catalog::by_id(id)
    })
}

fn by_word(word: &str) -> Option<&'static Provider> {
    let word = word.trim().to_lowercase();
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == word);
    catalog::find(other.map_or(word.as_str(), |(_, id)| id)).ok()
}

/// The provider that lives at this address.
fn at(address: &str) -> Option<&'static Provider> {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    let wanted = origin(address)?;
    catalog::known().find(|provider| {
        provider.base.starts_with("https://") && origin(provider.base).as_ref() == Some(&wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &Name<'_>, key: &str) -> Option<&'static str> {
        match of(name, &Secret::stored(key)) {
            Owner::Provider(provider) => Some(provider.id),
            Owner::Elsewhere => Some("elsewhere"),
            Owner::Nobody => None,
        }
    }

    #[test]
    fn a_key_is_matched_by_its_issuer_then_by_its_name() {
        for (name, key, owner) in [
            (
                Name::Variable("OPENAI_API_KEY"),
                "sk-proj-abc",
                Some("openai"),
            ),
            (
                Name::Variable("OPENAI_API_KEY"),
                "sk-or-v1-abc",
                Some("openrouter"),
            ),
            (
                Name::Variable("GEMINI_API_KEY"),
                "AIzaSyabc",
                Some("google"),
            ),
            (
                Name::Variable("LITELLM_API_KEY"),
                "sk-proj-abc",
                Some("litellm"),
            ),
            (Name::Variable("AWS_SECRET_ACCESS_KEY"), "abc", None),
            (
                Name::Provider("claude", None),
                "sk-ant-api03-abc",
                Some("anthropic"),
            ),
            (
                Name::Provider("deepseek", None),
                "sk-abc",
                Some("custom_deepseek"),
            ),
            (Name::Provider("somebody", None), "sk-abc", None),
            (
                Name::Provider("openai", Some("https://api.groq.com/openai/v1")),
                "gsk_abc",
                Some("groq"),
            ),
            (
                Name::Provider("openai", Some("http://gpu-box:8000/v1")),
                "sk-abc",
                Some("elsewhere"),
            ),
        ] {
            assert_eq!(id(&name, key), owner);
        }
    }
}

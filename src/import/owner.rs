//! Whose key it is: by its own form first, then by what it is called.

use url::Url;

use crate::catalog::{self, Provider};
use crate::import::Name;
use crate::secret::Secret;

pub(super) enum Owner {
    Provider(&'static Provider),
    /// Meant for an address that no provider of goose has.
    OtherAddress,
    Nobody,
}

pub(super) fn of(name: &Name<'_>, key: &Secret) -> Owner {
    if let Name::Provider(_, Some(address)) = name {
        return match at(address) {
            Some(provider) => Owner::Provider(provider),
            None => Owner::OtherAddress,
        };
    }
    let called = match name {
        Name::Variable(variable) => by_variable(variable),
        Name::Provider(word, _) => catalog::find(word).ok(),
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
    let keys = || catalog::known().filter_map(|provider| Some((provider, provider.key.as_ref()?)));
    let own = keys().find(|(_, key)| key.variable == variable);
    // What goose calls a key goes before what others call another.
    let found = own.or_else(|| keys().find(|(_, key)| key.also.contains(&variable)));
    found.map(|(provider, _)| provider)
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
            Owner::OtherAddress => Some("another address"),
            Owner::Nobody => None,
        }
    }

    #[test]
    fn what_other_tools_call_a_key_or_a_provider_leads_to_its_row() {
        for provider in catalog::all() {
            for other in provider.key.iter().flat_map(|key| &key.also) {
                assert_eq!(id(&Name::Variable(other), "abc"), Some(provider.id));
            }
        }
        for (word, owner) in [
            ("together_ai", "together"),
            ("fireworks_ai", "fireworks-ai"),
            ("nvidia_nim", "nvidia"),
            ("zhipuai", "zhipu"),
            ("MoonshotAI", "moonshot"),
        ] {
            assert_eq!(id(&Name::Provider(word, None), "abc"), Some(owner));
        }
        assert_eq!(id(&Name::Variable("GEMINI_API_KEY"), "abc"), Some("google"));
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
                Some("another address"),
            ),
        ] {
            assert_eq!(id(&name, key), owner);
        }
    }
}

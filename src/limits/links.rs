//! Where a provider shows and sells its limits; the pages of one very key where it has those.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::book::Entry;
use crate::catalog::Provider;
use crate::secret::Secret;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Links {
    pub keys: Option<String>,
    pub usage: Option<String>,
    pub limits: Option<String>,
    pub upgrade: Option<String>,
}

impl Links {
    /// `key`: only one that is this provider's own and not that of somebody's proxy.
    pub fn of(provider: Option<&Provider>, entry: Option<&Entry>, key: Option<&Secret>) -> Self {
        let own = provider.map(|provider| &provider.links);
        let page = |page: Option<&str>| page.map(str::to_owned);
        let of_key = |pattern: fn(&Entry) -> Option<&'static str>| {
            let (pattern, key) = entry.and_then(pattern).zip(key)?;
            Some(pattern.replace("{sha256}", &digest(key)))
        };
        Self {
            keys: of_key(|entry| entry.key_page).or_else(|| page(own?.keys)),
            usage: of_key(|entry| entry.usage_page).or_else(|| page(own?.usage)),
            limits: own.and_then(|own| page(own.limits)),
            upgrade: own.and_then(|own| page(own.upgrade)),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("keys", &self.keys),
            ("usage", &self.usage),
            ("limits", &self.limits),
            ("upgrade", &self.upgrade),
        ]
        .into_iter()
        .filter_map(|(name, page)| Some((name, page.as_deref()?)))
    }
}

/// OpenRouter names a key's page by this; nobody gets the key back from it.
fn digest(key: &Secret) -> String {
    Sha256::digest(key.expose())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::super::book;
    use super::*;
    use crate::catalog;

    #[test]
    fn a_key_of_openrouter_has_a_page_of_its_own() {
        let provider = catalog::by_id("openrouter");
        let key = Secret::parse("abc").unwrap();
        let links = Links::of(provider, book::of("openrouter"), Some(&key));
        assert_eq!(
            links.keys.as_deref(),
            Some(
                "https://openrouter.ai/keys/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            )
        );
        assert!(
            links
                .usage
                .unwrap()
                .starts_with("https://openrouter.ai/logs?api_key_hash=ba7816bf")
        );
        let without = Links::of(provider, book::of("openrouter"), None);
        assert_eq!(without.keys.as_deref(), provider.unwrap().links.keys);
    }
}

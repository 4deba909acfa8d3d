//! Fail-over across providers: LiteLLM, an engine that teams already run, between goose and the providers.
//!
//! We write its configuration, start it with the keys from the store, and point goose at it. We are no proxy ourselves.

pub mod cap;
pub mod config;
pub mod engine;
pub mod former;
pub mod memo;
pub mod pick;
pub mod route;
pub mod survey;
pub mod trace;
pub mod units;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// goose's own provider for a LiteLLM proxy.
pub const PROVIDER: &str = "litellm";
pub const KEY: &str = "LITELLM_API_KEY";
pub const HOST: &str = "LITELLM_HOST";
/// The path that goose calls there; LiteLLM itself has goose's usual one.
pub const BASE_PATH: &str = "LITELLM_BASE_PATH";
/// How LiteLLM's configuration names the key that goose sends.
pub const MASTER_KEY: &str = "LITELLM_MASTER_KEY";
/// Answers without a key once LiteLLM is up.
pub const HEALTH: &str = "/health/liveliness";

pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A key for a gateway, from the operating system's randomness.
pub fn new_key() -> Result<Secret> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(bytes.as_mut_slice())
        .map_err(|_| Error::unexpected("the operating system gives no random numbers"))?;
    let text: zeroize::Zeroizing<String> = bytes
        .iter()
        .fold("sk-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
        .into();
    Ok(Secret::stored(&text))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn each_gateway_has_a_key_of_its_own() {
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        assert!(!one.is_same_as(&other));
        assert!(one.expose().starts_with("sk-") && one.expose().len() == 67);
    }
}

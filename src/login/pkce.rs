//! The proof that whoever brings the code is who asked for it (RFC 7636).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

pub(super) const METHOD: &str = "S256";

pub(super) struct Pkce {
    /// Goes to the exchange and nowhere else.
    pub(super) verifier: Zeroizing<String>,
    /// May be seen by everybody.
    pub(super) challenge: String,
}

impl Pkce {
    pub(super) fn new() -> Result<Self> {
        random_word::<32>().map(Self::of)
    }

    fn of(verifier: Zeroizing<String>) -> Self {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self {
            verifier,
            challenge,
        }
    }
}

/// `N` bytes that nobody can guess, as text that is safe in an address.
pub(super) fn random_word<const N: usize>() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    getrandom::fill(&mut *bytes)
        .map_err(|error| Error::unexpected(format!("the system has no random numbers: {error}")))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let pkce = Pkce::of(Zeroizing::new(verifier.to_owned()));
        assert_eq!(
            pkce.challenge,
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn every_verifier_is_new_and_of_a_length_that_the_rfc_allows() {
        let (one, other) = (Pkce::new().unwrap(), Pkce::new().unwrap());
        assert_ne!(*one.verifier, *other.verifier);
        assert!((43..=128).contains(&one.verifier.len()));
    }
}

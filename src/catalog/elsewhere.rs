//! What opens a provider in place of a key: another program, a sign-in of goose's own, the credentials of a cloud vendor.

use serde::Deserialize;

/// Another program that goose starts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    pub command: &'static str,
    /// goose's setting that names another command.
    pub setting: Option<&'static str>,
    /// The line that installs it.
    pub install: &'static str,
    /// The line that signs in to it.
    pub sign_in: Option<&'static str>,
}

/// A sign-in that only goose itself can do, in `goose configure`, and where goose keeps what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Whom a person signs in to.
    pub title: &'static str,
    /// An entry of goose's store of secrets.
    pub secret: Option<&'static str>,
    /// Below goose's config folder.
    pub file: Option<&'static str>,
    /// Below goose's config folder; any file in it counts.
    pub folder: Option<&'static str>,
    pub page: Page,
    /// Where the page comes back to, where that is always the same.
    pub port: Option<u16>,
    /// What to press until the sign-in begins, where the provider is the active one.
    #[serde(default = "twice")]
    pub keys: &'static str,
}

/// How a person gets to the page of a sign-in, and goose to what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// goose shows an address and a code, and asks until the code was typed there.
    Code,
    /// goose opens the browser, or shows the address where it cannot; the page comes back to a port of this machine.
    Returns,
    /// The same, but goose shows no address.
    Hidden,
}

fn twice() -> &'static str {
    "Enter twice"
}

/// Credentials of a cloud vendor's own tools.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    pub title: &'static str,
    pub variables: Vec<&'static str>,
    /// Below the home folder.
    pub files: Vec<&'static str>,
    /// The vendor's tool.
    pub command: &'static str,
    /// The line that makes credentials.
    pub sign_in: &'static str,
    /// The line that proves them, free of charge.
    pub proof: &'static str,
}

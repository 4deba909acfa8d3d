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

/// A sign-in that only goose itself can do, and where goose leaves what came of it, below its config folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub title: &'static str,
    pub file: Option<&'static str>,
    /// Any file in this folder counts.
    pub folder: Option<&'static str>,
    /// The line that signs in.
    pub command: &'static str,
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

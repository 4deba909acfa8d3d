//! Where a value of goose comes from.

use std::path::PathBuf;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The environment variable of this name.
    Env(String),
    /// The user's config file.
    Config,
    /// A config file below the user's.
    System(PathBuf),
    #[default]
    None,
}

impl Source {
    /// The word for it in JSON output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Env(_) => "env",
            Self::Config => "config",
            Self::System(_) => "system",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    pub value: String,
    pub source: Source,
}

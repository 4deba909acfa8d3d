//! Whom to ask, and what came of it.

use super::account::Account;
use super::http::Trouble;
use crate::catalog::Provider;
use crate::error::Error;
use crate::goose::config::{Source, Sourced};
use crate::secret::Secret;
use crate::verdict::{Cause, Verdict};

/// Whom to ask, as goose would ask.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    pub provider: &'static Provider,
    /// What the paths of the row are appended to; `{NAME}` in it stands for the value of a setting.
    pub base: String,
    pub key: Option<&'a Secret>,
    /// The provider's own address and nobody's proxy.
    pub own_host: bool,
    /// What the paths of the row begin with and this address has no place for.
    pub(crate) without: &'static str,
    /// Values of the provider's other settings.
    pub settings: Vec<(String, String)>,
}

impl<'a> Target<'a> {
    /// `host` is the value of goose's host setting, if there is one.
    pub fn new(provider: &'static Provider, host: Option<&str>, key: Option<&'a Secret>) -> Self {
        let base = provider.base_url(host);
        Self {
            own_host: base == provider.base,
            provider,
            base,
            key,
            without: "",
            settings: Vec::new(),
        }
    }

    /// Whom goose asks by its settings, as `setting` tells them.
    pub fn of(
        provider: &'static Provider,
        key: Option<&'a Secret>,
        setting: &dyn Fn(&str) -> Option<Sourced>,
    ) -> Self {
        let host = provider.host.as_ref().and_then(|row| setting(row.setting));
        let in_environment = |host: &Sourced| matches!(host.source, Source::Env(_));
        let over = provider
            .host
            .as_ref()
            .and_then(|row| row.over.as_ref())
            .filter(|_| !host.as_ref().is_some_and(in_environment))
            .and_then(|over| Some((setting(over.setting)?, over.version)));
        let target = match over {
            Some((address, version)) => Self::at_version(provider, &address.value, version, key),
            None => Self::new(provider, host.as_ref().map(|host| &*host.value), key),
        };
        let settings = provider
            .settings
            .iter()
            .filter(|row| !row.secret)
            .filter_map(|row| Some((row.name.to_owned(), setting(row.name)?.value)))
            .collect();
        target.with_settings(settings)
    }

    fn at_version(
        provider: &'static Provider,
        address: &str,
        version: &'static str,
        key: Option<&'a Secret>,
    ) -> Self {
        let address = address.trim().trim_end_matches('/');
        let base = address.strip_suffix(version);
        Self {
            without: if base.is_some() { "" } else { version },
            ..Self::new(provider, Some(base.unwrap_or(address)), key)
        }
    }

    /// The same question with another key.
    pub(super) fn with_key<'b>(&self, key: &'b Secret) -> Target<'b> {
        Target {
            provider: self.provider,
            base: self.base.clone(),
            key: Some(key),
            own_host: self.own_host,
            without: self.without,
            settings: self.settings.clone(),
        }
    }

    pub fn with_settings(mut self, settings: Vec<(String, String)>) -> Self {
        self.settings = settings;
        self
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if is_whole(path) {
            path.to_owned()
        } else {
            let path = path.strip_prefix(self.without).unwrap_or(path);
            format!("{}{path}", self.address())
        }
    }

    /// The base with the values of the settings in it.
    pub(super) fn address(&self) -> String {
        let mut address = self.base.clone();
        for setting in &self.provider.settings {
            let place = format!("{{{}}}", setting.name);
            if address.contains(&place) {
                let value = self
                    .settings
                    .iter()
                    .find(|(name, _)| name == setting.name)
                    .map(|(_, value)| value.as_str())
                    .or(setting.default);
                address = address.replace(&place, value.unwrap_or_default());
            }
        }
        address
    }

    /// The settings that travel as headers of their own.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.settings.iter().filter_map(|(name, value)| {
            let setting = self.provider.settings.iter().find(|s| s.name == name)?;
            Some((setting.header?, value.as_str()))
        })
    }
}

/// A whole address, on a host of its own.
pub(super) fn is_whole(path: &str) -> bool {
    path.starts_with("https://")
}

#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub verdict: Verdict,
    pub cause: Option<Cause>,
    pub detail: String,
    /// Empty where nothing needs doing.
    pub action: String,
    pub http_status: Option<u16>,
    pub requests: u32,
    pub account: Option<Box<Account>>,
}

impl Finding {
    pub fn new(verdict: Verdict, detail: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            verdict,
            cause: None,
            detail: detail.into(),
            action: action.into(),
            http_status: None,
            requests: 0,
            account: None,
        }
    }

    pub fn into_error(self) -> Error {
        Error::Check {
            verdict: self.verdict,
            cause: self.cause,
            detail: self.detail,
            action: self.action,
        }
    }

    pub(super) fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }
}

impl From<Trouble> for Finding {
    fn from(trouble: Trouble) -> Self {
        Self::new(Verdict::Unreachable, trouble.detail, trouble.action).because(trouble.cause)
    }
}

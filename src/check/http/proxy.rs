//! Which proxy a request goes through, to name it when something goes wrong.
//!
//! The network client reads these variables itself; this only has to find the same one in words.

use url::Url;

use super::trouble::{Trouble, host_of};
use crate::env::Env;
use crate::verdict::Cause;

#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    exempt: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Proxy {
    variable: String,
    /// The address without user name and password; none where it does not parse.
    address: Option<String>,
}

impl Proxies {
    pub(super) fn of(env: &Env) -> Self {
        let all = proxy(env, "ALL_PROXY");
        let exempt = filled(env, "NO_PROXY").map_or("", |(_, list)| list);
        Self {
            https: proxy(env, "HTTPS_PROXY").or_else(|| all.clone()),
            http: proxy(env, "HTTP_PROXY").or(all),
            exempt: exempt
                .split(',')
                .map(|name| name.trim().trim_start_matches('.').to_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
        }
    }

    pub(super) fn on_the_way_to(&self, url: &str) -> Option<&Proxy> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.to_lowercase();
        let is_exempt = self.exempt.iter().any(|name| {
            name == "*"
                || host == *name
                || host
                    .strip_suffix(name.as_str())
                    .is_some_and(|head| head.ends_with('.'))
        });
        if is_exempt {
            return None;
        }
        match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }
    }

    pub(super) fn login_wanted(&self, url: &str) -> Trouble {
        let (name, variable) = match self.on_the_way_to(url) {
            Some(proxy) => (proxy.name(), proxy.variable.clone()),
            None => ("the proxy".into(), "HTTPS_PROXY".into()),
        };
        Trouble {
            cause: Cause::Proxy,
            detail: format!("{name} asks for a user name and password (407)"),
            action: format!("put them into {variable}, as http://name:password@host:port"),
        }
    }
}

impl Proxy {
    fn name(&self) -> String {
        match &self.address {
            Some(address) => format!("the proxy {address}"),
            None => format!("the proxy in {}", self.variable),
        }
    }

    pub(super) fn unreachable(&self, reason: &str) -> Trouble {
        Trouble {
            cause: Cause::Proxy,
            detail: format!("{} cannot be reached: {reason}", self.name()),
            action: self.check(),
        }
    }

    pub(super) fn unwilling(&self, url: &str) -> Trouble {
        Trouble {
            cause: Cause::Proxy,
            detail: format!("{} does not connect to {}", self.name(), host_of(url)),
            action: self.check(),
        }
    }

    fn check(&self) -> String {
        let variable = &self.variable;
        match &self.address {
            Some(address) => format!("check that {variable}={address} is right"),
            None => format!("check that {variable} is right"),
        }
    }
}

fn proxy(env: &Env, variable: &str) -> Option<Proxy> {
    let (name, value) = filled(env, variable)?;
    Some(Proxy {
        variable: name,
        address: without_login(value),
    })
}

/// The variable in either case, as the network client reads it.
fn filled<'a>(env: &'a Env, variable: &str) -> Option<(String, &'a str)> {
    [variable.to_owned(), variable.to_lowercase()]
        .into_iter()
        .find_map(|name| {
            let value = env.filled(&name)?;
            Some((name, value))
        })
}

fn without_login(value: &str) -> Option<String> {
    let whole = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let url = Url::parse(&whole).ok()?;
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.on_the_way_to(url)?.address.clone()
    }

    #[test]
    fn the_proxy_is_named_without_its_password() {
        let proxies = Proxies::of(&Env::of([(
            "https_proxy",
            "http://me:hunter2@proxy.example.com:3128/",
        )]));
        assert_eq!(
            address(&proxies, "https://openrouter.ai/api").as_deref(),
            Some("http://proxy.example.com:3128")
        );
        assert!(!format!("{proxies:?}").contains("hunter2"));
        let trouble = proxies.login_wanted("https://openrouter.ai");
        assert!(trouble.action.contains("https_proxy"));
    }

    #[test]
    fn exempt_hosts_and_other_schemes_go_straight() {
        let proxies = Proxies::of(&Env::of([
            ("HTTPS_PROXY", "proxy:1"),
            ("NO_PROXY", "localhost, .example.com"),
        ]));
        for (url, through) in [
            ("https://openrouter.ai", true),
            ("http://openrouter.ai", false),
            ("https://localhost:4000", false),
            ("https://litellm.example.com", false),
            ("https://notexample.com", true),
        ] {
            assert_eq!(address(&proxies, url).is_some(), through, "{url}");
        }
    }
}

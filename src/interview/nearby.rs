//! Servers of models on this machine that answer right now, where goose would look for them.

use std::thread;

use url::Url;

use crate::catalog::{self, Kind, Provider, is_local};
use crate::check::http::local::{Up, is_up};
use crate::env::Env;
use crate::goose::config::Config;

/// Their ids. All are asked at once, so this takes as long as the slowest.
pub(super) fn running(env: &Env, config: &Config) -> Vec<&'static str> {
    let doors: Vec<_> = catalog::known()
        .filter(|provider| provider.kind == Kind::Local)
        .filter_map(|provider| Some((provider.id, door(provider, env, config)?)))
        .collect();
    thread::scope(|scope| {
        let asked: Vec<_> = doors
            .iter()
            .map(|(id, (port, page))| {
                scope.spawn(move || (is_up(*port, page) == Up::Yes).then_some(*id))
            })
            .collect();
        asked
            .into_iter()
            .filter_map(|asked| asked.join().ok().flatten())
            .collect()
    })
}

/// The port, and a page that such a server has.
fn door(provider: &Provider, env: &Env, config: &Config) -> Option<(u16, &'static str)> {
    let setting = provider.host.as_ref()?.setting;
    let host = config.setting(env, setting).map(|host| host.value);
    let url = Url::parse(&provider.base_url(host.as_deref())).ok()?;
    let is_here = url.scheme() == "http" && url.host_str().is_some_and(is_local);
    let port = url.port_or_known_default().filter(|_| is_here)?;
    Some((port, provider.check.as_ref()?.path))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::goose::config::tests::config;

    const NONE: (&str, &str) = ("X", "");

    #[test]
    fn a_server_is_looked_for_where_goose_would_call_it() {
        let door_of = |id: &str, text: &str, variable: (&str, &str)| {
            let env = Env::of([variable]);
            door(catalog::by_id(id).unwrap(), &env, &config(text))
        };
        assert_eq!(door_of("ollama", "", NONE), Some((11434, "/api/tags")));
        let elsewhere = "LMSTUDIO_HOST: http://127.0.0.1:9\n";
        assert_eq!(
            door_of("lmstudio", elsewhere, NONE),
            Some((9, "/v1/models"))
        );
        let variable = ("LMSTUDIO_HOST", "http://localhost:10");
        assert_eq!(
            door_of("lmstudio", elsewhere, variable),
            Some((10, "/v1/models"))
        );
        let far = "LMSTUDIO_HOST: http://gpu.example.com:9\n";
        assert_eq!(door_of("lmstudio", far, NONE), None, "nobody else is asked");
        assert_eq!(door_of("local", "", NONE), None);
    }
}

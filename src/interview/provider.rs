//! Which provider.

use crate::catalog::{self, Provider};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interview::{Interview, nearby};
use crate::prompt::list::Item;
use crate::state::State;

/// The first choice for somebody who has none: one key, one bill, every model.
const RECOMMENDED: &str = "openrouter";

/// The provider of this name. A key in its place is not repeated in the answer.
pub fn named(name: &str) -> Result<&'static Provider> {
    let found = catalog::find(name);
    if found.is_err() && catalog::is_key(name.trim()) {
        return Err(Error::usage(
            "that is an API key where the name of a provider belongs",
            "name the provider and paste the key when asked, or pipe it to --key-stdin; this one now stands in your shell's history",
        ));
    }
    found
}

/// The named provider, else the one goose uses now.
pub fn named_or_active(
    name: Option<&str>,
    cx: &Context,
    state: &State,
) -> Result<&'static Provider> {
    if let Some(name) = name {
        return named(name);
    }
    let active = state
        .config
        .active(&cx.env)
        .provider
        .filter(|it| !it.value.is_empty());
    let active = active.ok_or_else(|| {
        Error::usage(
            "no provider is active",
            "name one, or run `goose-setup` to set one up",
        )
    })?;
    catalog::find(&active.value)
}

pub fn ask(interview: &Interview<'_>) -> Result<&'static Provider> {
    let Some(prompt) = &interview.prompt else {
        return Err(Error::missing(
            "the provider",
            "its name, such as `goose-setup openrouter`",
        ));
    };
    let running = nearby::running(&interview.cx.env, &interview.state.config);
    let mut rows: Vec<(&Provider, String)> = catalog::known()
        .map(|provider| (provider, reason(provider, &running, interview)))
        .collect();
    rows.sort_by_key(|(provider, _)| {
        (
            provider.id != RECOMMENDED,
            place_of_key(provider, interview).is_none(),
            !running.contains(&provider.id),
        )
    });
    let items: Vec<Item> = rows
        .iter()
        .map(|(provider, why)| Item {
            also: format!("{} {}", provider.id, provider.aliases.join(" ")),
            ..Item::new(provider.title, why)
        })
        .collect();
    let chosen = prompt.choose("Which provider?", &items, 0)?;
    let (provider, _) = rows.get(chosen).ok_or(Error::Cancelled)?;
    interview
        .cx
        .talk
        .good(format!("provider: {}", provider.title));
    Ok(provider)
}

fn reason(provider: &Provider, running: &[&str], interview: &Interview<'_>) -> String {
    if interview.is_configured(provider) {
        return format!("set up already · {}", provider.why);
    }
    match place_of_key(provider, interview) {
        Some(place) => format!("key found in {place} · {}", provider.why),
        None if running.contains(&provider.id) => format!("runs here now · {}", provider.why),
        None => provider.why.to_owned(),
    }
}

/// Where the key is that Enter alone will take.
fn place_of_key<'i>(provider: &Provider, interview: &'i Interview<'_>) -> Option<&'i str> {
    if interview.is_configured(provider) {
        return None;
    }
    let found = interview.keys_around(provider).first().copied()?;
    found.places.first().map(|place| &*place.at)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn a_name_that_begins_like_a_key_is_a_name_and_a_key_is_not_repeated() {
        assert_eq!(named("xai-oauth").unwrap().id, "xai_oauth");
        let key = catalog::find("xai").unwrap().key.as_ref().unwrap().sample;
        let error = named(key).err().unwrap();
        assert!(error.to_string().contains("API key"), "{error}");
        assert!(!error.to_string().contains(key));
    }
}

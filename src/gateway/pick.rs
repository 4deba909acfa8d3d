//! Choosing the gateway's models, one after the other, from the providers that are set up.

use crate::error::{Error, Result};
use crate::gateway::route::{Route, reachable};
use crate::prompt::Prompt;
use crate::prompt::list::Item;
use crate::state::State;
use crate::talk::Talk;

const TYPE_ONE: &str = "another model";

pub fn pick(prompt: &Prompt, talk: &Talk, state: &State) -> Result<Vec<Route>> {
    let setting = |name: &str| state.config.file_setting(name);
    let configured = state.config.configured();
    let known: Vec<Route> = reachable()
        .filter_map(|provider| {
            let entry = configured.iter().find(|known| known.id == provider.id)?;
            let model = entry.model.as_deref().or(provider.default_model)?;
            Route::of(provider, model, setting).ok()
        })
        .collect();
    let mut chosen: Vec<Route> = Vec::new();
    loop {
        let left: Vec<&Route> = known
            .iter()
            .filter(|route| chosen.iter().all(|earlier| earlier.name != route.name))
            .collect();
        let mut items: Vec<Item> = left
            .iter()
            .map(|route| Item::new(&route.name, route.provider.title))
            .collect();
        items.push(Item::new(TYPE_ONE, "typed as PROVIDER/MODEL"));
        if chosen.len() > 1 {
            let names: Vec<&str> = chosen.iter().map(|route| route.name.as_str()).collect();
            items.insert(0, Item::new("that is enough", names.join(", then ")));
        }
        let question = match chosen.last() {
            None => "Which model shall goose use?".to_owned(),
            Some(last) => format!("And when {} is limited or away?", last.name),
        };
        let answer = prompt.choose(&question, &items, 0)?;
        let offset = usize::from(chosen.len() > 1);
        if answer < offset {
            return Ok(chosen);
        }
        match left.get(answer - offset) {
            Some(route) => chosen.push((*route).clone()),
            None => match Route::parse(&prompt.text("PROVIDER/MODEL", "")?, setting) {
                Ok(route) if chosen.iter().all(|earlier| earlier.name != route.name) => {
                    chosen.push(route);
                }
                Ok(route) => talk.bad(format!("{} is chosen already", route.name)),
                Err(error @ Error::Cancelled) => return Err(error),
                // Asked again: a typo is no reason to lose the models chosen so far.
                Err(error) => {
                    talk.bad(error.to_string());
                    talk.hint(error.action());
                }
            },
        }
    }
}

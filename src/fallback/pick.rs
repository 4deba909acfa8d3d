//! Choosing a chain from a list, one model after the other.

use crate::check::models::Model;
use crate::error::{Error, Result};
use crate::fallback::{Chain, Demands, MOST, Offer, sentence};
use crate::interview::model::Columns;
use crate::prompt::Prompt;
use crate::prompt::list::Item;

const AUTO: &str = "openrouter/auto";
const AUTO_ABOUT: &str = "OpenRouter chooses for each request, so price and quality vary";
const FREE_ONLY: &str = "free models only";
const FREE_ABOUT: &str = "20 requests a minute, 50 a day, or 1,000 once you bought 10 credits";
const PLACES: [&str; MOST] = ["First", "Second", "Third"];

enum Row<'m> {
    Done,
    Auto,
    FreeOnly,
    Model(&'m Model),
}

pub fn pick(prompt: &Prompt, offer: &Offer, demands: Demands) -> Result<Chain> {
    let mut demands = demands;
    let mut chosen: Vec<String> = Vec::new();
    while let Some(place) = PLACES.get(chosen.len()) {
        let models: Vec<&Model> = offer
            .fit(demands)
            .into_iter()
            .filter(|model| model.id != AUTO && !chosen.contains(&model.id))
            .collect();
        let columns = Columns::of(&models);
        let mut rows: Vec<(Row, Item)> = Vec::new();
        if !chosen.is_empty() {
            rows.push((Row::Done, Item::new("that is enough", sentence(&chosen))));
        }
        if !chosen.iter().any(|model| model == AUTO) && offer.judge(AUTO, demands).is_ok() {
            rows.push((Row::Auto, Item::new(AUTO, AUTO_ABOUT)));
        }
        if chosen.is_empty() && !demands.free {
            rows.push((Row::FreeOnly, Item::new(FREE_ONLY, FREE_ABOUT)));
        }
        rows.extend(models.into_iter().map(|model| {
            (
                Row::Model(model),
                Item::new(&model.id, columns.about(model)),
            )
        }));
        if rows.is_empty() {
            return Err(Error::usage(
                "OpenRouter offers this key no model that fits",
                "ask for less, such as a higher --max-price",
            ));
        }
        let (rows, items): (Vec<Row>, Vec<Item>) = rows.into_iter().unzip();
        let question = format!("{place} model to fall back on");
        let answer = prompt.choose(&question, &items, 0)?;
        match rows.get(answer) {
            Some(Row::Model(model)) => chosen.push(model.id.clone()),
            Some(Row::Auto) => chosen.push(AUTO.to_owned()),
            Some(Row::FreeOnly) => demands.free = true,
            Some(Row::Done) => break,
            None => return Err(Error::Cancelled),
        }
    }
    Chain::parse(&chosen)
}

/// The free models with the most room, where nobody is asked.
pub fn free_chain(offer: &Offer, demands: Demands) -> Result<Chain> {
    let mut models = offer.fit(demands);
    models.sort_by_key(|model| std::cmp::Reverse(model.context));
    if models.is_empty() {
        return Err(Error::usage(
            "OpenRouter offers this key no free model that calls tools",
            "name models, or look at the key's privacy settings, which free models depend on",
        ));
    }
    let models: Vec<String> = models.iter().take(MOST).map(|it| it.id.clone()).collect();
    Chain::parse(&models)
}

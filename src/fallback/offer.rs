//! What OpenRouter offers this key, and whether a model is fit to fall back on.

use crate::check::models::Model;
use crate::check::{self, Finding, Target};
use crate::error::{Error, Result};
use crate::interview::model::price;

/// Endings that ask for another way of routing to the same model; the list does not name them.
const ROUTES: [&str; 4] = [":exacto", ":floor", ":nitro", ":online"];
/// Below this likeness a suggestion would puzzle more than it helps.
const NEAR: f64 = 0.85;
const LISTED: &str = "`goose-setup models openrouter` lists them all";

/// What is asked of each model besides that it exists and calls tools.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demands {
    /// US dollars for a million tokens, in or out.
    pub max_price: Option<f64>,
    pub free: bool,
}

pub struct Offer {
    models: Vec<Model>,
    /// The list of what this very key may use, not the public one.
    pub is_own: bool,
    /// What everybody sees, where it says more than the key's own list.
    public: Vec<Model>,
}

impl Offer {
    /// Asks for the key's own list, and for the public one where that has no answer.
    pub fn ask(http: &check::http::Http, target: &Target) -> Result<Self, Finding> {
        let (own, public) = check::lists(http, target);
        match (own, public) {
            (Some(Err(finding)), _) if finding.verdict.is_refusal() => Err(finding),
            (Some(Ok(models)), public) if !models.is_empty() => Ok(Self {
                models,
                is_own: true,
                public: public.unwrap_or_default(),
            }),
            (_, public) => public.map(|models| Self {
                models,
                is_own: false,
                public: Vec::new(),
            }),
        }
    }

    /// The models that may be chosen, in the provider's order.
    pub fn fit(&self, demands: Demands) -> Vec<&Model> {
        self.models
            .iter()
            .filter(|model| objection(model, demands).is_none())
            .collect()
    }

    /// That goose can fall back on this model within the demands; else why not.
    pub fn judge(&self, id: &str, demands: Demands) -> Result<()> {
        let Some(model) = find(&self.models, id) else {
            return Err(self.unknown(id));
        };
        match objection(model, demands) {
            None => Ok(()),
            Some((what, action)) => Err(Error::usage(format!("{id} {what}"), action)),
        }
    }

    fn unknown(&self, id: &str) -> Error {
        if find(&self.public, id).is_some() {
            return Error::usage(
                format!("{id} exists, but this key may not use it"),
                "look at the key's guardrails and privacy settings on the key page, or name another model",
            );
        }
        let near = nearest(id, self.models.iter().map(|model| model.id.as_str()));
        let action = if near.is_empty() {
            LISTED.to_owned()
        } else {
            format!("did you mean {}? {LISTED}", near.join(" or "))
        };
        Error::usage(format!("OpenRouter has no model `{id}`"), action)
    }
}

fn find<'m>(models: &'m [Model], id: &str) -> Option<&'m Model> {
    let plain = ROUTES
        .iter()
        .find_map(|route| id.strip_suffix(route))
        .unwrap_or(id);
    models
        .iter()
        .find(|model| model.id == id)
        .or_else(|| models.iter().find(|model| model.id == plain))
}

/// What speaks against a model, and what to do instead.
fn objection(model: &Model, demands: Demands) -> Option<(String, &'static str)> {
    if model.tools == Some(false) {
        return Some((
            "cannot call tools, which goose needs".into(),
            "`goose-setup models openrouter` lists those that can",
        ));
    }
    if demands.free && !model.free {
        return Some((
            "is not free, and a paid model in the chain is billed".into(),
            "`goose-setup models openrouter --free` lists the free ones",
        ));
    }
    let cap = demands.max_price?;
    match (model.input_price, model.output_price) {
        (Some(input), Some(output)) if input.max(output) <= cap => None,
        (Some(_), Some(_)) => Some((
            format!(
                "costs {} for a million tokens, above --max-price {cap}",
                price(model)
            ),
            "name a cheaper model, or raise --max-price",
        )),
        _ => Some((
            "has no fixed price, so --max-price cannot hold it".into(),
            "name a model with a price, or leave --max-price out",
        )),
    }
}

/// The ids most like `wanted`, by the whole id or by the part behind the maker's name.
fn nearest<'a>(wanted: &str, ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let tail = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let mut near: Vec<(f64, &str)> = ids
        .filter_map(|id| {
            let likeness = strsim::jaro_winkler(id, &wanted)
                .max(strsim::jaro_winkler(&tail(id), &tail(&wanted)));
            (likeness >= NEAR).then_some((likeness, id))
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn model(id: &str, price: Option<f64>, tools: Option<bool>) -> Model {
        Model {
            id: id.into(),
            name: id.into(),
            context: None,
            input_price: price,
            output_price: price.map(|price| price * 4.0),
            tools,
            expires: None,
            free: price == Some(0.0),
        }
    }

    fn offer() -> Offer {
        Offer {
            models: vec![
                model("anthropic/claude-sonnet-4", Some(3.0), Some(true)),
                model("openai/gpt-4o", Some(2.5), Some(true)),
                model("meta/llama:free", Some(0.0), Some(true)),
                model("openrouter/auto", None, None),
                model("old/talker", Some(1.0), Some(false)),
            ],
            is_own: true,
            public: vec![model("secret/model", Some(1.0), Some(true))],
        }
    }

    fn refusal(id: &str, demands: Demands) -> String {
        let error = offer().judge(id, demands).unwrap_err();
        format!("{error}; {}", error.action())
    }

    #[test]
    fn a_typo_suggests_the_models_it_may_have_meant() {
        for typo in [
            "anthropic/claude-sonet-4",
            "claude-sonnet-4",
            "Anthropic/Claude-Sonnet-4",
        ] {
            let text = refusal(typo, Demands::default());
            assert!(text.contains("anthropic/claude-sonnet-4"), "{text}");
        }
        assert!(!refusal("zzz", Demands::default()).contains("did you mean"));
    }

    #[test]
    fn a_model_must_call_tools_and_be_usable_with_this_key() {
        assert!(refusal("old/talker", Demands::default()).contains("tools"));
        assert!(refusal("secret/model", Demands::default()).contains("this key may not use it"));
        offer()
            .judge("openrouter/auto", Demands::default())
            .unwrap();
        offer()
            .judge("openai/gpt-4o:nitro", Demands::default())
            .unwrap();
    }

    #[test]
    fn the_price_cap_counts_the_dearer_direction_and_refuses_what_has_no_price() {
        let cap = |max_price| Demands {
            max_price: Some(max_price),
            free: false,
        };
        offer().judge("openai/gpt-4o", cap(10.0)).unwrap();
        assert!(refusal("openai/gpt-4o", cap(9.9)).contains("--max-price 9.9"));
        assert!(refusal("openrouter/auto", cap(100.0)).contains("no fixed price"));
    }

    #[test]
    fn a_free_chain_holds_free_models_only() {
        let free = Demands {
            max_price: None,
            free: true,
        };
        assert!(refusal("openai/gpt-4o", free).contains("billed"));
        let fit: Vec<_> = offer()
            .fit(free)
            .iter()
            .map(|model| model.id.clone())
            .collect();
        assert_eq!(fit, ["meta/llama:free"]);
    }
}

//! What a provider offers this key, and whether goose could work with a model of it.

use crate::catalog::Provider;
use crate::check::models::Model;
use crate::check::{self, Finding, Target};
use crate::error::{Error, Result};
use crate::fallback::Chain;
use crate::interview::model::price;

/// OpenRouter's endings for another way of routing to the same model; its list does not name them.
const ROUTES: [&str; 4] = [":exacto", ":floor", ":nitro", ":online"];
/// Below this likeness a suggestion would puzzle more than it helps.
const NEAR: f64 = 0.85;

/// What is asked of each model besides that it exists and calls tools.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demands {
    /// US dollars for a million tokens, in or out.
    pub max_price: Option<f64>,
    pub free: bool,
}

#[derive(Clone, Debug)]
pub struct Offer {
    provider: &'static Provider,
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
                provider: target.provider,
                models,
                is_own: true,
                public: public.unwrap_or_default(),
            }),
            (_, public) => public.map(|models| Self {
                provider: target.provider,
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

    /// The provider says what it has. A list may be empty although there are models.
    pub fn says_something(&self) -> bool {
        !self.models.is_empty()
    }

    pub fn judge_all(&self, chain: &Chain, demands: Demands) -> Result<()> {
        chain
            .models()
            .iter()
            .try_for_each(|model| self.judge(model, demands))
    }

    /// That goose can use this model within the demands; else why not.
    pub fn judge(&self, id: &str, demands: Demands) -> Result<()> {
        let Some(model) = find(&self.models, id) else {
            return Err(self.unknown(id));
        };
        match objection(model, demands) {
            None => Ok(()),
            Some((what, action)) => Err(Error::usage(
                format!("{id} {what}"),
                action.replace("{provider}", self.provider.id),
            )),
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
        let listed = format!("`goose-setup models {}` lists them all", self.provider.id);
        let action = if near.is_empty() {
            listed
        } else {
            format!("did you mean {}? {listed}", near.join(" or "))
        };
        Error::usage(
            format!("{} has no model `{id}`", self.provider.title),
            action,
        )
    }
}

fn find<'m>(models: &'m [Model], id: &str) -> Option<&'m Model> {
    let plain = ROUTES
        .iter()
        .find_map(|route| id.strip_suffix(route))
        .unwrap_or(id);
    let named = |wanted: &str| models.iter().find(|model| model.id == wanted);
    named(id)
        .or_else(|| named(plain))
        .or_else(|| named(&format!("{id}:latest")))
        .or_else(|| models.iter().find(|model| is_dated(&model.id, id)))
}

/// Lists name `claude-sonnet-4-5-20250929`, and people say `claude-sonnet-4-5` or `claude-sonnet-4-latest`.
fn is_dated(listed: &str, said: &str) -> bool {
    let plain = said.strip_suffix("-latest").unwrap_or(said);
    // Anthropic's word for the first of a family.
    let plain = plain.strip_suffix("-0").unwrap_or(plain);
    listed
        .strip_prefix(plain)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|date| {
            let mut groups = date.split('-');
            groups.next().is_some_and(|first| first.len() >= 4)
                && date.chars().all(|c| c.is_ascii_digit() || c == '-')
        })
}

/// What speaks against a model, and what to do instead.
fn objection(model: &Model, demands: Demands) -> Option<(String, &'static str)> {
    if model.tools == Some(false) {
        return Some((
            "cannot call tools, which goose needs".into(),
            "`goose-setup models {provider}` lists those that can",
        ));
    }
    if demands.free && !model.free {
        return Some((
            "is not free, and a paid model in the chain is billed".into(),
            "`goose-setup models {provider} --free` lists the free ones",
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
            provider: crate::catalog::by_id("openrouter").unwrap(),
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
    fn a_name_without_its_date_is_the_model_that_the_list_has_with_it() {
        for (listed, said, is_it) in [
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", true),
            ("claude-sonnet-4-20250514", "claude-sonnet-4-0", true),
            (
                "claude-3-7-sonnet-20250219",
                "claude-3-7-sonnet-latest",
                true,
            ),
            ("grok-4-0709", "grok-4", true),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4", false),
            ("gpt-4o-mini", "gpt-4o", false),
            ("gpt-5", "gpt-5", false),
        ] {
            assert_eq!(is_dated(listed, said), is_it, "{listed} {said}");
        }
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

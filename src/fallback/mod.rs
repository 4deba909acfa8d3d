//! The models OpenRouter falls over to by itself, in order, when the first one is limited or away.

mod ask;
mod offer;
pub mod parameters;
mod pick;
pub mod remarks;

use crate::error::{Error, Result};

pub use ask::{ask, given, is_for, offer};
pub use offer::{Demands, Offer};
pub use pick::{free_chain, pick};

/// The one provider that falls over by itself.
pub const PROVIDER: &str = "openrouter";

/// OpenRouter answers 400 to a request that names more, and goose then retries for seconds and exits with 0.
pub const MOST: usize = 3;

/// One to three models, none of them twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<String>);

impl Chain {
    pub fn parse(models: &[String]) -> Result<Self> {
        let models: Vec<String> = models.iter().map(|it| it.trim().to_owned()).collect();
        if models.len() > MOST {
            return Err(Error::usage(
                format!(
                    "{} models are given, and OpenRouter takes at most {MOST}",
                    models.len()
                ),
                format!("name the {MOST} that matter most"),
            ));
        }
        for (place, model) in models.iter().enumerate() {
            if model.is_empty() || model.chars().any(|c| c.is_control() || c.is_whitespace()) {
                return Err(Error::usage(
                    "a fallback model is empty or has a blank in it",
                    "`goose-setup models openrouter` lists the ids",
                ));
            }
            if models.iter().take(place).any(|earlier| earlier == model) {
                return Err(Error::usage(
                    format!("{model} is named twice"),
                    "name each model once",
                ));
            }
        }
        if models.is_empty() {
            return Err(Error::missing("the fallback model", "one to three models"));
        }
        Ok(Self(models))
    }

    pub fn models(&self) -> &[String] {
        &self.0
    }
}

/// `a, then b, then c`, as people say it.
pub fn sentence(models: &[String]) -> String {
    models.join(", then ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn chain(models: &[&str]) -> Result<Chain> {
        Chain::parse(&models.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn three_models_are_a_chain_and_a_fourth_is_refused_with_the_limit() {
        assert_eq!(
            chain(&["a/b", " c/d ", "e/f"]).unwrap().models(),
            ["a/b", "c/d", "e/f"]
        );
        let error = chain(&["a", "b", "c", "d"]).unwrap_err();
        assert!(error.to_string().contains("at most 3"), "{error}");
    }

    #[test]
    fn no_model_a_blank_one_and_one_named_twice_are_refused() {
        assert!(chain(&[]).is_err());
        assert!(chain(&[""]).is_err());
        assert!(chain(&["a b"]).is_err());
        assert!(chain(&["a", "a"]).is_err());
    }
}

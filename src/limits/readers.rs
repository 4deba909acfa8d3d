//! From a provider's answer to figures; nothing here asks anybody. One file a family of answers.

mod accounts;
mod balances;
mod openrouter;
mod venice;

use jiff::Timestamp;
use serde_json::Value;

use super::book::Shape;
use super::figures::Figures;

/// What a reader knows besides the answer.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) now: Timestamp,
    /// The model in use, where one is.
    pub(super) model: Option<&'a str>,
    /// How the figures name where they come from.
    pub(super) source: &'a str,
}

/// An answer of another shape has no figures.
pub(super) fn read(shape: Shape, answer: &Value, asked: Asked<'_>) -> Figures {
    let figures = match shape {
        Shape::OpenrouterKey => openrouter::key(answer, asked),
        Shape::OpenrouterCredits => openrouter::credits(answer, asked),
        Shape::DeepseekBalance => balances::deepseek(answer, asked),
        Shape::MoonshotBalance => balances::moonshot(answer, asked),
        Shape::NanogptBalance => balances::nanogpt(answer, asked),
        Shape::VeniceLimits => venice::limits(answer, asked),
        Shape::LitellmKey => accounts::litellm(answer, asked),
        Shape::XaiKey => accounts::xai(answer),
        Shape::HuggingfaceAccount => accounts::huggingface(answer),
    };
    let mut figures = figures.unwrap_or_default();
    // A note may hold a figure, too.
    for note in &mut figures.notes {
        note.push_str(&format!(" [{}]", asked.source));
    }
    figures.tier_source = figures.tier.is_some().then(|| asked.source.to_owned());
    figures
}

/// What is left of an amount of money, without the dust that binary fractions leave.
fn left_of(all: f64, used: f64) -> f64 {
    const DUST: f64 = 1e6;
    ((all - used) * DUST).round() / DUST
}

#[cfg(test)]
mod tests;

//! What an hour of goose costs at least.
//!
//! The formula: 60 requests, one a minute, each of goose's measured first size and with an ordinary answer, and one request
//! that names the session. A conversation that grows costs more, so this is a floor to compare models by.

use super::book;
use crate::check::models::Model;

const REQUESTS: u64 = 60;

/// Dollars, where both prices are known.
pub fn cost(model: &Model) -> Option<f64> {
    let goose = book::measured();
    let input = REQUESTS * goose.first_request + goose.naming_request;
    let output = REQUESTS * goose.answer;
    let dollars = |tokens: u64, price: f64| tokens as f64 / 1e6 * price;
    Some(dollars(input, model.input_price?) + dollars(output, model.output_price?))
}

pub fn formula() -> String {
    let goose = book::measured();
    format!(
        "an hour of goose is at least {REQUESTS} × ({} tokens in + {} out) + {} in to name the session; a long conversation costs more",
        goose.first_request, goose.answer, goose.naming_request
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn an_hour_is_worked_out_by_hand() {
        let mut model = Model {
            id: "m".into(),
            name: "m".into(),
            context: None,
            input_price: Some(3.0),
            output_price: Some(15.0),
            tools: None,
            free: false,
            expires: None,
        };
        // 270,600 × 3 / 1,000,000 = 0.8118; 30,000 × 15 / 1,000,000 = 0.45
        assert!((cost(&model).unwrap() - 1.2618).abs() < 1e-9);
        model.output_price = None;
        assert_eq!(cost(&model), None);
    }
}

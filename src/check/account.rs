//! What a good answer says about the account, beyond that the key is right.

use serde::Serialize;
use serde_json::Value;

use crate::catalog::AccountShape;
use crate::sanitize;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    pub credit: Option<Credit>,
    /// `None`: the provider does not say.
    pub free_tier: Option<bool>,
    /// One thought each, most important first.
    pub notes: Vec<String>,
}

/// What is unknown is `None`, in JSON `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Credit {
    pub remaining: Option<f64>,
    pub limit: Option<f64>,
    /// A currency code.
    pub unit: Option<String>,
    /// How often the limit starts anew.
    pub resets: Option<String>,
}

impl Account {
    pub fn of(shape: AccountShape, answer: &Value) -> Option<Self> {
        match shape {
            AccountShape::OpenrouterKey => openrouter(answer.get("data")?),
            AccountShape::DeepseekBalance => deepseek(answer),
        }
    }

    /// One line for a person; empty where nothing is known.
    pub fn summary(&self) -> String {
        self.notes.join("; ")
    }

    pub fn is_used_up(&self) -> bool {
        let left = self.credit.as_ref().and_then(|credit| credit.remaining);
        left.is_some_and(|left| left <= 0.0)
    }
}

fn openrouter(key: &Value) -> Option<Account> {
    let key = key.as_object()?;
    let limit = key.get("limit").and_then(number);
    let remaining = key.get("limit_remaining").and_then(number);
    let resets = key
        .get("limit_reset")
        .and_then(Value::as_str)
        .and_then(sanitize::word)
        .map(str::to_owned);
    let free_tier = key.get("is_free_tier").and_then(Value::as_bool);
    let mut notes = Vec::new();
    match (remaining, limit) {
        (Some(remaining), Some(limit)) => {
            let (left, of) = (money(remaining, "USD"), money(limit, "USD"));
            let mut note = format!("{left} of {of} left on this key");
            if let Some(resets) = &resets {
                note.push_str(&format!(", resets {resets}"));
            }
            notes.push(note);
        }
        (Some(remaining), None) => {
            notes.push(format!("{} left on this key", money(remaining, "USD")));
        }
        (None, _) if key.get("limit").is_some_and(Value::is_null) => {
            notes.push("no spending cap on this key".into());
        }
        (None, _) => {}
    }
    if free_tier == Some(true) {
        let today = key.get("free_model_daily_requests");
        let count = |name| today?.get(name).and_then(number);
        notes.push(match (count("remaining"), count("limit")) {
            (Some(left), Some(limit)) => {
                format!("free tier: {left} of {limit} requests on free models left today")
            }
            _ => "free tier: 50 requests a day on free models".into(),
        });
    }
    let has_credit = remaining.is_some() || limit.is_some();
    Some(Account {
        credit: has_credit.then(|| Credit {
            remaining,
            limit,
            unit: Some("USD".into()),
            resets,
        }),
        free_tier,
        notes,
    })
}

fn deepseek(answer: &Value) -> Option<Account> {
    let balances: Vec<(f64, &str)> = answer
        .get("balance_infos")?
        .as_array()?
        .iter()
        .filter_map(|balance| {
            let unit = balance.get("currency")?.as_str()?;
            Some((
                number(balance.get("total_balance")?)?,
                sanitize::word(unit)?,
            ))
        })
        .collect();
    // Amounts in different currencies do not add up; the larger one is the one in use.
    let (remaining, unit) = *balances.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let parts: Vec<String> = balances
        .iter()
        .map(|(amount, unit)| money(*amount, unit))
        .collect();
    Some(Account {
        credit: Some(Credit {
            remaining: Some(remaining),
            limit: None,
            unit: Some(unit.to_owned()),
            resets: None,
        }),
        free_tier: None,
        notes: vec![format!("{} left in the account", parts.join(" and "))],
    })
}

/// A number, also where the provider writes it as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    f64::is_finite(number).then_some(number)
}

pub fn money(amount: f64, unit: &str) -> String {
    let sign = if amount < 0.0 { "-" } else { "" };
    let amount = amount.abs();
    match unit {
        "USD" => format!("{sign}${amount:.2}"),
        "CNY" => format!("{sign}¥{amount:.2}"),
        unit => format!("{sign}{amount:.2} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use serde_json::json;

    use super::*;

    fn openrouter(data: Value) -> Account {
        Account::of(AccountShape::OpenrouterKey, &json!({ "data": data })).unwrap()
    }

    #[test]
    fn a_capped_key_says_what_is_left_and_when_it_resets() {
        let account = openrouter(
            json!({"limit": 10, "limit_remaining": 4.2, "limit_reset": "daily", "is_free_tier": false}),
        );
        assert_eq!(
            account.summary(),
            "$4.20 of $10.00 left on this key, resets daily"
        );
        assert_eq!(
            serde_json::to_value(account.credit).unwrap(),
            json!({"remaining": 4.2, "limit": 10.0, "unit": "USD", "resets": "daily"})
        );
    }

    #[test]
    fn a_free_key_without_a_cap_says_both() {
        let account = openrouter(
            json!({"limit": null, "limit_remaining": null, "limit_reset": null, "is_free_tier": true}),
        );
        assert_eq!(
            account.summary(),
            "no spending cap on this key; free tier: 50 requests a day on free models"
        );
        assert!(!account.is_used_up());
        assert_eq!(account.credit, None);
    }

    #[test]
    fn a_free_key_says_how_many_of_the_days_requests_are_left() {
        let account = openrouter(json!({"limit": null, "is_free_tier": true,
            "free_model_daily_requests": {"limit": 1000, "used": 38, "remaining": 962}}));
        assert_eq!(
            account.summary(),
            "no spending cap on this key; free tier: 962 of 1000 requests on free models left today"
        );
    }

    #[test]
    fn a_key_with_nothing_left_is_used_up() {
        assert!(openrouter(json!({"limit": 5, "limit_remaining": 0})).is_used_up());
        assert!(openrouter(json!({"limit": 5, "limit_remaining": -0.3})).is_used_up());
        assert!(!openrouter(json!({"limit": 5, "limit_remaining": 0.01})).is_used_up());
    }

    #[test]
    fn a_balance_is_read_in_each_currency() {
        let answer = json!({"is_available": true, "balance_infos": [
            {"currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00"},
            {"currency": "USD", "total_balance": "4.20"},
        ]});
        let account = Account::of(AccountShape::DeepseekBalance, &answer).unwrap();
        assert_eq!(account.summary(), "¥110.00 and $4.20 left in the account");
        assert_eq!(account.credit.unwrap().unit.as_deref(), Some("CNY"));
    }

    #[test]
    fn answers_of_another_shape_say_nothing() {
        for answer in [
            json!(null),
            json!([]),
            json!({"data": []}),
            json!({"balance_infos": [{}]}),
            json!({"balance_infos": [{"currency": "\u{1b}[31m", "total_balance": "1"}]}),
        ] {
            assert_eq!(Account::of(AccountShape::OpenrouterKey, &answer), None);
            assert_eq!(Account::of(AccountShape::DeepseekBalance, &answer), None);
        }
        let account = openrouter(json!({"limit": "oddly", "limit_remaining": {}}));
        assert_eq!(account.summary(), "");
    }
}

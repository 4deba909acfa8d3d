#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_json::{Value, json};

use super::*;
use crate::limits::figures::{Purse, Rate};

fn read(shape: Shape, answer: &Value, model: Option<&str>) -> Figures {
    let asked = Asked {
        now: "2026-11-24T15:31:00Z".parse().unwrap(),
        model,
        source: "host/path",
    };
    let mut figures = super::read(shape, answer, asked);
    assert_eq!(
        figures.tier_source.take().as_deref(),
        figures.tier.is_some().then_some("host/path")
    );
    for note in &mut figures.notes {
        *note = note.strip_suffix(" [host/path]").unwrap().to_owned();
    }
    figures
}

/// What a purse and a rate say, in short.
fn purse(purse: &Purse) -> (&str, Option<f64>, Option<f64>, Option<&str>, Option<String>) {
    let credit = &purse.credit;
    assert_eq!(purse.source, "host/path");
    (
        purse.owner,
        credit.remaining,
        credit.limit,
        credit.unit.as_deref(),
        purse.resets_at.map(crate::limits::when::stamp),
    )
}

fn rate(rate: &Rate) -> (&str, Option<f64>, Option<f64>, bool) {
    assert_eq!(rate.source, "host/path");
    (&rate.name, rate.limit, rate.remaining, rate.applies)
}

fn openrouter(data: Value) -> Figures {
    read(
        Shape::OpenrouterKey,
        &json!({ "data": data }),
        Some("a/b:free"),
    )
}

#[test]
fn an_openrouter_key_tells_its_cap_its_use_and_the_free_requests() {
    let figures = openrouter(json!({
        "label": "sk-or-v1-abc...123", "limit": 10, "limit_remaining": 4.2, "limit_reset": "weekly",
        "usage": 105.8, "usage_daily": 0.1, "usage_weekly": 5.8, "usage_monthly": 20, "byok_usage": 0,
        "is_free_tier": false, "is_management_key": false, "expires_at": "2027-01-01T00:00:00Z",
        "free_model_daily_requests": {"limit": 1000, "used": 38, "remaining": 962}
    }));
    assert_eq!(
        purse(&figures.purses[0]),
        (
            "this key",
            Some(4.2),
            Some(10.0),
            Some("USD"),
            Some("2026-11-30T00:00:00Z".into())
        )
    );
    let spent: Vec<_> = figures
        .spent
        .iter()
        .map(|spent| (spent.during, spent.amount))
        .collect();
    assert_eq!(
        spent,
        [
            ("today", 0.1),
            ("this week", 5.8),
            ("this month", 20.0),
            ("in all", 105.8)
        ]
    );
    assert_eq!(
        rate(&figures.rates[0]),
        ("free-model requests a day", Some(1000.0), Some(962.0), true)
    );
    assert_eq!(figures.tier.as_deref(), Some("paid"));
    assert_eq!(figures.notes, ["this key expires at 2027-01-01T00:00:00Z"]);
}

#[test]
fn an_unlimited_openrouter_key_has_no_purse_and_says_so() {
    let figures = openrouter(
        json!({"limit": null, "limit_remaining": null, "limit_reset": null, "usage": 0, "is_free_tier": true}),
    );
    assert!(figures.purses.is_empty());
    assert_eq!(figures.notes, ["no spending cap on this key"]);
    assert_eq!(figures.tier.as_deref(), Some("free: no credit bought yet"));
    assert!(!figures.is_used_up());
}

#[test]
fn an_overdrawn_openrouter_key_is_used_up() {
    assert!(openrouter(json!({"limit": 5, "limit_remaining": -0.3})).is_used_up());
    assert!(openrouter(json!({"limit": 5, "limit_remaining": 0})).is_used_up());
}

#[test]
fn used_up_free_requests_stop_free_models_only() {
    let data = json!({"data": {"limit": null, "free_model_daily_requests": {"limit": 50, "used": 50, "remaining": 0}}});
    assert!(read(Shape::OpenrouterKey, &data, Some("a/b:free")).is_used_up());
    assert!(!read(Shape::OpenrouterKey, &data, Some("a/b")).is_used_up());
    assert!(!read(Shape::OpenrouterKey, &data, None).is_used_up());
}

#[test]
fn a_management_key_sees_the_credit_of_the_account() {
    let answer = json!({"data": {"total_credits": 100.5, "total_usage": 110.25}});
    let figures = read(Shape::OpenrouterCredits, &answer, None);
    assert_eq!(
        purse(&figures.purses[0]),
        ("the account", Some(-9.75), None, Some("USD"), None)
    );
    assert!(figures.is_used_up());
}

#[test]
fn deepseek_has_a_balance_in_one_or_two_currencies() {
    let one = json!({"is_available": true, "balance_infos": [
        {"currency": "USD", "total_balance": "12.50", "granted_balance": "0.00", "topped_up_balance": "12.50"}]});
    let figures = read(Shape::DeepseekBalance, &one, None);
    assert_eq!(
        purse(&figures.purses[0]),
        ("the account", Some(12.5), None, Some("USD"), None)
    );
    assert!(figures.notes.is_empty());
    let two = json!({"is_available": false, "balance_infos": [
        {"currency": "CNY", "total_balance": "-1.00"}, {"currency": "USD", "total_balance": "-2.00"}]});
    let figures = read(Shape::DeepseekBalance, &two, None);
    assert_eq!(purse(&figures.purses[0]).1, Some(-1.0));
    assert_eq!(figures.notes, ["-¥1.00 and -$2.00 left in the account"]);
}

#[test]
fn moonshot_has_a_balance_that_can_be_a_debt() {
    let answer = json!({"code": 0, "scode": "0x0", "status": true,
        "data": {"available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001}});
    let figures = read(Shape::MoonshotBalance, &answer, None);
    assert_eq!(purse(&figures.purses[0]).1, Some(49.58894));
    let asked = Asked {
        now: "2026-11-24T15:31:00Z".parse().unwrap(),
        model: None,
        source: "api.moonshot.cn/v1/users/me/balance",
    };
    let chinese = super::read(Shape::MoonshotBalance, &answer, asked);
    assert_eq!(chinese.purses[0].credit.unit.as_deref(), Some("CNY"));
    let debt =
        json!({"data": {"available_balance": -2.5, "voucher_balance": 0, "cash_balance": -2.5}});
    let figures = read(Shape::MoonshotBalance, &debt, None);
    assert!(figures.is_used_up());
    assert_eq!(figures.notes, ["in debt: -$2.50 in cash"]);
}

#[test]
fn nanogpt_writes_its_balance_as_text() {
    let answer = json!({"usd_balance": "129.46956147", "nano_balance": "26.71801147", "nanoDepositAddress": "nano_1"});
    let figures = read(Shape::NanogptBalance, &answer, None);
    assert_eq!(purse(&figures.purses[0]).1, Some(129.46956147));
    assert_eq!(figures.notes, ["26.72 XNO besides"]);
}

#[test]
fn venice_tells_balances_and_the_limits_of_the_model_in_use() {
    let answer = json!({"data": {
        "accessPermitted": true, "apiTier": {"id": "paid", "isCharged": true}, "balances": {"USD": 50.23, "DIEM": 0},
        "keyExpiration": null, "nextEpochBegins": "2026-11-25T00:00:00.000Z",
        "rateLimits": [
            {"apiModelId": "zai-org-glm-5", "rateLimits": [{"amount": 50, "type": "RPM"}, {"amount": 750000, "type": "TPM"}]},
            {"apiModelId": "other", "rateLimits": [{"amount": 20, "type": "RPM"}]}]}});
    let figures = read(Shape::VeniceLimits, &answer, Some("zai-org-glm-5"));
    // The empty allowance does not count while there are dollars.
    assert_eq!(figures.purses.len(), 1);
    assert_eq!(
        purse(&figures.purses[0]),
        ("the account", Some(50.23), None, Some("USD"), None)
    );
    let rates: Vec<_> = figures.rates.iter().map(rate).collect();
    assert_eq!(
        rates,
        [
            ("requests a minute", Some(50.0), None, true),
            ("tokens a minute", Some(750_000.0), None, true),
        ]
    );
    assert_eq!(figures.tier.as_deref(), Some("paid"));
    assert!(!figures.is_used_up());
    let empty = json!({"data": {"accessPermitted": false, "balances": {"USD": -1.48, "DIEM": 0}, "nextEpochBegins": null}});
    let figures = read(Shape::VeniceLimits, &empty, None);
    assert!(figures.is_used_up());
    assert_eq!(figures.notes, ["Venice lets this key call no model now"]);
}

#[test]
fn litellm_tells_budget_spend_and_limits_of_a_virtual_key() {
    let answer = json!({"key": "hash", "info": {"key_name": "sk-...", "spend": 1.5, "max_budget": 10.0, "budget_duration": "30d",
        "budget_reset_at": "2026-12-01T00:00:00Z", "expires": null, "models": [], "tpm_limit": 100000, "rpm_limit": 60}});
    let figures = read(Shape::LitellmKey, &answer, None);
    assert_eq!(
        purse(&figures.purses[0]),
        (
            "this key",
            Some(8.5),
            Some(10.0),
            Some("USD"),
            Some("2026-12-01T00:00:00Z".into())
        )
    );
    let rates: Vec<_> = figures.rates.iter().map(rate).collect();
    assert_eq!(
        rates,
        [
            ("requests a minute", Some(60.0), None, true),
            ("tokens a minute", Some(100_000.0), None, true),
        ]
    );
    let open =
        json!({"info": {"spend": null, "max_budget": null, "tpm_limit": null, "rpm_limit": null}});
    let figures = read(Shape::LitellmKey, &open, None);
    assert_eq!(figures.notes, ["no budget on this key"]);
    assert!(figures.rates.is_empty() && figures.purses.is_empty() && figures.spent.is_empty());
}

#[test]
fn xai_tells_what_a_restricted_key_may_use() {
    let open = json!({"acls": ["api-key:model:*", "api-key:endpoint:*"], "api_key_blocked": false});
    assert_eq!(read(Shape::XaiKey, &open, None), Figures::default());
    let narrow = json!({"acls": ["api-key:model:grok-4.5"]});
    assert_eq!(
        read(Shape::XaiKey, &narrow, None).notes,
        ["this key may use api-key:model:grok-4.5 only"]
    );
    let half = json!({"acls": ["api-key:endpoint:*", "api-key:model:grok-4.5"]});
    assert_eq!(
        read(Shape::XaiKey, &half, None).notes,
        ["this key may use api-key:model:grok-4.5 only"]
    );
    let none = json!({"acls": []});
    assert_eq!(
        read(Shape::XaiKey, &none, None).notes,
        ["this key may use nothing"]
    );
}

#[test]
fn huggingface_tells_plan_and_role() {
    let answer = json!({"type": "user", "name": "somebody", "isPro": false, "canPay": false, "orgs": [],
        "auth": {"type": "access_token", "accessToken": {"displayName": "x", "role": "fineGrained"}}});
    let figures = read(Shape::HuggingfaceAccount, &answer, None);
    assert_eq!(figures.tier.as_deref(), Some("free"));
    assert_eq!(
        figures.notes,
        [
            "this token's role is fineGrained",
            "no means of payment: only what is included"
        ]
    );
    let bare = json!({"name": "somebody"});
    assert_eq!(
        read(Shape::HuggingfaceAccount, &bare, None),
        Figures::default()
    );
}

#[test]
fn missing_null_and_hostile_fields_are_no_figures() {
    let shapes = [
        Shape::OpenrouterKey,
        Shape::OpenrouterCredits,
        Shape::DeepseekBalance,
        Shape::MoonshotBalance,
        Shape::NanogptBalance,
        Shape::VeniceLimits,
        Shape::LitellmKey,
        Shape::XaiKey,
        Shape::HuggingfaceAccount,
    ];
    let answers = [
        json!(null),
        json!([]),
        json!("text"),
        json!({}),
        json!({"data": null, "info": null, "acls": null, "name": null, "usd_balance": null, "balance_infos": null}),
        json!({"data": [], "info": [], "acls": {}, "name": 7, "usd_balance": {}, "balance_infos": {}}),
        json!({"data": {"total_credits": "x", "available_balance": "NaN"}, "usd_balance": "inf", "info": {},
               "balance_infos": [{"currency": "\u{1b}[31m", "total_balance": "1"}]}),
    ];
    for shape in shapes {
        for answer in &answers {
            let figures = read(shape, answer, Some("m"));
            assert!(
                figures.purses.is_empty() && figures.rates.is_empty(),
                "{shape:?} {answer}"
            );
        }
    }
    let figures = openrouter(
        json!({"limit": {}, "limit_reset": "\u{1b}[2J", "expires_at": "\u{202e}", "usage": [],
        "free_model_daily_requests": {"limit": null, "remaining": 3}}),
    );
    assert_eq!(figures, Figures::default());
}

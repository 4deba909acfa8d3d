#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::*;
use crate::check::account::Credit;
use crate::limits::book::{self, Row};

fn plain() -> Setup {
    Setup {
        names_sessions: true,
        has_fallback: true,
        others: vec!["xai".into()],
        ..Setup::default()
    }
}

fn advice(id: &str, model: &str, row: &Row, setup: &Setup, left: Option<f64>) -> Vec<Advice> {
    let entry = book::of(id);
    let purse = left.map(|left| Purse {
        owner: "this key",
        credit: Credit {
            remaining: Some(left),
            ..Credit::default()
        },
        resets_at: None,
        source: String::new(),
    });
    of(&Situation {
        id,
        title: "It",
        entry,
        basis: "Tier 1",
        budget: Budget::of(Some(row), &[], entry),
        load: Load::of(Some(model), None),
        purse: purse.as_ref(),
        setup,
        measured: book::measured(),
    })
}

fn documented(id: &str, model: &str) -> &'static Row {
    book::of(id).unwrap().rows_for(Some(model)).remove(0)
}

fn text<'a>(all: &'a [Advice], id: &str) -> &'a Advice {
    all.iter().find(|advice| advice.id == id).unwrap()
}

#[test]
fn thirty_thousand_tokens_a_minute_are_six_goose_requests() {
    let all = advice(
        "openai",
        "gpt-4o",
        documented("openai", "gpt-4o"),
        &plain(),
        None,
    );
    assert_eq!(
        text(&all, "pace").text,
        "30,000 tokens a minute are about 6 goose requests a minute, at about 4,500 tokens each (Tier 1)"
    );
    // 600 / 30,000 is more than 1 / 500.
    assert_eq!(
        text(&all, "session-naming").text,
        "a new session is named by a request of its own, about 600 tokens: 2.0 % of 30,000 tokens a minute"
    );
    assert_eq!(
        text(&all, "session-naming").command.as_deref(),
        Some("goose-setup limits --set GOOSE_DISABLE_SESSION_NAMING=true")
    );
}

#[test]
fn fifty_free_requests_last_two_and_a_half_minutes() {
    let row = documented("openrouter", "x/y:free");
    let all = advice("openrouter", "x/y:free", row, &plain(), None);
    assert_eq!(
        text(&all, "pace").text,
        "20 requests a minute are about 20 goose requests a minute; without a pause the day's share is used up after about 2.5 minutes (Tier 1)"
    );
    assert!(
        text(&all, "session-naming")
            .text
            .ends_with("2.0 % of 50 requests a day")
    );
}

#[test]
fn a_reserve_that_fills_the_minute_is_cut_to_what_lets_two_through() {
    let row = documented("cerebras", "gpt-oss-120b");
    let setup = plain();
    let entry = book::of("cerebras");
    let all = of(&Situation {
        id: "cerebras",
        title: "Cerebras",
        entry,
        basis: "Free Trial",
        budget: Budget::of(Some(row), &[], entry),
        load: Load {
            input: 4500.0,
            output_cap: Some(65_536.0),
        },
        purse: None,
        setup: &setup,
        measured: book::measured(),
    });
    assert_eq!(
        text(&all, "pace").text,
        "a goose request counts as 70,036 tokens (4,500 sent and 65,536 reserved for the answer), more than the 30,000 tokens a minute: it is refused (Free Trial)"
    );
    // 30,000 / (4,500 + 16,384) = 1.4; 30,000 / (4,500 + 8,192) = 2.4
    let cut = text(&all, "max-tokens");
    assert_eq!(
        cut.command.as_deref(),
        Some("goose-setup limits --set GOOSE_MAX_TOKENS=8192")
    );
    assert!(
        cut.text
            .ends_with("with 8,192 there is room for 2 requests a minute instead of 0")
    );
}

#[test]
fn little_credit_has_to_cover_the_longest_answer() {
    let model = "anthropic/claude-sonnet-4";
    let row = documented("openrouter", model);
    // 0.64 / 64,000 × 1,000,000 = 10; 0.64 / 8,192 × 1,000,000 = 78.13
    let all = advice("openrouter", model, row, &plain(), Some(0.64));
    assert_eq!(
        text(&all, "max-tokens").text,
        "$0.64 has to cover an answer of 64,000 tokens before a request is taken, so only models below $10.00 for a million tokens of output work; 8,192 raises that to $78.12"
    );
    // 1.93 / 64,000 × 1,000,000 = 30.2
    for left in [None, Some(1.93), Some(0.0), Some(-3.0)] {
        let all = advice("openrouter", model, row, &plain(), left);
        assert!(
            all.iter().all(|advice| advice.id != "max-tokens"),
            "{left:?}"
        );
    }
}

#[test]
fn what_is_done_already_is_not_advised() {
    let row = documented("openrouter", "x/y:free");
    let done = Setup {
        names_sessions: false,
        ..plain()
    };
    let ids: Vec<_> = advice("openrouter", "x/y:free", row, &done, None)
        .iter()
        .map(|advice| advice.id)
        .collect();
    assert_eq!(ids, ["pace"]);
    let bare = Setup {
        names_sessions: true,
        ..Setup::default()
    };
    let all = advice("openrouter", "x/y:free", row, &bare, None);
    let commands: Vec<_> = all
        .iter()
        .filter_map(|advice| advice.command.as_deref())
        .collect();
    assert_eq!(
        commands,
        [
            "goose-setup limits --set GOOSE_DISABLE_SESSION_NAMING=true",
            "goose-setup fallback",
            "goose-setup anthropic",
        ]
    );
}

#[test]
fn retries_that_goose_does_not_hear_are_written_so_that_it_does() {
    let setup = Setup {
        deaf: vec![
            ("DATABRICKS_MAX_RETRIES".into(), "5".into(), false),
            ("DATABRICKS_BACKOFF_MULTIPLIER".into(), "3".into(), true),
        ],
        sets_retries: true,
        ..plain()
    };
    let all = advice("databricks", "m", &Row::default(), &setup, None);
    let commands: Vec<_> = all
        .iter()
        .filter_map(|advice| advice.command.as_deref())
        .collect();
    assert_eq!(
        commands,
        [
            "goose-setup limits --set DATABRICKS_MAX_RETRIES=5",
            "export DATABRICKS_BACKOFF_MULTIPLIER='\"3\"'",
        ]
    );
    let all = advice("databricks", "m", &Row::default(), &plain(), None);
    assert_eq!(
        text(&all, "retries").text,
        "goose gives up on a limited request after 3 retries, about 7 s; 6 wait 61 s, which outlasts a limit a minute"
    );
    assert_eq!(
        text(&all, "retries").command.as_deref(),
        Some("goose-setup limits --set DATABRICKS_MAX_RETRIES=6")
    );
}

#[test]
fn numbers_are_written_for_people() {
    for (number, text) in [
        (0.0, "0"),
        (999.0, "999"),
        (30000.0, "30,000"),
        (1e6, "1,000,000"),
        (-1234.0, "-1,234"),
    ] {
        assert_eq!(thousands(number), text);
    }
    assert_eq!(duration(44.444), "44 minutes");
    assert_eq!(duration(150.0), "2.5 hours");
}

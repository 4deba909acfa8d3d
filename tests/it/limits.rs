//! What limits goose, and what helps: the promise that figures are live, cost nothing and lead somewhere.

use crate::world::answers;
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::provider::{ALL, ANTHROPIC, GROQ, LITELLM, OPENROUTER, Provider, XAI};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use crate::world::tools;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;

/// A home where these providers are set up, the first one active, each with a key it knows.
fn with(internet: &Internet, providers: &[Provider], more: &str) -> Home {
    let mut config = format!(
        "active_provider: {}\nGOOSE_DISABLE_KEYRING: true\n{more}providers:\n",
        providers[0].id
    );
    let mut secrets = String::new();
    for provider in providers {
        config.push_str(&format!(
            "  {}: {{enabled: true, model: '{}', configured: true}}\n",
            provider.id, provider.model
        ));
        if let Some(variable) = provider.key_variable {
            let key = provider.key("limits");
            internet.knows(*provider, &key);
            secrets.push_str(&format!("{variable}: '{key}'\n"));
        }
    }
    let mut home = Home::new()
        .online(internet)
        .with_config(&config)
        .with_secrets(&secrets);
    home.set("TZ", "UTC");
    for provider in providers {
        home.keeps_secret(&provider.key("limits"));
    }
    home
}

fn capped(remaining: f64) -> Answer {
    let mut body = answers::openrouter_key(&json!(10), &json!(remaining), 5.8);
    body["data"]["limit_reset"] = json!("daily");
    body["data"]["free_model_daily_requests"] = json!({"limit": 50, "used": 12, "remaining": 38});
    Answer::json(200, &body)
}

/// The lines that do not depend on the day.
fn lasting(text: &str) -> Vec<String> {
    let hash = hex(&OPENROUTER.key("limits"));
    text.lines()
        .map(|line| line.replace(&hash, "HASH"))
        .map(|line| match line.split_once("resets ") {
            Some((before, after)) => {
                let rest = after.find(" [").map_or("", |place| &after[place..]);
                format!("{before}resets …{rest}")
            }
            None => line,
        })
        .collect()
}

fn hex(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn openrouter_tells_everything_in_a_pipe_as_plain_text() {
    let internet = Internet::new();
    let home = with(
        &internet,
        &[OPENROUTER, XAI],
        "GOOSE_DISABLE_SESSION_NAMING: 'true'\n",
    );
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(4.2));
    let outcome = Setup::new(&home).args(["limits"]).code(0).run();
    assert_eq!(
        lasting(&outcome.stdout),
        [
            "OpenRouter · anthropic/claude-sonnet-4",
            "  key         valid",
            "  credit      $4.20 of $10.00 left on this key, resets … [openrouter.ai/api/v1/key]",
            "  spent       $0.10 today · $0.50 this week · $5.80 this month · $5.80 in all [openrouter.ai/api/v1/key]",
            "  rate        38 of 50 free-model requests a day left, resets … [openrouter.ai/api/v1/key]",
            "  tier        paid [openrouter.ai/api/v1/key]",
            "  documented  paid models: no fixed number; the hosts behind a model have limits of their own, and more keys or accounts do not raise them",
            "              higher with: add fall-back models, so that another host or model takes over",
            "              https://openrouter.ai/docs/api-reference/limits (read 2026-11-24)",
            "  advice      OpenRouter goes on to another model by itself when one is limited, if it is told which",
            "              → goose-setup fallback",
            "  keys        https://openrouter.ai/keys/HASH",
            "  usage       https://openrouter.ai/logs?api_key_hash=HASH",
            "  limits      https://openrouter.ai/docs/api/reference/limits",
            "  upgrade     https://openrouter.ai/settings/credits",
        ],
        "{outcome}"
    );
    assert!(internet.chats().is_empty());
}

#[test]
fn the_json_has_the_fields_of_the_contract() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(4.2));
    let outcome = Setup::new(&home).args(["limits", "--json"]).code(0).run();
    let json = outcome.json();
    assert_eq!(json["schema"], "goose-setup/limits/1");
    let result = &json["results"][0];
    assert_eq!(result["provider"], "openrouter");
    for (field, value) in [
        ("remaining", json!(4.2)),
        ("limit", json!(10.0)),
        ("unit", json!("USD")),
        ("resets", json!("daily")),
    ] {
        assert_eq!(result["credit"][field], value);
    }
    let rate = &result["rates"][0];
    assert_eq!(rate["name"], "free-model requests a day");
    assert_eq!(
        (&rate["limit"], &rate["remaining"]),
        (&json!(50.0), &json!(38.0))
    );
    assert!(
        rate["resets_at"].as_str().unwrap().ends_with("T00:00:00Z"),
        "{rate}"
    );
    assert_eq!(rate["source"], "openrouter.ai/api/v1/key");
    assert_eq!(result["tier"], "paid");
    let links: Vec<_> = result["links"].as_object().unwrap().keys().collect();
    assert_eq!(links, ["keys", "usage", "limits", "upgrade"]);
    let advice: Vec<_> = result["advice"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    assert_eq!(advice, ["fallback", "second-provider"]);
    assert!(result["as_of"].as_str().unwrap().ends_with('Z'));
    assert_eq!(json["switch_to"], Value::Null);
}

#[test]
fn what_is_unknown_is_null() {
    let internet = Internet::new();
    let home = with(&internet, &[ANTHROPIC], "");
    let json = Setup::new(&home)
        .args(["limits", "--json"])
        .code(0)
        .run()
        .json();
    let result = &json["results"][0];
    assert_eq!(
        (&result["credit"], &result["tier"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(result["rates"], json!([]));
    assert_eq!(
        result["links"]["upgrade"].as_str().unwrap(),
        "https://platform.claude.com/settings/billing"
    );
}

#[test]
fn headers_of_the_free_request_become_figures_and_advice() {
    let internet = Internet::new();
    let home = with(&internet, &[GROQ, XAI], "");
    let list = Answer::json(
        200,
        &json!({"object": "list", "data": [{"id": GROQ.model, "object": "model"}]}),
    )
    .with("x-ratelimit-limit-requests", "1000")
    .with("x-ratelimit-remaining-requests", "100")
    .with("x-ratelimit-limit-tokens", "9000")
    .with("x-ratelimit-remaining-tokens", "9000");
    internet.answers(GROQ.host, "/openai/v1/models", list);
    let outcome = Setup::new(&home).args(["limits"]).code(0).run();
    assert!(
        outcome
            .stdout
            .contains("100 of 1,000 requests a day left [x-ratelimit-* headers]"),
        "{outcome}"
    );
    // 9,000 / 4,500 = 2 a minute; 200,000 tokens a day / 4,500 = 44 requests, fewer than the 100; 44.4 / 2 = 22.2
    assert!(
        outcome.stdout.contains(
            "9,000 tokens a minute are about 2 goose requests a minute, at about 4,500 tokens each; without a pause the day's share is used up after about 22 minutes (Free, and live figures)"
        ),
        "{outcome}"
    );
}

#[test]
fn resets_are_told_in_local_time() {
    let internet = Internet::new();
    let mut home = with(&internet, &[OPENROUTER], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(4.2));
    for (zone, time) in [
        ("Asia/Tokyo", "09:00"),
        ("Asia/Kolkata", "05:30"),
        ("UTC", "00:00"),
    ] {
        home.set("TZ", zone);
        let outcome = Setup::new(&home).args(["limits"]).code(0).run();
        assert!(
            outcome.stdout.contains(&format!("{time}) [")),
            "{zone}: {outcome}"
        );
    }
}

#[test]
fn a_terminal_gets_bars_and_a_pipe_does_not() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(4.2));
    let mut person = Person::at(&home, (40, 160), &["limits"]);
    person.sees("█████░░░░░ $4.20 of $10.00 left on this key");
    assert_eq!(person.leaves(), 0);
    let outcome = Setup::new(&home).args(["limits"]).code(0).run();
    assert!(!outcome.stdout.contains(['█', '\u{1b}']), "{outcome}");
}

#[test]
fn watching_refreshes_quietly_and_ends_cleanly() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(4.2));
    let mut person = Person::at(&home, (40, 160), &["limits", "--watch=0.2"]);
    person.sees("$4.20 of $10.00 left").sees("Ctrl-C ends");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(3.1));
    person.sees("$3.10 of $10.00 left");
    person.presses(Key::CtrlC);
    assert_eq!(person.leaves(), 0);
    assert!(person.echoes() && person.cursor_is_shown());
}

#[test]
fn watching_needs_a_terminal() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    let outcome = Setup::new(&home).args(["limits", "--watch"]).code(2).run();
    assert!(
        outcome.stderr.contains("--watch needs a terminal"),
        "{outcome}"
    );
    assert!(internet.requests().is_empty());
}

#[test]
fn a_threshold_that_is_crossed_is_an_exit_code() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(1.5));
    for (threshold, code) in [
        ("2usd", 10),
        ("1usd", 0),
        ("20%", 10),
        ("10%", 0),
        ("2cny", 0),
    ] {
        let outcome = Setup::new(&home)
            .args(["limits", "--json", "--fail-under", threshold])
            .code(code)
            .run();
        let below = outcome.json()["below"].clone();
        assert_eq!(
            below,
            if code == 10 {
                json!(["openrouter"])
            } else {
                json!([])
            }
        );
        assert_eq!(
            outcome.stderr.contains("no figure"),
            threshold == "2cny",
            "{outcome}"
        );
    }
    Setup::new(&home)
        .args(["limits", "--fail-under", "little"])
        .code(2)
        .run();
}

#[test]
fn a_used_up_provider_names_one_that_works_and_the_command() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER, XAI, ANTHROPIC], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(-0.2));
    internet.answers(
        XAI.host,
        "/v1/api-key",
        Answer::json(429, &json!({"error": "slow down"})),
    );
    for command in ["limits", "check"] {
        let outcome = Setup::new(&home).args([command]).code(8).run();
        assert!(
            outcome.stdout.contains(
                "openrouter is used up for now and anthropic is not: goose-setup switch anthropic"
            ),
            "{outcome}"
        );
        let json = Setup::new(&home)
            .args([command, "--json"])
            .code(8)
            .run()
            .json();
        assert_eq!(
            json["switch_to"],
            json!({"provider": "anthropic", "command": "goose-setup switch anthropic"})
        );
    }
    let switched = Setup::new(&home)
        .args(["switch", "anthropic"])
        .code(0)
        .run();
    assert!(switched.stdout.contains("Anthropic"), "{switched}");
    let outcome = Setup::new(&home).args(["limits"]).code(0).run();
    assert!(!outcome.stdout.contains("used up"), "{outcome}");
}

#[test]
fn without_a_way_out_none_is_promised() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER, XAI], "");
    internet.answers(OPENROUTER.host, "/api/v1/key", capped(0.0));
    internet.answers(
        XAI.host,
        "/v1/api-key",
        Answer::json(429, &json!({"error": "slow down"})),
    );
    let json = Setup::new(&home)
        .args(["limits", "--all", "--json"])
        .code(8)
        .run()
        .json();
    assert_eq!(json["switch_to"], Value::Null);
}

#[test]
fn a_proxy_without_a_database_is_no_failure() {
    let internet = Internet::new();
    let url = internet.local(LITELLM);
    let home = with(
        &internet,
        &[LITELLM, XAI],
        &format!("LITELLM_HOST: '{url}'\n"),
    );
    let host = url.trim_start_matches("http://");
    let with_database = Setup::new(&home).args(["limits"]).code(0).run();
    assert!(
        with_database
            .stdout
            .contains("$9.00 of $10.00 left on this key"),
        "{with_database}"
    );
    internet.answers(
        host,
        "/key/info",
        Answer::json(500, &json!({"error": {"message": "No DB Connected"}})),
    );
    let without = Setup::new(&home)
        .args(["limits", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(without["results"][0]["verdict"], "valid");
    assert_eq!(without["results"][0]["credit"], Value::Null);
}

#[test]
fn a_provider_without_a_key_still_has_its_handbook() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    let outcome = Setup::new(&home).args(["limits", "openai"]).code(0).run();
    assert!(
        outcome
            .stdout
            .contains("no key is stored, so nobody was asked"),
        "{outcome}"
    );
    assert!(
        outcome
            .stdout
            .contains("30,000 tokens a minute are about 6 goose requests a minute"),
        "{outcome}"
    );
}

#[test]
fn all_providers_are_asked_at_once() {
    let internet = Internet::new();
    let remote: Vec<_> = ALL
        .into_iter()
        .filter(|provider| !provider.is_local())
        .collect();
    let home = with(&internet, &remote, "");
    let wait = Duration::from_millis(1500);
    for provider in &remote {
        let body = json!({"data": [], "models": [], "is_available": true, "balance_infos": [], "api_key_blocked": false});
        internet.answers(provider.host, "/", Answer::json(200, &body).after(wait));
    }
    let outcome = Setup::new(&home).args(["limits", "--all", "--json"]).run();
    assert_eq!(
        outcome.json()["results"].as_array().unwrap().len(),
        remote.len()
    );
    assert!(outcome.took < 2 * wait, "{:?}", outcome.took);
}

#[test]
fn offline_opens_no_socket() {
    let home = Home::new().with_config(
        "active_provider: openai\nproviders:\n  openai: {enabled: true, model: gpt-4o, configured: true}\n",
    );
    let program = env!("CARGO_BIN_EXE_goose-setup");
    let Some(unshare) = tools::program("unshare") else {
        return;
    };
    let can = std::process::Command::new(&unshare)
        .args(["-n", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !can {
        return tools::skip("the right to make a network namespace (root)");
    }
    for args in [
        vec!["--offline"],
        vec!["--offline", "--all"],
        vec!["--offline", "openrouter", "--json"],
    ] {
        let mut all = vec!["-n", program, "limits"];
        all.extend(args);
        let outcome = Setup::program(&home, &unshare).args(all).code(0).run();
        assert!(!outcome.stdout.is_empty());
    }
    if let Some(strace) = tools::program("strace") {
        let log = home.path().join("calls");
        let log = log.to_str().unwrap();
        let args = [
            "-f",
            "-e",
            "trace=socket,connect",
            "-o",
            log,
            program,
            "limits",
            "--offline",
        ];
        Setup::program(&home, &strace).args(args).code(0).run();
        let calls = std::fs::read_to_string(Path::new(log)).unwrap();
        assert!(
            !calls.contains("socket(") && !calls.contains("connect("),
            "{calls}"
        );
    }
}

#[test]
fn offline_needs_no_provider_to_be_set_up() {
    let home = Home::new();
    let outcome = Setup::new(&home)
        .args(["limits", "--offline", "cerebras", "--json"])
        .run();
    // Known to the handbook, and to the catalogue from the day it has a row.
    assert!([0, 2].contains(&outcome.code), "{outcome}");
    let book = Setup::new(&home)
        .args(["limits", "--offline", "--all"])
        .code(0)
        .run();
    assert!(
        book.stdout.contains(
            "free models, under 10 credits bought (*:free): 20 requests a minute, 50 requests a day"
        ),
        "{book}"
    );
    assert!(
        book.stdout
            .contains("https://console.groq.com/docs/rate-limits (read 2026-06-04)"),
        "{book}"
    );
    assert!(!book.stdout.contains("goose-setup limits --set"), "{book}");
    assert!(home.tree() == Home::new().tree());
}

#[test]
fn fallback_models_are_not_advised_where_goose_has_them_already() {
    let internet = Internet::new();
    let advised = |line: &str, variable: Option<&str>| {
        let mut home = with(&internet, &[OPENROUTER], line);
        if let Some(text) = variable {
            home.set("OPENROUTER_PARAMETERS", text);
        }
        let told = Setup::new(&home)
            .args(["limits", "--offline", "--json"])
            .code(0)
            .run();
        let told = told.json();
        let advice = told["results"][0]["advice"].as_array().unwrap();
        advice.iter().any(|it| it["id"] == "fallback")
    };
    assert!(advised("", None));
    for line in [
        "OPENROUTER_PARAMETERS: {models: [a/b]}\n",
        "OPENROUTER_PARAMETERS: '{\"models\": [\"a/b\"]}'\n",
    ] {
        assert!(!advised(line, None), "{line}");
        assert!(advised(line, Some("{}")), "{line}");
    }
    assert!(!advised("", Some("{\"models\": [\"a/b\"]}")));
    assert!(advised("OPENROUTER_PARAMETERS: {models: []}\n", None));
}

#[test]
fn what_was_read_more_than_180_days_ago_is_warned_of_by_name() {
    let home = Home::new();
    let told = Setup::new(&home)
        .args(["limits", "--offline", "--all", "--json"])
        .code(0)
        .run();
    let now = jiff::ZonedDateTime::now().date();
    let results = told.json()["results"].as_array().unwrap().clone();
    let mut stale = 0;
    for result in &results {
        let rows = result["documented"].as_array().unwrap();
        let is_old = rows.iter().any(|row| {
            let read: jiff::civil::Date = row["read"].as_str().unwrap().parse().unwrap();
            let is_old = now.since(read).unwrap().get_days() > 180;
            assert_eq!(row["stale"], json!(is_old));
            is_old
        });
        let pages = rows.iter().map(|row| row["page"].as_str().unwrap());
        let is_warned = pages.into_iter().any(|page| {
            let warnings = told.stderr.lines().filter(|line| line.contains(page));
            warnings.into_iter().any(|line| line.contains("days ago"))
        });
        assert_eq!(is_warned, is_old, "{}: {told}", result["provider"]);
        stale += usize::from(is_old);
    }
    assert_eq!(told.stderr.matches("days ago").count(), stale);
}

#[test]
fn settings_are_planned_written_as_text_and_heard_by_goose() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "# mine\n");
    let before = home.config();
    let wanted = [
        "limits",
        "--set",
        "GOOSE_DISABLE_SESSION_NAMING=true",
        "--set",
        "GOOSE_MAX_TOKENS=8192",
    ];
    let ask = Setup::new(&home).args(wanted).code(2).run();
    assert!(ask.stderr.contains("--yes"), "{ask}");
    let shown = Setup::new(&home)
        .args(wanted)
        .args(["--dry-run"])
        .code(0)
        .run();
    assert!(shown.stdout.contains("GOOSE_MAX_TOKENS: '8192'"), "{shown}");
    assert_eq!(home.config(), before);
    Setup::new(&home).args(wanted).args(["--yes"]).code(0).run();
    assert_eq!(
        home.config(),
        format!("{before}GOOSE_DISABLE_SESSION_NAMING: 'true'\nGOOSE_MAX_TOKENS: '8192'\n")
    );
    let stamp = std::fs::metadata(home.config_file())
        .unwrap()
        .modified()
        .unwrap();
    let again = Setup::new(&home)
        .args(wanted)
        .args(["--yes", "--json"])
        .code(0)
        .run();
    assert_eq!(again.json()["changes"], json!([]));
    assert_eq!(
        std::fs::metadata(home.config_file())
            .unwrap()
            .modified()
            .unwrap(),
        stamp
    );
    assert!(internet.requests().is_empty());
    let outcome = Setup::new(&home).args(["limits"]).code(0).run();
    assert!(!outcome.stdout.contains("named by a request"), "{outcome}");

    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    internet.clear();
    let said = goose.hi(&home);
    assert_eq!(said.code, 0, "{said}");
    let chats = internet.chats();
    assert_eq!(chats.len(), 1, "{chats:#?}");
    let body: Value = serde_json::from_str(&chats[0].body).unwrap();
    assert_eq!(body["max_tokens"], 8192);
    // The advice stands on this size.
    let tokens = chats[0].body.len() / 4;
    assert!(
        (3500..5500).contains(&tokens),
        "a goose request is about {tokens} tokens now"
    );
    Setup::new(&home).args(["undo", "--yes"]).code(0).run();
    assert_eq!(home.config(), before);
}

/// How often the real goose asks a Databricks that is limited for a while, at most as often as it waits.
fn tries(goose: &Goose, home: &Home, internet: &Internet) -> usize {
    internet.clear();
    goose.hi(home);
    let requests = internet.requests();
    requests.iter().filter(|seen| seen.method == "POST").count()
}

#[test]
fn a_retry_setting_that_goose_ignored_is_named_written_and_heard() {
    const HOST: &str = "adb-1.azuredatabricks.net";
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let internet = Internet::new();
    let busy = json!({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"});
    internet.answers(HOST, "/serving-endpoints", Answer::json(429, &busy));
    internet.answers(
        HOST,
        "/api/2.0/",
        Answer::json(200, &json!({"userName": "ann"})),
    );
    let token = format!("dapi{}", "3f9a1c0e7b2d4856a1f0c9e8d7b6a5f4");
    let mut home = Home::new()
        .online(&internet)
        .with_config(&format!(
            "active_provider: databricks\nproviders:\n  databricks: {{enabled: true, model: databricks-claude-sonnet-4, configured: true}}\n\
             DATABRICKS_HOST: https://{HOST}\nDATABRICKS_MAX_RETRIES: 5\nGOOSE_DISABLE_KEYRING: true\nGOOSE_DISABLE_SESSION_NAMING: true\n"
        ))
        .with_secrets(&format!("DATABRICKS_TOKEN: {token}\n"));
    home.keeps_secret(&token);
    home.set("GOOSE_PROVIDER_SKIP_BACKOFF", "true");
    assert_eq!(tries(&goose, &home, &internet), 4);

    let advice = Setup::new(&home)
        .args(["limits", "--json"])
        .code(0)
        .run()
        .json();
    let advice = advice["results"][0]["advice"].as_array().unwrap().clone();
    let form = advice
        .iter()
        .find(|advice| advice["id"] == "retry-form")
        .unwrap();
    let command = form["command"].as_str().unwrap();
    assert_eq!(command, "goose-setup limits --set DATABRICKS_MAX_RETRIES=5");
    Setup::new(&home)
        .args(command.split(' ').skip(1))
        .args(["--yes"])
        .code(0)
        .run();
    assert!(
        home.config().contains("DATABRICKS_MAX_RETRIES: '5'\n"),
        "{}",
        home.config()
    );
    assert_eq!(tries(&goose, &home, &internet), 6);
}

#[test]
fn a_retry_setting_of_google_cloud_is_heard_as_it_is_written() {
    const HOST: &str = "us-central1-aiplatform.googleapis.com";
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let internet = Internet::new();
    let busy =
        json!({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}});
    internet.answers(HOST, "/", Answer::json(429, &busy));
    internet.answers(
        "oauth2.googleapis.com",
        "/token",
        Answer::json(
            200,
            &json!({"access_token": "ya29.x", "expires_in": 3600, "token_type": "Bearer"}),
        ),
    );
    let mut home = Home::new().online(&internet).with_config(
        "active_provider: gcp_vertex_ai\nproviders:\n  gcp_vertex_ai: {enabled: true, model: gemini-2.5-flash, configured: true}\n\
         GCP_PROJECT_ID: p\nGCP_LOCATION: us-central1\nGCP_MAX_RETRIES: 2\nGOOSE_DISABLE_KEYRING: true\nGOOSE_DISABLE_SESSION_NAMING: true\n",
    );
    home.write(
        "adc.json",
        json!({"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}).to_string(),
    );
    let credentials = home.path().join("adc.json").display().to_string();
    home.set("GOOGLE_APPLICATION_CREDENTIALS", &credentials);
    Setup::new(&home)
        .args(["limits", "--set", "GCP_INITIAL_RETRY_INTERVAL_MS=10"])
        .args(["--set", "GCP_MAX_RETRY_INTERVAL_MS=20", "--yes"])
        .code(0)
        .run();
    let tries = || {
        internet.clear();
        goose.hi(&home);
        let asked = internet.requests();
        asked.iter().filter(|seen| seen.host == HOST).count()
    };
    // The plain number is ignored, the waits that were written are not: goose's own add up to minutes.
    assert_eq!(tries(), 7);
    Setup::new(&home)
        .args(["limits", "--set", "GCP_MAX_RETRIES=2", "--yes"])
        .code(0)
        .run();
    assert_eq!(tries(), 3);
}

#[test]
fn only_settings_that_help_are_taken() {
    let home = Home::new();
    let outcome = Setup::new(&home)
        .args(["limits", "--set", "OPENROUTER_API_KEY=abc", "--yes"])
        .code(2)
        .run();
    assert!(
        outcome
            .stderr
            .contains("no setting that helps under limits"),
        "{outcome}"
    );
}

#[test]
fn models_are_sorted_by_price_and_context_and_an_hour_is_estimated() {
    let internet = Internet::new();
    let home = with(&internet, &[OPENROUTER], "");
    let row = |id: &str, context: u64, input: &str, output: &str, expires: Value| {
        json!({"id": id, "name": id, "context_length": context, "pricing": {"prompt": input, "completion": output},
            "supported_parameters": ["tools"], "expiration_date": expires})
    };
    let list = json!({"data": [
        row("a/dear", 200_000, "0.000003", "0.000015", Value::Null),
        row("a/cheap", 64_000, "0.000001", "0.000002", json!("2026-12-31")),
        row("a/gift:free", 32_000, "0", "0", Value::Null),
        row("a/auto", 2_000_000, "-1", "-1", Value::Null),
    ]});
    internet.answers(OPENROUTER.host, "/api/v1/models", Answer::json(200, &list));
    let ids = |args: &[&str]| -> Vec<String> {
        let json = Setup::new(&home)
            .args(["models", "--json"])
            .args(args)
            .code(0)
            .run()
            .json();
        let models = json["models"].as_array().unwrap().clone();
        models
            .iter()
            .map(|model| model["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        ids(&["--sort", "price"]),
        ["a/gift:free", "a/cheap", "a/dear", "a/auto"]
    );
    assert_eq!(
        ids(&["--sort", "context"]),
        ["a/auto", "a/dear", "a/cheap", "a/gift:free"]
    );
    let outcome = Setup::new(&home).args(["models", "--cost"]).code(0).run();
    // 270,600 tokens in and 30,000 out: 0.8118 + 0.45, and 0.2706 + 0.06
    assert!(outcome.stdout.contains("from $1.26 an hour\n"), "{outcome}");
    assert!(
        outcome
            .stdout
            .contains("from $0.33 an hour  until 2026-12-31\n"),
        "{outcome}"
    );
    assert!(
        outcome.stdout.ends_with(
            "an hour of goose is at least 60 × (4500 tokens in + 500 out) + 600 in to name the session; a long conversation costs more\n"
        ),
        "{outcome}"
    );
    let json = Setup::new(&home)
        .args(["models", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(json["models"][1]["expires"], "2026-12-31");
    assert_eq!(json["models"][3]["hour_cost"], Value::Null);
}

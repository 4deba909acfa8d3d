//! What a provider answers, what that says of the key, and what is done about it.

use crate::world::answers::{deepseek_balance, openrouter_key, xai_key};
use crate::world::http::Answer;
use crate::world::provider::{
    ALL, ANTHROPIC, DEEPSEEK, GOOGLE, GROQ, LITELLM, MISTRAL, OLLAMA, OPENAI, OPENROUTER, Provider,
    XAI,
};
use crate::world::stage::Stage;
use serde_json::{Value, json};
use std::time::Duration;

fn says(status: u16, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({"error": {"message": message, "code": status}}),
    )
}

fn code(status: u16, code: &str) -> Answer {
    Answer::json(
        status,
        &json!({"error": {"message": "no", "type": code, "code": code}}),
    )
}

fn anthropic(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({"type": "error", "error": {"type": kind, "message": message}}),
    )
}

fn google(status: u16, kind: &str, reason: &str) -> Answer {
    Answer::json(
        status,
        &json!({"error": {"code": status, "status": kind, "message": "no",
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]}}),
    )
}

fn ok(body: &Value) -> Answer {
    Answer::json(200, body)
}

/// (provider, its answer to the check, verdict, cause, exit)
type Row = (Provider, Answer, &'static str, Option<&'static str>, i32);

fn refusals_and_the_like() -> Vec<Row> {
    let management = {
        let mut key = openrouter_key(&json!(null), &json!(null), 0.0);
        key["data"]["is_management_key"] = json!(true);
        key
    };
    let html = "<!doctype html><html><body>Not here</body></html>";
    let mut rows = vec![
        (OPENROUTER, says(401, "User not found."), "invalid", None, 3),
        (OPENROUTER, ok(&management), "invalid", None, 3),
        (
            OPENROUTER,
            says(402, "Insufficient credits"),
            "no-credit",
            None,
            8,
        ),
        (
            OPENROUTER,
            says(403, "Key limit exceeded (total limit)."),
            "limit-reached",
            None,
            8,
        ),
        (
            OPENROUTER,
            ok(&openrouter_key(&json!(10), &json!(0), 10.0)),
            "limit-reached",
            None,
            8,
        ),
        (
            OPENROUTER,
            says(403, "Blocked by a guardrail"),
            "not-allowed",
            None,
            4,
        ),
        (OPENAI, code(401, "invalid_api_key"), "invalid", None, 3),
        (
            OPENAI,
            code(429, "insufficient_quota"),
            "no-credit",
            None,
            8,
        ),
        (
            OPENAI,
            code(429, "organization_spend_limit_exceeded"),
            "no-credit",
            None,
            8,
        ),
        (
            OPENAI,
            code(403, "unsupported_country_region_territory"),
            "not-allowed",
            None,
            4,
        ),
        (
            OPENAI,
            code(401, "ip_not_authorized"),
            "not-allowed",
            None,
            4,
        ),
        (
            ANTHROPIC,
            anthropic(401, "authentication_error", "invalid x-api-key"),
            "invalid",
            None,
            3,
        ),
        (
            ANTHROPIC,
            anthropic(403, "permission_error", "no"),
            "not-allowed",
            None,
            4,
        ),
        (
            ANTHROPIC,
            anthropic(402, "billing_error", "pay"),
            "no-credit",
            None,
            8,
        ),
        (
            ANTHROPIC,
            anthropic(
                400,
                "invalid_request_error",
                "Your credit balance is too low",
            ),
            "no-credit",
            None,
            8,
        ),
        (
            ANTHROPIC,
            anthropic(529, "overloaded_error", "Overloaded"),
            "unreachable",
            Some("server-error"),
            4,
        ),
        (
            GOOGLE,
            google(400, "INVALID_ARGUMENT", "API_KEY_INVALID"),
            "invalid",
            None,
            3,
        ),
        (
            GOOGLE,
            google(403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
            "not-allowed",
            None,
            4,
        ),
        (
            GOOGLE,
            google(400, "FAILED_PRECONDITION", ""),
            "not-allowed",
            None,
            4,
        ),
        (GROQ, code(401, "invalid_api_key"), "invalid", None, 3),
        (
            DEEPSEEK,
            says(401, "Authentication Fails"),
            "invalid",
            None,
            3,
        ),
        (
            DEEPSEEK,
            ok(&deepseek_balance(false, "0.00")),
            "no-credit",
            None,
            8,
        ),
        (
            DEEPSEEK,
            says(402, "Insufficient Balance"),
            "no-credit",
            None,
            8,
        ),
        (
            XAI,
            Answer::json(
                400,
                &json!({"code": "x", "error": "Incorrect API key provided."}),
            ),
            "invalid",
            None,
            3,
        ),
        (XAI, says(401, "no"), "invalid", None, 3),
        (XAI, ok(&xai_key(true, false, false)), "blocked", None, 3),
        (XAI, ok(&xai_key(false, true, false)), "blocked", None, 3),
        (XAI, ok(&xai_key(false, false, true)), "blocked", None, 3),
        (
            MISTRAL,
            Answer::json(401, &json!({"detail": "Unauthorized"})),
            "invalid",
            None,
            3,
        ),
        (MISTRAL, says(402, "pay"), "no-credit", None, 8),
        (
            LITELLM,
            code(401, "token_not_found_in_db"),
            "invalid",
            None,
            3,
        ),
        (LITELLM, code(400, "no_db_connection"), "invalid", None, 3),
        (
            LITELLM,
            code(400, "budget_exceeded"),
            "limit-reached",
            None,
            8,
        ),
    ];
    for provider in ALL {
        let away = |answer: Answer, cause| (provider, answer, "unreachable", Some(cause), 4);
        rows.extend([
            away(Answer::login_page(), "not-this-api"),
            away(Answer::new(404, "text/html", html), "not-this-api"),
            away(Answer::text(200, "hello"), "not-this-api"),
            away(ok(&json!({"surprise": []})), "not-this-api"),
            away(
                Answer::redirect("https://elsewhere.example/login"),
                "not-this-api",
            ),
            away(says(500, "oh"), "server-error"),
            away(Answer::new(503, "text/html", html), "server-error"),
        ]);
    }
    rows
}

#[test]
fn every_answer_has_its_verdict_its_exit_and_its_next_action_and_writes_nothing() {
    let rows = refusals_and_the_like();
    let stage = Stage::on_a_server();
    stage
        .internet
        .answers("elsewhere.example", "/", Answer::text(200, "here"));
    let before = stage.home.tree();
    let mut wrong = Vec::new();
    for (provider, answer, verdict, cause, exit) in rows {
        let key = stage.good_key(provider, "new");
        let told = format!("{}: {answer:?}", provider.id);
        stage
            .internet
            .answers(&stage.host(provider), provider.check_path(), answer);
        let outcome = stage.sets_up(provider, &key).args(["--json"]).run();
        let failure = outcome.json();
        let got = (&failure["verdict"], failure["cause"].as_str(), outcome.code);
        if got != (&json!(verdict), cause, exit) {
            wrong.push(format!(
                "{told}\n  wanted {verdict} {cause:?} {exit}, got {failure}"
            ));
        }
        assert_ne!(
            failure["error"]["action"].as_str().unwrap_or_default(),
            "",
            "{told}: {failure}"
        );
        assert_ne!(
            failure["error"]["message"].as_str().unwrap_or_default(),
            "",
            "{told}: {failure}"
        );
        before.assert_same(&stage.home.tree());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let elsewhere = stage.internet.requests();
    let elsewhere: Vec<_> = elsewhere
        .iter()
        .filter(|seen| seen.host == "elsewhere.example")
        .collect();
    assert!(
        elsewhere.iter().all(|seen| seen.key().is_none()),
        "{elsewhere:#?}"
    );
    assert!(stage.internet.chats().is_empty());
}

#[test]
fn a_key_that_works_in_part_is_stored_and_says_so() {
    let rows = [
        (
            OPENAI,
            says(
                401,
                "You have insufficient permissions. Missing scopes: api.model.read",
            ),
            "valid-restricted",
        ),
        (
            OPENAI,
            says(403, "Missing scopes: api.model.read"),
            "valid-restricted",
        ),
        (
            OPENROUTER,
            ok(&openrouter_key(&json!(10), &json!(3), 7.0)),
            "valid",
        ),
        (OPENROUTER, says(429, "Rate limit exceeded"), "rate-limited"),
        (OPENAI, code(429, "rate_limit_exceeded"), "rate-limited"),
        (
            ANTHROPIC,
            anthropic(429, "rate_limit_error", "slow"),
            "rate-limited",
        ),
        (
            GOOGLE,
            google(429, "RESOURCE_EXHAUSTED", ""),
            "rate-limited",
        ),
        (GROQ, says(429, "slow"), "rate-limited"),
        (MISTRAL, says(429, "slow"), "rate-limited"),
    ];
    for (provider, answer, verdict) in rows {
        let stage = Stage::on_a_server();
        let key = stage.good_key(provider, "new");
        stage
            .internet
            .answers(provider.host, provider.check_path(), answer);
        let done = stage
            .sets_up(provider, &key)
            .args(["--json"])
            .code(0)
            .run()
            .json();
        assert_eq!(done["verdict"], verdict, "{}: {done}", provider.id);
        let stored = &stage.home.secrets_yaml()[provider.key_variable.unwrap()];
        assert_eq!(stored, key.as_str());
    }
}

#[test]
fn what_proves_too_little_never_replaces_a_stored_key() {
    for (answer, verdict, exit) in [
        (says(429, "Rate limit exceeded"), "rate-limited", 4),
        (says(402, "Insufficient credits"), "no-credit", 8),
        (says(403, "Key limit exceeded"), "limit-reached", 8),
        (says(403, "guardrail"), "not-allowed", 4),
        (says(500, "oh"), "unreachable", 4),
        (Answer::login_page(), "unreachable", 4),
    ] {
        let stage = Stage::on_a_server();
        stage.has(OPENROUTER);
        let before = stage.home.tree();
        let key = stage.good_key(OPENROUTER, "new");
        stage
            .internet
            .answers(OPENROUTER.host, OPENROUTER.check_path(), answer);
        let set = ["key", "set", "openrouter", "--key-stdin", "--yes", "--json"];
        for run in [
            stage.sets_up(OPENROUTER, &key).args(["--json"]),
            stage.runs(set).stdin(key.as_str()),
        ] {
            let failure = run.code(exit).run().json();
            assert_eq!(failure["verdict"], verdict, "{failure}");
            before.assert_same(&stage.home.tree());
        }
    }
}

#[test]
fn a_rate_limit_at_a_new_host_never_replaces_a_stored_key() {
    let stage = Stage::on_a_server();
    stage.has(OPENAI);
    let before = stage.home.tree();
    let url = stage.internet.local(LITELLM);
    let place = url.trim_start_matches("http://");
    let limit = says(429, "slow down");
    stage.internet.answers(place, OPENAI.check_path(), limit);
    let key = stage.wrong_key(OPENAI, "new");
    let failure = stage
        .sets_up(OPENAI, &key)
        .args(["--host", &url, "--json"])
        .code(4)
        .run()
        .json();
    assert_eq!(failure["verdict"], "rate-limited", "{failure}");
    before.assert_same(&stage.home.tree());
}

#[test]
fn a_refused_key_never_replaces_a_stored_one() {
    for provider in ALL
        .into_iter()
        .filter(|provider| provider.key_variable.is_some())
    {
        let stage = Stage::on_a_server();
        stage.has(provider);
        let before = stage.home.tree();
        let wrong = stage.wrong_key(provider, "wrong");
        let failure = stage
            .sets_up(provider, &wrong)
            .args(["--json"])
            .code(3)
            .run()
            .json();
        assert_eq!(failure["verdict"], "invalid", "{}: {failure}", provider.id);
        before.assert_same(&stage.home.tree());
        let set = ["key", "set", provider.id, "--key-stdin", "--yes"];
        stage.runs(set).stdin(wrong.as_str()).code(3).run();
        before.assert_same(&stage.home.tree());
        stage.runs(["check", provider.id]).code(0).run();
    }
}

/// A way in which nobody is reached.
struct Away {
    cause: &'static str,
    provider: Provider,
    host: Option<&'static str>,
    /// Another proxy than the small internet's own.
    proxy: Option<&'static str>,
    arrange: fn(&Stage),
}

fn ways_of_reaching_nobody() -> Vec<Away> {
    let openrouter = |cause, arrange| Away {
        cause,
        provider: OPENROUTER,
        host: None,
        proxy: None,
        arrange,
    };
    let own = |cause, provider, host| Away {
        host: Some(host),
        provider,
        ..openrouter(cause, |_| {})
    };
    let through = |proxy| Away {
        proxy: Some(proxy),
        ..openrouter("proxy", |_| {})
    };
    vec![
        own("dns", LITELLM, "http://nobody.invalid:4000"),
        own("refused", LITELLM, "http://127.0.0.1:1"),
        own("refused", OLLAMA, "http://127.0.0.1:1"),
        openrouter("timeout", |stage| {
            stage.internet.answers(OPENROUTER.host, "/", Answer::hang())
        }),
        openrouter("tls", |stage| stage.internet.is_untrusted(OPENROUTER.host)),
        openrouter("proxy", |stage| {
            stage.internet.is_unreachable(OPENROUTER.host)
        }),
        through("http://127.0.0.1:1"),
        through("http://nobody.invalid:3128"),
    ]
}

#[test]
fn every_way_of_not_reaching_a_provider_has_its_own_cause() {
    for Away {
        cause,
        provider,
        host,
        proxy,
        arrange,
    } in ways_of_reaching_nobody()
    {
        let mut stage = Stage::on_a_server();
        arrange(&stage);
        if let Some(proxy) = proxy {
            stage.home.set("HTTPS_PROXY", proxy);
        }
        let key = stage.good_key(provider, "new");
        let before = stage.home.tree();
        let mut setup = stage.runs([
            provider.id,
            "--yes",
            "--store",
            "file",
            "--json",
            "--timeout",
            "2",
        ]);
        if provider.key_variable.is_some() {
            setup = setup.args(["--key-stdin"]).stdin(key);
        }
        if let Some(host) = host {
            setup = setup.args(["--host", host]);
        }
        let outcome = setup.code(4).run();
        let failure = outcome.json();
        let got = (&failure["verdict"], &failure["cause"]);
        assert_eq!(
            got,
            (&json!("unreachable"), &json!(cause)),
            "{} {host:?}: {failure}",
            provider.id
        );
        assert_ne!(
            failure["error"]["action"].as_str().unwrap_or_default(),
            "",
            "{failure}"
        );
        assert!(
            outcome.took < Duration::from_secs(5),
            "{cause}: {:?}",
            outcome.took
        );
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn answers_that_are_cut_off_or_never_come_are_no_answers() {
    for (answer, limit) in [
        (Answer::close(), "5"),
        (
            ok(&openrouter_key(&json!(null), &json!(null), 0.0)).cut(20),
            "5",
        ),
        (Answer::huge(40_000_000), "5"),
        (Answer::hang(), "1"),
        (
            ok(&openrouter_key(&json!(null), &json!(null), 0.0)).after(Duration::from_secs(30)),
            "1",
        ),
    ] {
        let stage = Stage::on_a_server();
        let key = stage.good_key(OPENROUTER, "new");
        let told = format!("{:.200}", format!("{answer:?}"));
        stage.internet.answers(OPENROUTER.host, "/", answer);
        let before = stage.home.tree();
        let setup = stage
            .sets_up(OPENROUTER, &key)
            .args(["--json", "--timeout", limit]);
        let outcome = setup.code(4).run();
        assert_eq!(
            outcome.json()["verdict"],
            "unreachable",
            "{told}: {outcome}"
        );
        let bound = Duration::from_secs(limit.parse().unwrap()) + Duration::from_secs(3);
        assert!(outcome.took < bound, "{told}: {:?}", outcome.took);
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn a_model_list_that_never_comes_does_not_hold_up_a_good_key() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    stage
        .internet
        .answers(OPENROUTER.host, "/api/v1/models", Answer::hang());
    let outcome = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--timeout", "2", "--json"])
        .code(0)
        .run();
    assert_eq!(outcome.json()["verdict"], "valid");
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[test]
fn a_key_of_another_provider_is_recognised_before_anything_is_asked() {
    for owner in [OPENROUTER, OPENAI, ANTHROPIC, GOOGLE, GROQ, XAI] {
        for provider in [OPENROUTER, OPENAI, ANTHROPIC, MISTRAL] {
            if owner == provider {
                continue;
            }
            let stage = Stage::on_a_server();
            let key = stage.good_key(owner, "pasted");
            let failure = stage
                .sets_up(provider, &key)
                .args(["--json"])
                .code(3)
                .run()
                .json();
            let told = format!("{} for {}: {failure}", owner.id, provider.id);
            assert_eq!(failure["verdict"], "wrong-provider", "{told}");
            let words = failure["error"].to_string().to_lowercase();
            assert!(
                words.contains(owner.id) || words.contains("gemini"),
                "{told}"
            );
            assert!(stage.internet.requests().is_empty(), "{told}");
        }
    }
}

#[test]
fn somebody_elses_server_may_take_any_form_of_key() {
    let stage = Stage::on_a_server();
    let key = OPENROUTER.key("a proxy's own");
    stage.home.keeps_secret(&key);
    stage.internet.knows(LITELLM, &key);
    stage.sets_up(LITELLM, &key).code(0).run();

    let url = stage.internet.local(OPENAI);
    stage.internet.knows(OPENAI, &key);
    stage
        .sets_up(OPENAI, &key)
        .args(["--host", &url])
        .code(0)
        .run();
}

#[test]
fn what_is_no_key_at_all_is_refused_without_asking() {
    let long = "k".repeat(4095);
    for text in [
        "",
        "  \n",
        "\"\"",
        "sk-or two words",
        "sk-or\u{7}bell",
        "one\ntwo",
        &long,
    ] {
        let stage = Stage::on_a_server();
        let before = stage.home.tree();
        let failure = stage
            .sets_up(OPENROUTER, text)
            .args(["--json"])
            .code(3)
            .run()
            .json();
        assert_eq!(failure["verdict"], "malformed", "{text:.40?}: {failure}");
        assert!(stage.internet.requests().is_empty(), "{text:.40?}");
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn what_comes_along_with_a_pasted_key_is_cleaned_away_from_every_source() {
    let key = OPENROUTER.key("pasted");
    for text in [
        format!("  {key}\t\n"),
        format!("{key}\r\n"),
        format!("\"{key}\""),
        format!("'{key}'\n"),
        format!("export OPENROUTER_API_KEY={key}"),
        format!("OPENROUTER_API_KEY=\"{key}\"\n"),
        format!("export OPENROUTER_API_KEY='{key}'"),
        format!("\u{feff}{key}\u{200b}"),
    ] {
        for source in [
            &["--key-stdin"][..],
            &["--key-env", "PASTED"],
            &["--key-command", "printenv PASTED"],
        ] {
            let stage = Stage::on_a_server();
            stage.good_key(OPENROUTER, "pasted");
            stage
                .runs(["openrouter", "--yes", "--store", "file"])
                .args(source)
                .env("PASTED", &text)
                .stdin(text.as_str())
                .code(0)
                .run();
            assert_eq!(
                stage.home.secrets_yaml()["OPENROUTER_API_KEY"],
                key.as_str(),
                "{text:?}"
            );
        }
    }
}

#[test]
fn terminal_commands_in_foreign_text_have_no_effect() {
    let nasty = "\u{1b}]0;owned\u{7}\u{1b}[31mred\u{1b}[2J \u{9b}31m\u{202e}\u{8}\r\nfake line";
    let clean = |text: &str| {
        !text.chars().any(|c| {
            (c.is_control() && c != '\n')
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{80}'..='\u{9f}').contains(&c)
        })
    };
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    for status in [401, 402, 403, 404, 429, 500] {
        stage.internet.answers(
            OPENROUTER.host,
            OPENROUTER.check_path(),
            says(status, nasty),
        );
        for flags in [&["-v", "--dry-run"][..], &["--json", "--dry-run"]] {
            let outcome = stage.sets_up(OPENROUTER, &key).args(flags).run();
            assert!(
                clean(&outcome.stdout) && clean(&outcome.stderr),
                "{status}: {outcome:?}"
            );
            assert!(!outcome.stderr.contains("\nfake line"), "{outcome:?}");
        }
    }
    let models = json!({"data": [{"id": nasty, "name": nasty, "context_length": 1,
        "pricing": {"prompt": "0", "completion": "0"}, "supported_parameters": ["tools"]}]});
    stage
        .internet
        .answers(OPENROUTER.host, "/api/v1/models", ok(&models));
    let outcome = stage.runs(["models", "openrouter"]).run();
    assert!(
        clean(&outcome.stdout) && clean(&outcome.stderr),
        "{outcome:?}"
    );
}

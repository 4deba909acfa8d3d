#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::time::Duration;

use super::*;
use crate::catalog;
use crate::check::loopback::{Server, nobody, reply};
use crate::clock::Clock;
use crate::env::Env;
use crate::secret::Secret;

fn http() -> Http {
    let clock = Clock::of(Duration::from_secs(20));
    Http::new(&Env::of([]), clock, false).unwrap()
}

fn sample(id: &str) -> Option<Secret> {
    let key = catalog::find(id).unwrap().key.as_ref()?;
    Some(Secret::stored(key.sample))
}

fn target<'a>(id: &str, base: &str, key: Option<&'a Secret>) -> Target<'a> {
    let mut target = Target::new(catalog::find(id).unwrap(), None, key);
    target.base = base.to_owned();
    target.own_host = false;
    target
}

fn ids(models: &Listed) -> Vec<&str> {
    models
        .as_ref()
        .unwrap()
        .iter()
        .map(|model| model.id.as_str())
        .collect()
}

fn openrouter_saying(status: u16, key: &'static str) -> Server {
    Server::saying(move |head| {
        let json = "content-type: application/json";
        if head.starts_with("get /api/v1/key ") {
            reply(status, json, key.as_bytes())
        } else {
            reply(
                200,
                json,
                br#"{"data": [{"id": "a/b", "supported_parameters": ["tools"]}]}"#,
            )
        }
    })
}

#[test]
fn where_the_list_is_public_key_and_list_are_asked_for_side_by_side() {
    let server = openrouter_saying(200, r#"{"data": {"limit": 10, "limit_remaining": 4.2}}"#);
    let key = sample("openrouter");
    let proof = prove_and_list(&http(), &target("openrouter", &server.url, key.as_ref()));
    assert_eq!(proof.finding.verdict, Verdict::Valid);
    assert_eq!(
        proof.finding.account.unwrap().summary(),
        "$4.20 of $10.00 left on this key"
    );
    assert_eq!(ids(&proof.models), ["a/b"]);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    // A list that needs no key gets none.
    for head in seen {
        assert_eq!(
            head.contains("authorization"),
            head.starts_with("get /api/v1/key ")
        );
    }
}

#[test]
fn a_refused_key_has_no_list() {
    let server = openrouter_saying(401, r#"{"error": {"code": 401, "message": "no"}}"#);
    let key = sample("openrouter");
    let proof = prove_and_list(&http(), &target("openrouter", &server.url, key.as_ref()));
    assert_eq!(proof.finding.verdict, Verdict::Invalid);
    assert_eq!(proof.models.unwrap_err().verdict, Verdict::Invalid);
}

#[test]
fn where_the_list_proves_the_key_one_request_does_both() {
    for (id, body) in [
        ("openai", r#"{"data": [{"id": "a"}]}"#),
        ("anthropic", r#"{"data": [{"id": "a"}]}"#),
        (
            "google",
            r#"{"models": [{"name": "models/a", "supportedGenerationMethods": ["generateContent"]}]}"#,
        ),
        ("groq", r#"{"data": [{"id": "a"}]}"#),
        ("mistral", r#"{"data": [{"id": "a"}]}"#),
        ("ollama", r#"{"models": [{"name": "a:latest"}]}"#),
    ] {
        let server = Server::json(200, body);
        let key = sample(id);
        let proof = prove_and_list(&http(), &target(id, &server.url, key.as_ref()));
        assert_eq!(
            proof.finding.verdict,
            Verdict::Valid,
            "{id}: {:?}",
            proof.finding
        );
        assert_eq!(proof.finding.requests, 1);
        assert_eq!(ids(&proof.models), ["a"], "{id}");
        assert_eq!(server.seen().len(), 1, "{id}");
    }
}

#[test]
fn every_key_travels_in_its_providers_header_and_never_in_the_address() {
    for provider in catalog::all() {
        let (Some(key), Some(check)) = (sample(provider.id), &provider.check) else {
            continue;
        };
        let server = Server::json(401, "{}");
        let finding = prove(&http(), &target(provider.id, &server.url, Some(&key)));
        if is_whole(check.path) {
            // Meant for the provider's own host alone, so nobody else is asked.
            assert_eq!(finding.verdict, Verdict::Unproven, "{}", provider.id);
            assert!(server.seen().is_empty());
            continue;
        }
        assert_eq!(finding.verdict, Verdict::Invalid, "{}", provider.id);
        let most = if check.control { 2 } else { 1 };
        assert_eq!(server.seen().len(), most, "{}", provider.id);
        assert_eq!(finding.requests as usize, most, "{}", provider.id);
        let sent = key.expose().to_lowercase();
        let header = match check.auth {
            Auth::Bearer => format!("authorization: bearer {sent}"),
            Auth::Header(name) => format!("{name}: {sent}"),
            Auth::Form(_) | Auth::None => continue,
        };
        let heads = server.seen();
        let own: Vec<_> = heads.iter().filter(|head| head.contains(&header)).collect();
        assert_eq!(own.len(), 1, "{}: {heads:?}", provider.id);
        for head in &heads {
            let first = head.lines().next().unwrap();
            assert!(!first.contains(&sent), "{}", provider.id);
            assert!(
                !first.contains("chat") && !first.contains("messages"),
                "{first}"
            );
        }
    }
}

#[test]
fn a_list_that_is_open_to_a_made_up_key_proves_nothing_of_the_real_one() {
    let list = r#"{"data": [{"id": "a"}]}"#;
    let key = sample("friendli");
    let open = Server::json(200, list);
    let proof = prove_and_list(&http(), &target("friendli", &open.url, key.as_ref()));
    assert_eq!(proof.finding.verdict, Verdict::Unproven);
    assert_eq!(proof.finding.requests, 2);
    assert!(proof.finding.action.contains("--no-check"));
    assert_eq!(ids(&proof.models), ["a"]);
    let good = format!("bearer {}", key.as_ref().unwrap().expose().to_lowercase());
    for (control, verdict) in [
        (401, Verdict::Valid),
        (403, Verdict::Valid),
        (429, Verdict::Unproven),
        (500, Verdict::Unproven),
        (404, Verdict::Unproven),
    ] {
        let good = good.clone();
        let closed = Server::saying(move |head| {
            let json = "content-type: application/json";
            if head.contains(&format!("{good}\r")) {
                reply(200, json, list.as_bytes())
            } else {
                reply(control, json, b"{}")
            }
        });
        let finding = prove(&http(), &target("friendli", &closed.url, key.as_ref()));
        assert_eq!(finding.verdict, verdict, "{control}: {finding:?}");
        assert_eq!(finding.http_status, Some(200));
    }
}

#[test]
fn a_base_with_settings_in_it_is_filled_in() {
    let bedrock = catalog::find("bedrock").unwrap();
    let target = Target::new(bedrock, None, None);
    assert_eq!(
        target.url("/foundation-models"),
        "https://bedrock.us-east-1.amazonaws.com/foundation-models"
    );
    let settings = vec![("AWS_REGION".to_owned(), "eu-west-1".to_owned())];
    let target = target.with_settings(settings);
    assert_eq!(
        target.url("/x"),
        "https://bedrock.eu-west-1.amazonaws.com/x"
    );
    assert!(target.own_host);
}

#[test]
fn credentials_that_only_goose_finds_are_unproven_without_asking_anybody() {
    for id in ["aws_bedrock", "gcp_vertex_ai", "claude-acp", "kimi_code"] {
        let target = Target::new(catalog::find(id).unwrap(), None, None);
        let finding = prove(&http(), &target);
        assert_eq!(
            (finding.verdict, finding.requests),
            (Verdict::Unproven, 0),
            "{id}"
        );
    }
}

#[test]
fn settings_travel_as_goose_sends_them() {
    let server = Server::json(200, r#"{"data": []}"#);
    let key = sample("openai");
    let settings = vec![
        ("OPENAI_ORGANIZATION".to_owned(), "org-1".to_owned()),
        ("OPENAI_TIMEOUT".to_owned(), "600".to_owned()),
    ];
    prove(
        &http(),
        &target("openai", &server.url, key.as_ref()).with_settings(settings),
    );
    assert!(server.seen()[0].contains("openai-organization: org-1"));
}

#[test]
fn litellm_lists_names_where_its_details_are_closed() {
    let server = Server::saying(|head| {
        let json = "content-type: application/json";
        if head.starts_with("get /v1/models ") {
            reply(200, json, br#"{"data": [{"id": "team-gpt"}]}"#)
        } else {
            reply(403, json, br#"{"error": {"message": "admin only"}}"#)
        }
    });
    let key = sample("litellm");
    let proof = prove_and_list(&http(), &target("litellm", &server.url, key.as_ref()));
    assert_eq!(proof.finding.verdict, Verdict::Valid);
    assert_eq!(ids(&proof.models), ["team-gpt"]);
}

#[test]
fn a_list_that_is_not_reached_is_asked_for_once() {
    let key = sample("litellm");
    let finding = list(&http(), &target("litellm", &nobody(), key.as_ref())).unwrap_err();
    assert_eq!(finding.requests, 1);
    assert_eq!(finding.cause, Some(Cause::Refused));
}

#[test]
fn whoever_wants_a_key_where_none_is_sent_is_somebody_else() {
    let server = Server::json(401, "{}");
    let finding = prove(&http(), &target("ollama", &server.url, None));
    assert_eq!(finding.cause, Some(Cause::NotThisApi), "{finding:?}");
}

#[test]
fn an_ollama_that_does_not_run_and_one_without_models_get_different_commands() {
    let finding = prove(&http(), &target("ollama", &nobody(), None));
    assert_eq!(finding.cause, Some(Cause::Refused));
    assert!(finding.action.contains("ollama serve"), "{finding:?}");
    let server = Server::json(200, r#"{"models": []}"#);
    let proof = prove_and_list(&http(), &target("ollama", &server.url, None));
    assert_eq!(proof.finding.verdict, Verdict::Unproven);
    assert!(proof.finding.action.contains("ollama pull qwen3"));
    assert_eq!(ids(&proof.models), [""; 0]);
}

#[test]
fn a_public_list_can_be_had_before_there_is_a_key() {
    let server = openrouter_saying(200, "{}");
    let openrouter = catalog::find("openrouter").unwrap();
    let models = prefetch(&http(), &Target::new(openrouter, Some(&server.url), None)).unwrap();
    assert_eq!(ids(&models), ["a/b"]);
    assert!(
        prefetch(
            &http(),
            &Target::new(catalog::find("groq").unwrap(), None, None)
        )
        .is_none()
    );
}

#[test]
fn no_request_is_made_for_a_key_that_is_another_providers() {
    let key = sample("anthropic");
    let mine = Target::new(catalog::find("groq").unwrap(), None, key.as_ref());
    let proof = prove_and_list(&http(), &mine);
    assert_eq!(proof.finding.verdict, Verdict::WrongProvider);
    assert_eq!(proof.finding.requests, 0);
    assert_eq!(proof.models.unwrap_err().verdict, Verdict::WrongProvider);
}

#[test]
fn a_list_that_is_a_page_is_not_this_api() {
    let page = reply(200, "content-type: text/html", b"<html>");
    let server = Server::saying(move |_| page.clone());
    let finding = list(&http(), &target("openrouter", &server.url, None)).unwrap_err();
    assert_eq!(finding.cause, Some(Cause::NotThisApi));
    let server = Server::json(200, r#"{"data": "none"}"#);
    let finding = list(&http(), &target("openrouter", &server.url, None)).unwrap_err();
    assert_eq!(finding.cause, Some(Cause::NotThisApi));
}

#[test]
fn one_client_serves_many_threads() {
    let server = Server::json(200, r#"{"data": [{"id": "a"}]}"#);
    let http = http();
    let key = sample("groq");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let finding = prove(&http, &target("groq", &server.url, key.as_ref()));
                assert_eq!(finding.verdict, Verdict::Valid);
            });
        }
    });
}

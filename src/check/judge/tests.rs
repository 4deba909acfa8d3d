#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde::Deserialize;

use super::*;
use crate::secret::Secret;

/// What each provider is known to answer, and what it must be taken for.
const TABLE: &str = include_str!("answers.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    provider: String,
    host: Option<String>,
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// JSON, or text as it is.
    body: Value,
    verdict: Verdict,
    cause: Option<Cause>,
    /// The exit code of `check`.
    exit: u8,
    /// Words that help.
    says: Option<String>,
}

fn reply(row: &Row) -> Reply {
    let header = |name: &str| {
        let found = row.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.clone())
    };
    let text = match &row.body {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    Reply {
        status: row.status,
        json: serde_json::from_str(&text).ok(),
        is_page: text.trim_start().starts_with('<'),
        retry_after: header("retry-after"),
        limit_headers: Vec::new(),
        text,
    }
}

fn found(row: &Row) -> Finding {
    let provider = catalog::find(&row.provider).unwrap();
    let key = provider.key.as_ref().map(|key| Secret::stored(key.sample));
    let target = Target::new(provider, row.host.as_deref(), key.as_ref());
    let check = provider.check.as_ref().unwrap();
    judge(&target, &reply(row), Wanted::of(check, provider))
}

#[test]
fn every_known_answer_has_its_verdict_cause_and_action() {
    let rows: Vec<Row> = serde_json::from_str(TABLE).unwrap();
    for row in &rows {
        let finding = found(row);
        let place = format!("{} {} {}", row.provider, row.status, row.body);
        assert_eq!(finding.verdict, row.verdict, "{place}: {finding:?}");
        assert_eq!(finding.cause, row.cause, "{place}");
        assert_eq!(finding.verdict.exit() as u8, row.exit, "{place}");
        assert_eq!(finding.http_status, Some(row.status));
        let is_cause_wanted = finding.verdict == Verdict::Unreachable;
        assert_eq!(finding.cause.is_some(), is_cause_wanted, "{place}");
        let is_fine = matches!(finding.verdict, Verdict::Valid);
        assert_eq!(finding.action.is_empty(), is_fine, "{place}");
        if let Some(words) = &row.says {
            let said = format!("{} {}", finding.detail, finding.action);
            assert!(said.contains(words.as_str()), "{place}: {said}");
        }
    }
}

/// A list of models as a provider of this shape sends it.
fn list(shape: ModelShape) -> Value {
    let rows = serde_json::json!([{"id": "m", "name": "m", "supportedGenerationMethods": ["generateContent"]}]);
    match shape {
        ModelShape::Google | ModelShape::Ollama => serde_json::json!({"models": rows}),
        ModelShape::Databricks => serde_json::json!({"endpoints": rows}),
        _ => serde_json::json!({"data": rows}),
    }
}

#[test]
fn every_provider_has_a_good_answer_and_a_guess_proves_nothing() {
    let rows: Vec<Row> = serde_json::from_str(TABLE).unwrap();
    for provider in catalog::all() {
        let Some(check) = &provider.check else {
            continue;
        };
        let finding = match Wanted::of(check, provider) {
            Wanted::List(shape) => found(&Row {
                provider: provider.id.into(),
                host: None,
                status: 200,
                headers: Vec::new(),
                body: list(shape),
                verdict: Verdict::Valid,
                cause: None,
                exit: 0,
                says: None,
            }),
            // Another kind of answer has to be written down.
            _ => {
                let row = rows
                    .iter()
                    .find(|row| row.provider == provider.id && row.verdict == Verdict::Valid);
                found(row.unwrap_or_else(|| panic!("{} has no good answer", provider.id)))
            }
        };
        let best = match provider.confidence {
            Confidence::Low => Verdict::Unproven,
            _ => Verdict::Valid,
        };
        assert_eq!(finding.verdict, best, "{}: {finding:?}", provider.id);
    }
}

#[test]
fn every_check_says_how_it_tells_a_wrong_key() {
    for provider in catalog::all() {
        let Some(check) = &provider.check else {
            continue;
        };
        let is_guess = provider.confidence == Confidence::Low;
        // A guess claims nothing, and calls itself one; everything else tells a wrong key in one way or the other.
        assert_eq!(check.proves != check.control, !is_guess, "{}", provider.id);
        assert!(!(check.proves && check.control), "{}", provider.id);
        let is_called_one = provider.source.starts_with("a guess");
        assert_eq!(is_called_one, is_guess, "{}", provider.id);
        assert!(!check.path.contains("chat"), "{}", provider.id);
    }
}

#[test]
fn no_answer_can_make_a_finding_show_the_key_or_steer_the_terminal() {
    for provider in catalog::all() {
        let Some(row) = &provider.key else { continue };
        let key = Secret::stored(row.sample);
        let target = Target::new(provider, None, Some(&key));
        for status in [
            200, 204, 302, 400, 401, 402, 403, 404, 418, 429, 451, 500, 529, 599,
        ] {
            let message = format!("\u{1b}]0;x\u{7}\u{202e}{} is bad", row.sample);
            for json in [
                serde_json::json!({"error": {"message": message}}),
                serde_json::json!({"message": message}),
                serde_json::json!({"detail": [{"msg": message}]}),
                serde_json::json!({"error": message}),
                Value::String(message),
            ] {
                let text = json
                    .as_str()
                    .map_or_else(|| json.to_string(), str::to_owned);
                let reply = Reply {
                    status,
                    json: serde_json::from_str(&text).ok(),
                    text,
                    is_page: false,
                    retry_after: Some("\u{1b}[2J".into()),
                    limit_headers: Vec::new(),
                };
                let finding = judge(&target, &reply, Wanted::At("/data"));
                // Ollama Cloud lets a good key in with a complaint about the rest of the question.
                if provider.id == "ollama_cloud" && status == 400 {
                    continue;
                }
                assert_ne!(finding.verdict, Verdict::Valid, "{} {status}", provider.id);
                let shown = format!("{finding:?} {} {}", finding.detail, finding.action);
                assert!(!shown.contains(row.sample), "{shown}");
                for text in [&finding.detail, &finding.action] {
                    assert!(!text.chars().any(char::is_control), "{text:?}");
                    assert!(!text.contains('\u{202e}'), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn another_providers_key_is_known_before_anybody_is_asked() {
    let key = Secret::stored(
        catalog::find("openrouter")
            .unwrap()
            .key
            .as_ref()
            .unwrap()
            .sample,
    );
    let deepseek = catalog::find("deepseek").unwrap();
    let finding = before_asking(&Target::new(deepseek, None, Some(&key))).unwrap();
    assert_eq!(finding.verdict, Verdict::WrongProvider);
    assert!(finding.action.contains("goose-setup openrouter"));
    let openai = catalog::find("openai").unwrap();
    let proxied = Target::new(openai, Some("https://proxy.example.com"), Some(&key));
    assert_eq!(before_asking(&proxied), None);
    let litellm = catalog::find("litellm").unwrap();
    assert_eq!(before_asking(&Target::new(litellm, None, Some(&key))), None);
}

#[test]
fn an_admin_key_is_refused_with_its_reason() {
    for (provider, text) in [
        ("openai", "sk-admin-abc"),
        ("anthropic", "sk-ant-admin01-abc"),
    ] {
        let key = Secret::stored(text);
        let target = Target::new(catalog::find(provider).unwrap(), None, Some(&key));
        let finding = before_asking(&target).unwrap();
        assert_eq!(finding.verdict, Verdict::Invalid);
        assert!(finding.detail.contains("admin key"), "{}", finding.detail);
    }
}

#[test]
fn a_key_that_is_not_there_is_malformed() {
    let groq = catalog::find("groq").unwrap();
    let finding = before_asking(&Target::new(groq, None, None)).unwrap();
    assert_eq!(finding.verdict, Verdict::Malformed);
    let ollama = catalog::find("ollama").unwrap();
    assert_eq!(before_asking(&Target::new(ollama, None, None)), None);
}

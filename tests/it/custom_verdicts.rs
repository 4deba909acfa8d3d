//! What an endpoint of one's own says of a key, where its list is open to everybody and only a chat wants one.

use crate::world::home::Home;
use crate::world::http::{self, Answer};
use crate::world::run::Setup;
use serde_json::{Value, json};
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

const KEY: &str = "box-key-0123456789abcdef";

/// A server that lets everybody see its list, and has this to say to whoever brings a key.
fn says(status: u16, body: Value) -> SocketAddr {
    says_after(Duration::ZERO, status, body)
}

fn says_after(delay: Duration, status: u16, body: Value) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let body = body.clone();
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                while let Ok(Some(seen)) = http::read(&mut stream, "box", false) {
                    let answer = match (seen.path(), seen.key()) {
                        ("/v1/models", _) => Answer::json(200, &json!({"data": [{"id": "m"}]})),
                        ("/v1/chat/completions", Some(KEY)) => Answer::json(status, &body),
                        ("/v1/chat/completions", _) => {
                            Answer::json(401, &json!({"error": "no key"}))
                        }
                        _ => Answer::text(404, "not here"),
                    };
                    let answer = answer.after(delay);
                    if !answer.write(stream.get_mut(), &|| false).unwrap_or(false) {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[test]
fn only_a_complaint_about_the_empty_request_proves_a_key() {
    let error = |message: &str| json!({"error": {"message": message}});
    for (status, body, code, verdict) in [
        (400, error("messages: field required"), 0, "valid"),
        (422, error("messages: field required"), 0, "valid"),
        (404, error("no such model"), 0, "valid"),
        (500, error("'messages' is required"), 0, "valid"),
        (429, error("slow down"), 0, "rate-limited"),
        (400, error("invalid api key"), 3, "invalid"),
        (401, error("who are you"), 3, "invalid"),
        (403, error("go away"), 3, "invalid"),
        (402, error("pay first"), 8, "no-credit"),
        (400, error("credit balance is too low"), 8, "no-credit"),
        (451, error("not in your country"), 4, "not-allowed"),
        (500, error("oh no"), 4, "unreachable"),
        (503, error("later"), 4, "unreachable"),
    ] {
        let mut home = Home::new();
        home.keeps_secret(KEY);
        home.set("GOOSE_DISABLE_KEYRING", "1");
        let before = home.tree();
        let url = format!("http://{}/v1", says(status, body));
        let outcome = Setup::new(&home)
            .args(["custom", &url, "--key-stdin", "--yes", "--json"])
            .stdin(KEY)
            .code(code)
            .run();
        let json = outcome.json();
        assert_eq!(json["verdict"], verdict, "{status}: {outcome}");
        if code == 0 {
            assert!(home.secrets_file().exists());
        } else {
            before.assert_same(&home.tree());
        }
        if verdict == "unreachable" {
            assert_eq!(json["cause"], "server-error", "{outcome}");
        }
    }
}

#[test]
fn all_waits_together_are_bounded_by_the_one_timeout() {
    let mut home = Home::new();
    home.keeps_secret(KEY);
    home.set("GOOSE_DISABLE_KEYRING", "1");
    let before = home.tree();
    // Looked at without the key and then with it: either has the time, both have not.
    let address = says_after(Duration::from_millis(1300), 400, json!({"error": "empty"}));
    let run = |timeout: &str| {
        Setup::new(&home)
            .args(["custom", &format!("http://{address}/v1"), "--key-stdin"])
            .args(["--yes", "--json", "--timeout", timeout])
            .stdin(KEY)
            .run()
    };
    let json = run("2").json();
    assert_eq!(json["verdict"], "unreachable", "{json}");
    assert_eq!(json["cause"], "timeout", "{json}");
    before.assert_same(&home.tree());
    assert_eq!(run("20").json()["verdict"], "valid");
}

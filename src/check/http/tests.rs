#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::Write;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::check::loopback::{Server, nobody, reply};
use crate::fsio::Privacy;
use crate::verdict::Cause;

const KEY: &str = "sk-canary-0123456789";

fn in_time() -> Clock {
    Clock::of(Duration::from_secs(20))
}

fn within(time: Duration) -> Http {
    Http::new(&Env::of([]), Clock::of(time), true).unwrap()
}

fn http() -> Http {
    Http::new(&Env::of([]), in_time(), true).unwrap()
}

fn through(proxy: &str, env: &Env) -> Http {
    install_ring();
    let proxy = reqwest::Proxy::all(proxy).unwrap();
    let client = builder().proxy(proxy).build().unwrap();
    Http::with(client, env, in_time(), true)
}

fn ask(http: &Http, url: &str) -> Result<Reply, Trouble> {
    let key = Secret::stored(KEY);
    let call = Call {
        url: url.to_owned(),
        method: Method::Get,
        auth: Auth::Bearer,
        key: Some(&key),
        headers: vec![("anthropic-version", "2023-06-01")],
        body: None,
        limit: 1024 * 1024,
    };
    http.send(&call, &mut 0)
}

fn cause(outcome: Result<Reply, Trouble>) -> Cause {
    let trouble = outcome.err().unwrap();
    for text in [&trouble.detail, &trouble.action] {
        assert!(!text.is_empty() && !text.contains(KEY), "{trouble:?}");
        assert!(!text.ends_with('.'), "{text}");
    }
    trouble.cause
}

#[test]
fn a_request_carries_the_key_in_its_header_and_nowhere_else() {
    let server = Server::json(200, "{}");
    let http = http();
    assert_eq!(ask(&http, &server.url).unwrap().status, 200);
    let head = &server.seen()[0];
    assert!(head.contains(&format!("authorization: bearer {KEY}")));
    assert!(head.contains("anthropic-version: 2023-06-01"));
    assert!(head.contains(&format!("user-agent: {AGENT}")));
    assert!(head.starts_with("get / http/1.1\r\n"));
    let log = http.take_log();
    assert_eq!(log.len(), 1);
    assert!(!log[0].contains(KEY) && !format!("{http:?}").contains(KEY));
}

#[test]
fn a_redirect_to_another_host_does_not_carry_the_key() {
    let thief = Server::json(200, r#"{"data": []}"#);
    let location = format!("location: {}/v1/models", thief.url);
    let moved = reply(302, &location, b"");
    let server = Server::saying(move |_| moved.clone());
    let answer = ask(&http(), &server.url).unwrap();
    assert_eq!(answer.status, 302);
    assert!(thief.seen().is_empty());
}

#[test]
fn a_redirect_within_the_host_is_followed() {
    let server = Server::saying(|head| {
        if head.starts_with("get /new ") {
            reply(200, "content-type: application/json", b"{}")
        } else {
            reply(307, "location: /new", b"")
        }
    });
    assert_eq!(ask(&http(), &server.url).unwrap().status, 200);
    assert!(server.seen()[1].contains(KEY));
}

#[test]
fn redirects_in_a_circle_come_to_an_end() {
    let server = Server::saying(|_| reply(302, "location: /again", b""));
    assert_eq!(ask(&http(), &server.url).unwrap().status, 302);
    assert!(server.seen().len() <= HOPS + 2);
}

#[test]
fn an_endless_answer_is_cut_off() {
    let server = Server::json(200, &format!("\"{}\"", "x".repeat(2 * 1024 * 1024)));
    let trouble = ask(&http(), &server.url).err().unwrap();
    assert_eq!(trouble.cause, Cause::NotThisApi);
    assert!(trouble.detail.ends_with("larger than 1 MiB"), "{trouble:?}");
    let small = Trouble::too_large(&server.url, 64 * 1024);
    assert!(small.detail.ends_with("larger than 64 KiB"), "{small:?}");
}

#[test]
fn silence_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let short = within(Duration::from_millis(200));
    let start = Instant::now();
    assert_eq!(cause(ask(&short, &url)), Cause::Timeout);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(cause(ask(&short, &url)), Cause::Timeout);
}

#[test]
fn an_answer_that_stops_half_way_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // An answer that comes before the question is another kind of trouble.
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
        thread::sleep(Duration::from_millis(600));
    });
    let short = within(Duration::from_millis(300));
    assert_eq!(cause(ask(&short, &url)), Cause::Timeout);
    server.join().unwrap();
}

#[test]
fn each_way_of_not_answering_has_its_cause() {
    assert_eq!(cause(ask(&http(), &nobody())), Cause::Refused);
    let nowhere = "http://no-such-host.invalid/";
    assert_eq!(cause(ask(&http(), nowhere)), Cause::Dns);
    let garbage = Server::saying(|_| b"SSH-2.0-OpenSSH_9.2\r\n".to_vec());
    assert_eq!(cause(ask(&http(), &garbage.url)), Cause::NotThisApi);
    let broken = Server::saying(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec());
    assert_eq!(cause(ask(&http(), &broken.url)), Cause::NotThisApi);
    let zipped = reply(200, "content-encoding: gzip", b"this is not gzip");
    let zipped = Server::saying(move |_| zipped.clone());
    assert_eq!(cause(ask(&http(), &zipped.url)), Cause::NotThisApi);
}

#[test]
fn a_page_is_known_as_a_page() {
    let page = reply(200, "content-type: text/html", b"hello");
    let server = Server::saying(move |_| page.clone());
    assert!(ask(&http(), &server.url).unwrap().is_page);
    let server = Server::json(200, "  <!doctype html>");
    assert!(ask(&http(), &server.url).unwrap().is_page);
}

#[test]
fn a_connection_that_breaks_before_an_answer_is_tried_once_more() {
    let count = AtomicUsize::new(0);
    let server = Server::saying(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Vec::new(),
        _ => reply(200, "content-type: application/json", b"{}"),
    });
    assert_eq!(ask(&http(), &server.url).unwrap().status, 200);
    let deaf = Server::saying(|_| Vec::new());
    assert_eq!(cause(ask(&http(), &deaf.url)), Cause::Refused);
    assert_eq!(deaf.seen().len(), 2);
}

#[test]
fn a_proxy_that_refuses_is_named_without_its_password() {
    for (status, words) in [(407, "user name and password"), (403, "does not connect")] {
        let refusal = reply(status, "x: y", b"");
        let proxy = Server::saying(move |_| refusal.clone());
        let address = proxy.url.replace("http://", "http://me:hunter2@");
        let env = Env::of([("HTTPS_PROXY", address.as_str())]);
        let http = through(&address, &env);
        let trouble = ask(&http, "https://openrouter.ai/api/v1/key")
            .err()
            .unwrap();
        assert_eq!(trouble.cause, Cause::Proxy, "{trouble:?}");
        assert!(trouble.detail.contains(words), "{trouble:?}");
        let said = format!("{trouble:?} {:?}", http.take_log());
        assert!(!said.contains("hunter2") && !said.contains(KEY), "{said}");
        assert!(proxy.seen()[0].starts_with("connect openrouter.ai:443"));
        assert!(!proxy.seen()[0].contains(KEY));
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told_apart_from_a_provider_that_is_not() {
    let address = nobody();
    let env = Env::of([("HTTPS_PROXY", address.as_str())]);
    let http = through(&address, &env);
    let trouble = ask(&http, "https://openrouter.ai/").err().unwrap();
    assert_eq!(trouble.cause, Cause::Proxy, "{trouble:?}");
    assert!(trouble.action.contains(&format!("HTTPS_PROXY={address}")));
}

#[test]
fn a_plain_proxy_that_wants_a_login_is_a_proxy() {
    let refusal = reply(407, "x: y", b"<html>");
    let proxy = Server::saying(move |_| refusal.clone());
    let env = Env::of([("HTTP_PROXY", proxy.url.as_str())]);
    let http = through(&proxy.url, &env);
    assert_eq!(
        cause(ask(&http, "http://ollama.example.com/")),
        Cause::Proxy
    );
}

/// A server with a certificate of its own making, for `localhost`.
fn tls_server(is_ca: IsCa) -> (String, String) {
    install_ring();
    let signing_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = is_ca;
    let cert = params.self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).is_ok() {
                let _ = stream.write_all(&reply(200, "content-type: application/json", b"{}"));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (url, cert.pem())
}

fn trusting_also(pem: &str) -> Http {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let before = fsio::read(&path).unwrap();
    fsio::replace(&before, pem.as_bytes(), Privacy::Ordinary).unwrap();
    let env = Env::of([(CA_VARIABLE, path.to_str().unwrap())]);
    Http::new(&env, in_time(), false).unwrap()
}

#[test]
fn a_certificate_of_an_authority_in_a_servers_place_is_named_in_words() {
    let (url, pem) = tls_server(IsCa::Ca(BasicConstraints::Unconstrained));
    let trouble = ask(&trusting_also(&pem), &url).err().unwrap();
    assert_eq!(trouble.cause, Cause::Tls, "{trouble:?}");
    assert!(
        trouble
            .detail
            .ends_with("is one of an authority, not of a server"),
        "{trouble:?}"
    );
}

#[test]
fn an_unknown_authority_is_named_and_goose_ca_cert_path_makes_it_known() {
    let (url, pem) = tls_server(IsCa::NoCa);
    let trouble = ask(&http(), &url).err().unwrap();
    assert_eq!(trouble.cause, Cause::Tls, "{trouble:?}");
    assert!(trouble.action.contains(CA_VARIABLE));

    let http = trusting_also(&pem);
    assert_eq!(ask(&http, &url).unwrap().status, 200);
    let by_number = url.replace("localhost", "127.0.0.1");
    assert_eq!(cause(ask(&http, &by_number)), Cause::Tls);
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_so() {
    let server = Server::json(200, "{}");
    let url = server.url.replace("http://", "https://");
    assert_eq!(cause(ask(&http(), &url)), Cause::Tls);
}

#[test]
fn an_unusable_authority_file_is_an_error_that_names_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, text) in [
        ("empty.pem", ""),
        (
            "broken.pem",
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        ),
    ] {
        let before = fsio::read(&at(name)).unwrap();
        fsio::replace(&before, text.as_bytes(), Privacy::Ordinary).unwrap();
    }
    for variable in ["SSL_CERT_FILE", CA_VARIABLE] {
        for name in ["missing.pem", "empty.pem", "broken.pem", "."] {
            let path = at(name);
            let env = Env::of([(variable, path.to_str().unwrap())]);
            let error = Http::new(&env, in_time(), false).unwrap_err();
            assert!(error.to_string().contains(variable), "{name}: {error}");
            assert!(error.action().contains(variable));
        }
    }
}

//! Why no answer came, in words and with the one thing to do about it.

use std::error::Error as StdError;
use std::io;

use url::Url;

use super::CA_VARIABLE;
use super::proxy::Proxies;
use crate::sanitize;
use crate::verdict::Cause;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub cause: Cause,
    pub detail: String,
    pub action: String,
}

impl Trouble {
    pub(super) fn of(url: &str, error: &reqwest::Error, proxies: &Proxies) -> Self {
        let proxy = proxies.on_the_way_to(url);
        let host = host_of(url);
        let said = chain(error)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
            .to_lowercase();
        if said.contains("proxy authorization required") {
            return proxies.login_wanted(url);
        }
        if let Some(reason) = tls_reason(error) {
            return reason.trouble(&host);
        }
        if let Some(proxy) = proxy
            && (said.contains("tunnel error: unsuccessful") || said.contains("socks"))
        {
            return proxy.unwilling(url);
        }
        let kind = chain(error)
            .filter_map(|source| source.downcast_ref::<io::Error>())
            .map(io::Error::kind)
            .next();
        let is_dns = said.contains("dns error") || said.contains("failed to lookup");
        let is_refused = kind == Some(io::ErrorKind::ConnectionRefused);
        if let Some(proxy) = proxy
            && error.is_connect()
        {
            let reason = match () {
                () if is_dns => "there is no host of that name",
                () if is_refused => "nothing listens there",
                () if error.is_timeout() => "no answer in time",
                () => "the connection broke off",
            };
            return proxy.unreachable(reason);
        }
        if error.is_timeout() {
            return Self::late(url);
        }
        if is_dns {
            return Self {
                cause: Cause::Dns,
                detail: format!("the name {host} cannot be looked up"),
                action: "check the network connection and the spelling of the host".into(),
            };
        }
        if is_refused {
            return Self {
                cause: Cause::Refused,
                detail: format!("nothing listens at {host}"),
                action: format!("check that {host} is the right address and that its server runs"),
            };
        }
        if error.is_connect() {
            return Self {
                cause: Cause::Refused,
                detail: format!("no connection to {host}: {}", root_of(error)),
                action: "check the network connection, a VPN or a firewall on the way".into(),
            };
        }
        if is_reset(error) {
            return Self {
                cause: Cause::Refused,
                detail: format!("{host} closed the connection without an answer"),
                action: "check a VPN or a firewall on the way, then try again".into(),
            };
        }
        Self {
            cause: Cause::NotThisApi,
            detail: format!("what {host} sends is no answer: {}", root_of(error)),
            action: format!("check that {host} is the right address"),
        }
    }

    pub(super) fn late(url: &str) -> Self {
        Self {
            cause: Cause::Timeout,
            detail: format!("no answer from {} in time", host_of(url)),
            action: "check the network connection, or give more time with --timeout".into(),
        }
    }

    pub(super) fn too_large(url: &str, limit: u64) -> Self {
        let host = host_of(url);
        Self {
            cause: Cause::NotThisApi,
            detail: format!("the answer of {host} is larger than {}", size(limit)),
            action: format!("check that {host} is the right address"),
        }
    }

    /// The answer began and did not end.
    pub(super) fn broken(url: &str) -> Self {
        Self {
            cause: Cause::NotThisApi,
            detail: format!("the answer of {} broke off", host_of(url)),
            action: "try again; if it stays so, check a proxy or VPN on the way".into(),
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes / 1024 {
        kib if kib < 1024 => format!("{kib} KiB"),
        kib => format!("{} MiB", kib / 1024),
    }
}

/// Host and, where it is no usual one, port.
pub(super) fn host_of(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return "the provider".into();
    };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the provider".into(),
    }
}

/// The innermost reason, which is the one that says something.
pub(super) fn root_of(error: &reqwest::Error) -> String {
    let text = chain(error).last().map(ToString::to_string);
    sanitize::line(&text.unwrap_or_default(), None).to_lowercase()
}

/// The connection broke before a single byte of an answer, as a kept-alive one may.
pub(super) fn is_reset(error: &reqwest::Error) -> bool {
    !error.is_connect()
        && !error.is_timeout()
        && chain(error).any(|source| {
            let is_broken = source.downcast_ref::<io::Error>().is_some_and(|error| {
                matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::BrokenPipe
                        | io::ErrorKind::ConnectionAborted
                )
            });
            is_broken
                || source
                    .to_string()
                    .contains("connection closed before message")
        })
}

enum TlsReason {
    Certificate(&'static str),
    /// The other side does not speak TLS, or no version we do.
    Protocol,
}

impl TlsReason {
    fn trouble(self, host: &str) -> Trouble {
        let (detail, action) = match self {
            Self::Certificate(reason) => (
                format!("the certificate of {host} {reason}"),
                format!(
                    "behind a company proxy, set {CA_VARIABLE} to your company's CA file; \
                     otherwise check this machine's clock and the address"
                ),
            ),
            Self::Protocol => (
                format!("{host} does not speak TLS as it should"),
                "check that the address is right and whether it should begin with http://".into(),
            ),
        };
        Trouble {
            cause: Cause::Tls,
            detail,
            action,
        }
    }
}

fn tls_reason(error: &reqwest::Error) -> Option<TlsReason> {
    use rustls::CertificateError as Bad;
    let failure = chain(error).find_map(|source| {
        let mut source = source;
        // An io::Error hands out the source of what it holds, not what it holds; and one can hold another.
        while let Some(inner) = source
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            source = inner;
        }
        source.downcast_ref::<rustls::Error>()
    })?;
    let rustls::Error::InvalidCertificate(bad) = failure else {
        return Some(TlsReason::Protocol);
    };
    let reason = match bad {
        Bad::UnknownIssuer | Bad::BadSignature => {
            "is signed by an authority this machine does not know"
        }
        Bad::Expired | Bad::ExpiredContext { .. } => "has expired",
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet",
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "is for another name",
        Bad::Revoked => "was revoked",
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "is not made for a server",
        Bad::BadEncoding => "cannot be read",
        Bad::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "is one of an authority, not of a server"
        }
        // For the rest there are only names in the code of rustls.
        _ => "cannot be trusted",
    };
    Some(TlsReason::Certificate(reason))
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |error| {
        (*error).source()
    })
}

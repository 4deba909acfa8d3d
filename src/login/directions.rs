//! What the person is told to do, which depends on where they sit.

use super::PATIENCE;
use super::browser::Reach;

pub(super) struct Directions<'a> {
    pub(super) title: &'a str,
    pub(super) reach: &'a Reach,
    /// The page that comes back by itself.
    pub(super) returning: String,
    /// The page that shows a code, where the provider has one and somebody is there to paste it.
    pub(super) showing: Option<String>,
    pub(super) can_paste: bool,
    pub(super) port: u16,
}

impl Directions<'_> {
    pub(super) fn lines(self) -> Vec<String> {
        let minutes = PATIENCE.as_secs() / 60;
        let port = self.port;
        let tunnel = format!("`ssh -L {port}:127.0.0.1:{port} HOST`");
        let (place, has_tunnel) = match self.reach {
            Reach::Here(_) => {
                let title = self.title;
                let line = format!(
                    "{title} opens in the browser; if it does not, open this page within {minutes} minutes:"
                );
                return vec![line, self.returning];
            }
            Reach::Remote => ("you are here over SSH", true),
            Reach::Container => ("this is a container", false),
            Reach::Nowhere => ("there is no browser here", true),
        };
        let mut lines = Vec::new();
        if let Some(showing) = self.showing {
            lines.push(format!(
                "{place}: open this page anywhere, and paste the code it shows within {minutes} minutes:"
            ));
            lines.push(showing);
            if has_tunnel {
                lines.push(format!(
                    "or, without a code to paste, run {tunnel} on your own machine and open there:"
                ));
                lines.push(self.returning);
            }
            return lines;
        }
        lines.push(format!("{place}: open this page within {minutes} minutes:"));
        lines.push(self.returning);
        if has_tunnel {
            lines.push(format!(
                "on another machine, run {tunnel} there first, so that the page can find its way back"
            ));
        }
        if self.can_paste {
            lines
                .push("or paste the address the browser ends at, even if it shows an error".into());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(reach: &Reach, showing: Option<&str>, can_paste: bool) -> String {
        let directions = Directions {
            title: "Somebody",
            reach,
            returning: "https://page/?back".into(),
            showing: showing.map(str::to_owned),
            can_paste,
            port: 4711,
        };
        directions.lines().join("\n")
    }

    #[test]
    fn a_code_to_paste_comes_first_where_no_browser_is_and_a_tunnel_second() {
        for reach in [Reach::Remote, Reach::Nowhere] {
            let text = said(&reach, Some("https://page/?code"), true);
            let (code, tunnel) = (
                text.find("?code"),
                text.find("ssh -L 4711:127.0.0.1:4711 HOST"),
            );
            assert!(code.is_some() && code < tunnel, "{text}");
            assert!(text.ends_with("?back"), "{text}");
        }
    }

    #[test]
    fn no_tunnel_is_promised_into_a_container() {
        for showing in [Some("https://page/?code"), None] {
            let text = said(&Reach::Container, showing, true);
            assert!(
                text.contains("this is a container") && !text.contains("ssh"),
                "{text}"
            );
            assert!(text.contains("paste"), "{text}");
        }
    }

    #[test]
    fn nobody_is_asked_to_paste_where_nobody_is() {
        for reach in [Reach::Remote, Reach::Container, Reach::Nowhere] {
            let text = said(&reach, None, false);
            assert!(text.contains("?back") && !text.contains("paste"), "{text}");
        }
    }
}

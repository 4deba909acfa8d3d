//! The providers of the small internet, as their documentation describes them.

use sha2::{Digest, Sha256};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    /// goose's own id, which is also what the program prints.
    pub(crate) id: &'static str,
    /// The host name that is asked; a local provider has none until `Internet::local` opens a port for it.
    pub(crate) host: &'static str,
    pub(crate) key_variable: Option<&'static str>,
    pub(crate) host_variable: Option<&'static str>,
    /// A model of the provider's list that calls tools.
    pub(crate) model: &'static str,
    /// Another one.
    pub(crate) other_model: &'static str,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    start: &'static str,
    alphabet: &'static str,
    length: usize,
    end: &'static str,
}

const HEX: &str = "0123456789abcdef";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(crate) const OPENROUTER: Provider = Provider {
    id: "openrouter",
    host: "openrouter.ai",
    key_variable: Some("OPENROUTER_API_KEY"),
    host_variable: Some("OPENROUTER_HOST"),
    model: "anthropic/claude-sonnet-4",
    other_model: "openai/gpt-4o",
    form: Form {
        start: "sk-or-v1-",
        alphabet: HEX,
        length: 64,
        end: "",
    },
};

pub(crate) const OPENAI: Provider = Provider {
    id: "openai",
    host: "api.openai.com",
    key_variable: Some("OPENAI_API_KEY"),
    host_variable: Some("OPENAI_HOST"),
    model: "gpt-4o",
    other_model: "gpt-4o-mini",
    form: Form {
        start: "sk-proj-",
        alphabet: ALNUM,
        length: 74,
        end: "T3BlbkFJabcdefghijklmnopqrst",
    },
};

pub(crate) const ANTHROPIC: Provider = Provider {
    id: "anthropic",
    host: "api.anthropic.com",
    key_variable: Some("ANTHROPIC_API_KEY"),
    host_variable: Some("ANTHROPIC_HOST"),
    model: "claude-sonnet-4-5",
    other_model: "claude-opus-4-5",
    form: Form {
        start: "sk-ant-api03-",
        alphabet: ALNUM,
        length: 93,
        end: "AA",
    },
};

pub(crate) const GOOGLE: Provider = Provider {
    id: "google",
    host: "generativelanguage.googleapis.com",
    key_variable: Some("GOOGLE_API_KEY"),
    host_variable: Some("GOOGLE_HOST"),
    model: "gemini-2.5-pro",
    other_model: "gemini-2.5-flash",
    form: Form {
        start: "AIzaSy",
        alphabet: ALNUM,
        length: 33,
        end: "",
    },
};

pub(crate) const GROQ: Provider = Provider {
    id: "groq",
    host: "api.groq.com",
    key_variable: Some("GROQ_API_KEY"),
    host_variable: None,
    model: "openai/gpt-oss-120b",
    other_model: "llama-3.3-70b-versatile",
    form: Form {
        start: "gsk_",
        alphabet: ALNUM,
        length: 52,
        end: "",
    },
};

pub(crate) const DEEPSEEK: Provider = Provider {
    id: "custom_deepseek",
    host: "api.deepseek.com",
    key_variable: Some("DEEPSEEK_API_KEY"),
    host_variable: None,
    model: "deepseek-v4-flash",
    other_model: "deepseek-v4-pro",
    form: Form {
        start: "sk-",
        alphabet: LOWER,
        length: 32,
        end: "",
    },
};

pub(crate) const XAI: Provider = Provider {
    id: "xai",
    host: "api.x.ai",
    key_variable: Some("XAI_API_KEY"),
    host_variable: Some("XAI_HOST"),
    model: "grok-4.5",
    other_model: "grok-4.3",
    form: Form {
        start: "xai-",
        alphabet: ALNUM,
        length: 80,
        end: "",
    },
};

pub(crate) const MISTRAL: Provider = Provider {
    id: "mistral",
    host: "api.mistral.ai",
    key_variable: Some("MISTRAL_API_KEY"),
    host_variable: None,
    model: "mistral-medium-latest",
    other_model: "devstral-2512",
    form: Form {
        start: "",
        alphabet: ALNUM,
        length: 32,
        end: "",
    },
};

pub(crate) const LITELLM: Provider = Provider {
    id: "litellm",
    host: "",
    key_variable: Some("LITELLM_API_KEY"),
    host_variable: Some("LITELLM_HOST"),
    model: "gpt-4o-mini",
    other_model: "team/claude",
    form: Form {
        start: "sk-",
        alphabet: ALNUM,
        length: 22,
        end: "",
    },
};

pub(crate) const OLLAMA: Provider = Provider {
    id: "ollama",
    host: "",
    key_variable: None,
    host_variable: Some("OLLAMA_HOST"),
    model: "qwen3:latest",
    other_model: "qwen3-coder:30b",
    form: Form {
        start: "",
        alphabet: HEX,
        length: 0,
        end: "",
    },
};

pub(crate) const ALL: [Provider; 10] = [
    OPENROUTER, OPENAI, ANTHROPIC, GOOGLE, GROQ, DEEPSEEK, XAI, MISTRAL, LITELLM, OLLAMA,
];

impl Provider {
    /// A key of this provider's form, made at run time so that none stands in the source. The same name gives the same key.
    pub(crate) fn key(&self, name: &str) -> String {
        let alphabet = self.form.alphabet.as_bytes();
        let middle: String = (0..)
            .flat_map(|round: u32| Sha256::digest(format!("{}/{name}/{round}", self.id)))
            .map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()]))
            .take(self.form.length)
            .collect();
        format!("{}{middle}{}", self.form.start, self.form.end)
    }

    pub(crate) fn is_local(&self) -> bool {
        self.host.is_empty()
    }

    /// Where a key is told right from wrong; nothing of it is spent there.
    pub(crate) fn check_path(self) -> &'static str {
        match self.id {
            "openrouter" => "/api/v1/key",
            "google" => "/v1beta/models",
            "groq" => "/openai/v1/models",
            "custom_deepseek" => "/user/balance",
            "xai" => "/v1/api-key",
            "ollama" => "/api/tags",
            _ => "/v1/models",
        }
    }

    pub(crate) fn at(host: &str) -> Option<Self> {
        ALL.into_iter()
            .find(|provider| !provider.is_local() && provider.host == host)
    }
}

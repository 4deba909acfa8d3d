//! The world the program lives in, in miniature: the providers on the internet, a home directory, the real goose, a real
//! keychain, a terminal. Tests meet the program as a person or a script does, through its binary.

pub(crate) mod answers;
pub(crate) mod authority;
mod canary;
pub(crate) mod chat;
pub(crate) mod endpoint;
pub(crate) mod goose;
pub(crate) mod home;
pub(crate) mod http;
pub(crate) mod internet;
pub(crate) mod keyring;
pub(crate) mod models;
pub(crate) mod personality;
pub(crate) mod provider;
pub(crate) mod pty;
pub(crate) mod run;
pub(crate) mod sign_in;
pub(crate) mod stage;
pub(crate) mod tools;
pub(crate) mod tree;
pub(crate) mod wire;

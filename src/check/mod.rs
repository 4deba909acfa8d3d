//! Proving a key without spending a token.

pub mod verdict;

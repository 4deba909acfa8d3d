//! Everything known about goose: where its files are, what they mean, which goose is installed.

pub mod binary;

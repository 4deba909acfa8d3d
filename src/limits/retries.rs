//! The retry settings that some providers have, in the one form in which goose reads them.

use super::book::Retries;

/// A limit a minute is over after this long.
const ONE_MINUTE: f64 = 60.0;

impl Retries {
    /// Seconds that goose waits in all with this many retries.
    pub fn seconds(&self, count: u32) -> f64 {
        let (first, most) = (f64::from(self.first_ms), f64::from(self.most_ms));
        (0..count)
            .map(|n| (first * self.factor.powi(i32::try_from(n).unwrap_or(i32::MAX))).min(most))
            .sum::<f64>()
            / 1000.0
    }

    /// The fewest retries that outlast a limit a minute, if goose's own number does not.
    pub fn enough(&self) -> Option<u32> {
        if self.seconds(self.count) >= ONE_MINUTE {
            return None;
        }
        (self.count..=20).find(|count| self.seconds(*count) >= ONE_MINUTE)
    }

    pub fn names(&self) -> [String; 4] {
        [
            "MAX_RETRIES",
            "INITIAL_RETRY_INTERVAL_MS",
            "BACKOFF_MULTIPLIER",
            "MAX_RETRY_INTERVAL_MS",
        ]
        .map(|name| format!("{}_{name}", self.prefix))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::super::book;

    #[test]
    fn waits_add_up_to_what_goose_does() {
        let retries = |id| book::of(id).unwrap().retries.unwrap();
        // 1 + 2 + 4
        assert_eq!(retries("databricks").seconds(3), 7.0);
        // 1 + 2 + 4 + 8 + 16 + 30
        assert_eq!(retries("databricks").seconds(6), 61.0);
        assert_eq!(retries("databricks").enough(), Some(6));
        // 5 + 10 + 20 + 40 + 80 + 160
        assert_eq!(retries("gcp_vertex_ai").seconds(6), 315.0);
        assert_eq!(retries("gcp_vertex_ai").enough(), None);
        // 2 + 4 + 8 + 16 + 32 + 64
        assert_eq!(retries("aws_bedrock").seconds(6), 126.0);
        assert_eq!(retries("aws_bedrock").enough(), None);
    }
}

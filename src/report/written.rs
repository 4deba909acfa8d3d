//! What every command that writes reports alike: what is changed, what there is to note, and what outranks it.

use serde_json::{Value, json};

use super::Report;
use crate::error::Exit;
use crate::plan::Plan;
use crate::shadows::Shadow;

pub struct Written {
    dry_run: bool,
    changes: Vec<Value>,
    /// Of the plan, which a dry run has shown already.
    planned: Vec<String>,
    notes: Vec<String>,
    proof: Proof,
}

enum Proof {
    /// There is nothing that goose would have to agree with.
    Needless,
    /// Nothing was written that goose could agree with.
    Open,
    Looked(Vec<Shadow>),
}

impl Written {
    pub fn of(plan: &Plan, dry_run: bool) -> Self {
        Self {
            dry_run,
            changes: plan.changes(),
            planned: plan.notes.clone(),
            notes: Vec::new(),
            proof: Proof::Needless,
        }
    }

    pub fn noting(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// What outranks it; `None` where that was not looked for.
    pub fn against(mut self, shadows: Option<Vec<Shadow>>) -> Self {
        self.proof = shadows.map_or(Proof::Open, Proof::Looked);
        self
    }

    /// What goose does with it.
    pub fn verb(&self) -> &'static str {
        if self.shadows().is_empty() {
            "uses"
        } else {
            "would use"
        }
    }

    pub fn goose_agrees(&self) -> Option<bool> {
        match &self.proof {
            Proof::Looked(shadows) if !self.dry_run => Some(shadows.is_empty()),
            _ => None,
        }
    }

    /// The notes and warnings as a person reads them, a line each.
    pub fn lines(&self) -> String {
        let planned = self.planned.iter().filter(|_| !self.dry_run);
        let notes = planned
            .chain(&self.notes)
            .map(|note| format!("note: {note}\n"));
        let warnings = self
            .shadows()
            .iter()
            .map(|shadow| format!("warning: {}\n", shadow.sentence()));
        notes.chain(warnings).collect()
    }

    /// The report with the command's own fields, and a text that has the lines where they belong.
    pub fn report(self, own: Value, text: impl Into<String>) -> Report {
        let exit = match self.goose_agrees() {
            Some(false) => Exit::Shadowed,
            _ => Exit::Done,
        };
        let mut report = Report::new(exit, own, text);
        let sentences = self.shadows().iter().map(Shadow::sentence);
        let notes: Vec<String> = self
            .planned
            .iter()
            .chain(&self.notes)
            .cloned()
            .chain(sentences)
            .collect();
        let mut add = |name: &str, value: Value| report.fields.insert(name.into(), value);
        add("dry_run", self.dry_run.into());
        add("changes", json!(self.changes));
        add("notes", json!(notes));
        if !matches!(self.proof, Proof::Needless) {
            add("goose_agrees", json!(self.goose_agrees()));
            let shadows = match &self.proof {
                Proof::Looked(shadows) => Some(shadows),
                _ => None,
            };
            add("shadows", json!(shadows));
        }
        report
    }

    fn shadows(&self) -> &[Shadow] {
        match &self.proof {
            Proof::Looked(shadows) => shadows,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            notes: vec!["planned".into()],
            ..Plan::default()
        }
    }

    fn shadow() -> Shadow {
        Shadow {
            variable: "GOOSE_MODEL".into(),
            hides: "model",
            fix: "unset GOOSE_MODEL".into(),
        }
    }

    #[test]
    fn what_outranks_it_is_a_warning_a_note_and_an_exit_code() {
        let written = Written::of(&plan(), false)
            .noting(["more".to_owned()])
            .against(Some(vec![shadow()]));
        assert_eq!(written.verb(), "would use");
        let lines = written.lines();
        assert!(lines.starts_with("note: planned\nnote: more\nwarning: GOOSE_MODEL outranks"));
        let report = written.report(json!({"provider": "groq"}), lines);
        assert_eq!(report.exit, Exit::Shadowed);
        assert_eq!(report.fields["goose_agrees"], false);
        assert_eq!(report.fields["notes"].as_array().map(Vec::len), Some(3));
        assert_eq!(report.fields["provider"], "groq");
    }

    #[test]
    fn a_dry_run_repeats_no_note_of_the_plan_and_proves_nothing() {
        let written = Written::of(&plan(), true)
            .noting(["more".to_owned()])
            .against(None);
        assert_eq!(written.lines(), "note: more\n");
        let report = written.report(json!({}), "");
        assert_eq!(report.exit, Exit::Done);
        assert_eq!(report.fields["goose_agrees"], Value::Null);
        assert_eq!(report.fields["notes"].as_array().map(Vec::len), Some(2));
    }
}

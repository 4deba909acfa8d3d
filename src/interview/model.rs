//! Which model.

use crate::catalog::{KnownModel, Provider};
use crate::check::models::Model;
use crate::error::{Error, Result};
use crate::interview::Interview;
use crate::prompt::Prompt;
use crate::prompt::list::{Choice, Item};

/// Takes the given model or asks for one. `list` is what the provider offers this key, where that is known.
pub fn decide(
    interview: &mut Interview<'_>,
    provider: &'static Provider,
    list: Option<&[Model]>,
) -> Result<String> {
    let given = interview.args.model.clone();
    let configured = interview.state.config.model_of(provider.id);
    if let Some(model) = given {
        let model = self::given(&model)?;
        interview
            .notes
            .extend(list.and_then(|list| doubt(&model, list, provider)));
        return Ok(model);
    }
    let preset = configured.or_else(|| provider.default_model.map(str::to_owned));
    if interview.is_guided() {
        return ask(interview, provider, list, preset.as_deref());
    }
    let only = list.and_then(only_one);
    let model = preset
        .or(only)
        .ok_or_else(|| Error::missing("the model", "--model MODEL"))?;
    interview
        .notes
        .extend(list.and_then(|list| doubt(&model, list, provider)));
    Ok(model)
}

/// What stands after `--model`.
pub fn given(text: &str) -> Result<String> {
    let model = text.trim();
    if model.is_empty() || model.chars().any(char::is_control) {
        return Err(Error::usage(
            "--model is empty",
            "name a model, or leave the flag out",
        ));
    }
    Ok(model.to_owned())
}

/// The model of a server that has just one.
fn only_one(list: &[Model]) -> Option<String> {
    let mut able = list.iter().filter(|model| model.tools != Some(false));
    let first = able.next()?;
    able.next().is_none().then(|| first.id.clone())
}

/// What speaks against a model, as a note: the person may know better than the list.
pub fn doubt(model: &str, list: &[Model], provider: &Provider) -> Option<String> {
    // Ollama's default tag goes without saying.
    let short = model.strip_suffix(":latest").unwrap_or(model);
    match list
        .iter()
        .find(|listed| listed.id == model || listed.id == short)
    {
        Some(found) if found.tools == Some(false) => Some(format!(
            "{model} cannot call tools, which goose needs; see `goose-setup models {}`",
            provider.id
        )),
        Some(_) => None,
        None if list.is_empty() => None,
        None => Some(format!(
            "{} does not list the model {model}; see `goose-setup models {}`",
            provider.title, provider.id
        )),
    }
}

/// `preset` stands on top of the list, where the provider has it.
pub fn ask(
    interview: &Interview<'_>,
    provider: &Provider,
    list: Option<&[Model]>,
    preset: Option<&str>,
) -> Result<String> {
    let Some(prompt) = &interview.prompt else {
        return Err(Error::missing("the model", "--model MODEL"));
    };
    let mut models: Vec<&Model> = list
        .unwrap_or_default()
        .iter()
        .filter(|model| model.tools != Some(false))
        .collect();
    if models.is_empty() {
        return ask_known(interview, prompt, provider, preset);
    }
    // A sound default on top: what is configured, else the catalogue's choice, where the provider still has it.
    models.sort_by_key(|model| Some(model.id.as_str()) != preset);
    let talk = &interview.cx.talk;
    let columns = Columns::of(&models);
    let items: Vec<Item> = models
        .iter()
        .map(|model| Item::new(&model.id, columns.about(model)))
        .collect();
    talk.say(introduction(&models, provider));
    let model = match prompt.choose_or_type("Model", &items, 0)? {
        Choice::Item(index) => models.get(index).map(|model| model.id.clone()),
        Choice::Typed(model) => Some(model),
    }
    .ok_or(Error::Cancelled)?;
    talk.good(format!("model: {model}"));
    if let Some(doubt) = list.and_then(|list| doubt(&model, list, provider)) {
        talk.warn(doubt);
    }
    Ok(model)
}

/// How many there are, and what the figures beside them mean.
fn introduction(models: &[&Model], provider: &Provider) -> String {
    let is_known = models.iter().all(|model| model.tools == Some(true));
    let has_prices = models.iter().any(|model| model.input_price.is_some());
    format!(
        "  {} offers {} model{}{}{}",
        provider.title,
        models.len(),
        if models.len() == 1 { "" } else { "s" },
        if is_known { " that can call tools" } else { "" },
        if has_prices {
            "; prices per million tokens"
        } else {
            ""
        }
    )
}

/// From the models goose knows of, where the provider shows no list.
fn ask_known(
    interview: &Interview<'_>,
    prompt: &Prompt,
    provider: &Provider,
    preset: Option<&str>,
) -> Result<String> {
    let mut known: Vec<&str> = provider.known_models.iter().map(KnownModel::id).collect();
    if known.len() < 2 {
        return type_one(interview, prompt, preset);
    }
    known.sort_by_key(|id| Some(*id) != preset);
    let items: Vec<Item> = known.iter().map(|id| Item::new(*id, "")).collect();
    match prompt.choose_or_type("Model", &items, 0)? {
        Choice::Item(index) => known.get(index).map(|id| (*id).to_owned()),
        Choice::Typed(model) => Some(model),
    }
    .ok_or(Error::Cancelled)
}

/// goose starts with no model as little as without a provider, so Enter alone asks again.
fn type_one(interview: &Interview<'_>, prompt: &Prompt, preset: Option<&str>) -> Result<String> {
    loop {
        let typed = prompt.text("Model", preset.unwrap_or_default())?;
        match given(&typed) {
            Ok(model) => return Ok(model),
            Err(_) => interview.cx.talk.bad("goose needs the name of a model"),
        }
    }
}

/// Widths that let a list of models line up.
pub struct Columns {
    id: usize,
    context: usize,
}

impl Columns {
    pub fn of(models: &[&Model]) -> Self {
        let widest = |text: fn(&Model) -> String| {
            models
                .iter()
                .map(|model| text(model).chars().count())
                .max()
                .unwrap_or_default()
        };
        Self {
            id: widest(|model| model.id.clone()).min(48),
            context: widest(context),
        }
    }

    pub fn row(&self, model: &Model) -> String {
        let row = format!("{:id$}  {}", model.id, self.about(model), id = self.id);
        row.trim_end().to_owned()
    }

    /// What stands beside a model's id.
    pub fn about(&self, model: &Model) -> String {
        let about = format!(
            "{:>context$}  {}",
            context(model),
            price(model),
            context = self.context
        );
        about.trim_end().to_owned()
    }
}

/// The context window, in thousands or millions of tokens.
pub fn context(model: &Model) -> String {
    match model.context {
        None => String::new(),
        Some(tokens) if tokens >= 1_000_000 => {
            let millions = format!("{:.1}", tokens as f64 / 1e6);
            format!("{}M", millions.trim_end_matches(".0"))
        }
        Some(tokens) if tokens >= 1_000 => format!("{}k", tokens / 1_000),
        Some(tokens) => tokens.to_string(),
    }
}

/// US dollars per million tokens, in and out.
pub fn price(model: &Model) -> String {
    if model.free {
        return "free".into();
    }
    match (model.input_price, model.output_price) {
        (Some(input), Some(output)) => format!("${} in, ${} out", dollars(input), dollars(output)),
        _ => String::new(),
    }
}

fn dollars(amount: f64) -> String {
    let text = format!("{amount:.3}");
    match text.trim_end_matches('0').split_once('.') {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, cents)) if cents.len() == 1 => format!("{whole}.{cents}0"),
        _ => text.trim_end_matches('0').to_owned(),
    }
}

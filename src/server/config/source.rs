//! Where values come from: an environment variable, else the line of the same name in `[tallygate]`, else the default.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// A sentence that names the wrong value and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// The file's `[tallygate]` table under the environment.
pub struct Source<'a> {
    table: toml::Table,
    variables: &'a dyn Fn(&str) -> Option<String>,
    asked: BTreeSet<&'static str>,
}

impl<'a> Source<'a> {
    /// Reads the file's text.
    pub fn new(file: &str, variables: &'a dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut file: toml::Table =
            file.parse().map_err(|error| ConfigError(format!("The configuration file is not valid TOML: {error}")))?;
        let table = match file.remove("tallygate") {
            None => toml::Table::new(),
            Some(toml::Value::Table(table)) => table,
            Some(_) => return Err(ConfigError("[tallygate] in the configuration file must be a section.".into())),
        };
        Ok(Self { table, variables, asked: BTreeSet::new() })
    }

    /// A variable that has no line in the file.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|text| !text.is_empty())
    }

    /// The text of a value. An empty variable counts as not set.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, ConfigError> {
        self.asked.insert(name);
        if let Some(text) = self.variable(&variable_name(name)) {
            return Ok(Some(text.trim().to_owned()));
        }
        let text = match self.table.get(name) {
            None => return Ok(None),
            Some(toml::Value::String(text)) => text.trim().to_owned(),
            Some(value @ (toml::Value::Integer(_) | toml::Value::Boolean(_) | toml::Value::Float(_))) => value.to_string(),
            Some(toml::Value::Array(items)) => {
                let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                items.ok_or_else(|| wrong(name, "…", "a list of texts"))?.join(",")
            }
            Some(_) => return Err(wrong(name, "…", "a text, a number or a list of texts")),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A value that is parsed; `expected` completes "must be …".
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| wrong(name, &text, expected))
    }

    /// Items separated by commas.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let Some(text) = self.text(name)? else { return Ok(Vec::new()) };
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| parse(item).ok_or_else(|| wrong(name, item, expected))).collect()
    }

    /// A switch: `1`, `true`, `yes`, `on` or their opposites.
    pub fn switch(&mut self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        };
        Ok(self.parsed(name, "true or false", parse)?.unwrap_or(default))
    }

    /// A duration such as `500ms`, `10s` or `30m`; never zero, never without end.
    pub fn duration(&mut self, name: &'static str, default: Duration) -> Result<Duration, ConfigError> {
        Ok(self.parsed(name, "a duration such as 500ms, 10s or 30m, between 1ms and 24h", parse_duration)?.unwrap_or(default))
    }

    /// A whole number within a range.
    pub fn number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, ConfigError> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        Ok(self.parsed(name, &expected, |text| text.parse().ok().filter(|n| range.contains(n)))?.unwrap_or(default))
    }

    /// A path; relative ones start at the working directory.
    pub fn path(&mut self, name: &'static str, default: &str) -> Result<PathBuf, ConfigError> {
        Ok(PathBuf::from(self.text(name)?.as_deref().unwrap_or(default)))
    }

    /// Refuses what nobody asked for: a misspelt line would be ignored silently.
    pub fn finish(self) -> Result<(), ConfigError> {
        match self.table.keys().find(|key| !self.asked.contains(key.as_str())) {
            Some(key) => Err(ConfigError(format!("[tallygate] in the configuration file knows no value \"{key}\"."))),
            None => Ok(()),
        }
    }
}

/// The sentence about a wrong value.
pub fn wrong(name: &str, value: &str, expected: &str) -> ConfigError {
    ConfigError(format!("{} is \"{value}\", but must be {expected}.", variable_name(name)))
}

/// `data_dir` → `TALLYGATE_DATA_DIR`.
pub fn variable_name(name: &str) -> String {
    format!("TALLYGATE_{}", name.to_ascii_uppercase())
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(factor)?;
    (1..=86_400_000).contains(&ms).then(|| Duration::from_millis(ms))
}

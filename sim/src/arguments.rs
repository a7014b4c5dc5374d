//! The words of a command line: `--name value` pairs, `--name` flags, and the rest.

use std::str::FromStr;

/// What was given and not yet asked for.
#[derive(Debug)]
pub struct Arguments {
    words: Vec<String>,
    options: Vec<(String, Option<String>)>,
}

impl Arguments {
    /// Takes the words apart. An option's value is the next word, unless that is an option too.
    pub fn of(words: &[String]) -> Result<Self, String> {
        let mut given = Self { words: Vec::new(), options: Vec::new() };
        let mut rest = words.iter().peekable();
        while let Some(word) = rest.next() {
            let Some(name) = word.strip_prefix("--") else {
                given.words.push(word.clone());
                continue;
            };
            if given.options.iter().any(|(other, _)| other == name) {
                return Err(format!("--{name} is given twice"));
            }
            let value = rest.next_if(|next| !next.starts_with("--"));
            given.options.push((name.to_owned(), value.cloned()));
        }
        Ok(given)
    }

    fn take(&mut self, name: &str) -> Option<Option<String>> {
        let place = self.options.iter().position(|(other, _)| other == name)?;
        Some(self.options.remove(place).1)
    }

    /// The next word that belongs to no option.
    pub fn word(&mut self) -> Option<String> {
        (!self.words.is_empty()).then(|| self.words.remove(0))
    }

    /// The value of an option, if it is given.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Some(value)) => Ok(Some(value)),
            Some(None) => Err(format!("--{name} needs a value")),
        }
    }

    /// The value of an option as a number.
    pub fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("--{name} {text} is no number that fits"))
    }

    /// Whether a flag is given.
    pub fn flag(&mut self, name: &str) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(value)) => Err(format!("--{name} takes no value, not `{value}`")),
        }
    }

    /// Fails if something was given that nobody asked for.
    pub fn finish(&self) -> Result<(), String> {
        match (self.words.first(), self.options.first()) {
            (Some(word), _) => Err(format!("`{word}` is not expected here")),
            (None, Some((name, _))) => Err(format!("--{name} is not an option of this command")),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn given(text: &str) -> Result<Arguments, String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Arguments::of(&words)
    }

    #[test]
    fn options_flags_and_words_are_told_apart() {
        let mut given = given("name --seeds 7 --keep-going --first 2").expect("good");
        assert_eq!(given.word().as_deref(), Some("name"));
        assert_eq!(given.number::<u64>("seeds"), Ok(Some(7)));
        assert_eq!(given.number::<u64>("rounds"), Ok(None));
        assert_eq!(given.flag("keep-going"), Ok(true));
        assert!(given.finish().is_err());
        assert_eq!(given.number::<u64>("first"), Ok(Some(2)));
        assert_eq!(given.finish(), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(given("--a 1 --a 2").is_err());
        assert!(given("--seeds many").expect("good").number::<u64>("seeds").is_err());
        assert!(given("--seeds").expect("good").number::<u64>("seeds").is_err());
        assert!(given("--keep-going now").expect("good").flag("keep-going").is_err());
        assert!(given("left").expect("good").finish().is_err());
    }
}

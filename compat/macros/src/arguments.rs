//! The arguments in the attribute's parentheses.
#![forbid(unsafe_code)]

use proc_macro::{Delimiter, Span, TokenStream, TokenTree};

use crate::error::Error;
use crate::function::Role;

/// How the runtime is built.
pub struct Arguments {
    /// The path of the crate that has the module `runtime`.
    pub krate: String,
    flavor: Flavor,
    worker_threads: Option<Argument>,
    start_paused: Option<Argument>,
    name: Option<Argument>,
    unhandled_panic: Option<Argument>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavor {
    CurrentThread,
    Local,
    MultiThread,
}

/// The value of an argument as it is written, and where.
struct Argument {
    text: String,
    span: Span,
}

impl Arguments {
    /// What is used where no argument asks for something else.
    pub fn new(krate: &str, role: Role) -> Arguments {
        Arguments {
            krate: krate.to_owned(),
            flavor: match role {
                Role::Main => Flavor::MultiThread,
                Role::Test => Flavor::CurrentThread,
            },
            worker_threads: None,
            start_paused: None,
            name: None,
            unhandled_panic: None,
        }
    }

    /// Reads `name = value, ...`.
    pub fn parse(krate: &str, role: Role, args: TokenStream) -> Result<Arguments, Error> {
        let mut arguments = Arguments::new(krate, role);
        let mut seen = Vec::new();
        let mut tokens = args.into_iter();
        while let Some(token) = tokens.next() {
            let TokenTree::Ident(key) = &token else {
                return Err(Error::new("expected the name of an argument", token.span()));
            };
            let (key, start) = (key.to_string(), token.span());
            match tokens.next() {
                Some(TokenTree::Punct(equals)) if equals.as_char() == '=' => {}
                _ => {
                    let message = format!("expected `{key} = ...`; {}", arguments_of(role));
                    return Err(Error::new(message, start));
                }
            }
            let value = match tokens.next() {
                Some(value) => Argument::literal(value)?,
                None => return Err(Error::new(format!("`{key}` has no value"), start)),
            };
            if seen.contains(&key) {
                let message = format!("`{key}` is set twice");
                return Err(Error::between(message, start, value.span));
            }
            arguments.set(&key, value, start, role)?;
            seen.push(key);
            match tokens.next() {
                Some(TokenTree::Punct(comma)) if comma.as_char() == ',' => {}
                Some(other) => return Err(Error::new("expected `,`", other.span())),
                None => break,
            }
        }
        arguments.check()?;
        Ok(arguments)
    }

    fn set(&mut self, key: &str, value: Argument, start: Span, role: Role) -> Result<(), Error> {
        match key {
            "flavor" => {
                self.flavor = match value.string(key)? {
                    "current_thread" => Flavor::CurrentThread,
                    "local" => Flavor::Local,
                    "multi_thread" => Flavor::MultiThread,
                    other => {
                        let message = format!(
                            "there is no flavor `{other}`; the flavors are `multi_thread`, \
                             `current_thread` and `local`"
                        );
                        return Err(Error::new(message, value.span));
                    }
                };
            }
            "worker_threads" => {
                match value.integer() {
                    Some(0) => {
                        return Err(Error::new("`worker_threads` must not be 0", value.span));
                    }
                    Some(_) => {}
                    None => return Err(value.is_no(key, "an integer")),
                }
                self.worker_threads = Some(value);
            }
            "start_paused" => {
                if value.text != "true" && value.text != "false" {
                    return Err(value.is_no(key, "`true` or `false`"));
                }
                self.start_paused = Some(value);
            }
            "name" => {
                value.string(key)?;
                self.name = Some(value);
            }
            "unhandled_panic" => {
                let behavior = value.string(key)?;
                if unhandled_panic(behavior).is_none() {
                    let message = format!(
                        "there is no behavior `{behavior}`; the behaviors are `ignore` and \
                         `shutdown_runtime`"
                    );
                    return Err(Error::new(message, value.span));
                }
                self.unhandled_panic = Some(value);
            }
            "crate" => {
                self.krate = value.string(key)?.to_owned();
                if !is_path(&self.krate) {
                    return Err(value.is_no(key, "the path of a crate"));
                }
            }
            _ => {
                let message = format!("there is no argument `{key}`; {}", arguments_of(role));
                return Err(Error::between(message, start, value.span));
            }
        }
        Ok(())
    }

    /// Checks what depends on more than one argument.
    fn check(&self) -> Result<(), Error> {
        let multi_thread = self.flavor == Flavor::MultiThread;
        let needs = |name: &str, value: &Option<Argument>, flavor: &str| {
            value.as_ref().map_or(Ok(()), |value| {
                let message = format!("`{name}` needs the argument `flavor = \"{flavor}\"`");
                Err(Error::new(message, value.span))
            })
        };
        if multi_thread {
            needs("start_paused", &self.start_paused, "current_thread")?;
            needs("unhandled_panic", &self.unhandled_panic, "current_thread")
        } else {
            needs("worker_threads", &self.worker_threads, "multi_thread")
        }
    }

    /// The expression that builds the runtime.
    pub fn runtime(&self) -> String {
        let constructor = match self.flavor {
            Flavor::CurrentThread | Flavor::Local => "new_current_thread",
            Flavor::MultiThread => "new_multi_thread",
        };
        let build = match self.flavor {
            Flavor::CurrentThread | Flavor::MultiThread => "build()",
            Flavor::Local => "build_local(::core::default::Default::default())",
        };
        let mut code = format!(
            "{}::runtime::Builder::{constructor}().enable_all()",
            self.krate
        );
        let options = [
            ("worker_threads", &self.worker_threads),
            ("start_paused", &self.start_paused),
            ("name", &self.name),
        ];
        for (option, value) in options {
            if let Some(value) = value {
                code += &format!(".{option}({})", value.text);
            }
        }
        if let Some(value) = &self.unhandled_panic {
            let behavior = value
                .string("unhandled_panic")
                .ok()
                .and_then(unhandled_panic);
            let variant = behavior.expect("it was checked when it was set");
            code += &format!(
                ".unhandled_panic({}::runtime::UnhandledPanic::{variant})",
                self.krate
            );
        }
        code + "." + build + ".expect(\"the runtime cannot be built\")"
    }
}

impl Argument {
    fn literal(value: TokenTree) -> Result<Argument, Error> {
        let span = value.span();
        match value {
            TokenTree::Literal(_) => {}
            TokenTree::Ident(ref name) if ["true", "false"].contains(&&*name.to_string()) => {}
            // What a macro's variable stood for.
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let mut tokens = group.stream().into_iter();
                return match (tokens.next(), tokens.next()) {
                    (Some(value), None) => Argument::literal(value),
                    _ => Err(Error::new("expected a literal", span)),
                };
            }
            _ => return Err(Error::new("expected a literal", span)),
        }
        let text = value.to_string();
        Ok(Argument { text, span })
    }

    /// What stands between the quotes of a string.
    fn string(&self, key: &str) -> Result<&str, Error> {
        self.text
            .strip_prefix('r')
            .unwrap_or(&self.text)
            .trim_matches('#')
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .ok_or_else(|| self.is_no(key, "a string"))
    }

    fn integer(&self) -> Option<usize> {
        // No digit is an `i` or a `u`, with which the type begins.
        let digits = self.text.split(['i', 'u']).next()?.replace('_', "");
        match digits.get(..2) {
            Some("0x") => usize::from_str_radix(&digits[2..], 16).ok(),
            Some("0o") => usize::from_str_radix(&digits[2..], 8).ok(),
            Some("0b") => usize::from_str_radix(&digits[2..], 2).ok(),
            _ => digits.parse().ok(),
        }
    }

    fn is_no(&self, key: &str, what: &str) -> Error {
        Error::new(format!("the value of `{key}` must be {what}"), self.span)
    }
}

fn arguments_of(role: Role) -> String {
    let attribute = match role {
        Role::Main => "main",
        Role::Test => "test",
    };
    format!(
        "the arguments of `{attribute}` are `flavor`, `worker_threads`, `start_paused`, `name`, \
         `unhandled_panic` and `crate`"
    )
}

/// Returns the variant of `UnhandledPanic` that an argument stands for.
fn unhandled_panic(behavior: &str) -> Option<&'static str> {
    match behavior {
        "ignore" => Some("Ignore"),
        "shutdown_runtime" => Some("ShutdownRuntime"),
        _ => None,
    }
}

fn is_path(text: &str) -> bool {
    let segments = text.strip_prefix("::").unwrap_or(text).split("::");
    segments.into_iter().all(|segment| {
        let segment = segment.trim();
        let name = segment.strip_prefix("r#").unwrap_or(segment);
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_')
    })
}

//! Writes JSON, one object a line.
//!
//! A [`Json`] places commas, escapes text, and closes what it has opened, so that what the rest of
//! the folder writes has the right form. It writes no line break, which ends an object of the protocol.
//!
//! Every program that uses this crate has this code, and it runs only for someone who looks at the
//! program. So it is to be small: what is compiled for each closure or type only calls functions that
//! are compiled once, and these are not to be inlined.
#![forbid(unsafe_code)]

use std::fmt::{self, Write};
use std::panic::Location;

/// JSON that is being written.
#[derive(Debug, Default)]
pub(super) struct Json {
    text: String,
    /// Whether a value precedes the next one in the same array or object.
    follows: bool,
}

/// What can be written as one value.
pub(super) trait Value {
    /// Appends this value to `json`.
    fn write(&self, json: &mut Json);
}

impl Json {
    /// Returns the line of an object with one field, whose value `write` writes.
    pub(super) fn line(name: &str, write: impl FnOnce(&mut Json)) -> Vec<u8> {
        let mut json = Json::default();
        json.open("{");
        json.name(name);
        write(&mut json);
        json.into_line()
    }

    /// Returns the line of an object with the fields that `write` writes.
    pub(super) fn object_line(write: impl FnOnce(&mut Json)) -> Vec<u8> {
        let mut json = Json::default();
        json.open("{");
        write(&mut json);
        json.into_line()
    }

    /// Writes a value: an element of an array, or that of the field whose name was just written.
    pub(super) fn value(&mut self, value: impl Value) {
        value.write(self);
    }

    /// Writes an object with the fields that `write` writes.
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Json)) {
        self.open("{");
        write(self);
        self.close("}");
    }

    /// Writes an array with the elements that `write` writes.
    pub(super) fn array(&mut self, write: impl FnOnce(&mut Json)) {
        self.open("[");
        write(self);
        self.close("]");
    }

    /// Writes the name of a field, whose value comes next.
    #[inline(never)]
    pub(super) fn name(&mut self, name: &str) {
        self.separate();
        quote(&mut self.text, name);
        self.text.push(':');
        self.follows = false;
    }

    /// Writes a field.
    pub(super) fn field(&mut self, name: &str, value: impl Value) {
        self.name(name);
        self.value(value);
    }

    /// Writes a field whose value is an object.
    pub(super) fn object_field(&mut self, name: &str, write: impl FnOnce(&mut Json)) {
        self.name(name);
        self.object(write);
    }

    /// Writes a field whose value is an array.
    pub(super) fn array_field(&mut self, name: &str, write: impl FnOnce(&mut Json)) {
        self.name(name);
        self.array(write);
    }

    #[inline(never)]
    fn open(&mut self, bracket: &str) {
        self.plain(bracket);
        self.follows = false;
    }

    #[inline(never)]
    fn close(&mut self, bracket: &str) {
        self.text.push_str(bracket);
        self.follows = true;
    }

    /// Ends the object that is the whole line.
    #[inline(never)]
    fn into_line(mut self) -> Vec<u8> {
        self.text.push_str("}\n");
        self.text.into_bytes()
    }

    /// Writes text that is JSON already.
    #[inline(never)]
    fn plain(&mut self, text: &str) {
        self.separate();
        self.text.push_str(text);
    }

    #[inline(never)]
    fn quoted(&mut self, text: &str) {
        self.separate();
        quote(&mut self.text, text);
    }

    #[inline(never)]
    fn formatted(&mut self, value: fmt::Arguments<'_>) {
        self.separate();
        self.text.write_fmt(value).expect("a String takes any text");
    }

    fn separate(&mut self) {
        if self.follows {
            self.text.push(',');
        }
        self.follows = true;
    }
}

impl Value for u64 {
    #[inline(never)]
    fn write(&self, json: &mut Json) {
        json.formatted(format_args!("{self}"));
    }
}

impl Value for usize {
    fn write(&self, json: &mut Json) {
        (*self as u64).write(json);
    }
}

impl Value for u32 {
    fn write(&self, json: &mut Json) {
        u64::from(*self).write(json);
    }
}

impl Value for i64 {
    fn write(&self, json: &mut Json) {
        json.formatted(format_args!("{self}"));
    }
}

impl Value for bool {
    fn write(&self, json: &mut Json) {
        json.plain(if *self { "true" } else { "false" });
    }
}

impl Value for &str {
    fn write(&self, json: &mut Json) {
        json.quoted(self);
    }
}

impl Value for String {
    fn write(&self, json: &mut Json) {
        json.quoted(self);
    }
}

impl Value for &Location<'_> {
    #[inline(never)]
    fn write(&self, json: &mut Json) {
        json.quoted(&self.to_string());
    }
}

impl<T: Value> Value for Option<T> {
    #[inline(never)]
    fn write(&self, json: &mut Json) {
        match self {
            Some(value) => value.write(json),
            None => json.plain("null"),
        }
    }
}

#[inline(never)]
fn quote(into: &mut String, text: &str) {
    into.push('"');
    for character in text.chars() {
        match character {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            control if control < ' ' || control == '\u{7f}' => {
                write!(into, "\\u{:04x}", u32::from(control)).expect("a String takes any text");
            }
            other => into.push(other),
        }
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    use super::Json;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        String::from_utf8(Json::object_line(write)).unwrap()
    }

    #[test]
    fn values_are_separated_and_closed() {
        let text = written(|json| {
            json.field("number", 7_u64);
            json.array_field("list", |json| {
                json.value("a");
                json.object(|_| {});
                json.array(|json| json.value(Some(true)));
                json.value(None::<&str>);
            });
            json.object_field("empty", |_| {});
            json.field("last", false);
        });
        let list = r#""list":["a",{},[true],null]"#;
        let expected = format!("{{\"number\":7,{list},\"empty\":{{}},\"last\":false}}\n");
        assert_eq!(text, expected);
    }

    #[test]
    fn text_is_escaped() {
        let text = written(|json| json.field("a\"b", "\\ \n\r\t\u{1} \u{7f} ü \u{1f980}"));
        let expected = "{\"a\\\"b\":\"\\\\ \\n\\r\\t\\u0001 \\u007f ü \u{1f980}\"}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_line_holds_no_other_line_break() {
        let line = Json::line("text", |json| json.value("one\ntwo\r\n"));
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(line.last(), Some(&b'\n'));
    }
}

//! Errors that the compiler shows at the caller's tokens.
#![forbid(unsafe_code)]

use proc_macro::{Span, TokenStream};

/// What is wrong, and where.
pub struct Error {
    message: String,
    start: Span,
    end: Span,
}

impl Error {
    pub fn new(message: impl Into<String>, place: Span) -> Error {
        Error::between(message, place, place)
    }

    /// An error that is shown from `start` to `end`.
    pub fn between(message: impl Into<String>, start: Span, end: Span) -> Error {
        Error {
            message: message.into(),
            start,
            end,
        }
    }

    /// `compile_error!` with the message.
    pub fn into_tokens(self) -> TokenStream {
        let code = format!("::core::compile_error!({:?});", self.message);
        spanned(&code, self.start, self.end)
    }
}

/// Returns the tokens of `code`, for the compiler to show as if they stood from `start` to `end`.
pub fn spanned(code: &str, start: Span, end: Span) -> TokenStream {
    let tokens: TokenStream = code.parse().expect("the code that is built here is valid");
    let mut span = start;
    tokens
        .into_iter()
        .map(|mut token| {
            // Lints leave code alone that resolves as a macro's does.
            token.set_span(token.span().located_at(span));
            span = end;
            token
        })
        .collect()
}

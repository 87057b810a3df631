//! The function that the attribute stands on.
#![forbid(unsafe_code)]

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::arguments::Arguments;
use crate::error::{Error, spanned};

/// Which attribute it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Main,
    Test,
}

/// An `async fn`.
pub struct Function {
    /// What stands before the body, without `async`.
    head: Vec<TokenTree>,
    body: Group,
}

impl Function {
    pub fn parse(item: TokenStream, role: Role) -> Result<Function, Error> {
        let mut tokens = without_group(item);
        let start = attributes(&tokens).map(|(end, _)| end).last().unwrap_or(0);
        let position = |word: &str| {
            let mut rest = tokens[start..].iter();
            let found = rest.position(
                |token| matches!(token, TokenTree::Ident(name) if name.to_string() == word),
            );
            found.map(|at| start + at)
        };
        let Some(keyword) = position("fn") else {
            let place = tokens.get(start).map_or(Span::call_site(), TokenTree::span);
            return Err(Error::new("expected an `async fn`", place));
        };
        let Some(asynchronous) = position("async").filter(|&at| at < keyword) else {
            let message = "the function must be an `async fn`";
            return Err(Error::new(message, tokens[keyword].span()));
        };
        if role == Role::Test {
            let second = attributes(&tokens).find(|(_, path)| is_test(path));
            if let Some((end, _)) = second {
                let (sign, attribute) = (tokens[end - 2].span(), tokens[end - 1].span());
                let message = "the function has a second attribute that makes it a test";
                return Err(Error::between(message, sign, attribute));
            }
        }
        if let (Role::Main, Some(name), Some(TokenTree::Group(parameters))) =
            (role, tokens.get(keyword + 1), tokens.get(keyword + 2))
        {
            if name.to_string() == "main" && !parameters.stream().is_empty() {
                let message = "the function `main` has no parameters";
                return Err(Error::new(message, parameters.span()));
            }
        }
        let body = match tokens.pop() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group,
            other => {
                let place = other.map_or(Span::call_site(), |token| token.span());
                return Err(Error::new("expected the body of a function", place));
            }
        };
        tokens.remove(asynchronous);
        Ok(Function { head: tokens, body })
    }

    /// The function with a body that runs its former body on a runtime.
    pub fn expand(self, role: Role, arguments: &Arguments) -> TokenStream {
        let (inner_attributes, statements) = split_attributes(self.body.stream());
        let whole = (self.body.span(), self.body.span());
        let (start, end) = last_statement(&statements).unwrap_or(whole);

        let mut body: TokenStream = inner_attributes.into_iter().collect();
        body.extend(code("let body = async"));
        body.extend([self.braced(statements.into_iter().collect())]);
        body.extend(code(";"));
        // Where this is, the compiler reports that the body's value is not of the function's type.
        let run = format!("{}.block_on(body)", arguments.runtime());
        body.extend(spanned(&run, start, end));

        let mut output = TokenStream::new();
        if role == Role::Test {
            output.extend(code("#[::core::prelude::v1::test]"));
        }
        let body = self.braced(body);
        output.extend(self.head);
        output.extend([body]);
        output
    }

    /// A block where the body is.
    fn braced(&self, content: TokenStream) -> TokenTree {
        let mut group = Group::new(Delimiter::Brace, content);
        group.set_span(self.body.span());
        group.into()
    }
}

fn code(code: &str) -> TokenStream {
    spanned(code, Span::call_site(), Span::call_site())
}

/// The tokens of an item, which stand in a group if the item is what a macro's variable stood for.
fn without_group(item: TokenStream) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Group(group))
            if tokens.is_empty() && group.delimiter() == Delimiter::None =>
        {
            return without_group(group.stream());
        }
        last => tokens.extend(last),
    }
    // The same for its body.
    if let Some(TokenTree::Group(group)) = tokens.last() {
        if group.delimiter() == Delimiter::None {
            let body = without_group(group.stream());
            tokens.pop();
            tokens.extend(body);
        }
    }
    tokens
}

/// The attributes that the tokens begin with: where each ends, and its path.
fn attributes(tokens: &[TokenTree]) -> impl Iterator<Item = (usize, String)> + '_ {
    let attribute = |pair: &[TokenTree]| match pair {
        [TokenTree::Punct(sign), TokenTree::Group(group)]
            if sign.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
        {
            let path = group.stream().into_iter().take_while(|token| match token {
                TokenTree::Ident(_) => true,
                TokenTree::Punct(sign) => sign.as_char() == ':',
                _ => false,
            });
            Some(path.map(|token| token.to_string()).collect())
        }
        _ => None,
    };
    let attributes = tokens.chunks(2).map_while(attribute);
    attributes.enumerate().map(|(n, path)| (2 * n + 2, path))
}

fn is_test(path: &str) -> bool {
    path == "test" || path.ends_with("prelude::v1::test")
}

/// Splits the content of a body into the `#![...]` at its beginning and the rest.
fn split_attributes(body: TokenStream) -> (Vec<TokenTree>, Vec<TokenTree>) {
    let mut attributes: Vec<TokenTree> = body.into_iter().collect();
    let is_sign = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
    let count = attributes
        .chunks(3)
        .take_while(|tokens| match tokens {
            [first, second, TokenTree::Group(group)] => {
                is_sign(first, '#')
                    && is_sign(second, '!')
                    && group.delimiter() == Delimiter::Bracket
            }
            _ => false,
        })
        .count();
    let statements = attributes.split_off(3 * count);
    (attributes, statements)
}

/// Where the last statement begins and ends.
fn last_statement(tokens: &[TokenTree]) -> Option<(Span, Span)> {
    let (last, before) = tokens.split_last()?;
    let is_end =
        |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';');
    let start = before.iter().rposition(is_end).map_or(0, |end| end + 1);
    Some((tokens[start].span(), last.span()))
}

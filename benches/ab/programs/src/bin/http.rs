//! Answers every request for `/` with a few words, by axum.

use std::process::ExitCode;

use axum::Router;
use axum::routing::get;

fn main() -> ExitCode {
    programs::serve(|_| async {
        let listener = programs::listen().await?;
        let app = Router::new().route("/", get(|| async { "Hello, World!" }));
        axum::serve(listener, app).await
    })
}

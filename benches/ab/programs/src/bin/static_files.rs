//! Serves the files of the folder that is the argument, by tower-http.

use std::process::ExitCode;

use axum::Router;
use axum::serve::ListenerExt;
use tower_http::services::ServeDir;

fn main() -> ExitCode {
    programs::serve(|folder| async move {
        // The end of a large file is not to wait for the acknowledgment of what is before it.
        let listener = programs::listen().await?.tap_io(|stream| {
            stream
                .set_nodelay(true)
                .expect("a connected socket has the option");
        });
        let app = Router::new().fallback_service(ServeDir::new(folder));
        axum::serve(listener, app).await
    })
}

//! Static files of the site root: compressed beforehand, and kept forever by browsers where the name holds a hash.

use std::path::{Path, PathBuf};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// The site root, as it was when the server started.
#[derive(Clone, Debug)]
pub struct Assets {
    files: ServeDir,
    /// Address of the chart engine.
    pub charts_src: Option<String>,
}

impl Assets {
    /// Looks at a site root.
    pub fn new(site_root: &Path) -> Self {
        let files = ServeDir::new(site_root).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
        let charts = std::fs::read_dir(site_root.join("assets")).into_iter().flatten().flatten();
        let charts = charts.filter_map(|entry| entry.file_name().into_string().ok());
        let charts_src = charts.filter(|name| name.starts_with("charts-") && name.ends_with(".js")).max();
        Self { files, charts_src: charts_src.map(|name| format!("/assets/{name}")) }
    }

    /// The file that a request asks for, if there is one.
    pub fn serve(&self, request: &Request) -> impl Future<Output = Option<Response>> + Send + use<> {
        // A body is not needed, and may not be shared between threads.
        let (files, probe, path) = (self.files.clone(), probe(request), request.uri().path().to_owned());
        async move {
            let Ok(response) = files.oneshot(probe?).await;
            let found =
                [StatusCode::OK, StatusCode::NOT_MODIFIED, StatusCode::PARTIAL_CONTENT, StatusCode::RANGE_NOT_SATISFIABLE];
            if !found.contains(&response.status()) {
                return None;
            }
            let mut response = response.map(Body::new);
            let life = if has_hash(&path) { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(life));
            Some(response)
        }
    }
}

/// What is passed on to the file service; nothing for what can be no public file, such as names that begin with a dot.
fn probe(request: &Request) -> Option<Request> {
    let path = request.uri().path();
    let is_hidden = path.ends_with('/') || path.split('/').any(|part| part.starts_with('.'));
    if !matches!(*request.method(), Method::GET | Method::HEAD) || is_hidden {
        return None;
    }
    let mut probe = Request::builder().method(request.method()).uri(request.uri());
    let headers = probe.headers_mut()?;
    for name in [header::ACCEPT_ENCODING, header::IF_MODIFIED_SINCE, header::RANGE] {
        headers.extend(request.headers().get(&name).map(|value| (name, value.clone())));
    }
    probe.body(Body::empty()).ok()
}

/// `tallygate.4kDfX09_a1.wasm`, `charts-52ba9e0c1f.js`: a part of eight or more letters, digits, `-` and `_` with a digit in it, before
/// the extension.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, _extension)) = name.rsplit_once('.') else { return false };
    let part = stem.rsplit_once('.').map_or_else(|| stem.split_once('-').map_or("", |(_, hash)| hash), |(_, hash)| hash);
    part.len() >= 8
        && part.bytes().any(|b| b.is_ascii_digit())
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Finds the file that says which hashes the built files carry: beside the binary, or where a build left it beside the site root.
/// Without one (an unhashed build, or none at all) the plain names are used.
pub fn with_hashes(mut options: LeptosOptions) -> LeptosOptions {
    if !options.hash_files {
        return options;
    }
    let site_root = PathBuf::from(&*options.site_root);
    let beside_binary = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(&*options.hash_file)));
    let beside_site = [site_root.join(&*options.hash_file), site_root.join("..").join("dist").join(&*options.hash_file)];
    let found = beside_binary.into_iter().chain(beside_site).find(|file| fits(file, &site_root, &options));
    match found.and_then(|file| std::path::absolute(file).ok()) {
        Some(file) => options.hash_file = file.to_string_lossy().into(),
        None => options.hash_files = false,
    }
    options
}

/// Whether the hashes are those of the files in the site root: a binary may stand beside the hashes of another build.
fn fits(file: &Path, site_root: &Path, options: &LeptosOptions) -> bool {
    let Ok(text) = std::fs::read_to_string(file) else { return false };
    let hash = text.lines().find_map(|line| line.trim().strip_prefix("css:")).map(str::trim);
    hash.is_some_and(|hash| site_root.join(&*options.site_pkg_dir).join(format!("{}.{hash}.css", options.output_name)).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_kept_forever() {
        for hashed in ["/pkg/tallygate.4kDfX09_a1-bQ.wasm", "/pkg/tallygate.0123456789abcdef.css", "/assets/charts-52ba9e0c1f.js"]
        {
            assert!(has_hash(hashed), "{hashed}");
        }
        for plain in ["/favicon.svg", "/auth-art.svg", "/pkg/tallygate.css", "/pkg/tallygate_bg.wasm", "/robots.txt", "/x"] {
            assert!(!has_hash(plain), "{plain}");
        }
    }
}

//! The text files of the repository.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// A file that people edit.
pub(crate) struct TextFile {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

const EXTENSIONS: &[&str] = &["rs", "toml", "md", "yml", "html", "css", "js", "json", "py", "sh"];

/// What is built or downloaded.
const NOT_OURS: &[&str] = &[".git", "target", "wip", "node_modules", ".venv", "__pycache__"];

/// All files of the kinds above, in the order of their paths.
pub(crate) fn text_files() -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    collect(Path::new("."), &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<TextFile>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        // A symbolic link is neither a folder nor a file here: what it points at is visited anyway.
        let kind = entry.file_type()?;
        if kind.is_dir() && !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
            collect(&path, files)?;
        } else if kind.is_file() && is_text(&path) {
            files.push(read(&path)?);
        }
    }
    Ok(())
}

fn is_text(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
}

fn read(path: &Path) -> Result<TextFile> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let path = path.strip_prefix(".").unwrap_or(path);
    let path = path.to_string_lossy().replace('\\', "/");
    Ok(TextFile { path, text })
}

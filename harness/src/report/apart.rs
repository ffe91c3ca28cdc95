//! Drawings that stand in files of their own, beside a report whose format cannot hold them.

use super::charts::standalone;
use super::files::File;
use super::view::{Block, Document, Figure};

/// The folder of the drawings, in the folder of the report.
pub(super) const FOLDER: &str = "plots";

/// Takes the drawings out of a document, and leaves the name of its file in the place of each.
pub(super) fn take(document: &mut Document) -> Vec<File> {
    let mut files = Vec::new();
    for section in &mut document.sections {
        let mut number = 0;
        let mut put = |figure: &mut Figure| {
            number += 1;
            let name = format!("{FOLDER}/{}-{number}.svg", section.id);
            let svg = std::mem::replace(&mut figure.svg, name.clone());
            files.push(File::new(name, standalone(&svg)));
        };
        for block in &mut section.blocks {
            match block {
                Block::Figure(figure) => put(figure),
                Block::Page(page) => page.blocks.iter_mut().for_each(|block| {
                    if let Block::Figure(figure) = block {
                        put(figure);
                    }
                }),
                _ => {}
            }
        }
    }
    files
}

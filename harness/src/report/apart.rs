//! Drawings that stand in files of their own, beside a report whose format cannot hold them.
//!
//! Code-hosting pages show them as pictures, on which no style sheet of the page acts: each carries its
//! ground and its colours for a light and for a dark scheme with it.

use plotters::style::RGBColor;

use super::files::File;
use super::palette::{BAD, BAND, FAINT, GOOD, GRID, INK, MARGIN, OPEN};
use super::view::{Block, Document, Figure};

/// The folder of the drawings, in the folder of the report.
pub(super) const FOLDER: &str = "plots";

/// The colours by their roles, as they are drawn and as they are on dark ground.
const SCHEMES: [(RGBColor, &str); 8] = [
    (INK, "#e7eaee"),
    (FAINT, "#a3adb9"),
    (GRID, "#343b44"),
    (BAND, "#262c34"),
    (MARGIN, "#e3b341"),
    (GOOD, "#4cc38a"),
    (BAD, "#ff8b7e"),
    (OPEN, "#b3bcc7"),
];

/// The ground, light and dark.
const GROUND: [&str; 2] = ["#ffffff", "#14171b"];

/// Takes the drawings out of a document, and leaves the name of its file in the place of each.
pub(super) fn take(document: &mut Document) -> Vec<File> {
    let mut files = Vec::new();
    for section in &mut document.sections {
        let mut number = 0;
        let mut put = |figure: &mut Figure| {
            number += 1;
            let name = format!("{FOLDER}/{}-{number}.svg", section.id);
            let svg = std::mem::replace(&mut figure.svg, name.clone());
            files.push(File::new(name, alone(&svg)));
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

/// A drawing with its ground and its colours.
fn alone(svg: &str) -> String {
    let Some((opening, rest)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let [light, dark] = GROUND;
    format!(
        "{opening}>\n<style>@media (prefers-color-scheme: dark) {{ .ground {{ fill: {dark} }} {}}}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\" fill=\"{light}\"/>{rest}",
        dark_colours()
    )
}

fn dark_colours() -> String {
    let rule = |(colour, dark): &(RGBColor, &str)| {
        let RGBColor(red, green, blue) = colour;
        // As the plotting library writes it.
        let drawn = format!("#{red:02X}{green:02X}{blue:02X}");
        format!("[fill=\"{drawn}\"] {{ fill: {dark} }} [stroke=\"{drawn}\"] {{ stroke: {dark} }} ")
    };
    SCHEMES.iter().map(rule).collect()
}

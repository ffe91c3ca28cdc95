//! The axes of a chart: grid lines with their labels, titles, and names beside the frame.

use super::Colour;
use super::canvas::{Align, Canvas, Point};
use super::scale::spread;

/// The rectangle between the axes, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
}

impl Frame {
    /// Horizontal grid lines with their labels on the left.
    pub(super) fn rows(self, canvas: &mut Canvas, ticks: impl IntoIterator<Item = (i32, String)>) {
        for (y, label) in ticks {
            canvas.line((self.left, y), (self.right, y), Colour::Grid, 1);
            canvas.text(&label, (self.left - 6, y), Align::RIGHT, Colour::Faint);
        }
    }

    /// Vertical grid lines with their labels below.
    pub(super) fn columns(
        self,
        canvas: &mut Canvas,
        ticks: impl IntoIterator<Item = (i32, String)>,
    ) {
        for (x, label) in ticks {
            canvas.line((x, self.top), (x, self.bottom), Colour::Grid, 1);
            self.below(canvas, x, &label);
        }
    }

    /// A label below the frame.
    pub(super) fn below(self, canvas: &mut Canvas, x: i32, label: &str) {
        canvas.text(label, (x, self.bottom + 5), Align::BELOW, Colour::Faint);
    }

    /// What the horizontal axis is.
    pub(super) fn title(self, canvas: &mut Canvas, title: &str) {
        let middle = (i32::midpoint(self.left, self.right), self.bottom + 23);
        canvas.text(title, middle, Align::BELOW, Colour::Faint);
    }

    /// Names right of the frame, each beside the height where its curve ends, moved apart where they would
    /// overlap.
    pub(super) fn names(self, heights: impl Iterator<Item = i32>) -> Vec<i32> {
        spread(heights, self.top, self.bottom)
    }

    /// A name at one of those heights, and the line that leads to it.
    pub(super) fn name(self, canvas: &mut Canvas, from: Point, y: i32, name: &str) {
        let x = self.right + 14;
        canvas.line(from, (x - 4, y), Colour::Grid, 1);
        canvas.text(name, (x, y), Align::LEFT, Colour::Ink);
    }
}

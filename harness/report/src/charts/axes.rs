//! Axes with their grid and labels, and curves over them with their names.

use results::Verdict;

use super::canvas::{ABOVE, BELOW, Canvas, FAINT, GRID, INK, LEFT, MARGIN, Paint, Point, RIGHT};
use super::scale::{Scale, spread};
use super::{BOTTOM, HEIGHT, LEFT_END, Labels, RIGHT_END, TOP, WIDTH, colour_of};

/// A line through points, with its name beside its end.
pub(crate) struct Curve<'r> {
    /// The strategy that it is about.
    pub(crate) strategy: &'r str,
    /// Empty for one without a name.
    pub(crate) name: &'r str,
    pub(crate) path: Vec<Point>,
    pub(crate) paint: Paint,
}

impl Canvas {
    /// Grid lines with their labels, below and on the left, and what the horizontal axis is.
    pub(crate) fn grid(&mut self, columns: &Labels, rows: &Labels, title: &str) {
        for (y, label) in rows {
            self.line((LEFT_END, *y), (RIGHT_END, *y), Paint::Outline(GRID, 1));
            self.text(label, (LEFT_END - 6, *y), RIGHT, FAINT);
        }
        for (x, label) in columns {
            self.line((*x, TOP), (*x, BOTTOM), Paint::Outline(GRID, 1));
            self.text(label, (*x, BOTTOM + 5), BELOW, FAINT);
        }
        let middle = (i32::midpoint(LEFT_END, RIGHT_END), BOTTOM + 23);
        self.text(title, middle, BELOW, FAINT);
    }

    /// The axis of ratios below rows between two heights: its grid and labels, a line at 1 and one at the margin.
    pub(crate) fn ratios(&mut self, axis: Scale, [top, bottom]: [i32; 2], margin: f64) {
        for (x, label) in axis.labels(38.0, |tick| format!("{tick}x")) {
            self.line((x, top), (x, bottom), Paint::Outline(GRID, 1));
            self.text(&label, (x, bottom + 5), BELOW, FAINT);
        }
        let (one, edge) = (axis.at(1.0), axis.at(margin));
        self.line((one, top), (one, bottom), Paint::Outline(INK, 1));
        self.line((edge, top), (edge, bottom), Paint::Dashed(MARGIN));
        self.text("1.00", (one - 14, top - 4), ABOVE, INK);
        let text = format!("margin {margin:.2}");
        self.text(&text, (edge + 36, top - 4), ABOVE, MARGIN);
    }

    /// Curves with their names, moved apart where they would overlap; `marks` draws what else belongs to each, by its number.
    pub(crate) fn curves(&mut self, curves: &[Curve<'_>], marks: impl Fn(&mut Self, usize)) {
        let named = curves.iter().filter(|curve| !curve.name.is_empty());
        let ends = named.filter_map(|curve| curve.path.last()).map(|end| end.1);
        let mut heights = spread(ends, TOP, BOTTOM).into_iter();
        for (index, curve) in curves.iter().enumerate() {
            let Some(&(x, y)) = curve.path.last() else {
                continue;
            };
            self.about(curve.strategy, |canvas| {
                if curve.path.len() > 1 {
                    canvas.path(&curve.path, curve.paint);
                }
                marks(canvas, index);
                if curve.name.is_empty() {
                    return;
                }
                let height = heights.next().unwrap_or(y);
                let name = (RIGHT_END + 14, height);
                canvas.line((x + 6, y), (name.0 - 4, height), Paint::Outline(GRID, 1));
                canvas.text(curve.name, name, LEFT, INK);
            });
        }
    }

    /// The mark of a verdict: a dot if it improves, a cross if it does not, else a ring.
    pub(crate) fn verdict(&mut self, (x, y): Point, radius: i32, verdict: Verdict) {
        let colour = colour_of(verdict);
        match verdict {
            Verdict::Holds => self.circle((x, y), radius, Paint::Fill(colour)),
            Verdict::Inconclusive => {
                self.circle((x, y), radius, Paint::Outline(colour, 2));
            }
            Verdict::Rejected => {
                for slope in [radius, -radius] {
                    let (from, to) = ((x - radius, y - slope), (x + radius, y + slope));
                    self.line(from, to, Paint::Outline(colour, 2));
                }
            }
        }
    }

    /// The drawing.
    pub(crate) fn chart(self) -> String {
        self.finish(WIDTH, HEIGHT)
    }
}

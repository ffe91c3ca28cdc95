//! The colours and measures that all drawings share.
//!
//! The colours stand for roles: the page's style sheet finds them by their value and replaces them
//! by the scheme's own, so that one drawing is legible on light and on dark ground and still makes
//! sense by itself.

use plotters::style::RGBColor;

pub(super) const INK: RGBColor = RGBColor(0x1a, 0x1d, 0x21);
pub(super) const FAINT: RGBColor = RGBColor(0x6b, 0x72, 0x80);
pub(super) const GRID: RGBColor = RGBColor(0xe2, 0xe5, 0xe9);
pub(super) const BAND: RGBColor = RGBColor(0xec, 0xee, 0xf1);
pub(super) const MARGIN: RGBColor = RGBColor(0x9a, 0x67, 0x00);
pub(super) const GOOD: RGBColor = RGBColor(0x0b, 0x6e, 0x4f);
pub(super) const BAD: RGBColor = RGBColor(0xb4, 0x23, 0x18);
pub(super) const OPEN: RGBColor = RGBColor(0x5b, 0x64, 0x70);

/// What the marks of verdicts mean; the lines through them are intervals.
pub(super) const VERDICTS: &str = "Dot: HOLDS; ring: INCONCLUSIVE or WITHHELD; cross: REJECTED.";
/// The same where axes end early and the baseline's own noise is drawn.
pub(super) const INTERVALS: &str = "Dot: HOLDS; ring: INCONCLUSIVE or WITHHELD; cross: REJECTED; arrow: \
    beyond the axis. Grey band: the baseline against itself.";
/// What is drawn of a prediction.
pub(super) const PREDICTED: &str = "Line: the best guess; grey: the band of the prediction, which is its limits \
    and no confidence interval; dot: measured here.";

/// The width of every drawing, in pixels.
pub(super) const WIDTH: i32 = 800;

/// The axes of ratios reach no lower: whatever is ten times slower is out of the question, and would
/// squeeze those that are in it.
pub(super) const RATIO_MIN: f64 = 0.1;

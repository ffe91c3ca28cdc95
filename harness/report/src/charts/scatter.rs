//! Two costs of each strategy against each other, and the frontier of those that no other is better than in
//! both.

use super::{Canvas, Colour, Frame, Paint, Point, Scale, WIDTH};

const HEIGHT: i32 = 340;
const FRAME: Frame = Frame {
    left: 80,
    right: WIDTH - 205,
    top: 14,
    bottom: HEIGHT - 46,
};
/// Room at the ends of the axes.
const ROOM: f64 = 1.2;

/// A strategy's place.
pub(crate) struct Spot<'r> {
    pub(crate) name: &'r str,
    pub(crate) at: (f64, f64),
    pub(crate) on_frontier: bool,
}

/// The chart; nothing if there are not two strategies to set against each other. `labels` are those of a value
/// on each axis.
pub(crate) fn scatter_chart(
    spots: &[Spot<'_>],
    baseline: &str,
    title: &str,
    labels: [&dyn Fn(f64) -> String; 2],
) -> Option<String> {
    if spots.len() < 2 {
        return None;
    }
    let costs = |cost: fn(&Spot<'_>) -> f64| spots.iter().map(cost);
    let x = Scale::over(costs(|spot| spot.at.0), ROOM, [FRAME.left, FRAME.right])?;
    let y = Scale::over(costs(|spot| spot.at.1), ROOM, [FRAME.bottom, FRAME.top])?;
    let place = |spot: &Spot<'_>| (x.at(spot.at.0), y.at(spot.at.1));
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let [x_label, y_label] = labels;
    let ticks = x.ticks(52.0).into_iter();
    FRAME.columns(&mut canvas, ticks.map(|tick| (x.at(tick), x_label(tick))));
    let ticks = y.ticks(18.0).into_iter();
    FRAME.rows(&mut canvas, ticks.map(|tick| (y.at(tick), y_label(tick))));
    FRAME.title(&mut canvas, title);
    frontier(
        &mut canvas,
        spots.iter().filter(|spot| spot.on_frontier).map(place),
    );
    // Names of the frontier and of the baseline; the table has all.
    let is_named = |spot: &&Spot<'_>| spot.on_frontier || spot.name == baseline;
    let heights = spots.iter().filter(is_named).map(|spot| place(spot).1);
    let mut heights = FRAME.names(heights).into_iter();
    for spot in spots {
        let name_y = if is_named(&spot) {
            heights.next()
        } else {
            None
        };
        canvas.about(spot.name, |canvas| {
            let at = place(spot);
            mark(canvas, at, spot.on_frontier, spot.name == baseline);
            if let Some(name_y) = name_y {
                FRAME.name(canvas, (at.0 + 7, at.1), name_y, spot.name);
            }
        });
    }
    Some(canvas.finish())
}

/// Steps from one to the next: whatever lies above and right of them is dominated.
fn frontier(canvas: &mut Canvas, places: impl Iterator<Item = Point>) {
    let mut places: Vec<Point> = places.collect();
    places.sort_unstable();
    let mut path: Vec<Point> = Vec::new();
    for (x, y) in places {
        path.extend(path.last().map(|&(_, before)| (x, before)));
        path.push((x, y));
    }
    canvas.path(&path, Colour::Good, 1);
}

fn mark(canvas: &mut Canvas, (x, y): Point, on_frontier: bool, is_baseline: bool) {
    if is_baseline {
        let paint = Paint::Fill(Colour::Margin);
        canvas.rectangle((x - 5, y - 5), (x + 5, y + 5), paint);
    } else if on_frontier {
        canvas.circle((x, y), 5, Paint::Fill(Colour::Good));
    } else {
        canvas.circle((x, y), 4, Paint::Outline(Colour::Open, 2));
    }
}

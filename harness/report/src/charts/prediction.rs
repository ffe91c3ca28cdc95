//! Predicted costs over processors, as bands with their best guesses, and what was measured.

use super::{Canvas, Colour, Frame, Paint, Point, Scale, WIDTH};
use results::{HERE, Prediction};

const HEIGHT: i32 = 340;
const FRAME: Frame = Frame {
    left: 70,
    right: WIDTH - 150,
    top: 16,
    bottom: HEIGHT - 44,
};

/// The curves of all machines, and points of processors and nanoseconds that were measured. `None` if nothing
/// is predicted for more than one processor.
pub(crate) fn prediction_chart(curves: &[&Prediction], measured: &[(u32, f64)]) -> Option<String> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let cpus_max = points()
        .map(|point| point.cpus)
        .max()
        .filter(|&cpus| cpus > 1)?;
    let times = points().flat_map(|point| [point.ns.low, point.ns.high]);
    let times = times.chain(measured.iter().map(|&(_, ns)| ns));
    let y = Scale::over(times, 1.3, [FRAME.bottom, FRAME.top])?;
    let cpus = [1.0, f64::from(cpus_max)];
    let x = Scale::over(cpus, 1.0, [FRAME.left, FRAME.right])?;
    let at = |cpus: u32, ns: f64| (x.at(f64::from(cpus)), y.at(ns));
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    // Bands first: no line is to vanish behind another's band.
    for curve in curves {
        let below = curve
            .points
            .iter()
            .map(|point| at(point.cpus, point.ns.low));
        let above = curve.points.iter().rev();
        let above = above.map(|point| at(point.cpus, point.ns.high));
        canvas.polygon(&below.chain(above).collect::<Vec<_>>(), Colour::Band);
    }
    let ticks = y.ticks(18.0).into_iter();
    FRAME.rows(&mut canvas, ticks.map(|ns| (y.at(ns), format!("{ns} ns"))));
    for cpus in (0..10)
        .map(|power| 1_u32 << power)
        .filter(|&cpus| cpus <= cpus_max)
    {
        FRAME.below(&mut canvas, x.at(f64::from(cpus)), &cpus.to_string());
    }
    FRAME.title(&mut canvas, "processors");
    let end = |curve: &&Prediction| {
        let last = curve.points.last();
        last.map_or(FRAME.bottom, |point| y.at(point.ns.mid))
    };
    for (curve, name_y) in curves.iter().zip(FRAME.names(curves.iter().map(end))) {
        let path: Vec<Point> = curve
            .points
            .iter()
            .map(|point| at(point.cpus, point.ns.mid))
            .collect();
        let Some(&(x, y)) = path.last() else { continue };
        let is_here = curve.machine == HERE;
        canvas.path(&path, if is_here { Colour::Good } else { Colour::Faint }, 1);
        FRAME.name(&mut canvas, (x + 5, y), name_y, &curve.machine);
    }
    for &(cpus, ns) in measured {
        canvas.circle(at(cpus, ns), 4, Paint::Fill(Colour::Good));
    }
    Some(canvas.finish())
}
